"""HTTP to one of the venue's hosts: paced below its limits, calm after refusals, and with errors that say what to do.

Thread-safe and synchronous. Only calls that may be repeated without harm are repeated here: reads, and what the
caller declares idempotent. A 429 pauses every path of the host but those of cancels, which rest only after a 429 of
their own; `Retry-After` may lengthen our own pause and never shortens it. No header and no query is ever part of an
error's text, since they may carry keys.
"""

import json
import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import httpx

from whaletrader.adapters.polymarket.limits import HostLimits, RateLimiter, is_cancel
from whaletrader.errors import VenueError

# httpx logs every address at INFO, and a node's address may hold a key.
logging.getLogger("httpx").setLevel(logging.WARNING)

ATTEMPTS = 6
FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 60.0
LONGEST_CANCEL_PAUSE_S = 4.0
"""Our own pause of a cancel's path, where the venue asked for no longer one."""
LONGEST_ASKED_S = 600.0
LONGEST_WAIT_S = float("inf")
MOST_LATE_S = 2.0
"""What may be sent once only (an order, say) waits no longer for a limit: whoever sends it decides again."""
_WORDS = 300
_REFUSED, _RESTARTING = 429, 425
_GONE = "ENDPOINT_DEPRECATED"
"""What a host of the history subgraphs says, with a 429, when it was switched off for good."""

Value = str | int | float | bool
Params = Mapping[str, str | int | bool] | Sequence[tuple[str, Value]]
"""A sequence of pairs where a name occurs more than once."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A successful answer (status 2xx); header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> object:
        """The body as JSON.

        Raises
        ------
        VenueError
            It is none.
        """
        try:
            value: object = json.loads(self.body)
        except ValueError:
            head = self.body[:60].decode("utf-8", "replace")
            raise VenueError(
                f"the venue answered what is no JSON: {head!r}", status=self.status, retryable=True
            ) from None
        return value


class VenueHttp:
    """One host. `clock` is monotonic seconds; `wait` lets seconds pass, True ends the call (an event's `wait`)."""

    def __init__(
        self,
        base_url: str,
        limits: HostLimits,
        *,
        clock: Callable[[], float],
        wait: Callable[[float], object],
        timeout_s: float = 20.0,
        attempts: int = ATTEMPTS,
        longest_wait_s: float = LONGEST_WAIT_S,
    ) -> None:
        """`longest_wait_s` bounds what even a call that may be repeated waits for a limit before it is given up."""
        self.base_url = base_url.rstrip("/")
        self.limiter = RateLimiter(limits, clock)
        self._wait, self._attempts, self._longest_wait_s = wait, attempts, longest_wait_s
        self._client = httpx.Client(timeout=timeout_s, headers={"user-agent": "whaletrader"}, follow_redirects=False)
        self._host = httpx.URL(self.base_url).host
        self._refusals: dict[str, int] = {}
        self._lock = threading.Lock()

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def get(self, path: str, params: Params | None = None, headers: Mapping[str, str] | None = None) -> Reply:
        """Read; repeated after refusals, restarts, faults of the server and lost connections.

        Raises
        ------
        VenueError
            The venue refused for good (4xx), or did not answer in `attempts` tries.
        """
        return self.send("GET", path, None, headers, idempotent=True, params=params)

    def send(
        self,
        method: str,
        path: str,
        body: bytes | None,
        headers: Mapping[str, str] | None = None,
        *,
        idempotent: bool,
        params: Params | None = None,
        items: int = 1,
        signer: str = "",
    ) -> Reply:
        """Send `body` exactly as it is; `items` and `signer` count orders against the signer's own limits.

        Raises
        ------
        VenueError
            As `get`; a call that is not idempotent is tried once, and not at all where it would have to wait long.
        UsageError
            The batch is too large ever to pass.
        """
        attempt = 1
        while True:
            self._pass_limits(method, path, items, signer, self._longest_wait_s if idempotent else MOST_LATE_S)
            try:
                reply = self._once(method, path, body, headers, params)
                with self._lock:
                    self._refusals.pop(path if is_cancel(method) else "", None)
                return reply
            except VenueError as error:
                if error.status == _REFUSED and error.retryable:
                    self.pause_all(error.retry_after_s)
                    if is_cancel(method):
                        self._pause_cancels(path, error.retry_after_s)
                if not (idempotent and error.retryable) or attempt >= self._attempts:
                    raise
                if error.status != _REFUSED:
                    self._rest(max(backoff_s(attempt), min(error.retry_after_s, LONGEST_ASKED_S)))
            attempt += 1

    def _pass_limits(self, method: str, path: str, items: int, signer: str, patience_s: float) -> None:
        while (pause := self.limiter.take(method, path, items=items, signer=signer)) > 0.0:
            if pause > patience_s:
                text = f"{self._host} may not be asked for another {pause:.0f} s: {method} {path} was not sent"
                raise VenueError(text, status=_REFUSED, retryable=True, retry_after_s=pause)
            self._rest(pause)

    def _rest(self, seconds: float) -> None:
        """Let time pass; an event that was set meanwhile (or before) ends the call instead of spinning."""
        if self._wait(seconds) is True:
            raise VenueError(f"the wait for {self._host} was ended", retryable=True)

    def _once(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str] | None, params: Params | None
    ) -> Reply:
        sent = dict(headers or {})
        if body is not None:
            sent.setdefault("content-type", "application/json")
        try:
            given = tuple(params.items() if isinstance(params, Mapping) else params or ())
            answer = self._client.request(method, self.base_url + path, params=given, content=body, headers=sent)
        except httpx.TransportError as error:
            kind = "did not answer in time" if isinstance(error, httpx.TimeoutException) else "cannot be reached"
            text = f"{self._host} {kind} ({type(error).__name__} at {method} {path or '/'})"
            raise VenueError(text, retryable=True) from None
        except (httpx.RequestError, httpx.InvalidURL) as error:
            text = f"{self._host} answered what cannot be read ({type(error).__name__} at {method} {path or '/'})"
            raise VenueError(text, retryable=True) from None
        if answer.is_success:
            return Reply(answer.status_code, dict(answer.headers), answer.content)
        raise self._error(method, path, answer)

    def _error(self, method: str, path: str, answer: httpx.Response) -> VenueError:
        status = answer.status_code
        words, code, asked_s = _said(answer)
        return VenueError(
            f"{self._host} answered {status} to {method} {path}: {words or 'without a word'}",
            status=status,
            words=words,
            code=code,
            retryable=(status in (408, _RESTARTING, _REFUSED) or status >= 500) and _GONE not in answer.text,
            retry_after_s=asked_s,
        )

    def pause_all(self, asked_s: float = 0.0) -> None:
        """Take note of a refusal for asking too often: every path but cancels' rests, longer each time in a row."""
        self.limiter.pause(max(self._refused(""), min(asked_s, LONGEST_ASKED_S)))

    def _pause_cancels(self, path: str, asked_s: float) -> None:
        own_s = min(self._refused(path), LONGEST_CANCEL_PAUSE_S)
        self.limiter.pause(max(own_s, min(asked_s, LONGEST_ASKED_S)), cancels_by=path)

    def _refused(self, name: str) -> float:
        """Count a refusal; returns our own pause."""
        with self._lock:
            self._refusals[name] = self._refusals.get(name, 0) + 1
            return backoff_s(self._refusals[name])


def backoff_s(count: int) -> float:
    """Our own pause after the count-th failure in a row: 1, 2, 4, … up to 60 s."""
    return min(LONGEST_PAUSE_S, FIRST_PAUSE_S * float(2 ** min(count - 1, 16)))


def _said(answer: httpx.Response) -> tuple[str, str, float]:
    """The venue's words, code and asked pause: from `{"error", "code", "retry_after_seconds"}`, else the bare text."""
    asked = _seconds(answer.headers.get("retry-after"))
    try:
        body = json.loads(answer.content)
    except ValueError:
        return answer.text[:_WORDS].strip(), "", asked
    if not isinstance(body, dict):
        return str(body)[:_WORDS], "", asked
    words = next((str(body[key]) for key in ("error", "errorMsg", "error_msg", "message") if body.get(key)), "")
    if "heartbeat_id" in body:
        words = f"{words}: {body['heartbeat_id']}"
    return words[:_WORDS], str(body.get("code") or ""), max(asked, _seconds(body.get("retry_after_seconds")))


def _seconds(value: object) -> float:
    try:
        seconds = float(str(value))
    except ValueError:
        return 0.0
    return seconds if 0.0 <= seconds < 86_400.0 else 0.0
