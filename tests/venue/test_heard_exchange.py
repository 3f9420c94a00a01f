"""What a live run hears of the local exchange and what `data pull` brings of it are the same fills."""

import json
import threading
import time
from collections import Counter

from tests.support.fill_keys import natural_keys
from tests.support.waiting import wait_until
from whaletrader.adapters.polymarket.clients import venue_clients
from whaletrader.adapters.polymarket.live_feed import LiveFeed
from whaletrader.adapters.polymarket.live_sources import LiveSources
from whaletrader.app.exchange import ExchangeOptions, open_exchange
from whaletrader.app.pull.plan import PullRequest
from whaletrader.app.pull.run import pull
from whaletrader.datasets.importers.run import import_any
from whaletrader.domain.values import NANOS, LeaderEventKind

TRADING_S = 12.0
MARGIN_NS = 2 * NANOS
"""Of the newest transactions not every side may be written down yet."""


def truth(path):
    return [json.loads(line) for line in path.read_text().splitlines(keepends=True) if line.endswith("}\n")]


def listened(venue, folder, record, began_ts):
    """Listen to everything for some time; return the watched wallets, and the transactions that were heard whole."""
    ending = threading.Event()
    clients = venue_clients(venue, clock=time.monotonic, wait=ending.wait, timeout_s=5.0)
    feed = LiveFeed(folder / "live", simulated=True)
    sources = LiveSources(venue, feed, clients, since_ts=began_ts, sweep_s=5.0)
    sources.start()
    try:
        wait_until(lambda: record.is_file() and len(truth(record)) >= 20, 60, "somebody to trade")
        wallets = sorted({row["wallet"] for row in truth(record)})
        feed.watch(wallets)
        sources.watch([], wallets)
        wait_until(lambda: time.time_ns() > began_ts + TRADING_S * NANOS, 60)

        def told():
            last = feed.row_at(LeaderEventKind.FILL, time.time_ns())
            return Counter(feed.leader_row(LeaderEventKind.FILL, row).natural_key for row in range(last + 1))

        def due():
            return Counter(row["key"] for row in truth(record) if row["wallet"] in wallets and row["ts"] > began_ts)

        wait_until(lambda: due() and not due() - told(), 60, "all that was traded to be heard")
        sources.check()
        newest_ts = max(row["ts"] for row in truth(record)) - MARGIN_NS
        whole = {row["tx_hash"] for row in truth(record) if began_ts < row["ts"] < newest_ts}
    finally:
        ending.set()
        sources.stop(10)
        feed.close()
        clients.close()
    return wallets, whole


def test_what_was_heard_live_is_what_a_pull_brings(tmp_path):
    record, run, folder = tmp_path / "truth.jsonl", tmp_path / "0001", tmp_path / "pulled"
    options = ExchangeOptions(port=0, seed=11, truth=record, settle_s=0.3, speed=4.0, trading_s=TRADING_S)
    with open_exchange(options) as exchange:
        began_ts = time.time_ns()
        wallets, whole = listened(exchange.settings, run, record, began_ts)
        asked = PullRequest(
            wallets=tuple(wallets),
            what=("trades", "markets", "chain"),
            since_s=began_ts // NANOS - 60,
            until_s=int(time.time()) + 1,
        )
        pull(folder, asked, exchange.settings, lambda _step, _done, _total: None)
    heard = import_any(run, tmp_path / "heard").dataset
    pulled = natural_keys(import_any(folder, tmp_path / "both").dataset)
    both = import_any(run, tmp_path / "both").dataset
    assert heard.simulated
    mine = Counter({key: n for key, n in natural_keys(heard).items() if key[1] in wallets and key[0] in whole})
    theirs = Counter({key: n for key, n in pulled.items() if key[0] in whole})
    assert sum(mine.values()) > 20
    assert mine == theirs
    of_watched = Counter({key: n for key, n in natural_keys(both).items() if key[1] in wallets and key[0] in whole})
    assert of_watched == theirs, "what both tell is there once"
    reasons = {row["address"]: row["truncation_reason"] for row in both.table("wallets").iter_rows(named=True)}
    assert "gap" not in {reasons[wallet] for wallet in wallets}
