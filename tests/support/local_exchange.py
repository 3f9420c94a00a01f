"""A local exchange beside the test, on a free port, with everything that is behind it in reach."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from whaletrader.adapters.paper.server.assemble import Assembled, Plan, assemble
from whaletrader.adapters.paper.server.clob import ClobTerms
from whaletrader.adapters.paper.server.limits import LimitMode
from whaletrader.adapters.paper.server.run import LOOPBACK, ExchangeServer, bound_socket, serving
from whaletrader.adapters.paper.server.types import VenueMarket
from whaletrader.adapters.paper.server.venue import Venue
from whaletrader.app.exchange import venue_settings
from whaletrader.config.tree import VenueSettings
from whaletrader.domain.values import MICRO
from whaletrader.domain.wallet_addresses import own_wallets

QUICK_S = 0.2
"""From a match to its transaction."""


@dataclass(frozen=True)
class Local:
    """A running exchange."""

    port: int
    assembled: Assembled

    @property
    def settings(self) -> VenueSettings:
        return venue_settings(self.port)

    @property
    def venue(self) -> Venue:
        return self.assembled.world.venue

    def market(self, word: str) -> VenueMarket:
        """The market with a word in its slug."""
        return next(market for market in self.venue.markets.values() if word in market.slug)

    def give(self, account: str, token_id: str, shares: int) -> None:
        """Put shares into an account's deposit wallet; only while nobody else is at the exchange."""
        self.venue.deposit(own_wallets(account).deposit, tokens={token_id: shares * MICRO})


@contextmanager
def local_exchange(
    *, settle_s: float = QUICK_S, cash: int = 10_000, limits: LimitMode = LimitMode.OFF, **plan: object
) -> Iterator[Local]:
    """Serve an exchange without traders of its own for the length of a block."""
    terms = ClobTerms(cash * MICRO, "standard", limits)
    assembled = assemble(Plan(settle_s=settle_s, terms=terms, population=False, **plan))  # type: ignore[arg-type]
    with serving(ExchangeServer(assembled.app, bound_socket(LOOPBACK, 0))) as server:
        yield Local(server.port, assembled)
