"""Whether orders are accepted from where we are; any doubt is a no.

The venue judges by the address that places the order, so the check must be made from the machine that trades. There
is no way round it, and none is offered: the venue's terms forbid one.
"""

from typing import Protocol

import msgspec

from whaletrader.adapters.polymarket.http import Params, Reply
from whaletrader.errors import UsageError, VenueError

PLACE_BARRED = "PLACE_BARRED"


class Readable(Protocol):
    """What is needed of `VenueHttp`."""

    def get(self, path: str, params: Params | None = None) -> Reply:
        """Read."""
        ...


class Place(msgspec.Struct, frozen=True):
    """Where the venue sees us; our address is not kept."""

    blocked: bool
    country: str
    region: str


class PlaceWatch:
    """Looks again while a run lasts, for a machine may move: from a barred place nothing is bought."""

    def __init__(self, http: Readable) -> None:
        self._http, self._why_not = http, ""

    def look(self) -> None:
        """Ask the venue; any doubt is a no until the next look."""
        try:
            require_open(self._http)
            self._why_not = ""
        except UsageError:
            self._why_not = PLACE_BARRED

    def gate(self) -> str:
        """Why nothing may be bought from here, "" where nothing speaks against it."""
        return self._why_not


def place_of(http: Readable, path: str = "") -> Place:
    """Ask the venue; `UsageError` where it does not answer in so many words, which counts as blocked."""
    try:
        answer = http.get(path).json()
    except VenueError as error:
        raise UsageError(
            f"whether orders are accepted from here is not known: {error.message}; live mode is refused"
        ) from None
    blocked = answer.get("blocked") if isinstance(answer, dict) else None
    if not isinstance(answer, dict) or not isinstance(blocked, bool):
        raise UsageError("the venue did not say whether orders are accepted from here; live mode is refused")
    return Place(blocked, str(answer.get("country") or ""), str(answer.get("region") or ""))


def require_open(http: Readable, path: str = "") -> Place:
    """Return where we are; `UsageError` unless the venue says in so many words that it takes our orders."""
    place = place_of(http, path)
    if place.blocked:
        where = f" ({place.country}{'-' + place.region if place.region else ''})"
        raise UsageError(f"the venue takes no orders from where this machine is{where}; live mode is refused")
    return place
