"""Small random markets for whole runs: leaders who are followed from the start, and all that can go wrong with orders.

A seed gives the dataset: lone markets, a neg-risk group, a group of another kind, prints at equal times and one
nanosecond apart, leaders who buy, sell and are found holding, markets that pay 0, 1, a half or nothing. Who is followed
comes from `ChosenLeaders`, so that no evidence has to be made up first.
"""

from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

from tests.support.tables import frame
from whaletrader.datasets.manifest import SourceEntry
from whaletrader.datasets.schema import NO_ID
from whaletrader.datasets.writer import DatasetWriter
from whaletrader.domain.values import MICRO, NANOS, LeaderEventKind
from whaletrader.messages.leaders import LeaderOutcomes, LeaderScore, SettledOutcome, UniverseScanned

START_S = 1_775_433_600
HOUR, DAY = 3_600, 86_400
MARKETS, NEG_RISK, COUPLED = 12, (8, 9, 10), (6, 7)
LEADERS, WALLETS = 4, 40
TICKS = (10_000, 10_000, 1_000)
Row = dict[str, Any]


class ChosenLeaders:
    """A whale source that lists the same leaders at every scan, but for one who comes and goes."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def scan(self, as_of_ts: int, followed: Sequence[str] = (), since_ts: int = 0) -> UniverseScanned:
        """Return the scores; they depend on the seed and the time only."""
        rng = Random(f"{self._seed}:{as_of_ts}")
        absent = rng.randrange(2 * LEADERS)
        scores = [
            _score(address(leader), kind, rng.randrange(40_000, 150_000))
            for leader in range(LEADERS)
            for kind in (LeaderEventKind.FILL, LeaderEventKind.POSITION)
            if leader != absent
        ]
        return UniverseScanned(
            as_of_ts=as_of_ts,
            source="chosen",
            n_wallets=WALLETS,
            n_qualified=len(scores),
            scores=tuple(scores),
            funnel=(),
            since_ts=since_ts,
            settled=tuple(_settled(rng, leader, as_of_ts) for leader in followed),
        )


def _settled(rng: Random, leader: str, as_of_ts: int) -> LeaderOutcomes:
    """Up to five outcomes at even prices: a coin's."""
    kind, _, wallet = leader.partition("/")
    outcomes = [
        SettledOutcome(
            event_group_id=f"group {rng.randrange(20)}",
            settled_ts=as_of_ts,
            n_bets=1,
            edge_micro=rng.choice((-500_000, 500_000)),
            cost_micro=500_000,
        )
        for _ in range(rng.randrange(6))
    ]
    return LeaderOutcomes(wallet=wallet, kind=kind, outcomes=tuple(outcomes), n_untold=0)


def address(wallet: int) -> str:
    """The address of a wallet's code."""
    return f"0x{wallet + 1:040x}"


def write_random_market(path: Path, seed: int) -> Path:
    """Write the dataset of a seed into `path`."""
    rng = Random(seed)
    trades: list[Row] = []
    signals: list[Row] = []
    markets: list[Row] = []
    for number in range(MARKETS):
        begin, end = rng.randrange(3 * DAY), rng.randrange(4 * DAY, 6 * DAY)
        _prints(rng, number, begin, end, trades)
        signals += [_signal(rng, number, rng.randrange(begin, end)) for _ in range(rng.randrange(3))]
        markets.append(_market(rng, number, end))
    trades.append(_trade(0, 11 * DAY, WALLETS - 1, 0, 500_000, 1.0, sell=False))  # time for what is still open
    _write(path, sorted(trades, key=lambda row: row["ts"]), sorted(signals, key=lambda row: row["ts"]), markets)
    return path


def _score(wallet: str, kind: str, edge_micro: int) -> LeaderScore:
    return LeaderScore(
        wallet=wallet,
        kind=kind,
        verdict="HIGH_SKILL",
        n_bets=100,
        n_groups=100,
        edge_micro=edge_micro,
        edge_lower_micro=edge_micro // 2,
        edge_upper_micro=2 * edge_micro,
        edge_shrunk_micro=edge_micro,
        psr_micro=990_000,
        rank=1,
    )


def _prints(rng: Random, number: int, begin: int, end: int, trades: list[Row]) -> None:
    """A walk of prices; behind some of a leader's fills come prints of others that may fill our order."""
    price, held = rng.randrange(150_000, 850_000), list[tuple[int, int]]()
    for _ in range(rng.randrange(8, 16)):
        second = rng.randrange(begin, end) // 30 * 30
        price = min(max(price + rng.randrange(-90_000, 90_001), 30_000), 970_000) // 1_000 * 1_000
        outcome, sell = rng.randrange(2), False
        leader = rng.randrange(LEADERS)
        if held and rng.random() < 0.35:
            (leader, outcome), sell = rng.choice(held), True
        else:
            held.append((leader, outcome))
        own = price if outcome == 0 else MICRO - price
        trades.append(_trade(number, second - rng.randrange(1, 40), _other(rng), outcome, own, 200.0, sell=False))
        trades.append(_trade(number, second, leader, outcome, own, 300.0, sell=sell, nanos=rng.choice((0, 0, 1))))
        for _ in range(rng.randrange(5)):
            gap, side = rng.choice((0, 3, 5, 6, 7, 20, 50)), rng.randrange(2)
            seen = own if side == outcome else MICRO - own
            seen = min(max(seen + rng.choice((-20_000, 0, 10_000)), 10_000), 990_000)
            size = rng.choice((4.0, 60.0, 900.0))
            trades.append(_trade(number, second + gap, _other(rng), side, seen, size, sell=rng.random() < 0.5))


def _other(rng: Random) -> int:
    return rng.randrange(LEADERS, WALLETS)


def _trade(
    number: int, second: int, wallet: int, outcome: int, price_micro: int, size: float, *, sell: bool, nanos: int = 0
) -> Row:
    return {
        "ts": (START_S + second) * NANOS + nanos,
        "wallet": wallet,
        "token": 2 * number + outcome,
        "market": number,
        "outcome_index": outcome,
        "side": int(sell),
        "role": -1,
        "price_micro": price_micro,
        "size_micro": round(size * MICRO),
        "fee_micro": None,
        "transaction": NO_ID,
        "dup_rank": 0,
        "source": 0,
        "source_row": 0,
    }


def _signal(rng: Random, number: int, second: int) -> Row:
    price, outcome = rng.randrange(100_000, 900_000), rng.randrange(2)
    return {
        "ts": (START_S + second) * NANOS,
        "prev_seen_ts": (START_S + second - 600) * NANOS,
        "wallet": rng.randrange(LEADERS),
        "token": 2 * number + outcome,
        "market": number,
        "outcome_index": outcome,
        "size_micro": 100 * MICRO,
        "avg_price_micro": price,
        "price_micro": price,
        "source": 0,
        "source_row": 0,
    }


def _market(rng: Random, number: int, end: int) -> Row:
    condition = f"0x{number + 1:064x}"
    group = "neg" if number in NEG_RISK else "coupled" if number in COUPLED else condition
    resolved = rng.random() < 0.9
    payout = 0 if number in NEG_RISK[1:] else rng.choice((0, MICRO, MICRO, MICRO // 2))
    return {
        "market": number,
        "condition_id": condition,
        "slug": f"market-{number}",
        "question": f"Question {number}?",
        "category": rng.choice(("sports", "crypto")),
        "event_group": group,
        "neg_risk": number in NEG_RISK,
        "tick_micro": rng.choice(TICKS),
        "min_order_micro": 5 * MICRO,
        "start_ts": None,
        "end_ts": None,
        "resolved": resolved,
        "payout0_micro": payout if resolved else None,
        "resolved_ts": (START_S + end) * NANOS if resolved else None,
        "resolved_ts_kind": "exact" if resolved else "unknown",
    }


def _write(path: Path, trades: list[Row], signals: list[Row], markets: list[Row]) -> None:
    tokens = [
        {
            "token": code,
            "token_id": str(10**20 + code),
            "market": code // 2,
            "outcome_index": code % 2,
            "outcome": ("Yes", "No")[code % 2],
        }
        for code in range(2 * MARKETS)
    ]
    wallets = [
        {"wallet": code, "address": address(code), "truncated": False, "truncation_reason": ""}
        for code in range(WALLETS)
    ]
    fees = [
        {"market": row["market"], "from_ts": 0, "rate_micro": 30_000, "exponent": 1, "times_price": False}
        | {"provenance": "market"}
        for row in markets
    ]
    writer = DatasetWriter(path, "random", "simulated", 0)
    source = {"name": "random", "file": "", "sha256": "", "importer": "by hand", "table": "*"}
    writer.add_source(SourceEntry(**source, rows_in=len(trades), rows_out=len(trades)))
    tables = {"wallets": wallets, "markets": markets, "tokens": tokens, "transactions": []}
    tables |= {"fee_schedules": fees, "trades": trades, "signals": signals}
    for name, rows in tables.items():
        writer.write(name, frame(name, rows))
    writer.finish()
