"""Ways of copying side by side: when to enter, which entries to follow, when to leave.

Every policy judged is a trial of its own for every wallet: whoever picks the best one has looked at all.
"""

from dataclasses import replace
from typing import Literal

from whaletrader.errors import UsageError
from whaletrader.universe.entries import Which
from whaletrader.universe.follower import FollowerParams

Entry = Literal["taker", "passive"]

_WAYS: dict[str, tuple[Entry, Which]] = {
    "taker": ("taker", "all"),
    "passive": ("passive", "all"),
    "first": ("taker", "first"),
    "large": ("taker", "large"),
}
_HOLD = "_hold"

POLICIES = tuple(f"{way}{held}" for way in _WAYS for held in ("", _HOLD))
"""taker, taker_hold, passive, …: `_hold` keeps to resolution, the others mirror the leader's exit."""

EXPLANATIONS = {
    "taker": "take the first price after the delay, at every entry of the leader",
    "passive": "rest a limit at the leader's price; filled only when somebody trades through it",
    "first": "take the first price after the delay, at the leader's first entry into each token only",
    "large": "take the first price after the delay, at entries that are large for this leader only",
}
"""What a policy does, by its name without `_hold`."""


def policy_params(name: str, base: FollowerParams | None = None) -> FollowerParams:
    """The follower parameters of a policy; delays, windows and own size are those of `base`."""
    if name not in POLICIES:
        raise UsageError(f"there is no follower policy {name!r}; choose among {', '.join(POLICIES)}")
    entry, which = _WAYS[name.removesuffix(_HOLD)]
    leave: Literal["mirror", "resolution"] = "resolution" if name.endswith(_HOLD) else "mirror"
    return replace(base or FollowerParams(), entry=entry, which=which, exit=leave)
