"""`whaletrader data pull` as a person runs it: killed at every step and resumed, nothing is lost or there twice."""

import json
import signal
import subprocess
import time

import msgspec
import pytest

from tests.support.command import command, environment, refused, run
from tests.support.venue_http import (
    FIRST_TS,
    WALLET,
    Answer,
    VenueHttpServer,
    activity_row,
    market_row,
    serving,
    subgraph_fill,
)
from tests.support.waiting import wait_until
from whaletrader.datasets.raw_pages import raw_files, read_pages
from whaletrader.datasets.store import Dataset

FIXED = ("--until", str(FIRST_TS + 1_000_000))


@pytest.fixture
def venue():
    with serving(VenueHttpServer(page_rows=50)) as server:
        server.activity[WALLET] = [activity_row(n, market=n % 3) for n in range(230)]
        server.markets = [market_row(n) for n in range(3)]
        yield server


def pull(venue, out, *more, **env):
    words = ("data", "pull", "--wallets", WALLET, "--out", out, "--data-dir", out.parent / "home", *FIXED, *more)
    return run(*words, **venue.settings(), **env)


def told(folder):
    """Every row of every page by its source, in the order of the files."""
    found = {}
    for path in raw_files(folder):
        for _, page in read_pages(path):
            body = msgspec.json.decode(page.body)
            if page.source != "pull.coverage":
                found.setdefault(page.source, []).extend(body.get("data") or body["markets"])
    return found


def test_killed_before_and_after_every_commit_it_loses_and_doubles_nothing(venue, tmp_path):
    venue.page_rows = 100
    pull(venue, tmp_path / "whole", "--no-import", "--workers", "1")
    whole = told(tmp_path / "whole")
    assert len(whole["data_v2.activity"]) == 230
    deaths = 0
    for step in range(40):
        point = "before_commit:2" if step % 2 else "after_commit:1"
        done = pull(venue, tmp_path / "killed", "--no-import", "--workers", "1", WHALETRADER_FAILPOINT=point)
        if done.returncode == 0:
            break
        assert done.returncode == -signal.SIGKILL, done.stderr
        deaths += 1
    assert deaths >= 6
    assert told(tmp_path / "killed") == whole
    assert (tmp_path / "killed" / "report.json").read_bytes() == (tmp_path / "whole" / "report.json").read_bytes()


def test_killed_from_outside_in_the_middle_of_an_answer_it_goes_on(venue, tmp_path):
    words = ("data", "pull", "--wallets", WALLET, "--out", tmp_path / "p", "--data-dir", tmp_path / "h", *FIXED)
    venue.hold_after = 4
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    child = subprocess.Popen(command(*words, "--no-import"), env=environment(**venue.settings()), **quiet)
    assert venue.held.wait(60)
    child.kill()
    child.wait(60)
    venue.hold_after = -1
    venue.release.set()
    before = len(venue.requests)
    done = run(*words, "--no-import", **venue.settings())
    assert done.returncode == 0, done.stderr
    rows = told(tmp_path / "p")["data_v2.activity"]
    assert [row["transaction_hash"] for row in rows] == [row["transaction_hash"] for row in venue.activity[WALLET]]
    assert len(venue.requests) - before < 14


def test_it_ends_in_a_dataset(venue, tmp_path):
    done = pull(venue, tmp_path / "p")
    assert done.returncode == 0, done.stderr
    assert f"{WALLET}         230 rows" in done.stdout
    info = run("data", "info", tmp_path / "p" / "dataset", "--json")
    tables = json.loads(info.stdout)["tables"]
    assert tables["markets"]["rows"] == 3
    assert tables["wallets"]["rows"] == 1
    verified = run("data", "verify", tmp_path / "p" / "dataset")
    assert verified.returncode == 0, verified.stdout


def test_the_dataset_counts_every_fill_once(venue, tmp_path):
    pull(venue, tmp_path / "p")
    trades = Dataset.open(tmp_path / "p" / "dataset").table("trades")
    assert trades.filter(trades["dup_rank"] == 0).height == 230


def test_what_is_lacking_is_said_and_the_exit_code_is_one(venue, tmp_path):
    venue.markets.pop()
    venue.refusals = [("/data-api/v2/trades", Answer(400, b'{"error":"invalid user"}'))]
    done = pull(venue, tmp_path / "p", "--no-import")
    assert done.returncode == 1
    assert f"lacking: data_v2.takers {WALLET}: invalid user" in done.stdout
    assert "markets: 2 found, 1 lacking" in done.stdout
    assert "run the same command again" in done.stderr


def test_every_source_is_held_to_the_data_api_and_who_stepped_in_is_said(venue, tmp_path):
    venue.subgraph["orderFilledEvents"] = [subgraph_fill(n) for n in range(240)]
    words = ("--no-import", "--workers", "1", "--what", "trades,trades-v1,subgraph")
    done = pull(venue, tmp_path / "p", *words)
    lines = [line.strip() for line in done.stdout.splitlines()]
    told = "{}: 230 transactions told by both, 0 by the Data API alone, {} by {} alone"
    assert "held to " + told.format("the history subgraphs", 10, "the history subgraphs") in lines
    assert "held to " + told.format("its first version", 0, "its first version") in lines
    assert "sample; the history subgraphs tell 10 transactions that the Data API does not" in done.stdout
    venue.refusals = [("/data-api/v2/activity", Answer(400, b'{"error":"invalid user"}'))]
    done = pull(venue, tmp_path / "q", *words)
    assert f"told by the Data API's first version instead: data_v2.activity {WALLET}: invalid user" in done.stdout
    assert done.returncode == 0, done.stderr


def test_a_venue_that_cannot_be_reached_is_one_sentence(tmp_path):
    nowhere = {
        f"WHALETRADER_VENUE__{name}_URL": "http://127.0.0.1:9/key-in-the-path" for name in ("DATA", "CLOB", "GAMMA")
    }
    words = ("data", "pull", "--wallets", WALLET, "--out", tmp_path / "p", "--data-dir", tmp_path / "h")
    done = run(*words, "--patience", "1", **nowhere)
    said = refused(done, 1, "127.0.0.1 cannot be reached", "run the same command again to go on")
    assert "key-in-the-path" not in said


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--wallets", "bob"), "'bob' is no wallet; give 0x and 40 hex digits"),
        (("--markets", "0x" + "ab" * 31), "is no market"),
        (("--wallets", WALLET, "--what", "fills"), "choose of trades, trades-v1, markets, prices, chain"),
        (("--wallets", WALLET, "--since", "yesterday"), "--since 'yesterday' is no time"),
        (
            ("--wallets", WALLET, "--since", "2026-02-01", "--until", "2026-01-01"),
            "lies before its beginning; mend --since or --until",
        ),
        (("--wallets-file", "nowhere.txt"), "nowhere.txt cannot be read"),
        ((), "nothing to pull: name wallets with --wallets"),
    ],
)
def test_bad_input_is_one_sentence_and_touches_nothing(words, expected, tmp_path):
    done = run("data", "pull", "--out", tmp_path / "p", "--data-dir", tmp_path / "h", *words)
    refused(done, 2, expected)
    assert not (tmp_path / "p").exists()


def test_a_list_of_wallets_may_come_from_a_file(venue, tmp_path):
    (tmp_path / "who.txt").write_text(f"# the one\n{WALLET.upper().replace('0X', '0x')}  # Car\n\n")
    words = ("data", "pull", "--wallets-file", tmp_path / "who.txt", "--out", tmp_path / "p", "--no-import", *FIXED)
    done = run(*words, "--data-dir", tmp_path / "h", "--json", **venue.settings())
    assert json.loads(done.stdout)["wallets"][0]["coverage"] == "complete"


def test_run_again_without_names_it_goes_on_with_those_it_knows(venue, tmp_path):
    pull(venue, tmp_path / "p", "--no-import")
    venue.activity[WALLET].append(activity_row(500, ts=FIRST_TS + 1_000_500))
    words = ("data", "pull", "--out", tmp_path / "p", "--no-import", "--data-dir", tmp_path / "h")
    done = run(*words, "--until", str(FIRST_TS + 1_001_000), **venue.settings())
    assert done.returncode == 0, done.stderr
    assert len(told(tmp_path / "p")["data_v2.activity"]) == 231


def test_ctrl_c_ends_it_in_one_sentence_with_130(venue, tmp_path):
    venue.refusals = [("/data-api", Answer(429, b"error code: 1015", {"retry-after": "500"}))]
    words = ("data", "pull", "--wallets", WALLET, "--out", tmp_path / "p", "--data-dir", tmp_path / "h", *FIXED)
    child = subprocess.Popen(
        command(*words), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment(**venue.settings())
    )
    wait_until(lambda: not venue.refusals, 60, "the refusal")
    child.send_signal(signal.SIGINT)
    _, said = child.communicate(timeout=60)
    assert child.returncode == 130
    assert said.splitlines() == ["whaletrader: stopped; what was fetched is kept: run the same command again to go on"]


def test_no_pull_reaches_into_what_the_venue_has_not_indexed_yet(venue, tmp_path):
    now = int(time.time())
    words = ("data", "pull", "--wallets", WALLET, "--out", tmp_path / "p", "--no-import", "--data-dir", tmp_path / "h")
    run(*words, "--until", "2999-12-31", **venue.settings())
    ends = {int(query["end"][0]) for _, path, query in venue.requests if path.endswith("/v2/activity")}
    assert len(ends) == 1
    assert now - 61 <= ends.pop() <= now + 60


def test_help_has_an_example_and_the_exit_codes():
    done = run("data", "pull", "--help")
    assert "Example: whaletrader data pull --wallets" in done.stdout
    assert "130 stopped with Ctrl-C" in " ".join(done.stdout.split())
