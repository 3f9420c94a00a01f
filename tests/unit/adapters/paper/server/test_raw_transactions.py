"""Signed transactions as a node takes them: once, in the order of nonces, mined with a receipt that tells the end."""

import pytest

from tests.support.plain_account import KEY, PlainWorld
from whaletrader.adapters.local.keys import OrderKey
from whaletrader.adapters.paper.server.raw_transactions import BASE_FEE, TIP
from whaletrader.domain.chain_calls import allow_call, merge_call, split_call
from whaletrader.domain.event_topics import TOPICS, ChainEvent
from whaletrader.domain.order_hash import keccak256
from whaletrader.domain.receipts import movement_of
from whaletrader.domain.transactions import ChainTransaction, read_transaction, signed_bytes, signing_digest
from whaletrader.domain.values import MICRO
from whaletrader.domain.venue_contracts import VenueContract


class World(PlainWorld):
    """The exchange, asked as a node."""

    def ask(self, method, *params):
        answer = self.http.rpc.answer({"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)})
        return answer["result"] if "result" in answer else answer["error"]["message"]

    def raw(self, call, key=KEY, **changed):
        values = {"nonce": 0, "tip_wei": TIP, "max_fee_wei": 2 * BASE_FEE, "gas": 300_000} | changed
        made = ChainTransaction(to=call.to, data=call.data, **values)
        return signed_bytes(made, key.sign(signing_digest(made)))

    def send(self, call, key=KEY, **changed):
        raw = self.raw(call, key, **changed)
        return raw, self.ask("eth_sendRawTransaction", "0x" + raw.hex())

    def split(self, shares=5):
        return split_call(self.market.condition_id, shares * MICRO, neg_risk=False)


@pytest.fixture
def world():
    return World()


def test_a_transaction_is_known_by_its_own_hash_and_mined_with_the_next_block(world):
    raw, told = world.send(world.split())
    assert told == read_transaction(raw).hash
    assert world.ask("eth_getTransactionReceipt", told) is None
    world.pass_s(5)
    receipt = world.ask("eth_getTransactionReceipt", told)
    assert (receipt["status"], receipt["from"], receipt["transactionHash"]) == ("0x1", KEY.address, told)
    assert {log["transactionHash"] for log in receipt["logs"]} == {told}
    assert movement_of(receipt, KEY.address).cash_micro == -5 * MICRO


def test_its_logs_are_found_under_the_same_hash(world):
    _, told = world.send(world.split())
    world.pass_s(5)
    wanted = {
        "address": [VenueContract.PUSD.value],
        "topics": [TOPICS[ChainEvent.TRANSFER]],
        "fromBlock": "0x0",
        "toBlock": "latest",
    }
    first = int(world.ask("eth_blockNumber"), 16) - 100
    logs = world.ask("eth_getLogs", {**wanted, "fromBlock": hex(first)})
    assert {log["transactionHash"] for log in logs} == {told}


def test_counts_grow_with_what_waits_and_with_what_is_mined(world):
    def counts():
        return [int(world.ask("eth_getTransactionCount", KEY.address, at), 16) for at in ("latest", "pending")]

    assert counts() == [0, 0]
    world.send(world.split())
    assert counts() == [0, 1]
    before = world.ask("eth_blockNumber")
    world.pass_s(5)
    assert counts() == [1, 1]
    assert world.ask("eth_getTransactionCount", KEY.address, before) == "0x0"


def test_the_same_transaction_again_and_a_nonce_out_of_turn_are_refused_and_do_nothing(world):
    world.send(world.split())
    assert world.send(world.split())[1] == "already known"
    assert world.send(world.split(6))[1] == "nonce too low: next nonce 1, tx nonce 0"
    assert world.send(world.split(6), nonce=3)[1] == "nonce too high: next nonce 1, tx nonce 3"
    world.pass_s(5)
    assert world.account.cash_micro == 995 * MICRO


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"chain_id": 1}, "invalid chain id for signer: have 1 want 137"),
        ({"max_fee_wei": BASE_FEE - 1}, "transaction underpriced"),
        ({"tip_wei": TIP - 1}, "transaction underpriced"),
    ],
)
def test_what_the_chain_would_not_take_is_refused_in_its_words(world, changed, words):
    assert world.send(world.split(), **changed)[1] == words


def test_a_stranger_has_no_coin_for_gas(world):
    stranger = OrderKey(keccak256(b"a stranger"))
    assert world.send(world.split(), stranger)[1] == "insufficient funds for gas * price + value"


@pytest.mark.parametrize("raw", ["0x", "0x02", "0xzz", "0x01c0", "hello"])
def test_what_is_no_transaction_is_refused(world, raw):
    assert world.ask("eth_sendRawTransaction", raw).startswith("rlp: ")


def test_a_call_that_the_contracts_refuse_is_mined_and_fails_and_uses_its_nonce(world):
    _, told = world.send(merge_call(world.market.condition_id, 999 * MICRO, neg_risk=False))
    assert world.ask("eth_getTransactionReceipt", told) is None
    world.pass_s(5)
    receipt = world.ask("eth_getTransactionReceipt", told)
    assert (receipt["status"], receipt["logs"]) == ("0x0", [])
    assert world.ask("eth_getTransactionCount", KEY.address, "latest") == "0x1"


def test_an_approval_moves_nothing_and_has_its_receipt(world):
    world.account.allowances_micro.clear()
    _, told = world.send(allow_call(VenueContract.EXCHANGE))
    world.pass_s(5)
    receipt = world.ask("eth_getTransactionReceipt", told)
    assert (receipt["status"], receipt["from"], receipt["logs"]) == ("0x1", KEY.address, [])
    assert list(world.account.allowances_micro) == [VenueContract.EXCHANGE.value]


def test_what_gas_costs_is_told_for_each_block_and_the_next(world):
    told = world.ask("eth_feeHistory", "0xa", "latest", [50])
    assert (len(told["baseFeePerGas"]), len(told["reward"])) == (11, 10)
    assert world.node.gas_prices() == (BASE_FEE, TIP)
    assert int(world.ask("eth_gasPrice"), 16) == BASE_FEE + TIP
