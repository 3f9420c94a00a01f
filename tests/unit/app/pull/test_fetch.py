"""Which client a listing asks, with which period and place, and what of the answer the checkpoint gets to know."""

import json
from types import SimpleNamespace

import msgspec
import pytest

from tests.support.venue_http import FIRST_BLOCK_TS, WALLET, VenueHttpServer, condition, filled_log, market_row, serving
from tests.support.venue_http import token as token_of
from tests.unit.adapters.polymarket.test_data_api import clients_of
from whaletrader.adapters.polymarket.pages import Page
from whaletrader.app.pull.fetch import FIRST_BLOCK, Fetcher
from whaletrader.app.pull.plan import KIND, Task
from whaletrader.datasets.raw_pages import encode_page

OTHER = "0x" + "b2" * 20
NOW = 1_790_000_000 * 10**9


def task(listing, subject=WALLET, since=10, until=99):
    return Task(listing=listing, subject=subject, since_s=since, until_s=until)


class Recorder:
    """A client that notes which call was made with what, and answers with one page."""

    def __init__(self, **page):
        self.calls, self.answer = [], Page(**({"source": "s", "params": {"p": 1}, "body": b"[]", "rows": 0} | page))

    def __getattr__(self, name):
        def call(*given, **named):
            self.calls.append((name, given, named))
            return self.answer

        return call


def fetched(listing, cursor="", subject=WALLET, **page):
    recorder = Recorder(**page)
    clients = SimpleNamespace(data=recorder, gamma=recorder, clob=recorder, rpc=recorder, subgraph=recorder)
    return Fetcher(clients, lambda: NOW, fidelity_min=3).page(task(listing, subject), cursor), recorder.calls


@pytest.mark.parametrize(
    ("listing", "call"),
    [
        ("data_v2.activity", ("activity_page", (WALLET, 10, 99, "c"), {})),
        ("data_v2.takers", ("wallet_trades_page", (WALLET, 10, 99, "c"), {"taker_only": True})),
        ("data_v2.trades", ("market_trades_page", (WALLET, 10, 99, "c"), {})),
        ("data_v1.activity", ("v1_activity_page", (WALLET, 10, 99, "c"), {})),
        ("data_v1.trades", ("v1_market_trades_page", (WALLET, 10, 99, "c"), {})),
        ("subgraph.splits", ("wallet_page", ("splits", WALLET, 10, 99, "c"), {})),
        ("clob.prices_history", ("prices_page", (WALLET, 10, 99, "c", 3), {})),
    ],
)
def test_a_listing_asks_for_its_subject_and_period_from_its_place_on(listing, call):
    found, calls = fetched(listing, "c", rows=4, next="d", first_s=11, last_s=12, truncated="cut", combos=2, trimmed=1)
    assert calls == [call]
    assert (found.rows, found.next, found.first_s, found.last_s) == (4, "d", 11, 12)
    assert (found.truncated, found.combos, found.page.trimmed, found.page.fetched_ts) == ("cut", 2, 1, NOW)


def test_every_listing_that_a_plan_can_name_can_be_fetched():
    with serving(VenueHttpServer()) as venue:
        clients = clients_of(venue)
        fetcher = Fetcher(clients, lambda: NOW)
        for listing in KIND:
            found = fetcher.page(
                task(listing, condition(0) if "data_v2.res" in listing or "gamma" in listing else WALLET), ""
            )
            assert found.rows == 0, listing
        clients.close()
    with pytest.raises(KeyError):
        fetched("data_v9.trades")


@pytest.mark.parametrize("listing", ["data_v2.activity", "data_v1.activity", "subgraph.orderFilledEvents"])
def test_what_is_asked_of_one_wallet_tells_whose_transactions_they_are(listing):
    found, _ = fetched(listing, hashes=("0x1", "0x2"))
    assert found.hashes == ((WALLET, "0x1"), (WALLET, "0x2"))


def test_fills_as_taker_tell_nobodys_transactions():
    assert fetched("data_v2.takers", hashes=("0x1",))[0].hashes == ()


def test_resolutions_are_asked_for_together_and_never_paged():
    found, calls = fetched("data_v2.resolutions", subject="0x1,0x2", next="more")
    assert calls == [("resolutions", (["0x1", "0x2"],), {})]
    assert found.next == ""


def test_a_page_is_one_line_whatever_the_answers_layout():
    body = json.dumps({"data": [{"title": "two\nlines\r"}]}, indent=1).replace("\n", "\r\n").encode()
    found, _ = fetched("data_v2.activity", body=body)
    line = encode_page(found.page)
    assert line.count(b"\n") == 1
    assert b"\r" not in line
    assert msgspec.json.decode(bytes(found.page.body)) == {"data": [{"title": "two\nlines\r"}]}


def walk(fetcher, one):
    pages, cursor = [], ""
    while True:
        pages.append(fetcher.page(one, cursor))
        cursor = pages[-1].next
        if not cursor:
            return pages


def test_markets_are_looked_for_open_then_closed_then_of_version_two_until_none_is_lacking():
    with serving(VenueHttpServer()) as venue:
        venue.markets = [market_row(0, closed=False), market_row(1), market_row(2, closed=False, version="v2")]
        wanted = ",".join(condition(number) for number in range(4))
        pages = walk(Fetcher(clients_of(venue), lambda: NOW), task("gamma.markets", wanted))
        assert [page.markets for page in pages] == [
            ((condition(0), False),), ((condition(1), True),), ((condition(2), False),),
        ]  # fmt: skip
        assert pages[0].next == f"closed:{condition(1)},{condition(2)},{condition(3)}"
        assert [name for name, _, _ in pages[1].tokens] == [token_of(1, 0), token_of(1, 1)]
        assert venue.asked("/gamma/markets/keyset") == 3
        assert len(walk(Fetcher(clients_of(venue), lambda: NOW), task("gamma.markets", condition(0)))) == 1


def chain_task(since_block, until_block, wallets=WALLET):
    """From the second of one block to that of another (two seconds each)."""
    return task("chain.logs", wallets, FIRST_BLOCK_TS + 2 * since_block, FIRST_BLOCK_TS + 2 * until_block)


def test_logs_of_a_period_are_fetched_to_its_last_block_and_named_by_their_owners():
    with serving(VenueHttpServer(newest_block=900)) as venue:
        venue.logs = [filled_log(n, n * 100, OTHER if n % 2 else WALLET) for n in range(1, 9)]
        fetcher = Fetcher(clients_of(venue), lambda: NOW)
        pages = walk(fetcher, chain_task(200, 600, f"{WALLET},{OTHER}"))
        told = [pair for page in pages for pair in page.hashes]
        assert told == [(OTHER if n % 2 else WALLET, filled_log(n, 1)["transactionHash"]) for n in range(2, 7)]
        assert sum(page.rows for page in pages) == 5
        before = venue.asked("/rpc")
        fetcher.page(chain_task(200, 600, OTHER), "")
        assert venue.asked("/rpc") - before <= 2  # the period's blocks are known by now


def test_a_place_in_a_walk_over_the_chain_keeps_its_end():
    found, calls = fetched("chain.logs", "40:90", body=b'{"result":[]}', next="61")
    ((name, (_, topics, first, last), _),) = calls
    assert (name, first, last, found.next) == ("logs_page", 40, 90, "61:90")
    assert topics[2] == ["0x" + "0" * 24 + WALLET[2:]]


def test_a_period_whose_blocks_are_not_confirmed_yet_is_an_empty_page_and_no_question():
    with serving(VenueHttpServer(newest_block=100)) as venue:
        found = Fetcher(clients_of(venue), lambda: NOW, confirmations=50).page(chain_task(60, 90), "")
    assert (found.rows, found.next) == (0, "")
    assert msgspec.json.decode(bytes(found.page.body)) == {"result": [], "timestamps": {}}


def test_from_the_beginning_is_from_the_venues_first_contract_on():
    asked = SimpleNamespace(
        block_number=lambda: FIRST_BLOCK + 1_000,
        block_at=lambda second, newest: FIRST_BLOCK + 900,
        logs_page=lambda addresses, topics, first, last: Page(
            source="chain.logs", params={"span": f"{first}-{last}"}, body=b'{"result":[]}', rows=0
        ),
    )
    fetcher = Fetcher(SimpleNamespace(rpc=asked), lambda: NOW, confirmations=5)
    found = fetcher.page(task("chain.logs", since=1), "")
    assert found.page.params == {"span": f"{FIRST_BLOCK}-{FIRST_BLOCK + 899}"}
