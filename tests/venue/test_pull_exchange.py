"""`whaletrader data pull` against the local exchange: the dataset holds the fills that the exchange wrote down."""

import json
import re
import signal
import time
from collections import Counter

from tests.support.command import run, running
from tests.support.fill_keys import natural_keys
from tests.support.waiting import wait_until
from whaletrader.datasets.store import Dataset

ENOUGH = 150
DEATHS = 4


def fills(truth, *, until_s=None):
    """The exchange's own list as a multiset of (transaction, wallet, token, side, size)."""
    rows = [json.loads(line) for line in truth.read_text().splitlines(keepends=True) if line.endswith("\n")]
    return Counter(
        (row["tx_hash"], row["wallet"], row["token_id"], int(row["side"] == "SELL"), row["size_micro"])
        for row in rows
        if until_s is None or row["ts"] < until_s * 10**9
    )


def pulled(folder):
    return natural_keys(Dataset.open(folder))


def test_every_fill_of_the_local_exchange_is_in_the_dataset_once_whoever_tells_it(tmp_path):
    truth, home = tmp_path / "truth.jsonl", tmp_path / "home"
    words = ("exchange", "--port", "0", "--speed", "20", "--settle-s", "0.2", "--seed", "11", "--truth", truth)
    began = int(time.time()) - 60
    with running(tmp_path / "errors", *words) as exchange:
        settings = venue_settings(exchange)
        wait_until(lambda: truth.is_file() and sum(fills(truth).values()) >= ENOUGH, 120, "trade at the exchange")
        often = Counter(fill[1] for fill in fills(truth).elements())
        before = fills(truth, until_s=int(time.time()) - 3)

        def pull(folder, wallets, what, **more):
            return run(
                "data", "pull", "--wallets", ",".join(wallets), "--what", what, "--since", began, "--lag", 0,
                "--out", tmp_path / folder, "--data-dir", home, **settings, **more,
            )  # fmt: skip

        done = pull("all", sorted(often), "trades,markets,chain")
        assert done.returncode in (0, 1), done.stderr  # 1: the chain had gone on when it was asked
        some = [wallet for wallet, _ in often.most_common(3)]
        killed_often(lambda **more: pull("some", some, "subgraph,markets", **more))
        everybodys, by_subgraph = pulled(tmp_path / "all" / "dataset"), pulled(tmp_path / "some" / "dataset")
        done = pull("some", some, "trades,trades-v1,chain,subgraph,markets")
        assert done.returncode in (0, 1), done.stderr
        by_all = pulled(tmp_path / "some" / "dataset")
        wait_until(lambda: not (everybodys | by_all) - fills(truth), 30, "the exchange's list of what was pulled")
    assert sum(before.values()) >= ENOUGH // 2
    assert not before - everybodys
    theirs = Counter({fill: count for fill, count in before.items() if fill[1] in some})
    assert theirs
    assert not theirs - by_subgraph
    assert not by_subgraph - by_all
    report = json.loads((tmp_path / "some" / "report.json").read_bytes())
    others = {one["other"] for wallet in report["wallets"] for one in wallet["compared"]}
    assert others == {"chain.logs", "subgraph.orderFilledEvents", "data_v1.activity"}
    positions = Dataset.open(tmp_path / "some" / "dataset").table("positions")
    assert positions.filter(positions["avg_price_micro"].is_not_null()).height > 0


def killed_often(pull):
    """Run a pull that is killed in the middle of its commits, then to its end."""
    for step in range(DEATHS):
        done = pull(WHALETRADER_FAILPOINT="before_commit:3" if step % 2 else "after_commit:4")
        assert done.returncode == -signal.SIGKILL, done.stderr
    done = pull()
    assert done.returncode in (0, 1), done.stderr


def venue_settings(exchange):
    """The environment that leads to the exchange, from the settings that it prints."""
    text = ""
    while "confirmations" not in text:
        line = exchange.process.stdout.readline()
        assert line, exchange.said
        text += line
    pairs = re.findall(r'^(\w+) = "?([^"\n]+)"?$', text, re.MULTILINE)
    return {f"WHALETRADER_VENUE__{name.upper()}": value for name, value in pairs}
