"""The parts of a live run: who is judged without a history, what refuses an order, what the paper book is told."""

import time
from dataclasses import dataclass, field

import pytest

from tests.support.messages import example
from tests.support.venue_rows import MARKET, NO, NS, START, WALLET, YES, end, fill, meta
from tests.support.venue_rows import book as book_of
from tests.support.waiting import wait_until
from whaletrader.adapters.paper.faults import NO_FAULTS
from whaletrader.adapters.polymarket.live_feed import LiveFeed
from whaletrader.adapters.polymarket.stream_status import Freshness
from whaletrader.app.live import live_maker, require_reachable
from whaletrader.app.live_money import ledger_of
from whaletrader.app.live_paper import PaperBook
from whaletrader.app.live_world import DESCRIBED_AT_ONCE, FreshGate, Heard, judged_words, on_loopback
from whaletrader.config.tree import Settings, VenueSettings
from whaletrader.datasets.decode.rows import Reject
from whaletrader.domain.order import ReportKind
from whaletrader.errors import WhaleTraderError
from whaletrader.messages.leaders import UniverseScanned
from whaletrader.messages.orders import SubmitOrder
from whaletrader.runtime.projections.cash import CashState
from whaletrader.runtime.projections.positions import OpenOrder, Position, PositionsState, Unsettled

NOWHERE = VenueSettings(clob_url="http://127.0.0.1:9")


def book():
    return book_of(((480_000, 100_000_000),), ((520_000, 100_000_000),))


@pytest.fixture
def feed(tmp_path):
    made = LiveFeed(tmp_path / "live")
    yield made
    made.close()


def test_a_venue_that_cannot_be_reached_is_said_in_one_sentence_with_what_else_there_is():
    with pytest.raises(WhaleTraderError, match=r"cannot be reached.*nothing was started.*--source sim") as caught:
        require_reachable(NOWHERE)
    assert caught.value.exit_code == 1
    assert "\n" not in caught.value.message


def test_no_run_is_begun_where_the_venue_cannot_be_reached(tmp_path):
    said = []
    with pytest.raises(WhaleTraderError, match="cannot be reached"):
        live_maker(Settings(venue=NOWHERE), None, "", live_money=False, tell=said.append)
    assert said == []


@pytest.mark.parametrize(
    ("url", "local"),
    [
        ("http://127.0.0.1:8900", True),
        ("http://localhost:1", True),
        ("http://[::1]:5", True),
        ("https://clob.polymarket.com", False),
        ("https://localhost.example.com", False),
        ("http://10.0.0.1", False),
    ],
)
def test_only_a_venue_on_this_machine_is_a_simulation(url, local):
    assert on_loopback(VenueSettings(clob_url=url)) == local


@dataclass
class Sources:
    """As much of the live sources as the gate asks."""

    around: Freshness = field(default_factory=lambda: Freshness(fresh=True))
    token: Freshness = field(default_factory=lambda: Freshness(fresh=True))

    def freshness(self, token_id=""):
        return self.token if token_id and self.around.fresh else self.around


def order(side="BUY", late_s=0):
    return example(SubmitOrder, side=side, token_id=YES, arrive_ts=time.time_ns() + (5 - late_s) * NS)


def gate_of(sources, feed):
    return FreshGate(sources, feed, latency_ms=5_000)


STALE = Freshness(fresh=False, reason="nobody is heard")


def test_a_purchase_waits_for_fresh_data_and_what_reduces_risk_does_not(feed):
    assert gate_of(Sources(), feed)(order()) == ""
    silent = gate_of(Sources(around=STALE), feed)
    assert silent(order()) == "STALE_DATA: nobody is heard"
    assert silent(order("SELL")) == ""


def test_a_purchase_that_was_decided_too_late_is_not_sent(feed):
    gate = gate_of(Sources(), feed)
    assert gate(order(late_s=3)) == ""
    assert gate(order(late_s=30)) == "STALE_DATA: decided 30 s behind the world's clock"
    assert gate(order("SELL", late_s=30)) == ""


def test_a_market_that_was_just_described_can_be_traded_on_its_first_book(feed):
    gate = gate_of(Sources(token=STALE), feed)
    assert gate(order()).startswith("STALE_DATA")
    now = time.time_ns()
    feed.add([meta(), book()], now)
    assert gate(order()) == ""
    old = gate_of(Sources(token=STALE), feed)
    feed.add([book()], now - 60 * NS)
    assert old(order()) == ""


def test_what_was_heard_is_in_the_feed_and_taken_once(feed):
    heard = Heard(feed)
    assert heard.add([fill(10)], START) == 1
    assert heard.add([fill(10)], START) == 1, "a second equal fill of the same transaction is another"
    heard.reject(Reject(source="rtds", reason="malformed_json"))
    assert [len(rows) for rows, _ in heard.take()] == [1, 1]
    assert heard.take() == []
    assert len(feed.take_rejects()) == 1


@pytest.fixture
def paper(feed, tmp_path):
    made = PaperBook(tmp_path / "exchange.db", feed, NO_FAULTS)
    yield made
    made.close()


def hear(feed, paper, rows, ts):
    feed.add(rows, ts)
    paper.hear([(rows, ts)], ts)


def market(number):
    return f"0x{number:064x}"


def test_markets_that_anybody_trades_in_are_described_when_no_fill_waits(feed):
    heard = Heard(feed)
    feed.watch([WALLET])
    traded = [fill(1, number=n, wallet="0x9", market_id=market(n), token=str(n)) for n in range(30)]
    heard.add(traded, START)
    heard.add([fill(2, number=50), fill(1, number=51, wallet="0x8", market_id=market(3), token="3")], START)
    assert heard.wanted() == ([MARKET], []), "what a fill waits for comes first"
    heard.add([meta(), meta(market_id=market(1), token_ids=("1", "1001x"))], START + NS)
    first = heard.wanted()[0]
    assert len(first) == DESCRIBED_AT_ONCE
    second = []

    def more():
        second.extend(heard.wanted()[0])
        return second

    wait_until(more, 30, "the next second's markets")
    assert sorted(first + second) == sorted({market(n) for n in range(30)} - {market(1)})
    heard._next_s = 0.0
    assert heard.wanted() == ([], []), "what nobody could describe is asked for again much later"


def test_a_scan_says_by_what_it_judged():
    scan = example(
        UniverseScanned, source="ab" * 32 + "+live until 9, 5 fills from 1 on", n_wallets=1200, n_qualified=3
    )
    assert judged_words(scan) == (
        "leaders judged by history abababababababab+live until 9, 5 fills from 1 on: 1,200 wallets, 3 with enough bets"
    )
    alone = example(UniverseScanned, source="no history+live until 9, no fills", n_wallets=0, n_qualified=0)
    assert judged_words(alone).startswith("leaders judged by no history+live until 9, no fills: 0 wallets")


def test_a_market_is_redeemed_on_paper_when_its_end_was_heard(feed, paper):
    hear(feed, paper, [meta(), book()], START)
    hear(feed, paper, [end()], START + NS)
    paper.redeem("command", "paper", YES, 5_000_000, START + 2 * NS)
    paper.hear([], START + 60 * NS)
    told = paper.next_event(-1, "")
    assert told.kind == ReportKind.REDEEMED
    assert told.size_micro == 5_000_000


def test_nothing_of_an_unknown_market_is_told_or_lost(feed, paper):
    paper.hear([([book()], START)], START)
    paper.redeem("command", "paper", NO, 5_000_000, START)
    paper.hear([], START + 60 * NS)
    assert paper.next_event(-1, "").kind == ReportKind.FAILED


OPEN = OpenOrder(order_hash="0x1", market_id=MARKET, token_id="a", side="BUY", price_micro=1, size_micro=1, ts=1)


def test_our_ledger_keeps_apart_what_is_settled_what_comes_and_what_goes():
    state = PositionsState(
        held={
            "a": Position(token_id="a", market_id=MARKET, wallet=WALLET, kind="fill", size_micro=30),
            "b": Position(token_id="b", market_id=MARKET, wallet=WALLET, kind="fill", size_micro=5),
        },
        orders={"0x1": OPEN},
        unsettled={"t1": Unsettled("a", 10, 0, 0), "t2": Unsettled("b", -7, 0, 0), "t3": Unsettled("c", -2, 0, 0)},
    )
    ledger = ledger_of(state, CashState(cash_micro=9))
    assert ledger.open_orders == {"0x1"}
    assert ledger.settled_micro == {"a": 20, "b": 12, "c": 2}
    assert ledger.coming_micro == {"a": 10}
    assert ledger.going_micro == {"b": 7, "c": 2}
