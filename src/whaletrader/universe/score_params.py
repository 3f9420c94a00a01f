"""What is scored, on which evidence, and how sure the bounds are."""

from dataclasses import dataclass, field

from whaletrader.config.tree import Settings
from whaletrader.domain.values import MICRO
from whaletrader.errors import UsageError
from whaletrader.universe.follower import KINDS, FollowerParams
from whaletrader.universe.policies import POLICIES
from whaletrader.universe.thresholds import THRESHOLDS

_JUDGING = THRESHOLDS.judging


@dataclass(frozen=True, slots=True)
class ScoreParams:
    """Parameters of a leaderboard; the defaults are the committed thresholds.

    `since_ts` leaves older events out. `min_groups` stands in for the committed table of event groups needed. Every
    policy named is looked at for every wallet, and each counts as a trial.
    """

    as_of_ts: int | None = None
    since_ts: int | None = None
    min_bets_fill: int = _JUDGING.min_bets_fill
    min_bets_position: int = _JUDGING.min_bets_position
    min_groups: int | None = None
    confidence: float = _JUDGING.confidence
    n_boot: int = _JUDGING.resamples
    seed: int = _JUDGING.seed
    follower: FollowerParams = field(default_factory=FollowerParams)
    policies: tuple[str, ...] = ("taker",)

    def __post_init__(self) -> None:
        unknown = [name for name in self.policies if name not in POLICIES]
        if unknown:
            raise UsageError(f"there is no follower policy {unknown[0]!r}; choose among {', '.join(POLICIES)}")
        if not 0.8 < self.confidence < 1.0:
            raise UsageError(f"a bound's confidence lies between 0.8 and 1, not {self.confidence}")
        if not 100 <= self.n_boot <= 50_000 or not 0 <= self.seed < 2**63:
            raise UsageError("resamples number 100 to 50,000, and a seed has at most 63 bits")
        if not self.policies or len(set(self.policies)) < len(self.policies):
            raise UsageError("name at least one follower policy, and each only once")

    def min_bets(self, kind: str) -> int:
        """Settled bets that a wallet needs for a verdict."""
        return self.min_bets_fill if kind == KINDS[0] else self.min_bets_position


def scan_params(settings: Settings, as_of_ts: int) -> ScoreParams:
    """The parameters with which the platform scans at a date."""
    discovery = settings.discovery
    return ScoreParams(
        as_of_ts=as_of_ts,
        min_bets_fill=discovery.min_resolved_bets_fills,
        min_bets_position=discovery.min_resolved_bets_signals,
        min_groups=discovery.min_event_groups or None,
        confidence=discovery.confidence_micro / MICRO,
        n_boot=discovery.bootstrap_resamples,
        seed=settings.seed,
    )
