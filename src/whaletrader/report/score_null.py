"""What would have been detected: the power of the rules as rows and in words, and whether a null may be certified."""

from math import log10

import polars as pl

from whaletrader.domain.values import MICRO, LeaderEventKind
from whaletrader.report.score_model import Null, NullKind, PowerRow
from whaletrader.universe.evidence import HELD
from whaletrader.universe.follower import KINDS
from whaletrader.universe.power import CertifiedNull, certified_null, power_table
from whaletrader.universe.scores import Scores

POWER = 0.8
_LEAST_P = 1e-300


def null_of(scores: Scores) -> Null:
    """Power at the number of trials that were tested, by kind; a null is certified only for all kinds together."""
    found = [certified_null(scores.frame, kind) for kind in KINDS]
    tested = [each for each in found if each.tested]
    return Null(
        certified=bool(tested) and all(each.certified for each in tested),
        sentences=[each.sentence for each in tested],
        kinds=[null_kind(each) for each in tested],
        rows=[row for each in tested for row in power_rows(each, scores.params.policies)],
    )


def null_kind(found: CertifiedNull) -> NullKind:
    """One kind's finding as a row."""
    likely = next(each for each in found.detectable if each.power == POWER)
    return NullKind(
        kind=found.kind,
        tested=found.tested,
        survived=found.survived,
        needed_p=round(log10(found.threshold), 6) + 0.0,
        finest_p=round(log10(max(found.finest, _LEAST_P)), 6) + 0.0,
        reaching=found.reaching,
        best=_six(likely.best),
        median=_six(likely.median),
        sentence=found.sentence,
    )


def power_rows(found: CertifiedNull, policies: tuple[str, ...]) -> list[PowerRow]:
    """Detectable edges at the number of trials; where bets may end early, by the rule that such bets are judged by."""
    held = found.kind == str(LeaderEventKind.POSITION) or all(name.endswith(HELD) for name in policies)
    table = power_table(found.trials, powers=(POWER,), held=held)
    return [
        PowerRow(
            kind=found.kind,
            price=row["price_micro"] / MICRO,
            bets=row["bets"],
            power=row["power"],
            wins=row["wins_needed"],
            detectable=None if row["edge_micro"] is None else row["edge_micro"] / MICRO,
        )
        for row in table.sort(pl.all()).iter_rows(named=True)
    ]


def _six(value: float | None) -> float | None:
    return None if value is None else round(value, 6) + 0.0
