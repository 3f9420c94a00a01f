"""What a dataset knows of its markets: ids, terms, fee schedules, payouts; looked up one market at a time and kept.

A fee schedule counts from its date on; before the first, or where none is known, the worst case stands, and says so.
"""

from bisect import bisect_right

import polars as pl

from whaletrader.datasets.schema import NO_ID
from whaletrader.domain.fees import WORST_CASE
from whaletrader.domain.values import MICRO
from whaletrader.messages.market import MarketTerms
from whaletrader.ports.market_feed import Resolution
from whaletrader.universe.source import TableSource

_V1_ID = 66
"""Length of an ordinary market's condition id; the ids of combos are shorter and not ours to trade."""


class MarketFacts:
    """Markets and tokens of a dataset, by code and by id; only those that the given codes name can be found by id."""

    def __init__(self, source: TableSource, traded: pl.Series) -> None:
        self._markets = source.table("markets")
        tokens = source.table("tokens")
        self._token_ids = tokens["token_id"]
        self._token_market = tokens["market"].cast(pl.Int64).to_numpy()
        self._token_outcome = tokens["outcome_index"].cast(pl.Int64).to_numpy()
        codes = traded.unique().sort()
        codes = codes.filter(codes < self._markets.height)
        self.market_code = dict(
            zip(self._markets["condition_id"].gather(codes).to_list(), codes.to_list(), strict=True)
        )
        near = tokens.filter(pl.col("market").is_in(codes.implode())).sort("outcome_index", "token")
        self.token_code = dict(zip(near["token_id"].to_list(), near["token"].to_list(), strict=True))
        self._siblings: dict[int, dict[int, str]] = {}
        for market, outcome, token_id in near.select("market", "outcome_index", "token_id").iter_rows():
            self._siblings.setdefault(market, {}).setdefault(outcome, token_id)
        self._schedules = _schedules(source.table("fee_schedules"), codes)
        self._terms: dict[tuple[int, int], MarketTerms] = {}

    def market_id(self, market: int) -> str:
        """Return the condition id."""
        return str(self._markets["condition_id"][market])

    def token_id(self, token: int) -> str:
        """Return the outcome token's id."""
        return str(self._token_ids[token])

    def market_of(self, token_id: str) -> tuple[int, int]:
        """Return (market code, outcome) of a token."""
        token = self.token_code[token_id]
        return int(self._token_market[token]), int(self._token_outcome[token])

    def token_ids(self, market: int) -> tuple[str, ...]:
        """Return the ids of outcome 0 and 1; "" where a source never named it."""
        known = self._siblings.get(market, {})
        return known.get(0, ""), known.get(1, "")

    def resolution(self, market: int) -> Resolution | None:
        """Return the payouts, None where unresolved or the time is unknown."""
        payout, ts = self._markets["payout0_micro"][market], self._markets["resolved_ts"][market]
        if not self._markets["resolved"][market] or payout is None or ts is None:
            return None
        return Resolution(ts=ts, payouts_micro=(payout, MICRO - payout))

    def event_group(self, market: int) -> str:
        """Return the id of the group that the market resolves with."""
        return self._markets["event_group"][market] or self.market_id(market)

    def terms(self, market: int, at_ts: int) -> MarketTerms:
        """Return the terms with the fee schedule that stands at a time."""
        dates, rows = self._schedules.get(market, ([], []))
        place = bisect_right(dates, at_ts) - 1
        key = (market, place)
        if key not in self._terms:
            self._terms[key] = self._make_terms(market, rows[place] if place >= 0 else None)
        return self._terms[key]

    def _make_terms(self, market: int, schedule: tuple[int, int, bool, str] | None) -> MarketTerms:
        row = self._markets.row(market, named=True)
        worst = (WORST_CASE.rate_micro, WORST_CASE.exponent, WORST_CASE.times_price, WORST_CASE.provenance.value)
        rate, exponent, times_price, provenance = schedule or worst
        return MarketTerms(
            event_group_id=self.event_group(market),
            token_ids=self.token_ids(market),
            category=row["category"] or "other",
            market_version="v1" if len(row["condition_id"]) == _V1_ID else "unknown",
            neg_risk=bool(row["neg_risk"]),
            tick_micro=-1 if row["tick_micro"] is None else row["tick_micro"],
            min_order_micro=-1 if row["min_order_micro"] is None else row["min_order_micro"],
            fee_rate_micro=rate,
            fee_exponent=exponent,
            fee_times_price=times_price,
            fee_provenance=provenance,
            end_ts=-1 if row["end_ts"] is None else row["end_ts"],
        )


def traded_markets(source: TableSource) -> pl.Series:
    """Return the codes of the markets that any fill or signal names."""
    columns = [source.table(name)["market"] for name in ("trades", "signals")]
    both = pl.concat(columns).unique()
    return both.filter(both != NO_ID)


def _schedules(table: pl.DataFrame, codes: pl.Series) -> dict[int, tuple[list[int], list[tuple[int, int, bool, str]]]]:
    found: dict[int, tuple[list[int], list[tuple[int, int, bool, str]]]] = {}
    near = table.filter(pl.col("market").is_in(codes.implode())).sort("market", "from_ts", maintain_order=True)
    columns = near.select("market", "from_ts", "rate_micro", "exponent", "times_price", "provenance")
    for market, from_ts, rate, exponent, times_price, provenance in columns.iter_rows():
        dates, rows = found.setdefault(market, ([], []))
        dates.append(from_ts)
        rows.append((rate, exponent, times_price, provenance))
    return found
