"""Markets of a population: lives, event groups, results and price paths.

Every market's price is the posterior probability of its outcome 0 given a noisy signal, hence a martingale of its own
path, and the outcome is drawn with the first price: who bets at the price earns nothing on average. In a group
results are correlated by a common factor, or exactly one outcome wins; the paths share noise in the same way.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit, ndtr

from whaletrader.datasets.simulator.universe.params import PopulationParams
from whaletrader.domain.values import NANOS

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

STEPS = 128
"""Grid steps of a life; the price stands still between them."""
_FINER_LATE = 4.0
EDGES = np.linspace(0.0, 1.0, STEPS + 1) ** (1.0 / _FINER_LATE)
"""Where the steps begin, in parts of a life: news comes late, so late steps are short."""
_PRIOR_LOW, _PRIOR_HIGH = 0.02, 0.98
_NUDGE = 1e-12
_CLOSING = 200
_SETTLED_NS = 60 * NANOS
_SHORTEST_S = 300.0


@dataclass(frozen=True, eq=False)
class Markets:
    """Arrays by market, and `odds`: log-odds of outcome 0, markets x (STEPS + 1); `clock`: variance of the log-odds'
    path up to each step.
    """

    start_ts: Ints
    end_ts: Ints
    won0: Bools
    group: Ints
    neg_risk: Bools
    category: Ints
    odds: NDArray[np.float32]
    clock: Floats

    def step(self, market: Ints, ts: Ints) -> Ints:
        """The grid step that began last."""
        gone = (ts - self.start_ts[market]) / (self.end_ts[market] - self.start_ts[market])
        steps: Ints = np.clip(np.searchsorted(EDGES, gone + _NUDGE, side="right") - 1, 0, STEPS)
        return steps

    def step_ts(self, market: Ints, step: Ints) -> Ints:
        """First whole second of a step."""
        life_s = (self.end_ts[market] - self.start_ts[market]) / NANOS
        began: Ints = self.start_ts[market] + np.ceil(EDGES[step] * life_s).astype(np.int64) * NANOS
        return began

    def odds_at(self, market: Ints, ts: Ints) -> Floats:
        """Log-odds of outcome 0."""
        return self.odds[market, self.step(market, ts)].astype(np.float64)

    def price_at(self, market: Ints, ts: Ints) -> Floats:
        """Public probability of outcome 0."""
        found: Floats = expit(self.odds_at(market, ts))
        return found

    @property
    def last_ts(self) -> Ints:
        """Trading stops a little before the end: the result is not on the tape."""
        return self.end_ts - (self.end_ts - self.start_ts) // _CLOSING

    @property
    def resolved_ts(self) -> Ints:
        """Results are known a minute after the end."""
        return self.end_ts + _SETTLED_NS


def draw_markets(params: PopulationParams, rng: np.random.Generator) -> Markets:
    """Draw all markets of a population."""
    shape = params.shape
    group, grouped = _groups(params, rng)
    groups = int(group[-1]) + 1
    neg_risk = (grouped & (rng.random(groups)[group] < shape.neg_risk_share)).astype(np.bool_)
    start, end = _lives(params, rng, groups)
    prior = np.clip(rng.beta(shape.prior_shape, shape.prior_shape, group.size), _PRIOR_LOW, _PRIOR_HIGH)
    prior = np.where(neg_risk, _shares(prior, group, groups), prior)
    won0 = _results(prior, group, neg_risk, shape.group_rho, rng)
    names = np.array(list(shape.categories.values()))
    category = rng.choice(names.size, groups, p=names / names.sum())
    clock = shape.signal**2 * EDGES**shape.info_power
    return Markets(
        start_ts=start[group],
        end_ts=end[group],
        won0=won0,
        group=group,
        neg_risk=neg_risk,
        category=category[group].astype(np.int64),
        odds=_paths(prior, won0, np.where(grouped, group, -1), clock, shape.group_rho, rng),
        clock=clock,
    )


def _groups(params: PopulationParams, rng: np.random.Generator) -> tuple[Ints, Bools]:
    """Group of every market (ascending), and whether it has company."""
    shape = params.shape
    inside = round(params.markets * shape.grouped_share)
    sizes: list[int] = []
    while sum(sizes) < inside:
        sizes.append(2 + int(rng.geometric(1.0 / max(shape.group_size_mean - 1.0, 1.0))) - 1)
    if sizes:
        sizes[-1] -= sum(sizes) - inside
    sizes += [1] * (params.markets - inside)
    lengths = rng.permutation(np.array([size for size in sizes if size > 0], dtype=np.int64))
    group = np.repeat(np.arange(lengths.size), lengths)
    return group, lengths[group] > 1


def _lives(params: PopulationParams, rng: np.random.Generator, groups: int) -> tuple[Ints, Ints]:
    """Starts are spread over the span, lives log-normal; whole seconds."""
    span_s = params.days * 86_400.0
    life = np.exp(rng.normal(params.shape.life_log_mean, params.shape.life_log_sigma, groups))
    life = np.clip(life, _SHORTEST_S, 0.5 * span_s).astype(np.int64)
    start = (rng.random(groups) * (0.97 * span_s - 0.9 * life)).astype(np.int64)
    return params.start_ts + start * NANOS, params.start_ts + (start + life) * NANOS


def _shares(weight: Floats, group: Ints, groups: int) -> Floats:
    """Weights as shares of their group's sum."""
    total = np.bincount(group, weight, minlength=groups)
    return np.clip(weight / total[group], 0.005, 0.995)


def _results(prior: Floats, group: Ints, neg_risk: Bools, rho: float, rng: np.random.Generator) -> Bools:
    """Outcome 0 wins with its prior's probability; by a common factor, or one of the group."""
    common, own = rng.standard_normal(int(group[-1]) + 1)[group], rng.standard_normal(group.size)
    latent = np.sqrt(rho) * common + np.sqrt(1.0 - rho) * own
    won = ndtr(latent) < prior
    first = np.searchsorted(group, np.arange(int(group[-1]) + 1))
    upto = np.cumsum(prior)
    before = (upto - prior)[first][group]
    draw = rng.random(int(group[-1]) + 1)[group]
    one = (upto - prior - before <= draw) & (draw < upto - before)
    result: Bools = np.where(neg_risk, one, won).astype(np.bool_)
    return result


def _paths(
    prior: Floats, won0: Bools, group: Ints, clock: Floats, rho: float, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Log-odds given a signal whose drift is the result: prior + (won - 1/2) v + sqrt(v) noise, v the clock."""
    step = np.sqrt(np.diff(clock))
    company = group >= 0
    out = np.empty((prior.size, STEPS + 1), dtype=np.float32)
    out[:, 0] = logit(prior)
    level = logit(prior)
    direction = np.where(won0, 0.5, -0.5)
    for place in range(STEPS):
        noise = rng.standard_normal(prior.size)
        common = rng.standard_normal(int(group.max(initial=0)) + 1)[np.maximum(group, 0)]
        noise = np.where(company, np.sqrt(rho) * common + np.sqrt(1.0 - rho) * noise, noise)
        level = level + direction * step[place] ** 2 + step[place] * noise
        out[:, place + 1] = level
    return out
