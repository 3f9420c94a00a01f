"""Public archives of the venue's history, by the columns that their own pages document."""

import json

import msgspec
import polars as pl
import pytest

from whaletrader.datasets.importers import archive_fills
from whaletrader.datasets.importers.archive_columns import ArchiveKind, kind_of_table, plain
from whaletrader.datasets.importers.run import import_any, import_archive
from whaletrader.datasets.raw_pages import RawPage, encode_page, raw_file
from whaletrader.datasets.verify import verify
from whaletrader.domain.contract_ids import token_id
from whaletrader.domain.values import NANOS, TapeRole, TapeSide
from whaletrader.domain.venue_contracts import VenueContract
from whaletrader.errors import SchemaError

ALICE, BOB = "0x" + "A1" * 20, "0x" + "B2" * 20
EXCHANGE = "0x4bFb41d5B3570DeFd03C39a9A4D8dE6Bd8B8982E"
CONDITION = "0x" + "c1" * 32
YES, NO = (token_id(CONDITION, outcome, neg_risk=False) for outcome in (0, 1))
START = 1_669_060_169
TX = "05a7f9b0b016d7e431b4e62b374870a91a8d863cc04d94edbb53d26a990b60a1"

MARKETS = {
    "createdAt": "2022-11-01T00:00:00Z", "id": "7", "question": "Will it?", "answer1": "Yes", "answer2": "No",
    "neg_risk": "False", "market_slug": "will-it", "token1": YES, "token2": NO, "condition_id": CONDITION,
    "volume": "9", "ticker": "it-event", "closedTime": "2022-12-01 10:00:00+00",
}  # fmt: skip
"""A row of poly_data's markets.csv in its first form."""
HUGGING_FACE = {
    "timestamp": START, "block_number": 35_896_869, "transaction_hash": TX, "log_index": 204,
    "contract": "CTF_EXCHANGE", "order_hash": "a7" * 32,
    "maker": ALICE, "taker": BOB, "maker_asset_id": "0", "taker_asset_id": YES,
    "maker_amount_filled": "50000000", "taker_amount_filled": "100000000", "fee": "0",
}  # fmt: skip
"""The first log of the venue's first exchange, in the columns of the archives on Hugging Face."""
POLY_DATA = {
    "timestamp": str(START), "maker": ALICE.lower(), "makerAssetId": "0", "makerAmountFilled": "50000000",
    "taker": BOB.lower(), "takerAssetId": YES, "takerAmountFilled": "100000000", "transactionHash": "0x" + TX,
}  # fmt: skip
NEW = {
    "timestamp": 1_777_443_996, "transaction_hash": "0x" + TX, "log_index": 1783, "contract": "CTF_EXCHANGE_V2",
    "order_hash": "0x" + "5c" * 32, "maker": ALICE, "taker": VenueContract.EXCHANGE.value, "side": 1, "token_id": NO,
    "maker_amount_filled": "10000000", "taker_amount_filled": "8000000", "fee": "115200",
    "builder": "0x" + "0" * 64, "metadata": "0x" + "0" * 64,
}  # fmt: skip
ALIGNED = {
    "asset_id": YES, "block_timestamp": START, "price": 0.5, "maker": ALICE, "taker": BOB, "taker_direction": "SELL",
    "usdc_amount": 50.0, "fee_usdc": 0.0, "condition_id": CONDITION, "outcome_seq": 1, "neg_risk": "f",
    "category": "US-current-affairs", "category_refined": "Sci-Tech", "outcome_label": "Yes",
    "winning_outcome_label": "Yes", "resolution_status": "resolved", "market_slug": "will-it", "p_event": 0.5, "D": -1,
}  # fmt: skip
WORKED_OUT = {
    "id": "137_35896869_204", "maker": ALICE, "taker": BOB, "block_timestamp": START, "maker_asset_id": "0",
    "taker_asset_id": YES, "maker_direction": "BUY", "taker_direction": "SELL", "token_asset_id": YES,
    "token_amount": 100.0, "usdc_amount": 50.0, "price": 0.5, "fee_usdc": 0.0,
}  # fmt: skip
"""The same log in the thirteen columns of TimeSeventeen's `OrderFilled`."""
WITH_MARKET = {
    "timestamp": START, "datetime": "2022-11-21 19:49:29", "block_number": 35_896_869, "transaction_hash": TX,
    "log_index": 204, "contract": "CTF_EXCHANGE", "market_id": "7", "condition_id": CONDITION, "maker": ALICE,
    "taker": BOB, "price": 0.5, "usd_amount": 50.0, "token_amount": 100.0, "maker_direction": "BUY",
    "taker_direction": "SELL", "nonusdc_side": "token1", "asset_id": YES,
}  # fmt: skip
"""And in those of SII-WANGZJ's `trades`."""
LABELLED = {
    "timestamp": "2022-11-21T19:49:29.000000", "market_id": "7", "maker": ALICE.lower(), "taker": BOB.lower(),
    "nonusdc_side": "token1", "maker_direction": "BUY", "taker_direction": "SELL", "price": "0.5",
    "usd_amount": "50.0", "token_amount": "100.0", "transactionHash": "0x" + TX,
}  # fmt: skip
"""And in those of poly_data's `processed/trades.csv`."""
OF_BLOCK = {
    "block_number": 35_896_869, "transaction_hash": "0x" + TX, "log_index": 204, "order_hash": "0x" + "a7" * 32,
    "maker": ALICE, "taker": BOB, "maker_asset_id": "0", "taker_asset_id": YES, "maker_amount": 50_000_000,
    "taker_amount": 100_000_000, "fee": 0, "_fetched_at": "2026-01-01", "_contract": "CTF Exchange",
}  # fmt: skip
"""And in those of prediction-market-analysis, whose logs know their block only."""
BLOCK = {"block_number": 35_896_869, "timestamp": "2022-11-21T19:49:29Z"}
SPLIT = {
    "id": "137_35896870_3", "stakeholder": ALICE, "collateral_token": "0x" + "27" * 20,
    "parent_collection_id": "0x" + "0" * 64, "condition_id": CONDITION, "partition": "1,2", "usdc_amount": 5.0,
}  # fmt: skip
AMM = {
    "id": "0x" + TX, "type": "Buy", "timestamp": "1625097600", "market": "0x" + "EE" * 20, "user": ALICE.lower(),
    "tradeAmount": "10000000", "feeAmount": "200000", "outcomeIndex": "1", "outcomeTokensAmount": "19600000",
}  # fmt: skip
POOL = {"id": "0x" + "ee" * 20, "conditions": f'["{CONDITION}"]', "collateralToken": "usdc", "fee": "20000000000000000"}


def parquet(folder, name, *rows):
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    pl.DataFrame(list(rows)).write_parquet(file)
    return folder


def csv(folder, name, *rows):
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    pl.DataFrame(list(rows)).write_csv(file)
    return folder


def fills(report):
    names = ("side", "role", "price_micro", "size_micro", "fee_micro")
    wallets = report.dataset.table("wallets")["address"]
    tokens = report.dataset.table("tokens")["token_id"]
    return [
        (wallets[row["wallet"]], tokens[row["token"]], *(row[name] for name in names))
        for row in report.dataset.table("trades").iter_rows(named=True)
        if row["dup_rank"] == 0
    ]


def source(report, begin):
    found = [entry for entry in report.dataset.manifest.sources if entry.name.startswith(begin)]
    assert len(found) == 1, [entry.name for entry in report.dataset.manifest.sources]
    return found[0]


BOUGHT = (ALICE.lower(), YES, TapeSide.BUY, TapeRole.MAKER, 500_000, 100_000_000)


@pytest.mark.parametrize(
    ("row", "kind"),
    [(HUGGING_FACE, ArchiveKind.FILLS_V1), (POLY_DATA, ArchiveKind.FILLS_V1), (NEW, ArchiveKind.FILLS_V2),
     (ALIGNED, ArchiveKind.ALIGNED),
     (WORKED_OUT, ArchiveKind.TAPE), (WITH_MARKET, ArchiveKind.TAPE), (LABELLED, ArchiveKind.NUMBERED),
     (OF_BLOCK, ArchiveKind.BLOCK_FILLS), (BLOCK, ArchiveKind.BLOCKS), (SPLIT, ArchiveKind.CHANGES),
     (MARKETS, ArchiveKind.MARKETS),
     (AMM, ArchiveKind.AMM), (POOL, ArchiveKind.POOLS),
     ({"conditionId": "", "payoutNumerators": ""}, ArchiveKind.PAYOUTS), ({"a": 1}, None)],
)  # fmt: skip
@pytest.mark.parametrize("write", [parquet, csv])
def test_a_table_is_known_by_its_columns(tmp_path, row, kind, write):
    name = "x.parquet" if write is parquet else "x.csv"
    assert kind_of_table(write(tmp_path, name, row) / name) is kind


def test_columns_are_compared_by_their_letters():
    assert plain("maker_Asset Id") == plain("makerAssetId") == "makerassetid"


def test_what_cannot_be_read_is_no_archive(tmp_path):
    (tmp_path / "x.parquet").write_bytes(b"PAR1 not at all")
    assert kind_of_table(tmp_path / "x.parquet") is None
    with pytest.raises(SchemaError, match="no fills of a public archive"):
        import_archive(tmp_path, tmp_path / "d")


def test_logs_of_hugging_face_are_fills_of_whose_order_it_was(tmp_path):
    sold = HUGGING_FACE | {"log_index": 206, "taker": EXCHANGE, "maker": BOB,
                           "maker_asset_id": YES, "taker_asset_id": "0",
                           "maker_amount_filled": "100000000", "taker_amount_filled": "50000000"}  # fmt: skip
    folder = parquet(csv(tmp_path / "a", "markets.csv", MARKETS), "OrderFilled/2022_11_21.parquet", HUGGING_FACE, sold)
    report = import_any(folder, tmp_path / "d")
    assert fills(report) == [
        (*BOUGHT, 0),
        (BOB.lower(), YES, TapeSide.SELL, TapeRole.TAKER, 500_000, 100_000_000, 0),
    ]
    assert report.dataset.table("trades")["ts"].unique().to_list() == [START * NANOS]
    assert report.dataset.table("transactions")["tx_hash"].to_list() == ["0x" + TX]
    assert all(check.ok for check in verify(report.dataset))


def test_logs_of_poly_data_are_read_from_text(tmp_path):
    folder = csv(csv(tmp_path / "a", "markets.csv", MARKETS), "goldsky/orderFilled.csv", POLY_DATA)
    assert fills(import_any(folder, tmp_path / "d")) == [(*BOUGHT, None)]


def test_logs_of_the_exchanges_in_force_tell_side_token_and_fee(tmp_path):
    folder = parquet(csv(tmp_path / "a", "markets.csv", MARKETS), "v2.parquet", NEW)
    assert fills(import_any(folder, tmp_path / "d")) == [
        (ALICE.lower(), NO, TapeSide.SELL, TapeRole.TAKER, 800_000, 10_000_000, 115_200)
    ]


def test_a_fee_of_the_first_exchanges_is_unknown_as_part_of_it_was_given_back(tmp_path):
    folder = parquet(csv(tmp_path / "a", "markets.csv", MARKETS), "v1.parquet", HUGGING_FACE | {"fee": "1000000"})
    assert fills(import_any(folder, tmp_path / "d")) == [(*BOUGHT, None)]


def test_equal_fills_of_several_logs_are_several_and_a_log_told_twice_is_one(tmp_path):
    again = HUGGING_FACE | {"log_index": 207}
    folder = parquet(csv(tmp_path / "a", "markets.csv", MARKETS), "v1.parquet", HUGGING_FACE, again, again)
    report = import_any(folder, tmp_path / "d")
    assert len(fills(report)) == 2
    assert sorted(report.dataset.table("trades")["dup_rank"].to_list()) == [0, 0, 1]


@pytest.mark.parametrize("lacking", [("transaction_hash",), ("transaction_hash", "block_number")])
def test_a_logs_index_alone_tells_no_log_from_those_of_other_transactions(tmp_path, lacking):
    first = {name: value for name, value in HUGGING_FACE.items() if name not in lacking}
    later = first | {"timestamp": START + 60} | ({"block_number": 35_896_899} if "block_number" in first else {})
    folder = parquet(csv(tmp_path / "a", "markets.csv", MARKETS), "v1.parquet", first, later, later)
    dataset = import_any(folder, tmp_path / "d").dataset
    told_twice = [0, 0, 1] if "block_number" in first else [0, 0, 0]
    assert dataset.table("trades")["dup_rank"].to_list() == told_twice


@pytest.mark.parametrize("ids", [(None, None), ("137_35896869_204", None), (7, 8)])
def test_worked_out_logs_without_an_id_are_no_copies_of_each_other(tmp_path, ids):
    rows = [WORKED_OUT | {"id": name, "block_timestamp": START + 60 * place} for place, name in enumerate(ids)]
    folder = parquet(csv(tmp_path / "a", "markets.csv", MARKETS), "v1.parquet", *rows)
    assert import_any(folder, tmp_path / "d").dataset.table("trades")["dup_rank"].to_list() == [0, 0]


def test_in_a_file_too_large_for_that_equal_fills_of_one_transaction_count_once(tmp_path, monkeypatch):
    monkeypatch.setattr(archive_fills, "_MOST_INDEXED_BYTES", 10)
    folder = csv(tmp_path / "a", "markets.csv", MARKETS)
    report = import_any(parquet(folder, "v1.parquet", HUGGING_FACE, HUGGING_FACE | {"log_index": 207}), tmp_path / "d")
    assert len(fills(report)) == 1
    assert source(report, "trades:orderfilled.archive").rows_out == 2


def test_two_archives_of_the_same_logs_tell_each_fill_once(tmp_path):
    folder = parquet(csv(tmp_path / "a", "markets.csv", MARKETS), "v1.parquet", HUGGING_FACE)
    assert len(fills(import_any(csv(folder, "orderFilled.csv", POLY_DATA), tmp_path / "d"))) == 1


def test_rows_that_cannot_be_used_are_kept_with_the_reason(tmp_path):
    bad = [
        HUGGING_FACE | {"maker": "nobody"}, HUGGING_FACE | {"taker_asset_id": "0"},
        HUGGING_FACE | {"taker_amount_filled": "0"}, HUGGING_FACE | {"maker_amount_filled": "500000000"},
        HUGGING_FACE | {"timestamp": 0}, HUGGING_FACE | {"taker_amount_filled": "9" * 30},
    ]  # fmt: skip
    bad = [row | {"log_index": 300 + place} for place, row in enumerate(bad)]
    folder = parquet(csv(tmp_path / "a", "markets.csv", MARKETS), "v1.parquet", HUGGING_FACE, *bad)
    report = import_any(folder, tmp_path / "d")
    entry = source(report, "trades:chain.archive:v1")
    assert entry.dropped == {"price_missing": 2, "price_above_one": 1, "side_unknown": 1, "time_missing": 1,
                             "wallet_missing": 1}  # fmt: skip
    assert (entry.rows_in, entry.rows_out) == (7, 1)
    rows = report.dataset.table("rejects")
    assert sorted(rows["source_row"].to_list()) == [1, 2, 3, 4, 5, 6]
    assert json.loads(rows.sort("source_row")["row"][0])["maker"] == "nobody"


def test_a_fill_of_an_unknown_market_is_dropped_and_counted(tmp_path):
    folder = parquet(
        csv(tmp_path / "a", "markets.csv", MARKETS), "v1.parquet", HUGGING_FACE | {"taker_asset_id": "123456789"}
    )
    report = import_any(folder, tmp_path / "d")
    assert source(report, "trades:chain").dropped == {"market_unknown": 1}
    assert fills(report) == []


def test_the_cleaned_form_tells_both_sides_and_says_what_is_doubtful(tmp_path):
    report = import_any(parquet(tmp_path / "a", "daily_aligned/2022_11_21.parquet", ALIGNED), tmp_path / "d")
    assert sorted(fills(report)) == sorted([
        (*BOUGHT, None),
        (BOB.lower(), YES, TapeSide.SELL, TapeRole.TAKER, 500_000, 100_000_000, 0),
    ])  # fmt: skip
    assert source(report, "trades:aligned").doubted == {"takers_side_of_a_mint_unknown": 1}
    market = report.dataset.table("markets").row(0, named=True)
    assert (market["slug"], market["payout0_micro"]) == ("will-it", 1_000_000)


def test_logs_with_prices_worked_out_belong_to_their_makers(tmp_path):
    own = WORKED_OUT | {"id": "137_35896869_205", "maker": BOB, "taker": EXCHANGE, "maker_direction": "SELL"}
    paid = WORKED_OUT | {"id": "137_35896869_206", "fee_usdc": 0.25}
    folder = csv(tmp_path / "a", "markets.csv", MARKETS)
    report = import_any(parquet(folder, "OrderFilled/2022_11.parquet", WORKED_OUT, own, paid, paid), tmp_path / "d")
    assert sorted(fills(report), key=str) == sorted([
        (*BOUGHT, 0),
        (BOB.lower(), YES, TapeSide.SELL, TapeRole.TAKER, 500_000, 100_000_000, 0),
        (*BOUGHT, None),  # part of the fee was given back; the log that stands there twice is one
    ], key=str)  # fmt: skip
    assert report.dataset.table("transactions").height == 0
    assert report.dataset.table("wallets")["truncation_reason"].to_list() == ["", "sells_exceed_buys"]
    assert all(check.ok for check in verify(report.dataset))


def test_a_fee_of_the_exchanges_in_force_that_was_worked_out_is_what_was_paid(tmp_path):
    late = WORKED_OUT | {"block_timestamp": 1_777_443_996, "fee_usdc": 0.25}
    folder = parquet(csv(tmp_path / "a", "markets.csv", MARKETS), "OrderFilled/2026_04_29.parquet", late)
    assert fills(import_any(folder, tmp_path / "d")) == [(*BOUGHT, 250_000)]


def test_trades_with_their_markets_are_read_by_their_tokens(tmp_path):
    folder = parquet(csv(tmp_path / "a", "markets.csv", MARKETS), "trades.parquet", WITH_MARKET)
    report = import_any(folder, tmp_path / "d")
    assert fills(report) == [(*BOUGHT, None)]
    assert report.dataset.table("transactions")["tx_hash"].to_list() == ["0x" + TX]


def test_trades_are_left_out_where_their_logs_lie_beside_them(tmp_path):
    folder = parquet(csv(tmp_path / "a", "markets.csv", MARKETS), "trades.parquet", WITH_MARKET)
    report = import_any(parquet(folder, "orderfilled_part1.parquet", HUGGING_FACE), tmp_path / "d")
    assert fills(report) == [(*BOUGHT, 0)]
    other = parquet(tmp_path / "b" / "one", "OrderFilled/x.parquet", WORKED_OUT)
    csv(other, "markets.csv", MARKETS)
    parquet(tmp_path / "b" / "two", "v2.parquet", NEW)  # another generation's logs, elsewhere
    assert len(fills(import_any(tmp_path / "b", tmp_path / "e"))) == 2


@pytest.mark.parametrize(("place", "token"), [("token1", YES), ("token2", NO)])
def test_trades_of_poly_data_name_their_market_by_gammas_number(tmp_path, place, token):
    folder = csv(tmp_path / "a", "data/markets.csv", MARKETS)
    report = import_any(csv(folder, "processed/trades.csv", LABELLED | {"nonusdc_side": place}), tmp_path / "d")
    assert fills(report) == [(ALICE.lower(), token, TapeSide.BUY, TapeRole.MAKER, 500_000, 100_000_000, None)]
    assert report.dataset.table("trades")["ts"].to_list() == [START * NANOS]


@pytest.mark.parametrize("change", [{"market_id": "8"}, {"market_id": ""}, {"nonusdc_side": "token3"}])
def test_a_trade_whose_market_or_token_nobody_names_is_dropped_and_counted(tmp_path, change):
    folder = csv(tmp_path / "a", "markets.csv", MARKETS)
    report = import_any(csv(folder, "processed/trades.csv", LABELLED, LABELLED | change), tmp_path / "d")
    assert len(fills(report)) == 1
    assert source(report, "trades:orderfilled").dropped == {"token_missing": 1}


def test_the_trades_of_poly_data_are_left_out_where_its_logs_are(tmp_path):
    folder = csv(csv(tmp_path / "a", "data/markets.csv", MARKETS), "data/orderFilled.csv", POLY_DATA)
    report = import_any(csv(folder, "processed/trades.csv", LABELLED), tmp_path / "d")
    assert fills(report) == [(*BOUGHT, None)]


def test_logs_that_name_their_block_get_its_time_from_the_table_of_blocks(tmp_path):
    sold = OF_BLOCK | {"log_index": 206, "block_number": 35_896_870, "taker": EXCHANGE, "maker": BOB,
                       "maker_asset_id": YES, "taker_asset_id": "0", "maker_amount": 100_000_000,
                       "taker_amount": 50_000_000}  # fmt: skip
    lost = OF_BLOCK | {"log_index": 207, "block_number": 35_896_999}
    folder = parquet(csv(tmp_path / "a", "markets.csv", MARKETS), "trades/trades_0.parquet", OF_BLOCK, sold, lost)
    later = [BLOCK | {"block_number": 35_896_870 + n, "timestamp": "2022-11-21T19:49:31Z"} for n in (0, 0, 5_000)]
    report = import_any(parquet(parquet(folder, "blocks/a.parquet", BLOCK), "blocks/b.parquet", *later), tmp_path / "d")
    assert fills(report) == [
        (*BOUGHT, 0),
        (BOB.lower(), YES, TapeSide.SELL, TapeRole.TAKER, 500_000, 100_000_000, 0),
    ]
    assert report.dataset.table("trades")["ts"].to_list() == [START * NANOS, (START + 2) * NANOS]
    assert source(report, "trades:chain.archive").dropped == {"time_missing": 1}
    why = {entry.not_imported for entry in report.dataset.manifest.sources if entry.not_imported}
    assert why == {"blocks tell the times of logs beside them and are no table"}


def test_without_a_table_of_blocks_such_logs_have_no_time(tmp_path):
    folder = parquet(csv(tmp_path / "a", "markets.csv", MARKETS), "trades_0.parquet", OF_BLOCK)
    report = import_any(folder, tmp_path / "d")
    assert fills(report) == []
    assert source(report, "trades:chain.archive").dropped == {"time_missing": 1}


def test_splits_without_times_are_named_with_the_reason(tmp_path):
    folder = parquet(csv(tmp_path / "a", "markets.csv", MARKETS), "OrderFilled/2022_11.parquet", WORKED_OUT)
    report = import_any(parquet(folder, "CTF/splits.parquet", SPLIT), tmp_path / "d")
    (why,) = [entry.not_imported for entry in report.dataset.manifest.sources if entry.not_imported]
    assert why.startswith("splits, merges and redemptions stand there without times")


def test_the_cleaned_form_is_left_out_where_the_logs_are(tmp_path):
    folder = parquet(csv(tmp_path / "a", "markets.csv", MARKETS), "v1.parquet", HUGGING_FACE)
    report = import_any(parquet(folder, "daily_aligned/x.parquet", ALIGNED), tmp_path / "d")
    assert len(fills(report)) == 1
    assert [entry.not_imported for entry in report.dataset.manifest.sources if entry.not_imported] == [
        "the same fills are in the logs beside it"
    ]


def test_gammas_fields_as_text_are_markets(tmp_path):
    gamma = {
        "id": "7", "conditionId": CONDITION, "question": "Will it?", "slug": "will-it",
        "clobTokenIds": f'["{YES}", "{NO}"]',
        "outcomes": '["Up", "Down\'s"]', "outcomePrices": '["0", "1"]', "closed": "True",
        "umaResolutionStatus": "resolved",
        "negRisk": "false", "orderPriceMinTickSize": "0.001", "orderMinSize": "5", "feesEnabled": "True",
        "closedTime": "2022-11-22 10:00:00+00", "events": '[{"id":"1","slug": "it-event"}]',
        "endDate": "2022-11-30T00:00:00Z",
    }  # fmt: skip
    folder = csv(csv(tmp_path / "a", "data/markets.csv", gamma), "data/orderFilled.csv", POLY_DATA)
    dataset = import_any(folder, tmp_path / "d").dataset
    market = dataset.table("markets").row(0, named=True)
    assert (market["payout0_micro"], market["tick_micro"], market["event_group"]) == (0, 1_000, "it-event")
    assert market["resolved_ts_kind"] == "closed"
    assert dataset.table("tokens")["outcome"].to_list() == ["Up", "Down's"]


def test_a_market_that_is_closed_without_final_prices_is_not_resolved(tmp_path):
    open_ = MARKETS | {"closed": "true", "outcomePrices": "['0.4', '0.6']"}
    folder = csv(csv(tmp_path / "a", "markets.csv", open_), "orderFilled.csv", POLY_DATA)
    assert import_any(folder, tmp_path / "d").dataset.table("markets")["resolved"].to_list() == [False]


@pytest.mark.parametrize("numerators", ["[1, 0]", "1,0", "['1','0']"])
def test_payouts_of_the_chain_resolve_a_market(tmp_path, numerators):
    paid = {"block_timestamp": START + 80_000, "condition_id": CONDITION, "payout_numerators": numerators}
    folder = csv(csv(tmp_path / "a", "markets.csv", MARKETS), "orderFilled.csv", POLY_DATA)
    market = import_any(csv(folder, "CTF/resolutions.csv", paid), tmp_path / "d").dataset.table("markets")
    assert market["payout0_micro"].to_list() == [1_000_000]
    assert market["resolved_ts"].to_list() == [(START + 80_000) * NANOS]


def test_payouts_may_be_lists(tmp_path):
    paid = {"block_timestamp": START, "condition_id": CONDITION, "payout_numerators": [1, 1]}
    folder = csv(csv(tmp_path / "a", "markets.csv", MARKETS), "orderFilled.csv", POLY_DATA)
    dataset = import_any(parquet(folder, "CTF/resolutions.parquet", paid), tmp_path / "d").dataset
    assert dataset.table("markets")["payout0_micro"].to_list() == [500_000]


@pytest.mark.parametrize(
    ("change", "price"),
    [({}, 500_000), ({"type": "Sell", "tradeAmount": "9600000"}, 500_000), ({"feeAmount": "0"}, 510_204)],
)
def test_trades_of_the_amm_era_are_takers_fills_without_the_pools_fee(tmp_path, change, price):
    folder = csv(csv(tmp_path / "a", "fpmm/trades.csv", AMM | change), "fpmm/pools.csv", POOL)
    report = import_any(csv(folder, "markets.csv", MARKETS), tmp_path / "d")
    side = TapeSide.SELL if change.get("type") == "Sell" else TapeSide.BUY
    fee = int(change.get("feeAmount", 200_000))
    assert fills(report) == [(ALICE.lower(), NO, side, TapeRole.TAKER, price, 19_600_000, fee)]


def test_a_pool_may_be_named_inside_or_by_gamma_and_an_unknown_one_is_counted(tmp_path):
    inside = AMM | {"market": {"id": "0x" + "ee" * 20}}
    strange = AMM | {"market": {"id": "0x" + "dd" * 20}}
    gamma = {"conditionId": CONDITION, "clobTokenIds": f'["{YES}", "{NO}"]', "marketMakerAddress": "0x" + "Ee" * 20}
    folder = parquet(csv(tmp_path / "a", "markets.csv", gamma), "trades.parquet", inside, strange)
    report = import_any(folder, tmp_path / "d")
    assert len(fills(report)) == 1
    assert source(report, "trades:amm").dropped == {"pool_unknown": 1}


def test_a_single_table_is_an_archive_too_and_nothing_is_read_twice(tmp_path):
    file = parquet(tmp_path / "a", "daily.parquet", ALIGNED) / "daily.parquet"
    assert len(fills(import_any(file, tmp_path / "d"))) == 2
    assert import_any(file, tmp_path / "d").nothing_to_do


def test_wallets_are_whole_where_the_logs_begin_with_the_venue_and_lack_no_day(tmp_path):
    days = [HUGGING_FACE | {"timestamp": START + day * 86_400, "log_index": day} for day in range(3)]
    markets = csv(tmp_path / "a", "markets.csv", MARKETS)
    whole = import_any(parquet(markets, "v1.parquet", *days), tmp_path / "d").dataset.table("wallets")
    assert whole["truncated"].to_list() == [False]
    gap = import_any(parquet(markets, "v1.parquet", days[0], days[2]), tmp_path / "e").dataset.table("wallets")
    assert gap["truncation_reason"].to_list() == ["bounded_window"]


@pytest.mark.parametrize(
    ("more", "reason"),
    [({}, "sample_source"), ({"contract": "CTF_EXCHANGE"}, "bounded_window")],
)
def test_logs_in_the_first_exchanges_columns_that_go_on_after_them_are_of_one_exchange_only(tmp_path, more, reason):
    late = POLY_DATA | {"timestamp": "1777443996", "transactionHash": "0x" + "e2" * 32} | more
    markets = csv(tmp_path / "a", "markets.csv", MARKETS)
    report = import_any(csv(markets, "orderFilled.csv", POLY_DATA | more, late), tmp_path / "d")
    assert report.dataset.table("wallets")["truncation_reason"].to_list() == [reason]
    assert len(fills(report)) == 2


def test_nobody_is_whole_by_logs_that_go_on_in_another_file_of_one_exchange_only(tmp_path):
    late = POLY_DATA | {"timestamp": "1777443996", "transactionHash": "0x" + "e2" * 32, "maker": BOB, "taker": ALICE}
    folder = csv(csv(tmp_path / "a", "markets.csv", MARKETS), "old/orderFilled.csv", POLY_DATA)
    assert import_any(folder, tmp_path / "d").dataset.table("wallets")["truncation_reason"].to_list() == [""]
    wallets = import_any(csv(folder, "new/orderFilled.csv", late), tmp_path / "e").dataset.table("wallets")
    assert wallets["truncation_reason"].to_list() == ["sample_source", "sample_source"]


@pytest.mark.parametrize(("since", "reason"), [(START - 9, ""), (START + 60, "gap")])
def test_a_pull_behind_an_archive_leaves_no_hole_or_tells_it(tmp_path, since, reason):
    folder = csv(csv(tmp_path / "a", "markets.csv", MARKETS), "orderFilled.csv", POLY_DATA)
    told = {"address": ALICE.lower(), "coverage": "bounded_window", "since_s": since, "until_s": START + 900}
    body = msgspec.Raw(msgspec.json.encode({"rows": [told]}))
    page = RawPage(source="pull.coverage", params={}, fetched_ts=START * NANOS, body=body)
    place = raw_file(tmp_path / "p", "coverage", 1)
    place.parent.mkdir(parents=True)
    place.write_bytes(encode_page(page))
    import_any(folder, tmp_path / "d")
    wallets = import_any(tmp_path / "p", tmp_path / "d").dataset.table("wallets")
    assert wallets["truncation_reason"].to_list() == [reason]


def test_a_table_nobody_knows_is_named(tmp_path):
    folder = csv(csv(tmp_path / "a", "markets.csv", MARKETS), "orderFilled.csv", POLY_DATA)
    report = import_any(csv(folder, "notes.csv", {"a": 1}), tmp_path / "d")
    assert [entry.file for entry in report.dataset.manifest.sources if entry.not_imported] == ["notes.csv"]
