"""Heartbeats as the venue's own answers spell them, and the duties of an account over hours of a hand-set clock."""

import json
from types import SimpleNamespace

import pytest

from tests.support.hand_clock import HandClock
from tests.support.scripted_clob import ADDRESS, KEY, venue_error
from tests.support.venue_http import Answer, VenueHttpServer, serving
from whaletrader.adapters.polymarket.http import VenueHttp
from whaletrader.adapters.polymarket.limits import UNLIMITED
from whaletrader.adapters.polymarket.secure_clob import SecureClob
from whaletrader.adapters.polymarket.upkeep import Heartbeat, Upkeep
from whaletrader.errors import VenueError

FIRST, SECOND = "11111111-0000-4000-8000-000000000001", "22222222-0000-4000-8000-000000000002"
PATH = "/v1/heartbeats"


@pytest.fixture
def venue():
    with serving(VenueHttpServer()) as server:
        yield server


def clob_of(venue):
    clock = HandClock()
    http = VenueHttp(venue.url, UNLIMITED, clock=clock, wait=clock.wait, timeout_s=5)
    return SecureClob(http, ADDRESS, KEY, now_s=lambda: 1_790_000_000)


def refused(expected):
    """The answer to a wrong id, in the shape that the official client reads."""
    return Answer(400, json.dumps({"error_msg": "Invalid Heartbeat ID", "heartbeat_id": expected}).encode())


def taken(following):
    return Answer(200, json.dumps({"heartbeat_id": following}).encode())


def test_after_a_restart_the_id_that_the_venue_expects_is_taken_from_its_answer(venue):
    venue.refusals = [(PATH, refused(FIRST)), (PATH, taken(SECOND)), (PATH, refused("")), (PATH, taken(FIRST))]
    clob, sent = clob_of(venue), []
    heart = Heartbeat(SimpleNamespace(heartbeat=lambda due: (sent.append(due), clob.heartbeat(due))[1]))
    heart.beat()
    assert sent == ["", FIRST]
    heart.beat()
    assert sent == ["", FIRST, SECOND, ""]


def test_a_wrong_id_is_corrected_once_and_not_argued_about(venue):
    venue.refusals = [(PATH, refused(FIRST)), (PATH, refused(SECOND))]
    with pytest.raises(VenueError, match="Invalid Heartbeat ID"):
        Heartbeat(clob_of(venue)).beat()
    assert venue.asked(PATH) == 2


@pytest.mark.parametrize(
    "fault",
    [venue_error(401, "Unauthorized/Invalid api key"), venue_error(400, "Invalid order payload"), venue_error(0)],
)
def test_any_other_refusal_of_a_heartbeat_is_no_question_of_the_id(fault):
    sent = []

    def heartbeat(due):
        sent.append(due)
        raise fault

    with pytest.raises(VenueError):
        Heartbeat(SimpleNamespace(heartbeat=heartbeat)).beat()
    assert sent == [""]


class Diary:
    """When each duty was done, by the clock that the test moves."""

    def __init__(self, heartbeat_s):
        self.now, self.done = 0.0, {"beat": [], "refresh": [], "work": []}
        note = {name: lambda name=name: self.done[name].append(self.now) for name in self.done}
        heart = SimpleNamespace(beat=note["beat"]) if heartbeat_s else None
        self.keeper = Upkeep(
            SimpleNamespace(refresh=note["refresh"]),
            SimpleNamespace(work=note["work"]),
            clock=lambda: self.now,
            heartbeat=heart,
            heartbeat_s=heartbeat_s,
        )

    def live(self, until_s):
        while self.now < until_s:
            pause = self.keeper.step()
            assert pause > 0.0
            self.now += pause


def test_every_duty_has_its_own_rhythm_and_a_step_says_when_the_next_is_due():
    diary = Diary(heartbeat_s=4.0)
    diary.live(60.0)
    assert diary.done["beat"] == [4.0 * n for n in range(15)]
    assert diary.done["refresh"] == [15.0 * n for n in range(4)]
    assert diary.done["work"] == [5.0 * n for n in range(12)]


def test_without_a_wish_for_it_the_dead_mans_switch_is_never_armed():
    diary = Diary(heartbeat_s=0.0)
    diary.live(60.0)
    assert diary.done["beat"] == []
    assert len(diary.done["refresh"]) == 4


def test_a_late_clock_has_each_duty_done_once_and_not_for_every_time_that_was_missed():
    diary = Diary(heartbeat_s=5.0)
    diary.live(10.0)
    before = {name: len(times) for name, times in diary.done.items()}
    diary.now = 3_600.0
    diary.keeper.step()
    assert {name: len(times) - before[name] for name, times in diary.done.items()} == dict.fromkeys(before, 1)


def test_upkeep_that_was_told_to_end_does_not_close_the_gate():
    diary = Diary(heartbeat_s=0.0)
    diary.keeper.start()
    diary.keeper.stop()
    assert (diary.keeper.gate(), diary.keeper.broken) == ("", "")
    diary.keeper.stop()
