"""The gateway killed at every boundary of what it does: the same bytes or nothing, and everything told once."""

import json

import pytest

from tests.contract.test_exchange import events, kinds, order
from tests.support.scripted_clob import SECOND, Clock, ScriptedClob, gateway
from tests.unit.adapters.polymarket.test_exchange import rest_trade, trade
from whaletrader.adapters.polymarket.exchange_store import ExchangeStore
from whaletrader.domain.amounts import most_shares
from whaletrader.errors import ConflictError, ExchangeError, StorageError


class Killed(BaseException):
    """The process died here; nobody catches it."""


@pytest.fixture
def http():
    return ScriptedClob()


class Process:
    """The gateway over one store, killed and started again at will."""

    def __init__(self, path, http) -> None:
        self.path, self.http, self.clock = path, http, Clock()
        self.start()

    def start(self) -> None:
        self.exchange = gateway(self.http, self.path, self.clock)

    def killed(self, act) -> None:
        with pytest.raises(Killed):
            act()
        self.exchange.close()
        self.start()


@pytest.fixture
def process(tmp_path, http):
    made = Process(tmp_path / "gateway.db", http)
    yield made
    made.exchange.close()


def die(*_args, **_more):
    raise Killed


def before_the_wire(process, monkeypatch):
    monkeypatch.setattr(process.exchange, "_body", die)


def on_the_wire(process, _monkeypatch):
    process.http.script("POST /order", die)


def after_the_wire(process, _monkeypatch):
    def taken(body):
        process.http._take(json.loads(body))
        raise Killed

    process.http.script("POST /order", taken)


def after_the_answer(process, monkeypatch):
    monkeypatch.setattr(process.exchange._tidings, "accepted", die)


@pytest.mark.parametrize("boundary", [before_the_wire, on_the_wire, after_the_wire, after_the_answer])
@pytest.mark.parametrize("again", ["submit", "refresh then submit", "ask then submit"])
def test_killed_anywhere_a_submission_makes_one_order_and_tells_it_once(process, http, monkeypatch, boundary, again):
    sent = order()
    boundary(process, monkeypatch)
    process.killed(lambda: process.exchange.submit(sent))
    if again.startswith("refresh"):
        process.exchange.refresh()
    if again.startswith("ask"):
        process.exchange.ask("paper", sent.order_hash, 106 * SECOND)
    process.exchange.submit(sent)
    assert set(http.orders) == {sent.order_hash}
    assert len(set(http.calls("POST /order"))) <= 1
    told = [event for event in events(process.exchange) if ":ask:" not in event.event_id]
    assert kinds(told) == ["ACCEPTED"]


@pytest.mark.parametrize("boundary", [on_the_wire, after_the_wire])
def test_killed_while_a_market_order_is_on_the_wire_it_is_never_sent_again(process, http, monkeypatch, boundary):
    from msgspec.structs import replace

    sent = replace(order(), order_type="FAK", expiration_s=0, size_micro=most_shares(order().maker_amount))
    boundary(process, monkeypatch)
    process.killed(lambda: process.exchange.submit(sent))
    for _ in range(3):
        process.exchange.submit(sent)
    assert len(http.calls("POST /order")) == 1


def test_killed_while_it_cancels_the_order_is_cancelled_after_the_restart(process, http):
    sent = order()
    process.exchange.submit(sent)
    http.script("DELETE /order", die)
    process.killed(lambda: process.exchange.cancel("paper", sent.order_hash, 106 * SECOND))
    process.exchange.refresh()
    assert kinds(events(process.exchange)) == ["ACCEPTED", "CANCELLED"]


@pytest.mark.parametrize("method", ["keep_trade", "tell", "set_state"])
def test_killed_while_a_fill_is_written_it_is_told_whole_after_the_restart(process, http, monkeypatch, method):
    sent = order()
    process.exchange.submit(sent)
    monkeypatch.setattr(process.exchange._store, method, die)
    process.killed(lambda: process.exchange.tell([trade(sent, "CONFIRMED")]))
    assert kinds(events(process.exchange)) == ["ACCEPTED"]
    http.orders[sent.order_hash] |= {"status": "ORDER_STATUS_MATCHED", "size_matched": "20"}
    http.trades = [rest_trade(sent, "CONFIRMED")]
    process.exchange.refresh()
    assert kinds(events(process.exchange)) == ["ACCEPTED", "FILL", "SETTLED"]


def test_a_retry_with_a_fresh_salt_would_be_another_order_and_other_content_is_a_conflict(process):
    from msgspec.structs import replace

    sent = order()
    process.exchange.submit(sent)
    with pytest.raises(ConflictError):
        process.exchange.submit(replace(sent, salt=sent.salt + 1))


# -- the store ---------------------------------------------------------------------------------------------------------


def test_a_store_that_cannot_be_opened_says_so(tmp_path):
    with pytest.raises(StorageError, match="cannot be opened"):
        ExchangeStore(tmp_path / "no" / "such" / "folder.db", Clock())


def test_what_is_written_together_is_kept_together(tmp_path):
    store = ExchangeStore(tmp_path / "store.db", Clock())
    store.keep_order(order())

    def half():
        with store.writing():
            store.set_state(order().order_hash, "LIVE")
            raise Killed

    with pytest.raises(Killed):
        half()
    assert store.order(order().order_hash).state == "NEW"
    store.close()


def test_times_of_events_grow_also_where_the_clock_stands_or_goes_back(tmp_path):
    http, clock = ScriptedClob(), Clock()
    exchange = gateway(http, tmp_path / "store.db", clock)
    for number in range(3):
        exchange.submit(order(approval_id=f"{number:032x}"))
        clock.now -= 50 * SECOND
    times = [event.ts for event in events(exchange)]
    assert times == sorted(set(times))
    exchange.close()


def test_an_answer_that_names_another_order_leaves_the_outcome_unknown(process, http):
    answer = {"success": True, "orderID": "0x" + "99" * 32, "status": "live", "errorMsg": ""}
    http.script("POST /order", answer)
    with pytest.raises(ExchangeError, match="outcome is unknown"):
        process.exchange.submit(order())
    assert events(process.exchange) == []
