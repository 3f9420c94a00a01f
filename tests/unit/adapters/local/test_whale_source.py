"""A scan tells what was known at its time, best first, and is the same each time it is asked."""

import pytest

from tests.support.scenario import EVIDENCE, LEADER, POLLED, scenario_settings, write_scenario
from whaletrader.adapters.local.whale_source import MAX_SCORES_PER_KIND, DatasetWhales
from whaletrader.datasets.store import Dataset
from whaletrader.domain.values import DAY_NS


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return Dataset.open(write_scenario(tmp_path_factory.mktemp("whales") / "dataset"))


@pytest.fixture(scope="module")
def whales(dataset):
    return DatasetWhales(dataset, scenario_settings())


def at_day(dataset, day):
    return dataset.manifest.first_ts + day * DAY_NS


def test_before_anything_has_resolved_nobody_qualifies(dataset, whales):
    scan = whales.scan(at_day(dataset, 0))
    assert (scan.n_qualified, scan.scores) == (0, ())


def test_the_two_winners_qualify_each_for_his_kind_of_event(dataset, whales):
    scan = whales.scan(at_day(dataset, 7))
    addresses = {(score.kind, score.wallet) for score in scan.scores}
    assert addresses == {("fill", f"0x{LEADER + 1:040x}"), ("position", f"0x{POLLED + 1:040x}")}
    for score in scan.scores:
        assert score.n_bets == EVIDENCE
        assert score.edge_lower_micro < score.edge_micro < score.edge_upper_micro
        assert score.rank == 1


def test_a_later_scan_knows_no_less(dataset, whales):
    bets = [sum(score.n_bets for score in whales.scan(at_day(dataset, day)).scores) for day in (5, 7, 14)]
    assert bets == sorted(bets)


def test_the_same_scan_is_the_same_answer_also_from_another_source(dataset, whales):
    as_of = at_day(dataset, 9)
    assert whales.scan(as_of) == whales.scan(as_of) == DatasetWhales(dataset, scenario_settings()).scan(as_of)


def test_the_funnel_counts_every_event_known_by_then(dataset, whales):
    everything = whales.scan(at_day(dataset, 400))
    counted = dict.fromkeys(("fill", "position"), 0)
    for step in everything.funnel:
        counted[step.kind] += step.count
    assert counted["position"] == dataset.table("signals").height
    assert counted["fill"] <= dataset.table("trades").height
    assert everything.source == dataset.fingerprint
    assert len(everything.scores) <= 2 * MAX_SCORES_PER_KIND
