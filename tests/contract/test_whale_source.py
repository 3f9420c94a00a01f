"""What every source of leaders must do: score what was known at a time, the same each time, and count comparably."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from tests.support.heard import listening
from tests.support.universe import Tape
from tests.support.venue_rows import fill
from whaletrader.adapters.local.heard_whales import HeardWhales
from whaletrader.adapters.local.whale_source import DatasetWhales
from whaletrader.config.tree import DiscoverySettings, Settings
from whaletrader.datasets.schema import TABLES
from whaletrader.datasets.writer import DatasetWriter
from whaletrader.domain.values import MICRO, NANOS, LeaderEventKind
from whaletrader.messages import codec
from whaletrader.messages.leaders import LeaderScore, UniverseScanned
from whaletrader.ports.whale_source import WhaleSource
from whaletrader.universe.source import FrameSource, known_at

DAY = 86_400
MARKETS = 24
SETTINGS = Settings(
    discovery=DiscoverySettings(
        min_resolved_bets_fills=5, min_resolved_bets_signals=5, min_event_groups=10, bootstrap_resamples=100
    )
)
Make = Callable[[FrameSource], WhaleSource]


def and_heard(source: FrameSource, folder: Path) -> HeardWhales:
    """The source as a history, beside a run that heard a fill in a market of which nobody knows anything."""
    writer = DatasetWriter(folder / "history", "history", "simulated", 0)
    for name in TABLES:
        writer.write(name, source.table(name).select(list(TABLES[name])))
    with listening(folder) as feed:
        feed.add([fill(1)], 1)
    return HeardWhales(writer.finish(), folder / "live", folder / "judged", SETTINGS)


MAKERS: dict[str, Callable[[FrameSource, Path], WhaleSource]] = {
    "dataset": lambda source, _folder: DatasetWhales(source, SETTINGS),
    "history and heard": and_heard,
}


def tape() -> Tape:
    """One market a day: wallet 0 bets by fills and by positions, wallet 1 by fills, wallet 2 by positions."""
    made = Tape(wallets=5)
    for m in range(MARKETS):
        made.market(m, payout0=0.0 if m % 4 == 0 else 1.0, resolved=(m + 1) * DAY, group=f"g{m}")
        for number, who in enumerate((0, 1)):
            begin = m * DAY + 1_000 * (number + 1)
            made.trade(begin, who, m, 0.4 + 0.2 * who)
            made.trade(begin + 8, 4, m, 0.4 + 0.2 * who, size=1_000)
        for number, who in enumerate((0, 2)):
            begin = m * DAY + 10_000 * (number + 1)
            made.signal(begin, who, m, 0.5)
            made.trade(begin + 8, 4, m, 0.5, size=1_000)
    return made


@pytest.fixture(scope="module")
def source() -> FrameSource:
    return tape().source()


@pytest.fixture(params=MAKERS)
def make(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Make:
    return lambda source: MAKERS[request.param](source, tmp_path_factory.mktemp("whales"))


def scan_at(whales: WhaleSource, day: float) -> UniverseScanned:
    return whales.scan(round(day * DAY) * NANOS)


def of_kind(scan: UniverseScanned, kind: str) -> list[LeaderScore]:
    return [score for score in scan.scores if score.kind == kind]


def test_a_scan_says_for_which_time_it_is(make: Make, source: FrameSource) -> None:
    assert scan_at(make(source), 9).as_of_ts == 9 * DAY * NANOS


def test_the_same_scan_is_the_same_answer_in_any_order(make: Make, source: FrameSource) -> None:
    first, second = make(source), make(source)
    forward = {day: scan_at(first, day) for day in (6, 12, 24)}
    backward = {day: scan_at(second, day) for day in (24, 12, 6, 12)}
    assert forward == backward


def test_what_came_later_is_not_known(make: Make, source: FrameSource) -> None:
    for day in (0, 3.5, 8, 13.25):
        short = known_at(source, round(day * DAY) * NANOS)
        whole, cut = scan_at(make(source), day), scan_at(make(short), day)
        assert (whole.scores, whole.n_wallets, whole.n_qualified) == (cut.scores, cut.n_wallets, cut.n_qualified)


def test_a_bet_counts_from_the_moment_its_market_ended(make: Make, source: FrameSource) -> None:
    whales = make(source)
    for day in (14, 19, 24):
        before, after = (whales.scan(day * DAY * NANOS + shift) for shift in (-1, 0))
        counts = [{(score.wallet, score.kind): score.n_bets for score in scan.scores} for scan in (before, after)]
        assert counts[0]
        assert all(counts[1][key] == bets + 1 for key, bets in counts[0].items())


def test_wallets_are_counted_once_whatever_they_did(make: Make, source: FrameSource) -> None:
    scan = scan_at(make(source), 24)
    qualified = {score.wallet for score in scan.scores}
    assert len(of_kind(scan, "fill")) + len(of_kind(scan, "position")) > len(qualified)
    assert scan.n_qualified == len(qualified)
    assert scan.n_qualified <= scan.n_wallets <= 5


def test_the_two_kinds_are_ranked_apart_best_first(make: Make, source: FrameSource) -> None:
    scan = scan_at(make(source), 24)
    for kind in LeaderEventKind:
        ranks = [score.rank for score in of_kind(scan, kind)]
        assert ranks == sorted(ranks) == list(range(1, len(ranks) + 1))
    assert [score.kind for score in scan.scores] == sorted(score.kind for score in scan.scores)


def test_every_score_is_whole(make: Make, source: FrameSource) -> None:
    for score in scan_at(make(source), 24).scores:
        assert score.edge_lower_micro <= score.edge_micro <= score.edge_upper_micro
        assert -MICRO < score.edge_shrunk_micro < MICRO
        assert -1 <= score.psr_micro <= MICRO
        assert 0 < score.n_groups <= score.n_bets
        assert score.wallet == score.wallet.lower()


def test_the_funnel_tells_of_both_kinds_and_of_no_event_twice(make: Make, source: FrameSource) -> None:
    funnel = scan_at(make(source), 24).funnel
    assert {step.kind for step in funnel} == {"fill", "position"}
    assert len({(step.kind, step.step) for step in funnel}) == len(funnel)
    fills = sum(step.count for step in funnel if step.kind == "fill")
    assert fills == source.table("trades").height
    positions = sum(step.count for step in funnel if step.kind == "position")
    assert positions == source.table("signals").height


def test_nothing_known_is_an_empty_scan_and_no_failure(make: Make, source: FrameSource) -> None:
    nothing = make(Tape(wallets=2).source())
    for whales, day in ((nothing, 5), (make(source), -1)):
        scan = scan_at(whales, day)
        assert (scan.n_wallets, scan.n_qualified, scan.scores) == (0, 0, ())


def test_its_answer_has_a_place_on_the_wire(make: Make, source: FrameSource) -> None:
    scan = scan_at(make(source), 24)
    assert codec.decode_payload("UniverseScanned", scan.VERSION, codec.encode_payload(scan)) == scan


def test_the_followed_leaders_outcomes_are_told_once_and_the_others_not(make: Make, source: FrameSource) -> None:
    whales = make(source)
    leaders = tuple(f"{score.kind}/{score.wallet}" for score in scan_at(whales, 24).scores)
    days = [0, 7, 14, 24]
    scans = [whales.scan(after * DAY * NANOS, leaders, before * DAY * NANOS) for before, after in pairwise(days)]
    assert [scan.since_ts for scan in scans] == [day * DAY * NANOS for day in days[:-1]]
    for place, score in enumerate(scan_at(whales, 24).scores):
        assert all(f"{scan.settled[place].kind}/{scan.settled[place].wallet}" == leaders[place] for scan in scans)
        assert sum(each.n_bets for scan in scans for each in scan.settled[place].outcomes) == score.n_bets
    assert scan_at(whales, 24).settled == ()


def test_outcomes_that_came_later_are_not_told(make: Make, source: FrameSource) -> None:
    leaders = tuple(f"{score.kind}/{score.wallet}" for score in scan_at(make(source), 24).scores)
    for day in (3.5, 8, 13.25):
        as_of = round(day * DAY) * NANOS
        whole, cut = make(source), make(known_at(source, as_of))
        assert whole.scan(as_of, leaders, 0).settled == cut.scan(as_of, leaders, 0).settled


def test_another_seed_moves_the_bounds_and_not_the_edges(source: FrameSource) -> None:
    other = Settings(seed=7, discovery=SETTINGS.discovery)
    first, second = (DatasetWhales(source, each).scan(24 * DAY * NANOS) for each in (SETTINGS, other))
    assert [score.edge_micro for score in first.scores] == [score.edge_micro for score in second.scores]
    assert [score.n_bets for score in first.scores] == [score.n_bets for score in second.scores]
