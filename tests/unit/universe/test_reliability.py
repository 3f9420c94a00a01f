"""Forecasts of later bets from earlier ones, against outcomes."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.universe import Tape
from whaletrader.domain.values import MICRO
from whaletrader.universe.bets import bets_of
from whaletrader.universe.follower import build_follower_table
from whaletrader.universe.reliability import (
    EDGES,
    SERIES,
    brier_gain,
    forecast_bets,
    forecast_records,
    reliability_bands,
    split_ts,
)

DAY = 86_400


def tape(bets: int = 40) -> Tape:
    """Wallet 0 buys at even odds what pays in three cases of four, wallet 1 is never scored."""
    made = Tape(wallets=2)
    for m in range(bets):
        made.market(m, 1.0 if m % 4 else 0.0, (m + 2) * DAY)
        made.signal(m * DAY + 60, 0, m, 0.50).signal(m * DAY + 61, 1, m, 0.50)
    return made


def shrunk(**edges: int) -> pl.DataFrame:
    wallets = [int(name[1:]) for name in edges]
    return pl.DataFrame(
        {"kind": ["position"] * len(edges), "wallet": wallets, "shrunk_micro": list(edges.values())},
        schema_overrides={"wallet": pl.UInt32},
    )


def later_bets(edge_micro: int = 200_000) -> pl.DataFrame:
    source = tape().source()
    bets = bets_of(build_follower_table(source).frame)
    middle = split_ts(bets)
    assert middle is not None
    return forecast_bets(bets, source.table("markets"), shrunk(w0=edge_micro), middle)


def test_the_split_is_the_median_entry_of_the_settled_bets() -> None:
    bets = bets_of(build_follower_table(tape(11).source()).frame)
    entered = sorted(bets["entry_ts"].to_list())
    assert split_ts(bets) == entered[len(entered) // 2]
    assert split_ts(bets.clear()) is None


def test_only_bets_after_the_split_of_wallets_with_an_edge_are_forecast() -> None:
    bets = later_bets()
    assert set(bets["wallet"]) == {0}
    assert 15 <= bets.height <= 20


def test_the_forecast_is_the_price_and_the_price_paid_plus_the_edge() -> None:
    bets = later_bets()
    assert set(bets["price"]) == {0.5}
    paid = build_follower_table(tape().source()).frame["cost_micro"].drop_nulls()[0]
    assert bets["price_plus_edge"][0] == pytest.approx((paid + 200_000) / MICRO)


def test_the_outcome_is_what_the_token_paid() -> None:
    assert set(later_bets()["outcome"]) == {0.0, 1.0}
    assert later_bets()["outcome"].mean() == pytest.approx(0.75, abs=0.06)


def test_a_forecast_stays_a_probability() -> None:
    assert later_bets(900_000)["price_plus_edge"].max() == 1.0
    assert later_bets(-900_000)["price_plus_edge"].min() == 0.0


def test_a_half_payout_and_an_open_market_are_no_outcome() -> None:
    made = Tape(wallets=1).market(0, 0.5, 9 * DAY).market(1).market(2, 1.0, 9 * DAY)
    for m in range(3):
        made.signal(DAY + m, 0, m, 0.4)
    source = made.source()
    bets = forecast_bets(bets_of(build_follower_table(source).frame), source.table("markets"), shrunk(w0=0), 0)
    assert bets.height == 1


def test_bands_hold_every_bet_once_a_series() -> None:
    bets = later_bets()
    bands = reliability_bands(bets)
    for series in SERIES:
        mine = bands.filter(pl.col("series") == series)
        assert mine["n"].sum() == bets.height
        assert ((mine["lower"] <= mine["share_won"]) & (mine["share_won"] <= mine["upper"])).all()
        assert ((mine["above"] <= mine["forecast"]) & (mine["forecast"] <= mine["to"])).all()


def test_an_edge_that_is_there_forecasts_better_than_the_price() -> None:
    plain, ours = forecast_records(later_bets(230_000))
    assert (plain.series, ours.series) == SERIES
    assert ours.brier < plain.brier
    assert ours.wallets == 1


def gain_bets(groups: list[int]) -> pl.DataFrame:
    n = len(groups)
    return pl.DataFrame(
        {"kind": ["fill"] * n, "wallet": [0] * n, "group": groups, "price": [0.5] * n,
         "price_plus_edge": [0.6 + 0.001 * (i % 7) for i in range(n)], "outcome": [float(i % 3 > 0) for i in range(n)]}
    )  # fmt: skip


def test_the_gain_is_the_difference_of_the_brier_scores() -> None:
    bets = gain_bets(list(range(60)))
    mean, lower, upper = brier_gain(bets)
    plain, ours = forecast_records(bets)
    assert mean == pytest.approx(plain.brier - ours.brier)
    assert plain.gain is None
    assert (ours.gain, ours.gain_lower, ours.gain_upper) == (mean, lower, upper)


def test_the_gains_interval_is_the_sandwich_of_a_plain_loop() -> None:
    bets = gain_bets([i // 3 for i in range(90)])
    mean, lower, upper = brier_gain(bets)
    rows = bets.to_dicts()
    each = [(r["price"] - r["outcome"]) ** 2 - (r["price_plus_edge"] - r["outcome"]) ** 2 for r in rows]
    squares = sum(sum(each[i] - mean for i in range(3 * g, 3 * g + 3)) ** 2 for g in range(30))
    half = 1.959963984540054 * (30 / 29 * squares) ** 0.5 / 90
    assert (lower, upper) == (pytest.approx(mean - half), pytest.approx(mean + half))


def test_few_event_groups_give_a_gain_without_an_interval() -> None:
    mean, lower, upper = brier_gain(gain_bets([0] * 60))
    assert isinstance(mean, float)
    assert (lower, upper) == (None, None)


def test_without_a_bet_there_are_no_bands_and_no_scores() -> None:
    none = later_bets().clear()
    assert reliability_bands(none).height == 0
    assert forecast_records(none) == []


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 1), st.booleans(), st.integers(0, 3)), min_size=1, max_size=60))
def test_a_band_says_what_a_plain_loop_says(drawn: list[tuple[float, bool, int]]) -> None:
    bets = pl.DataFrame(
        {
            "kind": ["fill"] * len(drawn),
            "wallet": [0] * len(drawn),
            "group": [group for _, _, group in drawn],
            "price": [price for price, _, _ in drawn],
            "price_plus_edge": [price for price, _, _ in drawn],
            "outcome": [float(won) for _, won, _ in drawn],
        }
    )
    bands = reliability_bands(bets).filter(pl.col("series") == "price")
    for row in bands.iter_rows(named=True):
        inside = [
            (price, won, group)
            for price, won, group in drawn
            if row["above"] <= price < row["to"] or (row["to"] == EDGES[-1] and price == 1.0)
        ]
        assert row["n"] == len(inside)
        assert row["groups"] == len({group for _, _, group in inside})
        assert row["share_won"] == pytest.approx(np.mean([won for _, won, _ in inside]))
        assert row["forecast"] == pytest.approx(np.mean([price for price, _, _ in inside]))


def test_bets_of_one_event_group_widen_the_interval() -> None:
    def width(groups: list[int]) -> float:
        bets = pl.DataFrame(
            {"kind": ["fill"] * 20, "wallet": [0] * 20, "group": groups, "price": [0.5] * 20,
             "price_plus_edge": [0.5] * 20, "outcome": [0.0, 1.0] * 10}
        )  # fmt: skip
        row = reliability_bands(bets).row(0, named=True)
        return float(row["upper"] - row["lower"])

    assert width([0] * 20) > width(list(range(20)))
