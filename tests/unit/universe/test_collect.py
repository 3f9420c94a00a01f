"""What a part of the markets says of each wallet, against plain loops; and that parts add up to the whole."""

import math
from collections import defaultdict
from typing import Any

import polars as pl
import pytest

from tests.support.score_tapes import mixed
from tests.support.universe import Tape
from whaletrader.datasets.schema import NO_ID
from whaletrader.universe.collect import (
    ACTIVITY,
    activity_added,
    activity_of,
    collect,
    collect_tables,
    events_added,
    own_added,
    tallies_added,
)
from whaletrader.universe.follower import build_follower_table
from whaletrader.universe.funnel import edge_summary, funnel
from whaletrader.universe.ledger import ledger
from whaletrader.universe.score_params import ScoreParams
from whaletrader.universe.source import FrameSource
from whaletrader.universe.tallied import edge_tallied, funnel_tallied, provenance_tallied
from whaletrader.universe.tape import usable_trades

DAY_NS = 86_400 * 10**9
PARAMS = ScoreParams(policies=("taker", "first_hold"))


@pytest.fixture(scope="module")
def source() -> FrameSource:
    return mixed(trades=500)


def halves(source: FrameSource) -> list[FrameSource]:
    """The source in two: even markets and odd ones; what has no market is with the odd ones."""
    tables = {name: source.table(name) for name in ("wallets", "markets", "tokens", "fee_schedules")}
    parted: list[dict[str, pl.DataFrame]] = [{}, {}]
    for name in ("trades", "signals", "activity", "quotes"):
        market = pl.col("token") // 2 if name == "quotes" else pl.col("market")
        even = (market % 2 == 0) & (market != NO_ID)
        for part, chosen in zip(parted, (even, ~even), strict=True):
            part[name] = source.table(name).filter(chosen)
    return [FrameSource({**tables, **part}, source.fingerprint) for part in parted]


def test_activity_equals_a_plain_loop(source: FrameSource) -> None:
    params = ScoreParams(as_of_ts=15 * DAY_NS, since_ts=2 * DAY_NS)
    expected: dict[int, dict[str, Any]] = defaultdict(lambda: {**dict.fromkeys(ACTIVITY, 0), "markets": set()})
    for row in source.table("trades").iter_rows(named=True):
        if row["dup_rank"] or not 2 * DAY_NS <= row["ts"] <= 15 * DAY_NS:
            continue
        one, usd = expected[row["wallet"]], row["size_micro"] // 1_000 * row["price_micro"] // 1_000
        one["n_fills"] += 1
        one["n_buys"] += row["side"] == 0
        one["sell_usd_micro" if row["side"] else "buy_usd_micro"] += usd
        one["maker_fills"] += row["role"] == 0
        one["taker_fills"] += row["role"] == 1
        one["known_role_fills"] += row["role"] >= 0
        one["log2_usd_micro"] += round(math.log2(max(usd, 1)) * 1e6)
        one["markets"].add(row["market"])
        one["first_ts"] = min(one["first_ts"] or row["ts"], row["ts"])
        one["last_ts"] = max(one["last_ts"], row["ts"])
    found = activity_of(usable_trades(source), params).sort("wallet")
    assert found["wallet"].to_list() == sorted(expected)
    for row in found.iter_rows(named=True):
        one = expected[row["wallet"]]
        assert row["n_markets"] == len(one["markets"])
        for name in set(ACTIVITY) - {"wallet", "n_markets"}:
            assert row[name] == one[name], name


def test_the_maker_and_taker_codes_are_those_of_the_tape(source: FrameSource) -> None:
    found = activity_added(activity_of(usable_trades(source), ScoreParams()))
    assert (found["maker_fills"] + found["taker_fills"]).equals(found["known_role_fills"])
    assert found["known_role_fills"].sum() < found["n_fills"].sum()


def test_two_halves_of_the_markets_add_up_to_the_whole(source: FrameSource) -> None:
    whole = collect(source, PARAMS)
    one, other = (collect(part, PARAMS) for part in halves(source))
    for name, added, keys in (
        ("events", events_added, ["policy", "kind", "wallet"]),
        ("own", own_added, ["wallet"]),
        ("activity", activity_added, ["wallet"]),
        ("tallies", tallies_added, ["policy", "kind", "reason", "fee_provenance"]),
    ):
        both = added(pl.concat([getattr(one, name), getattr(other, name)]))
        assert both.sort(keys).equals(added(getattr(whole, name)).sort(keys)), name
    keys = ["policy", "kind", "wallet", "group", "token"]
    assert pl.concat([one.bets, other.bets]).sort(keys).equals(whole.bets.sort(keys))


def test_tables_priced_before_give_the_same_bets(source: FrameSource) -> None:
    params = ScoreParams()
    whole = collect(source, params)
    found = collect_tables({"taker": build_follower_table(source)}, params, None, None)
    assert found.bets.equals(whole.bets)
    assert found.own.is_empty()
    assert found.activity.is_empty()


def test_the_tallies_funnel_is_that_of_the_events(source: FrameSource) -> None:
    tallies = collect(source, ScoreParams()).tallies
    frame = build_follower_table(source).frame
    found = funnel_tallied(tallies, ("taker",))
    assert found.drop("policy").rows() == funnel(frame).sort("kind", "reason").rows()
    assert edge_tallied(tallies).drop("policy").rows() == edge_summary(frame).rows()
    priced = frame.filter(pl.col("reason").cast(pl.String) == "priced")
    fees = provenance_tallied(tallies)
    assert fees["events"].sum() == priced.height
    assert fees["assumed_spread"].sum() == priced["spread_assumed"].sum()


def test_own_results_are_the_ledgers(source: FrameSource) -> None:
    found = own_added(collect(source, ScoreParams()).own).sort("wallet")
    book = ledger(source).wallets.sort("wallet")
    assert found["realised_micro"].equals(book["realised_micro"])
    assert found["truncated"].equals(book["truncated"])


def test_a_source_without_rows_collects_nothing() -> None:
    found = collect(Tape(wallets=1).market(0).source(), PARAMS)
    assert found.bets.is_empty()
    assert found.events.is_empty()
    assert found.tallies.is_empty()
