"""Timers are the fold of what was scheduled and what fired."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.messages import example, seen
from whaletrader.messages.envelope import Message
from whaletrader.messages.orchestration import RunMarked, ScheduleTimer, TimerFired
from whaletrader.runtime.timers import TimerSource


def set_timer(timers: TimerSource, owner: str, name: str, due: int, now: int = 0) -> Message:
    message = seen(ScheduleTimer(owner=owner, name=name, due_ts=due), now, f"{owner}{name}{due}{now}")
    timers.observe(message)
    return message


def fire(timers: TimerSource) -> TimerFired:
    message = timers.take()
    timers.observe(message)
    assert isinstance(message.payload, TimerFired)
    return message.payload


def test_without_a_timer_there_is_no_next_fact() -> None:
    assert TimerSource(1).peek() is None
    assert not TimerSource(1).keeps_alive


def test_timers_fire_in_the_order_of_their_times_and_names() -> None:
    timers = TimerSource(1)
    for owner, name, due in (("b", "x", 5), ("a", "y", 5), ("a", "x", 9), ("a", "w", 3)):
        set_timer(timers, owner, name, due)
    fired = []
    while timers.peek() is not None:
        fired.append(fire(timers))
    assert [(one.due_ts, one.owner, one.name) for one in fired] == [
        (3, "a", "w"),
        (5, "a", "y"),
        (5, "b", "x"),
        (9, "a", "x"),
    ]


def test_a_later_timer_of_the_same_name_replaces_the_earlier_one() -> None:
    timers = TimerSource(1)
    set_timer(timers, "a", "x", 5)
    set_timer(timers, "a", "x", 9)
    assert timers.peek() == 9
    assert fire(timers).due_ts == 9
    assert timers.peek() is None


def test_a_timer_whose_time_has_passed_fires_now_and_keeps_its_own_time() -> None:
    timers = TimerSource(1)
    set_timer(timers, "a", "x", 5, now=20)
    assert timers.peek() == 20
    message = timers.take()
    assert (message.ts_event, message.ts_init) == (5, 20)


def test_taking_does_not_advance() -> None:
    timers = TimerSource(1)
    set_timer(timers, "a", "x", 5)
    assert timers.take() == timers.take()


def test_the_same_timer_set_for_the_same_time_again_is_another_fact() -> None:
    timers = TimerSource(1)
    set_timer(timers, "a", "x", 5)
    first = timers.take()
    timers.observe(first)
    set_timer(timers, "a", "x", 5, now=7)
    assert timers.take().id != first.id


def test_a_timer_that_fired_belongs_to_the_story_of_what_set_it() -> None:
    timers = TimerSource(1)
    cause = set_timer(timers, "a", "x", 5)
    fired = timers.take()
    assert (fired.cause_id, fired.correlation_id) == (cause.id, cause.correlation_id)


steps = st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("xyz"), st.integers(0, 50)), max_size=20)


@settings(max_examples=80, deadline=None)
@given(scheduled=steps, fired_first=st.integers(0, 5))
def test_a_restored_source_goes_on_like_the_one_before(scheduled: list[tuple[str, str, int]], fired_first: int) -> None:
    timers, again = TimerSource(1), TimerSource(1)
    for number, (owner, name, due) in enumerate(scheduled):
        set_timer(timers, owner, name, due, now=number)
    for _ in range(fired_first):
        if timers.peek() is not None:
            fire(timers)
    again.restore(timers.snapshot())
    assert again.snapshot() == timers.snapshot()
    while timers.peek() is not None:
        assert again.peek() == timers.peek()
        assert again.take() == timers.take()
        message = timers.take()
        timers.observe(message)
        again.observe(message)
    assert again.peek() is None


def test_other_messages_only_move_the_clock() -> None:
    timers = TimerSource(1)
    set_timer(timers, "a", "x", 5)
    timers.observe(seen(example(RunMarked), 8))
    assert timers.peek() == 8
