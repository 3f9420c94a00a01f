"""Where a follower enters and leaves, against a loop that looks at every print."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from whaletrader.datasets.simulator.universe.tape_truth import LEFT_FIRST, NOBODY, Prints, matches
from whaletrader.domain.values import NANOS

ROWS = st.lists(
    st.tuples(
        st.integers(0, 2), st.integers(0, 150), st.integers(0, 3), st.integers(0, 1), st.booleans()
    ),
    max_size=40,
)  # fmt: skip


def prints_of(rows):
    ordered = sorted(rows, key=lambda row: (row[0], row[1]))
    columns = [np.array([row[place] for row in ordered], dtype=np.int64) for place in range(4)]
    market, second, wallet, outcome = columns
    sold = np.array([row[4] for row in ordered], dtype=np.bool_)
    return Prints(second * NANOS, market, wallet, (wallet << 32) | (2 * market + outcome), sold)


def next_of_others(prints, row):
    for other in range(row + 1, prints.ts.size):
        since = prints.ts[other] - prints.ts[row]
        same = prints.market[other] == prints.market[row]
        if same and prints.wallet[other] != prints.wallet[row] and 5 * NANOS <= since <= 65 * NANOS:
            return other
    return NOBODY


def looked_up(prints, row):
    if prints.sold[row]:
        return NOBODY, NOBODY
    entry = next_of_others(prints, row)
    later = [
        other
        for other in range(prints.ts.size)
        if prints.sold[other] and prints.key[other] == prints.key[row] and prints.ts[other] > prints.ts[row]
    ]
    if entry == NOBODY or not later:
        return entry, NOBODY
    sale = min(later, key=lambda other: (prints.ts[other], other))
    if prints.ts[sale] + 5 * NANOS <= prints.ts[entry]:
        return LEFT_FIRST, NOBODY
    return entry, next_of_others(prints, sale)


@settings(max_examples=150, deadline=None)
@given(ROWS)
def test_entries_and_exits_are_those_of_a_plain_loop(rows):
    prints = prints_of(rows)
    entry, leave = matches(prints)
    for row in range(prints.ts.size):
        assert (entry[row], leave[row]) == looked_up(prints, row)


def test_ones_own_print_is_no_entry():
    prints = prints_of([(0, 0, 1, 0, False), (0, 10, 1, 0, False), (0, 20, 2, 1, False)])
    assert matches(prints)[0].tolist() == [2, 2, NOBODY]


def test_a_print_too_soon_or_too_late_is_no_entry():
    prints = prints_of([(0, 0, 1, 0, False), (0, 4, 2, 0, False), (0, 66, 3, 0, False)])
    assert matches(prints)[0].tolist() == [NOBODY, 2, NOBODY]


def test_an_empty_tape_matches_nothing():
    entry, leave = matches(prints_of([]))
    assert entry.size == 0
    assert leave.size == 0
