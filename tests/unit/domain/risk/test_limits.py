"""Limits: the defaults of the design, and what is refused."""

import msgspec
import pytest

from whaletrader.domain.risk.limits import RiskLimits


def read(**values):
    return msgspec.convert(values, RiskLimits)


def test_the_defaults_are_those_of_the_design():
    limits = RiskLimits()
    shares = (limits.kelly_fraction_micro, limits.per_trade_micro, limits.per_leader_micro)
    assert shares == (250_000, 20_000, 300_000)
    assert (limits.cvar_level_micro, limits.cvar_limit_micro) == (975_000, 50_000)
    assert (limits.max_open_positions, limits.max_correlation_micro, limits.daily_loss_micro) == (20, 700_000, 50_000)
    ladder = (limits.drawdown_reducing_micro, limits.drawdown_derisk_micro, limits.drawdown_kill_micro)
    assert ladder == (100_000, 200_000, 250_000)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("per_trade_micro", -1),
        ("per_leader_micro", 1_000_001),
        ("max_open_positions", -1),
        ("cvar_level_micro", 1_000_000),
        ("cvar_level_micro", 0),
        ("max_correlation_micro", 0),
        ("daily_loss_micro", 0),
        ("drawdown_kill_micro", 1_000_001),
        ("max_mark_age_s", 0),
        ("derisk_ttl_s", 0),
        ("per_trade", 5),
    ],
)
def test_a_value_outside_its_range_or_an_unknown_name_is_refused(name, value):
    with pytest.raises(msgspec.ValidationError):
        read(**{name: value})


@pytest.mark.parametrize(
    "steps",
    [
        {"drawdown_reducing_micro": 300_000},
        {"drawdown_derisk_micro": 260_000},
        {"drawdown_kill_micro": 150_000},
    ],
    ids=str,
)
def test_a_ladder_whose_steps_fall_is_refused(steps):
    with pytest.raises(msgspec.ValidationError, match="ladder"):
        read(**steps)


def test_stricter_limits_are_taken():
    assert read(per_trade_micro=0, max_open_positions=1, drawdown_reducing_micro=1).per_trade_micro == 0
