"""Parameters that no scoring is made for are refused in one sentence; the platform's are its settings."""

import msgspec
import pytest

from whaletrader.config.tree import DiscoverySettings, Settings
from whaletrader.errors import UsageError
from whaletrader.universe.score_params import ScoreParams, scan_params


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"confidence": 0.8}, "between 0.8 and 1"),
        ({"confidence": 2.0}, "between 0.8 and 1"),
        ({"confidence": float("nan")}, "between 0.8 and 1"),
        ({"n_boot": 99}, "100 to 50,000"),
        ({"n_boot": 50_001}, "100 to 50,000"),
        ({"seed": -1}, "63 bits"),
        ({"seed": 2**63}, "63 bits"),
        ({"policies": ()}, "at least one"),
        ({"policies": ("dream",)}, "no follower policy 'dream'"),
    ],
)
def test_a_parameter_that_no_scoring_is_made_for_is_refused(wrong: dict[str, object], told: str) -> None:
    with pytest.raises(UsageError) as refused:
        ScoreParams(**wrong)  # type: ignore[arg-type]
    assert told in refused.value.message


def test_a_scan_asks_for_the_committed_event_groups_unless_a_setting_says_otherwise() -> None:
    few = msgspec.structs.replace(Settings(), discovery=DiscoverySettings(min_event_groups=7))
    assert scan_params(Settings(), 1).min_groups is None
    assert scan_params(few, 1).min_groups == 7


def test_a_scan_knows_its_date_its_seed_and_the_bets_asked_for() -> None:
    params = scan_params(Settings(), 123)
    asked = Settings().discovery
    assert (params.as_of_ts, params.seed) == (123, Settings().seed)
    assert params.min_bets("fill") == asked.min_resolved_bets_fills
    assert params.min_bets("position") == asked.min_resolved_bets_signals
