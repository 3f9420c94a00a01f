"""How the soak judges: what counts as lost, invented and told twice, memory, and its page."""

from pathlib import Path

from scripts import soak
from whaletrader.adapters.paper.server.truth import TruthRow
from whaletrader.adapters.sqlite.store import SqliteEventStore
from whaletrader.messages.envelope import Message, Payload, fact
from whaletrader.messages.leaders import LeaderScore, WhaleDiscovered, WhalePruned
from whaletrader.messages.market import WhaleTradeObserved
from whaletrader.ports.store import Batch
from whaletrader.runtime.records import to_record

WALLET, OTHER = "0x" + "a" * 40, "0x" + "b" * 40


def discovered(wallet: str) -> WhaleDiscovered:
    score = LeaderScore(
        wallet=wallet,
        kind="fill",
        verdict="FOLLOW",
        n_bets=30,
        n_groups=20,
        edge_micro=1,
        edge_lower_micro=1,
        edge_upper_micro=1,
        edge_shrunk_micro=1,
        psr_micro=1,
        rank=1,
    )
    return WhaleDiscovered(wallet=wallet, kind="fill", score=score, as_of_ts=1)


def seen(tx: str, wallet: str = WALLET) -> WhaleTradeObserved:
    return WhaleTradeObserved(
        kind="fill",
        wallet=wallet,
        market_id="0x" + "c" * 64,
        token_id="7",
        outcome_index=0,
        side="BUY",
        role="taker",
        price_micro=500_000,
        size_micro=5_000_000,
        tx_hash=tx,
        prev_seen_ts=0,
        segment_id="live-000000",
        row=0,
    )


def log_of(folder: Path, *told: tuple[int, Payload]) -> Path:
    path = folder / "log.db"
    messages: list[Message] = [
        fact(payload, natural_key=str(number), ts_event=ts, ts_init=ts) for number, (ts, payload) in enumerate(told)
    ]
    store = SqliteEventStore.create(path, b"{}")
    records = tuple(to_record(message, offset) for offset, message in enumerate(messages, start=1))
    store.commit(Batch(records=records, handled=0), durable=True)
    store.close(clean=True)
    return path


def true_fill(tx: str, ts: int, wallet: str = WALLET) -> TruthRow:
    return TruthRow(
        key=tx,
        wallet=wallet,
        market_id="0x" + "c" * 64,
        token_id="7",
        side="BUY",
        maker=False,
        price=0.5,
        size_micro=5_000_000,
        fee_micro=0,
        ts=ts,
        tx_hash=tx,
        block=1,
        log_index=1,
    )


def test_what_a_followed_leader_did_and_the_log_lacks_is_lost(tmp_path: Path) -> None:
    log = log_of(tmp_path, (10, discovered(WALLET)), (21, seen("0x1")))
    truth = [true_fill("0x0", 5), true_fill("0x1", 20), true_fill("0x2", 30), true_fill("0x3", 30, OTHER)]
    result = soak.Result(1, 1)
    soak.compare(result, truth, log, 0)
    assert (result.followed, result.due, result.observed, result.lost) == (1, 2, 1, 1)
    assert result.lost_keys[0].startswith("0x2/")


def test_what_a_leader_does_when_no_longer_followed_is_not_due(tmp_path: Path) -> None:
    pruned = WhalePruned(wallet=WALLET, kind="fill", reason="RANK", as_of_ts=25)
    result = soak.Result(1, 1)
    soak.compare(result, [true_fill("0x2", 30)], log_of(tmp_path, (10, discovered(WALLET)), (25, pruned)), 0)
    assert (result.due, result.lost) == (0, 0)


def test_what_never_happened_is_invented_and_what_is_told_again_is_twice(tmp_path: Path) -> None:
    log = log_of(tmp_path, (10, discovered(WALLET)), (21, seen("0x1")), (22, seen("0x1")), (23, seen("0x9")))
    result = soak.Result(1, 1)
    soak.compare(result, [true_fill("0x1", 20)], log, 0)
    assert (result.lost, result.invented, result.twice) == (0, 1, 1)


def test_memory_is_judged_by_medians_of_sixths() -> None:
    result = soak.Result(30, 1)
    soak.judge_memory(result, [50.0] * 10 + [100.0] * 40 + [125.0] * 10)
    assert (result.memory_first_mb, result.memory_last_mb, result.growth) == (100.0, 125.0, 0.25)


def test_each_failure_is_named() -> None:
    bad = soak.Result(30, 1, lost=2, up_ended=-9, memory_first_mb=100.0, memory_last_mb=150.0)
    assert bad.failures(short=False) == [
        "the run ended with -9",
        "no followed leader traded",
        "2 fills lost",
        "memory grew by 50%",
    ]
    good = soak.Result(2, 1, due=5, up_ended=0)
    assert good.failures(short=True) == []


def test_faults_are_read_from_the_exchanges_last_words(tmp_path: Path) -> None:
    told = tmp_path / "exchange.err"
    told.write_text("the exchange has ended; faults: drop@rtds 3, silent@rpc 1268.\n")
    assert soak.struck(told) == {"drop@rtds": 3, "silent@rpc": 1268}
    told.write_text("the exchange has ended; faults: none.\n")
    assert soak.struck(told) == {}


def test_the_page_tells_every_figure() -> None:
    page = soak.page_of(soak.Result(30, 5, due=12, up_ended=0, faults={"drop@rtds": 3}))
    assert "nothing lost, nothing invented, nothing told twice" in page
    assert "| drop at rtds | 3 |" in page
    assert max(map(len, page.splitlines())) <= 160
