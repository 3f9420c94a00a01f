"""Whatever rows a bundle holds, an import accounts for each, keeps exact values and gives the same bytes again."""

import math
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.datasets.tiny import T0, cid, imported, market_row, token, trade_row, wallet
from whaletrader.datasets.importers.truncation import oversold_tokens
from whaletrader.datasets.verify import verify

PRICES = st.one_of(
    st.integers(0, 1000).map(lambda n: n / 1000), st.sampled_from([math.nan, -0.2, 1.2, math.inf, None, 1.0, 0.0])
)
SIZES = st.one_of(st.integers(1, 10**6).map(lambda n: n / 100), st.sampled_from([0.0, -3.0, math.nan, None]))
ROWS = st.lists(
    st.builds(
        lambda market, who, outcome, side, price, size, second, known: trade_row(
            market,
            who,
            outcome_index=outcome,
            side=side,
            price=price,
            size=size,
            ts=T0 + second,
            asset_id=token(market, outcome) if known != "market" else None,
            condition_id=cid(market) if known != "token" else None,
        ),
        st.integers(1, 3),
        st.integers(1, 3),
        st.integers(0, 1),
        st.sampled_from(["BUY", "SELL", "BUY"]),
        PRICES,
        SIZES,
        st.integers(0, 4),
        st.sampled_from(["both", "token", "market"]),
    ),
    max_size=12,
)
MARKETS = [market_row(n, resolved=n == 1, winning_outcome_index=0.0 if n == 1 else None) for n in (1, 2, 3)]


def usable(row):
    price, size = row["price"], row["size"]
    return price is not None and 0 <= price <= 1 and size is not None and not math.isnan(size) and size > 0


def is_usable(row):
    return usable(row) and not math.isnan(row["price"])


@settings(max_examples=25, deadline=None)
@given(ROWS)
def test_every_row_is_a_fill_or_a_reject(rows):
    with TemporaryDirectory() as folder:
        dataset = imported(Path(folder), MARKETS, rows)
        expected = [row for row in rows if is_usable(row)]
        trades = dataset.table("trades")
        assert trades.height == len(expected)
        assert dataset.table("rejects").height == len(rows) - len(expected)
        seen = sorted(trades.select("price_micro", "size_micro", "ts").rows())
        assert seen == sorted((round(r["price"] * 1e6), round(r["size"] * 1e6), r["ts"] * 10**9) for r in expected)
        assert [check.name for check in verify(dataset) if not check.ok] == []


@settings(max_examples=10, deadline=None)
@given(ROWS)
def test_the_same_rows_give_the_same_fingerprint(rows):
    with TemporaryDirectory() as one, TemporaryDirectory() as other:
        assert imported(Path(one), MARKETS, rows).fingerprint == imported(Path(other), MARKETS, rows).fingerprint


@settings(max_examples=25, deadline=None)
@given(ROWS)
def test_duplicate_ranks_number_equal_rows(rows):
    with TemporaryDirectory() as folder:
        trades = imported(Path(folder), MARKETS, rows).table("trades")
        key = ["ts", "wallet", "token", "side", "price_micro", "size_micro", "transaction"]
        for ranks in trades.group_by(key).agg(pl.col("dup_rank").sort())["dup_rank"].to_list():
            assert ranks == list(range(len(ranks)))


@settings(max_examples=25, deadline=None)
@given(ROWS)
def test_wallets_and_markets_come_back_by_their_ids(rows):
    with TemporaryDirectory() as folder:
        dataset = imported(Path(folder), MARKETS, rows)
        trades = dataset.table("trades").join(dataset.table("wallets"), on="wallet")
        trades = trades.join(dataset.table("markets").select("market", "condition_id"), on="market")
        found = Counter(trades.select("address", "condition_id", "outcome_index").rows())
        expected = [row for row in rows if is_usable(row)]
        market_of = {token(n, i): cid(n) for n in (1, 2, 3) for i in (0, 1)}
        wanted = [(r["wallet"], r["condition_id"] or market_of[r["asset_id"]], r["outcome_index"]) for r in expected]
        assert found == Counter(wanted)
        assert (
            set(dataset.table("wallets")["address"])
            == {row["wallet"] for row in expected}
            <= {wallet(n) for n in (1, 2, 3)}
        )


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1), st.integers(0, 1), st.integers(1, 5)), max_size=15))
def test_oversells_equal_a_plain_loop(fills):
    rows = [(who, outcome, side, size * 10**6, ts) for ts, (who, outcome, side, size) in enumerate(fills)]
    trades = pl.DataFrame(
        {
            "wallet": [r[0] for r in rows],
            "token": [r[1] for r in rows],
            "side": [r[2] for r in rows],
            "size_micro": [r[3] for r in rows],
            "ts": [r[4] for r in rows],
            "source_row": [r[4] for r in rows],
            "dup_rank": [0] * len(rows),
        },
        schema={
            "wallet": pl.UInt32, "token": pl.UInt32, "side": pl.Int8, "size_micro": pl.Int64, "ts": pl.Int64,
            "source_row": pl.Int64, "dup_rank": pl.UInt16,
        },
    )  # fmt: skip
    activity = pl.DataFrame(
        schema={
            "wallet": pl.UInt32, "market": pl.UInt32, "kind": pl.String, "size_micro": pl.Int64, "ts": pl.Int64,
            "source_row": pl.Int64,
        }
    )  # fmt: skip
    held: Counter[tuple[int, int]] = Counter()
    short = set()
    for who, outcome, side, size, _ in rows:
        held[who, outcome] += size if side == 0 else -size
        if held[who, outcome] < 0:
            short.add((who, outcome))
    assert set(oversold_tokens(trades, activity).rows()) == short
