"""What a replay reads of a dataset: clockwork, markets with their gaps filled, transactions kept together."""

from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.datasets.tiny import T0, cid, write_dataset
from whaletrader.adapters.paper.server.replay_markets import Clockwork, ReplayData
from whaletrader.adapters.paper.server.types import VenueMarket
from whaletrader.datasets.schema import NO_ID
from whaletrader.domain.contract_ids import token_id
from whaletrader.domain.fees import taker_fee_micro
from whaletrader.domain.values import MICRO, NANOS
from whaletrader.errors import DataError

STARTED = 1_790_000_000 * NANOS
CLOCK = Clockwork(T0 * NANOS, STARTED, 100.0)
REAL_CONDITION = "0x80c7ab790a5ab37e11c79a5a658d729ac29e6e17aa2d3fc859e4a78c0d896369"


def read(folder: Path, *trades: dict[str, Any], **tables: Any) -> ReplayData:
    write_dataset(folder, trades or [{}], **tables)
    return ReplayData(folder)


def market_of(folder: Path, *, tokens: list[dict[str, Any]] | None = None, **fields: Any) -> VenueMarket:
    """The only market of a dataset, as the exchange lists it."""
    row = {"market": 0, "condition_id": cid(7), "tick_micro": 10_000, "min_order_micro": 5 * MICRO}
    row |= {"start_ts": None, "end_ts": None, "payout0_micro": None, "resolved_ts": None}
    fees = fields.pop("fee_schedules", [])
    known = (
        tokens if tokens is not None else [{"token": n, "token_id": str(n + 100), "outcome_index": n} for n in (0, 1)]
    )
    tables = {"markets": [row | fields], "tokens": known, "fee_schedules": fees}
    return read(folder, **tables).venue_market(0, CLOCK)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 10**18), st.sampled_from([1.0, 7.5, 100.0, 10_000.0]))
def test_the_clockwork_there_and_back_is_the_same_time(elapsed: int, speed: float) -> None:
    clock = Clockwork(T0 * NANOS, STARTED, speed)
    there = clock.at(T0 * NANOS + elapsed)
    assert abs(clock.due(there) - (T0 * NANOS + elapsed)) <= speed + elapsed * 1e-15
    assert clock.at(T0 * NANOS) == STARTED
    assert clock.due(STARTED) == T0 * NANOS


def test_a_market_keeps_what_the_dataset_knows_with_its_times_moved(tmp_path: Path) -> None:
    made = market_of(
        tmp_path,
        slug="it-rains",
        question="Will it rain?",
        category="weather",
        event_group="rain",
        tick_micro=1_000,
        min_order_micro=15 * MICRO,
        start_ts=(T0 - 1_000) * NANOS,
        end_ts=(T0 + 1_000) * NANOS,
    )
    assert (made.condition_id, made.token_ids, made.slug) == (cid(7), ("100", "101"), "it-rains")
    assert (made.title, made.category, made.event_slug) == ("Will it rain?", "weather", "rain")
    assert (made.tick_micro, made.min_order_micro) == (1_000, 15 * MICRO)
    assert (made.created_ts, made.end_ts) == (STARTED - 10 * NANOS, STARTED + 10 * NANOS)
    assert (made.neg_risk, made.neg_risk_market_id, made.resolved) == (False, "", False)


def test_what_the_dataset_does_not_know_is_the_venues_usual(tmp_path: Path) -> None:
    made = market_of(tmp_path, tick_micro=None, min_order_micro=None)
    assert (made.tick_micro, made.min_order_micro) == (1_000, 5 * MICRO)
    assert (made.created_ts, made.end_ts) == (STARTED, -1)
    assert (made.outcomes, made.slug, made.title) == (("Yes", "No"), cid(7)[2:18], "")
    assert (made.fee.rate_micro, made.fee_type) == (0, "")


def test_a_tick_that_the_venue_does_not_have_becomes_its_usual_one(tmp_path: Path) -> None:
    assert market_of(tmp_path, tick_micro=3_000).tick_micro == 10_000


@pytest.mark.parametrize("neg_risk", [False, True])
def test_tokens_that_are_not_named_get_their_true_ids(tmp_path: Path, neg_risk: bool) -> None:
    named = [{"token": n, "token_id": f"{REAL_CONDITION}:{n}", "outcome_index": n} for n in (0, 1)]
    made = market_of(tmp_path, tokens=named, condition_id=REAL_CONDITION, neg_risk=neg_risk)
    assert made.token_ids == tuple(token_id(REAL_CONDITION, n, neg_risk=neg_risk) for n in (0, 1))
    assert made.neg_risk_market_id == (REAL_CONDITION[:-2] + "00" if neg_risk else "")


def test_outcomes_have_the_datasets_names_and_tokens_without_a_market_are_passed_over(tmp_path: Path) -> None:
    tokens = [
        {"token": 0, "token_id": "5", "outcome_index": 0, "outcome": "Norway"},
        {"token": 1, "token_id": "6", "outcome_index": 1},
        {"token": 2, "token_id": "9", "market": NO_ID, "outcome_index": None, "outcome": "Lost"},
    ]
    made = market_of(tmp_path, tokens=tokens)
    assert (made.outcomes, made.token_ids) == (("Norway", "No"), ("5", "6"))


def test_the_latest_fee_holds_with_its_own_formula(tmp_path: Path) -> None:
    schedules = [
        {"market": 0, "from_ts": 9, "rate_micro": 50_000, "exponent": 1, "provenance": "market"},
        {"market": 0, "from_ts": 5, "rate_micro": 30_000, "exponent": 1, "provenance": "market"},
    ]
    made = market_of(tmp_path / "one", fee_schedules=schedules, category="sports")
    assert (made.fee.rate_micro, made.fee_type) == (50_000, "sports_fees")
    early = [{"market": 0, "rate_micro": 250_000, "exponent": 2, "times_price": True, "provenance": "inferred"}]
    crypto = market_of(tmp_path / "two", fee_schedules=early, category="crypto")
    assert taker_fee_micro(crypto.fee, 500_000, 100 * MICRO) == round(100 * 0.5 * 0.25 * 0.25**2 * MICRO)


def test_resolutions_come_in_order_of_time_with_both_payouts(tmp_path: Path) -> None:
    ends = [(30, 0, True), (10, 500_000, True), (20, None, True), (None, MICRO, True), (5, MICRO, False)]
    markets = [
        {
            "market": number,
            "condition_id": cid(number),
            "resolved": resolved,
            "payout0_micro": payout,
            "resolved_ts": ts,
            "resolved_ts_kind": "exact",
        }
        for number, (ts, payout, resolved) in enumerate(ends)
    ]
    tokens = [{"token": n, "token_id": str(n), "market": n // 2, "outcome_index": n % 2} for n in range(10)]
    data = read(tmp_path, markets=markets, tokens=tokens)
    assert data.resolutions() == [(10, 1, (500_000, 500_000)), (30, 0, (0, MICRO))]


def test_a_dataset_without_a_fill_to_replay_is_refused(tmp_path: Path) -> None:
    write_dataset(tmp_path)
    with pytest.raises(DataError, match="has no trades to replay"):
        ReplayData(tmp_path)


def test_fills_come_in_order_of_time_with_transactions_together(tmp_path: Path) -> None:
    draw = Random(7)
    told = sorted((draw.randrange(40), draw.choice([0, 1, 2, NO_ID]), draw.choice([0, 1, NO_ID])) for _ in range(300))
    trades = [
        {"ts": T0 * NANOS + ts, "transaction": tx, "market": market, "token": market, "size_micro": 10_000_000 + place}
        for place, (ts, tx, market) in enumerate(told)
    ]
    transactions = [{"transaction": number, "tx_hash": f"0x{number}"} for number in range(3)]
    prints = read(tmp_path, *trades, transactions=transactions).prints
    known = [trade for trade in trades if trade["market"] != NO_ID]
    assert len(prints) == len(known)
    assert sorted(prints.size) == [trade["size_micro"] for trade in known]
    assert list(prints.ts) == [trade["ts"] for trade in known]
    together = [
        {trade["size_micro"] for trade in known if trade["ts"] == ts and trade["transaction"] == tx}
        for ts, tx in sorted({(trade["ts"], trade["transaction"]) for trade in known if trade["transaction"] != NO_ID})
    ]
    together += [{trade["size_micro"]} for trade in known if trade["transaction"] == NO_ID]
    runs: list[set[int]] = []
    for place, size in enumerate(prints.size):
        same = place and (prints.group[place], prints.ts[place]) == (prints.group[place - 1], prints.ts[place - 1])
        if same:
            runs[-1].add(int(size))
        else:
            runs.append({int(size)})
    assert sorted(runs, key=min) == sorted(together, key=min)
