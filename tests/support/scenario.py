"""One small scenario for whole runs: two leaders who win, then five markets in which we copy them.

The first 14 markets give the evidence (12 of them won); at the second scan both leaders are followed. Behind each
later bet come prints of others that fill our order whole, in part, or not at all; some bets are left early, and one
market's by buying the other outcome.
"""

from pathlib import Path
from typing import Any

from tests.support.tables import frame
from whaletrader.config.tree import (
    CopySettings,
    DiscoverySettings,
    ExecutionSettings,
    FaultPlanSettings,
    RuntimeSettings,
    Settings,
)
from whaletrader.datasets.manifest import SourceEntry
from whaletrader.datasets.schema import NO_ID
from whaletrader.datasets.writer import DatasetWriter
from whaletrader.domain.values import MICRO, NANOS

START_S = 1_775_433_600
HOUR = 3_600
EVIDENCE, COPIED = 14, 5
LEADER, POLLED = 0, 1
N_WALLETS = 60
FAULTS = FaultPlanSettings(drop_micro=150_000, delay_micro=150_000, repeat_micro=150_000, delay_s=20)


def scenario_settings(*, faults: FaultPlanSettings | None = None) -> Settings:
    """Settings under which the scenario trades; commits happen only where something is sent."""
    return Settings(
        discovery=DiscoverySettings(
            min_resolved_bets_fills=10, min_resolved_bets_signals=10, min_event_groups=10, bootstrap_resamples=200
        ),
        copy=CopySettings(max_position_age_s=HOUR),
        execution=ExecutionSettings(max_slippage_micro=30_000),
        runtime=RuntimeSettings(mark_interval_s=12 * HOUR, batch_delay_ms=3_600_000, batch_messages=100_000),
        faults=faults or FaultPlanSettings(),
    )


def write_scenario(path: Path) -> Path:
    """Write the dataset into `path`."""
    trades, signals, markets = [], [], []
    for number in range(EVIDENCE):
        begin = 6 * HOUR * number
        trades += _bet(number, begin, LEADER, follow=(0.42, 0.42))
        signals.append(_signal(number, begin + 60))
        markets.append(_market(number, begin + 5 * HOUR, won=number % 7 != 3))
    for number in range(COPIED):
        market, begin = EVIDENCE + number, (8 * 24 + 9 * number) * HOUR
        follow = ((0.41,) * 3, (0.42,), (), (0.44, 0.43))[number % 4]
        trades += _bet(market, begin, LEADER, follow=follow, size=(1_000.0, 90.0)[number % 2])
        if number % 3 == 0:
            signals.append(_signal(market, begin + 2 * HOUR))
            trades += [
                _trade(market, begin + 2 * HOUR + second, _other(market, second), 0.43, 800.0) for second in (7, 12)
            ]
        if number % 4 == 1:
            trades += _bet(market, begin + 4 * HOUR, LEADER, follow=(0.5, 0.49), price=0.5, sell=True)
        if number == 4:
            trades += _bet(market, begin + 5 * HOUR, LEADER, follow=(0.5, 0.5), price=0.5, size=100.0, outcome=1)
        markets.append(_market(market, begin + 8 * HOUR, won=number % 3 != 2))
    trades.append(_trade(EVIDENCE, 14 * 24 * HOUR, 2, 0.5, 1.0))
    _write(path, trades, signals, markets)
    return path


def _bet(market: int, begin: int, wallet: int, *, follow: tuple[float, ...], **other: Any) -> list[dict[str, Any]]:
    """A print of somebody else, the leader's fill, and the prints that follow."""
    price, size, sell = other.get("price", 0.41), other.get("size", 1_000.0), other.get("sell", False)
    outcome = other.get("outcome", 0)
    rows = [
        _trade(market, begin - 30, _other(market, 0), price - 0.01, 500.0, outcome=outcome),
        _trade(market, begin, wallet, price, 300.0, sell=sell, outcome=outcome),
    ]
    return rows + [
        _trade(market, begin + 8 + 9 * n, _other(market, n + 1), value, size, outcome=outcome)
        for n, value in enumerate(follow)
    ]


def _other(market: int, number: int) -> int:
    """Somebody else, and hardly ever the same: nobody else gets a record of his own."""
    return 2 + (7 * market + number) % (N_WALLETS - 2)


def _trade(
    market: int, second: int, wallet: int, price: float, size: float, *, sell: bool = False, outcome: int = 0
) -> dict[str, Any]:
    return {
        "ts": (START_S + second) * NANOS,
        "wallet": wallet,
        "token": 2 * market + outcome,
        "market": market,
        "outcome_index": outcome,
        "side": int(sell),
        "role": -1,
        "price_micro": round(price * MICRO),
        "size_micro": round(size * MICRO),
        "fee_micro": None,
        "transaction": NO_ID,
        "dup_rank": 0,
        "source": 0,
        "source_row": 0,
    }


def _signal(market: int, second: int) -> dict[str, Any]:
    return {
        "ts": (START_S + second) * NANOS,
        "prev_seen_ts": (START_S + second - 600) * NANOS,
        "wallet": POLLED,
        "token": 2 * market,
        "market": market,
        "outcome_index": 0,
        "size_micro": 100 * MICRO,
        "avg_price_micro": 410_000,
        "price_micro": 420_000,
        "source": 0,
        "source_row": 0,
    }


def _market(number: int, second: int, *, won: bool) -> dict[str, Any]:
    condition = f"0x{number + 1:064x}"
    return {
        "market": number,
        "condition_id": condition,
        "slug": f"market-{number}",
        "question": f"Question {number}?",
        "category": "sports",
        "event_group": condition,
        "neg_risk": False,
        "tick_micro": 10_000,
        "min_order_micro": 5 * MICRO,
        "start_ts": None,
        "end_ts": None,
        "resolved": True,
        "payout0_micro": MICRO if won else 0,
        "resolved_ts": (START_S + second) * NANOS,
        "resolved_ts_kind": "exact",
    }


def _write(path: Path, trades: list[Any], signals: list[Any], markets: list[Any]) -> None:
    n_tokens = 2 * len(markets)
    tokens = [
        {
            "token": code,
            "token_id": str(10**20 + code),
            "market": code // 2,
            "outcome_index": code % 2,
            "outcome": ("Yes", "No")[code % 2],
        }
        for code in range(n_tokens)
    ]
    wallets = [
        {"wallet": code, "address": f"0x{code + 1:040x}", "truncated": False, "truncation_reason": ""}
        for code in range(N_WALLETS)
    ]
    fees = [
        {"market": row["market"], "from_ts": 0, "rate_micro": 30_000, "exponent": 1, "times_price": False}
        | {"provenance": "market"}
        for row in markets
    ]
    writer = DatasetWriter(path, "scenario", "simulated", 0)
    source = {"name": "scenario", "file": "", "sha256": "", "importer": "by hand", "table": "*"}
    writer.add_source(SourceEntry(**source, rows_in=len(trades), rows_out=len(trades)))
    tables = {"wallets": wallets, "markets": markets, "tokens": tokens, "transactions": []}
    tables |= {"fee_schedules": fees, "trades": trades, "signals": signals}
    for name, rows in tables.items():
        writer.write(name, frame(name, rows))
    writer.finish()
