"""Gamma, the CLOB's public half, the chain and the subgraphs: what is asked, and what becomes of odd answers."""

import itertools
import json

import msgspec
import pytest

from tests.support.venue_http import (
    FIRST_BLOCK_TS,
    FIRST_TS,
    WALLET,
    Answer,
    VenueHttpServer,
    condition,
    filled_log,
    market_row,
    serving,
    token,
)
from tests.unit.adapters.polymarket.test_data_api import clients_of
from whaletrader.adapters.polymarket.chain_rpc import ChainRpc, RpcError
from whaletrader.adapters.polymarket.gamma import Gamma, market_briefs
from whaletrader.adapters.polymarket.http import Reply
from whaletrader.adapters.polymarket.public_clob import PublicClob
from whaletrader.adapters.polymarket.subgraph import Subgraph, query_text
from whaletrader.datasets.decode.chain_logs import decode_logs
from whaletrader.errors import UsageError, VenueError


@pytest.fixture
def venue():
    with serving(VenueHttpServer()) as server:
        yield server


class Answers:
    """A host that gives these answers in order, and keeps what was asked."""

    def __init__(self, *bodies):
        self.bodies, self.asked, self.pauses = list(bodies), [], []

    def get(self, path, params=None):
        self.asked.append((path, params))
        return Reply(200, {}, json.dumps(self.bodies.pop(0)).encode())

    def send(self, _method, path, body, *, idempotent):
        assert idempotent
        self.asked.append((path, json.loads(body)))
        return Reply(200, {}, json.dumps(self.bodies.pop(0)).encode())

    def pause_all(self, asked_s=0.0):
        self.pauses.append(asked_s)


# Gamma


def test_markets_are_found_open_closed_or_of_version_two(venue):
    venue.markets = [market_row(0, closed=False), market_row(1), market_row(2, closed=False, version="v2")]
    wanted = [condition(n) for n in range(4)]
    pages = list(clients_of(venue).gamma.by_conditions(wanted))
    assert [page.conditions for page in pages] == [(condition(0),), (condition(1),), (condition(2),)]
    assert [len(query["condition_ids"]) for _, _, query in venue.requests] == [4, 3, 2]


def test_a_keyset_is_walked_by_its_cursor():
    host = Answers({"markets": [{"conditionId": "0xA"}], "next_cursor": "n1"}, {"markets": []})
    pages = list(Gamma(host).markets({"closed": "true"}))
    assert [page.rows for page in pages] == [1, 0]
    assert [params.get("after_cursor") for _, params in host.asked] == [None, "n1"]


def test_a_markets_brief_has_its_tokens_and_its_life(venue):
    venue.markets = [market_row(1)]
    (page,) = clients_of(venue).gamma.by_conditions([condition(1)])
    (brief,) = market_briefs(page)
    assert brief.tokens == (token(1, 0), token(1, 1))
    assert (brief.opened_s, brief.closed_s, brief.settled) == (1_777_593_600, 1_781_049_600, True)


def test_a_market_of_another_shape_is_no_brief_and_harms_no_other():
    odd = [{"conditionId": 5}, {"clobTokenIds": "{"}, 7, {"conditionId": "0xB", "clobTokenIds": None}]
    (page,) = Gamma(Answers({"markets": odd})).markets({})
    assert [brief.condition for brief in market_briefs(page)] == ["0xb"]
    assert page.rows == 4


# The CLOB


def test_the_servers_time_is_a_number(venue):
    assert clients_of(venue).clob.time_s() == 1_780_000_000


def test_many_books_are_asked_for_in_groups():
    host = Answers([], [])
    list(PublicClob(host).books([str(n) for n in range(501)]))
    assert [len(body) for _, body in host.asked] == [500, 1]
    assert host.asked[0][1][0] == {"token_id": "0"}


def test_clob_markets_end_at_the_last_cursor():
    host = Answers({"data": [{}], "next_cursor": "MTAw"}, {"data": [{}, {}], "next_cursor": "LTE="})
    pages = list(PublicClob(host).markets("sampling-markets"))
    assert [page.rows for page in pages] == [1, 2]
    assert [params["next_cursor"] for _, params in host.asked] == ["MA==", "MTAw"]


def test_prices_come_in_stretches_that_neither_overlap_nor_leave_a_second_out():
    day = 86_400
    host = Answers(*[{"history": []}] * 3)
    clob, cursor, spans = PublicClob(host), "", []
    while True:
        page = clob.prices_page("1", 1_000, 1_000 + 30 * day, cursor)
        spans.append((page.params["startTs"], page.params["endTs"]))
        cursor = page.next
        if not cursor:
            break
    assert spans[0][0] == 1_000
    assert spans[-1][1] == 1_000 + 30 * day
    assert all(later[0] == earlier[1] + 1 for earlier, later in itertools.pairwise(spans))


def test_facts_of_one_token():
    host = Answers({"minimum_tick_size": "0.001"}, {"neg_risk": True}, {"condition_id": "0xAB"}, {"version": 2})
    clob = PublicClob(host)
    assert (clob.tick_size("1"), clob.neg_risk("1"), clob.market_of("1"), clob.version()) == ("0.001", True, "0xab", 2)


@pytest.mark.parametrize("ask", ["tick_size", "neg_risk", "market_of"])
def test_a_fact_that_the_venue_does_not_tell_is_an_error_and_no_default(ask):
    with pytest.raises(VenueError):
        getattr(PublicClob(Answers({})), ask)("1")


# The chain


def test_a_wallets_logs_come_with_the_times_of_their_blocks(venue):
    venue.logs = [filled_log(n, 10 + n) for n in range(3)]
    topic = "0x" + WALLET[2:].rjust(64, "0")
    (page,) = clients_of(venue).rpc.logs(["0xe1"], [None, None, topic], 1, 100)
    body = msgspec.json.decode(page.body)
    assert body["result"] == venue.logs
    assert body["timestamps"] == {hex(10 + n): FIRST_BLOCK_TS + 2 * (10 + n) for n in range(3)}
    assert (page.rows, page.first_s, len(page.hashes)) == (3, FIRST_BLOCK_TS + 20, 3)
    assert len(decode_logs(page.body).rows) == 3


def test_a_refused_span_is_halved_until_it_passes_and_covers_every_block(venue):
    venue.logs = [filled_log(n, 1 + n * 37) for n in range(20)]
    venue.span_limit = 100
    topic = "0x" + WALLET[2:].rjust(64, "0")
    rpc = clients_of(venue).rpc
    pages = list(rpc.logs(["0xe1"], [None, None, topic], 1, 900))
    logs = [log for page in pages for log in msgspec.json.decode(page.body)["result"]]
    assert logs == venue.logs
    assert 50 < rpc.span <= 100


def test_a_span_that_passes_is_doubled_and_a_refused_width_is_not_tried_again(venue):
    venue.span_limit, venue.newest_block = 3_000, 10**6
    rpc = clients_of(venue).rpc
    widths = [page.params["toBlock"] - page.params["fromBlock"] + 1 for page in rpc.logs(["0xe1"], [], 1, 50_000)]
    assert max(widths) <= 3_000
    refused = venue.asked("/rpc") - len(widths)
    assert refused <= 3
    venue.span_limit = 10**9
    wide = clients_of(venue).rpc
    assert len(list(wide.logs(["0xe1"], [], 1, 50_000_000))) < 110


def test_a_span_of_one_block_that_is_refused_is_told():
    refusal = {"id": 1, "error": {"code": -32005, "message": "query returned more than 10000 results"}}
    with pytest.raises(RpcError, match="more than 10000 results"):
        list(ChainRpc(Answers(refusal), span=1).logs(["0xe1"], [], 5, 5))


def test_a_node_that_is_asked_too_often_is_left_alone_for_a_while():
    busy = {"id": 1, "error": {"code": -32005, "message": "rate limit exceeded"}}
    host = Answers(busy, busy, {"id": 3, "result": "0x10"})
    assert ChainRpc(host).block_number() == 16
    assert host.pauses == [1.0, 2.0]


def test_a_node_that_is_busy_in_one_call_of_many_is_asked_again():
    busy = {"id": 2, "error": {"code": 429, "message": "Too many requests, compute units exceeded"}}
    fine = [{"id": n, "result": f"0x{n}"} for n in (1, 2)]
    host = Answers([fine[0], busy], fine)
    assert [bytes(raw) for raw in ChainRpc(host).calls("eth_call", [[], []])] == [b'"0x1"', b'"0x2"']
    assert host.pauses == [1.0]


def test_patience_with_a_busy_node_ends():
    busy = {"id": 1, "error": {"code": -32005, "message": "rate limit exceeded"}}
    host = Answers(*[busy] * 6)
    with pytest.raises(RpcError, match="rate limit exceeded"):
        ChainRpc(host).block_number()
    assert host.pauses == [1.0, 2.0, 4.0, 8.0, 16.0]


def test_the_block_at_a_time_is_the_first_one_not_before_it(venue):
    rpc = clients_of(venue).rpc
    assert rpc.block_at(FIRST_BLOCK_TS + 200) == 100
    assert rpc.block_at(FIRST_BLOCK_TS + 201) == 101
    assert rpc.block_at(FIRST_BLOCK_TS + 10**9) == venue.newest_block + 1
    assert rpc.block_at(1) == 1
    assert all(rpc.block_at(FIRST_BLOCK_TS + 2 * n) == n for n in (1, 2, 499, 998, 999, 1_000))


def test_a_receipt_that_is_not_there_is_none():
    assert ChainRpc(Answers({"id": 1, "result": None})).receipt("0x1") is None


def test_calls_in_one_request_are_told_apart_by_their_ids():
    host = Answers([{"id": 2, "result": "0x2"}, {"id": 1, "result": "0x1"}])
    assert [bytes(raw) for raw in ChainRpc(host).calls("eth_call", [[], []])] == [b'"0x1"', b'"0x2"']


@pytest.mark.parametrize("body", [7, "x", {"id": 1}, {"id": 1, "result": "0xzz"}])
def test_an_odd_node_is_an_error_of_the_venue(body):
    with pytest.raises(VenueError):
        ChainRpc(Answers(body)).block_number()


# Subgraphs


def test_a_subgraph_is_paged_by_the_last_id():
    rows = [{"id": f"0x{n}", "timestamp": str(FIRST_TS + n)} for n in range(2)]
    host = Answers({"data": {"splits": rows}})
    page = Subgraph(host).page("activity", "splits", "id timestamp", {"stakeholder": WALLET}, rows=2)
    assert (page.next, page.rows, page.first_s, page.last_s) == ("0x1", 2, FIRST_TS, FIRST_TS + 1)
    assert host.asked[0][0] == "/activity-subgraph/0.0.4/gn"
    assert f'stakeholder:"{WALLET}",id_gt:""' in host.asked[0][1]["query"]


def test_a_query_that_times_out_is_repeated_with_half_the_rows():
    late = {"errors": [{"message": "statement timeout"}]}
    host = Answers(late, late, {"data": {"splits": []}})
    Subgraph(host).page("activity", "splits", "id", {})
    assert [body["query"].split("first:")[1].split(",")[0] for _, body in host.asked] == ["1000", "500", "250"]


def test_another_error_of_a_subgraph_is_told():
    with pytest.raises(VenueError, match="no field named x"):
        Subgraph(Answers({"errors": [{"message": "no field named x"}]})).page("pnl", "userPositions", "x", {})


@pytest.mark.parametrize("value", ['a"b', "a b", "a}"])
def test_nothing_but_plain_words_gets_into_a_query(value):
    with pytest.raises(UsageError):
        query_text("splits", "id", {"user": value}, 10)


def test_a_refusal_of_a_host_does_not_touch_the_others(venue):
    venue.refusals = [("/gamma", Answer(404, b"{}"))]
    clients = clients_of(venue)
    with pytest.raises(VenueError):
        clients.gamma.markets_page({})
    assert clients.clob.time_s() > 0
