"""The CLOB's face: public and private calls, market and user streams, and the limits by caller."""

from collections.abc import Callable
from dataclasses import dataclass

from whaletrader.adapters.paper.server.accounts import Bank
from whaletrader.adapters.paper.server.auth import Keyring
from whaletrader.adapters.paper.server.edge import Reply, Request, Router
from whaletrader.adapters.paper.server.limits import (
    TIERS,
    TOO_FAST,
    CallerWindows,
    LimitMode,
    SignerBuckets,
)
from whaletrader.adapters.paper.server.mounts import Face, World
from whaletrader.adapters.paper.server.rest_private import PrivateDesk
from whaletrader.adapters.paper.server.rest_public import PublicDesk
from whaletrader.adapters.paper.server.ws_market import MarketStream
from whaletrader.adapters.paper.server.ws_user import UserStream
from whaletrader.domain.values import MICRO

CLOB = "clob"


@dataclass(frozen=True, slots=True)
class ClobTerms:
    """How generous the exchange is to its callers."""

    cash_micro: int = 10_000 * MICRO
    """Paper money of every new wallet."""
    tier: str = "standard"
    limits: LimitMode = LimitMode.ENFORCE


USUAL_TERMS = ClobTerms()


def clob_face(world: World, terms: ClobTerms, keyring: Keyring) -> Face:
    """Make the face that trades."""
    router = Router()
    bank = Bank(world.venue, terms.cash_micro)
    PublicDesk(world.venue, world.now).add_to(router)
    buckets = SignerBuckets(TIERS[terms.tier], terms.limits)
    PrivateDesk(world.venue, world.now, keyring, bank, buckets).add_to(router)
    market, user = MarketStream(world.venue), UserStream(world.venue, keyring)
    streams = {"/ws/market": market.serve, "/ws/user": user.serve}
    http = router if terms.limits is LimitMode.OFF else _windowed(router, world.now)
    return Face(CLOB, "", http, streams)


def _windowed(router: Router, now: Callable[[], int]) -> Callable[[Request], Reply]:
    windows = CallerWindows()

    def answer(request: Request) -> Reply:
        return router(request) if windows.take(request, now()) else TOO_FAST

    return answer
