from tests.support.venue_orders import run_until
from whaletrader.adapters.paper.server.agenda import Agenda
from whaletrader.adapters.paper.server.switches import DeadMansSwitch, Modes
from whaletrader.adapters.paper.server.types import Mode, VenueRules
from whaletrader.domain.values import NANOS

RULES = VenueRules()


def test_a_restart_goes_through_its_modes_and_says_how_long_each_holds():
    modes = Modes()
    modes.restart(0, RULES)
    told = [modes.at(seconds * NANOS) for seconds in (0, 89, 90, 209, 210)]
    assert told == [
        (Mode.RESTARTING, 90),
        (Mode.RESTARTING, 1),
        (Mode.POST_ONLY, 120),
        (Mode.POST_ONLY, 1),
        (Mode.NORMAL, 0),
    ]


def test_a_mode_without_an_end_holds():
    modes = Modes()
    modes.set(Mode.CANCEL_ONLY, 5, -1)
    assert modes.at(10**18) == (Mode.CANCEL_ONLY, 0)
    modes.set(Mode.DISABLED, 5, 9)
    assert modes.at(9)[0] is Mode.NORMAL


def test_a_switch_is_fed_with_the_id_that_was_answered_last():
    agenda, cancelled = Agenda(), []
    switch = DeadMansSwitch(RULES, agenda, lambda owner, ts: cancelled.append((owner, ts)))
    assert switch.beat("key", "unknown", "one", 0).refusal is not None
    assert switch.beat("key", "", "one", 0).heartbeat_id == "one"
    assert switch.beat("key", "", "two", 1).heartbeat_id == "one"
    assert switch.beat("key", "one", "two", 9 * NANOS).refusal is None
    run_until(agenda, 18 * NANOS)
    assert cancelled == []
    run_until(agenda, 30 * NANOS)
    assert cancelled == [("key", 19 * NANOS), ("key", 29 * NANOS)]
