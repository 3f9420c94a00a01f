"""The hard limits of the risk kernel, with their defaults; shares of equity are in micro (20000 is 2 %)."""

import msgspec


class RiskLimits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All limits; configurable downwards at run time, upwards only by configuration."""

    kelly_fraction_micro: int = 250_000
    per_trade_micro: int = 20_000
    per_leader_micro: int = 300_000
    max_open_positions: int = 20
    cvar_level_micro: int = 975_000
    cvar_limit_micro: int = 50_000
    max_correlation_micro: int = 700_000
    daily_loss_micro: int = 50_000
    drawdown_reducing_micro: int = 100_000
    drawdown_derisk_micro: int = 200_000
    drawdown_kill_micro: int = 250_000
    max_mark_age_s: int = 86_400
    """A price older than this is stale: new risk is denied, an open position is marked with the haircut."""
    stale_haircut_micro: int = 100_000
    accept_fee_provenance: tuple[str, ...] = ("market", "inferred", "worst_case")
    """Live trading narrows this to `market`."""
    prior_correlation_same_category_micro: int = 200_000
    prior_correlation_other_micro: int = 50_000
    derisk_slippage_micro: int = 50_000
    """How far below the bid an emergency sale still sells."""
    derisk_ttl_s: int = 3_600
    """How long an emergency sale's approval is good."""
