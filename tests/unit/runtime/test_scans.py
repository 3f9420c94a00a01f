"""A scan that was asked for is answered once, with the same answer after a crash."""

from tests.support.messages import example, seen
from whaletrader.messages.leaders import LeaderOutcomes, ScanUniverse, UniverseScanned
from whaletrader.runtime.scans import Scans


class Whales:
    """Counts how often it was asked."""

    def __init__(self):
        self.scans = 0

    def scan(self, as_of_ts, followed=(), since_ts=0):
        self.scans += 1
        settled = tuple(example(LeaderOutcomes, wallet=leader) for leader in followed)
        return example(UniverseScanned, as_of_ts=as_of_ts, since_ts=since_ts, n_wallets=3, settled=settled)


def asked(ts=50):
    return seen(ScanUniverse(as_of_ts=ts), ts)


def test_nothing_is_told_before_a_scan_was_asked_for():
    scans = Scans(Whales())
    assert scans.peek() is None


def test_the_answer_belongs_to_the_story_of_its_command():
    scans, command = Scans(Whales()), asked()
    scans.observe(command)
    scans.carry_out(command, again=False)
    answer = scans.take()
    assert scans.peek() == 50
    assert (answer.cause_id, answer.correlation_id, answer.ts_init) == (command.id, command.correlation_id, 50)
    scans.observe(answer)
    assert scans.peek() is None


def test_a_scan_is_computed_once_however_often_it_is_carried_out_or_looked_at():
    whales = Whales()
    scans, command = Scans(whales), asked()
    scans.observe(command)
    scans.carry_out(command, again=False)
    scans.carry_out(command, again=True)
    assert scans.take() == scans.take()
    assert whales.scans == 1


def test_an_answer_that_a_crash_lost_is_computed_again_and_is_the_same():
    scans, command = Scans(Whales()), asked()
    scans.observe(command)
    scans.carry_out(command, again=False)
    after = Scans(Whales())
    after.restore(scans.snapshot())
    assert after.take() == scans.take()


def test_the_source_is_asked_for_the_followed_leaders_outcomes_also_after_a_crash():
    scans = Scans(Whales())
    scans.observe(seen(ScanUniverse(as_of_ts=50, since_ts=20, followed=("fill/0xaa", "fill/0xbb")), 50))
    after = Scans(Whales())
    after.restore(scans.snapshot())
    for source in (scans, after):
        answer = source.take().payload
        assert answer.since_ts == 20
        assert [told.wallet for told in answer.settled] == ["fill/0xaa", "fill/0xbb"]


def test_two_scans_of_one_time_have_their_own_answers():
    scans = Scans(Whales())
    commands = [seen(ScanUniverse(as_of_ts=50, since_ts=since), 50, str(since)) for since in (0, 20)]
    for command in commands:
        scans.observe(command)
        scans.carry_out(command, again=False)
    first = scans.take()
    scans.observe(first)
    assert (first.payload.since_ts, scans.take().payload.since_ts) == (0, 20)


def test_two_scans_are_answered_in_the_order_of_their_commands():
    scans = Scans(Whales())
    for ts in (50, 60):
        scans.observe(asked(ts))
    first = scans.take()
    scans.observe(first)
    assert (first.payload.as_of_ts, scans.take().payload.as_of_ts) == (50, 60)


def test_a_scan_elsewhere_is_begun_at_once_and_told_when_its_answer_is_there():
    there, begun = [], []

    def ready(as_of_ts, followed, since_ts):
        begun.append((as_of_ts, followed, since_ts))
        return there[0] if there else None

    whales = Whales()
    scans, command = Scans(whales, ready), asked()
    scans.observe(command)
    scans.carry_out(command, again=False)
    assert begun == [(50, (), 0)]
    assert scans.peek() is None, "the run goes on meanwhile"
    assert whales.scans == 0
    there.append(70)
    assert scans.peek() == 70, "what follows from it follows then, and not when it was asked for"
    assert (scans.take().ts_event, scans.take().ts_init) == (50, 70)


def test_a_scan_elsewhere_is_begun_again_after_a_crash():
    begun = []
    scans, command = Scans(Whales(), lambda *_: None), asked()
    scans.observe(command)
    after = Scans(Whales(), lambda *key: begun.append(key) or 0)
    after.restore(scans.snapshot())
    assert after.peek() == 50
    assert begun == [(50, (), 0)]
