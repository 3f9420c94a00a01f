"""Task graphs as values."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from whaletrader.domain.task_graph import (
    Node,
    NodeStatus,
    Outcome,
    TaskGraph,
    combined_multiplier_micro,
    evaluate,
    first_obstacle,
    ready,
)
from whaletrader.domain.values import MICRO

UNMET = [NodeStatus.STOP, NodeStatus.FAILED, NodeStatus.TIMED_OUT, NodeStatus.NOT_RUN]


def says(status=NodeStatus.PASS, multiplier=MICRO, reason=""):
    return lambda facts, results: Outcome(status, reason, multiplier)


def node(name, run=None, needs=(), timeout_s=1):
    return Node(name=name, timeout_s=timeout_s, run=run, needs=needs)


@pytest.mark.parametrize("status", UNMET)
def test_a_dependency_that_did_not_pass_is_not_met(status):
    ran = []

    def after(facts, results):
        ran.append(results)
        return Outcome()

    graph = TaskGraph("g", (node("first", says(status)), node("second", after, ("first",))))
    results = evaluate(graph, None)
    assert results["second"] == Outcome(NodeStatus.NOT_RUN, "", 0)
    assert ran == []


def test_what_needs_a_node_that_did_not_run_does_not_run_either():
    graph = TaskGraph("g", (node("a", says(NodeStatus.STOP)), node("b", says(), ("a",)), node("c", says(), ("b",))))
    assert [outcome.status for outcome in evaluate(graph, None).values()] == ["STOP", "NOT_RUN", "NOT_RUN"]


def test_nodes_beside_a_stopped_one_run_all_the_same():
    graph = TaskGraph("g", (node("a", says(NodeStatus.STOP)), node("b", says())))
    assert evaluate(graph, None)["b"].status is NodeStatus.PASS


def test_a_question_to_another_agent_takes_its_answer_and_times_out_without_one():
    graph = TaskGraph("g", (node("ask"), node("after", says(), ("ask",))))
    assert [outcome.status for outcome in evaluate(graph, None).values()] == ["TIMED_OUT", "NOT_RUN"]
    answered = evaluate(graph, None, {"ask": Outcome(multiplier_micro=7)})
    assert answered["ask"].multiplier_micro == 7
    assert answered["after"].status is NodeStatus.PASS


def test_a_node_sees_the_results_of_what_it_needs_and_nothing_else():
    seen = {}

    def look(facts, results):
        seen.update(results)
        return Outcome()

    graph = TaskGraph("g", (node("a", says()), node("b", says()), node("c", look, ("b",))))
    evaluate(graph, None)
    assert list(seen) == ["b"]


def test_nodes_get_the_facts():
    graph = TaskGraph("g", (node("a", lambda facts, _: Outcome(multiplier_micro=facts)),))
    assert evaluate(graph, 41)["a"].multiplier_micro == 41


def test_what_is_ready_together_does_not_depend_on_each_other():
    graph = TaskGraph("g", (node("a"), node("b"), node("c", needs=("a", "b")), node("d", needs=("c",))))
    assert ready(graph, {}) == ("a", "b")
    assert ready(graph, {"a": Outcome()}) == ("b",)
    assert ready(graph, {"a": Outcome(), "b": Outcome()}) == ("c",)
    assert ready(graph, {"a": Outcome(), "b": Outcome(NodeStatus.FAILED)}) == ()


@pytest.mark.parametrize(
    "nodes",
    [
        (node("a"), node("a")),
        (node("a", needs=("b",)), node("b")),
        (node("a", needs=("a",)),),
        (node("a", timeout_s=0),),
    ],
    ids=["twice", "needs a later one", "needs itself", "no time-out"],
)
def test_a_graph_that_makes_no_sense_cannot_be_declared(nodes):
    with pytest.raises(AssertionError):
        TaskGraph("g", nodes)


def test_the_first_obstacle_in_declared_order_is_the_reason():
    graph = TaskGraph(
        "g", (node("a", says()), node("b", says(NodeStatus.STOP, 0, "B")), node("c", says(NodeStatus.STOP, 0, "C")))
    )
    assert first_obstacle(evaluate(graph, None)).reason == "B"
    assert first_obstacle({"a": Outcome()}) is None


@settings(max_examples=100, deadline=None)
@given(parts=st.lists(st.integers(0, MICRO), max_size=6))
def test_multipliers_never_make_a_size_larger(parts):
    results = {str(index): Outcome(multiplier_micro=part) for index, part in enumerate(parts)}
    assert 0 <= combined_multiplier_micro(results) <= min(parts, default=MICRO)


@settings(max_examples=100, deadline=None)
@given(data=st.data(), count=st.integers(1, 8))
def test_a_node_passes_only_when_all_that_it_needs_has_passed(data, count):
    names = [f"n{index}" for index in range(count)]
    nodes = [
        node(
            name,
            says(data.draw(st.sampled_from(list(NodeStatus)))),
            tuple(sorted(data.draw(st.sets(st.sampled_from(names[:index]))))) if index else (),
        )
        for index, name in enumerate(names)
    ]
    results = evaluate(TaskGraph("g", tuple(nodes)), None)
    assert list(results) == names
    for each in nodes:
        if results[each.name].status is NodeStatus.PASS:
            assert all(results[need].status is NodeStatus.PASS for need in each.needs)
