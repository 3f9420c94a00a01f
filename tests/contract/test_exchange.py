"""What every exchange behind the port does: the paper exchange in process, as a process of its own, and the gateway.

What follows from prints of a tape only the paper exchange can pass; the rest, under "whichever exchange it is", all do.
"""

import threading
from types import SimpleNamespace

import pytest
from msgspec.structs import replace

from tests.support.scripted_chain import ScriptedChain
from tests.support.scripted_clob import ScriptedClob, gateway
from tests.support.tapes import LEADER, MARKET, NO, YES, MemoryTape, Print, tape_market
from tests.support.trading import approved, execution, market_terms, signed
from whaletrader.adapters.paper.client import PaperClient
from whaletrader.adapters.paper.exchange import PaperExchange
from whaletrader.adapters.paper.faults import FaultPlan
from whaletrader.adapters.paper.line_server import ExchangeServer
from whaletrader.adapters.paper.telling import Rules
from whaletrader.adapters.polymarket.chain_actions import ChainActions
from whaletrader.errors import ConflictError
from whaletrader.ports.exchange import PaymentRefusal

SECOND = 1_000_000_000
TAPE = MemoryTape(
    [
        Print(104, 0.50),
        Print(107, 0.50, wallet=LEADER),
        Print(107.5, 0.50),
        Print(110, 0.45, 16.0, outcome=1),
        Print(120, 0.59),
        Print(130, 0.50, 1_000.0),
        Print(166, 0.50),
    ]
)


@pytest.fixture(params=["in process", "own process"])
def make(request, tmp_path):
    """Return a function that opens an exchange with a fault plan."""
    closing = []

    def open_in_process(rules):
        exchange = PaperExchange(tmp_path / "exchange.db", TAPE, rules)
        closing.append(exchange.close)
        return exchange

    def open_behind_server(rules):
        exchange = open_in_process(rules)
        server = ExchangeServer(exchange)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        client = PaperClient(server.port)
        closing.extend([thread.join, server.server_close, server.shutdown, client.close])
        return client

    opener = open_in_process if request.param == "in process" else open_behind_server
    yield lambda **plan: opener(Rules(FaultPlan(**plan)))
    for close in reversed(closing):
        close()


@pytest.fixture
def exchange(make):
    return make()


def order(**changes):
    """A signed order that arrives at 105 s and lives to 165 s."""
    harness = execution()
    harness.tell(market_terms(), at=90)
    return signed(harness.tell(approved(**changes), at=100)[0])


def events(exchange, after=(-1, "")):
    """Everything behind a cursor."""
    found = []
    while (event := exchange.next_event(*after)) is not None:
        found.append(event)
        after = (event.ts, event.event_id)
    return found


def kinds(found):
    return [event.kind for event in found]


def test_a_quiet_exchange_has_nothing_to_tell(exchange):
    assert exchange.next_event(-1, "") is None
    assert exchange.orders() == []


def test_an_order_is_accepted_filled_from_later_prints_and_settled(exchange):
    exchange.submit(order())
    found = events(exchange)
    assert kinds(found) == ["ACCEPTED", "FILL", "SETTLED", "FILL", "SETTLED"]
    assert [event.ts // SECOND for event in found] == [105, 110, 112, 130, 132]
    fills = [event for event in found if event.kind == "FILL"]
    assert [fill.size_micro for fill in fills] == [8_000_000, 12_000_000]
    assert all(500_000 < fill.price_micro <= 600_000 and fill.fee_micro > 0 for fill in fills)
    assert all(fill.role == "taker" and fill.token_id == YES for fill in fills)


def test_events_come_in_the_order_of_time_and_the_cursor_loses_none(exchange):
    exchange.submit(order())
    exchange.submit(order(approval_id="2" * 32, token_id=NO))
    found = events(exchange)
    keys = [(event.ts, event.event_id) for event in found]
    assert keys == sorted(keys)
    assert len(set(keys)) == len(keys)
    assert events(exchange, keys[2]) == found[3:]


def test_the_same_order_twice_is_one_order_that_tells_the_same(exchange):
    exchange.submit(order())
    found = events(exchange)
    exchange.submit(order())
    assert events(exchange) == found
    assert exchange.orders() == [(order(), 2)]


def test_the_same_hash_with_other_content_is_a_conflict(exchange):
    exchange.submit(order())
    with pytest.raises(ConflictError):
        exchange.submit(replace(order(), size_micro=1))
    assert exchange.orders() == [(order(), 1)]


def test_what_is_told_does_not_depend_on_the_order_of_arrival(make):
    first, other, exchange = order(), order(approval_id="2" * 32), make()
    exchange.submit(first)
    exchange.cancel("paper", first.order_hash, 115 * SECOND)
    exchange.submit(other)
    told = events(exchange)
    mirrored = PaperExchange(":memory:", TAPE)
    mirrored.cancel("paper", first.order_hash, 115 * SECOND)
    mirrored.submit(other)
    mirrored.submit(first)
    assert events(mirrored) == told
    mirrored.close()


def test_a_cancel_keeps_earlier_fills_and_takes_the_rest(exchange):
    sent = order()
    exchange.submit(sent)
    exchange.cancel("paper", sent.order_hash, 115 * SECOND)
    exchange.cancel("paper", sent.order_hash, 115 * SECOND)
    found = events(exchange)
    assert kinds(found) == ["ACCEPTED", "FILL", "SETTLED", "CANCELLED"]
    assert found[-1].size_micro == 8_000_000


def test_a_cancel_that_arrives_before_the_order_lets_nothing_be_filled(exchange):
    sent = order()
    exchange.cancel("paper", sent.order_hash, 101 * SECOND)
    exchange.submit(sent)
    assert kinds(events(exchange)) == ["ACCEPTED", "CANCELLED"]


def test_a_cancel_after_the_end_changes_nothing(exchange):
    sent = order()
    exchange.submit(sent)
    found = events(exchange)
    exchange.cancel("paper", sent.order_hash, 900 * SECOND)
    assert events(exchange) == found


def test_what_is_left_expires_with_the_count_of_what_was_filled(exchange):
    exchange.submit(order(worst_price_micro=560_000, max_size_micro=900_000_000, max_cost_micro=900_000_000))
    expired = events(exchange)[-1]
    assert (expired.kind, expired.ts // SECOND) == ("EXPIRED", 165)
    filled = sum(event.size_micro for event in events(exchange) if event.kind == "FILL")
    assert expired.size_micro == filled < 900_000_000


def test_answers_lost_are_told_when_somebody_asks_right_after_it(make):
    exchange, sent = make(drop_micro=1_000_000), order()
    exchange.submit(sent)
    assert kinds(events(exchange)) == ["SETTLED", "SETTLED"]
    exchange.ask("paper", sent.order_hash, 120 * SECOND)
    exchange.ask("paper", sent.order_hash, 120 * SECOND)
    told = [event for event in events(exchange) if ":ask:" in event.event_id]
    assert kinds(told) == ["ACCEPTED", "FILL", "SETTLED"]
    assert {event.ts for event in told} == {120 * SECOND + 1}


def test_asking_for_an_order_that_did_not_arrive_is_answered_so(exchange):
    sent = order()
    exchange.ask("paper", sent.order_hash, 104 * SECOND)
    (unknown,) = events(exchange)
    assert (unknown.kind, unknown.order_hash, unknown.ts) == ("UNKNOWN_ORDER", sent.order_hash, 104 * SECOND + 1)
    exchange.submit(sent)
    assert events(exchange)[0] == unknown
    assert "ACCEPTED" in kinds(events(exchange))


def test_late_and_repeated_answers_are_the_same_trades(make):
    sent, exchange = order(), make(delay_micro=1_000_000, repeat_micro=1_000_000, delay_s=30)
    exchange.submit(sent)
    late = events(exchange)
    plain = PaperExchange(":memory:", TAPE)
    plain.submit(sent)
    on_time = events(plain)
    plain.close()
    assert len(late) == 2 * len(on_time)
    assert {event.trade_id for event in late} == {event.trade_id for event in on_time}
    assert min(event.ts for event in late) == min(event.ts for event in on_time) + 30 * SECOND


def test_failed_settlements_are_told(make):
    exchange = make(fail_micro=1_000_000)
    exchange.submit(order())
    assert kinds(events(exchange)) == ["ACCEPTED", "FILL", "FAILED", "FILL", "FAILED"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"market_id": "0xother"}, "MARKET_NOT_FOUND"),
        ({"token_id": "77"}, "MARKET_NOT_FOUND"),
        ({"salt": 1}, "INVALID_SIGNATURE"),
        ({"neg_risk": True}, "INVALID_SIGNATURE"),
        ({"price_micro": 605_000}, "BREAKS_TICK_SIZE"),
        ({"size_micro": 4_000_000}, "SIZE_BELOW_MINIMUM"),
        ({"price_micro": 610_000}, "INVALID_AMOUNTS"),
        ({"size_micro": 20_005_000}, "INVALID_AMOUNTS"),
        ({"size_micro": 21_000_000}, "INVALID_AMOUNTS"),
        ({"expiration_s": 165}, "INVALID_EXPIRATION"),
        ({"arrive_ts": 10_000 * SECOND}, "MARKET_RESOLVED"),
    ],
)
def test_what_the_venue_would_refuse_is_rejected(exchange, change, reason):
    exchange.submit(replace(order(), **change))
    (rejected,) = events(exchange)
    assert (rejected.kind, rejected.reason) == ("REJECTED", reason)


def test_a_resolved_token_is_redeemed_once_at_its_payout(exchange):
    exchange.redeem("c1", "paper", YES, 20_000_000, 10_005 * SECOND)
    exchange.redeem("c1", "paper", YES, 20_000_000, 10_005 * SECOND)
    exchange.redeem("c2", "paper", NO, 5_000_000, 10_005 * SECOND)
    found = events(exchange)
    assert [(event.kind, event.order_hash, event.cash_micro) for event in found] == [
        ("REDEEMED", "c1", 20_000_000),
        ("REDEEMED", "c2", 0),
    ]
    assert found[0].market_id == MARKET
    with pytest.raises(ConflictError):
        exchange.redeem("c1", "paper", YES, 1, 10_005 * SECOND)


def test_a_redemption_before_the_resolution_is_paid_after_it(exchange):
    exchange.redeem("c1", "paper", YES, 20_000_000, 50 * SECOND)
    assert [event.ts for event in events(exchange)] == [10_000 * SECOND + 1]


def test_a_redemption_of_an_unknown_token_fails(exchange):
    exchange.redeem("c1", "paper", "77", 20_000_000, 50 * SECOND)
    (failed,) = events(exchange)
    assert (failed.kind, failed.reason, failed.cash_micro) == ("FAILED", "NOT_RESOLVED", 0)


def test_a_pair_of_outcomes_is_merged_into_collateral(exchange):
    exchange.merge("m1", "paper", MARKET, 7_000_000, 50 * SECOND)
    exchange.merge("m2", "paper", "0xother", 7_000_000, 50 * SECOND)
    told = [(event.kind, event.cash_micro) for event in events(exchange)]
    assert told == [("MERGED", 7_000_000), ("FAILED", 0)]


def test_a_store_opened_again_tells_the_same(tmp_path):
    first = PaperExchange(tmp_path / "kept.db", TAPE)
    first.submit(order())
    told = events(first)
    first.close()
    second = PaperExchange(tmp_path / "kept.db", TAPE)
    assert events(second) == told
    second.submit(order())
    assert second.orders() == [(order(), 2)]
    second.close()


@pytest.mark.parametrize(("token", "paid"), [(YES, 0.30), (NO, 0.70)])
def test_a_print_of_the_other_outcome_counts_at_one_less_its_price_for_either_token(token, paid):
    for printed, price in ((token, paid), (NO if token == YES else YES, 1 - paid)):
        row = Print(110, price, 40.0, outcome=(YES, NO).index(printed))
        exchange = PaperExchange(":memory:", MemoryTape([row]))
        exchange.submit(order(token_id=token, worst_price_micro=800_000, max_cost_micro=20_000_000))
        (fill,) = [event for event in events(exchange) if event.kind == "FILL"]
        assert fill.token_id == token
        assert 0 < fill.price_micro - round(paid * 1e6) <= 10_600
        exchange.close()


def test_a_sale_gets_less_than_the_print_whichever_outcome_was_printed():
    for outcome, price in ((0, 0.60), (1, 0.40)):
        exchange = PaperExchange(":memory:", MemoryTape([Print(110, price, 40.0, outcome=outcome)]))
        exchange.submit(order(side="SELL", worst_price_micro=500_000))
        (fill,) = [event for event in events(exchange) if event.kind == "FILL"]
        assert 589_000 < fill.price_micro < 600_000
        exchange.close()


def test_nothing_is_filled_from_the_resolution_on():
    tape = MemoryTape(TAPE.rows, [tape_market(resolved_ts=130 * SECOND)])
    exchange = PaperExchange(":memory:", tape)
    exchange.submit(order())
    assert [event.ts // SECOND for event in events(exchange) if event.kind == "FILL"] == [110]
    exchange.close()


# -- whichever exchange it is ------------------------------------------------------------------------------------------


@pytest.fixture(params=["in process", "own process", "gateway"])
def anyone(request, tmp_path):
    """An exchange behind the port, and a function that lets it finish what takes time."""
    if request.param == "gateway":
        tokens = {YES: 20_000_000, NO: 20_000_000}
        chain = ScriptedChain(tokens=tokens, token_ids=(YES, NO), market_id=MARKET)
        made = []

        def payments(store, _clock):
            made.append(ChainActions(store, chain, chain, chain, confirmations=1, now_s=lambda: 500))
            return made[0]

        def finish():
            while made[0].work():
                chain.block += 1

        exchange = gateway(ScriptedClob(), tmp_path / "gateway.db", payments=payments)
        yield SimpleNamespace(exchange=exchange, finish=finish)
        exchange.close()
        return
    exchange = PaperExchange(tmp_path / "exchange.db", TAPE)
    if request.param == "in process":
        yield SimpleNamespace(exchange=exchange, finish=lambda: None)
    else:
        server = ExchangeServer(exchange)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        client = PaperClient(server.port)
        yield SimpleNamespace(exchange=client, finish=lambda: None)
        client.close()
        server.shutdown()
        server.server_close()
        thread.join()
    exchange.close()


def test_whoever_was_asked_nothing_has_nothing_to_tell(anyone):
    assert anyone.exchange.next_event(-1, "") is None


def test_whoever_takes_an_order_takes_it_once_and_tells_the_same(anyone):
    anyone.exchange.submit(order())
    found = events(anyone.exchange)
    assert kinds(found)[0] == "ACCEPTED"
    anyone.exchange.submit(order())
    assert events(anyone.exchange) == found
    assert [sent for sent, _ in anyone.exchange.orders()] == [order()]


def test_whoever_is_sent_the_same_hash_with_other_content_refuses(anyone):
    anyone.exchange.submit(order())
    found = events(anyone.exchange)
    with pytest.raises(ConflictError):
        anyone.exchange.submit(replace(order(), size_micro=1))
    assert events(anyone.exchange) == found


def test_whoever_tells_tells_in_the_order_of_time_and_loses_none_behind_a_cursor(anyone):
    for number in range(4):
        anyone.exchange.submit(order(approval_id=f"{number:032x}"))
    found = events(anyone.exchange)
    keys = [(event.ts, event.event_id) for event in found]
    assert keys == sorted(set(keys))
    for place, key in enumerate(keys):
        assert events(anyone.exchange, key) == found[place + 1 :]


def test_whoever_cancels_an_order_before_it_comes_fills_nothing_of_it(anyone):
    sent = order()
    anyone.exchange.cancel("paper", sent.order_hash, 101 * SECOND)
    anyone.exchange.submit(sent)
    found = events(anyone.exchange)
    assert "FILL" not in kinds(found)
    assert (found[-1].kind, found[-1].size_micro) == ("CANCELLED", 0)


def test_whoever_cancels_twice_closes_once(anyone):
    sent = order()
    anyone.exchange.submit(sent)
    for _ in range(2):
        anyone.exchange.cancel("paper", sent.order_hash, 106 * SECOND)
    assert kinds(events(anyone.exchange)).count("CANCELLED") == 1


def test_whoever_is_asked_for_a_strange_order_says_so(anyone):
    sent = order()
    anyone.exchange.ask("paper", sent.order_hash, 104 * SECOND)
    (unknown,) = events(anyone.exchange)
    assert (unknown.kind, unknown.order_hash) == ("UNKNOWN_ORDER", sent.order_hash)
    assert unknown.ts > 104 * SECOND


def test_whoever_is_asked_tells_again_behind_what_was_told(anyone):
    sent = order()
    anyone.exchange.submit(sent)
    before = {event.event_id for event in events(anyone.exchange)}
    anyone.exchange.ask("paper", sent.order_hash, 106 * SECOND)
    told = [event for event in events(anyone.exchange) if event.event_id not in before]
    assert "ACCEPTED" in kinds(told)
    assert all(event.ts > 106 * SECOND for event in told)


def test_whoever_redeems_pays_a_command_once(anyone):
    for _ in range(2):
        anyone.exchange.redeem("c1", "paper", YES, 20_000_000, 10_005 * SECOND)
        anyone.finish()
    (paid,) = events(anyone.exchange)
    assert (paid.kind, paid.order_hash, paid.cash_micro, paid.token_id) == ("REDEEMED", "c1", 20_000_000, YES)
    with pytest.raises(ConflictError):
        anyone.exchange.redeem("c1", "paper", YES, 1, 10_005 * SECOND)


def test_whoever_merges_pays_a_command_once(anyone):
    for _ in range(2):
        anyone.exchange.merge("m1", "paper", MARKET, 7_000_000, 50 * SECOND)
        anyone.finish()
    (paid,) = events(anyone.exchange)
    assert (paid.kind, paid.order_hash, paid.cash_micro, paid.market_id) == ("MERGED", "m1", 7_000_000, MARKET)


def test_a_payment_that_is_refused_says_why_in_a_word_of_the_port(exchange):
    exchange.redeem("c1", "paper", "77", 20_000_000, 50 * SECOND)
    exchange.merge("m1", "paper", "0xother", 7_000_000, 51 * SECOND)
    told = [(event.kind, PaymentRefusal(event.reason)) for event in events(exchange)]
    assert told == [("FAILED", PaymentRefusal.NOT_RESOLVED), ("FAILED", PaymentRefusal.MARKET_NOT_FOUND)]
