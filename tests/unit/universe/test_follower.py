"""What a follower gets: the first print of somebody else, with costs, or a reason."""

import polars as pl
import pytest

from tests.support.universe import SELL, Tape
from whaletrader.domain.matching.later_prints import IMPACT_MICRO
from whaletrader.domain.spread import half_spread_micro
from whaletrader.domain.values import MICRO, NANOS, LeaderEventKind
from whaletrader.errors import UsageError
from whaletrader.universe.costs import impact_micro
from whaletrader.universe.follower import FollowerParams, build_follower_table, follower_returns

LEADER, OTHER, THIRD = 0, 1, 2
IMPACT = impact_micro(FollowerParams().own_size_usd_micro)


def first(tape: Tape, **options: object) -> dict[str, object]:
    """The leader's first event."""
    frame = follower_returns(tape.source(), FollowerParams(**options))  # type: ignore[arg-type]
    return frame.filter(pl.col("wallet") == LEADER).row(0, named=True)


def market(payout0: float | None = 1.0, resolved: float | None = 1_000.0, **options: object) -> Tape:
    return Tape().market(0, payout0, resolved, **options)  # type: ignore[arg-type]


def test_entry_is_the_first_print_of_somebody_else_and_the_exit_is_the_payout() -> None:
    row = first(market().trade(100, LEADER, 0, 0.40).trade(110, OTHER, 0, 0.42).trade(111, THIRD, 0, 0.60))
    cost = 420_000 + half_spread_micro(420_000, "sports") + IMPACT
    assert row["reason"] == "priced"
    assert (row["entry_ts"], row["print_price_micro"]) == (110 * NANOS, 420_000)
    assert (row["cost_micro"], row["proceeds_micro"], row["edge_micro"]) == (cost, MICRO, MICRO - cost)
    assert (row["exit_kind"], row["exit_ts"], row["known_ts"]) == ("resolution", 1_000 * NANOS, 1_000 * NANOS)


def test_the_other_outcomes_print_counts_at_one_minus_its_price() -> None:
    row = first(market().trade(100, LEADER, 0, 0.40).trade(110, OTHER, 0, 0.55, outcome=1))
    assert row["print_price_micro"] == 450_000


def test_a_leader_on_the_second_outcome_is_priced_and_paid_in_his_own_token() -> None:
    row = first(market(0.0).trade(100, LEADER, 0, 0.60, outcome=1).trade(110, OTHER, 0, 0.45))
    assert row["print_price_micro"] == 550_000
    assert row["proceeds_micro"] == MICRO


def test_a_market_that_pays_a_half_pays_a_half_on_both_sides() -> None:
    for outcome in (0, 1):
        tape = market(0.5).trade(100, LEADER, 0, 0.40, outcome=outcome).trade(110, OTHER, 0, 0.42, outcome=outcome)
        assert first(tape)["proceeds_micro"] == 500_000


@pytest.mark.parametrize("ts", [100.0, 104.0, 165.1])
def test_a_print_before_the_delay_or_after_the_window_is_not_ours(ts: float) -> None:
    row = first(market().trade(100, LEADER, 0, 0.40).trade(ts, OTHER, 0, 0.42))
    assert row["reason"] == "no_print_in_window"
    assert row["edge_micro"] is None
    assert row["cost_micro"] is None


@pytest.mark.parametrize("ts", [105.0, 165.0])
def test_both_ends_of_the_window_belong_to_it(ts: float) -> None:
    assert first(market().trade(100, LEADER, 0, 0.40).trade(ts, OTHER, 0, 0.42))["reason"] == "priced"


def test_the_leaders_own_prints_never_price_the_follower() -> None:
    tape = market().trade(100, LEADER, 0, 0.40)
    for second in range(106, 150):
        tape.trade(second, LEADER, 0, 0.41)
    assert first(tape)["reason"] == "no_print_in_window"
    assert first(tape.trade(150, OTHER, 0, 0.43))["print_price_micro"] == 430_000


def test_a_print_of_the_same_transaction_is_the_leaders_own_match() -> None:
    tape = market().trade(100, LEADER, 0, 0.40, tx=7).trade(110, OTHER, 0, 0.40, tx=7)
    assert first(tape)["reason"] == "no_print_in_window"
    assert first(tape.trade(112, THIRD, 0, 0.44, tx=8))["print_price_micro"] == 440_000


@pytest.mark.parametrize("delay", [0.0, 0.2, 0.999])
def test_below_a_second_the_delay_means_the_next_second(delay: float) -> None:
    tape = market().trade(100, LEADER, 0, 0.40).trade(100, OTHER, 0, 0.41).trade(101, THIRD, 0, 0.45)
    assert first(tape, delay_s=delay)["entry_ts"] == 101 * NANOS


def test_prints_of_another_market_are_nothing_to_us() -> None:
    tape = market().market(1, 1.0, 1_000).trade(100, LEADER, 0, 0.40).trade(110, OTHER, 1, 0.42)
    assert first(tape)["reason"] == "no_print_in_window"


def test_an_exact_duplicate_row_is_no_second_event_and_no_print() -> None:
    tape = market().trade(100, LEADER, 0, 0.40).trade(100, LEADER, 0, 0.40, dup_rank=1)
    tape.trade(110, OTHER, 0, 0.42, dup_rank=1)
    frame = follower_returns(tape.source())
    assert frame.height == 1
    assert frame["reason"].to_list() == ["no_print_in_window"]


def test_the_leaders_price_is_never_used() -> None:
    cheap = first(market().trade(100, LEADER, 0, 0.01).trade(110, OTHER, 0, 0.42))
    dear = first(market().trade(100, LEADER, 0, 0.99).trade(110, OTHER, 0, 0.42))
    assert cheap["edge_micro"] == dear["edge_micro"]
    assert (cheap["leader_price_micro"], dear["leader_price_micro"]) == (10_000, 990_000)


def test_the_markets_fee_at_the_date_is_paid_on_top() -> None:
    tape = market(rate=0.0).fee(0, 0.05, since=90).trade(100, LEADER, 0, 0.40).trade(110, OTHER, 0, 0.42)
    row = first(tape)
    paid = 420_000 + half_spread_micro(420_000, "sports") + IMPACT
    assert row["fee_micro"] == -(-50_000 * paid * (MICRO - paid) // MICRO**2)
    assert row["cost_micro"] == paid + row["fee_micro"]
    assert row["fee_provenance"] == "market"


def test_a_market_without_a_schedule_is_charged_the_worst_case_and_says_so() -> None:
    row = first(market(rate=None).trade(100, LEADER, 0, 0.40).trade(110, OTHER, 0, 0.42))
    paid = 420_000 + half_spread_micro(420_000, "sports") + IMPACT
    assert row["fee_micro"] == -(-70_000 * paid * (MICRO - paid) // MICRO**2)
    assert row["fee_provenance"] == "worst_case"


def test_a_fresh_quote_gives_the_half_spread() -> None:
    row = first(market().quote(100, 0, 0.40, 0.43).trade(100, LEADER, 0, 0.40).trade(110, OTHER, 0, 0.42))
    assert (row["spread_micro"], row["spread_assumed"]) == (15_000, False)


@pytest.mark.parametrize(
    ("ts", "bid", "ask"), [(40, 0.40, 0.43), (100, 0.01, 0.99), (100, 0.43, 0.40), (120, 0.4, 0.43)]
)
def test_a_stale_stub_crossed_or_later_quote_is_no_quote(ts: float, bid: float, ask: float) -> None:
    row = first(market().quote(ts, 0, bid, ask).trade(100, LEADER, 0, 0.40).trade(110, OTHER, 0, 0.42))
    assert row["spread_assumed"] is True
    assert row["spread_micro"] == half_spread_micro(420_000, "sports")


def test_impact_grows_with_the_square_root_of_our_stake() -> None:
    assert impact_micro(1_000 * MICRO) == IMPACT_MICRO
    assert impact_micro(4_000 * MICRO) == 2 * IMPACT_MICRO
    assert impact_micro(0) == 0


def test_an_event_after_the_resolution_cannot_be_followed() -> None:
    tape = market(1.0, 100.0).trade(100, LEADER, 0, 0.99).trade(110, OTHER, 0, 0.99)
    assert first(tape)["reason"] == "after_resolution"


def test_a_first_print_after_the_resolution_cannot_be_followed_either() -> None:
    tape = market(1.0, 108.0).trade(100, LEADER, 0, 0.90).trade(110, OTHER, 0, 0.99)
    row = first(tape)
    assert (row["reason"], row["entry_ts"]) == ("after_resolution", 110 * NANOS)


def test_an_open_market_is_withheld_as_unresolved_with_its_cost() -> None:
    row = first(market(None, None).trade(100, LEADER, 0, 0.40).trade(110, OTHER, 0, 0.42))
    assert row["reason"] == "unresolved"
    assert row["cost_micro"] is not None
    assert row["edge_micro"] is None


def test_an_unknown_market_is_withheld() -> None:
    tape = market()
    tape.trade(100, LEADER, 0xFFFFFFFF, 0.40)
    assert first(tape)["reason"] == "market_unknown"


def test_a_share_that_costs_a_dollar_is_not_bought() -> None:
    row = first(market().trade(100, LEADER, 0, 0.99).trade(110, OTHER, 0, 0.999))
    assert row["reason"] == "price_out_of_range"


def test_the_leaders_sale_is_mirrored_at_somebody_elses_print() -> None:
    tape = market().trade(100, LEADER, 0, 0.40).trade(110, OTHER, 0, 0.42)
    tape.trade(300, LEADER, 0, 0.70, side=SELL).trade(306, OTHER, 0, 0.68)
    row = first(tape)
    spread = half_spread_micro(680_000, "sports")
    assert (row["exit_kind"], row["exit_ts"]) == ("mirror", 306 * NANOS)
    assert row["proceeds_micro"] == 680_000 - spread - IMPACT


def test_the_exit_pays_the_fee_too() -> None:
    tape = market(rate=0.05).trade(100, LEADER, 0, 0.40).trade(110, OTHER, 0, 0.42)
    tape.trade(300, LEADER, 0, 0.70, side=SELL).trade(306, OTHER, 0, 0.68)
    taken = 680_000 - half_spread_micro(680_000, "sports") - IMPACT
    assert first(tape)["proceeds_micro"] == taken - -(-50_000 * taken * (MICRO - taken) // MICRO**2)


def test_a_sale_that_nobody_prints_after_is_held_to_resolution() -> None:
    tape = market().trade(100, LEADER, 0, 0.40).trade(110, OTHER, 0, 0.42).trade(300, LEADER, 0, 0.7, side=SELL)
    assert first(tape)["exit_kind"] == "resolution"


def test_a_sale_of_the_other_token_is_no_exit() -> None:
    tape = market().trade(100, LEADER, 0, 0.40).trade(110, OTHER, 0, 0.42)
    tape.trade(300, LEADER, 0, 0.30, side=SELL, outcome=1).trade(306, OTHER, 0, 0.68)
    assert first(tape)["exit_kind"] == "resolution"


def test_without_mirroring_every_bet_is_held_to_resolution() -> None:
    tape = market().trade(100, LEADER, 0, 0.40).trade(110, OTHER, 0, 0.42)
    tape.trade(300, LEADER, 0, 0.70, side=SELL).trade(306, OTHER, 0, 0.68)
    assert first(tape, exit="resolution")["exit_kind"] == "resolution"


def test_a_leader_who_was_out_before_we_were_in_is_not_followed() -> None:
    tape = market().trade(100, LEADER, 0, 0.40).trade(102, LEADER, 0, 0.45, side=SELL).trade(140, OTHER, 0, 0.42)
    assert first(tape)["reason"] == "leader_exited_first"


def test_a_mirrored_exit_does_not_need_a_resolution() -> None:
    tape = market(None, None).trade(100, LEADER, 0, 0.40).trade(110, OTHER, 0, 0.42)
    tape.trade(300, LEADER, 0, 0.70, side=SELL).trade(306, OTHER, 0, 0.68)
    assert first(tape)["reason"] == "priced"


def test_a_position_signal_is_entered_at_the_price_it_was_found_at() -> None:
    row = first(market().signal(200, LEADER, 0, 0.62, leader=0.30))
    paid = 620_000 + half_spread_micro(620_000, "sports") + IMPACT
    assert (row["kind"], row["entry_ts"], row["print_price_micro"]) == ("position", 200 * NANOS, 620_000)
    assert row["edge_micro"] == MICRO - paid
    assert row["leader_price_micro"] == 300_000


@pytest.mark.parametrize("price", [0.0, 1.0])
def test_a_signal_at_a_price_of_zero_or_one_is_withheld(price: float) -> None:
    assert first(market().signal(200, LEADER, 0, price))["reason"] == "price_out_of_range"


def test_a_signal_after_the_resolution_is_withheld() -> None:
    assert first(market(1.0, 150.0).signal(200, LEADER, 0, 0.6))["reason"] == "after_resolution"


def test_the_two_kinds_are_kept_apart() -> None:
    tape = market().trade(100, LEADER, 0, 0.40).trade(110, OTHER, 0, 0.42).signal(200, LEADER, 0, 0.62)
    fills = follower_returns(tape.source(), kind=LeaderEventKind.FILL)
    signals = follower_returns(tape.source(), kind=LeaderEventKind.POSITION)
    assert set(fills["kind"]) == {"fill"}
    assert set(signals["kind"]) == {"position"}
    assert fills.height + signals.height == follower_returns(tape.source()).height == 3


def test_only_the_wallets_asked_for_are_returned() -> None:
    tape = market().trade(100, LEADER, 0, 0.40).trade(110, OTHER, 0, 0.42)
    assert follower_returns(tape.source(), wallets=[OTHER])["wallet"].to_list() == [OTHER]


def test_the_venues_own_contracts_are_no_leaders() -> None:
    exchange = "0x4bfb41d5b3570defd03c39a9a4d8de6bd8b8982e"
    tape = market().trade(100, LEADER, 0, 0.40).trade(110, OTHER, 0, 0.42)
    frame = build_follower_table(tape.source([exchange, "0xb", "0xc", "0xd"])).frame
    assert frame["wallet"].to_list() == [OTHER]


def test_later_exits_and_entries_are_not_known_at_an_earlier_date() -> None:
    table = build_follower_table(market().trade(100, LEADER, 0, 0.40).trade(110, OTHER, 0, 0.42).source())
    reasons = {at: table.at(at * NANOS)["reason"].to_list()[:1] for at in (99, 105, 110, 999, 1_000)}
    assert reasons == {
        99: [],
        105: ["no_print_in_window"],
        110: ["unresolved"],
        999: ["unresolved"],
        1_000: ["priced"],
    }


def test_nothing_of_the_future_stays_in_a_row() -> None:
    table = build_follower_table(market().trade(100, LEADER, 0, 0.40).trade(110, OTHER, 0, 0.42).source())
    row = table.at(105 * NANOS).row(0, named=True)
    hidden = ("entry_ts", "print_price_micro", "cost_micro", "exit_ts", "proceeds_micro", "edge_micro", "known_ts")
    assert [row[name] for name in hidden] == [None] * len(hidden)


def test_older_events_can_be_left_out() -> None:
    tape = market().trade(100, LEADER, 0, 0.40).trade(110, OTHER, 0, 0.42)
    assert build_follower_table(tape.source()).at(None, since_ts=105 * NANOS)["wallet"].to_list() == [OTHER]


def test_a_market_that_resolved_at_an_unknown_time_counts_only_without_a_date() -> None:
    table = build_follower_table(market(1.0, None).trade(100, LEADER, 0, 0.40).trade(110, OTHER, 0, 0.42).source())
    assert table.at(None).row(0, named=True)["reason"] == "priced"
    assert table.at(10**6 * NANOS).row(0, named=True)["reason"] == "unresolved"


@pytest.mark.parametrize("span", [-1.0, 1e10, float("nan"), float("inf")])
@pytest.mark.parametrize("name", ["delay_s", "window_s", "quote_staleness_s"])
def test_a_span_that_64_bits_of_nanoseconds_cannot_hold_is_refused(name: str, span: float) -> None:
    with pytest.raises(UsageError):
        FollowerParams(**{name: span})
