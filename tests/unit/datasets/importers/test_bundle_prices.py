"""Price histories, book captures and quotes of a bundle."""

import polars as pl
import pytest

from tests.unit.datasets.tiny import T0, cid, market_row, token, write_bundle
from whaletrader.datasets.importers.run import import_bundle
from whaletrader.datasets.schema import NO_ID
from whaletrader.domain.values import NANOS, TapeSide

DAILY = {
    "ts": T0,
    "token_id": token(1, 1),
    "condition_id": cid(1),
    "outcome_index": 1,
    "outcome_label": "No",
    "price": 0.25,
}
INTRADAY = {"ts": T0, "market_slug": "slug-1", "token_id": None, "price": 0.4, "source": "a/b", "condition_id": None}
LEVEL = {"ts_ms": 1_000, "asset_id": token(1, 0), "event_type": "book", "side": "bid", "price": 0.4, "size": 100.0}
QUOTE = {
    "ts_received": 1_000,
    "token_id": token(1, 0),
    "best_bid": 0.4,
    "best_bid_size": 10.0,
    "best_ask": 0.42,
    "best_ask_size": 20.0,
}


def dataset_of(tmp_path, file, rows, **types):
    folder = write_bundle(tmp_path / "bundle", [market_row(1)])
    (folder / "books").mkdir()
    pl.DataFrame(rows, schema_overrides=types).write_parquet(folder / file)
    return import_bundle(folder, tmp_path / "dataset").dataset


def daily(tmp_path, *changes):
    rows = [{**DAILY, **change} for change in changes]
    return dataset_of(tmp_path, "prices_daily.parquet", rows, outcome_index=pl.Int8, price=pl.Float32)


def intraday(tmp_path, *changes):
    rows = [{**INTRADAY, **change} for change in changes]
    return dataset_of(tmp_path, "prices_intraday.parquet", rows, token_id=pl.String, condition_id=pl.String)


def levels(tmp_path, *changes):
    return dataset_of(tmp_path, "books/mlb_l2.parquet", [{**LEVEL, **change} for change in changes])


def quotes(tmp_path, rows):
    return dataset_of(tmp_path, "books/crypto_bbo_1.parquet", rows)


def entry_of(dataset, table):
    return next(entry for entry in dataset.manifest.sources if entry.table == table)


def test_a_daily_price_belongs_to_its_token(tmp_path):
    assert daily(tmp_path, {}).table("prices").row(0) == (T0 * NANOS, 1, 250_000, 1)


def test_a_token_that_only_prices_know_has_no_market(tmp_path):
    dataset = daily(tmp_path, {"token_id": "5", "condition_id": None, "outcome_index": None})
    row = dataset.table("tokens").row(2, named=True)
    assert (row["token_id"], row["market"], row["outcome_index"]) == ("5", NO_ID, None)
    assert dataset.table("prices")["token"].to_list() == [2]


def test_prices_teach_tokens(tmp_path):
    dataset = daily(tmp_path, {"token_id": "777", "condition_id": cid(5)})
    found = dataset.table("tokens").filter(token_id="777").row(0, named=True)
    assert (found["outcome_index"], found["outcome"]) == (1, "No")
    assert dataset.table("markets")["condition_id"].to_list() == [cid(1), cid(5)]


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ({"price": -0.5}, "price_negative"),
        ({"price": 1.2}, "price_above_one"),
        ({"price": float("nan")}, "price_missing"),
        ({"ts": 0}, "time_missing"),
        ({"token_id": "None", "condition_id": None, "outcome_index": None}, "market_unknown"),
    ],
)
def test_a_bad_price_is_rejected(tmp_path, bad, reason):
    dataset = daily(tmp_path, {}, bad)
    assert dataset.table("prices").height == 1
    assert entry_of(dataset, "prices").dropped == {reason: 1}


def test_a_price_of_a_market_is_taken_for_outcome_0_and_doubted(tmp_path):
    dataset = intraday(tmp_path, {})
    assert dataset.table("prices")["token"].to_list() == [0]
    assert entry_of(dataset, "prices").doubted == {"token_taken_for_outcome_0": 1}


def test_an_unknown_slug_is_an_unknown_market(tmp_path):
    dataset = intraday(tmp_path, {}, {"market_slug": "other"})
    assert entry_of(dataset, "prices").dropped == {"market_unknown": 1}


def test_a_slug_that_two_markets_bear_names_neither(tmp_path):
    folder = write_bundle(tmp_path / "bundle", [market_row(1), market_row(2, slug="slug-1")])
    frame = pl.DataFrame([INTRADAY], schema_overrides={"token_id": pl.String, "condition_id": pl.String})
    frame.write_parquet(folder / "prices_intraday.parquet")
    assert not import_bundle(folder, tmp_path / "dataset").dataset.has("prices")


def test_an_assumed_time_zone_is_doubted(tmp_path):
    dataset = intraday(tmp_path, {"source": "jonawalb/Betting-On-War", "token_id": token(1, 0)})
    assert entry_of(dataset, "prices").doubted == {"time_zone_assumed_utc": 1}


def test_levels_keep_their_order_kind_and_side(tmp_path):
    changes = [{}, {"side": "SELL"}, {"event_type": "price_change", "side": "ask", "size": 0.0}, {"side": "BUY"}]
    table = levels(tmp_path, *changes).table("book_levels")
    assert table["seq"].to_list() == [0, 1, 2, 3]
    assert table["kind"].to_list() == [0, 0, 1, 0]
    assert table["side"].to_list() == [TapeSide.BUY, TapeSide.SELL, TapeSide.SELL, TapeSide.BUY]
    assert table["size_micro"].to_list() == [10**8, 10**8, 0, 10**8]


def test_a_bad_level_is_rejected(tmp_path):
    dataset = levels(tmp_path, {}, {"size": -1.0}, {"side": "middle"}, {"price": 1.5})
    assert entry_of(dataset, "book_levels").dropped == {"price_above_one": 1, "side_unknown": 1, "size_negative": 1}


def test_a_quote_keeps_both_sides(tmp_path):
    row = quotes(tmp_path, [QUOTE]).table("quotes").row(0, named=True)
    assert (row["bid_micro"], row["ask_micro"]) == (400_000, 420_000)
    assert (row["bid_size_micro"], row["ask_size_micro"]) == (10_000_000, 20_000_000)


def test_a_crossed_quote_is_rejected(tmp_path):
    dataset = quotes(tmp_path, [QUOTE, {**QUOTE, "best_bid": 0.5}])
    assert entry_of(dataset, "quotes").dropped == {"crossed": 1}


def test_a_capture_of_the_worst_prices_is_not_imported_and_says_why(tmp_path):
    worst = [{**QUOTE, "best_bid": 0.01, "best_ask": 0.99, "ts_received": ms} for ms in range(1, 1_102)]
    dataset = quotes(tmp_path, worst)
    assert not dataset.has("quotes")
    entry = entry_of(dataset, "quotes")
    assert (entry.rows_in, entry.rows_out) == (1_101, 0)
    assert "wrong end of the book" in entry.not_imported
