"""Measurements of a tape, on tapes small enough to count by hand."""

import numpy as np
import polars as pl
import pytest

from whaletrader.datasets.schema import TABLES
from whaletrader.datasets.simulator.universe import measure as m
from whaletrader.domain.values import MICRO, NANOS


def tape(*rows):
    """Fills of (second, wallet, token, side, price, shares)."""
    columns = ["ts", "wallet", "token", "side", "price_micro", "size_micro"]
    frame = pl.DataFrame(
        [(s * NANOS, w, t, side, round(p * MICRO), round(q * MICRO)) for s, w, t, side, p, q in rows],
        schema=columns,
        orient="row",
    )
    return frame.with_columns(
        market=pl.col("token") // 2, outcome_index=pl.col("token") % 2, dup_rank=pl.lit(0), source=pl.lit(0)
    )


def markets(*rows):
    """Markets of (event, neg-risk, payout of outcome 0 or None, start, result)."""
    return pl.DataFrame(
        [
            (place, event, neg, None if won is None else won * MICRO, start * NANOS, end * NANOS, won is not None, "x")
            for place, (event, neg, won, start, end) in enumerate(rows)
        ],
        schema=[
            "market", "event_group", "neg_risk", "payout0_micro", "start_ts", "resolved_ts", "resolved", "category",
        ],
        orient="row",
    )  # fmt: skip


def test_the_next_print_is_the_first_of_somebody_else_five_seconds_later_or_more():
    found = m.next_prints(
        tape((0, 1, 0, 0, 0.5, 1), (3, 2, 0, 0, 0.5, 1), (50, 1, 1, 0, 0.5, 1), (5_000, 2, 1, 0, 0.5, 1))
    )
    # The first meets nobody before 5,000 s (the print at 3 s is too soon, the one at 50 s its own); the second meets
    # the third; the third the fourth after 4,950 s; the last nobody.
    assert found["next_print_60s"] == pytest.approx(1 / 4)
    assert found["next_print_3600s"] == pytest.approx(1 / 4)
    assert found["next_print_86400s"] == pytest.approx(3 / 4)


def test_another_market_is_no_next_print():
    found = m.next_prints(tape((0, 1, 0, 0, 0.5, 1), (10, 2, 2, 0, 0.5, 1)))
    assert set(found.values()) == {0.0}


def test_positions_are_counted_by_wallet_and_token():
    found = m.activity(tape((0, 1, 0, 0, 0.5, 1), (1, 1, 0, 0, 0.5, 1), (2, 1, 1, 0, 0.5, 1), (3, 2, 0, 0, 0.5, 1)))
    assert found["fills_per_position"] == pytest.approx(4 / 3)
    assert found["fills_per_position_single"] == pytest.approx(2 / 3)
    assert found["positions_per_wallet"] == pytest.approx(1.5)
    assert found["positions_per_market"] == 3.0


def test_a_position_is_sold_when_a_sale_follows_its_first_purchase():
    found = m.holds(tape((0, 1, 0, 0, 0.5, 1), (100, 1, 0, 1, 0.5, 1), (0, 2, 0, 0, 0.5, 1), (0, 3, 0, 1, 0.5, 1)))
    assert found["sold_share"] == pytest.approx(0.5)
    assert found["hold_log_mean"] == pytest.approx(np.log(100))


def test_bands_are_closed_above_and_sum_to_one():
    found = m.bands(tape((0, 1, 0, 0, 0.05, 1), (0, 1, 0, 0, 0.051, 1), (0, 1, 0, 0, 0.999, 1), (0, 1, 0, 1, 0.5, 1)))
    assert found["band_0.05"] == pytest.approx(1 / 3)
    assert found["band_0.1"] == pytest.approx(1 / 3)
    assert found["band_1"] == pytest.approx(1 / 3)
    assert sum(found.values()) == pytest.approx(1.0)


def test_lives_are_told_in_hours_to_the_result_and_parts_gone_by():
    found = m.lives(tape((1_800, 1, 0, 0, 0.5, 1)), markets(("a", False, 1, 0, 3_600)))
    assert found["hours_to_result_q50"] == pytest.approx(0.5)
    assert found["life_gone_q50"] == pytest.approx(0.5)


def test_results_of_one_event_that_surprise_alike_have_a_positive_product():
    fills = tape(*[(0, 1, 2 * place, 0, 0.5, 1) for place in range(4)])
    alike = markets(("a", False, 1, 0, 9), ("a", False, 1, 0, 9), ("b", True, 1, 0, 9), ("b", True, 0, 0, 9))
    found = m.groups(fills, alike)
    assert found["grouped_share"] == 1.0
    assert found["group_size_mean"] == 2.0
    assert found["neg_risk_share"] == 0.5
    assert found["group_surprise"] == pytest.approx(1.0)
    assert found["neg_risk_surprise"] == pytest.approx(-1.0)


def test_stakes_that_all_come_from_the_wallet_have_a_full_correlation():
    rows = [(place, wallet, 0, 0, 0.5, 10.0**wallet) for wallet in range(1, 6) for place in range(6)]
    assert m.stakes(tape(*rows))["stake_icc"] == pytest.approx(1.0)


def test_a_pareto_tail_gives_its_exponent_back():
    usd = np.random.default_rng(1).pareto(1.5, 40_000) + 1.0
    found = m.stakes(tape(*[(0, place, 0, 0, 0.5, 2 * amount) for place, amount in enumerate(usd.tolist())]))
    assert found["stake_hill_alpha"] == pytest.approx(1.5, abs=0.1)


def test_copies_and_unknown_markets_are_left_out(small):
    trades, known = small.tables["trades"], small.tables["markets"]
    lost = trades.head(50).with_columns(market=pl.lit(999_999, dtype=TABLES["trades"]["market"]))
    copied = trades.head(50).with_columns(dup_rank=pl.lit(1, dtype=TABLES["trades"]["dup_rank"]))
    assert m.measure(pl.concat([trades, lost, copied]), known) == m.measure(trades, known)
