"""Queues and impact in a public book, against plain counting."""

from hypothesis import given, settings
from hypothesis import strategies as st

from whaletrader.adapters.paper.shadow_book import Resting, ShadowBook, filled_by_print
from whaletrader.domain.matching.price_time import ASK, BID, FAK, REST
from whaletrader.domain.values import MICRO

YES, NO = "1", "2"
SHARES = st.integers(1, 40)


@given(ahead=st.integers(0, 60), size=SHARES, prints=st.lists(SHARES, max_size=8))
@settings(max_examples=150, deadline=None)
def test_a_waiting_order_gets_what_was_printed_beyond_its_queue(ahead, size, prints):
    resting, got = Resting("0x", BID, 500_000, size, ahead), 0
    for number, printed in enumerate(prints, 1):
        served = filled_by_print(resting, ASK, 500_000, printed)
        resting.left_micro -= served
        got += served
        assert got == min(size, max(0, sum(prints[:number]) - ahead))


def test_prints_of_its_own_side_and_at_worse_prices_are_not_for_it():
    resting = Resting("0x", BID, 500_000, 10, 0)
    assert filled_by_print(resting, BID, 500_000, 5) == 0
    assert filled_by_print(resting, ASK, 510_000, 5) == 0
    assert filled_by_print(resting, ASK, 490_000, 5) == 5


def test_an_order_that_came_before_the_first_book_waits_for_it():
    assert filled_by_print(Resting("0x", ASK, 500_000, 10, -1), BID, 510_000, 5) == 0


@given(
    asks=st.lists(st.tuples(st.integers(50, 60), SHARES), max_size=6),
    takes=st.lists(st.tuples(st.integers(50, 60), SHARES, st.booleans()), max_size=5),
)
@settings(max_examples=100, deadline=None)
def test_what_was_taken_is_taken_once_from_the_best_price_on(asks, takes):
    book, plain = ShadowBook((YES, NO), 10_000), dict(asks)
    book.reset(YES, [], [(cents * 10_000, size * MICRO) for cents, size in plain.items()], -1)
    for cents, size, in_no in takes:
        wanted, paid = size, []
        for price in sorted(plain):
            if price <= cents and plain[price] and wanted:
                take = min(plain[price], wanted)
                plain[price] -= take
                wanted -= take
                paid.append((price, take))
        # Buying YES and selling NO at one minus the price are the same.
        token, side, limit = (NO, "SELL", 100 - cents) if in_no else (YES, "BUY", cents)
        left, fills = book.match(token, side, limit * 10_000, size * MICRO, FAK)
        assert left == wanted * MICRO
        own = [(100 - price if in_no else price, take) for price, take in paid]
        assert [(book.price_of(token, fill.level) // 10_000, fill.size_micro // MICRO) for fill in fills] == own


def test_a_snapshot_without_a_level_forgets_what_was_taken_there():
    book = ShadowBook((YES, NO), 10_000)
    book.reset(YES, [], [(560_000, 10 * MICRO)], -1)
    book.match(YES, "BUY", 560_000, 4 * MICRO, REST)
    assert book.shown(ASK, 560_000) == 6 * MICRO
    book.reset(YES, [], [(560_000, 10 * MICRO)], -1)
    assert book.shown(ASK, 560_000) == 6 * MICRO
    book.reset(YES, [], [], -1)
    book.reset(NO, [(440_000, 10 * MICRO)], [], -1)
    assert book.shown(ASK, 560_000) == 10 * MICRO
    assert book.best(NO) == (440_000, MICRO)
