"""`whaletrader data pull` against the local exchange: the dataset holds the fills that the exchange wrote down."""

import json
import re
import time
from collections import Counter

from tests.support.command import run, running
from tests.support.waiting import wait_until
from whaletrader.datasets.store import Dataset

ENOUGH = 150


def fills(truth, *, until_s=None):
    """The exchange's own list as a multiset of (transaction, wallet, token, side, size)."""
    rows = [json.loads(line) for line in truth.read_text().splitlines(keepends=True) if line.endswith("\n")]
    return Counter(
        (row["tx_hash"], row["wallet"], row["token_id"], int(row["side"] == "SELL"), row["size_micro"])
        for row in rows
        if until_s is None or row["ts"] < until_s * 10**9
    )


def pulled(folder):
    dataset = Dataset.open(folder)
    trades = dataset.table("trades")
    names = {name: dataset.table(name)[column] for name, column in
             (("wallets", "address"), ("tokens", "token_id"), ("transactions", "tx_hash"))}  # fmt: skip
    return Counter(
        (names["transactions"][row["transaction"]], names["wallets"][row["wallet"]], names["tokens"][row["token"]],
         row["side"], row["size_micro"])
        for row in trades.filter(trades["dup_rank"] == 0).iter_rows(named=True)
    )  # fmt: skip


def test_every_fill_of_the_local_exchange_is_in_the_dataset_once(tmp_path):
    truth, home = tmp_path / "truth.jsonl", tmp_path / "home"
    words = ("exchange", "--port", "0", "--speed", "20", "--settle-s", "0.2", "--seed", "11", "--truth", truth)
    began = int(time.time()) - 60
    with running(tmp_path / "errors", *words) as exchange:
        settings = venue_settings(exchange)
        wait_until(lambda: truth.is_file() and sum(fills(truth).values()) >= ENOUGH, 120, "trade at the exchange")
        wallets = sorted({fill[1] for fill in fills(truth)})
        before = fills(truth, until_s=int(time.time()) - 3)
        done = run(
            "data", "pull", "--wallets", ",".join(wallets), "--what", "trades,markets,chain", "--since", began,
            "--lag", 0, "--out", tmp_path / "p", "--data-dir", home, **settings,
        )  # fmt: skip
        assert done.returncode in (0, 1), done.stderr  # 1: the chain had gone on when it was asked
        found = pulled(tmp_path / "p" / "dataset")
        wait_until(lambda: not found - fills(truth), 30, "the exchange's list of what was pulled")
    assert sum(before.values()) >= ENOUGH // 2
    assert not before - found


def venue_settings(exchange):
    """The environment that leads to the exchange, from the settings that it prints."""
    text = ""
    while "confirmations" not in text:
        line = exchange.process.stdout.readline()
        assert line, exchange.said
        text += line
    pairs = re.findall(r'^(\w+) = "?([^"\n]+)"?$', text, re.MULTILINE)
    return {f"WHALETRADER_VENUE__{name.upper()}": value for name, value in pairs}
