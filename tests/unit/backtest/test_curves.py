"""The dataset's own figures beside plain loops."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.universe import Tape
from whaletrader.backtest.curves import (
    BANDS,
    DELAYS_S,
    bands_of,
    counted,
    delay_effect,
    fee_rows,
    paid_entries,
    priced_provenance,
    window_effect,
    withheld,
)
from whaletrader.domain.values import MICRO
from whaletrader.quant.intervals import wilson_interval
from whaletrader.universe.follower import FollowerParams, FollowerTable, build_follower_table, follower_inputs
from whaletrader.universe.funnel import WINDOWS_S
from whaletrader.universe.source import FrameSource

PARAMS = FollowerParams()


def tape() -> FrameSource:
    """Four fills of wallet 0, met after 10 s, 5 min, 2 h and never; two positions, one in a market without result."""
    made = Tape(wallets=2).market(0, 1.0, 500_000).market(1, 0.0, 500_000).market(2)
    made.market(3, 1.0, 500_000, rate=None)
    made.trade(100, 0, 0, 0.40).trade(110, 1, 0, 0.42)
    made.trade(1_000, 0, 1, 0.40).trade(1_300, 1, 1, 0.42)
    made.trade(20_000, 0, 3, 0.40).trade(27_200, 1, 3, 0.42)
    made.trade(90_000, 0, 2, 0.40)
    made.signal(200_000, 0, 0, 0.55).signal(200_000, 0, 2, 0.55)
    return made.source(["a", "b"])


def table_of(source: FrameSource) -> FollowerTable:
    return build_follower_table(source, PARAMS)


def test_counts_become_rows_with_shares_of_their_kind() -> None:
    rows = counted({"position": {"B": 1}, "fill": {"A": 1, "C": 3}})
    assert [(r.kind, r.reason, r.count, r.share) for r in rows] == [
        ("fill", "C", 3, 0.75),
        ("fill", "A", 1, 0.25),
        ("position", "B", 1, 1.0),
    ]


def test_every_entry_is_counted_once_by_what_became_of_its_price() -> None:
    rows = withheld(table_of(tape()).frame)
    assert {(row.kind, row.reason): row.count for row in rows} == {
        ("fill", "no_print_in_window"): 6,
        ("fill", "priced"): 1,
        ("position", "priced"): 1,
        ("position", "unresolved"): 1,
    }


def test_a_longer_window_prices_more_fills_and_the_bound_lies_below_the_mean() -> None:
    source = tape()
    rows = window_effect(follower_inputs(source), PARAMS, table_of(source))
    fills = [row for row in rows if row.kind == "fill"]
    assert [row.window_s for row in fills] == list(WINDOWS_S)
    assert [row.priced for row in fills] == [1, 2, 2, 3]
    for row in fills:
        assert row.share_priced == pytest.approx(row.priced / row.events, abs=1e-6)
        assert row.mean_edge is not None
        assert row.worst_case_edge is not None
        assert row.worst_case_edge <= row.mean_edge
    positions = [row for row in rows if row.kind == "position"]
    assert [(row.events, row.priced, row.window_s) for row in positions] == [(2, 1, 0.0)]


def test_fills_are_told_by_our_delay_and_positions_by_the_time_between_two_looks() -> None:
    source = tape()
    rows = delay_effect(follower_inputs(source), PARAMS, table_of(source), source.table("signals"))
    fills = [row for row in rows if row.kind == "fill"]
    assert [row.delay_s for row in fills] == list(DELAYS_S)
    assert [row.priced for row in fills][:3] == [1, 1, 0]
    positions = [row for row in rows if row.kind == "position"]
    assert [(row.label, row.events, row.priced) for row in positions] == [("looked at within 5 min", 2, 1)]


def test_prices_are_held_against_outcomes_in_resolved_markets_only() -> None:
    source = tape()
    entries = paid_entries(table_of(source), source.table("markets"))
    assert sorted(entries["kind"].to_list()) == ["fill", "position"]
    assert entries["payout_micro"].to_list() == [MICRO, MICRO]


entry = st.tuples(
    st.sampled_from(["fill", "position"]),
    st.integers(0, 6),
    st.integers(1, MICRO - 1),
    st.sampled_from([0, MICRO // 2, MICRO]),
)
ENTRIES = {"kind": pl.String, "group": pl.Int64, "paid_micro": pl.Int64, "payout_micro": pl.Int64}


def effective(groups: list[int]) -> float:
    """Kish by a plain loop."""
    return len(groups) ** 2 / sum(groups.count(group) ** 2 for group in sorted(set(groups)))


@given(st.lists(entry, max_size=60))
@settings(max_examples=40, deadline=None)
def test_bands_equal_a_plain_loop(entries: list[tuple[str, int, int, int]]) -> None:
    frame = pl.DataFrame(entries, schema=ENTRIES, orient="row")
    rows = {(row.kind, row.above): row for row in bands_of(frame, "ours")}
    seen = 0
    for kind in ("fill", "position"):
        for low, high in BANDS:
            mine = [(g, p, w) for k, g, p, w in entries if k == kind and round(low * MICRO) < p <= round(high * MICRO)]
            if not mine:
                assert (kind, low) not in rows
                continue
            seen += 1
            row = rows[kind, low]
            assert (row.n, row.to, row.whose) == (len(mine), high, "ours")
            assert row.mean_price == pytest.approx(sum(p for _, p, _ in mine) / len(mine) / MICRO, abs=1e-6)
            won = sum(w for _, _, w in mine) / MICRO
            assert row.share_won == pytest.approx(won / len(mine), abs=1e-6)
            n = effective([group for group, _, _ in mine])
            wanted = wilson_interval(min(won / len(mine) * n, n), n)
            assert (row.lower, row.upper) == pytest.approx(wanted, abs=2e-6)
    assert seen == len(rows)


def test_entries_that_settle_together_do_not_narrow_a_bands_interval() -> None:
    apart = [("fill", g, 350_000, MICRO * (g % 2)) for g in range(20)]
    together = [("fill", g % 2, 350_000, MICRO * (g % 2)) for g in range(20)]
    (wide,) = bands_of(pl.DataFrame(together, schema=ENTRIES, orient="row"), "priced")
    (narrow,) = bands_of(pl.DataFrame(apart, schema=ENTRIES, orient="row"), "priced")
    assert (wide.n, wide.share_won) == (narrow.n, narrow.share_won) == (20, 0.5)
    assert (narrow.lower, narrow.upper) == pytest.approx(wilson_interval(10, 20), abs=1e-6)
    assert (wide.lower, wide.upper) == pytest.approx(wilson_interval(1, 2), abs=1e-6)


def test_a_group_counts_by_kind_and_band_alone() -> None:
    rows = [("fill", 1, 350_000, MICRO), ("fill", 1, 450_000, MICRO), ("position", 1, 350_000, MICRO)]
    found = bands_of(pl.DataFrame(rows, schema=ENTRIES, orient="row"), "priced")
    assert [(row.kind, row.above, row.n) for row in found] == [("fill", 0.3, 1), ("fill", 0.4, 1), ("position", 0.3, 1)]
    assert [(row.lower, row.upper) for row in found] == [pytest.approx(wilson_interval(1, 1), abs=1e-6)] * 3


def test_a_price_on_a_border_belongs_to_the_band_below() -> None:
    prices = (1, 100_000, 100_001, 999_999, MICRO)
    rows = [("fill", n, price, 0) for n, price in enumerate(prices)]
    found = bands_of(pl.DataFrame(rows, schema=ENTRIES, orient="row"), "priced")
    assert [(row.above, row.to, row.n) for row in found] == [(0.0, 0.1, 2), (0.1, 0.2, 1), (0.9, 1.0, 2)]


def test_the_groups_of_priced_entries_are_those_of_their_markets() -> None:
    made = Tape(wallets=2)
    for m in range(3):
        made.market(m, 1.0, 500_000, group="event" if m < 2 else "alone")
        made.trade(100, 0, m, 0.40).trade(110, 1, m, 0.42)
    source = made.source(["a", "b"])
    entries = paid_entries(table_of(source), source.table("markets"))
    assert sorted(entries["group"].value_counts()["count"].to_list()) == [1, 2]
    (band,) = bands_of(entries, "priced")
    assert (band.n, band.share_won) == (3, 1.0)
    assert band.lower == pytest.approx(wilson_interval(9 / 5, 9 / 5)[0], abs=1e-6)


def test_fee_schedules_are_counted_by_where_they_come_from() -> None:
    source = tape()
    wide = build_follower_table(source, FollowerParams(window_s=86_400.0))
    assert priced_provenance(wide) == {"fill": {"market": 2, "worst_case": 1}, "position": {"market": 2}}
    rows = fee_rows(priced_provenance(wide), "priced")
    assert [(r.whose, r.kind, r.provenance, r.count) for r in rows] == [
        ("priced", "fill", "market", 2),
        ("priced", "fill", "worst_case", 1),
        ("priced", "position", "market", 2),
    ]
