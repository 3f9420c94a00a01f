"""The exchange put together: its clockwork, its players, its faults, and that the seed decides them."""

from pathlib import Path

import pytest

from whaletrader.adapters.paper.server.assemble import Plan, assemble, rules_of, warm_up
from whaletrader.adapters.paper.server.mounts import NoFaults
from whaletrader.adapters.paper.server.truth import read_truth
from whaletrader.adapters.paper.server.types import Mode, SettlementFaults
from whaletrader.domain.values import NANOS

NOW = 1_795_300_000 * NANOS
FACES = {"clob", "rtds", "data", "gamma", "rpc", "relayer", "geoblock", "subgraph"}


def frozen() -> int:
    return NOW


def test_every_face_is_mounted_once() -> None:
    made = assemble(Plan(population=False), frozen)
    assert {face.name for face in made.app.faces} == FACES
    assert len({face.prefix for face in made.app.faces}) == len(made.app.faces)


@pytest.mark.parametrize("settle_s", [0.05, 0.2, 2.0, 30.0])
def test_settlement_sets_the_pace_of_everything_after_it(settle_s: float) -> None:
    rules = rules_of(Plan(settle_s=settle_s), NOW, SettlementFaults())
    assert rules.settle_ns == round(settle_s * NANOS)
    assert rules.settle_ns < rules.confirm_ns < rules.retry_ns
    assert NANOS // 20 <= rules.block_ns <= 2 * NANOS
    assert rules.genesis_ns == NOW


def test_without_a_plan_nothing_goes_wrong() -> None:
    made = assemble(Plan(population=False), frozen)
    assert isinstance(made.world.faults, NoFaults)
    assert made.faults.done == {}


def test_a_plans_settlements_arrive_in_the_rules(tmp_path: Path) -> None:
    plan = tmp_path / "plan.toml"
    plan.write_text("seed = 5\n[settlement]\nfail = 0.25\nreorg = 0.5\n")
    made = assemble(Plan(population=False, faults=plan), frozen)
    assert made.world.venue.rules.faults == SettlementFaults(seed=5, fail_micro=250_000, reorg_micro=500_000)


def test_the_same_seed_trades_the_same() -> None:
    def trades(seed: int) -> list[tuple[str, int, int]]:
        made = assemble(Plan(seed=seed), frozen)
        for step in range(1, 60):
            for act in made.app.steps:
                act(NOW + step * NANOS // 2)
            made.world.venue.advance(NOW + step * NANOS // 2)
        return [(trade.trade_id, trade.price_micro, trade.size_micro) for trade in made.world.venue.trades.values()]

    first = trades(7)
    assert len(first) > 10
    assert first == trades(7)
    assert first != trades(8)


def test_warming_up_leaves_nothing_behind() -> None:
    warm_up()
    made = assemble(Plan(population=False), frozen)
    assert made.world.venue.trades == {}
    assert made.world.venue.accounts == {}


class Walk:
    """A plan with invented traders over a state file, whose time is moved by hand."""

    def __init__(self, folder: Path, begin_ns: int) -> None:
        self.now = begin_ns
        plan = Plan(settle_s=0.2, state=folder / "state.jsonl", truth=folder / "truth.jsonl")
        self.made = assemble(plan, lambda: self.now)
        self.venue = self.made.world.venue
        assert self.made.state is not None
        self.state = self.made.state

    def go(self, seconds: int) -> None:
        for _ in range(seconds * 10):
            self.now += NANOS // 10
            for step in self.made.app.steps:
                step(self.now)
            self.state.flush()
            self.venue.advance(self.now)


def test_invented_traders_go_on_with_the_markets_and_money_that_were_there(tmp_path: Path) -> None:
    first = Walk(tmp_path, NOW)
    first.go(20)
    rows = len((tmp_path / "truth.jsonl").read_bytes().splitlines())
    assert rows > 20
    first.state.close()
    again = Walk(tmp_path, NOW + 25 * NANOS)
    assert list(again.venue.markets) == list(first.venue.markets)
    left = list(first.venue.trades)
    assert list(again.venue.trades)[: len(left)] == left  # an order that was held may have been matched meanwhile
    assert sum(bool(again.venue.open_orders(order.owner)) for order in again.venue.orders.values()) == 0
    traded = len(again.venue.trades)
    again.go(20)
    assert len(again.venue.trades) > traded
    keys = [row.key for row in read_truth(tmp_path / "truth.jsonl")]
    assert len(keys) == len(set(keys)) > rows
    assert {row.tx_hash for row in read_truth(tmp_path / "truth.jsonl")} <= {
        trade.transaction_hash for trade in again.venue.trades.values()
    }


def test_a_mode_of_a_fault_plan_ends_with_the_process_that_carried_it_out(tmp_path: Path) -> None:
    faults = tmp_path / "plan.toml"
    faults.write_text('[[fault]]\nkind = "disabled"\n')
    seen = []
    for told in (faults, None, None):
        made = assemble(Plan(population=False, faults=told, state=tmp_path / "state.jsonl"), frozen)
        for act in made.app.steps:
            act(NOW)
        seen.append(made.world.venue.mode())
        assert made.state is not None
        made.state.flush()
        made.state.close()
    assert seen == [Mode.DISABLED, Mode.NORMAL, Mode.NORMAL]
