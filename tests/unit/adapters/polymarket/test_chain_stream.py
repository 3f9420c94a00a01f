import json
from typing import Any

from tests.support.venue_http import FIRST_BLOCK_TS, WALLET, Answer, tx
from tests.support.venue_live import live, mined
from tests.support.venue_sockets import CHAIN
from tests.support.waiting import wait_until
from whaletrader.adapters.polymarket.chain_stream import WALLETS_PER_CALL, _timed, filters
from whaletrader.datasets.decode.rows import ChainResolution, PositionChange, VenueFill
from whaletrader.domain.event_topics import TOPICS, ChainEvent
from whaletrader.domain.values import NANOS
from whaletrader.domain.venue_contracts import VenueContract

OTHER = "0x" + "9" * 40


def pushed(log: dict[str, Any]) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "method": "eth_subscription", "params": {"subscription": "0x1", "result": log}}


def timed(number: int, block: int, **more: Any) -> dict[str, Any]:
    return mined(number, block) | {"blockTimestamp": hex(FIRST_BLOCK_TS + 2 * block)} | more


def fills(it: Any) -> list[VenueFill]:
    return list(it.sink.of(VenueFill))


def test_the_filters_name_the_owner_of_the_order_on_the_three_exchanges() -> None:
    (addresses, topics), _, (ctf, resolved) = filters([WALLET])
    assert len(addresses) == 3
    assert topics == [TOPICS[ChainEvent.ORDER_FILLED], None, ["0x" + "0" * 24 + WALLET[2:]]]
    assert ctf == (VenueContract.CONDITIONAL_TOKENS.value,)
    assert resolved == [TOPICS[ChainEvent.CONDITION_RESOLUTION]]


def test_the_wallets_own_splits_and_merges_are_asked_for_at_the_tokens_and_at_the_adapter() -> None:
    _, (addresses, (events, wallets)), _ = filters([WALLET])
    assert addresses == (VenueContract.CONDITIONAL_TOKENS.value, VenueContract.NEG_RISK_ADAPTER.value)
    asked = {
        ChainEvent.POSITION_SPLIT,
        ChainEvent.POSITIONS_MERGE,
        ChainEvent.NEG_RISK_SPLIT,
        ChainEvent.NEG_RISK_MERGE,
    }
    assert set(events or ()) == {TOPICS[event] for event in asked}
    assert wallets == ["0x" + "0" * 24 + WALLET[2:]]


def test_a_wallets_merge_is_heard_from_the_chain() -> None:
    market = "0x" + "cd" * 32
    merge = {
        "address": VenueContract.NEG_RISK_ADAPTER.value,
        "topics": [TOPICS[ChainEvent.NEG_RISK_MERGE], "0x" + "0" * 24 + WALLET[2:], market],
        "data": f"0x{5_000_000:064x}",
        "transactionHash": tx(7),
    }
    with live(stream=True, chain_poll_s=3600.0) as it:
        it.sources.watch([], [WALLET])
        wait_until(lambda: it.sockets.subscribers(CHAIN, "logs") >= 1, 5)
        it.sockets.push(CHAIN, pushed(timed(7, 1_001) | merge))
        wait_until(lambda: len(list(it.sink.of(PositionChange))) >= 1, 5)
        (change,) = it.sink.of(PositionChange)
        assert (change.kind, change.wallet, change.market_id) == ("MERGE", WALLET, market)
        assert (change.amount_micro, change.tx_hash) == (5_000_000, tx(7))


def test_many_wallets_are_asked_for_in_parts() -> None:
    found = filters([f"0x{number:040x}" for number in range(WALLETS_PER_CALL + 1)])
    assert [len(topics[-1] or ()) for _, topics in found[:-1]] == [WALLETS_PER_CALL, 1] * 2


def test_a_pushed_log_is_told_before_the_reading_and_not_again_by_it() -> None:
    with live(stream=True, chain_poll_s=3600.0) as it:
        it.sources.watch([], [WALLET])
        wait_until(lambda: it.source("chain.logs").state == "LIVE", 5)
        wait_until(lambda: it.sockets.subscribers(CHAIN, "logs") >= 1, 5)
        it.sockets.push(CHAIN, pushed(timed(1, 1_001)))
        wait_until(lambda: len(fills(it)) == 1, 5)
        assert fills(it)[0].ts_event == (FIRST_BLOCK_TS + 2_002) * NANOS
        it.http.logs, it.http.newest_block = [timed(1, 1_001), timed(2, 1_002)], 1_002
        it.sources.chain.wake()
        it.sources._thread.call_soon(it.sources.chain.wake)
        wait_until(lambda: [row.tx_hash for row in fills(it)] == [tx(1), tx(2)], 5)


def test_a_log_without_the_time_of_its_block_makes_the_reading_happen_at_once() -> None:
    with live(stream=True, chain_poll_s=3600.0) as it:
        it.sources.watch([], [WALLET])
        wait_until(lambda: it.source("chain.stream").state == "LIVE", 5)
        wait_until(lambda: it.source("chain.logs").state == "LIVE", 5)
        it.http.logs, it.http.newest_block = [mined(1, 1_001)], 1_001
        it.sockets.push(CHAIN, pushed(mined(1, 1_001)))
        wait_until(lambda: len(fills(it)) == 1, 5)
        assert fills(it)[0].ts_event == (FIRST_BLOCK_TS + 2_002) * NANOS


def test_a_pushed_removal_is_passed_on() -> None:
    with live(stream=True, chain_poll_s=3600.0) as it:
        it.sources.watch([], [WALLET])
        wait_until(lambda: it.source("chain.stream").state == "LIVE", 5)
        it.sockets.push(CHAIN, pushed(timed(1, 1_001)))
        it.sockets.push(CHAIN, pushed(timed(1, 1_001, removed=True)))
        wait_until(lambda: [row.removed for row in fills(it)] == [False, True], 5)


def test_a_head_that_stands_still_is_no_sign_of_life() -> None:
    with live(stream=True, stale_after_s=1) as it:
        wait_until(lambda: it.source("chain.stream").state == "LIVE", 5)
        wait_until(lambda: it.sockets.opened[CHAIN] >= 2, 10)
        assert it.source("chain.stream").epoch >= 1


def test_what_was_missed_while_we_were_away_is_read_from_the_last_seen_time_on() -> None:
    since_ts = (FIRST_BLOCK_TS + 2 * 900) * NANOS
    with live(start=False, since_ts=since_ts) as it:
        it.http.logs = [mined(1, 899), mined(2, 900), mined(3, 950)]
        it.sources.watch([], [WALLET])
        it.sources.start()
        wait_until(lambda: [row.tx_hash for row in fills(it)] == [tx(2), tx(3)], 5)


def test_a_node_that_refuses_long_spans_is_asked_for_shorter_ones() -> None:
    with live(start=False, since_ts=(FIRST_BLOCK_TS + 2) * NANOS) as it:
        it.http.span_limit = 100
        it.http.logs = [mined(number, 10 + 90 * number) for number in range(10)]
        it.sources.watch([], [WALLET])
        it.sources.start()
        wait_until(lambda: len(fills(it)) == 10, 10)
        assert [row.tx_hash for row in fills(it)] == [tx(number) for number in range(10)]


def test_a_wallet_that_is_watched_later_is_followed_from_then() -> None:
    with live() as it:
        it.sources.watch([], [WALLET])
        wait_until(lambda: it.source("chain.logs").state == "LIVE", 5)
        it.sources.watch([], [OTHER])
        wait_until(lambda: OTHER in it.sources.chain.wallets, 5)
        it.http.logs = [mined(1, 1_001, OTHER), mined(2, 1_001, WALLET)]
        it.http.newest_block = 1_001
        wait_until(lambda: sorted(row.wallet for row in fills(it)) == sorted([OTHER, WALLET]), 5)


def test_resolutions_are_heard_without_any_wallet() -> None:
    word = "{:064x}".format
    log = mined(1, 1_001) | {
        "address": VenueContract.CONDITIONAL_TOKENS.value,
        "topics": [
            TOPICS[ChainEvent.CONDITION_RESOLUTION],
            "0x" + word(0xABC),
            "0x" + word(1),
            "0x" + word(2),
        ],
        "data": "0x" + "".join(word(value) for value in (2, 64, 2, 1, 0)),
    }
    with live() as it:
        wait_until(lambda: it.source("chain.logs").state == "LIVE", 5)
        it.http.logs, it.http.newest_block = [log], 1_001
        wait_until(lambda: bool(it.sink.of(ChainResolution)), 5)
        assert it.sink.of(ChainResolution)[0].payouts_micro == (1_000_000, 0)


def test_a_node_that_fails_is_told_and_tried_again() -> None:
    with live() as it:
        it.http.refusals += [("/rpc", Answer(500))] * 10_000
        it.sources.watch([], [WALLET])
        wait_until(lambda: it.source("chain.logs").state == "DOWN", 10)
        assert it.source("chain.logs").last_error
        it.http.relent("/rpc")
        wait_until(lambda: it.source("chain.logs").state == "LIVE", 30)


def test_what_a_node_says_that_is_no_answer_is_a_reject() -> None:
    with live(stream=True) as it:
        wait_until(lambda: it.source("chain.stream").state == "LIVE", 5)
        it.sockets.push(CHAIN, "no json")
        it.sockets.push(CHAIN, {"jsonrpc": "2.0", "id": 9, "error": {"code": -32000, "message": "filter not found"}})
        wait_until(lambda: it.source("chain.stream").rejected == 2, 5)
        assert {reject.source for reject in it.sink.rejects} == {"chain"}


def test_the_subscription_is_what_a_node_understands() -> None:
    with live(stream=True) as it:
        it.sources.watch([], [WALLET])
        wait_until(lambda: any(WALLET[2:] in text for text in it.sockets.texts(CHAIN)), 5)
        said = [json.loads(text) for text in it.sockets.texts(CHAIN)]
        subscribed = [each["params"] for each in said if each["method"] == "eth_subscribe"]
        assert all(params[0] == "logs" and set(params[1]) == {"address", "topics"} for params in subscribed)
        assert len({each["id"] for each in said}) == len(said)


def test_what_was_missed_while_we_were_away_is_read_also_where_the_wallets_are_named_after_the_first_reading() -> None:
    with live(start=False, since_ts=(FIRST_BLOCK_TS + 2 * 900) * NANOS) as it:
        it.http.logs = [mined(1, 899), mined(2, 900), mined(3, 950), mined(4, 999)]
        it.sources.start()
        wait_until(lambda: it.source("chain.logs").state == "LIVE", 5)
        it.sources.watch([], [WALLET])
        wait_until(lambda: [row.tx_hash for row in fills(it)] == [tx(2), tx(3), tx(4)], 5)


def test_words_that_are_no_head_and_things_that_are_no_log_stop_nothing() -> None:
    with live(stream=True) as it:
        it.sources.watch([], [WALLET])
        wait_until(lambda: it.source("chain.stream").state == "LIVE", 5)
        for result in ("0x", "0xzz", None, 5.5, ["0x1"]):
            it.sockets.push(CHAIN, {"jsonrpc": "2.0", "id": 9, "result": result})
        it.sockets.push(CHAIN, pushed(timed(1, 1_001)))
        wait_until(lambda: len(fills(it)) == 1, 5)
        it.sources.check()
    assert _timed(b'{"result":[null,{"blockNumber":"0x1"}],"timestamps":{"0x1":7}}') == [
        {"unreadable": None},
        {"blockNumber": "0x1", "blockTimestamp": "0x7"},
    ]
