"""The checkpoint: whatever was appended beyond it is cut off, whatever it counts is there."""

import msgspec
import pytest

from tests.support.venue_http import WALLET, condition
from whaletrader.app.pull.plan import PullRequest, Task
from whaletrader.app.pull.store import CHECKPOINT, Fetched, PullStore
from whaletrader.datasets.raw_pages import RawPage, raw_file, raw_files, read_pages
from whaletrader.errors import BusyError, DataError, SchemaError, UsageError

TASK = Task(listing="data_v2.activity", subject=WALLET, since_s=1, until_s=99)


def fetched(number, following="", **more):
    page = RawPage(source="data_v2.activity", params={"n": number}, fetched_ts=5, body=msgspec.Raw(b'{"data":[1]}'))
    return Fetched(page=page, rows=more.pop("rows", 1), next=following, **more)


@pytest.fixture
def store(tmp_path):
    opened = PullStore(tmp_path / "p")
    opened.add_tasks([TASK])
    yield opened
    opened.close()


def numbers(folder):
    return [page.params["n"] for path in raw_files(folder) for _, page in read_pages(path)]


def test_pages_are_kept_in_order_and_the_last_ends_the_task(store, tmp_path):
    (state,) = store.tasks()
    state = store.commit(state, fetched(1, "c1", first_s=10, last_s=20))
    assert (state.state, state.cursor) == ("open", "c1")
    state = store.commit(state, fetched(2, first_s=21, last_s=30))
    assert (state.state, state.rows, state.first_s, state.last_s) == ("done", 2, 10, 30)
    assert store.tasks() == [state]
    assert numbers(tmp_path / "p") == [1, 2]


def test_what_lies_behind_the_checkpoint_is_cut_off(store, tmp_path):
    store.commit(store.tasks()[0], fetched(1, "c1"))
    store.close()
    path = raw_file(tmp_path / "p", "trades", 1)
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"source":"half a pa')
    raw_file(tmp_path / "p", "prices", 1).write_bytes(b"uncommitted\n")
    again = PullStore(tmp_path / "p")
    assert path.read_bytes() == whole
    assert raw_files(tmp_path / "p") == [path]
    assert again.tasks()[0].cursor == "c1"
    again.close()


def test_a_file_that_somebody_shortened_is_told(store, tmp_path):
    store.commit(store.tasks()[0], fetched(1, "c1"))
    store.close()
    raw_file(tmp_path / "p", "trades", 1).write_bytes(b"")
    with pytest.raises(DataError, match="was shortened from outside"):
        PullStore(tmp_path / "p")


def test_a_folder_with_other_files_is_left_alone(tmp_path):
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "mine-0001.jsonl").write_text("precious")
    with pytest.raises(UsageError, match="holds files that are no pull's"):
        PullStore(tmp_path)
    assert (tmp_path / "raw" / "mine-0001.jsonl").read_text() == "precious"


def test_two_pulls_never_write_into_one_folder(store, tmp_path):
    with pytest.raises(BusyError, match="another pull is writing into"):
        PullStore(tmp_path / "p")


def test_a_full_file_is_followed_by_the_next_and_never_written_again(tmp_path):
    store = PullStore(tmp_path / "p", full_file_bytes=1)
    store.add_tasks([TASK])
    (state,) = store.tasks()
    for number in range(3):
        state = store.commit(state, fetched(number, f"c{number}"))
    store.close()
    assert [path.name for path in raw_files(tmp_path / "p")] == [f"trades-000{n}.jsonl" for n in (1, 2, 3)]
    assert numbers(tmp_path / "p") == [0, 1, 2]


def test_a_page_without_rows_is_kept_only_as_the_first(store, tmp_path):
    state = store.commit(store.tasks()[0], fetched(1, "c1", rows=0))
    store.commit(state, fetched(2, rows=0))
    assert numbers(tmp_path / "p") == [1]


def test_a_task_is_there_once(store):
    assert store.add_tasks([TASK, TASK]) == 0
    assert len(store.tasks()) == 1


def test_a_failed_task_keeps_the_words_and_is_opened_again(store):
    store.fail(store.tasks()[0], "no such user")
    assert store.tasks("failed")[0].words == "no such user"
    store.reopen_failed()
    assert [(state.state, state.words) for state in store.tasks()] == [("open", "")]


def test_markets_are_asked_until_they_are_settled(store):
    store.commit(store.tasks()[0], fetched(1, conditions=(condition(0), condition(1))))
    assert store.markets_to_ask(99) == [condition(0), condition(1)]
    store.mark_asked([condition(0), condition(1)], 99)
    assert store.markets_to_ask(99) == []
    task = Task(listing="gamma.markets", subject="x", since_s=1, until_s=99)
    store.add_tasks([task])
    told = ((condition(0), True), (condition(1), False))
    store.commit(store.tasks("open")[0], fetched(2, markets=told, tokens=(("7", 1, 2),)))
    assert store.markets_to_ask(200) == [condition(1)]
    assert (store.market_counts(), store.tokens()) == ((2, 2, 1), [("7", 1, 2)])


def test_transactions_are_counted_by_who_tells_them(store):
    listings = ("chain.logs", "subgraph.orderFilledEvents", "data_v1.activity")
    store.add_tasks([Task(listing=listing, subject=WALLET, since_s=1, until_s=99) for listing in listings])
    activity, chain, subgraph, first = store.tasks()
    store.commit(activity, fetched(1, hashes=((WALLET, "0x1"), (WALLET, "0x2"), (WALLET, "0x3"))))
    store.commit(chain, fetched(2, hashes=((WALLET, "0x3"), (WALLET, "0x4"), ("0xother", "0x1"))))
    store.commit(subgraph, fetched(3, hashes=((WALLET, "0x1"), (WALLET, "0x3"), (WALLET, "0x5"), (WALLET, "0x6"))))
    store.commit(first, fetched(4, hashes=tuple((WALLET, f"0x{n}") for n in (1, 2, 3))))
    counts = [store.hash_counts(WALLET, ["data_v2.activity"], other) for other in listings]
    assert counts == [(1, 2, 1), (2, 1, 2), (3, 0, 0)]
    assert store.hash_counts(WALLET, ["chain.logs"], "subgraph.orderFilledEvents") == (1, 1, 3)
    both = ["data_v2.activity", "chain.logs", "chain.logs"]
    assert store.hash_counts(WALLET, both, "subgraph.orderFilledEvents") == (2, 2, 2)


def test_the_request_is_remembered(store):
    assert store.request() is None
    request = PullRequest(wallets=(WALLET,), until_s=9)
    store.keep_request(request)
    assert store.request() == request


def test_a_line_that_is_no_page_is_named(tmp_path):
    path = tmp_path / "trades-0001.jsonl"
    path.write_bytes(b'{"source":"a","params":{},"fetched_ts":1,"body":{}}\n{"x":1}\n')
    with pytest.raises(SchemaError, match="line 2 is no raw page"):
        list(read_pages(path))


def test_the_checkpoint_is_one_file(store, tmp_path):
    assert (tmp_path / "p" / CHECKPOINT).is_file()
