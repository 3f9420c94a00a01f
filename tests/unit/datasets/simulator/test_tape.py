"""Prints of the simulated tape: bursts, exits of what was bought, and pairs that trade with each other."""

import numpy as np
import pytest

from whaletrader.datasets.simulator.params import LABELS, SimulationParams
from whaletrader.datasets.simulator.paths import draw_paths, last_trading_ts
from whaletrader.datasets.simulator.tape import draw_tape, first_wallets, join_prints, shares_micro, to_tick
from whaletrader.domain.values import NANOS, TapeRole

SIZES = SimulationParams(days=60, binary_markets=120, groups=5, fills=30_000)


@pytest.fixture(scope="module")
def world():
    rng = np.random.default_rng(3)
    paths = draw_paths(SIZES, rng)
    return paths, draw_tape(SIZES, paths, rng)


def label_of(wallet):
    return np.searchsorted(np.cumsum(SIZES.people), wallet, side="right")


def test_prices_lie_on_the_tick_grid(world):
    _, tape = world
    assert (tape.price_micro % 10_000 == 0).all()
    assert ((tape.price_micro >= 10_000) & (tape.price_micro <= 990_000)).all()


@pytest.mark.parametrize(
    ("price", "micro"), [(-1.0, 10_000), (0.004, 10_000), (0.534, 530_000), (0.999, 990_000), (7.0, 990_000)]
)
def test_ticks_never_leave_the_open_interval(price, micro):
    assert to_tick(np.array([price])).tolist() == [micro]


def test_sizes_are_hundredths_of_a_share_and_at_least_five(world):
    _, tape = world
    assert (tape.size_micro % 10_000 == 0).all()
    assert tape.size_micro.min() >= 5_000_000
    assert shares_micro(np.array([10.0]), np.array([400_000])).tolist() == [25_000_000]


def test_fills_lie_inside_the_trading_hours_and_the_span(world):
    paths, tape = world
    assert (tape.ts >= paths.start_ts[tape.market]).all()
    assert (tape.ts <= last_trading_ts(paths)[tape.market] + 60 * NANOS).all()
    assert (tape.ts < SIZES.end_ts).all()
    assert (tape.ts % NANOS == 0).all()


def test_market_makers_only_rest(world):
    _, tape = world
    made = label_of(tape.wallet) == LABELS.index("market_maker")
    assert made.any()
    assert (tape.role[made] == int(TapeRole.MAKER)).all()


def test_the_skilled_buy_what_is_below_its_fair_value(world):
    paths, tape = world
    chosen = (label_of(tape.wallet) == 0) & (tape.side == 0)
    fair = paths.at(paths.fair, tape.market, tape.ts)[chosen]
    value = np.where(tape.outcome[chosen] == 0, fair, 1 - fair)
    assert (value - tape.price_micro[chosen] / 1e6 > -0.02).all()


def test_every_exit_sells_what_its_wallet_bought_before(world):
    _, tape = world
    takers = tape.take(tape.role == int(TapeRole.TAKER))
    normal = takers.take(label_of(takers.wallet) != LABELS.index("wash"))
    bought = {}
    for row in zip(
        normal.wallet, normal.market, normal.outcome, normal.size_micro, normal.side, normal.ts, strict=True
    ):
        bought.setdefault(row[:4], []).append(row[4:])
    for fills in bought.values():
        ordered = sorted(fills, key=lambda fill: (fill[1], fill[0]))
        held = np.cumsum([1 if side == 0 else -1 for side, _ in ordered])
        assert held.min() >= 0


def test_a_wash_pair_passes_shares_to_and_fro(world):
    _, tape = world
    wash = tape.take(label_of(tape.wallet) == LABELS.index("wash"))
    first = first_wallets(SIZES)["wash"]
    assert set(np.unique(wash.print_id, return_counts=True)[1].tolist()) == {2}
    pair = (wash.wallet - first) // 2
    for number in np.unique(wash.print_id)[:50]:
        assert np.unique(pair[wash.print_id == number]).size == 1


def test_wallet_rows_follow_the_labels():
    starts = first_wallets(SIZES)
    assert [starts[label] for label in LABELS] == [0, 12, 18, 24, 34]


def test_joining_keeps_the_order(world):
    _, tape = world
    head, tail = tape.take(np.arange(5)), tape.take(np.arange(5, 9))
    assert join_prints([head, tail]).ts.tolist() == tape.ts[:9].tolist()
