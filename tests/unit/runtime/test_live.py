"""A run that follows the world records what a replay of the same world records, also after it was killed."""

from dataclasses import replace

import pytest

from tests.support.compare import domain_stream, messages
from tests.support.growing_feed import GrowingFeed
from tests.support.scenario import FAULTS, HOUR, scenario_settings, write_scenario
from whaletrader.agents.execution import Trader
from whaletrader.app.build import assemble, build, order_key
from whaletrader.app.layout import DataDirectory
from whaletrader.app.world import replayed_world
from whaletrader.datasets.decode.rows import Reject
from whaletrader.datasets.store import Dataset
from whaletrader.domain.values import NANOS
from whaletrader.messages.orchestration import DeadLetter
from whaletrader.runtime.live import LivePace

TYPE, TS_INIT = 1, 4
"""Columns of a domain record."""
AFTERWARDS_NS = 60 * HOUR * NANOS


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return Dataset.open(write_scenario(tmp_path_factory.mktemp("live") / "dataset"))


@pytest.fixture(scope="module")
def replayed(dataset, tmp_path_factory):
    """What a replay decides, by the exchange's fault plan."""
    told = {}
    for faulty in (False, True):
        directory = DataDirectory(tmp_path_factory.mktemp("replayed"))
        directory.ensure()
        folder = directory.new_run()
        app = build(settings_of(faulty), directory, folder, dataset)
        app.engine.run()
        app.close(clean=True)
        told[faulty] = decided(folder)
    return told


def settings_of(faulty):
    return scenario_settings(faults=FAULTS if faulty else None)


def decided(folder):
    """Every domain record between the run's own START and END, where it has one."""
    records = domain_stream(folder.log)
    commands = [place for place, record in enumerate(records) if record[TYPE] == "OperatorCommand"]
    return records[commands[0] + 1 : commands[1] if len(commands) > 1 else None]


class Session:
    """One process's share of a run that follows the growing feed."""

    def __init__(self, dataset, data, *, seed, steps_s, from_ts=0, faulty=False):
        self.directory = DataDirectory(data)
        self.directory.ensure()
        folder = self.directory.current_run() or self.directory.new_run()
        settings = settings_of(faulty)
        key = order_key(settings, self.directory)
        trader = Trader(settings.account.name, key.address, key.address)
        world = replayed_world(settings, dataset, trader, exchange_store=folder.exchange)
        self.feed = GrowingFeed(world.feed, seed=seed, steps_s=steps_s, from_ts=from_ts)
        self.end_ts = world.feed.span[1] + AFTERWARDS_NS
        self.watched = []
        self.app = assemble(settings, self.directory, folder, replace(world, feed=self.feed, endless=True), key)
        self.pace = LivePace(self.feed, self.feed, self.app.ingest, self.app.answers, watch=self._watch)

    def _watch(self, tokens, wallets):
        self.watched.append((tuple(tokens), tuple(wallets)))

    def run(self, until_ts=None):
        end = min(until_ts or self.end_ts, self.end_ts)
        self.app.engine.run(lambda: self.feed.now > end, pace=self.pace)


@pytest.mark.parametrize("steps_s", [(HOUR,), (1, 7, 60, HOUR), (6 * HOUR, 30 * HOUR)], ids=str)
def test_a_run_that_follows_the_world_decides_what_a_replay_decides(dataset, replayed, tmp_path, steps_s):
    session = Session(dataset, tmp_path, seed=3, steps_s=steps_s)
    session.run()
    session.app.close(clean=True)
    told = decided(session.app.folder)[: len(replayed[False])]
    assert [record[TYPE] for record in told] == [record[TYPE] for record in replayed[False]]
    assert told == replayed[False]
    assert any(record[TYPE] == "OrderFilled" for record in told), "something was copied"
    assert session.watched, "the feed heard what matters"


@pytest.mark.parametrize("seed", range(4))
def test_a_run_that_was_killed_and_goes_on_decides_the_same(dataset, replayed, tmp_path, seed):
    from_ts = 0
    for number in range(4):
        session = Session(dataset, tmp_path, seed=seed * 10 + number, steps_s=(600, 3 * HOUR), from_ts=from_ts)
        if number:
            assert session.app.resumed
        first, last = session.app.world.feed._whole.span
        session.run(first + (last - first) * (number + 1) // 3 if number < 3 else None)
        from_ts = session.feed.now
        session.app.close(clean=number == 3)
    assert decided(session.app.folder)[: len(replayed[False])] == replayed[False]


def test_lost_late_and_repeated_answers_lead_to_the_same_decisions(dataset, replayed, tmp_path):
    session = Session(dataset, tmp_path, seed=9, steps_s=(60, HOUR), faulty=True)
    session.run()
    session.app.close(clean=True)
    assert decided(session.app.folder)[: len(replayed[True])] == replayed[True]


def test_what_the_feed_could_not_use_is_a_dead_letter_once(dataset, tmp_path):
    session = Session(dataset, tmp_path, seed=1, steps_s=(HOUR,))
    bad = [
        Reject(source="rtds.trades", reason="malformed_json", detail="cut", head=b"{"),
        Reject(source="rtds.trades", reason="price", detail="nan", head=b'{"price":"nan"}'),
    ]
    session.feed.rejects = [*bad, bad[0]]
    session.run(session.feed.now + 3 * HOUR * NANOS)
    session.app.close(clean=False)
    letters = messages(session.app.folder.log, DeadLetter)
    assert [(each.reason, each.detail) for each in letters] == [
        ("MALFORMED", "malformed_json: cut"),
        ("BAD_VALUE", "price: nan"),
    ]
    assert letters[0].head == b"{"


def test_nothing_is_taken_from_beyond_the_horizon(dataset, tmp_path):
    session = Session(dataset, tmp_path, seed=1, steps_s=(HOUR,))
    session.run(session.feed.now + 40 * HOUR * NANOS)
    session.app.close(clean=False)
    assert max(record[TS_INIT] for record in domain_stream(session.app.folder.log)) <= session.feed.now


def test_a_feed_that_died_stops_the_run_with_everything_on_disk(dataset, tmp_path):
    session = Session(dataset, tmp_path, seed=1, steps_s=(HOUR,))

    def check():
        if session.feed.waits == 5:
            raise RuntimeError("the thread of the feed ended")

    session.pace = LivePace(
        session.feed, session.feed, session.app.ingest, session.app.answers, watch=session._watch, check=check
    )
    with pytest.raises(RuntimeError):
        session.run()
    session.app.close(clean=True)
    again = Session(dataset, tmp_path, seed=2, steps_s=(HOUR,), from_ts=session.feed.now)
    again.run(again.feed.now + HOUR * NANOS)
    again.app.close(clean=False)
