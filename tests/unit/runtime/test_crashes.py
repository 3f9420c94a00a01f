"""A process that is killed anywhere goes on as if nothing had happened: same domain stream, same orders, each once."""

import json
import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.crashes import Children
from tests.support.synthetic import Exchange
from whaletrader.adapters.sqlite.store import SqliteEventStore
from whaletrader.runtime.audit import verify
from whaletrader.runtime.failpoints import KINDS
from whaletrader.runtime.records import domain_bytes

FACTS = 10
KILLED = -9
PAIRS = 500 if os.environ.get("WHALETRADER_SOAK") == "1" else 40
"""How often two kills are tried in one run: with `make soak`, 1,000 kills."""
pytestmark = pytest.mark.crash


class Scenario:
    """The uninterrupted run, and children to interrupt it."""

    def __init__(self, children: Children, folder: Path) -> None:
        self.children = children
        count_file = folder / "counts.json"
        assert children.run(folder, FACTS, count_file=str(count_file)) == 0
        self.stream, self.orders = outcome(folder)
        counts = json.loads(count_file.read_text())
        self.places = [f"{kind}:{number}" for kind in KINDS for number in range(1, counts[kind] + 1)]

    def check_same(self, folder: Path) -> None:
        """Finish the run, and hold it against the uninterrupted one."""
        assert self.children.run(folder, FACTS) == 0
        assert outcome(folder) == (self.stream, self.orders)


@pytest.fixture(scope="module")
def scenario(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scenario]:
    with Children() as children:
        yield Scenario(children, tmp_path_factory.mktemp("whole"))


def outcome(folder: Path) -> tuple[bytes, list[tuple[str, str, int]]]:
    """The domain stream and what reached the exchange; the log itself must be sound."""
    store = SqliteEventStore.open_reader(folder / "log.db")
    assert verify(store).findings == []
    stream = domain_bytes(store)
    store.close(clean=False)
    return stream, Exchange(folder / "exchange.jsonl").lines()


def test_the_scenario_has_every_kind_of_place_at_least_twice_and_at_most_150_in_all(scenario: Scenario) -> None:
    kinds = [place.split(":")[0] for place in scenario.places]
    assert min(kinds.count(kind) for kind in KINDS) >= 2
    assert len(scenario.places) <= 150


def test_a_kill_at_any_place_changes_nothing(scenario: Scenario, tmp_path: Path) -> None:
    for place in scenario.places:
        folder = tmp_path / place.replace(":", "-")
        folder.mkdir()
        assert scenario.children.run(folder, FACTS, place) == KILLED, place
        scenario.check_same(folder)


def test_two_kills_in_one_run_change_nothing(scenario: Scenario, tmp_path: Path) -> None:
    drawn = random.Random(7)
    for number in range(PAIRS):
        folder = tmp_path / str(number)
        folder.mkdir()
        first, second = drawn.choice(scenario.places), drawn.choice(scenario.places)
        assert scenario.children.run(folder, FACTS, first) == KILLED
        scenario.children.run(folder, FACTS, second)
        scenario.check_same(folder)


def test_a_run_killed_at_its_next_place_again_and_again_gets_to_its_end(scenario: Scenario, tmp_path: Path) -> None:
    for _ in range(20):
        if scenario.children.run(tmp_path, FACTS, "after_commit:3") != KILLED:
            break
    scenario.check_same(tmp_path)
