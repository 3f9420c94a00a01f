"""A story is everything that one leader's event led to, found by any id that a person may have at hand."""

import pytest

from tests.support.compare import log_of, messages
from tests.support.scenario import scenario_settings, write_scenario
from whaletrader.adapters.sqlite.store import SqliteEventStore
from whaletrader.app.layout import DataDirectory
from whaletrader.app.run import opened, run_app
from whaletrader.errors import UsageError
from whaletrader.messages.catalogue import CATALOGUE
from whaletrader.messages.orders import MergePositions, OrderFilled, SettlementUpdated, SubmitOrder
from whaletrader.messages.risk import ApprovedTrade
from whaletrader.runtime.projections import story
from whaletrader.runtime.projections.story import explain, sentence, when
from whaletrader.runtime.records import to_message


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    folder = tmp_path_factory.mktemp("story")
    dataset = write_scenario(folder / "dataset")
    with opened(f"replay:{dataset}", DataDirectory(folder / "data"), scenario_settings()) as app:
        run_app(app)
    return log_of(folder / "data")


@pytest.fixture
def store(log):
    opened_log = SqliteEventStore.open_reader(log)
    yield opened_log
    opened_log.close(clean=False)


def types(told):
    return [step.type for step in told.steps]


def test_the_story_of_a_fill_goes_from_the_leaders_event_to_the_money(log, store):
    won = next(paid for paid in messages(log, SettlementUpdated) if paid.status == "REDEEMED" and paid.cash_micro)
    fill = next(each for each in messages(log, OrderFilled) if each.token_id == won.token_id)
    told = explain(store, fill.trade_id)
    wanted = ["WhaleTradeObserved", "CopySignal", "OrchestratorDecision", "TradeProposal", "ApprovedTrade"]
    wanted += ["SubmitOrder", "OrderSubmitted", "OrderFilled", "MarketResolved", "RedeemPosition"]
    places = [types(told).index(each) for each in wanted]
    assert places == sorted(places)
    assert told.steps[-1].type == "SettlementUpdated"
    assert told.steps[-1].payload["status"] == "REDEEMED"


def test_any_id_leads_to_the_same_story(log, store):
    order = messages(log, SubmitOrder)[0]
    approval = next(
        each for each in messages(log, ApprovedTrade) if each.bounds.approval_id == order.origin.approval_id
    )
    by_hash = explain(store, order.order_hash)
    asked = [approval.bounds.approval_id, order.metadata, by_hash.correlation_id, by_hash.steps[3].message_id]
    for each in asked:
        assert explain(store, each).steps == by_hash.steps


def test_every_step_says_who_when_and_why(store, log):
    told = explain(store, messages(log, SubmitOrder)[0].order_hash)
    offsets = [step.offset for step in told.steps]
    assert offsets == sorted(offsets)
    for step in told.steps:
        assert step.publisher
        assert step.sentence
        assert "{" not in step.sentence


def test_an_unknown_id_is_refused_with_what_to_do(store):
    with pytest.raises(UsageError, match="whaletrader status"):
        explain(store, "0xnothing")


def test_a_story_without_end_is_cut_and_says_so(store, log, monkeypatch):
    monkeypatch.setattr(story, "MAX_STEPS", 2)
    told = explain(store, messages(log, SubmitOrder)[0].order_hash)
    assert told.truncated
    assert len(told.steps) == 2


def test_every_recorded_message_has_a_sentence_and_every_template_names_real_fields(store):
    seen = set()
    for record in store.read():
        message = to_message(record)
        assert sentence(message)
        seen.add(message.type)
    assert {"WhaleDiscovered", "SignalSkipped"} & seen
    assert set(story._SENTENCES) <= set(CATALOGUE)


def test_amounts_are_told_in_whole_units_and_times_in_utc(store, log):
    fill = messages(log, OrderFilled)[0]
    told = next(step for step in explain(store, fill.trade_id).steps if step.type == "OrderFilled")
    assert f"at {fill.price_micro / 1e6:g}" in told.sentence
    assert when(1_775_433_600 * 10**9) == "2026-04-06 00:00:00"


def test_the_story_of_either_leg_tells_the_merge_and_what_it_brought(log, store):
    (merge, *_) = messages(log, MergePositions)
    for token_id in merge.token_ids:
        fill = next(each for each in messages(log, OrderFilled) if each.token_id == token_id)
        told = explain(store, fill.trade_id)
        brought = [step for step in told.steps if step.payload.get("status") == "MERGED"]
        assert types(told).index("OrderFilled") < types(told).index("MergePositions")
        assert brought[0].payload["cash_micro"] == merge.size_micro
        assert f"merge {merge.size_micro / 1e6:.0f} of both outcomes" in " ".join(step.sentence for step in told.steps)
