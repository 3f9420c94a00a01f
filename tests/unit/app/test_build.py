"""A run is described by what can change its decisions, and by nothing else; what is built shows what happened."""

import json

import msgspec
import pytest

from tests.support.scenario import scenario_settings, write_scenario
from whaletrader.app.layout import DataDirectory
from whaletrader.app.run import Progress, opened, progress_of, read_info, run_app
from whaletrader.config.tree import AccountSettings, RuntimeSettings, WebSettings
from whaletrader.errors import UsageError


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return write_scenario(tmp_path_factory.mktemp("build") / "dataset")


def described(dataset, data, settings):
    with opened(f"replay:{dataset}", DataDirectory(data), settings) as app:
        return app.description


def test_the_description_holds_no_path_and_changes_with_what_decides(dataset, tmp_path):
    settings = scenario_settings()
    first = described(dataset, tmp_path / "a", settings)
    assert str(tmp_path) not in first
    assert {"dataset", "settings"} <= set(json.loads(first))
    web = msgspec.structs.replace(settings, web=WebSettings(port=1))
    cache = msgspec.structs.replace(
        settings, runtime=RuntimeSettings(mark_interval_s=settings.runtime.mark_interval_s, snapshot_every=7)
    )
    richer = msgspec.structs.replace(settings, account=AccountSettings(starting_equity_micro=1_000_000))
    assert described(dataset, tmp_path / "b", web) == first
    assert described(dataset, tmp_path / "c", cache) == first
    assert described(dataset, tmp_path / "d", richer) != first


def test_an_interrupted_run_refuses_other_settings_and_a_new_one_may_be_begun(dataset, tmp_path):
    settings = scenario_settings()
    described(dataset, tmp_path, settings)
    other = msgspec.structs.replace(settings, seed=5)
    with pytest.raises(UsageError, match="--new"):
        described(dataset, tmp_path, other)
    with opened(f"replay:{dataset}", DataDirectory(tmp_path), other, new=True) as app:
        assert app.folder.run_id == "0002"


def test_the_page_and_the_summary_tell_the_same(dataset, tmp_path):
    told = []
    with opened(f"replay:{dataset}", DataDirectory(tmp_path), scenario_settings()) as app:
        summary = run_app(app, lambda _app, progress: told.append(progress))
        page = app.page()
    assert json.loads(json.dumps(page))["account"] == page["account"], "plain values only"
    assert page["account"]["equity_micro"] == summary.equity_micro
    assert page["counts"]["skipped"] == summary.skipped
    assert page["simulated"]
    assert told[-1].share == 1.0
    assert read_info(app.folder).messages == summary.messages


def test_a_failure_leaves_an_interrupted_run_and_a_free_directory(dataset, tmp_path):
    with pytest.raises(ZeroDivisionError), opened(f"replay:{dataset}", DataDirectory(tmp_path), scenario_settings()):
        _ = 1 / 0
    assert read_info(DataDirectory(tmp_path).run("0001")).state == "interrupted"
    with opened(f"replay:{dataset}", DataDirectory(tmp_path), scenario_settings()) as app:
        assert app.resumed
        assert progress_of(app, 0.0).first_ts == app.world.feed.span[0]


def test_a_thrown_latch_stops_every_order_of_a_run(dataset, tmp_path):
    with opened(f"replay:{dataset}", DataDirectory(tmp_path), scenario_settings()) as app:
        app.latch.throw("by hand", 1)
        summary = run_app(app)
        state = app.latch.read()
        assert state is not None
        assert state.reason == "by hand"
    assert summary.orders.get("FILLED", 0) == 0
    assert summary.orders["REJECTED"] == sum(summary.approved.values()) > 0
    assert summary.equity_micro == summary.starting_equity_micro


@pytest.mark.parametrize(
    ("clock", "first", "last", "share"), [(5, 0, 10, 0.5), (-1, 0, 10, 0.0), (20, 0, 10, 1.0), (0, 0, 0, 1.0)]
)
def test_the_share_of_a_run_lies_between_0_and_1(clock, first, last, share):
    progress = Progress(
        clock_ts=clock,
        first_ts=first,
        last_ts=last,
        messages=0,
        decisions=0,
        elapsed_s=0.0,
        equity_micro=0,
        trading_state="ACTIVE",
    )
    assert progress.share == share


def test_with_an_exchange_of_its_own_process_the_run_comes_to_the_same(dataset, tmp_path):
    heads = []
    for exchange in ("in-process", "process"):
        directory = DataDirectory(tmp_path / exchange)
        with opened(f"replay:{dataset}", directory, scenario_settings(), exchange=exchange) as app:
            heads.append(run_app(app).log_head)
    assert heads[0] == heads[1]
