"""Our book: cash, reservations, fills and their settlement, marks and equity, drawdown and the day."""

import msgspec
import pytest

from tests.support.risk import LEADER, NOW, fill, mark, market, reservation
from whaletrader.domain.portfolio import MarkRule, Portfolio
from whaletrader.domain.values import DAY_NS, MICRO, Side

M = market()
RULE = MarkRule(max_age_ns=DAY_NS, haircut_micro=100_000)
CASH = 1_000 * MICRO


def opened():
    return Portfolio.opened(CASH)


def bought(size=100, price=500_000, **changes):
    book = opened()
    book.fill(fill(M, size_micro=size * MICRO, price_micro=price, **changes))
    book.mark("m0", mark(price))
    return book


def equity(book, at=NOW):
    return book.value(at, RULE).equity_micro


def test_a_new_book_is_cash():
    book = opened()
    assert (equity(book), book.high_water_micro, book.day_base_micro) == (CASH, CASH, CASH)
    assert book.free_cash_micro == CASH


def test_a_buy_pays_price_times_size_and_the_fee():
    book = bought(fee_micro=70)
    assert book.cash_micro == CASH - 50 * MICRO - 70
    assert book.positions["m0"].size_micro == 100 * MICRO
    assert book.positions["m0"].cost_micro == 50 * MICRO + 70


def test_a_sale_gets_the_proceeds_less_the_fee_and_takes_its_share_of_the_cost():
    book = bought()
    book.fill(fill(M, side=Side.SELL, size_micro=40 * MICRO, price_micro=600_000, fee_micro=10, name="2"))
    assert book.cash_micro == CASH - 50 * MICRO + 24 * MICRO - 10
    assert book.positions["m0"].size_micro == 60 * MICRO
    assert book.positions["m0"].cost_micro == 30 * MICRO


def test_fractions_of_a_micro_are_rounded_against_us():
    book = opened()
    book.fill(fill(M, size_micro=3, price_micro=333_333))
    assert book.cash_micro == CASH - 1
    book.fill(fill(M, side=Side.SELL, size_micro=3, price_micro=333_333, name="2"))
    assert book.cash_micro == CASH - 1


def test_a_sold_out_position_is_gone_with_its_mark():
    book = bought()
    book.fill(fill(M, side=Side.SELL, name="2"))
    assert book.positions == {}
    assert book.marks == {}


def test_the_same_fill_told_twice_is_one():
    book = bought()
    book.fill(fill(M))
    assert book.cash_micro == CASH - 50 * MICRO


def test_matched_is_not_settled_a_failed_buy_is_voided_as_a_whole():
    book = bought(fee_micro=70)
    change = book.void("order/1")
    assert change.size_micro == 100 * MICRO
    assert (book.cash_micro, book.positions, book.unsettled) == (CASH, {}, {})


def test_a_failed_sale_gives_the_shares_and_their_cost_back():
    book = bought()
    book.confirm("order/1")
    before = msgspec.json.encode(book.positions)
    book.fill(fill(M, side=Side.SELL, size_micro=30 * MICRO, price_micro=900_000, name="2"))
    book.void("order/2")
    assert msgspec.json.encode(book.positions) == before
    assert book.cash_micro == CASH - 50 * MICRO


def test_a_confirmed_fill_cannot_be_voided_any_more():
    book = bought()
    book.confirm("order/1")
    assert book.void("order/1") is None
    assert book.positions["m0"].size_micro == 100 * MICRO


def test_a_voided_buy_whose_shares_were_sold_is_owed_until_the_sale_is_voided_too():
    book = bought()
    book.fill(fill(M, side=Side.SELL, size_micro=60 * MICRO, price_micro=500_000, name="2"))
    book.void("order/1")
    assert book.positions["m0"].size_micro == -60 * MICRO
    assert book.position_value("m0", NOW, RULE) == (-60 * MICRO, 0)
    book.void("order/2")
    assert (book.cash_micro, book.positions) == (CASH, {})


def test_provisional_exposure_counts_and_provisional_proceeds_do_not():
    book = bought()
    assert book.leader_exposure_micro(LEADER) == 50 * MICRO
    book.confirm("order/1")
    book.fill(fill(M, side=Side.SELL, name="2"))
    assert book.cash_micro == CASH
    assert book.free_cash_micro == CASH - 50 * MICRO
    book.confirm("order/2")
    assert book.free_cash_micro == CASH


def test_a_reservation_is_drawn_by_fills_and_released_at_the_end():
    book = opened()
    book.reserve("approval", reservation(M, size_micro=100 * MICRO, reserved_micro=52 * MICRO))
    assert book.free_cash_micro == CASH - 52 * MICRO
    book.fill(fill(M, size_micro=40 * MICRO))
    left = book.reservations["approval"]
    assert (left.size_micro, left.reserved_micro) == (60 * MICRO, 32 * MICRO)
    assert book.free_cash_micro == CASH - 52 * MICRO
    assert book.release("approval") == 32 * MICRO
    assert book.free_cash_micro == CASH - 20 * MICRO
    assert book.release("approval") == 0


def test_a_fill_without_a_reservation_is_taken_all_the_same():
    book = bought(approval_id="unknown")
    assert book.positions["m0"].size_micro == 100 * MICRO


def test_free_cash_is_never_below_zero():
    book = opened()
    book.reserve("a", reservation(M, reserved_micro=2 * CASH))
    assert book.free_cash_micro == 0


def test_a_position_is_marked_at_the_bid():
    book = bought()
    book.mark("m0", mark(600_000, half_micro=10_000))
    assert equity(book) == CASH - 50 * MICRO + 59 * MICRO


def test_a_stale_mark_takes_the_haircut_and_is_told():
    book = bought()
    fresh, stale = book.value(NOW + DAY_NS, RULE), book.value(NOW + DAY_NS + 1, RULE)
    assert (fresh.equity_micro, fresh.stale_positions) == (CASH, 0)
    assert (stale.equity_micro, stale.stale_positions, stale.haircut_micro) == (CASH - 5 * MICRO, 1, 5 * MICRO)


def test_a_token_without_any_mark_is_worth_its_cost_less_the_haircut():
    book = opened()
    book.fill(fill(M))
    assert book.value(NOW, RULE).equity_micro == CASH - 5 * MICRO


def test_a_payout_never_grows_stale_and_is_not_overwritten():
    book = bought()
    book.mark("m0", mark(MICRO, final=True))
    book.mark("m0", mark(10_000, ts=NOW + 1))
    assert equity(book, NOW + 900 * DAY_NS) == CASH + 50 * MICRO
    assert book.is_final("m0")
    assert book.open_tokens() == {}
    assert book.leader_exposure_micro(LEADER) == 0


def test_an_older_mark_is_passed_over():
    book = bought()
    book.mark("m0", mark(900_000, ts=NOW - 1))
    assert equity(book) == CASH


def test_only_held_tokens_are_marked():
    book = opened()
    book.mark("m0", mark(900_000))
    assert book.marks == {}


@pytest.mark.parametrize("payout", [0, 500_000, 1_000_000])
def test_a_redemption_turns_the_position_into_its_payout(payout):
    book = bought()
    book.redeem("m0", 100 * MICRO, 100 * payout)
    assert (book.cash_micro, book.positions) == (CASH - 50 * MICRO + 100 * payout, {})


def test_a_merge_turns_both_outcomes_into_collateral():
    book = bought()
    book.fill(fill(M, 1, size_micro=70 * MICRO, name="2"))
    book.merge("m", 70 * MICRO, 70 * MICRO)
    assert book.cash_micro == CASH - 15 * MICRO
    assert list(book.positions) == ["m0"]
    assert book.positions["m0"].size_micro == 30 * MICRO


def test_a_merge_takes_the_lots_of_who_is_on_both_sides_first():
    book = bought(wallet="0xz")
    book.fill(fill(M, size_micro=50 * MICRO, name="3"))
    book.fill(fill(M, 1, size_micro=70 * MICRO, name="2", wallet="0xz"))
    book.merge("m", 60 * MICRO, 60 * MICRO)
    assert [(lot.wallet, lot.size_micro) for lot in book.positions["m0"].lots] == [
        ("0xz", 40 * MICRO),
        (LEADER, 50 * MICRO),
    ]
    assert [(lot.wallet, lot.size_micro) for lot in book.positions["m1"].lots] == [("0xz", 10 * MICRO)]


def test_a_merge_of_what_we_hold_on_one_side_only_takes_that():
    book = bought()
    book.merge("m", 70 * MICRO, 70 * MICRO)
    assert book.positions["m0"].size_micro == 30 * MICRO
    book.merge("elsewhere", MICRO, MICRO)
    assert book.positions["m0"].size_micro == 30 * MICRO


def test_what_is_for_sale_is_a_lot_less_what_is_on_sale():
    book = bought()
    book.reserve("1", reservation(M, side=Side.SELL, size_micro=30 * MICRO, reserved_micro=0))
    assert book.for_sale_micro("m0", LEADER, "fill") == 70 * MICRO
    assert book.for_sale_micro("m0", "0xz", "fill") == book.for_sale_micro("m1", LEADER, "fill") == 0


def test_shares_that_another_leaders_void_purchase_owes_are_not_for_sale():
    book = bought()
    book.fill(fill(M, size_micro=60 * MICRO, name="2", wallet="0xz"))
    book.fill(fill(M, 1, size_micro=60 * MICRO, name="3", wallet="0xz"))
    book.merge("m", 60 * MICRO, 60 * MICRO)
    void = next(fill_id for fill_id, each in book.unsettled.items() if each.wallet == "0xz" and each.token_id == "m0")
    book.void(void)
    assert book.positions["m0"].lot(LEADER, "fill").size_micro == 100 * MICRO
    assert book.for_sale_micro("m0", LEADER, "fill") == book.positions["m0"].size_micro == 40 * MICRO
    book.reserve("1", reservation(M, side=Side.SELL, size_micro=30 * MICRO, reserved_micro=0))
    assert book.for_sale_micro("m0", LEADER, "fill") == 10 * MICRO


def test_a_redemption_of_what_we_do_not_hold_brings_its_cash_only():
    book = opened()
    book.redeem("m0", MICRO, 5)
    assert book.cash_micro == CASH + 5


def test_open_tokens_are_held_or_about_to_be_bought():
    book = bought()
    book.reserve("a", reservation(market("b"), 1))
    book.reserve("b", reservation(market("c"), side=Side.SELL))
    assert list(book.open_tokens()) == ["m0", "b1"]


def test_a_leaders_exposure_is_cost_or_value_and_what_is_reserved():
    book = bought()
    book.mark("m0", mark(800_000))
    book.reserve("a", reservation(market("b"), reserved_micro=7))
    book.reserve("b", reservation(market("c"), reserved_micro=9, wallet="0xother"))
    assert book.leader_exposure_micro(LEADER) == 80 * MICRO + 7
    book.mark("m0", mark(100_000))
    assert book.leader_exposure_micro(LEADER) == 50 * MICRO + 7
    assert book.leader_exposure_micro("0xother") == 9


def test_drawdown_is_a_fraction_of_the_high_water_mark():
    book = opened()
    assert book.drawdown_micro(CASH + 1) == 0
    assert book.drawdown_micro(CASH * 9 // 10) == 100_000
    assert book.drawdown_micro(0) == MICRO
    book.raise_high_water(2 * CASH)
    book.raise_high_water(CASH)
    assert book.drawdown_micro(CASH) == 500_000


def test_drawdown_is_rounded_against_us():
    assert Portfolio.opened(3).drawdown_micro(2) == 333_334


def test_a_deposit_is_no_profit_and_a_withdrawal_no_loss():
    book = opened()
    book.deposit(500 * MICRO)
    assert (book.day_loss_micro(equity(book)), book.drawdown_micro(equity(book))) == (0, 0)
    book.deposit(-700 * MICRO)
    assert (book.day_loss_micro(equity(book)), book.drawdown_micro(equity(book))) == (0, 0)
    assert equity(book) == CASH - 200 * MICRO


def test_the_days_loss_is_never_negative():
    assert opened().day_loss_micro(CASH + 5) == 0
    assert opened().day_loss_micro(CASH - 5) == 5


def test_a_copy_may_be_changed_without_touching_the_book():
    book = bought()
    before = msgspec.json.encode(book)
    other = book.copy()
    assert other == book
    other.void("order/1")
    other.reserve("a", reservation(M))
    other.deposit(5)
    assert msgspec.json.encode(book) == before


def test_a_book_survives_a_snapshot():
    book = bought()
    book.reserve("a", reservation(M))
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(book), type=Portfolio) == book
