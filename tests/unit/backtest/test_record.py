"""What the recorder writes down of a run."""

from tests.support.messages import example
from tests.unit.backtest.telling import attribution, fill, score, tell
from whaletrader.backtest.record import Recorder
from whaletrader.messages.leaders import CopySignal, SignalSkipped, UniverseScanned, WhaleDiscovered, WhalePruned
from whaletrader.messages.market import MarketDataUpdate, WhalePositionChanged, WhaleTradeObserved
from whaletrader.messages.orchestration import OrchestratorDecision
from whaletrader.messages.risk import ApprovedTrade, RejectedTrade, TradeProposal


def scan(as_of: int, qualified: int = 3) -> UniverseScanned:
    return UniverseScanned(as_of_ts=as_of, source="x", n_wallets=9, n_qualified=qualified, scores=(), funnel=())


def discovered(wallet: str, kind: str = "fill") -> WhaleDiscovered:
    return WhaleDiscovered(wallet=wallet, kind=kind, score=score(wallet, kind=kind), as_of_ts=0)


def test_followed_leaders_are_counted_per_scan_and_kind() -> None:
    recorder = Recorder()
    tell(recorder, scan(1))
    tell(recorder, discovered("a"), discovered("b"), discovered("c", "position"))
    tell(recorder, scan(2))
    tell(recorder, WhalePruned(wallet="b", kind="fill", reason="EDGE_GONE", as_of_ts=2))
    tell(recorder, WhalePruned(wallet="c", kind="position", reason="EDGE_GONE", as_of_ts=2))
    tell(recorder, scan(3, 0))
    record = recorder.finished()
    assert [entry.followed for entry in record.scans] == [{"fill": 2, "position": 1}, {"fill": 1}, {"fill": 1}]
    assert [entry.n_qualified for entry in record.scans] == [3, 3, 0]
    assert sorted(record.ever_followed) == ["fill a", "fill b", "position c"]


def test_decisions_are_counted_by_kind() -> None:
    recorder = Recorder()
    base = example(WhaleTradeObserved)
    for kind in ("fill", "fill", "position"):
        tell(recorder, base.__class__(**{**fields(base), "kind": kind, "side": "BUY"}))
    for kind, reason in (("fill", "STALE"), ("fill", "STALE"), ("position", "NO_QUOTE")):
        skip = example(SignalSkipped)
        tell(recorder, SignalSkipped(**{**fields(skip), "kind": kind, "reason": reason}))
    for payload, counts in ((CopySignal, "signals"), (TradeProposal, "proposals")):
        made = example(payload)
        tell(recorder, payload(**{**fields(made), "kind": "fill", "side": "SELL"}))
        assert getattr(recorder.record, counts) == {"fill": {"SELL": 1}}
    assert recorder.record.events == {"fill": {"BUY": 2}, "position": {"BUY": 1}}
    assert recorder.record.skipped == {"fill": {"STALE": 2}, "position": {"NO_QUOTE": 1}}


def test_what_leaders_got_and_gave_up_without_a_trade_is_counted_apart() -> None:
    recorder = Recorder()
    base, decision = example(WhalePositionChanged), example(OrchestratorDecision)
    for change in ("SPLIT", "MERGE", "MERGE"):
        tell(recorder, base.__class__(**{**fields(base), "kind": "fill", "change": change}), correlation="one")
    tell(recorder, OrchestratorDecision(**{**fields(decision), "kind": "STOP", "reason": "ANOMALY"}), correlation="one")
    assert recorder.record.events == {"fill": {"SPLIT": 1, "MERGE": 2}}
    assert recorder.record.stopped == {"fill": {"ANOMALY": 1}}


def test_every_reason_of_a_denial_counts_and_approvals_count_by_limit_and_side() -> None:
    recorder = Recorder()
    denial, approval = example(RejectedTrade), example(ApprovedTrade)
    tell(recorder, RejectedTrade(**{**fields(denial), "kind": "fill", "reasons": ("CASH", "PER_LEADER")}))
    tell(recorder, ApprovedTrade(**{**fields(approval), "kind": "fill", "binding_limit": "KELLY"}))
    assert recorder.record.denied == {"fill": {"CASH": 1, "PER_LEADER": 1}}
    assert recorder.record.approved == {"fill": {"KELLY": 1}}
    assert recorder.record.approved_entries == {"fill": {approval.bounds.side: 1}}


def test_a_stop_is_counted_under_the_kind_of_the_event_that_it_stops() -> None:
    recorder = Recorder()
    event, decision = example(WhaleTradeObserved), example(OrchestratorDecision)
    tell(recorder, WhaleTradeObserved(**{**fields(event), "kind": "position"}), correlation="one")
    tell(recorder, OrchestratorDecision(**{**fields(decision), "kind": "STOP", "reason": "ANOMALY"}), correlation="one")
    tell(recorder, OrchestratorDecision(**{**fields(decision), "kind": "PROPOSE", "reason": ""}), correlation="one")
    assert recorder.record.stopped == {"position": {"ANOMALY": 1}}


def test_a_fill_counts_under_the_provenance_of_its_markets_fees() -> None:
    recorder = Recorder()
    update = example(MarketDataUpdate)
    tell(recorder, update)
    tell(recorder, fill("fill", market=update.market_id), fill("position", market="another"))
    assert recorder.record.fee_provenance == {
        "fill": {update.terms.fee_provenance: 1},
        "position": {"unknown": 1},
    }
    assert [told.kind for told in recorder.record.fills] == ["fill", "position"]


def test_equity_and_the_newest_attribution_are_kept() -> None:
    recorder = Recorder()
    tell(recorder, attribution(100), ts=5)
    tell(recorder, attribution(90, won=1), ts=9)
    assert recorder.record.equity == [(5, 100), (9, 90)]
    assert recorder.record.leaders[0].n_won == 1


def test_a_record_survives_its_snapshot() -> None:
    recorder, again = Recorder(), Recorder()
    tell(recorder, scan(1), discovered("a"), fill("fill"), attribution(7))
    again.restore(recorder.snapshot())
    assert again.record == recorder.record
    tell(again, scan(2))
    assert again.finished().scans[0].followed == {"fill": 1}


def fields(payload: object) -> dict[str, object]:
    return {name: getattr(payload, name) for name in payload.__struct_fields__}  # type: ignore[attr-defined]
