"""The wallets' own P&L: one average-cost pool per wallet and token."""

import polars as pl
import pytest

from tests.support.universe import SELL, Tape
from whaletrader.domain.values import MICRO, NANOS
from whaletrader.universe.ledger import baseline_top_by_pnl, ledger, ledger_at
from whaletrader.universe.ledger_tape import ledger_tape

W = 0


def position(tape: Tape, token: int = 0, as_of_s: int | None = None) -> dict[str, int]:
    book = ledger(tape.source(), None if as_of_s is None else as_of_s * NANOS)
    return book.positions.filter((pl.col("wallet") == W) & (pl.col("token") == token)).row(0, named=True)


def wallet(tape: Tape) -> dict[str, object]:
    return ledger(tape.source()).wallets.filter(pl.col("wallet") == W).row(0, named=True)


def dollars(value: float) -> int:
    return round(value * MICRO)


def test_a_buy_that_wins_earns_the_payout_less_its_price() -> None:
    row = position(Tape().market(0, 1.0, 500).trade(100, W, 0, 0.40, 100))
    assert row["realised_micro"] == dollars(60)
    assert (row["settled_micro"], row["open_micro"], row["marked_micro"]) == (dollars(100), 0, 0)


def test_a_buy_that_loses_is_not_forgotten() -> None:
    row = position(Tape().market(0, 0.0, 500).trade(100, W, 0, 0.40, 100))
    assert row["realised_micro"] == dollars(-40)


def test_a_half_pays_a_half() -> None:
    assert position(Tape().market(0, 0.5, 500).trade(100, W, 0, 0.40, 100))["realised_micro"] == dollars(10)


def test_the_second_outcome_is_its_own_token() -> None:
    tape = Tape().market(0, 0.0, 500).trade(100, W, 0, 0.70, 10, outcome=1)
    assert position(tape, token=1)["realised_micro"] == dollars(3)


def test_a_sale_realises_against_the_average_cost() -> None:
    tape = Tape().market(0).trade(100, W, 0, 0.40, 100).trade(200, W, 0, 0.60, 100)
    tape.trade(300, W, 0, 0.80, 50, side=SELL)
    row = position(tape)
    assert row["realised_micro"] == dollars(50 * (0.8 - 0.5))
    assert (row["open_micro"], row["basis_micro"]) == (dollars(150), dollars(75))


def test_an_open_position_is_marked_at_the_last_print() -> None:
    tape = Tape().market(0).trade(100, W, 0, 0.40, 100).trade(200, 1, 0, 0.30, 5, outcome=1)
    row = position(tape)
    assert (row["mark_micro"], row["marked_micro"], row["realised_micro"]) == (700_000, dollars(30), 0)


def test_a_sale_beyond_the_tracked_position_has_unknown_basis() -> None:
    tape = Tape().market(0, 1.0, 500).trade(100, W, 0, 0.40, 100).trade(200, W, 0, 0.50, 150, side=SELL)
    row = position(tape)
    assert (row["sold_micro"], row["oversold_micro"]) == (dollars(100), dollars(50))
    assert (row["proceeds_micro"], row["realised_micro"]) == (dollars(50), dollars(10))
    assert wallet(tape)["truncated"] is True
    assert wallet(tape)["oversold_tokens"] == 1


def test_a_sale_of_what_was_never_seen_bought_earns_nothing() -> None:
    row = position(Tape().market(0).trade(100, W, 0, 0.90, 100, side=SELL))
    assert (row["realised_micro"], row["proceeds_micro"], row["oversold_micro"]) == (0, 0, dollars(100))


def test_dust_is_no_unknown_basis() -> None:
    tape = Tape().market(0).trade(100, W, 0, 0.40, 100).trade(200, W, 0, 0.50, 100.004, side=SELL)
    assert position(tape)["oversold_micro"] == 4_000
    assert wallet(tape)["truncated"] is False


def test_a_paid_fee_counts_as_the_source_says() -> None:
    tape = Tape().market(0, 1.0, 500, rate=0.05).trade(100, W, 0, 0.40, 100, fee=0.7)
    row = position(tape)
    assert (row["fees_micro"], row["realised_micro"]) == (dollars(0.7), dollars(59.3))


@pytest.mark.parametrize("role", [-1, 1])
def test_an_unknown_role_pays_the_takers_fee_of_the_date(role: int) -> None:
    tape = Tape().market(0, 1.0, 900, rate=0.0).fee(0, 0.05, since=150)
    tape.trade(100, W, 0, 0.40, 100, role=role).trade(200, W, 0, 0.40, 100, role=role)
    assert position(tape)["fees_micro"] == dollars(100 * 0.05 * 0.24)


def test_a_known_maker_pays_nothing() -> None:
    assert position(Tape().market(0, rate=0.05).trade(100, W, 0, 0.40, 100, role=0))["fees_micro"] == 0


def test_the_unmatched_part_of_a_sale_pays_no_fee() -> None:
    tape = Tape().market(0).trade(100, W, 0, 0.40, 100, fee=0).trade(200, W, 0, 0.50, 200, side=SELL, fee=2.0)
    assert position(tape)["fees_micro"] == dollars(1)


def test_a_split_buys_both_outcomes_at_a_half() -> None:
    tape = Tape().market(0, 1.0, 900).act(100, W, "SPLIT", 0, 40, 40).trade(200, W, 0, 0.7, 40, side=SELL, outcome=1)
    assert position(tape, 0)["realised_micro"] == dollars(20)
    assert position(tape, 1)["realised_micro"] == dollars(8)
    assert wallet(tape)["truncated"] is False


def test_a_merge_sells_both_outcomes_at_a_half() -> None:
    tape = Tape().market(0).trade(100, W, 0, 0.30, 10).trade(101, W, 0, 0.60, 10, outcome=1)
    tape.act(200, W, "MERGE", 0, 10, 10)
    assert position(tape, 0)["realised_micro"] + position(tape, 1)["realised_micro"] == dollars(1)
    assert position(tape, 0)["merged_micro"] == dollars(10)


def test_at_the_same_second_a_split_comes_before_the_sale_it_pays_for() -> None:
    tape = Tape().market(0).trade(100, W, 0, 0.7, 40, side=SELL).act(100, W, "SPLIT", 0, 40, 40)
    assert position(tape)["oversold_micro"] == 0


def test_a_redemption_adds_nothing_to_what_the_resolution_paid() -> None:
    tape = Tape().market(0, 1.0, 500).trade(100, W, 0, 0.40, 100)
    before = position(tape)["realised_micro"]
    assert position(tape.act(600, W, "REDEEM", 0, 100, 100))["realised_micro"] == before


def test_a_conversion_takes_the_second_outcome_out_without_profit_and_marks_the_wallet() -> None:
    tape = Tape().market(0, 1.0, 900).trade(100, W, 0, 0.60, 10, outcome=1).act(200, W, "CONVERSION", 0, 10)
    row = position(tape, 1)
    assert (row["converted_micro"], row["realised_micro"], row["settled_micro"]) == (dollars(10), 0, 0)
    assert wallet(tape)["truncated"] is True


def test_rewards_are_cash_of_the_wallet_not_of_a_token() -> None:
    tape = Tape().market(0, 1.0, 500).trade(100, W, 0, 0.40, 100)
    tape.act(200, W, "REWARD", usd=3).act(201, W, "MAKER_REBATE", usd=1.5)
    assert wallet(tape)["cash_micro"] == dollars(4.5)
    assert wallet(tape)["realised_micro"] == dollars(60)


def test_exact_duplicates_count_once_unless_asked_for() -> None:
    tape = Tape().market(0, 1.0, 500).trade(100, W, 0, 0.40, 100).trade(100, W, 0, 0.40, 100, dup_rank=1)
    assert position(tape)["bought_micro"] == dollars(100)
    assert ledger(tape.source(), duplicates=True).positions["bought_micro"].to_list() == [dollars(200)]


def test_only_what_was_known_counts_at_a_date() -> None:
    tape = Tape().market(0, 1.0, 500).trade(100, W, 0, 0.40, 100).trade(300, W, 0, 0.50, 100)
    early = position(tape, as_of_s=200)
    assert (early["bought_micro"], early["payout_micro"], early["realised_micro"]) == (dollars(100), None, 0)
    assert position(tape, as_of_s=499)["payout_micro"] is None
    assert position(tape, as_of_s=500)["realised_micro"] == dollars(110)


def test_a_wallet_without_a_row_before_the_date_is_not_in_the_ledger() -> None:
    book = ledger(Tape().market(0).trade(100, W, 0, 0.4).source(), 99 * NANOS)
    assert book.positions.height == book.wallets.height == 0


def test_rows_without_a_token_are_counted_not_guessed() -> None:
    tape = Tape().market(0).trade(100, W, 0, 0.4).trade(101, W, 0xFFFFFFFF, 0.4)
    assert ledger(tape.source()).untracked_rows == 1


def test_a_split_of_no_known_market_is_counted_as_untracked() -> None:
    tape = Tape().market(0).trade(100, W, 0, 0.4).act(101, W, "SPLIT", size=100).act(102, W, "REWARD", usd=3)
    assert ledger(tape.source()).untracked_rows == 1


def test_abandoned_losers_count_as_much_as_redeemed_winners() -> None:
    tape = Tape(wallets=2)
    for m in range(10):
        tape.market(m, 1.0 if m < 3 else 0.0, 1_000).trade(100 + m, W, m, 0.5, 100)
        if m < 3:
            tape.act(1_100, W, "REDEEM", m, size=100, usd=100)
    found = wallet(tape)
    assert (found["tokens"], found["resolved_tokens"]) == (10, 10)
    assert found["realised_micro"] == dollars(3 * 50 - 7 * 50)


def test_return_on_investment_is_realised_over_what_was_paid() -> None:
    assert wallet(Tape().market(0, 1.0, 500).trade(100, W, 0, 0.40, 100))["roi_micro"] == dollars(1.5)


def test_the_moves_are_gathered_once_for_many_dates() -> None:
    tape = Tape().market(0, 1.0, 500).trade(100, W, 0, 0.40, 100).source()
    moves = ledger_tape(tape)
    for as_of in (None, 99 * NANOS, 300 * NANOS, 500 * NANOS):
        assert ledger_at(moves, as_of).positions.equals(ledger(tape, as_of).positions)


def test_the_naive_baseline_takes_the_richest_wallets_whoever_they_are() -> None:
    tape = Tape().market(0, 1.0, 500)
    for who, size in ((0, 10), (1, 300), (2, 200)):
        tape.trade(100 + who, who, 0, 0.40, size)
    assert baseline_top_by_pnl(ledger(tape.source()), 2)["wallet"].to_list() == [1, 2]


def test_the_venues_contracts_are_no_baseline() -> None:
    tape = Tape().market(0, 1.0, 500).trade(100, 0, 0, 0.40, 900).trade(101, 1, 0, 0.40, 1)
    source = tape.source(["0x4bfb41d5b3570defd03c39a9a4d8de6bd8b8982e", "0xb"])
    assert baseline_top_by_pnl(ledger(source), 20)["address"].to_list() == ["0xb"]
