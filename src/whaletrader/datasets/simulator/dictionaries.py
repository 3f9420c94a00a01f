"""Wallets, markets, tokens, transactions, fee schedules and the truth of a simulation as tables."""

import numpy as np
import polars as pl

from whaletrader.datasets.fees import fee_schedules
from whaletrader.datasets.schema import TABLES
from whaletrader.datasets.simulator.params import LABELS, SimulationParams
from whaletrader.datasets.simulator.paths import Paths, resolution_ts
from whaletrader.datasets.simulator.tape import Prints
from whaletrader.domain.values import FeeProvenance, TapeSide

_CATEGORIES = ("crypto", "sports", "politics", "culture", "economics", "geopolitics")


def _hex_texts(rng: np.random.Generator, count: int, size: int) -> list[str]:
    """Distinct-looking `0x…` texts of `size` bytes each."""
    digits = rng.bytes(count * size).hex()
    return ["0x" + digits[place : place + 2 * size] for place in range(0, len(digits), 2 * size)]


def wallets_frame(params: SimulationParams, rng: np.random.Generator) -> pl.DataFrame:
    """Every history is whole: the simulator shows all it made."""
    count = sum(params.people)
    frame = pl.DataFrame({"wallet": np.arange(count), "address": _hex_texts(rng, count, 20)})
    return _as_table("wallets", frame.with_columns(truncated=pl.lit(value=False), truncation_reason=pl.lit("")))


def markets_frame(
    params: SimulationParams, paths: Paths, rng: np.random.Generator
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The markets and their fee schedules, which are the markets' own (provenance `market`)."""
    count = params.markets
    grouped = paths.group >= 0
    draw = rng.choice(len(_CATEGORIES), count)
    category = np.array(_CATEGORIES)[np.where(grouped, paths.group % len(_CATEGORIES), draw)]
    known = resolution_ts(paths)
    resolved = known < params.end_ts
    number = np.arange(count)
    slugs = [f"sim-{name}-{index:04d}" for name, index in zip(category, number, strict=True)]
    condition = _hex_texts(rng, count, 32)
    event = [
        f"sim-event-{group:03d}" if group >= 0 else cid
        for group, cid in zip(paths.group.tolist(), condition, strict=True)
    ]
    frame = pl.DataFrame(
        {
            "market": number,
            "condition_id": condition,
            "slug": slugs,
            "question": [f"SIMULATED question {index}?" for index in number],
            "category": category,
            "event_group": event,
            "neg_risk": grouped,
            "tick_micro": np.full(count, 10_000),
            "min_order_micro": np.full(count, 5_000_000),
            "start_ts": paths.start_ts,
            "end_ts": paths.end_ts,
            "resolved": resolved,
            "payout0_micro": paths.won0.astype(np.int64) * 1_000_000,
            "resolved_ts": known,
        }
    )
    frame = frame.with_columns(
        pl.when("resolved").then(pl.col("payout0_micro", "resolved_ts")),
        resolved_ts_kind=pl.when("resolved").then(pl.lit("exact")).otherwise(pl.lit("unknown")),
    )
    facts = frame.with_columns(
        category_basis=pl.lit("declared"),
        fee_type=pl.lit(None, dtype=pl.String),
        fees_enabled=pl.lit(None, dtype=pl.Boolean),
        observed_ts=pl.lit(None, dtype=pl.Int64),
    )
    fees = fee_schedules(facts).with_columns(provenance=pl.lit(FeeProvenance.MARKET.value))
    return _as_table("markets", frame), _as_table("fee_schedules", fees.with_columns(pl.col("market").cast(pl.UInt32)))


def tokens_frame(params: SimulationParams, rng: np.random.Generator) -> pl.DataFrame:
    """Two tokens a market: token 2·m + i is outcome i of market m."""
    count = 2 * params.markets
    ids = [str(int(text, 16)) for text in _hex_texts(rng, count, 32)]
    number = np.arange(count)
    frame = pl.DataFrame({"token": number, "token_id": ids, "market": number // 2, "outcome_index": number % 2})
    return _as_table(
        "tokens",
        frame.with_columns(outcome=pl.when(pl.col("outcome_index") == 0).then(pl.lit("Yes")).otherwise(pl.lit("No"))),
    )


def transactions_frame(count: int, rng: np.random.Generator) -> pl.DataFrame:
    """One transaction per print."""
    return _as_table(
        "transactions", pl.DataFrame({"transaction": np.arange(count), "tx_hash": _hex_texts(rng, count, 32)})
    )


def truth_frame(params: SimulationParams, paths: Paths, tape: Prints) -> pl.DataFrame:
    """Label and true mean edge per share of each wallet's buys: fair value of the token at the fill less the price
    paid.
    """
    count = sum(params.people)
    fair = paths.at(paths.fair, tape.market, tape.ts)
    value = np.where(tape.outcome == 0, fair, 1.0 - fair)
    bought = tape.side == int(TapeSide.BUY)
    edge = np.bincount(tape.wallet[bought], (value - tape.price_micro / 1e6)[bought], minlength=count)
    fills = np.bincount(tape.wallet[bought], minlength=count)
    mean = np.rint(edge / np.maximum(fills, 1) * 1e6).astype(np.int64)
    return _as_table(
        "truth",
        pl.DataFrame({"wallet": np.arange(count), "label": np.repeat(LABELS, params.people), "edge_micro": mean}),
    )


def _as_table(name: str, frame: pl.DataFrame) -> pl.DataFrame:
    return frame.select(pl.col(column).cast(dtype) for column, dtype in TABLES[name].items())
