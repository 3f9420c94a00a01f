"""Skill or luck: what the evidence about a wallet's copyable edge adds up to, in the four steps of the method.

0 enough data, 1 null model (no edge after costs, Sharpe ratio 0), 2 significance for this wallet alone, 3 persistence,
4 correction for having looked at everybody. The evidence is estimated elsewhere; here it is only weighed.

What decides and why. Insufficient: too few bets or event groups for a bound that holds. Luck: the bound does not
exclude an edge of 0. High skill needs all of: lower bound above 0; q-value of the exact p-value within the false
discovery rate; an edge shrunk towards everybody's that is above 0; an edge above 0 in the later half of the record, so
that a faded skill is not called high. The rest informs and decides nothing: PSR, DSR and MinTRL rest on a normal limit
that payoffs of 0 or 1 at extreme prices are far from (after 100 fair bets at 0.05 the PSR passes 0.95 in 6.3 % of
records, at 0.95 in none; won bets alone have no Sharpe ratio); sign and signed-rank tests are about a median, which 95
wins of 100 at 0.97 pass at a loss; the slope of later on earlier windows is 0 for a skill that stays the same;
Benjamini-Yekutieli and e-values are stricter than the claim that is made.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from math import isnan
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Codes = NDArray[np.int8]
Mask = NDArray[np.bool_]
Comparison = Literal[">", ">=", "<="]
WhatIf = Callable[[int, int], Mapping[str, float]]
"""Evidence about a wallet after so many more event groups at its mean edge and then so many lost bets."""


class Verdict(StrEnum):
    """What the evidence says about a wallet's copyable edge."""

    HIGH_SKILL = "HIGH_SKILL"
    """Lower bound above 0, still significant among all who were judged, and not faded."""
    MODERATE_SKILL = "MODERATE_SKILL"
    """Lower bound above 0 for this wallet alone: among many wallets some get there by luck."""
    LIKELY_LUCK = "LIKELY_LUCK"
    """The bound does not exclude an edge of 0 or less."""
    INSUFFICIENT_DATA = "INSUFFICIENT_DATA"
    """Fewer settled bets or event groups than the minimum: nothing is claimed."""


VERDICTS = (Verdict.INSUFFICIENT_DATA, Verdict.LIKELY_LUCK, Verdict.MODERATE_SKILL, Verdict.HIGH_SKILL)
"""By rising strength: the codes of `SkillVsLuckAnalyzer.verdicts` are places in it."""
STEPS = ("enough data", "null model", "significance", "persistence", "bias corrections")


@dataclass(frozen=True, slots=True)
class SkillCutoffs:
    """The fixed limits of the checks; `significance` and `probability` inform, only the discovery rate decides."""

    false_discovery_rate: float
    significance: float
    probability: float

    def __post_init__(self) -> None:
        if not all(0.0 < value < 1.0 for value in (self.false_discovery_rate, self.significance, self.probability)):
            raise ValueError("a false discovery rate, a significance level and a probability lie between 0 and 1")


@dataclass(frozen=True, slots=True)
class Check:
    """One piece of evidence that is compared with a limit; `needed_for` is the verdict it is required for, if any."""

    step: str
    name: str
    comparison: Comparison
    limit: float | str
    meaning: str
    needed_for: Verdict | None = None

    def passed(self, values: Mapping[str, Floats]) -> Mask:
        """Where the evidence meets the limit; never where either is unknown."""
        value = values[self.name]
        limit = values[self.limit] if isinstance(self.limit, str) else self.limit
        with np.errstate(invalid="ignore"):
            if self.comparison == ">":
                return np.asarray(value > limit)
            return np.asarray(value >= limit if self.comparison == ">=" else value <= limit)


@dataclass(frozen=True, slots=True)
class Finding:
    """A check's outcome for one wallet: value and limit (NaN unknown); `passed` is None where either is unknown."""

    step: str
    name: str
    value: float
    comparison: Comparison
    threshold: float
    passed: bool | None
    needed_for: Verdict | None
    meaning: str


@dataclass(frozen=True, slots=True)
class Change:
    """What would change the verdict: so many more event groups or lost bets; None where none up to `searched` does."""

    verdict: Verdict
    cause: Literal["more event groups at its mean edge", "the next bets lose"]
    count: int | None
    searched: int

    @property
    def sentence(self) -> str:
        """The same in words."""
        if self.cause == "the next bets lose":
            if self.count is None:
                return f"{self.searched:,} lost bets in a row would not change the verdict"
            what = "the next bet loses" if self.count == 1 else f"the next {self.count:,} bets lose"
            return f"{self.verdict} if {what}"
        if self.count is None:
            return f"{self.searched:,} more event groups at its mean edge would not give {self.verdict}"
        return f"{self.verdict} after {self.count:,} more event group{'s' * (self.count > 1)} at its mean edge"


@dataclass(frozen=True, slots=True)
class SkillReport:
    """The verdict on one wallet, every piece of evidence, and what would change it."""

    verdict: Verdict
    withheld: str
    findings: tuple[Finding, ...]
    changes: tuple[Change, ...] = field(default=())


def skill_checks(cutoffs: SkillCutoffs) -> tuple[Check, ...]:
    """All checks in the order of the steps, and which verdict each is needed for."""
    any_edge, high = Verdict.MODERATE_SKILL, Verdict.HIGH_SKILL
    level, sure = cutoffs.significance, cutoffs.probability
    data, null, significance, persistence, corrections = STEPS
    return (
        Check(data, "enough", ">=", 1.0, "settled bets and event groups reach the minimum", Verdict.LIKELY_LUCK),
        Check(data, "n_effective", ">=", "min_track_record", "independent bets reach the minimum track record"),
        Check(null, "sharpe_bet", ">", 0.0, "Sharpe ratio per bet is above that of no edge"),
        Check(null, "psr", ">=", sure, "probability that the Sharpe ratio is above 0 (normal limit)"),
        Check(significance, "lower", ">", 0.0, "lower bound of the edge is above 0", any_edge),
        Check(significance, "p_value", "<=", level, "exact p-value of no edge, for this wallet alone"),
        Check(significance, "log_e", ">=", float(-np.log(level)), "evidence (log e-value) that may be read any day"),
        Check(significance, "sign_p", "<=", level, "sign test: more event groups won than lost"),
        Check(significance, "rank_p", "<=", level, "signed-rank test of the event groups' edges"),
        Check(persistence, "later_edge", ">", 0.0, "the edge of the later half of its event groups is above 0", high),
        Check(persistence, "earlier_edge", ">", 0.0, "the edge of the earlier half is above 0"),
        Check(persistence, "level_p", "<=", level, "p-value of the mean with Newey-West errors"),
        Check(persistence, "persistence_p", "<=", level, "p-value that better stretches follow better ones"),
        Check(corrections, "q_value", "<=", cutoffs.false_discovery_rate, "q-value among all who were judged", high),
        Check(corrections, "shrunk", ">", 0.0, "the edge shrunk towards everybody's is above 0", high),
        Check(corrections, "q_by", "<=", cutoffs.false_discovery_rate, "q-value under any dependence"),
        Check(corrections, "e_selected", ">=", 1.0, "chosen by e-values, under any dependence and at any time"),
        Check(corrections, "dsr", ">=", sure, "probability that the Sharpe ratio beats the luckiest of all"),
        Check(corrections, "reality_check_p", "<=", level, "the best of all wallets is better than luck's best"),
    )


REQUIRED = ("enough", "lower", "later_edge", "q_value", "shrunk")
"""Evidence that decides the verdict; the rest informs."""


class SkillVsLuckAnalyzer:
    """Weighs the evidence by the fixed checks: the same ones for an array of wallets and for the report on one."""

    def __init__(self, cutoffs: SkillCutoffs) -> None:
        self.checks = skill_checks(cutoffs)

    def verdicts(self, evidence: Mapping[str, Floats]) -> Codes:
        """Verdicts on all wallets.

        Parameters
        ----------
        evidence : mapping of str to ndarray
            At least the names in `REQUIRED`, each of shape (U,); `enough` is 1 or True where the wallet is judged;
            edges in any one unit; NaN is unknown and meets no limit.

        Returns
        -------
        ndarray of int8
            Shape (U,): places in `VERDICTS`. A wallet without a bound has insufficient data.

        Examples
        --------
        >>> analyzer = SkillVsLuckAnalyzer(SkillCutoffs(0.05, 0.05, 0.95))
        >>> one = np.ones(2)
        >>> found = {"enough": one, "lower": one, "later_edge": one, "shrunk": one, "q_value": np.array([0.01, 0.2])}
        >>> [str(VERDICTS[code]) for code in analyzer.verdicts(found)]
        ['HIGH_SKILL', 'MODERATE_SKILL']
        """
        known = {name: np.asarray(evidence[name], np.float64) for name in REQUIRED}
        reached = ~np.isnan(known["lower"])
        codes = np.zeros(reached.shape, np.int8)
        for code, verdict in enumerate(VERDICTS[1:], start=1):
            for check in self.checks:
                if check.needed_for == verdict:
                    reached = reached & check.passed(known)
            codes[reached] = code
        return codes

    def verdict(self, evidence: Mapping[str, float]) -> Verdict:
        """The verdict on one wallet, by the same rule as `verdicts`."""
        return VERDICTS[int(self.verdicts({name: np.array([evidence[name]]) for name in REQUIRED})[0])]

    def explain(
        self,
        evidence: Mapping[str, float],
        *,
        withheld: str = "",
        what_if: WhatIf | None = None,
        most_groups: int = 5_000,
        most_losses: int = 500,
    ) -> SkillReport:
        """Report on one wallet: its verdict, all evidence, and what would change the verdict.

        Parameters
        ----------
        evidence : mapping of str to float
            Named as in `skill_checks`, at least `REQUIRED`; a name that is absent, or NaN, is unknown.
        withheld : str
            Why the wallet was not judged, if it was not.
        what_if : callable, optional
            Evidence after so many more event groups and then so many lost bets; without it no changes are computed.
        most_groups, most_losses : int
            How far the changes are looked for.

        Returns
        -------
        SkillReport
            Changes: the fewest further event groups at its mean edge with which the next stronger verdict is reached,
            and the fewest lost bets after which the verdict is weaker, each by doubling and halving; what changes
            back and forth in between is not seen.
        """
        values = {name: np.array([float(value)]) for name, value in evidence.items()}
        findings = tuple(_finding(check, values) for check in self.checks)
        now = self.verdict(evidence)
        changes = () if what_if is None else self._changes(now, what_if, most_groups, most_losses)
        return SkillReport(now, withheld, findings, changes)

    def _changes(self, now: Verdict, what_if: WhatIf, most_groups: int, most_losses: int) -> tuple[Change, ...]:
        code, found = VERDICTS.index(now), []

        def after(groups: int, losses: int) -> int:
            return VERDICTS.index(self.verdict(what_if(groups, losses)))

        if code < len(VERDICTS) - 1:
            count = fewest(lambda n: after(n, 0) > code, most_groups)
            reached = VERDICTS[code + 1 if count is None else after(count, 0)]
            found.append(Change(reached, "more event groups at its mean edge", count, most_groups))
        if code > 1:
            count = fewest(lambda k: after(0, k) < code, most_losses)
            reached = VERDICTS[code - 1 if count is None else after(0, count)]
            found.append(Change(reached, "the next bets lose", count, most_losses))
        return tuple(found)


def fewest(holds: Callable[[int], bool], most: int) -> int | None:
    """The smallest count from 1 to `most` at which something holds that then goes on holding; None where it does not.

    Found by doubling, then halving: some 2 log2(count) questions.

    Examples
    --------
    >>> fewest(lambda n: n >= 37, 100), fewest(lambda n: n >= 37, 36)
    (37, None)
    """
    below, above = 0, 1
    while not holds(above):
        if above >= most:
            return None
        below, above = above, min(2 * above, most)
    while above - below > 1:
        middle = (below + above) // 2
        below, above = (below, middle) if holds(middle) else (middle, above)
    return above


def _finding(check: Check, values: Mapping[str, Floats]) -> Finding:
    unknown = np.array([np.nan])
    value = float(values.get(check.name, unknown)[0])
    limit = float(values.get(check.limit, unknown)[0]) if isinstance(check.limit, str) else check.limit
    known = not (isnan(value) or isnan(limit))
    passed = bool(check.passed(values)[0]) if known else None
    return Finding(check.step, check.name, value, check.comparison, limit, passed, check.needed_for, check.meaning)
