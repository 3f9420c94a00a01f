"""Redemptions and merges: once each, by their receipts, over crashes and lost answers."""

import pytest

from tests.contract.test_exchange import events
from tests.support.scripted_chain import MARKET, NO, WALLET, YES, ScriptedChain, transfers
from tests.support.scripted_clob import Clock
from whaletrader.adapters.polymarket.chain_actions import ChainActions
from whaletrader.adapters.polymarket.exchange_store import ExchangeStore
from whaletrader.domain.receipts import movement_of
from whaletrader.errors import ConflictError, VenueError

BUSY = VenueError("wallet busy with an active action", status=400, words="wallet busy: active action")


class Desk:
    """Actions over a scripted chain, opened again at will."""

    def __init__(self, path, chain=None) -> None:
        self.path, self.chain, self.now_s = path, chain or ScriptedChain(), 500
        self.open()

    def open(self) -> None:
        self.store = ExchangeStore(self.path, Clock())
        self.actions = ChainActions(
            self.store, self.chain, self.chain, self.chain, confirmations=3, now_s=lambda: self.now_s
        )

    def reopen(self) -> None:
        self.store.close()
        self.open()

    def work(self, steps=4, blocks=5) -> int:
        for _ in range(steps):
            left = self.actions.work()
        self.chain.block += blocks
        return self.actions.work() if left else left

    def told(self):
        return [(e.kind, e.order_hash, e.cash_micro, e.reason) for e in events(self.store)]


@pytest.fixture
def desk(tmp_path):
    made = Desk(tmp_path / "gateway.db")
    yield made
    made.store.close()


def test_a_resolved_position_is_redeemed_once_for_what_the_receipt_says(desk):
    desk.actions.redeem("c1", "paper", YES, 20_000_000)
    assert desk.work() == 0
    desk.actions.redeem("c1", "paper", YES, 20_000_000)
    assert desk.work() == 0
    assert desk.told() == [("REDEEMED", "c1", 20_000_000, "")]
    assert len(desk.chain.submitted) == 1
    assert desk.actions.state("c1") == ("DONE", f"0x{1:064x}")


def test_the_same_command_with_other_content_is_a_conflict(desk):
    desk.actions.redeem("c1", "paper", YES, 20_000_000)
    with pytest.raises(ConflictError):
        desk.actions.redeem("c1", "paper", YES, 1)


def test_nothing_is_told_before_the_receipt_is_deep_enough(desk):
    desk.actions.redeem("c1", "paper", YES, 20_000_000)
    assert desk.work(blocks=2) == 1
    assert desk.told() == []
    desk.chain.block += 1
    assert desk.actions.work() == 0


def test_while_trading_is_killed_nothing_is_signed_or_sent_and_what_was_sent_is_followed(desk):
    killed = [True]
    desk.actions = ChainActions(
        desk.store,
        desk.chain,
        desk.chain,
        desk.chain,
        confirmations=3,
        now_s=lambda: desk.now_s,
        killed=lambda: killed[0],
    )
    desk.actions.redeem("c1", "paper", YES, 20_000_000)
    assert (desk.work(), desk.chain.submitted) == (1, [])
    killed[0] = False
    assert (desk.work(blocks=0), len(desk.chain.submitted)) == (1, 1)
    killed[0] = True
    desk.chain.block += 5
    assert (desk.actions.work(), len(desk.chain.submitted)) == (0, 1)


def test_tokens_of_a_payment_under_way_may_have_left_the_wallet_already(desk):
    desk.actions.redeem("c1", "paper", YES, 20_000_000)
    assert desk.actions.leaving() == set()
    assert desk.work(blocks=2) == 1
    assert (desk.chain.tokens.get(YES, 0), desk.told()) == (0, [])
    assert desk.actions.leaving() == {YES, NO}
    desk.work()
    assert desk.actions.leaving() == set()


def test_a_redemption_waits_for_the_resolution_and_holds_up_nobody(desk):
    desk.chain.resolved = False
    desk.chain.tokens[NO] = 20_000_000
    desk.actions.redeem("c1", "paper", YES, 20_000_000)
    desk.actions.merge("m1", "paper", MARKET, 5_000_000)
    desk.work()
    assert desk.told() == [("MERGED", "m1", 5_000_000, "")]
    desk.chain.resolved = True
    assert desk.work() == 0
    assert desk.told()[1] == ("REDEEMED", "c1", 15_000_000, "")


def test_both_outcomes_of_a_split_resolution_are_paid_by_one_redemption(desk):
    desk.chain.payouts, desk.chain.tokens = (1, 1), {YES: 20_000_000, NO: 6_000_000}
    desk.actions.redeem("c1", "paper", YES, 20_000_000)
    desk.actions.redeem("c2", "paper", NO, 6_000_000)
    desk.work()
    assert desk.work() == 0
    assert desk.told() == [("REDEEMED", "c1", 10_000_000, ""), ("REDEEMED", "c2", 3_000_000, "")]
    assert len(desk.chain.submitted) == 1


def test_a_command_is_paid_for_its_own_shares_though_the_chain_redeems_all_that_is_there(desk):
    desk.chain.tokens[YES] = 50_000_000
    desk.actions.redeem("c1", "paper", YES, 20_000_000)
    desk.work()
    assert desk.work() == 0
    assert desk.told() == [("REDEEMED", "c1", 20_000_000, "")]
    desk.actions.redeem("c2", "paper", YES, 10_000_000)
    desk.actions.redeem("c3", "paper", YES, 20_000_000)
    desk.actions.redeem("c4", "paper", YES, 5_000_000)
    assert desk.work() == 0
    assert desk.told()[1:] == [
        ("REDEEMED", "c2", 10_000_000, ""),
        ("REDEEMED", "c3", 20_000_000, ""),
        ("FAILED", "c4", 0, "NOT_HELD"),
    ]
    assert len(desk.chain.submitted) == 1


def test_nothing_recovered_is_told_as_such(desk):
    desk.chain.pays_nothing = True
    desk.actions.redeem("c1", "paper", YES, 20_000_000)
    desk.work()
    assert desk.told() == [("REDEEMED", "c1", 0, "NOTHING_RECOVERED")]


def test_what_is_not_held_fails_and_sends_nothing(desk):
    desk.chain.tokens[YES] = 0
    desk.actions.redeem("c1", "paper", YES, 20_000_000)
    desk.actions.merge("m1", "paper", MARKET, 20_000_000)
    assert desk.work() == 0
    assert desk.told() == [("FAILED", "c1", 0, "NOT_HELD"), ("FAILED", "m1", 0, "NOT_HELD")]
    assert desk.chain.submitted == []


def test_a_reverted_transaction_is_a_failure(desk):
    desk.chain.reverts = True
    desk.actions.redeem("c1", "paper", YES, 20_000_000)
    desk.work()
    assert desk.told() == [("FAILED", "c1", 0, "PAYMENT_REVERTED")]


@pytest.mark.parametrize("state", ["CONFIRMED", "FAILED"])
def test_a_call_that_was_undone_within_a_transaction_that_succeeded_is_a_failure(desk, state):
    desk.chain.undone_within, desk.chain.state, desk.chain.tokens[NO] = True, state, 20_000_000
    desk.actions.merge("m1", "paper", MARKET, 8_000_000)
    assert desk.work() == 0
    desk.actions.redeem("c1", "paper", YES, 20_000_000)
    assert desk.work() == 0
    assert desk.told() == [("FAILED", "m1", 0, "PAYMENT_REVERTED"), ("FAILED", "c1", 0, "PAYMENT_REVERTED")]
    assert desk.chain.tokens == {YES: 20_000_000, NO: 20_000_000}


def test_what_the_relayer_gave_up_is_a_failure(desk):
    desk.chain.state = "FAILED"
    desk.actions.redeem("c1", "paper", YES, 20_000_000)
    desk.chain._carry_out = lambda told: None
    desk.actions.work()
    assert desk.told() == [("FAILED", "c1", 0, "PAYMENT_GIVEN_UP")]


def test_a_busy_wallet_is_tried_again_with_the_same_bytes(desk):
    desk.chain.refusals = [BUSY, BUSY]
    desk.actions.redeem("c1", "paper", YES, 20_000_000)
    assert desk.work(steps=6) == 0
    assert len(desk.chain.submitted) == 3
    assert len(set(desk.chain.submitted)) == 1
    assert desk.told()[0][0] == "REDEEMED"


@pytest.mark.parametrize("kind", ["redeem", "merge"])
def test_a_lost_answer_is_found_on_the_chain_and_nothing_is_done_twice(desk, kind):
    desk.chain.tokens[NO] = 20_000_000
    desk.chain.refusals = ["lost"]
    if kind == "redeem":
        desk.actions.redeem("c1", "paper", YES, 20_000_000)
    else:
        desk.actions.merge("c1", "paper", MARKET, 8_000_000)
    assert desk.work(steps=5) == 0
    assert len(desk.chain.receipts) == 1
    assert desk.told()[0][:3] == (
        "REDEEMED" if kind == "redeem" else "MERGED",
        "c1",
        20_000_000 if kind == "redeem" else 8_000_000,
    )


def test_a_transaction_that_was_found_and_taken_back_with_its_block_is_sent_again(desk):
    desk.chain.refusals = ["lost"]
    desk.actions.redeem("c1", "paper", YES, 20_000_000)
    assert desk.work(steps=3, blocks=0) == 1
    assert (len(desk.chain.receipts), desk.told()) == (1, [])
    desk.chain.receipts.clear()
    desk.chain.tokens[YES], desk.chain.nonce = 20_000_000, 0
    assert desk.work(steps=6) == 0
    assert desk.told() == [("REDEEMED", "c1", 20_000_000, "")]
    assert (len(desk.chain.receipts), len(set(desk.chain.submitted))) == (1, 1)


def test_an_envelope_that_ran_out_unused_is_signed_anew(desk):
    desk.chain.refusals = [BUSY]
    desk.actions.redeem("c1", "paper", YES, 20_000_000)
    desk.actions.work()
    desk.chain.nonce = 5
    desk.actions.work()
    desk.now_s = 2_000
    assert desk.work(steps=6) == 0
    assert len(set(desk.chain.submitted)) == 2
    assert desk.told()[0][0] == "REDEEMED"


@pytest.mark.parametrize("forgotten", [False, True])
def test_an_envelope_that_its_sender_never_carried_out_is_signed_anew_once_the_chain_would_refuse_it(desk, forgotten):
    carry_out = desk.chain._carry_out
    desk.chain._carry_out = lambda told: None
    desk.chain.state = "NEW"
    desk.actions.redeem("c1", "paper", YES, 20_000_000)
    assert desk.work() == 1
    desk.chain._carry_out, desk.now_s = carry_out, 1_060
    assert (desk.work(), len(set(desk.chain.submitted))) == (1, 1), "it may still be mined"
    if forgotten:
        look, lost = desk.chain.look, [VenueError("no such transaction", status=404)]
        desk.chain.look = lambda transaction_id: look(transaction_id) if not lost else raising(lost.pop())
    desk.now_s, desk.chain.block = 1_061, 200
    assert desk.work(steps=6) == 0
    assert desk.told() == [("REDEEMED", "c1", 20_000_000, "")]
    assert len(desk.chain.receipts) == 1


def raising(error):
    raise error


@pytest.mark.parametrize("steps", range(4))
def test_a_process_killed_at_any_step_does_it_once(desk, steps):
    desk.actions.redeem("c1", "paper", YES, 20_000_000)
    for _ in range(steps):
        desk.actions.step()
    desk.reopen()
    desk.actions.redeem("c1", "paper", YES, 20_000_000)
    assert desk.work() == 0
    assert desk.told() == [("REDEEMED", "c1", 20_000_000, "")]
    assert len(desk.chain.receipts) == 1


def test_splits_and_conversions_are_carried_out_and_tell_no_event(desk):
    desk.actions.split("s1", "paper", MARKET, 4_000_000)
    desk.actions.convert("v1", "paper", MARKET, 0b101, 4_000_000)
    assert desk.work(steps=8) in (0, 1)
    assert desk.work() == 0
    assert desk.told() == []
    assert desk.actions.state("s1")[0] == desk.actions.state("v1")[0] == "DONE"


def test_a_token_is_worthless_once_its_market_is_resolved_against_it(desk):
    desk.chain.resolved = False
    assert not desk.actions.worthless(YES)
    desk.chain.resolved = True
    assert not desk.actions.worthless(YES)
    assert desk.actions.worthless(NO)
    desk.chain.payouts = (1, 1)
    assert not desk.actions.worthless(NO)


# -- receipts ----------------------------------------------------------------------------------------------------------


def test_a_receipt_counts_what_came_less_what_went():
    logs = transfers({YES: 7, NO: 3}, 10)
    moved = movement_of({"status": "0x1", "blockNumber": "0x10", "logs": logs}, WALLET.upper().replace("X", "x"))
    assert (moved.cash_micro, moved.tokens_micro, moved.block) == (10, {YES: -7, NO: -3}, 16)
    assert movement_of({"status": "0x1", "blockNumber": "0x10", "logs": logs}, "0x" + "77" * 20).cash_micro == 0


@pytest.mark.parametrize("log", [None, {}, {"address": WALLET, "topics": [], "data": "0xzz"}, {"topics": "no"}])
def test_logs_that_cannot_be_read_count_nothing(log):
    assert movement_of({"status": "0x1", "blockNumber": "0x1", "logs": [log]}, WALLET).tokens_micro == {}


def test_a_receipt_without_its_parts_is_refused():
    with pytest.raises(ValueError, match="receipt"):
        movement_of({"status": "0x1"}, WALLET)
