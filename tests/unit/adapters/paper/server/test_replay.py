"""A dataset replayed at the exchange: its wallets' fills come out as they were, in their order."""

from collections import Counter
from pathlib import Path

import pytest

from whaletrader.adapters.paper.server.recorder import Recorder
from whaletrader.adapters.paper.server.replay import Replay
from whaletrader.adapters.paper.server.replay_markets import Clockwork, ReplayData
from whaletrader.adapters.paper.server.types import VenueRules
from whaletrader.adapters.paper.server.venue import Venue
from whaletrader.datasets.simulator import simulate
from whaletrader.domain.values import NANOS

START = 1_790_000_000 * NANOS
Fill = tuple[str, str, str, int, int]


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("replay") / "sim"
    simulate(path, seed=3)
    return path


def replayed(dataset: Path, seconds: int) -> tuple[Venue, Recorder, Replay]:
    venue, recorder = Venue(VenueRules(seed=1, genesis_ns=START)), Recorder(1)
    venue.listen(recorder.on_event)
    replay = Replay(venue, dataset, seed=1, started_ns=START, speed=10_000)
    for tick in range(1, seconds * 20):
        now = START + tick * (NANOS // 20)
        replay.step(now)
        venue.advance(now)
    for tick in range(1, 200):
        venue.advance(START + seconds * NANOS + tick * (NANOS // 20))
    return venue, recorder, replay


def dataset_fills(dataset: Path, venue: Venue, count: int) -> Counter[Fill]:
    data = ReplayData(dataset)
    clock = Clockwork(int(data.prints.ts[0]), START, 10_000)
    wanted: Counter[Fill] = Counter()
    for place in range(count):
        market = data.venue_market(int(data.prints.market[place]), clock)
        size, price = int(data.prints.size[place]), int(data.prints.price[place])
        if size < 5_000_000 or size * price < 10**12:
            continue
        token = market.token_ids[int(data.prints.outcome[place])]
        side = "SELL" if data.prints.side[place] else "BUY"
        wanted[data.wallets[int(data.prints.wallet[place])], token, side, size, price] += 1
    assert venue.markets
    return wanted


def test_every_fill_comes_out_as_it_was(dataset: Path) -> None:
    venue, recorder, replay = replayed(dataset, 30)
    legs = recorder.record.legs.rows
    told = Counter((leg.wallet, leg.token_id, leg.side, leg.size_micro, round(leg.price * 1e6)) for leg in legs)
    wanted = dataset_fills(dataset, venue, replay.next_row)
    assert sum(wanted.values()) > 800
    assert not wanted - told


def test_nothing_is_told_of_a_known_wallet_that_it_did_not_do(dataset: Path) -> None:
    venue, recorder, replay = replayed(dataset, 30)
    wanted = dataset_fills(dataset, venue, replay.next_row)
    wallets = {key[0] for key in wanted}
    legs = [leg for leg in recorder.record.legs.rows if leg.wallet in wallets]
    told = Counter((leg.wallet, leg.token_id, leg.side, leg.size_micro, round(leg.price * 1e6)) for leg in legs)
    assert not told - wanted


def test_the_house_quotes_both_sides_between_the_fills(dataset: Path) -> None:
    venue, _, _ = replayed(dataset, 20)
    quoted = [venue.best(market.token_ids[0]) for market in venue.markets.values() if market.accepting_orders]
    two_sided = [(bid, ask) for bid, ask in quoted if bid > 0 and ask < 1_000_000]
    assert len(two_sided) > len(quoted) / 2
    assert all(bid < ask for bid, ask in two_sided)


def test_markets_resolve_as_the_dataset_says_and_winners_redeem(dataset: Path) -> None:
    venue, recorder, _ = replayed(dataset, 60)
    resolved = {market.condition_id: market.payouts_micro for market in venue.markets.values() if market.resolved}
    known = {row["condition_id"]: row["payout0_micro"] for row in ReplayData(dataset).markets}
    assert resolved
    assert all(payouts[0] == known[condition] for condition, payouts in resolved.items())
    assert any(move.kind == "REDEEM" for move in recorder.record.moves.rows)


def test_times_are_moved_and_scaled() -> None:
    clock = Clockwork(first_ts=1_000, started_ns=50_000, speed=10.0)
    assert clock.due(50_100) == 2_000
    assert clock.at(2_000) == 50_100
