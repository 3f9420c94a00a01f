"""Fault plans as values: every kind that can be declared, when it holds, and what no plan may say."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from whaletrader.adapters.paper.server.fault_plan import (
    ANSWER_KINDS,
    FACES,
    FRAME_KINDS,
    MODE_KINDS,
    NO_PLAN,
    Fault,
    FaultKind,
    FaultPlan,
    parse_fault_plan,
    read_fault_plan,
)
from whaletrader.errors import UsageError


@pytest.mark.parametrize("kind", list(FaultKind))
def test_every_kind_can_be_declared_by_its_word(kind: FaultKind) -> None:
    face = "geoblock" if kind is FaultKind.GEOBLOCKED else "*"
    (fault,) = parse_fault_plan(f'[[fault]]\nkind = "{kind}"\nface = "{face}"\nseconds = 0.5').fault
    assert fault == Fault(kind=kind, face=face, seconds=0.5)


def test_every_kind_is_an_answer_a_frame_a_mode_or_concerns_both_answers_and_frames() -> None:
    groups = [ANSWER_KINDS, FRAME_KINDS, MODE_KINDS, {FaultKind.LOST, FaultKind.DELAY}]
    assert sorted(kind for group in groups for kind in group) == sorted(FaultKind)


@pytest.mark.parametrize("face", FACES)
def test_every_face_can_fail(face: str) -> None:
    assert parse_fault_plan(f'[[fault]]\nkind = "broken"\nface = "{face}"').fault[0].face == face


def test_an_empty_plan_is_no_plan() -> None:
    assert parse_fault_plan("") == NO_PLAN
    assert NO_PLAN.settlement_faults().fail_micro == NO_PLAN.settlement_faults().reorg_micro == 0
    assert not NO_PLAN.over(1e9)


def test_shares_of_settlements_become_micro_units_with_the_plans_seed() -> None:
    plan = parse_fault_plan("seed = 9\n[settlement]\nfail = 0.015\nretry = 0.000001\nreorg = 1")
    faults = plan.settlement_faults()
    assert (faults.seed, faults.fail_micro, faults.retry_micro, faults.reorg_micro) == (9, 15_000, 1, 1_000_000)


@pytest.mark.parametrize(("until_s", "ends"), [(0.0, [False] * 3), (60.0, [False, True, True])])
def test_a_plan_ends_at_its_time_or_never(until_s: float, ends: list[bool]) -> None:
    assert [FaultPlan(until_s=until_s).over(second) for second in (59.999, 60, 1e9)] == ends


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 50), st.integers(0, 50), st.integers(0, 50), st.integers(0, 400))
def test_windows_follow_a_plain_oracle(first: int, every: int, lasts: int, elapsed: int) -> None:
    fault = Fault(kind=FaultKind.DROP, first_s=first, every_s=every, for_s=lasts)
    begun = [number for number in range(500 if every else 1) if first + number * every <= elapsed]
    wanted = begun[-1] if begun else -1
    if begun and lasts and elapsed >= first + wanted * every + lasts:
        wanted = -1
    assert fault.window(elapsed) == wanted


@pytest.mark.parametrize("name", ["first_s", "every_s", "for_s", "seconds"])
@pytest.mark.parametrize("value", ["-0.1", "nan", "inf", "-inf"])
def test_times_are_finite_and_not_below_0(name: str, value: str) -> None:
    with pytest.raises(ValueError, match="times of drop are"):
        parse_fault_plan(f'[[fault]]\nkind = "drop"\n{name} = {value}')


@pytest.mark.parametrize("value", ["-1", "nan", "inf"])
def test_the_end_of_a_plan_is_a_time_too(value: str) -> None:
    with pytest.raises(ValueError, match="until_s"):
        parse_fault_plan(f"until_s = {value}")


@pytest.mark.parametrize("value", ["-0.1", "1.1", "nan", "inf"])
def test_shares_lie_between_0_and_1(value: str) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        parse_fault_plan(f'[[fault]]\nkind = "drop"\nshare = {value}')
    for name in ("fail", "retry", "reorg"):
        with pytest.raises(ValueError, match="between 0 and 1"):
            parse_fault_plan(f"[settlement]\n{name} = {value}")


def test_trades_that_fail_and_trades_that_are_retried_are_not_more_than_all() -> None:
    with pytest.raises(ValueError, match="together"):
        parse_fault_plan("[settlement]\nfail = 0.6\nretry = 0.5")
    assert parse_fault_plan("[settlement]\nfail = 0.5\nretry = 0.5\nreorg = 1").settlement.retry == 0.5


@pytest.mark.parametrize(
    "text",
    [
        "[[fault]]",
        '[fault]\nkind = "drop"',
        '[[fault]]\nkind = "drop"\nshare = "often"',
        '[[fault]]\nkind = "drop"\ncolour = 1',
        "[settlement]\nlate = 1",
        "seed = 1\nseed = 2",
    ],
)
def test_what_is_no_plan_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        parse_fault_plan(text)


def test_a_file_is_read_and_a_wrong_one_named_with_its_fault(tmp_path: Path) -> None:
    path = tmp_path / "plan.toml"
    path.write_text('until_s = 5\n[[fault]]\nkind = "lost"\nface = "clob"\npath = "/order"')
    assert read_fault_plan(path).fault[0].path == "/order"
    path.write_text('[[fault]]\nkind = "tired"')
    with pytest.raises(UsageError, match=r"plan\.toml cannot be used: Invalid enum value"):
        read_fault_plan(path)
    path.write_bytes(b'kind = "\xff"')
    with pytest.raises(UsageError, match=r"plan\.toml cannot be used"):
        read_fault_plan(path)


def test_a_file_that_cannot_be_read_is_named_with_the_reason(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"none\.toml cannot be read \(No such file or directory\)"):
        read_fault_plan(tmp_path / "none.toml")
    with pytest.raises(UsageError, match="cannot be read"):
        read_fault_plan(tmp_path)
