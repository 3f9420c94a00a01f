"""What discovery keeps of each followed leader: a belief about his edge, and the detectors that watch it.

Everything is folded from the outcomes that scans tell, so the state after any number of scans is what one scan with all
of them would give. Our own copies are not looked at here: what they lost is performance attribution's to say.
"""

from collections.abc import Mapping, Sequence

import msgspec
import numpy as np

from whaletrader.agents.bounded import leader_key
from whaletrader.config.tree import Settings
from whaletrader.domain.allocation import (
    AllocationRule,
    allocate,
    outcome_correlation,
    prior_belief,
    size_multipliers,
    thompson_scores,
)
from whaletrader.domain.pruning import (
    Outcome,
    PruningRule,
    Watch,
    observe,
    promise,
    spread_of_bounds,
    watched,
)
from whaletrader.domain.values import MICRO
from whaletrader.messages.envelope import hash_id
from whaletrader.messages.leaders import LeaderScore, UniverseScanned
from whaletrader.quant.bandit import FadingMoments, NormalInverseGamma


class LeaderWatch(msgspec.Struct, frozen=True, kw_only=True):
    """One followed leader."""

    prior: NormalInverseGamma
    """From the score with which he was first followed."""
    moments: FadingMoments
    watch: Watch

    def belief(self) -> NormalInverseGamma:
        """What is believed of his edge per share now."""
        return self.prior.after(self.moments)


class WatchRules:
    """The settings that watching and allocating need, as the domain's values."""

    def __init__(self, settings: Settings) -> None:
        pruning, allocation = settings.pruning, settings.allocation
        self.confidence_micro = settings.discovery.confidence_micro
        self.discount = 0.5 ** (1.0 / allocation.half_life_groups)
        self.pruning = PruningRule(
            e_arl=float(pruning.e_arl_groups),
            cusum_arl=float(pruning.cusum_arl_groups),
            adwin_delta=pruning.adwin_delta_micro / MICRO,
            agree=pruning.agree,
        )
        self.allocation = AllocationRule(
            max_share_micro=allocation.max_share_micro,
            max_correlation_micro=allocation.max_correlation_micro,
            draws=allocation.draws,
        )


Watches = dict[str, LeaderWatch]


def begun(score: LeaderScore, rules: WatchRules) -> LeaderWatch:
    """Begin to watch a leader, promised what his score says."""
    bounds = (score.edge_lower_micro, score.edge_upper_micro, score.n_groups, rules.confidence_micro)
    spread = spread_of_bounds(*bounds)
    promised, strength = promise(score.edge_micro, score.edge_shrunk_micro, score.n_groups)
    return LeaderWatch(
        prior=prior_belief(score.edge_shrunk_micro, spread, score.n_groups),
        moments=FadingMoments(),
        watch=watched(promised, spread, strength, rules.pruning),
    )


def after_scan(watches: Watches, scan: UniverseScanned, rules: WatchRules) -> Watches:
    """The watches after a scan's outcomes; those of nobody who is watched are left out."""
    found = dict(watches)
    for told in scan.settled:
        key = leader_key(told.wallet, told.kind)
        if key in found:
            found[key] = _folded(found[key], _outcomes(told.outcomes), rules)
    return found


def _outcomes(told: Sequence[object]) -> list[Outcome]:
    return [msgspec.convert(each, Outcome, from_attributes=True) for each in told]


def _folded(leader: LeaderWatch, outcomes: Sequence[Outcome], rules: WatchRules) -> LeaderWatch:
    moments = leader.moments
    for outcome in outcomes:
        moments = moments.update(outcome.edge_micro / MICRO, rules.discount)
    return LeaderWatch(prior=leader.prior, moments=moments, watch=observe(leader.watch, outcomes, rules.pruning))


def weights(watches: Mapping[str, LeaderWatch], draw: tuple[int, str], rules: WatchRules) -> dict[str, int]:
    """What the allocation leaves of each watched leader's size; `draw` is the seed and the id of the message."""
    leaders = sorted(watches)
    generator = np.random.default_rng(int(hash_id(*draw), 16))
    beliefs = [watches[key].belief() for key in leaders]
    scores = thompson_scores(beliefs, generator, rules.allocation.draws)
    correlation = outcome_correlation([watches[key].watch.outcomes for key in leaders])
    shares = allocate(scores, correlation, rules.allocation)
    return dict(zip(leaders, size_multipliers(shares, rules.allocation), strict=True))
