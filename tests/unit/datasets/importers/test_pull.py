"""Raw pages of a pull become a dataset: the venue's own samples, every row counted, sources reconciled."""

import json
from pathlib import Path

import msgspec
import pytest

from tests.unit.datasets.decode.test_data_api import TRADE
from whaletrader.datasets.importers.run import import_any, import_pull
from whaletrader.datasets.raw_pages import RawPage, encode_page, raw_file
from whaletrader.datasets.verify import verify
from whaletrader.domain.contract_ids import neg_risk_condition_id
from whaletrader.domain.event_topics import TOPICS, ChainEvent
from whaletrader.domain.values import NANOS, TapeRole
from whaletrader.domain.venue_contracts import VenueContract
from whaletrader.errors import SchemaError

SAMPLES = Path(__file__).parents[3] / "data" / "polymarket" / "samples"
WALLET = "0x" + "1a" * 20
CONDITION = "0x" + "c1" * 32
TOKENS = ("7" * 70, "8" * 70)
TX = "0x" + "f1" * 32
FETCHED = 1_800_000_000 * NANOS


def page(source, body, **params):
    return encode_page(
        RawPage(source=source, params=params, fetched_ts=FETCHED, body=msgspec.Raw(json.dumps(body).encode()))
    )


def pull(folder, **files):
    for kind, pages in files.items():
        path = raw_file(folder, kind, 1)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"".join(pages))
    return folder


def fill(**changes):
    row = {
        "proxy_wallet": WALLET, "timestamp": 1_790_000_000, "condition_id": CONDITION, "type": "TRADE", "size": 10.0,
        "usdc_size": 4.0, "transaction_hash": TX, "price": 0.4, "token_id": TOKENS[0], "side": "BUY",
        "outcome_index": 0, "title": "Will it?", "slug": "will-it", "event_slug": "it-event", "outcome": "Yes",
    }  # fmt: skip
    return row | changes


def market(**changes):
    row = {
        "conditionId": CONDITION, "clobTokenIds": json.dumps(TOKENS), "outcomes": '["Yes", "No"]', "version": "v1",
        "slug": "will-it", "question": "Will it?", "negRisk": False, "orderPriceMinTickSize": 0.01, "orderMinSize": 5,
        "startDate": "2026-09-01T00:00:00Z", "endDate": "2026-10-01T00:00:00Z", "closed": False,
        "outcomePrices": '["0.4", "0.6"]', "feesEnabled": True, "events": [{"slug": "it-event"}],
    }  # fmt: skip
    return row | changes


def log(index, side, given, received, *, maker=WALLET, taker=VenueContract.EXCHANGE.value, fee=0):
    words = (side, int(TOKENS[0]), given, received, fee, 0, 0)
    pad = "0x" + "0" * 24
    return {
        "address": VenueContract.EXCHANGE.value, "blockNumber": "0x55", "transactionHash": TX, "logIndex": hex(index),
        "topics": [TOPICS[ChainEvent.ORDER_FILLED], "0x" + "9" * 64, pad + maker[2:], pad + taker[2:]],
        "data": "0x" + "".join(f"{word:064x}" for word in words), "removed": False,
    }  # fmt: skip


def logs(*found):
    return {"result": list(found), "timestamps": {"0x55": 1_790_000_000}}


def api(*rows):
    return {"data": list(rows), "pagination": {"limit": 100, "offset": 0, "has_more": False, "next_cursor": None}}


def trades(report):
    return [row for row in report.dataset.table("trades").iter_rows(named=True) if row["dup_rank"] == 0]


def source(report, name):
    found = [entry for entry in report.dataset.manifest.sources if entry.name.startswith(name)]
    assert len(found) == 1, [entry.name for entry in report.dataset.manifest.sources]
    return found[0]


def test_the_venues_samples_become_a_dataset_that_verifies(tmp_path):
    names = ("data_v2_activity_20260908", "data_v2_trades_20260908", "data_v2_positions_20260908",
             "data_v2_resolutions", "gamma_market_20260924")  # fmt: skip
    sample = {name: json.loads((SAMPLES / f"{name}.json").read_text()) for name in names}
    report = import_any(
        pull(
            tmp_path / "pulled",
            trades=[
                page("data_v2.activity", sample["data_v2_activity_20260908"]),
                page("data_v2.trades", sample["data_v2_trades_20260908"], taker_only=True),
                page("data_v2.positions", sample["data_v2_positions_20260908"]),
            ],
            markets=[
                page("gamma.markets", {"markets": [sample["gamma_market_20260924"]], "next_cursor": None}),
                page("data_v2.resolutions", sample["data_v2_resolutions"]),
            ],
        ),
        tmp_path / "d",
    )
    assert all(check.ok for check in verify(report.dataset))
    for entry in report.dataset.manifest.sources:
        assert entry.rows_in == entry.rows_out + sum(entry.dropped.values()), entry
    fees = [row["fee_micro"] for row in trades(report)]
    assert 489_750 in fees
    resolved = report.dataset.table("markets").filter(
        condition_id="0x02507350fc2b81c3af36c659a805adbda9b0a81e63a27b29cb273cdd7dbc072e"
    )
    assert resolved["payout0_micro"].to_list() == [0]


def test_what_a_buyer_paid_above_the_price_is_his_fee_and_makes_him_the_taker(tmp_path):
    rows = [fill(usdc_size=4.0 + 0.0168), fill(side="SELL", transaction_hash="0x" + "f2" * 32)]
    report = import_any(pull(tmp_path / "p", trades=[page("data_v2.activity", api(*rows))]), tmp_path / "d")
    told = [(row["fee_micro"], row["role"]) for row in trades(report)]
    assert sorted(told, key=str) == sorted([(16_800, TapeRole.TAKER), (None, TapeRole.UNKNOWN)], key=str)


def test_a_listing_of_takers_tells_the_role_of_the_activitys_row(tmp_path):
    pages = [page("data_v2.activity", api(fill())), page("data_v2.trades", api(fill()), taker_only=True)]
    report = import_any(pull(tmp_path / "p", trades=pages), tmp_path / "d")
    assert report.dataset.table("trades").height == 2
    assert [row["role"] for row in trades(report)] == [TapeRole.TAKER]


def test_the_chains_fills_replace_the_averaged_row_of_the_data_api(tmp_path):
    chain = logs(log(4, 0, 1_200_000, 4_000_000), log(9, 0, 2_800_000, 6_000_000, taker="0x" + "2b" * 20))
    folder = pull(
        tmp_path / "p",
        trades=[page("data_v2.activity", api(fill()))],
        markets=[page("gamma.markets", {"markets": [market()], "next_cursor": None})],
        chain=[page("chain.logs", chain)],
    )
    report = import_any(folder, tmp_path / "d")
    told = [(row["price_micro"], row["size_micro"], row["role"]) for row in trades(report)]
    assert told == [(300_000, 4_000_000, TapeRole.TAKER), (466_667, 6_000_000, TapeRole.MAKER)]
    assert source(report, "trades:data_v2.activity").dropped == {"told_by_the_chain": 1}


def history(*rows, entity="orderFilledEvents", read_to=1_776_000_000):
    meta = {"block": {"number": 1, "timestamp": read_to}, "hasIndexingErrors": False}
    return page(f"subgraph.{entity}", {"data": {entity: list(rows), "_meta": meta}})


EARLY = 1_750_000_000
EVENT = "0x" + "ee" * 31 + "00"


def entity_fill(order="0x1", given="4000000", received="10000000", **changes):
    row = {
        "id": f"{TX}_{order}", "transactionHash": TX, "timestamp": str(EARLY), "orderHash": order, "maker": WALLET,
        "taker": VenueContract.EXCHANGE_V1.value, "makerAssetId": "0", "takerAssetId": TOKENS[0],
        "makerAmountFilled": given, "takerAmountFilled": received, "fee": "0",
    }  # fmt: skip
    return row | changes


def log_v1(index, given, received):
    pad = "0x" + "0" * 24
    words = (0, int(TOKENS[0]), given, received, 0)
    topics = [TOPICS[ChainEvent.V1_ORDER_FILLED], "0x" + "9" * 64, pad + WALLET[2:]]
    return {
        "address": VenueContract.EXCHANGE_V1.value, "blockNumber": "0x55", "transactionHash": TX,
        "logIndex": hex(index), "topics": [*topics, pad + VenueContract.EXCHANGE_V1.value[2:]],
        "data": "0x" + "".join(f"{word:064x}" for word in words), "removed": False,
    }  # fmt: skip


MARKETS = [page("gamma.markets", {"markets": [market()]})]


def test_fills_of_the_history_subgraph_replace_the_data_apis_average(tmp_path):
    told = [history(entity_fill("0x1"), entity_fill("0x2"), entity_fill("0x3", given="5000000"))]
    average = page("data_v2.activity", api(fill(size=30.0, price=0.43333, timestamp=EARLY)))
    report = import_pull(pull(tmp_path / "p", subgraph=told, trades=[average], markets=MARKETS), tmp_path / "d")
    rows = trades(report)
    assert [(row["size_micro"], row["price_micro"]) for row in rows] == [
        (10_000_000, 400_000), (10_000_000, 400_000), (10_000_000, 500_000),
    ]  # fmt: skip
    assert {row["role"] for row in rows} == {TapeRole.TAKER}
    assert source(report, "trades:data_v2").dropped == {"told_by_the_chain": 1}
    verify(report.dataset)


def test_the_chain_and_the_history_subgraph_tell_a_fill_once(tmp_path):
    told = {"result": [log_v1(4, 4_000_000, 10_000_000), log_v1(5, 4_000_000, 10_000_000)]}
    chain = page("chain.logs", told | {"timestamps": {"0x55": EARLY}})
    graph = history(entity_fill("0x1"), entity_fill("0x2"), entity_fill("0x3", given="5000000"))
    report = import_pull(pull(tmp_path / "p", chain=[chain], subgraph=[graph], markets=MARKETS), tmp_path / "d")
    assert sorted(row["price_micro"] for row in trades(report)) == [400_000, 400_000, 500_000]


def v1_row(**changes):
    row = {
        "proxyWallet": WALLET, "timestamp": EARLY, "conditionId": CONDITION, "type": "TRADE", "size": 20,
        "usdcSize": 9, "transactionHash": TX, "price": 0.45, "asset": TOKENS[0], "side": "BUY", "outcomeIndex": 0,
        "title": "Will it?", "slug": "will-it", "eventSlug": "it-event", "outcome": "Yes",
    }  # fmt: skip
    return row | changes


def test_an_average_of_the_first_version_gives_way_to_the_fills_of_the_second(tmp_path):
    second = [fill(timestamp=EARLY), fill(timestamp=EARLY, price=0.5, usdc_size=5.0)]
    other = v1_row(transactionHash="0x" + "e2" * 32)
    files = {
        "trades": [page("data_v2.activity", api(*second))],
        "trades-v1": [page("data_v1.activity", [v1_row(), other])],
    }
    report = import_pull(pull(tmp_path / "p", **files), tmp_path / "d")
    assert sorted(row["size_micro"] for row in trades(report)) == [10_000_000, 10_000_000, 20_000_000]
    assert source(report, "trades:data_v1").dropped == {"told_fill_by_fill": 1}


def changed(kind, **changes):
    row = {"type": kind, "price": 0.0, "token_id": "", "side": "", "outcome_index": 999, "outcome": ""}
    return fill(timestamp=EARLY, **row | changes)


def entity_change(owner="stakeholder", **changes):
    of = {} if "negRiskMarketId" in changes else {"condition": CONDITION}
    return {"id": f"{TX}_0x1f", "timestamp": str(EARLY), owner: WALLET} | of | changes


def test_changes_that_both_tell_count_once_and_those_of_the_subgraph_alone_are_kept(tmp_path):
    graph = [
        history(entity_change(amount="5000000"), entity_change(id="0x" + "e3" * 32 + "_0x2", amount="7000000"),
                entity="splits"),
        history(entity_change("redeemer", payout="3000000", indexSets=["1", "2"]), entity="redemptions"),
        history(entity_change(negRiskMarketId=EVENT, amount="2000000", indexSet="6", questionCount=3),
                entity="negRiskConversions"),
    ]  # fmt: skip
    rows = [
        changed("SPLIT", size=5.0, usdc_size=5.0),
        changed("REDEEM", size=10.0, usdc_size=3.0),
        changed("CONVERSION", size=2.0, usdc_size=0.0),
    ]
    told = [page("data_v2.activity", api(*rows))]
    report = import_pull(pull(tmp_path / "p", subgraph=graph, trades=told, markets=MARKETS), tmp_path / "d")
    found = report.dataset.table("activity").sort("kind", "size_micro")
    assert found.select("kind", "size_micro").rows() == [
        *[("CONVERSION", 2_000_000)] * 2, ("REDEEM", 10_000_000), ("SPLIT", 5_000_000), ("SPLIT", 7_000_000),
    ]  # fmt: skip
    names = report.dataset.table("markets")["condition_id"]
    converted = [names[row] for row in found.filter(kind="CONVERSION")["market"]]
    assert sorted(converted) == sorted(neg_risk_condition_id(EVENT, number) for number in (1, 2))
    dropped = [entry.dropped for entry in report.dataset.manifest.sources if entry.name.startswith("activity")]
    assert sum(one.get("told_by_another_source", 0) for one in dropped) == 3


def test_changes_of_the_subgraph_alone_are_whole_without_the_data_api(tmp_path):
    graph = [
        history(entity_change("redeemer", payout="3000000", indexSets=["1"]), entity="redemptions"),
        history(entity_change(negRiskMarketId=EVENT, amount="2000000", indexSet="6", questionCount=3),
                entity="negRiskConversions"),
    ]  # fmt: skip
    report = import_pull(pull(tmp_path / "p", subgraph=graph, markets=MARKETS), tmp_path / "d")
    assert sorted(report.dataset.table("activity")["kind"].to_list()) == ["CONVERSION", "CONVERSION", "REDEEM"]
    assert report.dataset.table("markets").height == 3


def test_positions_and_balances_of_the_subgraphs_are_snapshots_of_the_block_read_last(tmp_path):
    balance = {
        "id": "x", "user": WALLET, "balance": "5000000",
        "asset": {"id": TOKENS[0], "condition": {"id": CONDITION}, "complement": TOKENS[1], "outcomeIndex": "0"},
    }  # fmt: skip
    gained = {"id": "y", "user": WALLET, "tokenId": TOKENS[0], "amount": "5000000", "avgPrice": "400000",
              "realizedPnl": "-70", "totalBought": "9000000"}  # fmt: skip
    graph = [history(balance, entity="userBalances"), history(gained, entity="userPositions")]
    report = import_pull(pull(tmp_path / "p", subgraph=graph), tmp_path / "d")
    rows = report.dataset.table("positions").sort("source").to_dicts()
    assert [row["size_micro"] for row in rows] == [5_000_000] * 2
    assert {row["last_seen_ts"] for row in rows} == {1_776_000_000 * NANOS}
    assert {row["realized_pnl_micro"] for row in rows} == {None, -70}
    assert report.dataset.table("tokens").filter(outcome_index=0)["token_id"].to_list() == [TOKENS[0]]
    verify(report.dataset)


def test_trades_with_pools_are_fills_of_the_wallet_that_took(tmp_path):
    pooled = {
        "id": TX, "timestamp": "1620000000", "type": "Buy", "market": {"id": WALLET, "conditions": [CONDITION]},
        "user": WALLET, "tradeAmount": "10000000", "feeAmount": "200000", "outcomeIndex": "1",
        "outcomeTokensAmount": "19600000",
    }  # fmt: skip
    graph = [history(pooled, entity="fpmmTransactions")]
    report = import_pull(pull(tmp_path / "p", subgraph=graph, markets=MARKETS), tmp_path / "d")
    (row,) = trades(report)
    assert (row["price_micro"], row["size_micro"], row["fee_micro"]) == (500_000, 19_600_000, 200_000)
    assert (row["outcome_index"], row["role"]) == (1, TapeRole.TAKER)


@pytest.mark.parametrize(("seconds", "fee"), [(1_790_000_000, 7_000), (1_770_000_000, None)])
def test_a_fee_that_the_chain_tells_was_paid_but_for_those_of_the_first_exchanges(tmp_path, seconds, fee):
    told = logs(log(4, 0, 1_200_000, 4_000_000, fee=7_000)) | {"timestamps": {"0x55": seconds}}
    folder = pull(
        tmp_path / "p", markets=[page("gamma.markets", {"markets": [market()]})], chain=[page("chain.logs", told)]
    )
    assert [row["fee_micro"] for row in trades(import_any(folder, tmp_path / "d"))] == [fee]


def test_a_log_that_the_chain_took_back_or_that_has_no_time_is_no_fill(tmp_path):
    gone = log(1, 0, 400_000, 1_000_000) | {"removed": True}
    timeless = log(2, 0, 400_000, 1_000_000) | {"blockNumber": "0x99"}
    folder = pull(tmp_path / "p", chain=[page("chain.logs", logs(gone, timeless))])
    report = import_any(folder, tmp_path / "d")
    entry = source(report, "trades:chain.logs")
    assert entry.dropped == {"taken_back_by_the_chain": 1, "time_missing": 1}
    assert (entry.rows_in, entry.rows_out, report.dataset.table("rejects").height) == (2, 0, 2)


def test_a_closed_market_pays_and_a_resolution_tells_when(tmp_path):
    closed = market(
        closed=True, umaResolutionStatus="resolved", outcomePrices='["1", "0"]', closedTime="2026-09-20 12:00:00+00"
    )
    verdict = {"condition_id": CONDITION, "question_id": "0x" + "33" * 32, "status": "resolved", "price": "1",
               "transaction_hash": TX, "last_update_timestamp": "1790010000"}  # fmt: skip
    folder = pull(
        tmp_path / "p",
        trades=[page("data_v2.activity", api(fill(), fill(timestamp=1_790_100_000, side="SELL", price=0.99)))],
        markets=[page("gamma.markets", {"markets": [closed]}), page("data_v2.resolutions", api(verdict))],
    )
    found = import_any(folder, tmp_path / "d").dataset.table("markets").row(0, named=True)
    assert (found["resolved"], found["payout0_micro"]) == (True, 1_000_000)
    assert (found["resolved_ts"], found["resolved_ts_kind"]) == (1_790_010_000 * NANOS, "exact")
    assert (found["tick_micro"], found["min_order_micro"], found["event_group"]) == (10_000, 5_000_000, "it-event")


def test_a_market_of_version_two_is_known_by_its_position_ids(tmp_path):
    both = market(version="v2", positionIds=["11", "12"])
    folder = pull(tmp_path / "p", markets=[page("gamma.markets", {"markets": [both]})])
    assert import_any(folder, tmp_path / "d").dataset.table("tokens")["token_id"].to_list() == ["11", "12"]


def test_prices_and_splits_are_imported(tmp_path):
    split = fill(type="SPLIT", side="", price=0, usdc_size=10.0, token_id="", outcome_index=999)
    history = {
        "history": [{"t": 1_790_000_000, "p": 0.41}, {"t": 1_790_000_060, "p": 7.0}, {"t": 1_790_000_000, "p": 0.42}]
    }
    folder = pull(
        tmp_path / "p",
        trades=[page("data_v2.activity", api(split))],
        markets=[page("gamma.markets", {"markets": [market()]})],
        prices=[page("clob.prices_history", history, market=TOKENS[0])],
    )
    report = import_any(folder, tmp_path / "d")
    assert report.dataset.table("activity")["kind"].to_list() == ["SPLIT"]
    assert report.dataset.table("prices")["price_micro"].to_list() == [420_000]
    assert source(report, "prices:").dropped == {"price_or_time_impossible": 1, "told_by_a_later_answer": 1}


def test_what_the_pull_says_of_a_wallets_wholeness_counts(tmp_path):
    coverage = {"rows": [{"address": WALLET.upper().replace("0X", "0x"), "coverage": "complete", "since_s": 1}]}
    folder = pull(
        tmp_path / "p",
        trades=[page("data_v2.activity", api(fill(), fill(proxy_wallet="0x" + "2c" * 20)))],
        coverage=[page("pull.coverage", coverage)],
    )
    wallets = import_any(folder, tmp_path / "d").dataset.table("wallets")
    assert dict(wallets.select("address", "truncation_reason").rows()) == {
        WALLET: "",
        "0x" + "2c" * 20: "sample_source",
    }


@pytest.mark.parametrize(("since", "reason"), [(1_000, ""), (1_001, ""), (1_002, "gap")])
def test_nobody_is_whole_by_two_pulls_with_a_second_between_them(tmp_path, since, reason):
    for name, kind, period in (("a", "complete", (1, 1_000)), ("b", "bounded_window", (since, 2_000))):
        told = {"address": WALLET, "coverage": kind, "since_s": period[0], "until_s": period[1]}
        folder = pull(
            tmp_path / name,
            trades=[page("data_v2.activity", api(fill(transaction_hash="0x" + (name * 2) * 32)))],
            coverage=[page("pull.coverage", {"rows": [told]})],
        )
        report = import_any(folder, tmp_path / "d")
    assert report.dataset.table("wallets")["truncation_reason"].to_list() == [reason]


@pytest.mark.parametrize("stamp", [True, False])
def test_a_pull_that_is_stamped_makes_a_simulated_dataset_whatever_else_is_in_it(tmp_path, stamp):
    coverage = {"rows": [], "simulated": stamp}
    folder = pull(
        tmp_path / "p", trades=[page("data_v2.activity", api(fill()))], coverage=[page("pull.coverage", coverage)]
    )
    assert import_any(folder, tmp_path / "d").dataset.simulated == stamp
    real = pull(tmp_path / "r", trades=[page("data_v2.activity", api(fill(transaction_hash="0x" + "f3" * 32)))])
    assert import_any(real, tmp_path / "d").dataset.simulated == stamp


def test_combinations_are_left_out_and_counted(tmp_path):
    rows = api(fill(), fill(condition_id="0x" + "c" * 62, slug="", outcome=""))
    report = import_any(pull(tmp_path / "p", trades=[page("data_v2.activity", rows)]), tmp_path / "d")
    assert source(report, "trades:data_v2.activity").dropped == {"combination_trade": 1}


def test_a_file_that_grew_replaces_what_was_staged_of_it(tmp_path):
    first = page("data_v2.activity", api(fill()))
    folder = pull(tmp_path / "p", trades=[first])
    import_pull(folder, tmp_path / "d")
    raw_file(folder, "trades", 1).write_bytes(
        first + page("data_v2.activity", api(fill(transaction_hash="0x" + "f3" * 32)))
    )
    again = import_pull(folder, tmp_path / "d")
    assert (len(trades(again)), len(again.dataset.manifest.sources)) == (2, 1)
    assert import_pull(folder, tmp_path / "d").nothing_to_do


def test_two_pulls_of_one_dataset_stand_side_by_side(tmp_path):
    import_pull(pull(tmp_path / "p", trades=[page("data_v2.activity", api(fill()))]), tmp_path / "d")
    other = pull(tmp_path / "q", trades=[page("data_v2.activity", api(fill(proxy_wallet="0x" + "2c" * 20)))])
    assert len(trades(import_pull(other, tmp_path / "d"))) == 2


def test_a_listing_nobody_reads_is_named_in_the_manifest(tmp_path):
    folder = pull(tmp_path / "p", trades=[page("data_v2.activity", api(fill())), page("data_v2.holders", api())])
    named = [entry for entry in import_any(folder, tmp_path / "d").dataset.manifest.sources if entry.not_imported]
    assert [entry.name for entry in named] == ["data_v2.holders:trades-0001"]


def test_v2_answers_on_lines_or_whole_are_answers_of_the_data_api(tmp_path):
    (tmp_path / "lines.jsonl").write_text(
        "\n".join(json.dumps(api(fill(transaction_hash=f"0x{n:064x}"))) for n in (1, 2))
    )
    (tmp_path / "whole.json").write_text(json.dumps(api(fill(transaction_hash=f"0x{3:064x}", usdc_size=4.01))))
    (tmp_path / "old.json").write_text(json.dumps([TRADE]))
    counts = [
        len(trades(import_any(tmp_path / name, tmp_path / "d"))) for name in ("lines.jsonl", "whole.json", "old.json")
    ]
    assert counts == [2, 3, 4]


@pytest.mark.parametrize(
    "line",
    [b'{"source":"data_v2.activity"}\n', b'{"source":"x","params":{},"fetched_ts":1,"body":}\n'],
)
def test_a_line_that_is_no_page_is_named(tmp_path, line):
    folder = pull(tmp_path / "p", trades=[line])
    with pytest.raises(SchemaError, match="line 1 is no raw page"):
        import_any(folder, tmp_path / "d")


def test_a_page_of_another_shape_is_named(tmp_path):
    folder = pull(tmp_path / "p", trades=[page("data_v2.activity", 7)])
    with pytest.raises(SchemaError, match="no answer of the Data API"):
        import_any(folder, tmp_path / "d")
    folder = pull(tmp_path / "q", prices=[page("clob.prices_history", {"no": 1}, market="1")])
    with pytest.raises(SchemaError, match="without a history"):
        import_any(folder, tmp_path / "e")


def test_a_folder_without_pages_is_no_pull(tmp_path):
    with pytest.raises(SchemaError, match="no raw pages"):
        import_pull(tmp_path, tmp_path / "d")
