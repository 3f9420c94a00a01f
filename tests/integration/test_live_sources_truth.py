"""The live sources listen to the local exchange while its feeds lapse, break, repeat and lie; its truth is the log."""

import json
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.support.waiting import wait_until
from whaletrader.adapters.polymarket.clients import VenueClients, venue_clients
from whaletrader.adapters.polymarket.live_feed import LiveFeed
from whaletrader.adapters.polymarket.live_sources import LiveSources
from whaletrader.app.exchange import ExchangeOptions, open_exchange
from whaletrader.datasets.decode.data_api_v2 import decode_activity
from whaletrader.datasets.decode.rows import PositionChange
from whaletrader.domain.values import NANOS, LeaderEventKind
from whaletrader.ports.market_feed import CHANGES

FAULTS = """
seed = 5
[settlement]
reorg = 0.05
[[fault]]
kind = "silent"
face = "rtds"
first_s = 6
every_s = 60
for_s = 8
[[fault]]
kind = "disconnect"
every_s = 9
for_s = 0.5
share = 0.2
[[fault]]
kind = "duplicate"
share = 0.03
[[fault]]
kind = "drop"
share = 0.03
[[fault]]
kind = "too_many"
face = "data"
every_s = 15
for_s = 2
share = 0.5
"""
HEARD_S = 22.0
SETTLED_S = 20.0
STALE_S = 4


def told(feed: LiveFeed) -> Counter[str]:
    last = feed.row_at(LeaderEventKind.FILL, time.time_ns())
    return Counter(feed.leader_row(LeaderEventKind.FILL, row).natural_key for row in range(last + 1))


def changed(feed: LiveFeed) -> Counter[tuple[str, str, str, str, int]]:
    """What was heard of splits and merges, a count for each outcome that one moved."""
    rows = [feed.leader_row(CHANGES, row) for row in range(feed.row_at(CHANGES, time.time_ns()) + 1)]
    return Counter((row.tx_hash, row.wallet, row.role, row.market_id, row.size_micro) for row in rows)


def recorded(clients: VenueClients, wallets: list[str], since_s: int, until_s: int) -> Counter[Any]:
    """What the exchange's own record of the wallets says of the same."""
    found: Counter[Any] = Counter()
    for wallet in wallets:
        for row in decode_activity(clients.data.activity_page(wallet, since_s, until_s, "").body).rows:
            if isinstance(row, PositionChange) and row.kind in {"SPLIT", "MERGE"}:
                found[row.tx_hash, row.wallet, row.kind, row.market_id, row.amount_micro] += 2
    return found


def truth(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines() if line.endswith("}")]


@pytest.mark.slow
def test_nothing_is_lost_or_doubled_while_every_feed_misbehaves(tmp_path: Path) -> None:
    plan, record = tmp_path / "faults.toml", tmp_path / "truth.jsonl"
    plan.write_text(FAULTS)
    ending = threading.Event()
    options = ExchangeOptions(port=0, seed=11, faults=plan, truth=record, settle_s=1.0)
    with open_exchange(options) as exchange:
        venue = msgspec.structs.replace(exchange.settings, stale_after_s=STALE_S)
        clients = venue_clients(venue, clock=time.monotonic, wait=ending.wait, timeout_s=5.0)
        feed = LiveFeed(tmp_path / "live", simulated=True)
        begun_ts = time.time_ns()
        sources = LiveSources(venue, feed, clients, since_ts=begun_ts, sweep_s=5.0)
        sources.start()
        try:
            wait_until(lambda: time.time_ns() - begun_ts > 8 * NANOS, 30)
            wallets = sorted({row["wallet"] for row in truth(record)})
            assert wallets, "nobody traded"
            feed.watch(wallets)
            sources.watch([], wallets)
            until_ts = begun_ts + int(HEARD_S) * NANOS
            wait_until(lambda: time.time_ns() > until_ts, 60)

            def missing() -> Counter[str]:
                due = [row for row in truth(record) if row["wallet"] in wallets and begun_ts < row["ts"] < until_ts]
                assert due
                return Counter(row["key"] for row in due) - told(feed)

            wait_until(lambda: not missing(), SETTLED_S + 20, "the log of everything that was traded")
            since_s = begun_ts // NANOS + 9
            # Chance decides when somebody splits or merges: in some runs nobody did by then.
            wait_until(lambda: bool(recorded(clients, wallets, since_s, time.time_ns() // NANOS)), 30, "a move")
            moved = recorded(clients, wallets, since_s, time.time_ns() // NANOS)
            wait_until(lambda: not moved - changed(feed), SETTLED_S, "all splits and merges")
            # Each outcome once, however many sources told.
            wait_until(lambda: set(changed(feed).values()) == {2}, 10, "both outcomes of each move, once")
            sources.check()
            wait_until(lambda: sources.freshness().fresh, 30)
            assert sources.stop(10)
            final = told(feed)
            known = lambda: Counter(row["key"] for row in truth(record))  # noqa: E731
            wait_until(lambda: not final - known(), 20, "the truth of all that was heard")
            causes = {epoch.cause for status in sources.status() for epoch in status.epochs}
            assert {"SILENCE", "RECONNECT"} <= {str(cause) for cause in causes}
        finally:
            ending.set()
            sources.stop(10)
            feed.close()
            clients.close()
