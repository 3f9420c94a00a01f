"""A pull against the services on loopback: everything asked for is there, once, and the report says what is not."""

import threading

import msgspec
import pytest

from tests.support.venue_http import (
    FIRST_BLOCK_TS,
    FIRST_TS,
    WALLET,
    Answer,
    VenueHttpServer,
    activity_row,
    condition,
    filled_log,
    market_row,
    serving,
    subgraph_change,
    subgraph_fill,
    token,
    tx,
)
from whaletrader.app.pull.plan import PullRequest, Task
from whaletrader.app.pull.report import Comparison
from whaletrader.app.pull.run import REPORT_FILE, pull, settled_request, step_words
from whaletrader.app.pull.store import PullStore, TaskState
from whaletrader.config.tree import VenueSettings
from whaletrader.datasets.importers.run import import_pull
from whaletrader.datasets.raw_pages import raw_file, raw_files, read_pages
from whaletrader.errors import UsageError, VenueError

UNTIL = FIRST_TS + 1_000_000


@pytest.fixture
def venue():
    with serving(VenueHttpServer(page_rows=100)) as server:
        server.activity[WALLET] = [activity_row(n, market=n % 3, taker=n % 2 == 0) for n in range(250)]
        server.markets = [market_row(0), market_row(1, closed=False), market_row(2)]
        yield server


def run(venue, folder, *, workers=1, said=None, **request):
    urls = {key.removeprefix("WHALETRADER_VENUE__").lower(): url for key, url in venue.settings().items()}
    asked = PullRequest(**({"wallets": (WALLET,), "until_s": UNTIL} | request))
    tell = said.append if said is not None else lambda _line: None
    return pull(folder, asked, VenueSettings(**urls), lambda *line: tell(line), workers=workers)


def pages(folder, source):
    found = [page for path in raw_files(folder) for _, page in read_pages(path)]
    return [page for page in found if page.source == source]


def rows(folder, source="data_v2.activity"):
    bodies = [msgspec.json.decode(page.body) for page in pages(folder, source)]
    return [row for body in bodies for row in body["data"]]


def test_a_wallets_whole_history_and_its_markets_are_there(venue, tmp_path):
    report = run(venue, tmp_path)
    assert rows(tmp_path) == venue.activity[WALLET]
    assert len(rows(tmp_path, "data_v2.trades")) == 125
    assert report.complete
    (wallet,) = report.wallets
    assert (wallet.coverage, wallet.why, wallet.rows, wallet.gaps) == ("complete", (), 250, ())
    assert (report.markets_named, report.markets_found, report.markets_settled) == (3, 3, 2)


def test_several_workers_fetch_the_same(venue, tmp_path):
    others = [f"0x{n:040x}" for n in range(12)]
    for number, other in enumerate(others):
        venue.activity[other] = [activity_row(1_000 + number * 300 + n, wallet=other) for n in range(number * 20)]
    run(venue, tmp_path / "one", wallets=(WALLET, *others))
    run(venue, tmp_path / "four", wallets=(WALLET, *others), workers=4)
    by_hash = [sorted(rows(tmp_path / name), key=lambda row: row["transaction_hash"]) for name in ("one", "four")]
    assert by_hash[0] == by_hash[1]


def test_a_second_pull_of_the_same_asks_for_nothing_again(venue, tmp_path):
    run(venue, tmp_path)
    before = len(venue.requests)
    report = run(venue, tmp_path)
    assert report.complete
    assert len(venue.requests) == before


def test_a_later_pull_fetches_only_what_is_new_and_asks_open_markets_again(venue, tmp_path):
    run(venue, tmp_path)
    done = len(venue.requests)
    venue.activity[WALLET] += [activity_row(n, ts=UNTIL + n, market=1) for n in range(250, 260)]
    report = run(venue, tmp_path, until_s=UNTIL + 900)
    asked = venue.requests[done:]
    assert {query["start"][0] for _, path, query in asked if "activity" in path} == {str(UNTIL + 1)}
    assert {query["condition_ids"][0] for _, path, query in asked if "keyset" in path} == {condition(1)}
    assert rows(tmp_path) == venue.activity[WALLET]
    assert report.wallets[0].coverage == "complete"


def test_a_pull_from_a_later_beginning_is_a_bounded_window(venue, tmp_path):
    (wallet,) = run(venue, tmp_path, since_s=FIRST_TS + 100).wallets
    assert (wallet.coverage, wallet.rows) == ("bounded_window", 150)
    assert wallet.why == ("pulled from a later beginning",)


def test_earlier_history_is_added_in_front(venue, tmp_path):
    run(venue, tmp_path, since_s=FIRST_TS + 100)
    (wallet,) = run(venue, tmp_path).wallets
    assert (wallet.coverage, wallet.rows) == ("complete", 250)


def test_a_refused_listing_fails_alone_and_is_tried_again_by_the_next_run(venue, tmp_path):
    venue.refusals = [("/data-api/v2/trades", Answer(400, b'{"error":"invalid user"}'))]
    report = run(venue, tmp_path)
    assert not report.complete
    assert report.failed == ((f"data_v2.takers {WALLET}", "invalid user"),)
    assert report.wallets[0].coverage == "complete"
    assert run(venue, tmp_path).complete
    assert rows(tmp_path) == venue.activity[WALLET]


def first_version_rows(folder):
    return [row for page in pages(folder, "data_v1.activity") for row in msgspec.json.decode(page.body)]


def test_what_the_data_api_refuses_is_asked_of_its_first_version(venue, tmp_path):
    venue.refusals = [("/data-api/v2/activity", Answer(400, b'{"error":"invalid user"}'))]
    report = run(venue, tmp_path)
    assert (report.complete, report.failed) == (True, ())
    assert report.made_good == ((f"data_v2.activity {WALLET}", "invalid user"),)
    assert first_version_rows(tmp_path) == venue.activity[WALLET]
    assert (report.wallets[0].coverage, report.rows["trades-v1"]) == ("complete", 250)
    assert report.markets_found == 3
    again = run(venue, tmp_path)  # the second version is asked again, and answers now
    assert (again.complete, again.made_good, again.wallets[0].rows) == (True, (), 250)
    assert rows(tmp_path) == venue.activity[WALLET] == first_version_rows(tmp_path)


def test_where_both_versions_refuse_both_are_told(venue, tmp_path):
    words = [(f"/data-api{path}/activity", Answer(400, b'{"error":"invalid user"}')) for path in ("/v2", "")]
    venue.refusals = words
    report = run(venue, tmp_path)
    assert {what for what, _ in report.failed} == {f"data_v2.activity {WALLET}", f"data_v1.activity {WALLET}"}
    assert (report.complete, report.wallets[0].coverage) == (False, "sample")


def test_a_market_that_is_refused_is_asked_of_the_first_version_too(venue, tmp_path):
    venue.trades = [activity_row(n, wallet=f"0x{n:040x}") for n in range(120)]
    venue.refusals = [("/data-api/v2/trades", Answer(400, b'{"error":"no"}'))]
    report = run(venue, tmp_path, wallets=(), markets=(condition(0),))
    assert (report.complete, report.rows["trades-v1"]) == (True, 120)


def test_a_second_opinion_is_compared_and_told(venue, tmp_path):
    (wallet,) = run(venue, tmp_path, what=("trades", "trades-v1")).wallets
    assert wallet.compared == (Comparison(other="data_v1.activity", both=250, only_data_api=0, only_other=0),)
    assert (wallet.coverage, wallet.rows) == ("complete", 250)


@pytest.fixture
def history(venue, monkeypatch):
    """The venue with a history in its subgraphs, whose pages are short."""
    monkeypatch.setattr("whaletrader.adapters.polymarket.subgraph.PAGE_ROWS", 60)
    venue.subgraph = {
        "orderFilledEvents": [subgraph_fill(n) for n in range(240)],
        "splits": [subgraph_change(n) for n in range(300, 307)],
        "merges": [subgraph_change(n) for n in range(400, 402)],
        "userBalances": [
            {"id": f"{WALLET}-{token(7, 0)}", "user": WALLET, "balance": "5",
             "asset": {"id": token(7, 0), "condition": {"id": condition(7)}, "outcomeIndex": "0"}}
        ],
    }  # fmt: skip
    return venue


def entities(folder, entity):
    found = pages(folder, f"subgraph.{entity}")
    return [row for page in found for row in msgspec.json.decode(page.body)["data"][entity]]


def test_the_history_subgraphs_are_pulled_page_by_page_and_compared(history, tmp_path):
    report = run(history, tmp_path, what=("trades", "subgraph"))
    assert entities(tmp_path, "orderFilledEvents") == sorted(
        history.subgraph["orderFilledEvents"], key=lambda row: row["id"]
    )
    assert len(entities(tmp_path, "splits")) == 7
    assert (report.complete, report.rows["subgraph"]) == (True, 250)
    assert report.pages["subgraph"] == 5 + 7
    (wallet,) = report.wallets
    told = Comparison(other="subgraph.orderFilledEvents", both=240, only_data_api=10, only_other=0)
    assert (wallet.compared, wallet.coverage) == ((told,), "complete")


def test_markets_that_only_the_subgraphs_name_are_looked_for_too(history, tmp_path):
    report = run(history, tmp_path, what=("subgraph", "markets"))
    assert (report.markets_named, report.markets_found) == (2, 1)


def test_a_second_pull_of_the_subgraphs_goes_on_from_where_the_first_was_stopped(history, tmp_path, monkeypatch):
    monkeypatch.setattr("whaletrader.adapters.polymarket.http.FIRST_PAUSE_S", 0.001)
    first = history.answer
    asked = []

    def stopping(method, path, query, body):
        asked.append(path)
        if len(asked) > 3:
            raise ConnectionError
        return first(method, path, query, body)

    history.answer = stopping
    run(history, tmp_path, what=("subgraph",))
    history.answer = first
    before = len(history.requests)
    assert run(history, tmp_path, what=("subgraph",)).complete
    assert len(history.requests) - before == 2 + 7
    ids = [row["id"] for row in entities(tmp_path, "orderFilledEvents")]
    assert ids == sorted(row["id"] for row in history.subgraph["orderFilledEvents"])


def test_a_subgraph_host_that_is_gone_fails_its_own_tasks_and_is_not_asked_for_each(history, tmp_path, monkeypatch):
    monkeypatch.setattr("whaletrader.adapters.polymarket.http.FIRST_PAUSE_S", 0.001)
    history.refusals = [("/subgraph", Answer(0))] * 500
    report = run(history, tmp_path, what=("trades", "subgraph"))
    assert rows(tmp_path) == history.activity[WALLET]
    assert (len(report.failed), report.complete, report.wallets[0].coverage) == (8, False, "complete")
    assert {"cannot be reached" in words for _, words in report.failed} == {True}
    assert len([path for _, path, _ in history.requests if path.startswith("/subgraph")]) <= 6
    history.refusals = []
    assert run(history, tmp_path, what=("trades", "subgraph")).complete


def test_a_subgraph_host_that_was_switched_off_says_so_at_once(history, tmp_path):
    gone = Answer(429, b'{"error":"this endpoint is gone","code":"ENDPOINT_DEPRECATED"}')
    history.refusals = [("/subgraph", gone)] * 500
    report = run(history, tmp_path, what=("trades", "subgraph"))
    assert {words for _, words in report.failed} == {"this endpoint is gone"}
    assert len([path for _, path, _ in history.requests if path.startswith("/subgraph")]) == 8


def test_a_subgraph_that_could_not_index_everything_is_no_whole_history(history, tmp_path):
    history.indexing_errors = True
    report = run(history, tmp_path, what=("subgraph",))
    assert not report.complete
    assert {words for _, words in report.truncated} == {"the subgraph says that it could not index everything"}


def test_a_place_that_the_venue_has_dropped_is_told_with_what_to_do(venue, tmp_path):
    first = venue.answer
    venue.answer = lambda method, path, query, body: (
        Answer(400, b'{"error":"invalid cursor","code":"invalid_request"}')
        if "cursor" in query
        else first(method, path, query, body)
    )
    report = run(venue, tmp_path)
    for (_, words), listing in ((report.failed[0], "takers"), (report.made_good[0], "activity")):
        assert words.startswith("invalid cursor (in the middle of a listing"), listing
        assert words.endswith("pull into a new folder)"), listing
    venue.answer = first
    assert run(venue, tmp_path).complete
    assert rows(tmp_path) == venue.activity[WALLET]


def test_a_venue_that_goes_away_ends_the_run_and_the_next_goes_on_from_there(venue, tmp_path, monkeypatch):
    monkeypatch.setattr("whaletrader.adapters.polymarket.http.FIRST_PAUSE_S", 0.001)
    venue.refusals = [("/data-api/v2/trades", Answer(503, b"{}"))] * 6
    with pytest.raises(VenueError, match="answered 503"):
        run(venue, tmp_path)
    assert rows(tmp_path) == venue.activity[WALLET]
    walked = venue.asked("/data-api/v2/activity")
    assert run(venue, tmp_path).complete
    assert venue.asked("/data-api/v2/activity") == walked
    assert rows(tmp_path) == venue.activity[WALLET]


def test_a_markets_fills_are_pulled_without_a_wallet(venue, tmp_path):
    venue.trades = [activity_row(n, wallet=f"0x{n:040x}") for n in range(120)]
    report = run(venue, tmp_path, wallets=(), markets=(condition(0),))
    assert len(rows(tmp_path, "data_v2.trades")) == 120
    assert (report.complete, report.wallets, report.markets_found) == (True, (), 1)


def test_prices_of_every_token_are_pulled_within_their_markets_life(venue, tmp_path):
    venue.prices = {token(0, 0): [(FIRST_TS + n * 60, 0.5) for n in range(30)]}
    report = run(venue, tmp_path, what=("trades", "prices"))
    told = pages(tmp_path, "clob.prices_history")
    assert {page.params["market"] for page in told} == {token(n, side) for n in range(3) for side in (0, 1)}
    assert (report.rows["prices"], report.tokens_priced, report.tokens_without_price) == (30, 1, 5)


def test_the_chain_is_compared_with_the_data_api(venue, tmp_path):
    venue.activity[WALLET] = [activity_row(n, ts=FIRST_BLOCK_TS + 2 * (10 + n)) for n in range(20)]
    venue.logs = [filled_log(n, 10 + n) for n in range(5, 22)]
    (wallet,) = run(venue, tmp_path, what=("trades", "chain")).wallets
    assert wallet.compared == (Comparison(other="chain.logs", both=15, only_data_api=5, only_other=2),)
    assert wallet.coverage == "sample"
    assert wallet.why == ("the chain tells 2 transactions that the Data API does not",)


def test_a_wallet_that_joins_later_is_walked_alone_and_nobody_twice(venue, tmp_path):
    other = "0x" + "b" * 40
    venue.logs = [filled_log(0, 10), filled_log(1, 11, wallet=other)]
    run(venue, tmp_path, what=("chain",))
    run(venue, tmp_path, what=("chain",), wallets=(WALLET, other))
    logs = [log for page in pages(tmp_path, "chain.logs") for log in msgspec.json.decode(page.body)["result"]]
    assert logs == venue.logs


def test_blocks_without_enough_confirmations_are_not_taken_but_said_to_lack_and_read_by_a_later_pull(venue, tmp_path):
    venue.logs = [filled_log(0, venue.newest_block)]
    at = FIRST_BLOCK_TS + 2 * venue.newest_block
    report = run(venue, tmp_path, what=("chain",), until_s=at)
    assert report.rows["chain"] == 0
    assert not report.complete
    assert [words for _, words in report.truncated] == ["the period's last blocks were not final: read up to block 995"]
    venue.newest_block += 10
    assert run(venue, tmp_path, what=("chain",), until_s=at + 2).rows["chain"] == 1


def test_many_wallets_cost_one_walk_over_the_chain(venue, tmp_path):
    others = tuple(f"0x{n:040x}" for n in range(9))
    run(venue, tmp_path / "one", what=("chain",))
    once = venue.asked("/rpc")
    run(venue, tmp_path / "many", what=("chain",), wallets=(WALLET, *others))
    assert venue.asked("/rpc") - once == once


def test_combos_are_counted_in_the_report(venue, tmp_path):
    venue.activity[WALLET].append(activity_row(400, condition_id="0x" + "ab" * 31))
    (wallet,) = run(venue, tmp_path).wallets
    assert (wallet.rows, wallet.combos) == (251, 1)


def test_the_report_and_the_coverage_are_kept(venue, tmp_path):
    run(venue, tmp_path)
    assert msgspec.json.decode((tmp_path / REPORT_FILE).read_bytes())["complete"] is True
    (_, first), (_, page) = read_pages(raw_file(tmp_path, "coverage", 1))
    assert msgspec.json.decode(page.body)["rows"][0]["coverage"] == "complete"
    run(venue, tmp_path, until_s=UNTIL + 9)
    (_, again), _ = read_pages(raw_file(tmp_path, "coverage", 1))
    assert again == first  # by its first line an import knows the file again


def stamps(folder):
    bodies = [msgspec.json.decode(page.body) for page in pages(folder, "pull.coverage")]
    return [body["simulated"] for body in bodies if "simulated" in body]


def test_what_a_venue_on_this_machine_told_is_stamped_as_made_up(venue, tmp_path):
    assert run(venue, tmp_path).simulated
    assert stamps(tmp_path) == [True]
    assert import_pull(tmp_path, tmp_path / "dataset").dataset.simulated
    store = PullStore(tmp_path)
    assert store.made_up()
    store.close()


def test_the_stamp_stands_there_before_any_page_does_and_claims_nobody_whole(venue, tmp_path, monkeypatch):
    run(venue, tmp_path)

    def killed(*_given):
        raise KeyboardInterrupt

    monkeypatch.setattr(PullStore, "add_tasks", killed)
    with pytest.raises(KeyboardInterrupt):
        run(venue, tmp_path, until_s=UNTIL + 9)
    assert stamps(tmp_path) == [True]
    assert [msgspec.json.decode(page.body)["rows"] for page in pages(tmp_path, "pull.coverage")] == [[], []]


def test_what_the_venue_itself_told_has_no_such_stamp(venue, tmp_path, monkeypatch):
    monkeypatch.setattr("whaletrader.app.pull.run.is_loopback", lambda _url: False)
    assert not run(venue, tmp_path).simulated
    assert stamps(tmp_path) == [False]
    assert not import_pull(tmp_path, tmp_path / "dataset").dataset.simulated


def test_progress_tells_of_every_page(venue, tmp_path):
    said = []
    run(venue, tmp_path, said=said)
    assert said[-1][1] == said[-1][2]
    assert any("100 rows" in step for step, _, _ in said)


def test_a_walk_over_the_chain_says_which_block_it_is_at():
    task = Task(listing="chain.logs", subject=WALLET, since_s=1, until_s=UNTIL)
    state = TaskState(
        number=1, task=task, state="open", cursor="34000000:90000000", pages=3, rows=1_200, combos=0, first_s=-1,
        last_s=-1, truncated="", words="",
    )  # fmt: skip
    assert step_words(state) == f"chain.logs {WALLET[:12]}… block 34,000,000 of 90,000,000, 1,200 rows"
    begun = msgspec.structs.replace(state, cursor="")
    assert step_words(begun) == f"chain.logs {WALLET[:12]}… 1,200 rows"


def test_a_folder_remembers_whom_it_is_about(venue, tmp_path):
    run(venue, tmp_path)
    later = settled_request(tmp_path, PullRequest(until_s=UNTIL + 5), open_end=True)
    assert (later.wallets, later.until_s) == ((WALLET,), UNTIL + 5)


def test_what_is_said_goes_before_what_is_remembered(venue, tmp_path):
    run(venue, tmp_path, since_s=77)
    silent = PullRequest(what=(), since_s=0, until_s=UNTIL)
    assert settled_request(tmp_path, silent, open_end=False).since_s == 77
    said = PullRequest(what=("chain",), since_s=5, until_s=UNTIL)
    later = settled_request(tmp_path, said, open_end=False)
    assert (later.wallets, later.what, later.since_s) == ((WALLET,), ("chain",), 5)
    named = msgspec.structs.replace(silent, wallets=("0x" + "a" * 40,))
    later = settled_request(tmp_path, named, open_end=False)
    assert (later.what, later.since_s) == (("trades", "markets"), 1)


def test_unfinished_work_keeps_its_end(venue, tmp_path, monkeypatch):
    monkeypatch.setattr("whaletrader.adapters.polymarket.http.FIRST_PAUSE_S", 0.001)
    venue.refusals = [("/data-api", Answer(503, b"{}"))] * 6
    with pytest.raises(VenueError):
        run(venue, tmp_path)
    asked = PullRequest(wallets=(WALLET,), until_s=UNTIL + 5)
    assert settled_request(tmp_path, asked, open_end=True).until_s == UNTIL
    assert settled_request(tmp_path, asked, open_end=False).until_s == UNTIL + 5


def test_a_pull_of_nothing_is_refused(tmp_path):
    with pytest.raises(UsageError, match="nothing to pull"):
        settled_request(tmp_path, PullRequest(until_s=5), open_end=True)


def test_a_stopped_pull_leaves_no_thread_behind(venue, tmp_path, monkeypatch):
    monkeypatch.setattr("whaletrader.adapters.polymarket.http.FIRST_PAUSE_S", 0.001)
    venue.refusals = [("/data-api", Answer(503, b"{}"))] * 30
    with pytest.raises(VenueError):
        run(venue, tmp_path, workers=4)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("pull")]


def test_the_same_transaction_told_twice_by_the_venue_is_kept_twice(venue, tmp_path):
    venue.activity[WALLET] = [activity_row(0), activity_row(0)]
    run(venue, tmp_path)
    assert [row["transaction_hash"] for row in rows(tmp_path)] == [tx(0), tx(0)]


def test_a_listing_that_leads_back_over_other_pages_fails_and_the_first_version_is_asked(venue, tmp_path):
    circle = [{"data": [activity_row(n)], "pagination": {"next_cursor": cursor}} for n, cursor in enumerate("aba")]
    venue.refusals = [("/data-api/v2/activity", Answer(200, msgspec.json.encode(page))) for page in circle]
    report = run(venue, tmp_path, what=("trades",))
    assert [words for _, words in report.made_good] == [
        "the venue repeats a cursor: its listing cannot be walked to the end"
    ]
    assert (report.complete, report.rows["trades-v1"]) == (True, 250)
