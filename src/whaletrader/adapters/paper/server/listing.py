"""A shelf of invented markets, one of every kind that an order has to tell apart. Their names say SIMULATED.

Ids are made as on the chain (a condition's tokens follow from it), from the seed alone.
"""

from whaletrader.adapters.paper.server.types import VenueMarket
from whaletrader.domain.contract_ids import (
    binary_position,
    condition_id,
    neg_risk_condition_id,
    neg_risk_question_id,
    token_id,
)
from whaletrader.domain.fees import FeeSchedule
from whaletrader.domain.order_hash import keccak256
from whaletrader.domain.values import DAY_NS, NANOS
from whaletrader.domain.venue_contracts import VenueContract

_FEES = {
    "crypto": ("crypto_fees_v2", 70_000, 200_000),
    "sports": ("sports_fees_v3", 50_000, 150_000),
    "politics": ("politics_fees", 40_000, 250_000),
    "geopolitics": ("", 0, 0),
}
"""Fee type, taker rate and maker's rebate by category."""
_HORIZON_NS = 30 * DAY_NS
CANDIDATES = ("Ada", "Blaise", "Carl")


def shelf(seed: int, now_ns: int) -> list[VenueMarket]:
    """Return the markets: crypto, fine ticks, sports (held orders), no fees, a group of three, and a `v2` market."""
    markets = [
        _plain("coin-above-100k", "crypto", seed, now_ns),
        _plain("coin-above-200k", "crypto", seed, now_ns, tick_micro=1_000),
        _plain("home-team-wins", "sports", seed, now_ns),
        _plain("treaty-signed", "geopolitics", seed, now_ns),
    ]
    sports = markets[2]
    sports.seconds_delay, sports.game_start_ts, sports.clear_book_on_start = 1, now_ns + DAY_NS, True
    markets[1].taker_delay = True
    return [*markets, *_group(seed, now_ns), _protocol_v2(seed, now_ns)]


def _plain(slug: str, category: str, seed: int, now_ns: int, *, tick_micro: int = 10_000) -> VenueMarket:
    question = "0x" + keccak256(f"{seed}/{slug}".encode()).hex()
    condition = condition_id(VenueContract.UMA_ADAPTER, question)
    market = _market(condition, question, slug, category, now_ns, neg_risk=False)
    market.tick_micro = tick_micro
    return market


def _market(condition: str, question: str, slug: str, category: str, now_ns: int, *, neg_risk: bool) -> VenueMarket:
    fee_type, rate, rebate = _FEES[category]
    yes, no = (token_id(condition, index, neg_risk=neg_risk) for index in (0, 1))
    return VenueMarket(
        condition_id=condition,
        token_ids=(yes, no),
        question_id=question,
        slug=f"simulated-{slug}",
        event_slug=f"simulated-{slug}",
        title=f"SIMULATED: {slug.replace('-', ' ')}?",
        category=category,
        neg_risk=neg_risk,
        fee=FeeSchedule(rate),
        fee_type=fee_type,
        rebate_rate_micro=rebate,
        end_ts=(now_ns + _HORIZON_NS) // NANOS * NANOS,
        created_ts=now_ns,
    )


def _group(seed: int, now_ns: int) -> list[VenueMarket]:
    group = "0x" + keccak256(f"{seed}/election".encode())[:31].hex() + "00"
    markets = []
    for index, name in enumerate(CANDIDATES):
        condition, question = neg_risk_condition_id(group, index), neg_risk_question_id(group, index)
        market = _market(condition, question, f"{name.lower()}-elected", "politics", now_ns, neg_risk=True)
        market.neg_risk_market_id = group
        market.event_slug = "simulated-election"
        markets.append(market)
    return markets


def _protocol_v2(seed: int, now_ns: int) -> VenueMarket:
    market = _plain("bridge-opens", "politics", seed, now_ns)
    yes, no = (str(binary_position(market.condition_id, index).pack()) for index in (0, 1))
    market.token_ids = (yes, no)
    market.version = "v2"
    return market
