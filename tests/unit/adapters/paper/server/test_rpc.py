"""The node's face: blocks, logs and their filters, receipts, views, subscriptions; through the decoder of logs."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import pytest

from tests.support.waiting_async import until
from whaletrader.adapters.paper.server.desk import Desk
from whaletrader.adapters.paper.server.edge import Request, StreamClosed
from whaletrader.adapters.paper.server.listing import shelf
from whaletrader.adapters.paper.server.recorder import ORDER_FILLED
from whaletrader.adapters.paper.server.rpc import MAX_SPAN, Rpc
from whaletrader.adapters.paper.server.types import VenueRules
from whaletrader.adapters.paper.server.venue import Venue
from whaletrader.datasets.decode.chain_logs import decode_logs
from whaletrader.datasets.decode.rows import VenueFill
from whaletrader.domain import chain_calls
from whaletrader.domain.values import MICRO, NANOS, Side
from whaletrader.domain.venue_contracts import VenueContract

START = 1_790_000_000 * NANOS
ADA, BOB = "0x" + "a" * 40, "0x" + "b" * 40


class World:
    """A market where Ada sold to Bob, and the node beside it."""

    def __init__(self) -> None:
        self.venue = Venue(VenueRules(seed=1, genesis_ns=START))
        self.market = shelf(1, START)[0]
        self.venue.add_market(self.market, START)
        self.desk = Desk(self.venue, 1)
        self.rpc = Rpc(self.venue, lambda: START)
        self.venue.listen(self.rpc.on_event)
        for wallet in (ADA, BOB):
            self.desk.open(wallet)

    def trade(self, now: int = START + NANOS) -> None:
        token = self.market.token_ids[0]
        self.desk.give(ADA, token, 10 * MICRO)
        self.desk.rest(ADA, token, Side.SELL, 400_000, 10 * MICRO, now)
        self.desk.take(BOB, token, Side.BUY, 400_000, 4 * MICRO, now)
        self.venue.advance(now + 10 * NANOS)

    def ask(self, method: str, *params: Any) -> Any:
        answer = self.rpc.answer({"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)})
        return answer["result"] if "result" in answer else answer["error"]

    def view(self, call: chain_calls.Call) -> int:
        return int(self.ask("eth_call", {"to": call.to, "data": "0x" + call.data.hex()}, "latest"), 16)

    def logs(self, **wanted: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.ask("eth_getLogs", {"fromBlock": "0x55d4a80", "toBlock": "latest", **wanted})
        return found


@pytest.fixture
def world() -> World:
    made = World()
    made.trade()
    return made


def test_the_chain_is_polygon_and_grows(world: World) -> None:
    before = int(world.ask("eth_blockNumber"), 16)
    world.venue.advance(START + 60 * NANOS)
    assert world.ask("eth_chainId") == "0x89"
    assert int(world.ask("eth_blockNumber"), 16) > before


def test_the_logs_of_a_match_decode_to_both_legs(world: World) -> None:
    rows = decode_logs(json.dumps(world.logs(topics=[[ORDER_FILLED]]))).rows
    fills = [(row.wallet, row.side, row.size_micro, row.price_micro) for row in rows if isinstance(row, VenueFill)]
    assert sorted(fills) == [(ADA, "SELL", 10 * MICRO, 400_000), (BOB, "BUY", 10 * MICRO, 400_000)]


def test_filters_pick_by_address_and_by_topic(world: World) -> None:
    everything = world.logs()
    exchange = world.logs(address=VenueContract.EXCHANGE.value)
    assert 0 < len(exchange) < len(everything)
    maker_topic = "0x" + ADA[2:].rjust(64, "0")
    mine = world.logs(topics=[ORDER_FILLED, None, maker_topic])
    assert len(mine) == 1
    assert world.logs(topics=[ORDER_FILLED, None, None, None, None]) == []
    assert world.logs(address=["0x" + "1" * 40]) == []


def test_a_span_too_wide_is_refused(world: World) -> None:
    error = world.ask("eth_getLogs", {"fromBlock": "0x1", "toBlock": hex(MAX_SPAN + 1)})
    assert "block range is too large" in error["message"]


def test_a_receipt_holds_the_logs_of_its_transaction(world: World) -> None:
    log = world.logs(topics=[[ORDER_FILLED]])[0]
    receipt = world.ask("eth_getTransactionReceipt", log["transactionHash"])
    assert receipt["status"] == "0x1"
    assert log in receipt["logs"]
    assert world.ask("eth_getTransactionReceipt", "0x" + "0" * 64) is None


def test_every_block_has_a_header_also_those_before_the_first(world: World) -> None:
    log = world.logs()[0]
    block = world.ask("eth_getBlockByNumber", log["blockNumber"], False)
    assert block["timestamp"] == log["blockTimestamp"]
    early = world.ask("eth_getBlockByNumber", "0x10", False)
    assert int(early["timestamp"], 16) < int(block["timestamp"], 16)
    assert world.ask("eth_getBlockByNumber", "0xfffffff", False) is None


def test_views_tell_balances_allowances_and_approvals(world: World) -> None:
    token = world.market.token_ids[0]
    assert world.view(chain_calls.balance_view(token, BOB)) == 10 * MICRO
    assert world.view(chain_calls.collateral_view(ADA)) == world.venue.accounts[ADA].cash_micro
    assert world.view(chain_calls.allowance_view(ADA, VenueContract.EXCHANGE)) > 10**12
    assert world.view(chain_calls.approval_view(ADA, VenueContract.EXCHANGE)) == 1
    assert world.view(chain_calls.approval_view(ADA, "0x" + "1" * 40)) == 0


def test_payouts_are_there_once_a_market_has_resolved(world: World) -> None:
    condition = world.market.condition_id
    assert world.view(chain_calls.payout_denominator_view(condition)) == 0
    world.venue.resolve(condition, (MICRO, 0), START + 30 * NANOS)
    denominator = world.view(chain_calls.payout_denominator_view(condition))
    shares = [world.view(chain_calls.payout_numerator_view(condition, index)) / denominator for index in (0, 1)]
    assert shares == [1.0, 0.0]


def test_wallets_and_contracts_have_code_and_others_have_none(world: World) -> None:
    assert world.ask("eth_getCode", ADA, "latest") != "0x"
    assert world.ask("eth_getCode", VenueContract.EXCHANGE.value.upper().replace("0X", "0x"), "latest") != "0x"
    assert world.ask("eth_getCode", "0x" + "1" * 40, "latest") == "0x"


@pytest.mark.parametrize(
    ("body", "code"),
    [("{", -32700), ("1", -32600), ('{"id":1,"method":"eth_mine"}', -32601), ('{"id":1,"method":"eth_call"}', -32602)],
)
def test_what_cannot_be_answered_gives_the_protocols_error(world: World, body: str, code: int) -> None:
    answer = json.loads(world.rpc.http(Request("POST", "/", {}, {}, body.encode())).body)
    assert answer["error"]["code"] == code


def test_batches_are_answered_in_order(world: World) -> None:
    asked = [{"jsonrpc": "2.0", "id": n, "method": "eth_chainId", "params": []} for n in (5, 3)]
    answers = json.loads(world.rpc.http(Request("POST", "/", {}, {}, json.dumps(asked).encode())).body)
    assert [answer["id"] for answer in answers] == [5, 3]


class Socket:
    """A WebSocket that the test speaks through."""

    def __init__(self) -> None:
        self.sent: list[Any] = []
        self.says: asyncio.Queue[str | None] = asyncio.Queue()
        self.query: Mapping[str, str] = {}

    async def receive(self) -> str:
        frame = await self.says.get()
        if frame is None:
            raise StreamClosed
        return frame

    def send(self, frame: str | bytes) -> None:
        self.sent.append(json.loads(frame))

    def close(self, code: int = 1000) -> None:
        self.says.put_nowait(None)


def test_a_subscriber_hears_its_logs_until_it_unsubscribes() -> None:
    async def scene() -> list[Any]:
        made, socket = World(), Socket()
        serving = asyncio.create_task(made.rpc.serve(socket))

        async def say(method: str, *params: Any) -> Any:
            before = len(socket.sent)
            socket.says.put_nowait(json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}))
            await until(lambda: len(socket.sent) > before)
            return socket.sent[-1].get("result")

        name = await say("eth_subscribe", "logs", {"topics": [ORDER_FILLED]})
        made.trade()
        heard = [frame["params"] for frame in socket.sent if frame.get("method") == "eth_subscription"]
        assert {params["subscription"] for params in heard} == {name}
        assert await say("eth_unsubscribe", name) is True
        before = len(socket.sent)
        made.trade(START + 60 * NANOS)
        assert len(socket.sent) == before
        assert (await say("eth_blockNumber")).startswith("0x")
        socket.close()
        await serving
        return heard

    heard = asyncio.run(scene())
    assert [params["result"]["removed"] for params in heard] == [False, False]
