"""Whether a token's payoff is too closely correlated with an open position.

Within an event group the correlation of the payoffs is exact (neg-risk), or the greatest that the probabilities allow
where the joint law is unknown. Across groups it is a prior by category; daily returns, shrunk, take its place once two
tokens have 60 common days.
"""

from itertools import pairwise

from whaletrader.domain.risk.groups import market_probability
from whaletrader.domain.risk.model import MarketView, RiskState
from whaletrader.domain.risk.scenarios import PROB_ONE
from whaletrader.domain.values import MICRO

MIN_COMMON_DAYS = 60
MAX_DAYS = 90
"""Daily marks that are kept of a held token."""


def too_correlated(state: RiskState, market: MarketView, token_id: str) -> bool:
    """Whether any other open position's correlation with a token reaches the limit.

    Parameters
    ----------
    state : RiskState
        The book, its markets and marks.
    market : MarketView
        The market of the token that would be bought.
    token_id : str
        That token; the same token held already is no other position.

    Returns
    -------
    bool
        True as well where an open position's market is unknown: what cannot be judged is not taken.
    """
    for other in state.book.open_tokens():
        if other == token_id:
            continue
        theirs = _market_of(state, other)
        if theirs is None or _reaches(state, market, token_id, theirs, other):
            return True
    return False


def _market_of(state: RiskState, token_id: str) -> MarketView | None:
    position = state.book.positions.get(token_id)
    if position is not None:
        return state.markets.get(position.market_id)
    orders = (each for each in state.book.reservations.values() if each.token_id == token_id)
    return state.markets.get(next(orders).market_id)


def _reaches(state: RiskState, ours: MarketView, token: str, theirs: MarketView, other: str) -> bool:
    limit = state.limits.max_correlation_micro
    if ours.event_group_id == theirs.event_group_id:
        both, first, second = _joint(state, ours, token, theirs, other)
        return correlation_reaches(both, first, second, limit)
    measured = return_correlation_reaches(state.daily.get(token, ()), state.daily.get(other, ()), limit)
    if measured is not None:
        return measured
    limits = state.limits
    same = ours.category == theirs.category
    prior = limits.prior_correlation_same_category_micro if same else limits.prior_correlation_other_micro
    return prior >= limit


def _joint(state: RiskState, ours: MarketView, token: str, theirs: MarketView, other: str) -> tuple[int, int, int]:
    """(chance that both pay, chance of ours, chance of theirs), in units of 2^-30."""
    ours_0, theirs_0 = market_probability(state, ours.market_id), market_probability(state, theirs.market_id)
    we_first, they_first = token == ours.token_ids[0], other == theirs.token_ids[0]
    exclusive = ours.neg_risk and theirs.neg_risk
    if ours.market_id == theirs.market_id:
        return 0, ours_0 if we_first else PROB_ONE - ours_0, PROB_ONE - ours_0 if we_first else ours_0
    if exclusive and ours_0 + theirs_0 > PROB_ONE:
        total = ours_0 + theirs_0
        ours_0, theirs_0 = ours_0 * PROB_ONE // total, theirs_0 * PROB_ONE // total
    first, second = ours_0 if we_first else PROB_ONE - ours_0, theirs_0 if they_first else PROB_ONE - theirs_0
    if not exclusive:
        return min(first, second), first, second
    if we_first and they_first:
        return 0, first, second
    if not we_first and not they_first:
        return PROB_ONE - ours_0 - theirs_0, first, second
    return first if we_first else second, first, second


def correlation_reaches(both: int, first: int, second: int, limit_micro: int) -> bool:
    """Whether two yes-or-no payoffs correlate at least as closely as a positive limit, without a square root.

    Parameters
    ----------
    both, first, second : int
        Chances that both pay, that the first pays, that the second pays, in units of 2^-30.
    limit_micro : int
        Positive limit in micro.

    Returns
    -------
    bool
        False where a payoff is certain: it correlates with nothing.
    """
    covariance = both * PROB_ONE - first * second
    if covariance <= 0:
        return False
    variances = first * (PROB_ONE - first) * second * (PROB_ONE - second)
    return covariance**2 * MICRO**2 >= limit_micro**2 * variances


def return_correlation_reaches(first: tuple[int, ...], second: tuple[int, ...], limit_micro: int) -> bool | None:
    """Whether the daily returns of two tokens correlate at least as closely as a positive limit, in exact integers.

    Parameters
    ----------
    first, second : tuple of int
        Daily marks in micro-units that end on the same day, oldest first.
    limit_micro : int
        Positive limit in micro.

    Returns
    -------
    bool or None
        None with fewer than 60 common returns. The covariance is shrunk towards a multiple of the identity with the
        optimal intensity of Ledoit & Wolf (2004), doi:10.1016/S0047-259X(03)00096-4; returns are price differences.
    """
    days = min(len(first), len(second)) - 1
    if days < MIN_COMMON_DAYS:
        return None
    x, y = (_centred(marks[-days - 1 :]) for marks in (first, second))
    xx, yy, xy = _dot(x, x), _dot(y, y), _dot(x, y)
    # With S = (days^2) * covariance * days etc. all terms share one scale, so only integers are compared.
    norms = [a * a + b * b for a, b in zip(x, y, strict=True)]
    square = xx * xx + yy * yy + 2 * xy * xy
    distance = 2 * square - (xx + yy) ** 2
    spread = min(2 * (days * _dot(norms, norms) - square), days * distance)
    if distance <= 0:
        return False
    kept, shrunk = days * distance - spread, spread
    level = shrunk * (xx + yy)
    covariance, variances = 2 * kept * xy, (2 * kept * xx + level) * (2 * kept * yy + level)
    return covariance > 0 and covariance**2 * MICRO**2 >= limit_micro**2 * variances


def _centred(marks: tuple[int, ...]) -> list[int]:
    """Daily differences less their mean, times their number."""
    steps = [after - before for before, after in pairwise(marks)]
    return [step * len(steps) - (marks[-1] - marks[0]) for step in steps]


def _dot(first: list[int], second: list[int]) -> int:
    return sum(a * b for a, b in zip(first, second, strict=True))
