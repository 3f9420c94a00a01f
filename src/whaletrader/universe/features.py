"""What a wallet's bets and trades say besides their edge: size, impact, liquidity, risk control, persistence, Sharpe.

Every feature is of one unit (policy, kind and wallet) alone; where it is undefined it is NaN. Nobody is judged by it
here, and nothing is corrected for many wallets.
"""

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import betainc, stdtr

from whaletrader.domain.values import MICRO
from whaletrader.quant.sharpe_arrays import min_track_record_lengths, probabilistic_sharpe_ratios
from whaletrader.universe.bets import BetTable
from whaletrader.universe.features_kernel import KERNEL_FEATURES, unit_features

Floats = NDArray[np.float64]

_FROM_ACTIVITY = ("buy_usd_micro", "maker_fills", "known_role_fills")
_FROM_EVENTS = ("n_events", "n_priced")
SIGN_LEAST = 5
"""Event groups won or lost that a sign test needs."""
FEATURES = (
    "buy_volume_usd", "stake_median_usd", "breadth", "hill_alpha", "maker_share",
    "slippage", "spread", "wait_s", "priced_share",
    "max_drawdown", "drawdown_sd", "loss_tail", "concentration",
    "earlier_edge", "later_edge", "persistence_slope", "persistence_t", "persistence_p", "level_t", "level_p",
    "sign_p", "rank_p", "hit_over_price", "psr", "min_track_record",
)  # fmt: skip
"""Names of all features.

Size: `buy_volume_usd` (micro-dollars; all else is in whole units) that the wallet bought for, or staked on the bets
where its trades are not known; `stake_median_usd` per bet; `breadth`, event groups; `hill_alpha`, Hill's index of the
greatest tenth of the stakes (from 60 on). `maker_share` of the fills whose role is known.

Market impact: `slippage`, mean of our print less the leader's price: what the delay costs the copier. Liquidity:
half `spread` paid per share, `wait_s` until the print, `priced_share` of the leader's events.

Risk control: `max_drawdown` of the cumulated edge by settlement, in shares of one dollar; `drawdown_sd`, the same in
standard deviations of a group's edge times the root of their number; `loss_tail`, mean loss of the worst twentieth of
bets; `concentration`, Herfindahl index of the stakes over event groups.

Persistence: edge per bet of the earlier and later half of the event groups by entry; slope, t and one-sided p-value of
the next window's mean on the past one's, and t and p-value of the mean, all with Newey and West's errors.

Companions: one-sided sign and signed-rank tests over event groups (of the median, not of the mean: a favourite's many
small wins pass them at a loss); `hit_over_price`, share of bets that gained less the mean cost; `psr` and
`min_track_record` of the Sharpe ratio per bet, what settles together counted once.
"""


def features(
    bets: BetTable, statistics: dict[str, Floats], activity: pl.DataFrame | None, events: pl.DataFrame | None = None
) -> dict[str, Floats]:
    """All features of every unit of a bet table, by name (`FEATURES`), in the order of `bets.units`.

    `statistics` are the table's `unit_statistics`; `activity` has the wallets' sums of trades (see `collect.ACTIVITY`),
    `events` the number of leader events and priced ones by policy, kind and wallet.
    """
    found = dict(zip(KERNEL_FEATURES, _kernel(bets), strict=True))
    traded = _looked_up(bets.units, activity, ("wallet",), _FROM_ACTIVITY)
    seen = _looked_up(bets.units, events, ("policy", "kind", "wallet"), _FROM_EVENTS)
    bought = traded["buy_usd_micro"]
    sharpe = tuple(statistics[name] for name in ("sharpe_bet", "n_effective", "skew", "kurt"))
    won, lost = found["groups_won"], found["groups_lost"]
    every = found | {
        "buy_volume_usd": np.where(np.isnan(bought), found["stake_usd"] * MICRO, bought),
        "breadth": statistics["n_groups"],
        "maker_share": _share(traded["maker_fills"], traded["known_role_fills"]),
        "priced_share": _share(seen["n_priced"], seen["n_events"]),
        "persistence_p": stdtr(found["persistence_pairs"] - 2.0, -found["persistence_t"]),
        "level_p": stdtr(statistics["n_groups"] - 1.0, -found["level_t"]),
        "sign_p": np.where(won + lost < SIGN_LEAST, np.nan, sign_p_values(won, lost)),
        "hit_over_price": statistics["hits"] / statistics["n_bets"] - statistics["mean_cost"] / MICRO,
        "psr": probabilistic_sharpe_ratios(sharpe[0], np.floor(sharpe[1] + 1e-9), sharpe[2], sharpe[3]),
        "min_track_record": min_track_record_lengths(sharpe[0], sharpe[2], sharpe[3]),
    }
    return {name: np.asarray(every[name], np.float64) for name in FEATURES}


def sign_p_values(won: Floats, lost: Floats) -> Floats:
    """P(at least as many of won + lost fair coins come up heads), exact; 1 where none was won."""
    known = np.where(won > 0.0, won, 1.0)
    return np.where(np.isnan(won), np.nan, np.where(won > 0.0, betainc(known, lost + 1.0, 0.5), 1.0))


def _kernel(bets: BetTable) -> Floats:
    amounts = (bets.edge, bets.entry_price, bets.leader_price, bets.stake, bets.spread)
    return np.asarray(unit_features(bets.offsets, bets.group, amounts, (bets.waited, bets.entry_day, bets.known_ts)))


def _looked_up(
    units: pl.DataFrame, found: pl.DataFrame | None, keys: tuple[str, ...], names: tuple[str, ...]
) -> dict[str, Floats]:
    """Columns of a frame for each unit; NaN where the frame, the column or the unit's row is missing."""
    if found is None:
        return {name: np.full(units.height, np.nan) for name in names}
    blank = [pl.lit(None, pl.Float64).alias(name) for name in names if name not in found.columns]
    typed = found.with_columns(*blank).select(
        *(pl.col(key).cast(units.schema[key]) for key in keys), *(pl.col(name).cast(pl.Float64) for name in names)
    )
    joined = units.join(typed, on=keys, how="left", maintain_order="left")
    return {name: joined[name].fill_null(float("nan")).to_numpy() for name in names}


def _share(part: Floats, whole: Floats) -> Floats:
    out: Floats = np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole > 0.0)
    return out
