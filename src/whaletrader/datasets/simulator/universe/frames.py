"""Tables of a population: dictionaries, fee schedules, and a chunk of fills as rows of `trades`."""

import numpy as np
import polars as pl

from whaletrader.datasets.fees import fee_schedules
from whaletrader.datasets.schema import NO_ID, TABLES
from whaletrader.datasets.simulator.universe.costs import Costs
from whaletrader.datasets.simulator.universe.fills import Fills
from whaletrader.datasets.simulator.universe.markets import Markets
from whaletrader.datasets.simulator.universe.params import PopulationParams
from whaletrader.domain.values import MICRO, FeeProvenance, TapeRole


def hex_texts(rng: np.random.Generator, count: int, size: int) -> list[str]:
    """`0x…` texts of `size` random bytes each."""
    digits = rng.bytes(count * size).hex()
    return ["0x" + digits[place : place + 2 * size] for place in range(0, len(digits), 2 * size)]


def as_table(name: str, frame: pl.DataFrame) -> pl.DataFrame:
    """The columns of a table, in its order and types."""
    return frame.select(pl.col(column).cast(dtype) for column, dtype in TABLES[name].items())


def wallets_frame(count: int, rng: np.random.Generator) -> pl.DataFrame:
    """Every history is whole: the simulator shows all it made."""
    frame = pl.DataFrame({"wallet": np.arange(count), "address": hex_texts(rng, count, 20)})
    return as_table("wallets", frame.with_columns(truncated=pl.lit(value=False), truncation_reason=pl.lit("")))


def markets_frame(params: PopulationParams, markets: Markets, rng: np.random.Generator) -> pl.DataFrame:
    """One row per market; a market's group is its event."""
    count = markets.start_ts.size
    names = np.array(list(params.shape.categories))[markets.category]
    number = np.arange(count)
    frame = pl.DataFrame(
        {
            "market": number,
            "condition_id": hex_texts(rng, count, 32),
            "slug": [f"sim-{name}-{index:06d}" for name, index in zip(names.tolist(), number.tolist(), strict=True)],
            "question": [f"SIMULATED question {index}?" for index in number.tolist()],
            "category": names,
            "event_group": [f"sim-event-{group:06d}" for group in markets.group.tolist()],
            "neg_risk": markets.neg_risk,
            "start_ts": markets.start_ts,
            "end_ts": markets.end_ts,
            "resolved": markets.resolved_ts < params.end_ts,
            "payout0_micro": markets.won0.astype(np.int64) * MICRO,
            "resolved_ts": markets.resolved_ts,
        }
    )
    known = pl.when("resolved")
    return as_table(
        "markets",
        frame.with_columns(
            known.then(pl.col("payout0_micro", "resolved_ts")),
            tick_micro=1_000,
            min_order_micro=MICRO,
            resolved_ts_kind=known.then(pl.lit("exact")).otherwise(pl.lit("unknown")),
        ),
    )


def fees_frame(markets: pl.DataFrame) -> pl.DataFrame:
    """The markets' own schedules (provenance `market`), by category and date as the venue's."""
    facts = markets.with_columns(
        category_basis=pl.lit("declared"),
        fee_type=pl.lit(None, dtype=pl.String),
        fees_enabled=pl.lit(None, dtype=pl.Boolean),
        observed_ts=pl.lit(None, dtype=pl.Int64),
    )
    return as_table("fee_schedules", fee_schedules(facts).with_columns(provenance=pl.lit(FeeProvenance.MARKET.value)))


def tokens_frame(count: int, rng: np.random.Generator) -> pl.DataFrame:
    """Two tokens a market: token 2·m + i is outcome i of market m."""
    number = np.arange(2 * count)
    frame = pl.DataFrame({"token": number, "market": number // 2, "outcome_index": number % 2})
    return as_table(
        "tokens",
        frame.with_columns(
            token_id=pl.Series([str(int(text, 16)) for text in hex_texts(rng, 2 * count, 32)]),
            outcome=pl.when(pl.col("outcome_index") == 0).then(pl.lit("Yes")).otherwise(pl.lit("No")),
        ),
    )


def trades_frame(fills: Fills, costs: Costs, first_row: int) -> pl.DataFrame:
    """Fills with the taker's fee, truncated at five decimals as the venue does."""
    market = fills.market.astype(np.int64)
    price = fills.price_micro.astype(np.int64)
    rate = np.rint(costs.rate(market, fills.ts) * MICRO).astype(np.int64)
    # In 10^-12 per share, times hundredths of a share: int64 holds it, and the cut at five decimals is exact.
    per_share = price * (MICRO - price) * rate // MICRO
    fee = (per_share // 1_000) * (fills.size_micro // 10_000) // 10**6 * 10
    taker = fills.role == int(TapeRole.TAKER)
    frame = pl.DataFrame(
        {
            "ts": fills.ts,
            "wallet": fills.wallet.astype(np.uint32),
            "token": (2 * market + fills.outcome).astype(np.uint32),
            "market": market.astype(np.uint32),
            "outcome_index": fills.outcome,
            "side": fills.side,
            "role": fills.role,
            "price_micro": price,
            "size_micro": fills.size_micro,
            "fee_micro": np.where(taker, fee, 0),
            "source_row": np.arange(first_row, first_row + fills.ts.size),
        }
    )
    return as_table(
        "trades", frame.with_columns(transaction=pl.lit(NO_ID, dtype=pl.UInt32), dup_rank=pl.lit(0), source=pl.lit(0))
    )
