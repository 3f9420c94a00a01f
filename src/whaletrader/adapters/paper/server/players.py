"""Who trades at the exchange by himself where no dataset is replayed: invented traders, under names that say so."""

from collections.abc import Callable

import msgspec

from whaletrader.adapters.paper.server.listing import shelf
from whaletrader.adapters.paper.server.population import Population, PopulationParams
from whaletrader.adapters.paper.server.public_faces import PublicFaces
from whaletrader.adapters.paper.server.types import VenueMarket
from whaletrader.adapters.paper.server.venue import Venue

RESOLVE_EVERY_S = 300.0
Step = Callable[[int], None]


def invented_traders(
    venue: Venue, public: PublicFaces, *, seed: int, started_ns: int, params: PopulationParams | None = None
) -> Step:
    """Let invented traders trade on whatever is listed now; return what they do at each tick."""
    usual = params or PopulationParams(resolve_every_s=RESOLVE_EVERY_S)
    population = Population(
        venue, seed=seed, started_ns=started_ns, params=usual, new_market=lambda n, now: further_market(seed, n, now)
    )
    for kind, wallets in (("maker", population.makers), ("taker", population.takers), ("leader", population.leaders)):
        for number, wallet in enumerate(wallets):
            public.recorder.name_wallet(wallet, f"simulated-{kind}-{number}", f"Simulated-{kind.capitalize()}")
    return population.step


def further_market(seed: int, number: int, now_ns: int) -> VenueMarket:
    """The `number`-th market that follows one that has resolved."""
    market = shelf(seed + number, now_ns)[number % 2]
    name = f"{market.slug}-{number}"
    return msgspec.structs.replace(market, slug=name, event_slug=name, title=f"{market.title} ({number})")
