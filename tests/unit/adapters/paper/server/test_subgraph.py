"""The history subgraphs' face: what the public record holds, in the first exchanges' words, page by page."""

import json
from collections import Counter

import pytest

from tests.support import venue_record as world
from whaletrader.adapters.paper.server import types
from whaletrader.adapters.paper.server.edge import Request
from whaletrader.adapters.paper.server.record import Move
from whaletrader.adapters.paper.server.subgraph import MOST_ROWS, SubgraphFace
from whaletrader.adapters.polymarket.http import Reply
from whaletrader.adapters.polymarket.pages import walk
from whaletrader.adapters.polymarket.subgraph import NAMES, WALLET_LISTINGS, Subgraph
from whaletrader.app.pull.plan import SUBGRAPH_LISTINGS
from whaletrader.datasets.decode.subgraph import decode_subgraph
from whaletrader.domain.values import MICRO, NANOS
from whaletrader.domain.venue_contracts import VenueContract

LATER = world.START + 300 * NANOS
TX = f"0x{1:064x}"


def move(kind, number=9, wallet=world.TAKER, **more):
    told = {
        "kind": kind,
        "wallet": wallet,
        "market_id": world.MARKET,
        "size_micro": 4_000_000,
        "usd_micro": 3_000_000,
        "ts": world.START + number * NANOS,
        "indexed_ts": world.START + number * NANOS,
        "tx_hash": f"0x{number:064x}",
        "block": world.FIRST_BLOCK + number,
        "log_index": 26,
    }
    return Move(**(told | more))


@pytest.fixture
def recorder():
    return world.three_wallets()


@pytest.fixture
def face(recorder):
    return SubgraphFace(recorder.record, lambda: LATER)


class Host:
    """Our own client's way to the face, without sockets."""

    def __init__(self, face):
        self.face, self.asked = face, 0

    def send(self, method, path, body, *, idempotent):
        assert idempotent
        self.asked += 1
        answer = self.face.router(Request(method, path, body=body))
        assert answer.status == 200
        return Reply(200, {}, answer.body)


def ask(face, name, query, variables=None):
    body = json.dumps({"query": query, "variables": variables or {}}).encode()
    return json.loads(face.router(Request("POST", f"/{NAMES[name]}/gn", body=body)).body)


def of_wallet(face, entity, wallet, since=1, until=9_999_999_999):
    """What our own client hears of a wallet, decoded as a pull's pages are."""
    client = Subgraph(Host(face))
    pages = list(walk(lambda cursor: client.wallet_page(entity, wallet, since, until, cursor)))
    decoded = [decode_subgraph(page.body) for page in pages]
    assert not [reject for one in decoded for reject in one.rejects]
    return pages, [row for one in decoded for row in one.rows]


def test_a_wallets_fills_are_its_own_orders_and_the_exchange_stands_for_a_takers_counterparty(face):
    _, (took,) = of_wallet(face, "orderFilledEvents", world.TAKER)
    assert (took.side, took.role, took.size_micro, took.price_micro) == ("BUY", "taker", 15_000_000, 603_333)
    assert (took.tx_hash, took.token_id, took.ts_event) == (TX, world.YES, world.START)
    assert abs(took.fee_micro - 90_000) <= 1
    _, (made,) = of_wallet(face, "orderFilledEvents", world.SECOND_MAKER.upper().replace("0X", "0x"))
    assert (made.side, made.role, made.token_id, made.size_micro) == ("BUY", "maker", world.NO, 5_000_000)
    answer = ask(face, "orderbook", "{orderFilledEvents(orderBy:timestamp){id maker taker fee}}")
    takers = {row["maker"]: row["taker"] for row in answer["data"]["orderFilledEvents"]}
    assert takers == {
        world.TAKER: VenueContract.NEG_RISK_EXCHANGE_V1.value,
        world.MAKER: world.TAKER,
        world.SECOND_MAKER: world.TAKER,
    }


def test_the_documented_queries_are_answered(face):
    fills = """query($last:ID!,$w:String!){ orderFilledEvents(first:1000,orderBy:id,orderDirection:asc,
      where:{id_gt:$last,maker:$w}){id timestamp transactionHash maker taker makerAssetId takerAssetId
      makerAmountFilled takerAmountFilled fee} }"""
    (fill,) = ask(face, "orderbook", fills, {"last": "", "w": world.MAKER})["data"]["orderFilledEvents"]
    assert (fill["makerAssetId"], fill["takerAssetId"]) == (world.YES, "0")
    assert (fill["makerAmountFilled"], fill["takerAmountFilled"], fill["fee"]) == ("10000000", "6000000", "0")
    positions = """query($last:ID!,$w:String!){ userPositions(first:1000,orderBy:id,where:{id_gt:$last,user:$w})
      {id tokenId amount avgPrice realizedPnl totalBought} }"""
    (held,) = ask(face, "pnl", positions, {"last": "", "w": world.TAKER})["data"]["userPositions"]
    assert held == {
        "id": f"{world.TAKER}-{world.YES}", "tokenId": world.YES, "amount": "15000000", "avgPrice": "603333",
        "realizedPnl": "0", "totalBought": "15000000",
    }  # fmt: skip
    balances = """{ userBalances(first:1000,where:{user:"%s",balance_gt:"0"})
      { user asset{id condition{id} complement outcomeIndex} balance } }"""
    (owned,) = ask(face, "positions", balances % world.TAKER)["data"]["userBalances"]
    asset = {"id": world.YES, "condition": {"id": world.MARKET}, "complement": world.NO, "outcomeIndex": "0"}
    assert owned == {"user": world.TAKER, "asset": asset, "balance": "15000000"}


def test_matches_tokens_and_payouts_are_told(face, recorder):
    matched = ask(face, "orderbook", "{ordersMatchedEvents{id makerAssetID takerAmountFilled}}")
    assert matched["data"]["ordersMatchedEvents"] == [{"id": TX, "makerAssetID": "0", "takerAmountFilled": "15000000"}]
    tokens = ask(face, "orderbook", "{marketDatas(orderBy:outcomeIndex){id condition}}")["data"]["marketDatas"]
    assert [row["id"] for row in tokens] == [world.YES, world.NO]
    query = "{conditions{id payoutNumerators payoutDenominator}}"
    assert ask(face, "pnl", query)["data"]["conditions"][0]["payoutDenominator"] == "0"
    recorder.on_event(types.MarketResolved(ts=LATER, market=world.market(), payouts_micro=(MICRO, 0)))
    (paid,) = ask(face, "pnl", query)["data"]["conditions"]
    assert (paid["payoutNumerators"], paid["payoutDenominator"]) == (["1000000", "0"], "1000000")


def test_changes_without_a_trade_come_under_their_own_names(face, recorder):
    for number, kind in enumerate(("SPLIT", "MERGE", "REDEEM", "CONVERSION"), 11):
        recorder.record.add_move(move(kind, number, given_ids=(world.MARKET,) if kind == "CONVERSION" else ()))
    entities = ("splits", "merges", "redemptions", "negRiskConversions")
    (split,), (merge,), (redeemed,), (converted,) = (of_wallet(face, one, world.TAKER)[1] for one in entities)
    assert (split.kind, split.amount_micro, split.log_index, split.market_id) == ("SPLIT", 4_000_000, 26, world.MARKET)
    assert (merge.kind, merge.tx_hash, merge.ts_event) == ("MERGE", f"0x{12:064x}", world.START + 12 * NANOS)
    assert (redeemed.kind, redeemed.amount_micro, redeemed.index_sets) == ("REDEEM", 3_000_000, (1, 2))
    assert (converted.kind, converted.market_id, converted.index_sets) == (
        "CONVERSION", world.market().neg_risk_market_id, (1,),
    )  # fmt: skip
    assert of_wallet(face, "splits", world.MAKER)[1] == []
    everybody = ask(face, "activity", "{splits{id stakeholder}}")["data"]["splits"]
    assert everybody == [{"id": f"0x{11:064x}_0x1a", "stakeholder": world.TAKER}]


def test_a_wallets_listing_is_walked_by_ids_without_losing_or_doubling_a_row(face, recorder):
    for number in range(2_345):
        recorder.record.add_move(move("SPLIT", 20 + number))
    pages, rows = of_wallet(face, "splits", world.TAKER, until=world.START // NANOS + 10**6)
    assert sum(page.rows for page in pages) == len(rows)
    known = {number for number in range(20, 2_365) if world.START + number * NANOS <= LATER}
    assert Counter(int(row.tx_hash, 16) for row in rows) == Counter(known)


def test_a_page_holds_a_thousand_rows_and_the_next_begins_behind_its_last(recorder):
    face = SubgraphFace(recorder.record, lambda: LATER + 9_000 * NANOS)
    for number in range(2_345):
        recorder.record.add_move(move("SPLIT", 20 + number))
    pages, rows = of_wallet(face, "splits", world.TAKER)
    assert [page.rows for page in pages] == [1_000, 1_000, 345]
    assert len({row.tx_hash for row in rows}) == 2_345


def test_a_period_takes_both_its_ends_and_snapshots_have_none(face, recorder):
    for number in (11, 12, 13, 14):
        recorder.record.add_move(move("SPLIT", number))
    start = world.START // NANOS
    _, rows = of_wallet(face, "splits", world.TAKER, start + 12, start + 13)
    assert [row.ts_event for row in rows] == [world.START + 12 * NANOS, world.START + 13 * NANOS]
    assert len(of_wallet(face, "userBalances", world.TAKER, start - 9, start - 8)[1]) == 2


def test_what_the_index_does_not_know_yet_is_not_told(recorder):
    recorder.record.add_move(move("SPLIT", 400))
    assert of_wallet(SubgraphFace(recorder.record, lambda: LATER), "splits", world.TAKER)[1] == []
    assert len(of_wallet(SubgraphFace(recorder.record, lambda: LATER + 200 * NANOS), "splits", world.TAKER)[1]) == 1


def test_the_block_read_last_is_told_beside_the_rows(face):
    answer = ask(face, "pnl", "{_meta{block{number timestamp} hasIndexingErrors}}")
    assert answer["data"]["_meta"] == {
        "block": {"number": world.FIRST_BLOCK, "timestamp": world.START // NANOS}, "hasIndexingErrors": False,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("query", "words"),
    [
        (f"{{splits(first:{MOST_ROWS + 1}){{id}}}}", "`first` argument must be between 0 and 1000, but is 1001"),
        ("{splits(skip:5001){id}}", "`skip` argument must be between 0 and 5000"),
        ("{splits(first:true){id}}", "`first` argument"),
        ("{balances{id}}", "Type `Query` has no field `balances`"),
        ("{splits{id colour}}", "Type `splits` has no field `colour`"),
        ("{splits(where:{colour:1}){id}}", "no field `colour`"),
        ("{splits(orderBy:colour){id}}", "no field `colour`"),
        ("{splits(where:7){id}}", "argument `where`"),
        ("{splits}", "must have a selection"),
        ("{splits{id}", "Unexpected `end of input`"),
    ],
)
def test_what_cannot_be_answered_is_an_error_in_words_with_status_200(face, recorder, query, words):
    recorder.record.add_move(move("SPLIT", 11))
    answer = ask(face, "activity", query)
    assert "data" not in answer
    assert words in answer["errors"][0]["message"]


def test_a_body_that_is_no_question_is_an_error_too(face):
    for body in (b"", b"7", b'{"query":7}', b"{}"):
        answer = face.router(Request("POST", f"/{NAMES['pnl']}/gn", body=body))
        assert (answer.status, b"errors" in answer.body) == (200, True)


@pytest.mark.parametrize("path", ["/", "/nobody-subgraph/1/gn", "/pnl-subgraph/0.0.14", "/pnl-subgraph/"])
def test_a_subgraph_that_nobody_has_is_not_found(face, path):
    assert face.router(Request("POST", path, body=b'{"query":"{a{id}}"}')).status == 404


def test_filters_compare_numbers_by_size_and_ids_by_letters(face, recorder):
    for number, size in ((11, 9), (12, 100), (13, 1_000)):
        recorder.record.add_move(move("SPLIT", number, size_micro=size))

    def sizes(where):
        answer = ask(face, "activity", f"{{splits(where:{{{where}}}){{amount}}}}")
        return [int(row["amount"]) for row in answer["data"]["splits"]]

    assert sizes('amount_gt:"9"') == [100, 1_000]
    assert sizes('amount_lte:"100"') == [9, 100]
    assert sizes('amount_in:["9","1000"]') == [9, 1_000]
    assert sizes('amount_not_in:["9","1000"], amount_not:"5"') == [100]
    assert sizes(f'id_lt:"0x{12:064x}"') == [9]
    assert sizes('amount_gte:"100", amount_lt:"1000"') == [100]
    newest = ask(face, "activity", "{splits(first:1, skip:1, orderBy:amount, orderDirection:desc){amount}}")
    assert newest["data"]["splits"] == [{"amount": "100"}]


def test_every_entity_that_a_pull_asks_for_is_served(face):
    told = {entity: len(of_wallet(face, entity, world.TAKER)[1]) for entity in WALLET_LISTINGS}
    assert told == dict.fromkeys(WALLET_LISTINGS, 0) | {"orderFilledEvents": 1, "userPositions": 1, "userBalances": 1}


def test_every_entity_that_a_pull_plans_has_its_listing():
    assert {f"subgraph.{entity}" for entity in WALLET_LISTINGS} == set(SUBGRAPH_LISTINGS)
