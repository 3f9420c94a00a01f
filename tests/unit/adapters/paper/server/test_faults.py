"""Fault plans: what can be declared, and that it strikes when and as often as declared."""

import pytest

from whaletrader.adapters.paper.server.edge import Request
from whaletrader.adapters.paper.server.fault_plan import Fault, FaultKind, FaultPlan, parse_fault_plan
from whaletrader.adapters.paper.server.faults import PlannedFaults
from whaletrader.adapters.paper.server.types import Mode
from whaletrader.adapters.paper.server.venue import Venue
from whaletrader.domain.values import NANOS

START = 1_000 * NANOS
GET = Request("GET", "/v2/trades")


def faults(*declared: Fault, seed: int = 1) -> PlannedFaults:
    return PlannedFaults(FaultPlan(seed=seed, fault=declared), START)


def at(seconds: float) -> int:
    return START + round(seconds * NANOS)


def test_a_plan_is_read_from_toml() -> None:
    plan = parse_fault_plan(
        """
        seed = 7
        [settlement]
        fail = 0.01
        reorg = 0.5
        [[fault]]
        kind = "silent"
        face = "rtds"
        first_s = 20
        every_s = 60
        for_s = 15
        """
    )
    assert plan.fault[0].kind is FaultKind.SILENT
    assert (plan.settlement_faults().fail_micro, plan.settlement_faults().reorg_micro) == (10_000, 500_000)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[[fault]]\nkind = "tired"', "Invalid enum value"),
        ('[[fault]]\nkind = "drop"\nface = "nose"', "there is no face nose"),
        ('[[fault]]\nkind = "drop"\nshare = 2', "between 0 and 1"),
        ('[[fault]]\nkind = "delay"', "needs seconds"),
        ('[[fault]]\nkind = "geoblocked"', "of the face geoblock"),
        ('[[fault]]\nkind = "drop"\nevery_s = -1', "not below 0"),
        ("colour = 1", "unknown field"),
        ("[settlement]\nfail = 3", "between 0 and 1"),
        ("seed =", "Invalid value"),
    ],
)
def test_a_wrong_plan_is_refused_in_words(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        parse_fault_plan(text)


def test_windows_come_again_and_end() -> None:
    fault = Fault(kind=FaultKind.DROP, first_s=10, every_s=30, for_s=5)
    assert [fault.window(second) for second in (9.9, 10, 14.9, 15, 39.9, 40, 45)] == [-1, 0, 0, -1, -1, 1, -1]
    once = Fault(kind=FaultKind.DROP, first_s=10, for_s=5)
    assert [once.window(second) for second in (9, 10, 15, 1_000)] == [-1, 0, -1, -1]
    always = Fault(kind=FaultKind.DROP)
    assert always.window(1e6) == 0


def test_answers_are_refused_only_on_their_face_in_their_time_and_on_their_path() -> None:
    planned = faults(Fault(kind=FaultKind.TOO_MANY, face="data", path="/v2/", first_s=5, for_s=5))
    answer = planned.instead("data", GET, at(6))
    assert answer is not None
    assert (answer.status, answer.headers) == (429, (("Retry-After", "0"),))
    assert planned.instead("clob", GET, at(6)) is None
    assert planned.instead("data", GET, at(4)) is None
    assert planned.instead("data", Request("GET", "/trades"), at(6)) is None


def test_a_share_strikes_about_so_often_and_the_same_way_again() -> None:
    planned, again = (faults(Fault(kind=FaultKind.UNAVAILABLE, share=0.2)) for _ in range(2))
    struck = [planned.instead("data", GET, at(1)) is not None for _ in range(2_000)]
    assert struck == [again.instead("data", GET, at(1)) is not None for _ in range(2_000)]
    assert 340 < sum(struck) < 460
    assert planned.done["unavailable@data"] == sum(struck)


def test_answers_are_lost_and_late() -> None:
    planned = faults(Fault(kind=FaultKind.LOST), Fault(kind=FaultKind.DELAY, seconds=0.5))
    fate = planned.fate("clob", GET, at(1))
    assert (fate.lost, fate.delay_s) == (True, 0.5)


def test_silence_meets_connections_and_spares_others() -> None:
    planned = faults(Fault(kind=FaultKind.SILENT, face="rtds", share=0.5, for_s=10))
    silent = [planned.frame("rtds", connection, at(1)).silent for connection in range(200)]
    assert 70 < sum(silent) < 130
    assert silent == [planned.frame("rtds", connection, at(9)).silent for connection in range(200)]
    assert not any(planned.frame("rtds", connection, at(11)).silent for connection in range(200))


def test_frames_are_dropped_doubled_delayed_and_connections_closed() -> None:
    assert faults(Fault(kind=FaultKind.DROP)).frame("rtds", 1, at(1)).silent
    assert faults(Fault(kind=FaultKind.DUPLICATE)).frame("rtds", 1, at(1)).times == 2
    assert faults(Fault(kind=FaultKind.DELAY, seconds=2)).frame("rtds", 1, at(1)).delay_s == 2
    assert faults(Fault(kind=FaultKind.DISCONNECT)).frame("rtds", 1, at(1)).close


class Told(Venue):
    """Remembers which modes it was told."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[tuple[str, int, int]] = []

    def restart(self, now_ns: int) -> None:
        self.told.append(("restart", now_ns, 0))

    def set_mode(self, mode: Mode, now_ns: int, until_ns: int = -1) -> None:
        self.told.append((mode, now_ns, until_ns))


def test_restarts_and_modes_begin_once_a_window() -> None:
    planned = faults(
        Fault(kind=FaultKind.RESTART, first_s=10, every_s=100), Fault(kind=FaultKind.CANCEL_ONLY, first_s=20, for_s=3)
    )
    venue = Told()
    for second in range(130):
        planned.step(venue, at(second))
    assert venue.told == [
        ("restart", at(10), 0),
        (Mode.CANCEL_ONLY, at(20), at(23)),
        ("restart", at(110), 0),
    ]


def test_after_its_end_a_plan_does_nothing() -> None:
    plan = FaultPlan(until_s=60, fault=(Fault(kind=FaultKind.LOST), Fault(kind=FaultKind.RESTART, first_s=70)))
    planned, venue = PlannedFaults(plan, START), Told()
    assert planned.fate("clob", GET, at(59)).lost
    assert not planned.fate("clob", GET, at(60)).lost
    planned.step(venue, at(71))
    assert venue.told == []


def test_the_geoblock_can_be_made_to_block() -> None:
    answer = faults(Fault(kind=FaultKind.GEOBLOCKED, face="geoblock")).instead("geoblock", GET, at(1))
    assert answer is not None
    assert (answer.status, answer.body[:15]) == (200, b'{"blocked":true')


def test_a_restart_can_be_short() -> None:
    planned, venue = faults(Fault(kind=FaultKind.RESTART, seconds=8)), Told()
    planned.step(venue, at(1))
    assert venue.told == [(Mode.RESTARTING, at(1), at(9))]
