"""The truth about every wallet: its label, and what a follower of it gains per share after delay and all costs.

A purchase's true edge is, given everything public at the follower's entry and the evidence of the purchase itself
(price odds x likelihood ratio = posterior odds): the expected payoff, or the expected price at the mirrored sale,
less the print that the follower meets, half-spread, impact and fee. A bet is a wallet's first such purchase of a token,
chosen before the price went on; the mean over bets has equal weights, exactly as wallets are judged. Purchases that no
print follows are left out. Luck has no part in it.
"""

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import expit

from whaletrader.datasets.schema import TABLES
from whaletrader.datasets.simulator.universe.costs import Costs
from whaletrader.datasets.simulator.universe.fills import Fills
from whaletrader.datasets.simulator.universe.markets import Markets
from whaletrader.datasets.simulator.universe.params import PopulationParams
from whaletrader.datasets.simulator.universe.tape_truth import Prints, matches
from whaletrader.domain.values import MICRO, TapeSide

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(15)
_MOST_ROWS = 8_000_000


class TruthBook:
    """Keeps the true edge of every bet; a sale in a later chunk than its purchase counts as held to the end."""

    def __init__(self, params: PopulationParams, markets: Markets, costs: Costs) -> None:
        self._params, self._markets, self._costs = params, markets, costs
        self._known = markets.resolved_ts < params.end_ts
        self._bets: list[pl.DataFrame] = []
        self._gains = np.zeros(params.total_wallets)

    def add(self, fills: Fills) -> None:
        """Take in a chunk."""
        self._gains += _own_gains(fills, self._markets, self._known, self._gains.size)
        self._bets.append(first_entries([priced(fills, self._markets, self._costs, self._known)]))
        if sum(part.height for part in self._bets[1:]) > max(_MOST_ROWS, self._bets[0].height):
            self._bets = [first_entries(self._bets)]

    def frame(self) -> pl.DataFrame:
        """The table `truth`; a wallet without a priced bet has an edge of 0."""
        edges = first_entries(self._bets).sort("wallet", "token").group_by("wallet", maintain_order=True)
        means = edges.agg(mean=pl.col("edge").mean())
        people = pl.DataFrame({"wallet": np.arange(self._params.total_wallets), "label": self._labels()})
        found = people.with_columns(pl.col("wallet").cast(pl.UInt32)).join(means, on="wallet", how="left")
        found = found.sort("wallet").with_columns(edge_micro=pl.col("mean").fill_null(0.0).round())
        return found.select(pl.col(column).cast(dtype) for column, dtype in TABLES["truth"].items())

    def _labels(self) -> list[str]:
        names = [label for label, count in self._params.people for _ in range(count)]
        crowd = self._params.first_of("noise")
        richest = np.argsort(-self._gains[crowd:], kind="stable")[: self._params.lucky]
        for place in richest.tolist():
            names[crowd + place] = "lucky"
        return names


def priced(fills: Fills, markets: Markets, costs: Costs, known: NDArray[np.bool_]) -> pl.DataFrame:
    """True edge in micro-units of every purchase that a follower could price."""
    order = np.argsort(fills.market, kind="stable")
    tape = fills.take(order)
    market, wallet, outcome = (column.astype(np.int64) for column in (tape.market, tape.wallet, tape.outcome))
    token = 2 * market + outcome
    sold = tape.side == int(TapeSide.SELL)
    entry, leave = matches(Prints(tape.ts, market, wallet, (wallet << 32) | token, sold))
    rows = np.flatnonzero((entry >= 0) & (known[market] | (leave >= 0)))
    edge, inside = _edges(tape, rows, entry[rows], leave[rows], markets, costs)
    rows = rows[inside]
    return pl.DataFrame(
        {
            "wallet": wallet[rows].astype(np.uint32),
            "token": token[rows].astype(np.uint32),
            "edge": np.rint(edge[inside] * MICRO).astype(np.int64),
        }
    )


def _edges(
    tape: Fills, rows: Ints, entry: Ints, leave: Ints, markets: Markets, costs: Costs
) -> tuple[Floats, NDArray[np.bool_]]:
    market, outcome = tape.market[rows].astype(np.int64), tape.outcome[rows].astype(np.int64)
    sign = np.where(outcome == 0, 1.0, -1.0)
    paid = _token_price(tape, entry, outcome)
    cost = paid + costs.to_buy(market, tape.ts[entry], paid)
    odds = sign * markets.odds_at(market, tape.ts[entry])
    wins = expit(odds + tape.ratio[rows])
    sold = leave >= 0
    at = np.where(sold, leave, entry)
    spread = markets.clock[markets.step(market, tape.ts[at])] - markets.clock[markets.step(market, tape.ts[entry])]
    price = _token_price(tape, at, outcome)
    mirrored = _later_price(odds, wins, np.maximum(spread, 0.0)) - costs.to_sell(market, tape.ts[at], price)
    return np.where(sold, np.maximum(mirrored, 0.0), wins) - cost, cost < 1.0


def _later_price(odds: Floats, wins: Floats, variance: Floats) -> Floats:
    """Expected public price after the path has gone on by `variance`, for one who knows the chance of winning."""
    total = np.zeros(odds.size)
    deviation = np.sqrt(variance)
    for node, weight in zip(_NODES, _WEIGHTS / _WEIGHTS.sum(), strict=True):
        won, lost = expit(odds + variance / 2 + deviation * node), expit(odds - variance / 2 + deviation * node)
        total += weight * (wins * won + (1.0 - wins) * lost)
    return total


def _token_price(tape: Fills, row: Ints, outcome: Ints) -> Floats:
    price = tape.price_micro[row] / MICRO
    return np.where(tape.outcome[row] == outcome, price, 1.0 - price)


def first_entries(parts: list[pl.DataFrame]) -> pl.DataFrame:
    """The first row of every wallet and token, of parts in order of time."""
    if not parts:
        return pl.DataFrame(schema={"wallet": pl.UInt32, "token": pl.UInt32, "edge": pl.Int64})
    return pl.concat(parts).unique(["wallet", "token"], keep="first", maintain_order=True)


def _own_gains(fills: Fills, markets: Markets, known: NDArray[np.bool_], wallets: int) -> Floats:
    """P&L of each wallet's own fills at resolution, in dollars."""
    market = fills.market.astype(np.int64)
    price = fills.price_micro / MICRO
    pays = (markets.won0[market] == (fills.outcome == 0)).astype(np.float64)
    signed = np.where(fills.side == int(TapeSide.BUY), 1.0, -1.0) * fills.size_micro / MICRO
    gain = np.where(known[market], (pays - price) * signed, 0.0)
    return np.bincount(fills.wallet, gain, minlength=wallets).astype(np.float64)
