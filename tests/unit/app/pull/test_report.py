"""What a pull says of its own wholeness, from the checkpoint alone: nothing that is open, failed or cut is complete."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from whaletrader.app.pull.plan import FIRST_S, KIND, Task
from whaletrader.app.pull.report import Comparison, completeness
from whaletrader.app.pull.store import Fetched, PullStore
from whaletrader.datasets.raw_pages import RawPage

ALICE, BOB = "0x" + "a1" * 20, "0x" + "b2" * 20
ACTIVITY, PRICES, CHAIN = "data_v2.activity", "clob.prices_history", "chain.logs"
FIRST_VERSION, SUBGRAPH = "data_v1.activity", "subgraph.orderFilledEvents"


@pytest.fixture
def store(tmp_path):
    opened = PullStore(tmp_path / "p")
    yield opened
    opened.close()


def task(listing=ACTIVITY, subject=ALICE, since=FIRST_S, until=99):
    return Task(listing=listing, subject=subject, since_s=since, until_s=until)


def page(rows=1, following="", **more):
    raw = RawPage(source="x", params={}, fetched_ts=5, body=msgspec.Raw(b"{}"))
    return Fetched(page=raw, rows=rows, next=following, **more)


def add(store, one, *pages):
    store.add_tasks([one])
    for fetched in pages:
        (state,) = [state for state in store.tasks() if state.task == one]
        store.commit(state, fetched)


def wallet(store, subject=ALICE):
    (found,) = [one for one in completeness(store).wallets if one.wallet == subject]
    return found


def test_nothing_asked_for_is_nothing_lacking(store):
    report = completeness(store)
    assert report.complete
    assert (report.open_tasks, report.failed, report.truncated, report.wallets) == (0, (), (), ())
    assert report.pages == report.rows == dict.fromkeys(KIND.values(), 0)


def test_a_history_from_the_beginning_is_complete_and_counted(store):
    add(store, task(), page(3, "c1", first_s=40, last_s=50, combos=1), page(2, first_s=20, last_s=39))
    found = wallet(store)
    assert (found.coverage, found.why, found.gaps) == ("complete", (), ())
    assert (found.rows, found.combos, found.first_s, found.last_s) == (5, 1, 20, 50)
    assert found.compared == ()
    report = completeness(store)
    assert (report.complete, report.rows["trades"], report.pages["trades"]) == (True, 5, 2)


def test_a_later_beginning_is_a_bounded_window(store):
    add(store, task(since=50), page())
    found = wallet(store)
    assert (found.coverage, found.why) == ("bounded_window", ("pulled from a later beginning",))


def test_an_open_walk_is_a_sample_though_it_has_rows(store):
    add(store, task(), page(3, "c1"))
    found, report = wallet(store), completeness(store)
    assert (found.coverage, found.gaps, found.rows) == ("sample", ((FIRST_S, 99),), 3)
    assert (report.complete, report.open_tasks) == (False, 1)


def test_a_refused_piece_is_named_with_the_venues_words(store):
    add(store, task())
    store.fail(store.tasks()[0], "not found")
    report = completeness(store)
    assert report.failed == ((f"{ACTIVITY} {ALICE}", "not found"),)
    assert (report.complete, report.open_tasks, report.wallets[0].coverage) == (False, 0, "sample")


def test_what_was_cut_off_is_never_complete_and_says_why_once(store):
    add(store, task(until=50), page(truncated="too many rows"))
    add(store, task(since=51), page(truncated="too many rows"))
    found, report = wallet(store), completeness(store)
    assert (found.coverage, found.why, found.gaps) == ("sample", ("too many rows",), ())
    assert (report.complete, len(report.truncated)) == (False, 2)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 30), st.integers(0, 8), st.booleans()), min_size=1, max_size=6))
def test_gaps_are_exactly_the_seconds_that_no_finished_walk_holds(tmp_path_factory, periods):
    store = PullStore(tmp_path_factory.mktemp("gaps") / "p")
    for first, length, done in dict.fromkeys(periods):
        add(store, task(since=first, until=first + length), *([page()] if done else []))
    states = store.tasks()
    held = {s for one in states if one.state == "done" for s in range(one.task.since_s, one.task.until_s + 1)}
    wanted = range(min(p[0] for p in periods), max(p[0] + p[1] for p in periods) + 1)
    found = wallet(store)
    store.close()
    assert [s for first, last in found.gaps for s in range(first, last + 1)] == [s for s in wanted if s not in held]
    assert (found.coverage == "sample") == bool(found.gaps)


def test_transactions_that_only_the_chain_tells_make_a_history_a_sample(store):
    add(store, task(), page(hashes=((ALICE, "0x1"), (ALICE, "0x2"))))
    add(store, task(subject=BOB), page(hashes=((BOB, "0x2"),)))
    add(store, task(CHAIN, f"{ALICE},{BOB}"), page(hashes=((ALICE, "0x2"), (ALICE, "0x3"), (BOB, "0x2"))))
    found = wallet(store)
    assert found.compared == (Comparison(other=CHAIN, both=1, only_data_api=1, only_other=1),)
    assert (found.coverage, len(found.why)) == ("sample", 1)
    assert (wallet(store, BOB).coverage, wallet(store, BOB).compared[0].both) == ("complete", 1)


def test_an_unfinished_walk_over_the_chain_compares_nothing(store):
    add(store, task(), page(hashes=((ALICE, "0x1"),)))
    add(store, task(CHAIN), page(1, "7:9", hashes=((ALICE, "0x9"),)))
    assert (wallet(store).compared, wallet(store).coverage) == ((), "complete")
    assert not completeness(store).complete


def test_a_token_has_no_price_only_once_all_of_its_history_was_asked_for(store):
    add(store, task(PRICES, "11"), page(4))
    add(store, task(PRICES, "12"), page(0))
    add(store, task(PRICES, "13"))
    add(store, task(PRICES, "14", until=50), page(0))
    add(store, task(PRICES, "14", since=51))
    add(store, task(PRICES, "15", until=50), page(0))
    add(store, task(PRICES, "15", since=51), page(2))
    report = completeness(store)
    assert (report.tokens_priced, report.tokens_without_price, report.rows["prices"]) == (2, 1, 6)


def test_a_long_subject_is_named_by_its_beginning(store):
    many = ",".join(f"0x{number:064x}" for number in range(20))
    add(store, task("gamma.markets", many))
    store.fail(store.tasks()[0], "no")
    ((label, _),) = completeness(store).failed
    assert label == f"gamma.markets {many[:66]}, …"


def test_a_refusal_that_the_first_version_made_good_is_no_lack_and_is_told(store):
    add(store, task(until=50), page(first_s=20, last_s=30))
    add(store, task(since=51))
    store.fail(store.tasks()[1], "internal error")
    assert not completeness(store).complete
    add(store, task(FIRST_VERSION, since=51), page(4, first_s=60, last_s=70))
    report, found = completeness(store), wallet(store)
    assert (report.complete, report.failed) == (True, ())
    assert report.made_good == ((f"{ACTIVITY} {ALICE}", "internal error"),)
    assert (found.coverage, found.why, found.gaps, found.rows) == ("complete", (), (), 5)
    assert (found.first_s, found.last_s) == (20, 70)


def test_rows_that_were_cut_off_are_made_good_by_the_first_version_in_the_same_way(store):
    add(store, task(), page(3, truncated="too many rows"))
    add(store, task(FIRST_VERSION), page(7))
    report = completeness(store)
    assert (report.complete, report.truncated) == (True, ())
    assert report.made_good == ((f"{ACTIVITY} {ALICE}", "too many rows"),)
    assert (wallet(store).rows, wallet(store).coverage) == (7, "complete")


@pytest.mark.parametrize("partial", [page(1, "c1"), page(1, truncated="the ceiling")])
def test_a_first_version_that_was_not_told_whole_makes_nothing_good(store, partial):
    add(store, task(), page(3, truncated="too many rows"))
    add(store, task(FIRST_VERSION), partial)
    report = completeness(store)
    assert (report.complete, report.made_good, wallet(store).coverage) == (False, (), "sample")
    assert (f"{ACTIVITY} {ALICE}", "too many rows") in report.truncated


def test_a_first_version_of_another_period_or_wallet_makes_nothing_good(store):
    add(store, task())
    store.fail(store.tasks()[0], "internal error")
    add(store, task(FIRST_VERSION, since=2), page())
    add(store, task(FIRST_VERSION, subject=BOB), page())
    report = completeness(store)
    assert (report.complete, report.made_good, wallet(store).coverage) == (False, (), "sample")


def test_a_second_opinion_that_knows_more_makes_a_history_a_sample(store):
    add(store, task(), page(hashes=((ALICE, "0x1"),)))
    add(store, task(FIRST_VERSION), page(hashes=((ALICE, "0x1"), (ALICE, "0x2"))))
    found = wallet(store)
    assert found.compared == (Comparison(other=FIRST_VERSION, both=1, only_data_api=0, only_other=1),)
    assert (found.coverage, found.rows) == ("sample", 1)
    assert found.why == ("the Data API's first version tells 1 transactions that its second does not",)


def test_the_history_subgraphs_are_compared_and_what_they_do_not_know_is_no_lack(store):
    add(store, task(), page(hashes=((ALICE, "0x1"), (ALICE, "0x2"))))
    add(store, task(SUBGRAPH), page(hashes=((ALICE, "0x1"),)))
    found = wallet(store)
    assert found.compared == (Comparison(other=SUBGRAPH, both=1, only_data_api=1, only_other=0),)
    assert (found.coverage, found.why) == ("complete", ())
    add(store, task(SUBGRAPH, since=100, until=200), page(hashes=((ALICE, "0x3"),)))
    assert wallet(store).why == ("the history subgraphs tell 1 transactions that the Data API does not",)


def test_a_wallet_of_whom_only_the_history_subgraphs_were_asked_is_a_sample(store):
    add(store, task(SUBGRAPH), page(3, first_s=20, last_s=30))
    found = wallet(store)
    assert (found.coverage, found.rows, found.first_s, found.last_s) == ("sample", 3, 20, 30)
    assert (found.why, found.compared) == (("nothing but the history subgraphs was asked",), ())


def test_a_wallet_of_whom_the_first_version_told_everything_is_complete(store):
    add(store, task(FIRST_VERSION), page(3))
    assert (wallet(store).coverage, wallet(store).rows) == ("complete", 3)


def test_where_the_first_version_stepped_in_the_others_are_held_to_it(store):
    add(store, task())
    store.fail(store.tasks()[0], "internal error")
    add(store, task(FIRST_VERSION), page(hashes=((ALICE, "0x1"), (ALICE, "0x2"))))
    add(store, task(SUBGRAPH), page(hashes=((ALICE, "0x1"),)))
    add(store, task(CHAIN), page(hashes=((ALICE, "0x1"), (ALICE, "0x3"))))
    found = wallet(store)
    assert found.compared == (
        Comparison(other=CHAIN, both=1, only_data_api=1, only_other=1),
        Comparison(other=SUBGRAPH, both=1, only_data_api=1, only_other=0),
    )
    assert found.why == ("the chain tells 1 transactions that the Data API does not",)
