"""Every call of the venue's two official clients is answered by a face, or named here as not served."""

import re
from collections.abc import Iterator
from pathlib import Path

import polymarket
import pytest

from tests.support.npm_calls import ENDPOINTS
from whaletrader.adapters.paper.server.assemble import Plan, assemble
from whaletrader.adapters.paper.server.edge import Request, Router
from whaletrader.adapters.paper.server.mounts import Face
from whaletrader.domain.values import NANOS

ACTIONS = Path(polymarket.__file__).parent / "_internal" / "actions"
NOW = 1_795_300_000 * NANOS
FACES = {"data.py": "data", "gamma.py": "gamma", "relayer": "relayer", "combos.py": "combos", "rfq.py": "combos"}
NOT_SERVED = {
    "data": {
        "/v1/accounting/snapshot",
        "/v2/activity/combos",
        "/v2/approvals",
        "/v2/biggest-winners",
        "/v2/builders/leaderboard",
        "/v2/builders/volume",
        "/v2/live-volume",
        "/v2/oi",
        "/v2/positions/combos",
        "/v2/prices-history",
        "/v2/tokens",
        "/v2/user-pnl",
        "/v2/user-stats",
        "/v2/user-volume",
    },
    "gamma": {
        "/comments",
        "/comments/keyset",
        "/public-search",
        "/series",
        "/sports",
        "/sports/market-types",
        "/teams",
    },
}
"""Figures of the venue's pages that no trading needs; combos, comments, sports and search."""
PART = re.compile(r'f?"(/[a-z0-9][a-zA-Z0-9_/{}.-]*)"')
METHODS = ("GET", "POST", "DELETE")


@pytest.fixture(scope="module")
def faces() -> dict[str, Face]:
    return {face.name: face for face in assemble(Plan(population=False), lambda: NOW).app.faces}


def calls_of_python() -> Iterator[tuple[str, str]]:
    """(face, path) of every path that stands in the client's actions; perpetuals are another exchange."""
    for file in sorted(ACTIONS.rglob("*.py")):
        where = file.relative_to(ACTIONS).parts[0]
        if where in ("perps", "combos.py", "rfq.py", "combo_rfq.py"):
            continue
        for path in PART.findall(file.read_text(encoding="utf-8")):
            name = "data" if path.startswith("/v2/approvals") else FACES.get(where, "clob")
            if where == "session_keys.py":
                name = "clob" if path.startswith("/v1/user/") else "relayer"
            yield name, path


def answered(router: Router, path: str) -> list[str]:
    filled = re.sub(r"\{[^}]*\}", "0x1", path)
    filled = filled + "0x1" if filled.endswith("/") else filled
    return [method for method in METHODS if router.find(Request(method, filled)) is not None]


def router_of(face: Face) -> Router:
    """The router behind a face, without the limits by caller."""
    http = face.http
    while not isinstance(http, Router):
        assert http is not None
        http = next(cell.cell_contents for cell in http.__closure__ or () if isinstance(cell.cell_contents, Router))
    return http


def test_every_path_of_the_python_client_is_served_or_named(faces: dict[str, Face]) -> None:
    calls = sorted(set(calls_of_python()))
    assert len(calls) > 60
    missing = [(name, path) for name, path in calls if not answered(router_of(faces[name]), path)]
    assert missing == [(name, path) for name in sorted(NOT_SERVED) for path in sorted(NOT_SERVED[name])]


def test_every_endpoint_of_the_javascript_client_is_served(faces: dict[str, Face]) -> None:
    router = router_of(faces["clob"])
    assert [path for path in sorted(set(ENDPOINTS)) if not answered(router, path)] == []


@pytest.mark.parametrize(("name", "path"), [(name, path) for name in NOT_SERVED for path in sorted(NOT_SERVED[name])])
def test_what_is_not_served_is_not_found(faces: dict[str, Face], name: str, path: str) -> None:
    answer = router_of(faces[name])(Request("GET", path))
    assert (answer.status, answer.body) == (404, b'{"error":"Not Found"}')


def test_candles_whose_form_nobody_has_written_down_are_not_invented(faces: dict[str, Face]) -> None:
    assert router_of(faces["clob"])(Request("GET", "/ohlc", {"asset_id": "1", "startTs": "1"})).status == 404


@pytest.mark.parametrize(
    ("query", "status", "body"),
    [
        ({"asset_id": "1", "startTs": "1"}, 200, b'{"count":0,"data":[]}'),
        ({"asset_id": "1"}, 400, b'{"error":"startTs is required"}'),
        ({"startTs": "1"}, 400, b'{"error":"asset_id is required"}'),
    ],
)
def test_snapshots_of_books_are_asked_for_as_at_the_venue_and_there_are_none(
    faces: dict[str, Face], query: dict[str, str], status: int, body: bytes
) -> None:
    answer = router_of(faces["clob"])(Request("GET", "/orderbook-history", query))
    assert (answer.status, answer.body) == (status, body)
