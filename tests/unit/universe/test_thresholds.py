"""The committed rules: read whole, hashed as they are, and refused when a key is unknown."""

from hashlib import sha256
from pathlib import Path

import pytest

from whaletrader.config.tree import DiscoverySettings
from whaletrader.universe import thresholds
from whaletrader.universe.thresholds import THRESHOLDS, GroupRules, parse_thresholds, thresholds_hash

FILE = Path(thresholds.__file__).with_name("thresholds.toml")


def test_the_hash_is_that_of_the_committed_file() -> None:
    assert thresholds_hash() == sha256(FILE.read_bytes()).hexdigest()


def test_the_rules_in_force_are_those_of_the_file() -> None:
    assert parse_thresholds(FILE.read_text(encoding="utf-8")) == THRESHOLDS


def test_every_key_has_a_reason_beside_it() -> None:
    lines = FILE.read_text(encoding="utf-8").splitlines()
    assert sum(line.startswith("#") for line in lines) > len([line for line in lines if line.startswith("[")])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("false_discovery_rate", "false_discovery_rates"),
        ("[selection]", "[selections]"),
        ("min_bets_fill = 30\n", ""),
        ("seed =", "sead ="),
    ],
)
def test_a_misspelt_or_missing_key_is_refused(old: str, new: str) -> None:
    text = FILE.read_text(encoding="utf-8")
    assert old in text
    with pytest.raises((AssertionError, TypeError)):
        parse_thresholds(text.replace(old, new))


def test_there_is_one_number_of_event_groups_per_price_band() -> None:
    with pytest.raises(AssertionError):
        GroupRules(price_limits=(0.5,), needed=(10,), bootstrap=(True, True), rarest=3)
    with pytest.raises(AssertionError):
        GroupRules(price_limits=(0.5, 0.1), needed=(10, 10, 10), bootstrap=(True, True, True), rarest=3)


def test_the_two_bounds_together_are_a_95_percent_interval() -> None:
    assert 1.0 - 2.0 * (1.0 - THRESHOLDS.judging.confidence) == pytest.approx(0.95)


def test_the_platforms_scans_are_as_sure_as_score() -> None:
    assert DiscoverySettings().confidence_micro == round(THRESHOLDS.judging.confidence * 1_000_000)
