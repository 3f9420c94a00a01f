"""GraphQL as clients of the history subgraphs write it; whatever else comes is refused in words."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from whaletrader.adapters.paper.server.graph_query import MAX_DEPTH, BadQuery, parse_query
from whaletrader.adapters.polymarket.subgraph import query_text


def test_what_our_own_client_writes_is_read_back():
    (asked,) = parse_query(query_text("splits", "id timestamp", {"stakeholder": "0xab", "id_gt": ""}, 7))
    assert (asked.name, [one.name for one in asked.fields]) == ("splits", ["id", "timestamp"])
    assert asked.arguments == {
        "first": 7, "orderBy": "id", "orderDirection": "asc", "where": {"stakeholder": "0xab", "id_gt": ""},
    }  # fmt: skip


def test_variables_stand_for_their_values_and_fields_are_nested():
    text = """
    query Fills($last: ID!, $who: [String!]! = ["a"], $n: Int = 3) {  # a comment
      mine: rows(first: $n, where: {id_gt: $last, maker_in: $who}) { id, asset { id condition { id } } }
      _meta { block { number } }
    }"""
    mine, meta = parse_query(text, {"last": "0x9"})
    assert (mine.name, mine.alias, mine.arguments["first"]) == ("rows", "mine", 3)
    assert mine.arguments["where"] == {"id_gt": "0x9", "maker_in": ["a"]}
    assert mine.fields[1].fields[1].fields[0].name == "id"
    assert meta.name == "_meta"


def test_a_value_that_is_given_outdoes_the_default():
    (asked,) = parse_query("query ($n: Int = 3) { rows(first: $n) { id } }", {"n": 5})
    assert asked.arguments == {"first": 5}


@pytest.mark.parametrize(
    ("value", "meaning"),
    [('"a \\"b\\" \\\\"', 'a "b" \\'), ("-5", -5), ("true", True), ("null", None), ("desc", "desc"), ("[]", []),
     ('[1, "x"]', [1, "x"])],
)  # fmt: skip
def test_values_are_read_as_they_are_written(value, meaning):
    (asked,) = parse_query(f"{{ rows(x: {value}) {{ id }} }}")
    assert asked.arguments == {"x": meaning}


@pytest.mark.parametrize(
    "text",
    ["", "{", "}", "{ a", "{ a( }", "mutation { a }", "{ a } { b }", "{ a(x: $y) { id } }", "{ ...F }", "{ a(x: }) }",
     "{ a(x:) }", "query 7 { a }", "{ 7 }", "{ a(x: ;) }", '{ a(x: "b) }', "{ a @skip(if: true) }"],
)  # fmt: skip
def test_what_is_no_query_is_refused(text):
    with pytest.raises(BadQuery):
        parse_query(text)


@pytest.mark.parametrize("opening", ["{ a", "{ a(x: {b: ", "{ a(x: ["])
def test_nesting_has_a_limit(opening):
    text = opening + opening.split("(x: ")[-1].replace("{ a", "{ a") * (MAX_DEPTH * 400)
    with pytest.raises(BadQuery):
        parse_query(text)


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet='{}()[]:$!=@".,#\n ab1-\\', max_size=60))
def test_no_text_does_more_than_be_refused(text):
    try:
        found = parse_query(text, {"a": 1, "b": [2]})
    except BadQuery:
        return
    assert all(one.name for one in found)
