"""What a live feed knows of markets, and since when: tokens, terms, payouts. A later word replaces an earlier one only
for the time after it came; a payout stays as it was first told by an authority (chain, Data API, Gamma).
"""

from bisect import bisect_right

import msgspec
import polars as pl

from whaletrader.datasets.categories import categorise
from whaletrader.datasets.decode.rows import ChainResolution, MarketMeta, TickSizeChange
from whaletrader.domain.fees import WORST_CASE, FeeSchedule, taker_fee_micro
from whaletrader.messages.market import MarketTerms
from whaletrader.ports.market_feed import Resolution

MOST_EXPONENT = 4
_NOTHING = MarketMeta(source="", market_id="", version="", token_ids=())


class LiveMarkets:
    """Markets by id; not for use by several threads at once."""

    def __init__(self) -> None:
        self._tokens: dict[str, tuple[str, int]] = {}
        self._siblings: dict[str, dict[int, str]] = {}
        self._meta: dict[str, MarketMeta] = {}
        self._times: dict[str, list[int]] = {}
        self._terms: dict[str, list[MarketTerms]] = {}
        self._ends: dict[str, Resolution] = {}

    def knows(self, market_id: str) -> bool:
        """Whether the venue told what its terms are."""
        return market_id in self._meta

    def names(self, token_id: str) -> bool:
        """Whether anybody told which market a token is of."""
        return token_id in self._tokens

    def market_of(self, token_id: str) -> tuple[str, int]:
        """Return (market, outcome) of a token; ("", -1) for one that nobody named yet."""
        return self._tokens.get(token_id, ("", -1))

    def charges(self, market_id: str, price_micro: int, size_micro: int) -> bool:
        """Whether the market is known to have charged a taker for such a fill."""
        meta = self._meta.get(market_id)
        schedule = _schedule(meta) if meta else WORST_CASE
        return schedule is not WORST_CASE and taker_fee_micro(schedule, price_micro, size_micro) > 0

    def name_token(self, token_id: str, market_id: str, outcome: int) -> None:
        """Take a fill's word for what its token is, where nothing better is known."""
        if outcome >= 0 and token_id not in self._tokens:
            self._tokens[token_id] = (market_id, outcome)
            self._siblings.setdefault(market_id, {}).setdefault(outcome, token_id)

    def learn(self, meta: MarketMeta, ts: int) -> bool:
        """Take a market's description; whether it says anything new."""
        known = self._meta.get(meta.market_id)
        merged = _merged(known or _NOTHING, meta)
        if merged == known:
            return False
        self._meta[meta.market_id] = merged
        for ids in (merged.token_ids, merged.position_ids):
            for outcome, token_id in enumerate(ids):
                self._tokens[token_id] = (meta.market_id, outcome)
        for outcome, token_id in enumerate(_tradable(merged)):
            self._siblings.setdefault(meta.market_id, {})[outcome] = token_id
        self._note(meta.market_id, ts)
        if merged.resolved and merged.payouts_micro:
            self._end(meta.market_id, merged.payouts_micro, ts)
        return True

    def change_tick(self, change: TickSizeChange, ts: int) -> bool:
        """Take a new tick; whether it is one."""
        known = self._meta.get(change.market_id)
        if known is None or known.tick_micro == change.new_tick_micro:
            return False
        self._meta[change.market_id] = msgspec.structs.replace(known, tick_micro=change.new_tick_micro)
        self._note(change.market_id, ts)
        return True

    def resolve(self, end: ChainResolution, ts: int) -> bool:
        """Take how a market paid out; whether it is the first word of it. One taken back by the chain is no word."""
        return not end.removed and self._end(end.market_id, end.payouts_micro, ts)

    def resolution(self, market_id: str) -> Resolution | None:
        """Return how a market ended and when that was heard."""
        return self._ends.get(market_id)

    def terms(self, market_id: str, at_ts: int) -> MarketTerms:
        """Return what was known of a market at a time; of an unknown one only its tokens, and the worst fee."""
        times = self._times.get(market_id, [])
        place = bisect_right(times, at_ts) - 1
        return self._terms[market_id][place] if place >= 0 else self._make(market_id, _NOTHING)

    def _note(self, market_id: str, ts: int) -> None:
        terms = self._make(market_id, self._meta[market_id])
        known = self._terms.setdefault(market_id, [])
        if not known or known[-1] != terms:
            self._times.setdefault(market_id, []).append(ts)
            known.append(terms)

    def _end(self, market_id: str, payouts_micro: tuple[int, ...], ts: int) -> bool:
        if market_id in self._ends:
            return False
        self._ends[market_id] = Resolution(ts=ts, payouts_micro=payouts_micro)
        return True

    def _make(self, market_id: str, meta: MarketMeta) -> MarketTerms:
        tokens = self._siblings.get(market_id, {})
        fees = _schedule(meta)
        return MarketTerms(
            event_group_id=_group(market_id, meta),
            token_ids=(tokens.get(0, ""), tokens.get(1, "")),
            category=_category(meta) if meta.source else "other",
            market_version=meta.version or "unknown",
            neg_risk=meta.neg_risk is True,
            tick_micro=meta.tick_micro,
            min_order_micro=meta.min_order_micro,
            fee_rate_micro=fees.rate_micro,
            fee_exponent=fees.exponent,
            fee_times_price=fees.times_price,
            fee_provenance=fees.provenance.value,
            end_ts=meta.end_ts,
        )


def _schedule(meta: MarketMeta) -> FeeSchedule:
    """Return the market's own schedule, the worst case where it tells none or one that nobody has heard of."""
    exponent = meta.fee_exponent if meta.fee_exponent >= 0 else 1
    if meta.fee_rate_micro < 0 or exponent > MOST_EXPONENT:
        return WORST_CASE
    return FeeSchedule(meta.fee_rate_micro, exponent)


def _tradable(meta: MarketMeta) -> tuple[str, ...]:
    return meta.tradable_ids or meta.token_ids


def _group(market_id: str, meta: MarketMeta) -> str:
    if meta.neg_risk and meta.neg_risk_market_id:
        return meta.neg_risk_market_id
    return meta.event_slug or market_id


def _merged(known: MarketMeta, told: MarketMeta) -> MarketMeta:
    """Return what is known with what is told over it; what is not told stays."""
    changes = {}
    for name in told.__struct_fields__:
        value = getattr(told, name)
        if value not in (-1, "", (), None) and value != getattr(known, name):
            changes[name] = value
    if known.source:
        changes.pop("source", None)
    if known.resolved:
        changes.pop("resolved", None)
    changes.pop("volume_micro", None)
    return msgspec.structs.replace(known, **changes)


def _category(meta: MarketMeta) -> str:
    """Return the market's category by the rules that datasets go by."""
    row = pl.LazyFrame(
        {
            "category": [None],
            "fee_type": [meta.fee_type or None],
            "sports_market_type": [None],
            "tags": ["|".join(meta.tags) or None],
            "slug": [meta.slug or None],
            "event_slug": [meta.event_slug or None],
            "question": [meta.question or None],
        },
        schema=dict.fromkeys(
            ("category", "fee_type", "sports_market_type", "tags", "slug", "event_slug", "question"), pl.String
        ),
    )
    return str(categorise(row).collect()["category_found"][0])
