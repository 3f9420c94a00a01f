"""The dashboard's HTTP interface: one page, its state as JSON, and the kill switch.

POSTs need the token that the page carries, a Host that is ours and no foreign Origin: another site's script can neither
read the token nor send the header, and a rebound host name is refused.
"""

import secrets
import time
from collections.abc import Awaitable, Callable
from importlib.resources import files
from urllib.parse import urlsplit

import msgspec
from fastapi import FastAPI, Header, HTTPException, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse

from whaletrader.app.layout import DataDirectory
from whaletrader.app.lock import is_held
from whaletrader.errors import WhaleTraderError
from whaletrader.runtime.latch import KillLatch
from whaletrader.runtime.operator import write_command
from whaletrader.web.board import Board

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
_MEDIA = {"board.js": "text/javascript", "board.css": "text/css"}
Next = Callable[[Request], Awaitable[Response]]


def make_api(board: Board, directory: DataDirectory, *, host: str, token: str) -> FastAPI:
    """Make the application; it reads the board and writes only the kill latch and operator commands."""
    api = FastAPI(title="Whale Trader", docs_url=None, redoc_url=None, openapi_url="/api/openapi.json")
    names = {*LOOPBACK, host}

    @api.middleware("http")
    async def only_our_host(request: Request, call_next: Next) -> Response:
        if _host_name(request.headers.get("host", "")) not in names:
            return JSONResponse({"error": "this host name is not served here"}, status_code=421)
        response = await call_next(request)
        response.headers["Content-Security-Policy"] = "default-src 'self'; frame-ancestors 'none'"
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Cache-Control"] = "no-store"
        return response

    @api.exception_handler(WhaleTraderError)
    async def told(_request: Request, fault: WhaleTraderError) -> Response:
        return JSONResponse({"error": fault.message}, status_code=500)

    _add_pages(api, board, KillLatch(directory.latch), token)
    _add_switches(api, directory, token, names)
    return api


def _add_pages(api: FastAPI, board: Board, latch: KillLatch, token: str) -> None:
    page = _static("index.html").replace("@TOKEN@", token)

    @api.get("/", response_class=HTMLResponse)
    def index() -> str:
        """The page itself."""
        return page

    @api.get("/favicon.ico")
    def icon() -> Response:
        """There is none, and browsers ask for it all the same."""
        return Response(status_code=204)

    @api.get("/static/{name}")
    def static(name: str) -> Response:
        """Script and style, from this package only."""
        if name not in _MEDIA:
            raise HTTPException(404, "there is no such file")
        return Response(_static(name), media_type=_MEDIA[name])

    @api.get("/api/state")
    def state() -> Response:
        """Everything that the page shows; the latch as it is now, also when the engine hangs or has ended."""
        now = msgspec.json.encode(latch.read())
        return Response(b'{"latch":' + now + b"," + board.page[1:], media_type="application/json")

    @api.get("/healthz")
    def healthz() -> dict[str, int]:
        """The server lives; how often the state was renewed."""
        return {"version": board.version}


def _add_switches(api: FastAPI, directory: DataDirectory, token: str, names: set[str]) -> None:
    def allowed(request: Request, given: str) -> None:
        origin = request.headers.get("origin")
        if origin is not None and _host_name(urlsplit(origin).netloc) not in names:
            raise HTTPException(403, "a page of another origin may not do this")
        if not secrets.compare_digest(given.encode(), token.encode()):
            raise HTTPException(403, "the token is missing or wrong; reload the page")

    @api.post("/api/kill")
    def kill(request: Request, x_whaletrader_token: str = Header("")) -> dict[str, bool]:
        """Throw the kill latch; the answer says whether it holds."""
        allowed(request, x_whaletrader_token)
        latch = KillLatch(directory.latch)
        latch.throw("thrown from the dashboard", time.time_ns())
        _command(directory, "KILL", "thrown from the dashboard")
        return {"killed": latch.thrown()}

    @api.post("/api/resume")
    def resume(request: Request, x_whaletrader_token: str = Header("")) -> dict[str, bool]:
        """Clear the kill latch and ask risk to trade again."""
        allowed(request, x_whaletrader_token)
        latch = KillLatch(directory.latch)
        latch.clear()
        _command(directory, "RESUME", "")
        return {"killed": latch.thrown()}


def _command(directory: DataDirectory, command: str, argument: str) -> None:
    if is_held(directory.lock):
        write_command(directory.control, command, argument=argument, operator="dashboard", now_ns=time.time_ns())


def _host_name(netloc: str) -> str:
    if netloc.startswith("["):
        return netloc.partition("]")[0] + "]"
    return netloc.partition(":")[0].lower()


def _static(name: str) -> str:
    return files("whaletrader.web").joinpath("static", name).read_text(encoding="utf-8")
