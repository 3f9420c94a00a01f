"""Whatever folds the log is the same after a restart at any place, whatever the messages say, and stays bounded."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.messages import example, seen
from whaletrader.adapters.memory.store import MemoryEventStore
from whaletrader.messages.catalogue import CATALOGUE
from whaletrader.messages.envelope import Message, Payload
from whaletrader.messages.market import MarketDataUpdate
from whaletrader.messages.orders import OrderReport, RedeemPosition, SubmitOrder
from whaletrader.messages.risk import ApprovalBounds, ApprovedTrade, OperatorCommand, RiskAlert
from whaletrader.ports.exchange import ExchangeEvent
from whaletrader.runtime import exchange_source
from whaletrader.runtime.approvals import MAX_KEPT, Approvals
from whaletrader.runtime.components import Projection
from whaletrader.runtime.exchange_source import ExchangeSource
from whaletrader.runtime.operator import Operator
from whaletrader.runtime.projections import account, decisions, rebates
from whaletrader.runtime.projections.account import AccountView
from whaletrader.runtime.projections.decisions import DecisionsView
from whaletrader.runtime.projections.leaders import LeadersView
from whaletrader.runtime.projections.positions import PositionsView
from whaletrader.runtime.projections.rebates import RebatesView
from whaletrader.runtime.scans import Scans
from whaletrader.runtime.timers import TimerSource

WORDS = ("a", "b", "BUY", "SELL", "fill", "FAILED", "REDEEMED", "STOP", "HALTED", "START", "END", "KILL", "")
"""Few, so that orders, fills and leaders meet again."""


class NoExchange:
    """Has nothing to tell; only what is asked of it here is there."""

    def next_event(self, after_ts: int, after_id: str) -> ExchangeEvent | None:
        return None


class NoWhales:
    """Is never asked."""

    def scan(self, as_of_ts: int) -> Any:
        raise AssertionError("nobody asked for a scan")


FOLDS: dict[str, Callable[[], Any]] = {
    "account": lambda: AccountView(1_000_000),
    "positions": PositionsView,
    "leaders": LeadersView,
    "decisions": DecisionsView,
    "rebates": RebatesView,
    "approvals": lambda: Approvals(MemoryEventStore()),
    "exchange": lambda: ExchangeSource(NoExchange()),
    "scans": lambda: Scans(NoWhales()),
    "timers": lambda: TimerSource(30),
    "operator": lambda: Operator(MISSING, account_id="a", description="run", first_ts=0),
}
MISSING = Path("no such folder")


def plausible(hint: Any) -> st.SearchStrategy[Any]:
    """Values that collide: small numbers, few words."""
    if get_origin(hint) is tuple:
        return st.lists(plausible(get_args(hint)[0]), max_size=2).map(tuple)
    simple = {int: st.integers(-1, 2_000_000), str: st.sampled_from(WORDS), bool: st.booleans(), bytes: st.just(b"x")}
    return simple[hint] if hint in simple else struct(hint)


def struct(cls: type[msgspec.Struct]) -> st.SearchStrategy[Any]:
    hints = get_type_hints(cls)
    return st.builds(cls, **{info.name: plausible(hints[info.name]) for info in msgspec.structs.fields(cls)})


STREAMS = st.lists(
    st.tuples(st.sampled_from(list(CATALOGUE.values())).flatmap(struct), st.integers(0, 50)), max_size=40
).map(lambda told: [seen(payload, ts, str(number)) for number, (payload, ts) in enumerate(told)])


@pytest.mark.parametrize("name", FOLDS)
@settings(max_examples=60, deadline=None)
@given(stream=STREAMS, cut=st.integers(0, 40))
def test_a_restart_at_any_place_changes_nothing(name: str, stream: list[Message], cut: int) -> None:
    whole, before, after = (FOLDS[name]() for _ in range(3))
    for message in stream:
        whole.observe(message)
    for message in stream[:cut]:
        before.observe(message)
    after.restore(before.snapshot())
    assert after.snapshot() == before.snapshot()
    for message in stream[cut:]:
        after.observe(message)
    assert after.snapshot() == whole.snapshot()


@pytest.mark.parametrize("name", ["account", "positions", "leaders", "decisions", "rebates", "approvals"])
@settings(max_examples=30, deadline=None)
@given(stream=STREAMS)
def test_a_read_model_never_changes_a_message(name: str, stream: list[Message]) -> None:
    before = [msgspec.to_builtins(message.payload) for message in stream]
    view: Projection = FOLDS[name]()
    for message in stream:
        view.observe(message)
    assert [msgspec.to_builtins(message.payload) for message in stream] == before


def fed(name: str, make: Callable[[int], Payload], count: int) -> Any:
    fold = FOLDS[name]()
    for number in range(count):
        fold.observe(seen(make(number), number, str(number)))
    return fold


def test_only_the_newest_events_of_the_account_are_kept() -> None:
    view = fed("account", lambda n: example(RiskAlert, limit=str(n)), account.MAX_EVENTS + 30)
    assert [event.detail for event in view.state.events] == [str(n) for n in range(30, account.MAX_EVENTS + 30)]


def test_the_markets_whose_fees_are_remembered_are_bounded_and_the_oldest_goes_first(monkeypatch: Any) -> None:
    monkeypatch.setattr(decisions, "MAX_MARKETS", 20)
    view = fed("decisions", lambda n: example(MarketDataUpdate, market_id=str(n)), 50)
    assert list(view.state.provenance_of) == [str(n) for n in range(30, 50)]
    monkeypatch.setattr(rebates, "MAX_MARKETS", 20)
    view = fed("rebates", lambda n: example(MarketDataUpdate, market_id=str(n)), 50)
    assert list(view.state.terms) == [str(n) for n in range(30, 50)]


def approval(number: int) -> ApprovedTrade:
    bounds = example(ApprovalBounds, approval_id=str(number), token_id="t")
    return ApprovedTrade(**{**_fields(example(ApprovedTrade)), "bounds": bounds})


def _fields(payload: Any) -> dict[str, Any]:
    return {name: getattr(payload, name) for name in payload.__struct_fields__}


def test_only_the_newest_approvals_are_kept() -> None:
    kept = fed("approvals", approval, MAX_KEPT + 10)
    assert list(kept.state.kept) == [str(n) for n in range(10, MAX_KEPT + 10)]


def test_the_stories_of_the_newest_commands_only_are_remembered(monkeypatch: Any) -> None:
    monkeypatch.setattr(exchange_source, "MAX_STORIES", 5)
    source = fed("exchange", lambda n: example(SubmitOrder, order_hash=str(n)), 20)
    assert list(msgspec.msgpack.decode(source.snapshot())["stories"]) == [str(n) for n in range(15, 20)]


def test_answers_do_not_make_the_exchange_source_grow() -> None:
    source = fed("exchange", lambda n: example(OrderReport, exchange_event_id=str(n), order_hash="o"), 200)
    assert len(source.snapshot()) < 100


def test_a_redemption_is_remembered_by_its_command() -> None:
    source = fed("exchange", lambda _: example(RedeemPosition, token_id="t"), 1)
    (story,) = msgspec.msgpack.decode(source.snapshot())["stories"].items()
    assert story[0] == story[1][0]


def test_operators_commands_are_remembered_by_their_ids_alone() -> None:
    source = fed(
        "operator", lambda _: OperatorCommand(account_id="a", command="KILL", argument="x" * 500, operator="o"), 9
    )
    assert len(source.snapshot()) < 9 * 50
