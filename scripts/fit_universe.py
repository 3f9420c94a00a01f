"""Fit the test universe's calibration to a real dataset, and lay the fitted figures beside the real ones.

    python scripts/fit_universe.py DATASET [--page]

Writes `calibration.json` of the test universe and `docs/validation/universe_fit.md`; `--page` writes the page only.
DATASET is a folder made by `whaletrader data import`. What is read are shapes of the tape; no score is computed.
"""

import argparse
import json
from dataclasses import asdict, replace
from itertools import product
from pathlib import Path

import msgspec
import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import expit, logit

from whaletrader.datasets.facts import BIN_EDGES
from whaletrader.datasets.simulator.universe import PopulationParams, simulate_population
from whaletrader.datasets.simulator.universe.calibration import CALIBRATION, Calibration
from whaletrader.datasets.simulator.universe.measure import measure
from whaletrader.datasets.store import Dataset

Floats = NDArray[np.float64]

ROOT = Path(__file__).resolve().parent.parent
JSON = ROOT / "src/whaletrader/datasets/simulator/universe/calibration.json"
PAGE = ROOT / "docs/validation/universe_fit.md"
BROAD = "trades:airesmendes/polymarket-bot"
"""The broadest source: a sample of active wallets; the others chose their fills by size or by wallet."""
ROUNDS = 8
SEED = 11
PRIORS = (1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0)
SIGNALS = (2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0)
POWERS = (1.0, 2.0, 4.0, 8.0, 12.0, 18.0, 27.0)
TIMES = (2.5, 3.5, 4.5, 6.0, 8.0)
FAVOURS = (0.0, 0.1, 0.2)
GONE = (10, 25, 50, 75, 90)


def main() -> None:
    """Measure, fit where asked, and write."""
    parser = argparse.ArgumentParser(description="Fit the test universe to a real dataset.")
    parser.add_argument("dataset", type=Path)
    parser.add_argument("--page", action="store_true", help="only write the page, from the committed calibration")
    options = parser.parse_args()
    dataset = Dataset.open(options.dataset)
    trades, markets = dataset.table("trades"), dataset.table("markets")
    broad = trades.filter(pl.col("source") == [entry.name for entry in dataset.manifest.sources].index(BROAD))
    whole, real = measure(trades, markets), measure(broad, markets)
    shape = CALIBRATION
    if not options.page:
        shape = fitted(real, sizes(broad))
        JSON.write_text(json.dumps(asdict(shape), indent=1) + "\n", encoding="utf-8")
    made = simulate_population(sizes_params(shape, sizes(broad)), SEED + 1)
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(page(whole, real, measure(made.tables["trades"], made.tables["markets"])), encoding="utf-8")


def sizes(trades: pl.DataFrame) -> dict[str, float]:
    """How many wallets and purchases the fitted tape has, in how many markets, over how many days."""
    bought = trades.filter((pl.col("dup_rank") == 0) & (pl.col("side") == 0))
    low, high = (float(bought["ts"].quantile(q) or 0) for q in (0.01, 0.99))
    return {
        "wallets": bought["wallet"].n_unique(),
        "fills": bought.height,
        "markets": bought["market"].n_unique(),
        "days": (high - low) / 86_400e9,
    }


def sizes_params(shape: Calibration, size: dict[str, float]) -> PopulationParams:
    """A population as large as the fitted tape, and as thin: wallets and markets that nobody saw are drawn too."""
    return PopulationParams(
        name="calibrated",
        wallets=int(size["wallets"] * 1.1),
        fills=int(size["fills"] * 0.85),
        markets=int(size["markets"] * 2.3),
        days=max(size["days"], 120.0),
        makers=1,
        maker_share=0.0,
        followed=None,
        clips=None,
        activity=None,
        shape=shape,
    )


def fitted(real: dict[str, float], size: dict[str, float]) -> Calibration:
    """Direct figures first, then the price paths on a grid, then what only shows in a whole tape, in rounds."""
    shape = price_fit(direct(real), real)
    for _ in range(ROUNDS):
        made = simulate_population(sizes_params(shape, size), SEED)
        shape = corrected(shape, real, measure(made.tables["trades"], made.tables["markets"]))
    return msgspec.convert({key: rounded(value) for key, value in asdict(shape).items()}, Calibration)


def rounded(value: object) -> object:
    """Four significant digits: more was never known."""
    if isinstance(value, float):
        return float(f"{value:.4g}")
    if isinstance(value, dict):
        return {key: rounded(part) for key, part in value.items()}
    return tuple(rounded(part) for part in value) if isinstance(value, (tuple, list)) else value


def direct(real: dict[str, float]) -> Calibration:
    """Figures that a measurement gives as they are."""
    steps = np.diff([0.0] + [real[f"next_print_{s}s"] for s in (60, 600, 3_600, 86_400)])
    return replace(
        CALIBRATION,
        categories={key.removeprefix("category_"): part for key, part in real.items() if key.startswith("category_")},
        clips_mean=real["fills_per_position"],
        clips_single=real["fills_per_position_single"],
        exit_share=min(0.9, real["sold_share"]),
        next_print_shares=_four(steps),
        hold_log_mean=real["hold_log_mean"],
        hold_log_sigma=real["hold_log_sigma"],
        grouped_share=real["grouped_share"],
        group_size_mean=real["group_size_mean"],
        group_rho=float(np.sin(np.pi / 2 * real["group_surprise"])),
        neg_risk_share=real["neg_risk_share"],
        life_log_mean=float(np.log(real["hours_to_result_q50"] * 3_600 * 6)),
        life_log_sigma=float(np.log(real["hours_to_result_q75"] / real["hours_to_result_q25"]) / 1.349),
        stake_log_mean=real["stake_log_mean"],
        stake_log_sigma_low=real["stake_log_sigma_low"],
        stake_log_sigma_high=real["stake_log_sigma_high"],
        stake_icc=real["stake_icc"],
        stake_tail_share=0.05,
        stake_tail_alpha=real["stake_hill_alpha"],
    )


def _four(shares: Floats) -> tuple[float, float, float, float]:
    first, second, third, fourth = (float(share) for share in shares)
    return first, second, third, fourth


def price_fit(shape: Calibration, real: dict[str, float]) -> Calibration:
    """First prices, signal, its timing, when fills come, and the taste for favourites: the point of a grid that lies
    nearest to the real price bands and parts of lives gone by, in sums of absolute differences.
    """
    rng = np.random.default_rng(SEED)
    unit, late = rng.random((2, 30_000))
    normal = rng.standard_normal(unit.size)
    want = np.array([real[f"band_{high:g}"] for high in BIN_EDGES[1:]])
    best, found = np.inf, shape
    for prior_shape, time_power in product(PRIORS, TIMES):
        prior = np.clip(rng.beta(prior_shape, prior_shape, unit.size), 0.02, 0.98)
        start, won, gone = logit(prior), np.where(unit < prior, 0.5, -0.5), late ** (1.0 / time_power)
        timing = sum(abs(float(np.quantile(gone, q / 100)) - real[f"life_gone_q{q}"]) for q in GONE)
        for signal, power in product(SIGNALS, POWERS):
            variance = signal**2 * gone**power
            price = np.clip(expit(start + won * variance + np.sqrt(variance) * normal), 0.001, 0.999)
            for favour in FAVOURS:
                far = float(np.abs(bands_of(price, favour) - want).sum()) + timing
                if far < best:
                    best = far
                    found = replace(
                        shape,
                        prior_shape=prior_shape,
                        signal=signal,
                        info_power=power,
                        time_power=time_power,
                        favour=favour,
                    )
    return found


def bands_of(price: Floats, favour: float) -> Floats:
    """Shares of purchases by band where either side is bought."""
    weight = np.concatenate([0.5 + favour * (price - 0.5), 0.5 - favour * (price - 0.5)])
    both = np.concatenate([price, 1.0 - price])
    place = np.clip(np.searchsorted(BIN_EDGES[1:], both, side="left"), 0, len(BIN_EDGES) - 2)
    shares: Floats = np.bincount(place, weight, minlength=len(BIN_EDGES) - 1) / weight.sum()
    return shares


def corrected(shape: Calibration, real: dict[str, float], made: dict[str, float]) -> Calibration:
    """One damped step towards the real figures."""
    names = [f"next_print_{s}s" for s in (60, 600, 3_600, 86_400)]
    want, got = (np.diff([0.0] + [figures[name] for name in names]) for figures in (real, made))
    shares = np.clip(np.array(shape.next_print_shares) + 0.6 * (want - got), 0.001, 0.5)

    def gap(name: str, *, logs: bool = False) -> float:
        return float(np.log(real[name] / made[name])) if logs else real[name] - made[name]

    spread = np.log(real["hours_to_result_q75"] / real["hours_to_result_q25"]) / np.log(
        made["hours_to_result_q75"] / made["hours_to_result_q25"]
    )
    return replace(
        shape,
        next_print_shares=_four(shares),
        clips_mean=max(1.0, shape.clips_mean + 0.7 * gap("fills_per_position")),
        clips_single=float(np.clip(shape.clips_single + 0.7 * gap("fills_per_position_single"), 0.0, 0.99)),
        exit_share=float(np.clip(shape.exit_share * real["sold_share"] / made["sold_share"], 0.01, 0.95)),
        hold_log_mean=shape.hold_log_mean + 0.5 * gap("hold_log_mean"),
        hold_log_sigma=shape.hold_log_sigma + 0.5 * gap("hold_log_sigma"),
        life_log_mean=shape.life_log_mean + 0.7 * gap("hours_to_result_q50", logs=True),
        life_log_sigma=float(np.clip(shape.life_log_sigma * spread**0.7, 0.3, 4.0)),
        activity_log_sigma=max(0.05, shape.activity_log_sigma + 2.0 * gap("positions_of_top_tenth_of_wallets")),
        market_log_sigma=max(0.05, shape.market_log_sigma + 2.0 * gap("positions_in_top_tenth_of_markets")),
        grouped_share=float(np.clip(shape.grouped_share + 0.7 * gap("grouped_share"), 0.01, 0.95)),
        group_size_mean=max(2.0, shape.group_size_mean + 0.7 * gap("group_size_mean")),
        neg_risk_share=float(np.clip(shape.neg_risk_share + 0.7 * gap("neg_risk_share"), 0.0, 1.0)),
        group_rho=float(np.clip(shape.group_rho + 0.7 * gap("group_surprise"), 0.0, 0.95)),
        stake_icc=float(np.clip(shape.stake_icc + 0.5 * gap("stake_icc"), 0.01, 0.99)),
    )


def page(whole: dict[str, float], real: dict[str, float], made: dict[str, float]) -> str:
    """The table of figures."""
    lines = [
        "# The test universe beside the real tape",
        "",
        "Written by `scripts/fit_universe.py`; every figure was measured, the simulated ones on a population of the",
        "size of the fitted tape drawn from a seed that the fit did not use. *Fitted tape*: the broadest source of the",
        "real data, a sample of active wallets. *Whole tape*: all sources; some chose large fills or few wallets.",
        "Names are those of `datasets.simulator.universe.measure`. SIMULATED figures are those of the last column.",
        "",
        "| figure | whole tape | fitted tape | simulated |",
        "|---|---:|---:|---:|",
    ]
    lines += [
        f"| {name} | {whole.get(name, 0):.4g} | {value:.4g} | {made.get(name, 0):.4g} |" for name, value in real.items()
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
