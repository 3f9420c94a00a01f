"""The validations of wallets without skill and of planted skill, at sizes that a test can afford."""

import json

import numpy as np
import pytest

from benchmarks import validate_discovery, validate_null
from benchmarks.page import INTO, QUICK
from benchmarks.validate_null import Coverage, Sizes, coverage, least_groups
from whaletrader.universe.thresholds import THRESHOLDS


def cell(share):
    return Coverage(share, 0.0, 0.0, share, share, 1.0)


def test_n_star_is_the_smallest_number_from_which_coverage_stays():
    cells = {10: cell(0.95), 20: cell(0.9), 30: cell(0.94), 40: cell(0.96)}
    assert least_groups(cells) == 30
    assert least_groups({10: cell(0.95), 20: cell(0.97)}) is None
    assert least_groups({10: cell(0.936), 20: cell(0.964)}) == 10


def test_the_intervals_cover_at_the_committed_number_of_event_groups():
    rng, place = np.random.default_rng(1), 2
    found = coverage(rng, validate_null.bands()[place], THRESHOLDS.groups.needed[place], Sizes(2_000, 300))
    assert found.bootstrap == pytest.approx(0.95, abs=0.025)
    assert found.published >= 0.93
    assert found.exact >= 0.95


def test_nobody_is_discovered_where_nobody_is_skilled_and_the_skilled_are_where_they_are():
    sizes = Sizes(universe=1_500)
    nobody = [validate_null.choices(*validate_null.universe(seed, sizes, sold=0.0)) for seed in range(3)]
    assert not any(rows.any() for one in nobody for rows in one.chosen.values())
    some = validate_null.choices(*validate_null.universe(9, sizes, sold=0.0, skilled=0.2))
    chosen = some.chosen["BH", 0.1]
    assert (chosen & some.real).sum() > 20
    assert (chosen & ~some.real).sum() <= 0.2 * chosen.sum()


def test_the_best_power_is_that_of_the_likelihood_ratio_and_grows_with_the_level():
    power = validate_discovery.best_power(np.random.default_rng(2), 100, 0.15, 20_000)
    levels = (1e-6, 1e-4, 0.01, 0.2)
    found = [power(level) for level in levels]
    assert found == sorted(found)
    assert power(0.01) == pytest.approx(0.78, abs=0.05)
    assert all(share > level for share, level in zip(found, levels, strict=True))


@pytest.mark.parametrize("validation", [validate_null, validate_discovery])
def test_a_quick_validation_prints_its_figures_and_writes_its_page(validation, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv(QUICK, "1")
    monkeypatch.setenv(INTO, str(tmp_path))
    validation.main()
    figures = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(figures) > 5
    (page,) = tmp_path.iterdir()
    assert all(figure["name"] in page.read_text(encoding="utf-8") for figure in figures)
