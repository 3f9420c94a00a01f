"""The hard limits of the risk kernel, with their defaults; shares of equity are in micro (20000 is 2 %).

What is impossible or would disarm a limit by accident is refused when the limits are made.
"""

from typing import Annotated

import msgspec
from msgspec import Meta

Share = Annotated[int, Meta(ge=0, le=1_000_000)]
PositiveShare = Annotated[int, Meta(gt=0, le=1_000_000)]
Count = Annotated[int, Meta(ge=0, le=1_000)]
Seconds = Annotated[int, Meta(gt=0)]


class RiskLimits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All limits; configurable downwards at run time, upwards only by configuration."""

    kelly_fraction_micro: Share = 250_000
    per_trade_micro: Share = 20_000
    per_leader_micro: Share = 300_000
    max_open_positions: Count = 20
    cvar_level_micro: Annotated[int, Meta(ge=500_000, le=999_000)] = 975_000
    cvar_limit_micro: Share = 50_000
    max_correlation_micro: PositiveShare = 700_000
    daily_loss_micro: PositiveShare = 50_000
    drawdown_reducing_micro: PositiveShare = 100_000
    drawdown_derisk_micro: PositiveShare = 200_000
    drawdown_kill_micro: PositiveShare = 250_000
    max_mark_age_s: Seconds = 86_400
    """A price older than this is stale: new risk is denied, an open position is marked with the haircut."""
    stale_haircut_micro: Share = 100_000
    accept_fee_provenance: tuple[str, ...] = ("market", "inferred", "worst_case")
    """Live trading narrows this to `market`."""
    prior_correlation_same_category_micro: Share = 200_000
    prior_correlation_other_micro: Share = 50_000
    derisk_slippage_micro: Share = 50_000
    """How far below the bid an emergency sale still sells."""
    derisk_ttl_s: Seconds = 3_600
    """How long an emergency sale's approval is good."""

    def __post_init__(self) -> None:
        """Refuse a ladder whose steps are out of order."""
        if not self.drawdown_reducing_micro <= self.drawdown_derisk_micro <= self.drawdown_kill_micro:
            raise ValueError(
                "the drawdown ladder's steps must not fall: drawdown_reducing, drawdown_derisk, drawdown_kill"
            )
