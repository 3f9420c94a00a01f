"""Policies by name: what each enters, follows and leaves by."""

import pytest

from whaletrader.errors import UsageError
from whaletrader.universe.follower import FollowerParams
from whaletrader.universe.policies import EXPLANATIONS, POLICIES, policy_params


def test_the_policies_are_four_ways_each_mirrored_and_held() -> None:
    assert POLICIES == (
        "taker", "taker_hold", "passive", "passive_hold", "first", "first_hold", "large", "large_hold",
    )  # fmt: skip
    assert set(EXPLANATIONS) == {name.removesuffix("_hold") for name in POLICIES}


def test_the_taker_is_what_a_follower_is_by_default() -> None:
    assert policy_params("taker") == FollowerParams()


@pytest.mark.parametrize("name", POLICIES)
def test_a_policy_says_how_to_enter_what_to_follow_and_when_to_leave(name: str) -> None:
    found = policy_params(name)
    assert found.exit == ("resolution" if name.endswith("_hold") else "mirror")
    assert found.entry == ("passive" if name.startswith("passive") else "taker")
    assert found.which == (name.removesuffix("_hold") if name.startswith(("first", "large")) else "all")


def test_delays_windows_and_size_are_the_bases() -> None:
    base = FollowerParams(delay_s=9.0, window_s=7.0, rest_s=8.0, own_size_usd_micro=5, exit="resolution")
    found = policy_params("large", base)
    assert (found.delay_s, found.window_s, found.rest_s, found.own_size_usd_micro) == (9.0, 7.0, 8.0, 5)
    assert found.exit == "mirror"


def test_no_two_policies_are_the_same() -> None:
    assert len({policy_params(name) for name in POLICIES}) == len(POLICIES)


def test_an_unknown_policy_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match="choose among taker, taker_hold"):
        policy_params("best")


@pytest.mark.parametrize("wrong", [{"entry": "maker"}, {"which": "small"}, {"exit": "never"}])
def test_a_follower_that_does_not_exist_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(UsageError, match="a follower enters as"):
        FollowerParams(**wrong)  # type: ignore[arg-type]
