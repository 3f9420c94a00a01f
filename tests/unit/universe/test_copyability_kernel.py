"""Volume and same-way prints around an entry equal a plain loop over the tape."""

from typing import Any

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.property.universe.tapes import MARKETS, tapes
from tests.support.universe import SELL, Tape
from whaletrader.domain.values import MICRO, NANOS, TapeRole
from whaletrader.universe.copyability_kernel import Around, Spans, around, flow_of
from whaletrader.universe.tape import print_tape, usable_trades

Row = dict[str, Any]


def counted(trades: pl.DataFrame, n_markets: int, spans: Spans) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Every trade taken for an entry."""
    columns = (trades[n].cast(pl.Int64).to_numpy() for n in ("market", "outcome_index", "ts", "wallet", "transaction"))
    return around(Around(*columns), print_tape(trades, n_markets), flow_of(trades, n_markets), spans)


def way(row: Row) -> int:
    return 1 if (row["side"] == 0) == (row["outcome_index"] == 0) else -1


def plain(trades: list[Row], entry: Row, delay_s: int, window_s: int, crowd_s: int) -> tuple[int, int, int]:
    """Volume in our window, prints the entry's way before and after; one row of a transaction has the shares."""
    volume = before = after = 0
    seen = set()
    for row in trades:
        repeated = (row["market"], row["transaction"]) in seen
        seen.add((row["market"], row["transaction"]))
        own = row["wallet"] == entry["wallet"] or row["transaction"] == entry["transaction"]
        gap = (row["ts"] - entry["ts"]) // NANOS
        if row["market"] != entry["market"] or own or gap == 0:
            continue
        if delay_s <= gap <= delay_s + window_s and gap > 0 and not repeated:
            same_token = row["outcome_index"] == entry["outcome_index"]
            price = row["price_micro"] if same_token else MICRO - row["price_micro"]
            volume += row["size_micro"] // 1_000 * price // 1_000
        towards = way(row) == (1 if entry["outcome_index"] == 0 else -1) and row["role"] != TapeRole.MAKER
        before += towards and -crowd_s <= gap < 0
        after += towards and 0 < gap <= crowd_s
    return volume, before, after


@settings(max_examples=60, deadline=None)
@given(tapes(), st.integers(0, 30), st.integers(0, 100), st.integers(1, 100))
def test_volume_and_prints_equal_a_plain_loop(tape: Tape, delay_s: int, window_s: int, crowd_s: int) -> None:
    trades = usable_trades(tape.source())
    found = counted(trades, MARKETS, Spans(delay_s * NANOS, window_s * NANOS, crowd_s * NANOS))
    rows = trades.sort("market", "ts", maintain_order=True).to_dicts()
    expected = [plain(rows, entry, delay_s, window_s, crowd_s) for entry in trades.to_dicts()]
    assert found.T.tolist() == [list(row) for row in expected]


def test_the_two_rows_of_a_match_have_its_shares_once() -> None:
    tape = Tape(wallets=3).market(0).trade(100, 0, 0, 0.5).trade(110, 1, 0, 0.5, 40.0, tx=3, role=1)
    tape.trade(110, 2, 0, 0.5, 40.0, tx=3, role=0, side=SELL)
    found = counted(usable_trades(tape.source()), 1, Spans(0, 60 * NANOS, 60 * NANOS))
    assert found[:, 0].tolist() == [20 * MICRO, 0, 1]


def test_a_large_print_does_not_overflow() -> None:
    tape = Tape(wallets=2).market(0).trade(100, 0, 0, 0.5).trade(110, 1, 0, 0.999, 50_000_000.0)
    found = counted(usable_trades(tape.source()), 1, Spans(0, 60 * NANOS, 60 * NANOS))
    assert found[0, 0] == 49_950_000 * MICRO
