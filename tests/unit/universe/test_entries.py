"""Which of a leader's entries are first or large, by what was known at the time."""

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.universe import SELL, Tape
from whaletrader.domain.values import MICRO, NANOS
from whaletrader.universe.entries import LARGE, LARGE_HISTORY, followed, large_entries, with_large
from whaletrader.universe.follower import FollowerParams, build_follower_table, follower_inputs, price_inputs
from whaletrader.universe.source import FrameSource

Row = tuple[int, int, int, int]

rows = st.lists(
    st.tuples(st.integers(0, 1), st.integers(0, 2), st.integers(0, 40), st.integers(0, 6)), min_size=1, max_size=80
)


def events(found: list[Row]) -> pl.DataFrame:
    """Rows of (wallet, token, second, stake)."""
    columns = dict(zip(("wallet", "token", "ts", "stake_micro"), zip(*found, strict=True), strict=True))
    return pl.DataFrame(
        columns, schema={"wallet": pl.UInt32, "token": pl.UInt32, "ts": pl.Int64, "stake_micro": pl.Int64}
    )


def plain_large(found: list[Row]) -> list[bool]:
    """One entry per wallet, token and time; its stake against all entries of the wallet that are strictly earlier."""
    stakes: dict[tuple[int, int, int], int] = {}
    for wallet, token, ts, stake in found:
        stakes[wallet, token, ts] = stakes.get((wallet, token, ts), 0) + stake
    out = []
    for wallet, token, ts, _ in found:
        past = sorted(s for (w, _, t), s in stakes.items() if w == wallet and t < ts)
        if len(past) < LARGE_HISTORY:
            out.append(False)
            continue
        quantile = past[-(-8 * len(past) // 10) - 1]  # the smallest that at least 80 % of them do not exceed
        out.append(stakes[wallet, token, ts] >= quantile)
    return out


@settings(max_examples=200, deadline=None)
@given(rows)
def test_large_entries_equal_a_plain_loop(found: list[Row]) -> None:
    assert large_entries(events(found)).tolist() == plain_large(found)


@settings(max_examples=100, deadline=None)
@given(rows, st.integers(0, 41))
def test_what_comes_later_makes_no_entry_large_or_small(found: list[Row], until: int) -> None:
    known = [row for row in found if row[2] <= until]
    if known:
        early = np.array([row[2] <= until for row in found])
        assert large_entries(events(known)).tolist() == large_entries(events(found))[early].tolist()


@settings(max_examples=50, deadline=None)
@given(rows, st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(found: list[Row], random: object) -> None:
    places = list(range(len(found)))
    random.shuffle(places)  # type: ignore[attr-defined]
    mixed = large_entries(events([found[place] for place in places]))
    assert mixed.tolist() == large_entries(events(found))[places].tolist()


def test_the_first_entry_is_the_first_in_time_of_each_wallet_and_token() -> None:
    found = events([(0, 0, 9, 1), (0, 0, 3, 2), (0, 0, 3, 4), (0, 1, 5, 8), (1, 0, 9, 16)])
    assert followed(found, "first")["stake_micro"].to_list() == [2, 8, 16]


def test_all_entries_are_followed_by_default() -> None:
    found = events([(0, 0, 9, 1), (0, 0, 3, 2)])
    assert followed(found, "all") is found


def entering(last: float) -> Tape:
    """Eleven entries of a wallet into as many markets, the last of another size, and a print after each."""
    tape = Tape(wallets=2)
    for m in range(11):
        tape.market(m, 1.0, 100_000).trade(1_000 * m + 10, 0, m, 0.5, last if m == 10 else 100.0 + m)
        tape.trade(1_000 * m + 20, 1, m, 0.5, side=SELL)
    return tape


def test_only_the_large_entry_is_an_event_of_the_policy() -> None:
    for last, expected in ((109.0, [10]), (107.0, [10]), (106.9, [])):
        frame = build_follower_table(entering(last).source(), FollowerParams(which="large")).frame
        assert frame.filter(pl.col("kind") == "fill")["market"].to_list() == expected


def test_only_the_first_entry_is_an_event_of_the_policy() -> None:
    tape = Tape(wallets=2).market(0, 1.0, 10_000)
    for second in (100, 200, 300):
        tape.trade(second, 0, 0, 0.4).trade(second + 10, 1, 0, 0.5, side=SELL)
    frame = build_follower_table(tape.source(), FollowerParams(which="first")).frame
    assert frame.select("ts", "reason").rows() == [(100 * NANOS, "priced")]


def test_a_part_of_a_dataset_takes_what_was_found_large_in_the_whole() -> None:
    source = entering(200.0).source()
    trades = with_large(source.table("trades"))
    assert trades[LARGE].sum() == 1
    names = ("markets", "tokens", "wallets", "fee_schedules")
    part = {name: source.table(name) for name in names} | {"trades": trades.filter(pl.col("market") == 10)}
    inputs = follower_inputs(FrameSource(part))
    assert price_inputs(inputs, FollowerParams(which="large")).frame["market"].to_list() == [10]
    alone = part | {"trades": part["trades"].drop(LARGE)}
    assert price_inputs(follower_inputs(FrameSource(alone)), FollowerParams(which="large")).frame.height == 0


def test_sales_and_repeated_rows_are_no_entries() -> None:
    tape = entering(200.0)
    for m in range(10):
        tape.trade(1_000 * m + 30, 0, m, 0.5, 9_999.0, side=SELL).trade(1_000 * m + 40, 0, m, 0.5, 9_999.0, dup_rank=1)
    assert with_large(tape.source().table("trades"))[LARGE].sum() == 1


def test_position_signals_have_stakes_too() -> None:
    tape = Tape(wallets=1)
    for m in range(12):
        tape.market(m, 1.0, 100_000).signal(1_000 * m + 10, 0, m, 0.9 if m == 11 else 0.5)
    frame = build_follower_table(tape.source(), FollowerParams(which="large")).frame
    assert frame["market"].to_list() == [10, 11]
    assert frame["size_micro"].to_list() == [MICRO, MICRO]
