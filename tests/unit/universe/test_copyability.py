"""How copyable a wallet is: curve, capacity, maker's share and crowding, in one part or put together from many."""

import polars as pl
import pytest

from tests.support.universe import SELL, Tape
from whaletrader.domain.values import MICRO, NANOS
from whaletrader.universe.copyability import combine, copy_parts, copyability
from whaletrader.universe.follower import FollowerParams, build_follower_table
from whaletrader.universe.funnel import DELAYS_S
from whaletrader.universe.policies import policy_params
from whaletrader.universe.score_params import ScoreParams
from whaletrader.universe.scores import score_universe
from whaletrader.universe.source import FrameSource, known_at

LEADER, OTHER, STRANGER = 0, 1, 2
PARAMS = ScoreParams(n_boot=200)
DAY = 86_400
DELAYS = (5.0, 60.0)


def world(bets: int = 40, *, drift: float = 0.0, size: float = 1_000.0, wins: int = 4, sell: bool = False) -> Tape:
    """A leader right in `wins` of 5 markets at even odds; others print after him, the price drifting as time passes."""
    tape = Tape(wallets=3)
    for m in range(bets):
        start = m * DAY
        tape.market(m, 1.0 if m % 5 < wins else 0.0, start + DAY / 2)
        tape.trade(start + 100, LEADER, m, 0.50, 100.0, role=m % 4 == 0)
        for second, price in ((110, 0.50), (170, 0.50 + drift)):
            tape.trade(start + second, OTHER, m, price, size, side=SELL)
        if sell:
            tape.trade(start + 1_000, LEADER, m, 0.6, 100.0, side=SELL)
            tape.trade(start + 1_010, OTHER, m, 0.6, size)
    return tape


def found(tape: Tape, params: ScoreParams = PARAMS, delays_s: tuple[float, ...] = DELAYS) -> pl.DataFrame:
    return copyability(tape.source(), [LEADER], params, delays_s=delays_s)


def only(frame: pl.DataFrame, delay_s: float = 5.0) -> dict[str, object]:
    return frame.filter(pl.col("delay_s") == delay_s).row(0, named=True)


def test_the_curve_has_a_row_per_wallet_and_delay_in_the_order_asked() -> None:
    frame = copyability(world(5).source(), [STRANGER, LEADER], PARAMS)
    assert frame.select("wallet", "delay_s").rows() == [(w, d) for w in (STRANGER, LEADER) for d in DELAYS_S]
    assert {dtype for name, dtype in frame.schema.items() if name.endswith("_micro")} == {pl.Int64}


def test_at_our_own_delay_the_curve_is_the_leaderboards() -> None:
    params = ScoreParams(n_boot=200, min_groups=10)
    board = score_universe(world().source(), params).frame
    real = board.filter((pl.col("wallet") == LEADER) & (pl.col("kind").cast(pl.String) == "fill")).row(0, named=True)
    row = only(found(world(), params))
    assert (row["bets"], row["mean_edge_micro"]) == (real["n_bets"], real["mean_edge_micro"])
    assert row["lower_micro"] == real["lower_micro"]


def test_the_edge_fades_with_the_delay_as_the_price_runs_away() -> None:
    frame = found(world(drift=0.1))
    early, late = only(frame), only(frame, 60.0)
    assert early["bets"] == late["bets"] == 40
    assert early["mean_edge_micro"] - late["mean_edge_micro"] == pytest.approx(100_000, abs=6_000)  # type: ignore[operator]


def test_the_common_edge_compares_the_same_bets() -> None:
    tape = world(10)
    tape.market(10, 0.0, 11 * DAY).trade(10 * DAY + 100, LEADER, 10, 0.9).trade(
        10 * DAY + 110, OTHER, 10, 0.9, side=SELL
    )
    frame = found(tape)
    early, late = only(frame), only(frame, 60.0)
    assert (early["bets"], late["bets"]) == (11, 10)
    assert (early["common_bets"], late["common_bets"]) == (11, 10)
    assert early["common_edge_micro"] == early["common_own_edge_micro"]
    assert late["common_edge_micro"] == late["mean_edge_micro"] == late["common_own_edge_micro"]
    assert late["common_own_edge_micro"] > early["mean_edge_micro"]  # type: ignore[operator]


@pytest.mark.parametrize("sell", [False, True])
def test_at_its_capacity_the_edge_is_gone(sell: bool) -> None:
    tape = world(size=1e9, sell=sell, wins=3 if not sell else 4)
    row = only(found(tape))
    assert row["capacity_bound"] == "impact"
    stake = int(row["capacity_usd_micro"])  # type: ignore[call-overload]
    larger = only(found(tape, ScoreParams(n_boot=200, follower=FollowerParams(own_size_usd_micro=stake))))
    assert abs(larger["mean_edge_micro"]) < 0.1 * row["mean_edge_micro"]  # type: ignore[operator, arg-type]
    assert int(row["capacity_lower_usd_micro"]) < stake  # type: ignore[call-overload]


def test_where_little_is_printed_the_depth_ends_the_capacity() -> None:
    row = only(found(world(size=80.0)))
    assert row["capacity_bound"] == "depth"
    # Half of 80 shares at 0.50 falls to us.
    assert row["capacity_usd_micro"] == row["depth_usd_micro"] == 20 * MICRO


def test_without_an_edge_there_is_no_capacity() -> None:
    row = only(found(world(wins=2)))
    assert (row["capacity_usd_micro"], row["capacity_bound"]) == (0, "no_edge")


def test_a_passive_follower_pays_no_impact_and_is_bounded_by_depth_alone() -> None:
    tape = world()
    for m in range(40):
        tape.trade(m * DAY + 120, OTHER, m, 0.40, 10.0, side=SELL)
    row = only(found(tape, ScoreParams(n_boot=200, policies=("passive_hold",))))
    assert row["capacity_bound"] == "depth"
    assert row["bets"] == 40


def test_the_maker_share_counts_fills_of_known_role() -> None:
    row = only(found(world(40)))
    assert (row["known_roles"], row["maker_share_micro"]) == (40, 750_000)
    unknown = Tape(wallets=1).market(0, 1.0, 500).trade(100, LEADER, 0, 0.4)
    assert only(found(unknown))["maker_share_micro"] is None


def crowded(before: int, after: int, markets: int = 12, **options: object) -> Tape:
    """A leader's entry in each market, with others' buys of his token in the minutes around it."""
    tape = Tape(wallets=3)
    for m in range(markets):
        start = m * DAY
        tape.market(m, 1.0, start + DAY / 2).trade(start + 500, LEADER, m, 0.5)
        for i in range(before):
            tape.trade(start + 450 + i, OTHER, m, 0.5, **options)  # type: ignore[arg-type]
        for i in range(after):
            tape.trade(start + 510 + i, OTHER, m, 0.5, **options)  # type: ignore[arg-type]
    return tape


def test_crowding_is_the_excess_of_prints_the_same_way_right_after_him() -> None:
    row = only(found(crowded(1, 3)))
    assert (row["crowding_micro"], row["crowd_prints"]) == (500_000, 48)
    assert (row["crowding_lower_micro"], row["crowding_upper_micro"]) == (500_000, 500_000)
    assert row["crowding_p_micro"] == round(2 * 0.5**12 * MICRO)


def test_a_steady_flow_is_no_crowd() -> None:
    row = only(found(crowded(2, 2)))
    assert (row["crowding_micro"], row["crowding_p_micro"]) == (0, MICRO)


@pytest.mark.parametrize("other_way", [{"side": SELL}, {"outcome": 1}, {"role": 0}])
def test_prints_the_other_way_and_makers_are_no_followers(other_way: dict[str, int]) -> None:
    row = only(found(crowded(0, 3, **other_way)))
    assert (row["crowding_micro"], row["crowd_prints"]) == (None, 0)


def test_sales_of_the_complement_go_the_same_way() -> None:
    assert only(found(crowded(0, 3, side=SELL, outcome=1)))["crowding_micro"] == MICRO


def test_a_burst_of_his_own_fills_counts_once() -> None:
    tape = crowded(1, 3)
    for m in range(12):
        for second in (500, 505, 530):
            tape.trade(m * DAY + second, LEADER, m, 0.5)
    assert only(found(tape))["crowd_prints"] == 48


def test_few_event_groups_give_no_interval() -> None:
    row = only(found(crowded(1, 3, markets=9)))
    assert row["crowding_micro"] == 500_000
    assert (row["crowding_lower_micro"], row["crowding_upper_micro"]) == (None, None)


def test_parts_by_market_put_together_equal_the_whole() -> None:
    source = world(20, drift=0.05, sell=True).source()
    shared = {name: source.table(name) for name in ("markets", "tokens", "wallets", "fee_schedules")}
    parts = [
        copy_parts(
            FrameSource({**shared, "trades": source.table("trades").filter(pl.col("market") % 3 == part)}),
            [LEADER, OTHER],
            PARAMS,
            delays_s=DELAYS,
        )
        for part in range(3)
    ]
    whole = copyability(source, [LEADER, OTHER], PARAMS, delays_s=DELAYS)
    assert combine(parts, [LEADER, OTHER], PARAMS, delays_s=DELAYS).equals(whole)
    assert combine(parts[::-1], [LEADER, OTHER], PARAMS, delays_s=DELAYS).equals(whole)


def test_nothing_later_than_the_date_is_used() -> None:
    source = world(20, drift=0.05).source()
    as_of = 9 * DAY * NANOS + 130 * NANOS
    early = copyability(source, [LEADER], ScoreParams(n_boot=200, as_of_ts=as_of), delays_s=DELAYS)
    assert early.equals(copyability(known_at(source, as_of), [LEADER], PARAMS, delays_s=DELAYS))
    assert only(early)["bets"] == 9


def test_older_entries_can_be_left_out() -> None:
    params = ScoreParams(n_boot=200, since_ts=30 * DAY * NANOS)
    row = only(found(world(), params))
    assert (row["bets"], row["known_roles"]) == (10, 10)


def test_a_wallet_without_fills_has_no_figures() -> None:
    row = copyability(world(3).source(), [STRANGER], PARAMS, delays_s=(5.0,)).row(0, named=True)
    assert (row["bets"], row["common_bets"], row["known_roles"], row["crowd_prints"]) == (0, 0, 0, 0)
    known = ("wallet", "delay_s", "bets", "common_bets", "known_roles", "crowd_prints")
    assert {value for name, value in row.items() if name not in known} == {None}


def test_no_wallets_give_no_rows() -> None:
    assert copyability(world(3).source(), [], PARAMS).height == 0


def test_the_policy_is_the_first_one_of_the_parameters() -> None:
    tape = world(12, sell=True)
    held = only(found(tape, ScoreParams(n_boot=200, policies=("taker_hold", "taker"))))
    frame = build_follower_table(tape.source(), policy_params("taker_hold")).frame
    mine = frame.filter((pl.col("wallet") == LEADER) & (pl.col("kind").cast(pl.String) == "fill"))
    assert held["mean_edge_micro"] == round(float(mine["edge_micro"].mean()))  # type: ignore[arg-type]
