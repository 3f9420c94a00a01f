"""The committed calibration, and a tape that is measured to have its shape."""

from dataclasses import fields
from pathlib import Path

import pytest

from scripts.fit_universe import sizes_params
from whaletrader.datasets.simulator.universe import simulate_population
from whaletrader.datasets.simulator.universe.calibration import CALIBRATION, Calibration, read_calibration
from whaletrader.datasets.simulator.universe.measure import measure

PAGE = Path(__file__).parents[5] / "docs" / "validation" / "universe_fit.md"


@pytest.fixture(scope="module")
def figures():
    """Of a population a fifth of the fitted tape."""
    size = {"wallets": 1_900, "fills": 15_000, "markets": 7_900, "days": 120.0}
    made = simulate_population(sizes_params(CALIBRATION, size), 77)
    return measure(made.tables["trades"], made.tables["markets"])


@pytest.fixture(scope="module")
def fitted():
    """The figures of the fitted tape, from the committed page."""
    rows = [line.split("|") for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    return {row[1].strip(): float(row[3]) for row in rows if row[3].strip()[:1].isdigit() or row[3].strip()[:1] == "-"}


def test_the_file_has_every_figure_and_nothing_else():
    assert read_calibration() == CALIBRATION
    assert sum(CALIBRATION.categories.values()) == pytest.approx(1.0, abs=0.01)
    assert sum(CALIBRATION.next_print_shares) < 1.0
    assert len(fields(Calibration)) > 20


@pytest.mark.parametrize(
    ("name", "far"),
    [
        ("stake_hill_alpha", 0.2),
        ("stake_log_mean", 0.3),
        ("stake_icc", 0.1),
        ("next_print_60s", 0.05),
        ("next_print_600s", 0.05),
        ("next_print_3600s", 0.06),
        ("fills_per_position", 0.15),
        ("fills_per_position_single", 0.05),
        ("sold_share", 0.05),
        ("hold_log_mean", 0.5),
        ("grouped_share", 0.08),
        ("group_surprise", 0.15),
        ("life_gone_q50", 0.05),
        ("band_0.5", 0.04),
        ("band_1", 0.05),
        ("category_sports", 0.05),
    ],
)
def test_a_simulated_tape_has_the_shape_of_the_fitted_one(figures, fitted, name, far):
    assert abs(figures[name] - fitted[name]) < far
