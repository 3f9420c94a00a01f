"""Gamma's traps: JSON inside JSON, three spellings of a time, tokens by version, and answers that are no markets."""

import json

import pytest

from tests.unit.adapters.polymarket.test_public_reads import Answers
from whaletrader.adapters.polymarket.gamma import CONDITIONS_PER_CALL, Gamma, market_briefs
from whaletrader.errors import VenueError

CONDITION = "0x" + "c1" * 32
ROW = {"conditionId": CONDITION, "clobTokenIds": '["11", "12"]', "positionIds": ["21", "22"], "version": "v1"}


def brief(**change):
    (page,) = Gamma(Answers({"markets": [ROW | change]})).markets({})
    (found,) = market_briefs(page)
    return found


@pytest.mark.parametrize(
    ("change", "tokens"),
    [
        ({}, ("11", "12")), ({"version": "v2"}, ("21", "22")), ({"version": None}, ("11", "12")),
        ({"version": "v2", "positionIds": None}, ()), ({"clobTokenIds": None}, ()), ({"clobTokenIds": ""}, ()),
    ],
)  # fmt: skip
def test_a_markets_tokens_are_chosen_by_its_version(change, tokens):
    assert brief(**change).tokens == tokens


@pytest.mark.parametrize(
    ("text", "second"),
    [("2026-09-24T14:02:16Z", 1_790_258_536), ("2026-09-24 14:02:16+00", 1_790_258_536), ("2026-09-24", 1_790_208_000),
     ("2026-09-24T14:02:16.789Z", 1_790_258_536), ("2026-09-24T16:02:16+02:00", 1_790_258_536), (None, -1), ("", -1),
     ("soon", -1), ("2026-13-40", -1)],
)  # fmt: skip
def test_a_time_is_read_in_each_of_its_spellings(text, second):
    assert brief(closedTime=text).closed_s == second


@pytest.mark.parametrize(
    ("change", "settled"),
    [({"closed": True, "umaResolutionStatus": "resolved"}, True), ({"closed": True}, False),
     ({"umaResolutionStatus": "resolved"}, False), ({"closed": True, "umaResolutionStatus": "proposed"}, False)],
)  # fmt: skip
def test_only_a_closed_and_resolved_market_changes_no_more(change, settled):
    assert brief(**change).settled is settled


@pytest.mark.parametrize("answer", [[], {}, {"markets": {}}, {"markets": None}, 7, {"markets": [], "next_cursor": 5}])
def test_an_answer_without_markets_is_an_error_and_no_empty_page(answer):
    with pytest.raises(VenueError) as told:
        Gamma(Answers(answer)).markets_page({})
    assert told.value.retryable


def test_many_conditions_are_asked_for_in_groups_and_each_once():
    wanted = [f"0x{number:064x}" for number in range(CONDITIONS_PER_CALL + 3)]
    host = Answers(*[{"markets": [{"conditionId": one} for one in some]} for some in (wanted[:50], wanted[50:])])
    pages = list(Gamma(host).by_conditions([*wanted, *wanted]))
    assert [page.rows for page in pages] == [50, 3]
    assert [sum(name == "condition_ids" for name, _ in params) for _, params in host.asked] == [50, 3]


def test_a_market_that_nobody_knows_is_looked_for_three_times_and_given_up():
    host = Answers(*[{"markets": []}] * 3)
    assert list(Gamma(host).by_conditions([CONDITION])) == []
    told = [dict(params) for _, params in host.asked]
    assert [(one.get("closed"), one.get("version")) for one in told] == [("false", None), ("true", None), (None, "v2")]


def test_an_id_in_other_letters_is_the_same_market():
    host = Answers({"markets": [ROW]})
    (page,) = Gamma(host).by_conditions([CONDITION.upper().replace("X", "x")])
    assert page.conditions == (CONDITION,)
    assert json.loads(page.body)["markets"] == [ROW]
