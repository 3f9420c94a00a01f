"""The real bundle, imported: the figures that its README states come out of our own tables.

Prices are kept in micro-units, so the few source prices just above an edge of a bin (0.3000000001) lie on it; those
checks read the bin from the source's own price and everything else from our tables.
"""

import time

import polars as pl
import pytest

from whaletrader.datasets.facts import BIN_EDGES, decided_buys, first_buys, implied_fee_rates, price_bins
from whaletrader.datasets.importers.run import import_bundle
from whaletrader.datasets.schema import NO_ID
from whaletrader.datasets.verify import verify
from whaletrader.domain.values import NANOS

APRIL = 1_775_001_600 * NANOS
ALL_BUYS = [
    (0.017, 0.023), (0.077, 0.069), (0.150, 0.155), (0.256, 0.274), (0.353, 0.405), (0.457, 0.477),
    (0.554, 0.584), (0.653, 0.646), (0.754, 0.764), (0.859, 0.820), (0.928, 0.949), (0.988, 0.992),
]  # fmt: skip
FIRST_BUYS = {
    0.2: (0.256, 0.273),
    0.4: (0.458, 0.444),
    0.5: (0.551, 0.542),
    0.6: (0.654, 0.599),
    0.7: (0.754, 0.723),
    0.8: (0.858, 0.816),
}


@pytest.fixture(scope="module")
def report(bundle, tmp_path_factory):
    begin = time.process_time()
    found = import_bundle(bundle, tmp_path_factory.mktemp("bundle") / "d")
    assert time.process_time() - begin < 50  # of processor time: half a minute on two cores
    return found


@pytest.fixture(scope="module")
def dataset(report):
    return report.dataset


@pytest.fixture(scope="module")
def told(dataset):
    """Decided buys whose outcome the source itself tells, as the README counts them."""
    mended = dataset.table("mended")
    trades = dataset.table("trades").join(mended, on=["source", "source_row"], how="anti", maintain_order="left")
    return decided_buys(trades, dataset.table("markets"))


@pytest.fixture(scope="module")
def with_source_price(told, bundle):
    raw = pl.read_parquet(bundle / "trades.parquet", columns=["price"]).with_row_index("source_row")
    prices = raw.with_columns(pl.col("source_row").cast(pl.Int64))
    return told.drop("price").join(prices, on="source_row", maintain_order="left")


def test_all_decided_buys_are_there(told):
    assert told.height == 124_278
    assert told.filter(pl.col("dup_rank") == 0).height == 119_318
    assert first_buys(told).height == 44_842


def test_mending_adds_buys_and_says_which(dataset, told):
    every = decided_buys(dataset.table("trades"), dataset.table("markets"))
    assert every.height - told.height == 42
    polled = 1_763  # signals whose source names outcomes by label only
    assert dataset.table("mended").height == 73 + 10 + polled


def test_what_buyers_paid_and_what_it_was_worth(with_source_price):
    bins = price_bins(with_source_price)
    assert bins["low"].to_list() == list(BIN_EDGES[:-1])
    for (price, won), row in zip(ALL_BUYS, bins.iter_rows(named=True), strict=True):
        assert row["price"] == pytest.approx(price, abs=0.00051)
        assert row["won"] == pytest.approx(won, abs=0.00051)


def test_on_our_own_prices_the_bins_differ_by_their_edges_only(told, with_source_price):
    for ours, source in zip(price_bins(told).rows(), price_bins(with_source_price).rows(), strict=True):
        assert abs(ours[2] - source[2]) <= 0.012 * source[2]
        assert ours[3] == pytest.approx(source[3], abs=0.002)
        assert ours[4] == pytest.approx(source[4], abs=0.004)


def test_first_buys_of_a_position(with_source_price):
    bins = price_bins(first_buys(with_source_price))
    found = {low: (price, won) for low, _, _, price, won in bins.rows()}
    for low, (price, won) in FIRST_BUYS.items():
        assert found[low][0] == pytest.approx(price, abs=0.00051)
        assert found[low][1] == pytest.approx(won, abs=0.00051)


def test_implied_fees_have_the_modes_of_the_schedules(dataset):
    rates = implied_fee_rates(dataset.table("trades"), APRIL)
    markets = dataset.table("markets").select("market", "category", "slug")
    rates = rates.join(markets, on="market").with_columns(nearest=pl.col("rate").round(3))
    counts = dict(rates.group_by("nearest").len().rows())
    assert [rate for rate, _ in sorted(counts.items(), key=lambda item: -item[1])[:5]] == [
        0.03,
        0.07,
        0.072,
        0.05,
        0.04,
    ]
    assert counts[0.03] > 20_000
    short = rates.filter(pl.col("slug").str.contains("updown|up-or-down"))
    assert short["rate"].median() == pytest.approx(0.072, abs=0.0005)
    sports = rates.filter(pl.col("category") == "sports")
    assert sports["rate"].median() == pytest.approx(0.03, abs=0.0005)


def test_the_inferred_schedule_explains_what_takers_paid(dataset):
    paid = implied_fee_rates(dataset.table("trades"), APRIL)
    trades = dataset.table("trades").filter((pl.col("fee_micro") > 0) & (pl.col("ts") >= APRIL))
    assert paid.height == trades.height
    fees = dataset.table("fee_schedules").sort("from_ts")
    priced = trades.sort("ts").join_asof(fees, left_on="ts", right_on="from_ts", by="market", check_sortedness=False)
    price = pl.col("price_micro") / 1e6
    implied = pl.col("fee_micro") / (pl.col("size_micro") * price * (1 - price))
    near = priced.select(((implied - pl.col("rate_micro") / 1e6).abs() < 0.006).mean()).item()
    assert near > 0.97


def test_nothing_is_silently_lost(dataset):
    imported = [entry for entry in dataset.manifest.sources if not entry.not_imported and entry.table != "markets"]
    assert all(entry.rows_in == entry.rows_out + sum(entry.dropped.values()) for entry in imported)
    rows = {table: sum(e.rows_out for e in imported if e.table == table) for table in {e.table for e in imported}}
    assert rows == {table: dataset.table(table).height for table in rows}
    assert sum(e.rows_in for e in imported if e.table == "trades") == 234_807


def test_every_file_of_the_bundle_is_imported_or_named(dataset, bundle):
    named = {entry.file for entry in dataset.manifest.sources}
    files = {path.name for path in bundle.rglob("*") if path.is_file() and "api-fixtures" not in path.parts}
    assert files - named == {"README.md", "holdout.sealed"}


def test_the_degenerate_quotes_are_not_imported(dataset):
    assert not dataset.has("quotes")
    assert any("wrong end of the book" in entry.not_imported for entry in dataset.manifest.sources)


def test_the_dataset_is_sound(dataset):
    checks = {check.name: check for check in verify(dataset)}
    assert [check.name for check in checks.values() if not check.ok] == []
    assert checks["markets.groups_with_two_winners"].count == 0
    assert checks["markets.resolved"].count == 175_229


def test_signals_have_the_tokens_price_at_a_known_delay(dataset):
    signals = dataset.table("signals")
    assert signals.height == 67_562 + 1_763
    assert signals["token"].max() < dataset.table("tokens").height
    assert (signals["prev_seen_ts"] <= signals["ts"]).all()
    assert signals["price_micro"].null_count() == 0


def test_tokens_without_a_market_have_prices_or_books_only(dataset):
    trades = dataset.table("trades")
    assert (trades["market"] != NO_ID).all()
    lone = dataset.table("tokens").filter(pl.col("market") == NO_ID)
    assert lone.height > 0
    assert trades.join(lone, on="token", how="semi").is_empty()


def test_only_complete_histories_are_not_truncated(dataset):
    whole = dataset.table("wallets").filter(~pl.col("truncated"))
    complete = dataset.table("trades").join(whole, on="wallet", how="semi")
    names = {dataset.manifest.sources[index].name for index in complete["source"].unique().to_list()}
    assert names <= {"trades:Achenzy-prog/Insider_Amy"}


def test_a_second_import_changes_nothing(report, bundle):
    before = report.dataset.fingerprint
    again = import_bundle(bundle, report.dataset.path)
    assert again.nothing_to_do
    assert again.dataset.fingerprint == before
