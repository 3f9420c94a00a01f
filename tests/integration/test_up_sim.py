"""The whole platform on a small simulated market: it scores, decides with reasons, and its books agree."""

import signal
import subprocess
import sys

import pytest

from tests.support.compare import log_of, messages, money
from whaletrader.adapters.sqlite.store import SqliteEventStore
from whaletrader.app.layout import DataDirectory
from whaletrader.app.run import opened, read_info, run_app
from whaletrader.app.sources import simulated_folder
from whaletrader.config.tree import DiscoverySettings, RuntimeSettings, Settings
from whaletrader.datasets.simulator import SimulationParams, simulate
from whaletrader.errors import BusyError, UsageError
from whaletrader.messages.leaders import CopySignal, SignalSkipped
from whaletrader.messages.market import WhalePositionChanged, WhaleTradeObserved
from whaletrader.messages.orders import OrderFilled, SubmitOrder
from whaletrader.messages.risk import ApprovedTrade, RejectedTrade, TradeProposal
from whaletrader.runtime.projections.story import explain

pytestmark = pytest.mark.slow
SMALL = SimulationParams(days=50, binary_markets=200, groups=4, fills=60_000, noise=60, price_lag_steps=90.0)
SETTINGS = Settings(
    seed=3,
    discovery=DiscoverySettings(
        min_resolved_bets_fills=15,
        min_resolved_bets_signals=15,
        min_event_groups=10,
        confidence_micro=810_000,
        bootstrap_resamples=200,
    ),
    runtime=RuntimeSettings(mark_interval_s=21_600),
)


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """A run on the source `sim`, whose dataset is made small beforehand."""
    directory = DataDirectory(tmp_path_factory.mktemp("up"))
    directory.ensure()
    simulate(simulated_folder(directory, 3), SMALL, 3)
    told = []
    with opened("sim", directory, SETTINGS) as app:
        summary = run_app(app, lambda _app, progress: told.append(progress))
        page = app.page()
    return directory, summary, page, told


def test_it_is_stamped_simulated_and_ends(ran):
    _, summary, page, told = ran
    assert summary.simulated
    assert page["simulated"]
    assert summary.ended
    assert told[-1].share == 1.0


def test_every_trade_of_a_leader_and_all_that_he_gave_up_leads_to_exactly_one_signal_or_skip(ran):
    directory, summary, _, _ = ran
    log = log_of(directory.root)
    observed, changed = messages(log, WhaleTradeObserved), messages(log, WhalePositionChanged)
    assert len(observed) + len(changed) == sum(summary.events.values()) > 0
    given_up = [change for change in changed if change.side == "SELL"]
    assert len(messages(log, CopySignal, SignalSkipped)) == len(observed) + len(given_up)
    assert len(messages(log, SignalSkipped)) == sum(summary.skipped.values())


def test_every_proposal_is_approved_or_denied_and_every_order_has_an_approval(ran):
    directory, summary, _, _ = ran
    log = log_of(directory.root)
    proposals = messages(log, TradeProposal)
    assert len(messages(log, ApprovedTrade, RejectedTrade)) >= len(proposals) > 0
    approvals = {approved.bounds.approval_id for approved in messages(log, ApprovedTrade)}
    orders = messages(log, SubmitOrder)
    assert {order.origin.approval_id for order in orders} <= approvals
    assert len({order.order_hash for order in orders}) == len(orders)
    assert summary.orders.get("FILLED", 0) == len(messages(log, OrderFilled))


def test_equity_is_cash_and_positions_and_the_log_folds_to_the_same_money(ran):
    directory, summary, page, _ = ran
    account = page["account"]
    assert account["equity_micro"] == account["cash_micro"] + account["positions_micro"]
    folded = money(log_of(directory.root), SETTINGS.account.starting_equity_micro)
    assert (folded["equity_micro"], folded["fees_micro"]) == (summary.equity_micro, summary.fees_micro)
    assert folded["messages"] == summary.messages


def test_the_story_of_a_decision_begins_with_the_leaders_event(ran):
    directory, _, page, _ = ran
    store = SqliteEventStore.open_reader(log_of(directory.root))
    newest = page["decisions"][0]
    story = explain(store, newest["message_id"])
    types = [step.type for step in story.steps]
    assert types[:2] == ["MarketDataUpdate", "WhaleTradeObserved"]
    assert newest["message_id"] in {step.message_id for step in story.steps}
    assert story.correlation_id == newest["correlation_id"]
    store.close(clean=False)


def test_a_run_that_ended_is_followed_by_a_new_one(ran):
    directory, summary, _, _ = ran
    with opened("sim", directory, SETTINGS) as app:
        assert (app.folder.run_id, app.resumed) == ("0002", False)
        again = run_app(app)
    assert again.log_head == summary.log_head, "the same seed gives the same bytes"
    assert read_info(directory.run("0002")).state == "ended"


def test_a_stopped_run_goes_on_and_ends_the_same(ran, tmp_path):
    directory, summary, _, _ = ran
    other = DataDirectory(tmp_path)
    source = f"replay:{simulated_folder(directory, 3)}"
    steps = 0

    def after_a_while():
        nonlocal steps
        steps += 1
        return steps == 8

    with opened(source, other, SETTINGS) as app:
        assert not run_app(app, stop=after_a_while).ended
    assert read_info(other.run("0001")).state == "interrupted"
    with pytest.raises(UsageError, match="began with other data or settings"), opened(source, other, Settings(seed=4)):
        pass
    with opened(source, other, SETTINGS) as app:
        assert app.resumed
        final = run_app(app)
    assert (final.equity_micro, final.messages) == (summary.equity_micro, summary.messages)
    assert read_info(other.run("0001")).sessions == 2


def test_a_second_instance_on_the_same_directory_is_refused(ran):
    directory, _, _, _ = ran
    with (
        opened("sim", directory, SETTINGS),
        pytest.raises(BusyError, match="is in use by process"),
        opened("sim", directory, SETTINGS),
    ):
        pass


def test_a_killed_holder_leaves_no_lock_behind(tmp_path):
    code = (
        "import sys, threading; from pathlib import Path; from whaletrader.app.lock import DirectoryLock\n"
        "with DirectoryLock(Path(sys.argv[1])):\n    print('held', flush=True); threading.Event().wait()"
    )
    holder = subprocess.Popen([sys.executable, "-c", code, str(tmp_path / "lock")], stdout=subprocess.PIPE, text=True)
    assert holder.stdout.readline() == "held\n"
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    holder.stdout.close()
    with opened("sim", _prepared(tmp_path), SETTINGS) as app:
        assert app.folder.run_id == "0001"


def _prepared(root):
    directory = DataDirectory(root)
    directory.ensure()
    simulate(
        simulated_folder(directory, 3), SimulationParams(days=5, binary_markets=5, groups=0, fills=200, noise=5), 3
    )
    return directory
