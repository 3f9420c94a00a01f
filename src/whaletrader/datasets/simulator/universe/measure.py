"""What a tape looks like, in a few figures: the same measurements of a real dataset and of a simulated one.

Nothing is fitted here and nothing is simulated; `scripts/fit_universe.py` compares and fits.
"""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from whaletrader.datasets.facts import BIN_EDGES
from whaletrader.domain.values import MICRO, NANOS, TapeSide

Floats = NDArray[np.float64]

HORIZONS_S = (60, 600, 3_600, 86_400)
"""Until when the next print is looked for."""
_DELAY_S = 5
_TAIL = 0.05
_TOP = 0.1
_MOST_AHEAD = 400
_BUYS = pl.col("side") == int(TapeSide.BUY)


def measure(trades: pl.DataFrame, markets: pl.DataFrame) -> dict[str, float]:
    """All figures, by name, in a fixed order."""
    tape = trades.filter((pl.col("dup_rank") == 0) & (pl.col("market") < markets.height) & (pl.col("size_micro") > 0))
    return {
        **stakes(tape),
        **next_prints(tape),
        **activity(tape),
        **holds(tape),
        **bands(tape),
        **lives(tape, markets),
        **groups(tape, markets),
        **categories(tape, markets),
    }


def stakes(tape: pl.DataFrame) -> dict[str, float]:
    """Dollars per purchase: quantiles, Hill's exponent of the top twentieth, variance between wallets."""
    bought = tape.filter(_BUYS).select("wallet", usd=pl.col("price_micro") * (pl.col("size_micro") / MICRO) / MICRO)
    bought = bought.filter(pl.col("usd") > 0.01)
    usd = np.sort(bought["usd"].to_numpy())
    logs = np.log(usd)
    named = {f"stake_q{q}": float(np.quantile(usd, q / 100)) for q in (10, 25, 50, 75, 90, 95, 99)}
    tail = usd[int(usd.size * (1 - _TAIL)) :]
    per_wallet = (
        bought.with_columns(pl.col("usd").log())
        .group_by("wallet")
        .agg(pl.len().alias("n"), pl.col("usd").mean().alias("mean"), pl.col("usd").var().alias("var"))
    )
    busy = per_wallet.filter(pl.col("n") >= 5).sort("wallet")
    within, noise, between = 0.0, 0.0, 0.0
    if busy.height:
        spread, count = busy["var"].to_numpy(), busy["n"].to_numpy()
        within, noise = float(np.mean(spread)), float(np.mean(spread / count))
        between = max(float(np.var(busy["mean"].to_numpy())) - noise, 0.0)
    return {
        **named,
        "stake_log_mean": float(np.median(logs)),
        "stake_log_sigma_low": float((np.quantile(logs, 0.5) - np.quantile(logs, 0.1)) / 1.2816),
        "stake_log_sigma_high": float((np.quantile(logs, 0.9) - np.quantile(logs, 0.5)) / 1.2816),
        "stake_hill_alpha": float(1.0 / max(float(np.mean(np.log(tail / tail[0]))), 1e-9)),
        "stake_icc": between / max(between + within, 1e-12),
    }


def next_prints(tape: pl.DataFrame) -> dict[str, float]:
    """Share of purchases after which somebody else's print of the market comes, 5 s later or more, by horizon."""
    order = tape.select("market", "ts", "wallet", bought=_BUYS).sort("market", "ts", maintain_order=True)
    market, ts, wallet = (order[name].cast(pl.Int64).to_numpy() for name in ("market", "ts", "wallet"))
    wait = np.full(ts.size, np.iinfo(np.int64).max)
    place = np.arange(ts.size)
    for ahead in range(1, _MOST_AHEAD):
        there = place[: ts.size - ahead]
        since = ts[there + ahead] - ts[there]
        other = (market[there + ahead] == market[there]) & (wallet[there + ahead] != wallet[there])
        met = other & (since >= _DELAY_S * NANOS) & (wait[there] > since)
        wait[there] = np.where(met, since, wait[there])
        if not (market[there + ahead] == market[there]).any():
            break
    chosen = wait[order["bought"].to_numpy()]
    return {f"next_print_{s}s": float(np.mean(chosen <= (s + _DELAY_S) * NANOS)) for s in HORIZONS_S}


def activity(tape: pl.DataFrame) -> dict[str, float]:
    """Purchases per position, positions per wallet and per market, and how unequal they are."""
    positions = tape.filter(_BUYS).group_by("wallet", "token", "market").agg(pl.len().alias("fills"))
    by_wallet = np.sort(positions.group_by("wallet").len()["len"].to_numpy())[::-1].astype(np.float64)
    by_market = np.sort(positions.group_by("market").len()["len"].to_numpy())[::-1].astype(np.float64)
    fills = positions["fills"].to_numpy().astype(np.float64)
    return {
        "fills_per_position": float(fills.mean()),
        "fills_per_position_single": float(np.mean(fills == 1)),
        "positions_per_wallet": float(by_wallet.mean()),
        "positions_per_wallet_q90": float(np.quantile(by_wallet, 0.9)),
        "positions_per_wallet_q99": float(np.quantile(by_wallet, 0.99)),
        "positions_of_top_tenth_of_wallets": _top_share(by_wallet),
        "positions_per_market": float(by_market.mean()),
        "positions_in_top_tenth_of_markets": _top_share(by_market),
    }


def _top_share(sizes: Floats) -> float:
    return float(sizes[: max(1, int(_TOP * sizes.size))].sum() / sizes.sum())


def holds(tape: pl.DataFrame) -> dict[str, float]:
    """Share of positions that are sold later, and the time from the first purchase to the first sale."""
    keys = ["wallet", "token"]
    opened = tape.filter(_BUYS).group_by(keys).agg(pl.col("ts").min())
    sales = tape.filter(~_BUYS).select(*keys, sold="ts")
    later = (
        opened.join(sales, on=keys)
        .filter(pl.col("sold") > pl.col("ts"))
        .group_by(keys)
        .agg(pl.col("sold").min() - pl.col("ts").first())
    )
    held = np.log(np.sort(later["sold"].to_numpy()) / NANOS) if later.height else np.zeros(1)
    return {
        "sold_share": later.height / max(opened.height, 1),
        "hold_log_mean": float(held.mean()),
        "hold_log_sigma": float(held.std()),
    }


def bands(tape: pl.DataFrame) -> dict[str, float]:
    """Share of purchases in each price band, (low, high]."""
    price = tape.filter(_BUYS)["price_micro"].to_numpy() / MICRO
    place = np.clip(np.searchsorted(BIN_EDGES[1:], price, side="left"), 0, len(BIN_EDGES) - 2)
    share = np.bincount(place, minlength=len(BIN_EDGES) - 1) / max(price.size, 1)
    return {f"band_{high:g}": float(part) for high, part in zip(BIN_EDGES[1:], share, strict=True)}


def lives(tape: pl.DataFrame, markets: pl.DataFrame) -> dict[str, float]:
    """Hours from a purchase to the market's result, and how much of a life had gone by (where the start is known)."""
    known = markets.filter(pl.col("resolved")).select("market", "start_ts", "resolved_ts")
    fills = tape.filter(_BUYS).select("market", "ts").join(known, on="market")
    wait = (fills["resolved_ts"] - fills["ts"]).drop_nulls().to_numpy() / (3_600 * NANOS)
    wait = wait[wait > 0]
    dated = fills.drop_nulls()
    gone = (dated["ts"] - dated["start_ts"]).to_numpy() / (dated["resolved_ts"] - dated["start_ts"]).to_numpy()
    gone = gone[(gone > 0) & (gone < 1)]
    return {
        **{f"hours_to_result_q{q}": float(np.quantile(wait, q / 100)) for q in (10, 25, 50, 75, 90)},
        **{f"life_gone_q{q}": float(np.quantile(gone, q / 100)) for q in (10, 25, 50, 75, 90)},
        "life_gone_log_mean": float(np.mean(-np.log(gone))),
    }


def groups(tape: pl.DataFrame, markets: pl.DataFrame) -> dict[str, float]:
    """How many traded markets share their event with another one, how large such events are, and how their results
    hang together: mean product of standardised surprises of two markets of one event (first price against result).
    """
    first = (
        tape.sort("ts", maintain_order=True)
        .with_columns(
            price=pl.when(pl.col("outcome_index") == 0)
            .then(pl.col("price_micro"))
            .otherwise(MICRO - pl.col("price_micro"))
            / MICRO
        )
        .group_by("market", maintain_order=True)
        .agg(pl.col("price").first())
    )
    found = first.join(markets.select("market", "event_group", "neg_risk", "payout0_micro"), on="market")
    sizes = found.group_by("event_group").agg(pl.len().alias("n"), pl.col("neg_risk").any())
    shared = sizes.filter(pl.col("n") > 1)
    judged = found.sort("market").filter(
        pl.col("price").is_between(0.05, 0.95) & pl.col("payout0_micro").is_in([0, MICRO])
    )
    surprise = (pl.col("payout0_micro") / MICRO - pl.col("price")) / (pl.col("price") * (1 - pl.col("price"))).sqrt()
    products = (
        judged.with_columns(s=surprise)
        .group_by("event_group", maintain_order=True)
        .agg(
            pl.col("neg_risk").any(),
            pairs=pl.len() * (pl.len() - 1),
            sum=pl.col("s").sum() ** 2 - (pl.col("s") ** 2).sum(),
        )
        .filter(pl.col("pairs") > 0)
        .sort("event_group")
    )

    def mean_product(frame: pl.DataFrame) -> float:
        return float(frame["sum"].sum() / max(int(frame["pairs"].sum()), 1))

    return {
        "grouped_share": float(shared["n"].sum() / max(found.height, 1)),
        "group_size_mean": float(shared["n"].cast(pl.Float64).mean() or 1.0),  # type: ignore[arg-type]
        "neg_risk_share": float(shared["neg_risk"].cast(pl.Float64).mean() or 0.0),  # type: ignore[arg-type]
        "group_surprise": mean_product(products.filter(~pl.col("neg_risk"))),
        "neg_risk_surprise": mean_product(products.filter("neg_risk")),
    }


def categories(tape: pl.DataFrame, markets: pl.DataFrame) -> dict[str, float]:
    """Share of the traded markets by category."""
    traded = markets.join(tape.select("market").unique(), on="market").group_by("category").len().sort("category")
    total = int(traded["len"].sum())
    return {f"category_{name}": count / total for name, count in traded.rows()}
