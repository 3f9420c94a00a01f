"""A plain key's own transactions against a node: signed once, on disk before they leave, carried out at most once."""

import json
import threading

import pytest

from tests.contract.test_exchange import events
from tests.support.plain_account import KEY, PlainWorld
from tests.support.scripted_clob import Clock
from whaletrader.adapters.polymarket.chain_actions import ChainActions
from whaletrader.adapters.polymarket.exchange_store import ExchangeStore
from whaletrader.adapters.polymarket.own_transactions import LEAST_TIP_WEI, OwnTransactions
from whaletrader.domain.chain_calls import allow_call, redeem_call, split_call
from whaletrader.domain.transactions import ChainTransaction, read_transaction, signed_bytes, signing_digest
from whaletrader.domain.values import MICRO
from whaletrader.domain.venue_contracts import LIVE_EXCHANGES, VenueContract
from whaletrader.errors import VenueError

CONFIRMATIONS = 3
GWEI = 10**9


@pytest.fixture
def world():
    return PlainWorld()


def own(world):
    return OwnTransactions(world.node, KEY, confirmations=CONFIRMATIONS)


def split(world, shares=5):
    return split_call(world.market.condition_id, shares * MICRO, neg_risk=False)


def raws(envelope):
    return [read_transaction(bytes.fromhex(raw)) for raw in json.loads(envelope.body)["raw"]]


def by_hand(world, nonce=0, shares=1):
    """A transaction that the owner sends with another tool."""
    call = split(world, shares)
    made = ChainTransaction(nonce, LEAST_TIP_WEI, 200 * GWEI, 300_000, call.to, call.data)
    world.node.send_raw(signed_bytes(made, KEY.sign(signing_digest(made))))


def test_an_envelope_holds_what_is_signed_and_sends_nothing(world):
    (signed,) = raws(own(world).prepare([split(world)], "c1"))
    call = split(world)
    assert signed.sender == KEY.address
    assert (signed.transaction.to, signed.transaction.data, signed.transaction.nonce) == (call.to, call.data, 0)
    assert signed.transaction.gas == 273_000  # 130 % of what the node estimates
    assert (signed.transaction.tip_wei, signed.transaction.max_fee_wei) == (30 * GWEI, 90 * GWEI)
    assert world.sent() == []


def test_many_calls_are_many_transactions_in_the_order_of_their_nonces(world):
    calls = [allow_call(each) for each in LIVE_EXCHANGES]
    world.account.allowances_micro.clear()
    payer = own(world)
    envelope = payer.prepare(calls, "allowances")
    assert [signed.transaction.nonce for signed in raws(envelope)] == list(range(len(calls)))
    payer.submit(envelope)
    payer.submit(envelope)
    assert set(world.account.allowances_micro) == {str(each) for each in LIVE_EXCHANGES}
    assert world.node.transaction_count(KEY.address, "pending") == len(calls)


def test_the_nonce_follows_what_waits_already(world):
    by_hand(world)
    (signed,) = raws(own(world).prepare([split(world)], "c1"))
    assert signed.transaction.nonce == 1


def test_gas_that_is_too_dear_is_waited_out_and_nothing_is_signed(world):
    dear = OwnTransactions(DearNode(world.node), KEY, confirmations=CONFIRMATIONS)
    with pytest.raises(VenueError, match="too dear") as told:
        dear.prepare([split(world)], "c1")
    assert told.value.retryable


class DearNode:
    """A node in a day of great demand."""

    def __init__(self, node) -> None:
        self._node = node

    def __getattr__(self, name):
        return getattr(self._node, name)

    def gas_prices(self):
        return 4_000 * GWEI, 100 * GWEI


def test_an_envelope_sent_twice_is_one_transaction_and_looks_like_it(world):
    payer = own(world)
    envelope = payer.prepare([split(world)], "c1")
    first, second = payer.submit(envelope), payer.submit(envelope)
    assert first == second
    assert payer.look(first.transaction_id).state == "NEW"
    world.pass_s(10)
    assert payer.look(first.transaction_id).state == "MINED"
    assert world.account.tokens[world.market.token_ids[0]] == 25 * MICRO


def test_what_the_node_lost_is_handed_over_again_by_looking(world):
    payer = own(world)
    envelope = payer.prepare([split(world)], "c1")
    world.http.faults["eth_sendRawTransaction"] = ["already known"]  # so it says, and forgets it
    sent = payer.submit(envelope)
    world.pass_s(10)
    assert payer.look(sent.transaction_id).state == "NEW"
    world.pass_s(10)
    assert payer.look(sent.transaction_id).state == "MINED"


def test_a_nonce_that_went_to_something_else_is_told_only_when_that_is_settled(world):
    payer = own(world)
    envelope = payer.prepare([split(world)], "c1")
    by_hand(world)
    sent = payer.submit(envelope)
    assert payer.look(sent.transaction_id).state == "NEW"
    world.pass_s(60)
    assert payer.look(sent.transaction_id).state == "REPLACED"


@pytest.mark.parametrize("words", ["insufficient funds for gas * price + value", "transaction underpriced"])
def test_a_refusal_of_the_node_is_told_in_its_words(world, words):
    payer = own(world)
    envelope = payer.prepare([split(world)], "c1")
    world.http.faults["eth_sendRawTransaction"] = [words]
    with pytest.raises(VenueError) as told:
        payer.submit(envelope)
    assert words in told.value.message
    assert not told.value.retryable


def test_nothing_tells_the_key(world):
    assert repr(own(world)) == f"OwnTransactions({KEY.address})"


# -- redemptions and merges of a plain account -------------------------------------------------------------------------


class Desk:
    """Actions of a plain account, opened again at will."""

    def __init__(self, path, world) -> None:
        self.path, self.world = path, world
        self.open()

    def open(self) -> None:
        self.store = ExchangeStore(self.path, Clock())
        self.actions = ChainActions(
            self.store,
            own(self.world),
            self.world.node,
            self.world,
            confirmations=CONFIRMATIONS,
            now_s=lambda: 0,
        )

    def reopen(self) -> None:
        self.store.close()
        self.open()

    def work(self, rounds=6) -> int:
        left = 0
        for _ in range(rounds):
            left = self.actions.work()
            self.world.pass_s(10)
        return left

    def told(self):
        return [(e.kind, e.order_hash, e.cash_micro, e.reason) for e in events(self.store)]


@pytest.fixture
def desk(world, tmp_path):
    made = Desk(tmp_path / "gateway.db", world)
    yield made
    made.store.close()


def test_a_plain_account_redeems_with_a_transaction_of_its_own(desk):
    world = desk.world
    world.resolve()
    desk.actions.redeem("c1", "paper", world.market.token_ids[0], 20 * MICRO)
    assert desk.work() == 0
    assert desk.told() == [("REDEEMED", "c1", 20 * MICRO, "")]
    (raw,) = set(world.sent())
    assert desk.actions.state("c1") == ("DONE", read_transaction(bytes.fromhex(raw[2:])).hash)
    assert world.account.cash_micro == 1_020 * MICRO


def test_sets_of_protocol_v2_are_merged_and_split_by_the_condition_of_their_position_ids(tmp_path):
    world = PlainWorld("v2")
    desk = Desk(tmp_path / "gateway.db", world)
    desk.actions.merge("m1", "paper", world.market.condition_id, 7 * MICRO)
    desk.actions.split("s1", "paper", world.market.condition_id, 3 * MICRO)
    desk.work()
    assert desk.work() == 0
    assert desk.told() == [("MERGED", "m1", 7 * MICRO, "")]
    assert {world.account.tokens[token] for token in world.market.token_ids} == {16 * MICRO}
    calls = [read_transaction(bytes.fromhex(raw[2:])).transaction for raw in dict.fromkeys(world.sent())]
    assert {call.to for call in calls} == {VenueContract.ROUTER}, "the adapters know nothing of these positions"
    desk.store.close()


def test_a_plain_account_merges_and_splits(desk):
    world = desk.world
    desk.actions.merge("m1", "paper", world.market.condition_id, 7 * MICRO)
    desk.actions.split("s1", "paper", world.market.condition_id, 3 * MICRO)
    assert desk.work(rounds=12) == 0
    assert desk.told() == [("MERGED", "m1", 7 * MICRO, "")]
    assert world.account.cash_micro == 1_004 * MICRO
    assert world.account.tokens[world.market.token_ids[1]] == 16 * MICRO


def test_the_signed_bytes_and_their_hash_are_on_disk_before_anything_is_sent(desk):
    world = desk.world
    desk.actions.merge("m1", "paper", world.market.condition_id, 7 * MICRO)
    world.http.faults["eth_sendRawTransaction"] = ["deaf"] * 50
    desk.actions.work()
    ((_, _, state, notes),) = desk.store.payments("NEW", "SIGNED", "SENT")
    assert state == "SIGNED"
    assert all(raw[2:].encode() in notes for raw in world.sent())


@pytest.mark.parametrize("steps", range(5))
@pytest.mark.parametrize("fault", ["", "lost", "deaf"])
def test_a_process_killed_at_any_step_merges_once(desk, steps, fault):
    world = desk.world
    desk.actions.merge("m1", "paper", world.market.condition_id, 7 * MICRO)
    if fault:
        world.http.faults["eth_sendRawTransaction"] = [fault]
    for _ in range(steps):
        desk.actions.step()
    desk.reopen()
    desk.actions.merge("m1", "paper", world.market.condition_id, 7 * MICRO)
    assert desk.work() == 0
    assert desk.told() == [("MERGED", "m1", 7 * MICRO, "")]
    assert len(set(world.sent())) == 1
    assert world.account.cash_micro == 1_007 * MICRO


def test_killed_between_disk_and_wire_the_same_bytes_leave_after_the_restart(desk, monkeypatch):
    world = desk.world

    class Killed(BaseException):
        pass

    def die(*_args):
        raise Killed

    desk.actions.merge("m1", "paper", world.market.condition_id, 7 * MICRO)
    desk.actions.step()
    ((_, _, _, kept),) = desk.store.payments("SIGNED")
    monkeypatch.setattr(world.node, "send_raw", die)
    with pytest.raises(Killed):
        desk.actions.work()
    monkeypatch.undo()
    desk.reopen()
    assert desk.work() == 0
    (raw,) = set(world.sent())
    assert raw[2:].encode() in kept
    assert desk.told() == [("MERGED", "m1", 7 * MICRO, "")]


def test_two_threads_that_work_at_once_sign_and_send_once(desk):
    world = desk.world
    for number in range(3):
        desk.actions.merge(f"m{number}", "paper", world.market.condition_id, 2 * MICRO)
    for _ in range(12):
        threads = [threading.Thread(target=desk.actions.work) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        world.pass_s(10)
    assert [told[0] for told in desk.told()] == ["MERGED"] * 3
    assert len(set(world.sent())) == 3
    assert world.account.cash_micro == 1_006 * MICRO


def test_a_nonce_that_the_owner_used_by_hand_has_the_command_signed_anew_once_that_is_settled(desk):
    world = desk.world
    desk.actions.merge("m1", "paper", world.market.condition_id, 7 * MICRO)
    desk.actions.step()
    by_hand(world, shares=2)
    assert desk.work(rounds=12) == 0
    assert desk.told() == [("MERGED", "m1", 7 * MICRO, "")]
    assert len(set(world.sent())) == 3  # ours, the owner's, and ours under the next nonce
    assert world.account.cash_micro == (1_000 - 2 + 7) * MICRO


def test_an_account_without_the_chains_coin_waits_and_says_why(desk):
    world = desk.world
    world.resolve()
    desk.actions.redeem("c1", "paper", world.market.token_ids[0], 20 * MICRO)
    world.http.faults["eth_sendRawTransaction"] = ["insufficient funds for gas * price + value"] * 9
    assert desk.actions.work() == 1
    assert "insufficient funds for gas" in desk.actions.trouble
    world.http.faults.clear()
    assert desk.work() == 0
    assert desk.told() == [("REDEEMED", "c1", 20 * MICRO, "")]


def test_a_call_that_is_mined_and_fails_is_a_failure_with_its_reason(desk):
    world = desk.world
    desk.actions.merge("m1", "paper", world.market.condition_id, 20 * MICRO)
    desk.actions.step()  # signed while the shares were there
    world.venue.deposit(KEY.address, tokens=dict.fromkeys(world.market.token_ids, -15 * MICRO))
    assert desk.work() == 0
    assert desk.told() == [("FAILED", "m1", 0, "PAYMENT_REVERTED")]


def test_a_call_that_would_fail_is_not_signed(world):
    world.http.faults["eth_estimateGas"] = ["execution reverted: result for condition not received yet"]
    with pytest.raises(VenueError, match="execution reverted"):
        own(world).prepare([redeem_call(world.market.condition_id, neg_risk=False)], "c1")
