"""The truth file: a line for every settled fill, with the key that every source must give it."""

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support import venue_record as world
from whaletrader.adapters.paper.server.record import Leg
from whaletrader.adapters.paper.server.truth import TruthFile, read_truth
from whaletrader.errors import UsageError


def leg(tx: int, wallet: str, size: int, place: int, side: str = "BUY") -> Leg:
    return Leg(
        wallet=wallet,
        market_id=world.MARKET,
        token_id=world.YES,
        outcome_index=0,
        side=side,
        maker=True,
        size_micro=size,
        usd_micro=size // 2,
        fee_micro=3,
        ts=world.START,
        seen_ts=world.START,
        indexed_ts=world.START,
        tx_hash=f"0x{tx:064x}",
        block=world.FIRST_BLOCK + tx,
        log_index=place,
        order_hash="0x1",
    )


def written(path: Path, legs: list[Leg]) -> TruthFile:
    truth = TruthFile(path)
    for each in legs:
        truth.on_leg(each)
    truth.close()
    return truth


def test_a_row_tells_a_leg_whole_in_a_folder_that_is_made_if_need_be(tmp_path: Path) -> None:
    path = tmp_path / "not" / "there" / "truth.jsonl"
    assert written(path, [leg(1, world.TAKER, 2_000_000, 7)]).rows == 1
    (row,) = read_truth(path)
    assert row.key == "/".join((f"0x{1:064x}", world.TAKER, world.YES, "BUY", "2000000", "0"))
    assert (row.wallet, row.market_id, row.token_id, row.side) == (world.TAKER, world.MARKET, world.YES, "BUY")
    assert (row.maker, row.price, row.size_micro, row.fee_micro) == (True, 0.5, 2_000_000, 3)
    assert (row.ts, row.block, row.log_index) == (world.START, world.FIRST_BLOCK + 1, 7)


LEGS = st.lists(
    st.tuples(
        st.integers(1, 3),
        st.sampled_from([world.TAKER, world.MAKER]),
        st.integers(1, 2).map(lambda units: units * 1_000_000),
        st.sampled_from(["BUY", "SELL"]),
    ),
    max_size=15,
)


@settings(max_examples=60, deadline=None)
@given(LEGS)
def test_equal_fills_of_one_transaction_are_told_apart_by_their_count(
    tmp_path_factory: pytest.TempPathFactory, told: list[tuple[int, str, int, str]]
) -> None:
    path = tmp_path_factory.mktemp("truth") / "truth.jsonl"
    told = sorted(told, key=lambda row: row[0])
    written(path, [leg(tx, wallet, size, place, side) for place, (tx, wallet, size, side) in enumerate(told)])
    seen: Counter[tuple[int, str, int, str]] = Counter()
    wanted = []
    for row in told:
        tx, wallet, size, side = row
        wanted.append(f"0x{tx:064x}/{wallet}/{world.YES}/{side}/{size}/{seen[row]}")
        seen[row] += 1
    assert [row.key for row in read_truth(path)] == wanted
    assert len(set(wanted)) == len(wanted)


def test_a_file_is_continued_and_every_line_is_on_disk_at_once(tmp_path: Path) -> None:
    path = tmp_path / "truth.jsonl"
    written(path, [leg(1, world.TAKER, 1_000_000, 0)])
    truth = TruthFile(path)
    truth.on_leg(leg(2, world.TAKER, 1_000_000, 0))
    assert [row.block - world.FIRST_BLOCK for row in read_truth(path)] == [1, 2]
    truth.close()


def test_a_line_that_a_kill_cut_off_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "truth.jsonl"
    written(path, [leg(1, world.TAKER, 1_000_000, 0), leg(2, world.TAKER, 1_000_000, 0)])
    whole = path.read_bytes()
    for kept in range(0, len(whole), 29):
        path.write_bytes(whole[:kept])
        assert len(read_truth(path)) == whole[:kept].count(b"\n")


def test_a_line_that_a_kill_cut_off_spoils_no_later_one(tmp_path: Path) -> None:
    path = tmp_path / "truth.jsonl"
    written(path, [leg(1, world.TAKER, 1_000_000, 0), leg(2, world.TAKER, 1_000_000, 0)])
    path.write_bytes(path.read_bytes()[:-5])
    written(path, [leg(3, world.TAKER, 1_000_000, 0)])
    assert [row.block - world.FIRST_BLOCK for row in read_truth(path)] == [1, 3]


def test_fills_that_were_never_settled_after_all_are_left_out_equal_ones_each(tmp_path: Path) -> None:
    truth = TruthFile(tmp_path / "truth.jsonl")
    twins = [leg(1, world.TAKER, 1_000_000, 0), leg(1, world.TAKER, 1_000_000, 1)]
    others = [leg(2, world.TAKER, 1_000_000, 0)]
    for tell, legs in ((truth.on_leg, others), (truth.on_leg, twins), (truth.on_gone, twins)):
        for each in legs:
            tell(each)
    truth.close()
    assert [row.block - world.FIRST_BLOCK for row in read_truth(tmp_path / "truth.jsonl")] == [2]


def test_an_exchange_that_goes_on_writes_no_row_again(tmp_path: Path) -> None:
    path = tmp_path / "truth.jsonl"
    legs = [leg(number, world.TAKER, 1_000_000, 0) for number in (1, 2, 3)]
    written(path, legs[:2])
    first = TruthFile(path, resumed=True)
    for each in legs:
        first.on_leg(each)
    first.on_gone(legs[0])
    first.close()
    assert path.read_bytes().count(b"\n") == 4
    assert [row.block - world.FIRST_BLOCK for row in read_truth(path)] == [2, 3]


@pytest.mark.parametrize("told", ["my notes, without an end of line", '{"a": 1}\n{"b"', "\n"])
def test_a_file_of_something_else_is_left_as_it_is(told: str, tmp_path: Path) -> None:
    (tmp_path / "notes").write_text(told)
    with pytest.raises(UsageError, match="is of something else than fills"):
        TruthFile(tmp_path / "notes")
    assert (tmp_path / "notes").read_text() == told
