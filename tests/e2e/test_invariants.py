"""Whole runs under chaos, held against an oracle that knows nothing but their logs.

Random small markets, leaders in conflict, an exchange that loses, delays, repeats and voids a third of what it tells,
stops and unclean ends anywhere, the latch and operators' commands at any moment: no invariant may break.
"""

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.support.chaos import BOLD, CALM, DEFAULTS, FAULTS, WILD, Chaos, Drive, Driven, chaos_settings, exchange_of
from tests.support.compare import domain_stream, log_of, order_faults
from tests.support.log_oracle import Oracle, read_log
from tests.support.random_market import write_random_market
from whaletrader.adapters.paper.exchange import PaperExchange
from whaletrader.adapters.paper.faults import FaultPlan
from whaletrader.app.inspect import audit_log, replay_log
from whaletrader.app.layout import DataDirectory
from whaletrader.config.tree import RuntimeSettings, Settings
from whaletrader.domain.risk.limits import RiskLimits
from whaletrader.domain.values import MICRO
from whaletrader.messages.envelope import Message
from whaletrader.messages.orders import MergePositions, SettlementUpdated
from whaletrader.messages.risk import EmergencyDeRisk, TradingStateChanged
from whaletrader.ports.exchange import ExchangeEvent

pytestmark = pytest.mark.slow
STOPS = Chaos(stop=0.04, close_cleanly=0.5)
LOOSE = msgspec.structs.replace(BOLD, per_trade_micro=400_000, daily_loss_micro=MICRO)
SMALL = RuntimeSettings(mark_interval_s=3_600, snapshot_every=9, batch_messages=4)
WHOLE = RuntimeSettings(mark_interval_s=3_600, snapshot_every=1_000_000)
FAR_TS = 2**62


@dataclass(frozen=True)
class Case:
    """One run."""

    seed: int
    chaos: Chaos
    limits: RiskLimits
    runtime: RuntimeSettings
    faults: FaultPlan = FAULTS


CASES = {
    "calm": Case(101, CALM, DEFAULTS, WHOLE),
    "stopped": Case(101, STOPS, DEFAULTS, SMALL),
    "breaker": Case(102, CALM, DEFAULTS, WHOLE),
    "ladder": Case(106, CALM, LOOSE, WHOLE),
    "wild": Case(103, WILD, BOLD, SMALL),
    "killed": Case(6, WILD, BOLD, SMALL),
}
UNDISTURBED = ("calm", "stopped", "breaker", "ladder")


@dataclass(frozen=True)
class Ran:
    """A finished run, its oracle's findings, and what the exchange had in its books."""

    case: Case
    settings: Settings
    driven: Driven
    log: Path
    store: Path
    oracle: Oracle
    faults: list[str]
    truth_cash_micro: int

    def state(self, agent: str) -> Any:
        return self.driven.app.engine.state_of(agent)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Ran]:
    root = tmp_path_factory.mktemp("invariants")
    datasets = {seed: write_random_market(root / f"market-{seed}", seed) for seed in {c.seed for c in CASES.values()}}
    return {name: _ran(root, name, case, datasets[case.seed]) for name, case in CASES.items()}


def _ran(root: Path, name: str, case: Case, dataset: Path) -> Ran:
    settings, store = chaos_settings(limits=case.limits, runtime=case.runtime), root / f"{name}.db"
    with exchange_of(dataset, store, case.faults) as (exchange, port):
        driven = Drive(exchange, port, settings, case.seed, case.chaos).run(dataset, root / name)
        cash = _cash_of(exchange, settings)
    log = log_of(root / name)
    oracle = Oracle(read_log(log), settings)
    return Ran(case, settings, driven, log, store, oracle, oracle.faults(), cash)


def _cash_of(exchange: PaperExchange, settings: Settings) -> int:
    """Our cash by the exchange's books: what it answers when it is asked for every order at the end of all time."""
    cash, void, fills = settings.account.starting_equity_micro, set[str](), list[ExchangeEvent]()
    sides = {order.order_hash: order.side for order, _ in exchange.orders()}
    for order_hash in sides:
        exchange.ask("paper", order_hash, FAR_TS)
    cursor: tuple[int, str] = (-1, "")
    while (event := exchange.next_event(*cursor)) is not None:
        cursor = (event.ts, event.event_id)
        if event.kind in {"REDEEMED", "MERGED"}:
            cash += event.cash_micro
        elif event.ts > FAR_TS and event.kind == "FILL":
            fills.append(event)
        elif event.ts > FAR_TS and event.kind == "FAILED":
            void.add(event.trade_id)
    for fill in fills:
        gross = fill.price_micro * fill.size_micro
        paid = -(-gross // MICRO) if sides[fill.order_hash] == "BUY" else -(gross // MICRO)
        cash -= 0 if fill.trade_id in void else paid + fill.fee_micro
    return cash


@pytest.mark.parametrize("name", CASES)
def test_the_oracle_finds_no_fault_in_the_log(runs: dict[str, Ran], name: str) -> None:
    ran = runs[name]
    assert ran.faults == []
    assert ran.oracle.money.checked["BUY"] == ran.oracle.money.checked["cvar"] > 0


@pytest.mark.parametrize("name", CASES)
def test_risk_attribution_and_the_log_have_the_same_cash_and_shares(runs: dict[str, Ran], name: str) -> None:
    ran, money = runs[name], runs[name].oracle.money
    risk, attribution = ran.state("risk_management").book, ran.state("performance_attribution").book
    assert (risk.cash_micro, attribution.cash_micro) == (money.cash, money.cash)
    shares = money.shares()
    assert {token: held.size_micro for token, held in risk.positions.items() if held.size_micro} == shares
    lots: dict[str, int] = {}
    for ledger in attribution.leaders.values():
        for token, held in ledger.lots.items():
            lots[token] = lots.get(token, 0) + sum(lot.size_micro for lot in held)
    worthless = {token for token, mark in money.marks.items() if mark.final and not mark.bid}
    assert lots == {token: size for token, size in shares.items() if token not in worthless}


@pytest.mark.parametrize("name", UNDISTURBED)
def test_the_exchanges_books_agree_with_ours(runs: dict[str, Ran], name: str) -> None:
    ran = runs[name]
    assert order_faults(ran.log, ran.store) == []
    assert ran.truth_cash_micro == ran.oracle.money.cash


@pytest.mark.parametrize("name", UNDISTURBED)
def test_complete_sets_are_merged_for_one_each(runs: dict[str, Ran], name: str) -> None:
    messages = [message.payload for message in runs[name].oracle.messages]
    asked = [each.size_micro for each in messages if isinstance(each, MergePositions)]
    merged = [each for each in messages if isinstance(each, SettlementUpdated) and each.status == "MERGED"]
    assert [(each.size_micro, each.cash_micro) for each in merged] == [(size, size) for size in asked]
    assert asked or name == "breaker", "there is something to merge"


@pytest.mark.parametrize("name", UNDISTURBED)
def test_every_order_ends_every_reservation_is_given_back_and_every_payout_is_fetched(
    runs: dict[str, Ran], name: str
) -> None:
    oracle = runs[name].oracle
    assert oracle.open_orders() == set()
    assert oracle.money.reserved == {}
    assert [token for token in oracle.money.shares() if oracle.money.marks[token].final] == []


@pytest.mark.parametrize("name", CASES)
def test_deciding_again_gives_the_same_and_the_log_is_sound(runs: dict[str, Ran], name: str) -> None:
    ran = runs[name]
    again = replay_log(ran.log)
    assert again.difference is None
    assert again.handled > 0
    audit = audit_log(ran.log, DataDirectory(ran.log.parents[2]))
    assert audit.findings == []
    assert audit.seals == len(ran.oracle.approvals) > 0


def test_no_key_is_in_any_file_but_its_own(runs: dict[str, Ran]) -> None:
    root = runs["calm"].log.parents[2]
    keys = sorted((root / "keys").iterdir())
    assert [key.name for key in keys] == ["order.key", "seal.key"]
    others = [path for path in root.rglob("*") if path.is_file() and path not in keys]
    for key in keys:
        secret = key.read_text().strip().removeprefix("0x")
        for path in others:
            held = path.read_bytes()
            assert secret.encode() not in held
            assert bytes.fromhex(secret) not in held


def test_stops_anywhere_snapshots_and_small_batches_give_the_same_bytes(runs: dict[str, Ran]) -> None:
    assert runs["stopped"].driven.sessions > 10
    assert domain_stream(runs["stopped"].log) == domain_stream(runs["calm"].log)


@pytest.mark.parametrize("name", ["wild", "killed"])
def test_nothing_is_sent_while_the_latch_is_thrown(runs: dict[str, Ran], name: str) -> None:
    ran = runs[name]
    refused = [m for m in ran.oracle.messages if getattr(m.payload, "reason", "") == "KILL_LATCH"]
    assert ran.driven.sent_while_latched == 0
    assert refused, "the latch was thrown while something was to be sent"


def test_the_ladder_goes_from_reducing_over_sales_to_the_kill(runs: dict[str, Ran]) -> None:
    oracle = runs["ladder"].oracle
    states = [m.payload.state for m in oracle.messages if isinstance(m.payload, TradingStateChanged)]
    assert "REDUCING" in states
    assert states[-1] == "HALTED"
    cuts = [message for message in oracle.messages if isinstance(message.payload, EmergencyDeRisk)]
    sales = [out for cut in cuts for out in oracle.outputs[cut.id] if out.type == "ApprovedTrade"]
    assert any(sale.payload.reduce_only and sale.payload.bounds.side == "SELL" for sale in sales)
    assert all(cut.payload.drawdown_micro >= LOOSE.drawdown_derisk_micro for cut in cuts)


def test_a_tripped_breaker_lets_nothing_through_to_the_end(runs: dict[str, Ran]) -> None:
    messages = runs["breaker"].oracle.messages
    tripped = next(n for n, message in enumerate(messages) if message.type == "CircuitBreakerTripped")
    after = messages[tripped:]
    days = {message.ts_init // 86_400_000_000_000 for message in after}
    assert len(days) > 1, "a new day began"
    assert [message for message in after if message.type in {"ApprovedTrade", "TradeProposal"}] == []
    assert [m.payload.state for m in after if isinstance(m.payload, TradingStateChanged)] == ["HALTED"]


def _without(messages: list[Message], kind: str) -> list[Message]:
    at = next(n for n, message in enumerate(messages) if message.type == kind)
    return messages[:at] + messages[at + 1 :]


def _with(messages: list[Message], kind: str, **changed: Any) -> list[Message]:
    at = next(n for n, message in enumerate(messages) if message.type == kind)
    payload = msgspec.structs.replace(messages[at].payload, **changed)
    return [*messages[:at], msgspec.structs.replace(messages[at], payload=payload), *messages[at + 1 :]]


@pytest.mark.parametrize(
    "kind",
    ["CopySignal", "SignalSkipped", "OrchestratorDecision", "TradeProposal", "ReservationReleased", "OrderFilled"],
)
def test_the_oracle_misses_no_message_that_is_left_out(runs: dict[str, Ran], kind: str) -> None:
    ran = runs["calm"]
    assert Oracle(_without(ran.oracle.messages, kind), ran.settings).faults()


@pytest.mark.parametrize(
    ("kind", "changed"),
    [
        ("OrderFilled", {"fee_micro": 999_990}),
        ("OrderFilled", {"price_micro": 999_000}),
        ("SubmitOrder", {"size_micro": 10**12}),
        ("ReservationReleased", {"released_micro": 1}),
        ("PortfolioAttribution", {"cash_micro": 7}),
    ],
)
def test_the_oracle_misses_no_number_that_was_changed(runs: dict[str, Ran], kind: str, changed: dict[str, int]) -> None:
    ran = runs["calm"]
    assert Oracle(_with(ran.oracle.messages, kind, **changed), ran.settings).faults()


def test_the_oracle_holds_approvals_against_tighter_limits(runs: dict[str, Ran]) -> None:
    ran = runs["calm"]
    for tighter in (
        {"per_trade_micro": 5_000},
        {"per_leader_micro": 10_000},
        {"cvar_limit_micro": 5_000},
        {"max_open_positions": 1},
    ):
        settings = msgspec.structs.replace(ran.settings, limits=msgspec.structs.replace(DEFAULTS, **tighter))
        assert Oracle(ran.oracle.messages, settings).faults(), tighter


def test_the_oracle_sees_the_order_of_equal_times(runs: dict[str, Ran]) -> None:
    messages = runs["calm"].oracle.messages
    equal = [
        n for n, (one, two) in enumerate(pairwise(messages)) if one.ts_init == two.ts_init and one.id == two.cause_id
    ]
    at = equal[-1]
    swapped = [*messages[:at], messages[at + 1], messages[at], *messages[at + 2 :]]
    assert any("before its cause" in fault for fault in Oracle(swapped, runs["calm"].settings).faults())
