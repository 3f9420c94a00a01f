"""Invented traders: all kinds of matches, the same again for the same seed, markets that end and are redeemed."""

from collections import Counter
from functools import cache
from pathlib import Path

from whaletrader.adapters.paper.server.listing import shelf
from whaletrader.adapters.paper.server.mounts import NoFaults, World
from whaletrader.adapters.paper.server.players import further_market, invented_traders
from whaletrader.adapters.paper.server.population import PopulationParams
from whaletrader.adapters.paper.server.public_faces import PublicFaces, make_public_faces
from whaletrader.adapters.paper.server.record import Leg
from whaletrader.adapters.paper.server.truth import TruthFile, read_truth
from whaletrader.adapters.paper.server.types import VenueRules
from whaletrader.adapters.paper.server.venue import Venue
from whaletrader.domain.values import NANOS

START = 1_790_000_000 * NANOS


def run(seconds: int, seed: int = 7, truth: TruthFile | None = None) -> tuple[Venue, PublicFaces]:
    venue = Venue(VenueRules(seed=seed, genesis_ns=START))
    public = make_public_faces(World(venue, lambda: START, NoFaults(), seed))
    if truth is not None:
        public.recorder.listen(truth.on_leg)
    for market in shelf(seed, START):
        venue.add_market(market, START)
    params = PopulationParams(resolve_every_s=20, takes_per_s=8)
    step = invented_traders(venue, public, seed=seed, started_ns=START, params=params)
    for tick in range(1, seconds * 20 + 1):
        now = START + tick * (NANOS // 20)
        step(now)
        venue.advance(now)
    return venue, public


@cache
def usual() -> tuple[Venue, PublicFaces]:
    return run(60)


def test_shares_change_hands_are_minted_and_are_merged() -> None:
    venue, public = usual()
    kinds = Counter(str(maker.kind) for trade in venue.trades.values() for maker in trade.makers)
    assert min(kinds[kind] for kind in ("COMPLEMENTARY", "MINT", "MERGE")) > 0
    legs = public.recorder.record.legs.rows
    assert Counter(leg.maker for leg in legs)[False] > 200


def test_leaders_split_and_merge_and_never_more_than_they_hold() -> None:
    venue, public = usual()
    leaders = {move.wallet for move in public.recorder.record.moves.rows if move.kind == "MERGE"}
    splits = Counter(move.size_micro for move in public.recorder.record.moves.rows if move.wallet in leaders)
    assert splits[20_000_000] >= 1
    assert all(size >= 0 for account in venue.accounts.values() for size in account.tokens.values())


def test_some_transactions_hold_equal_fills_of_one_wallet() -> None:
    legs = usual()[1].recorder.record.legs.rows
    equal = Counter((leg.tx_hash, leg.wallet, leg.token_id, leg.side, leg.size_micro) for leg in legs)
    assert max(equal.values()) > 1


def test_the_same_seed_trades_the_same() -> None:
    def told(public: PublicFaces) -> list[Leg]:
        return public.recorder.record.legs.rows

    again = told(run(20)[1])
    assert again == told(usual()[1])[: len(again)]
    assert again != told(run(20, seed=8)[1])


def test_a_market_that_ends_is_redeemed_and_followed_by_another() -> None:
    venue, public = usual()
    kinds = Counter(move.kind for move in public.recorder.record.moves.rows)
    assert kinds["REDEEM"] > 0
    assert kinds["SPLIT"] > 0
    assert kinds["MERGE"] > 0
    ended = sum(market.resolved for market in venue.markets.values())
    assert ended >= 2
    assert len({market.slug for market in venue.markets.values()}) == len(venue.markets) == 8 + ended


def test_further_markets_differ_in_every_id() -> None:
    markets = [further_market(7, number, START) for number in range(1, 8)]
    assert len({market.condition_id for market in markets}) == 7
    assert len({market.token_ids for market in markets}) == 7


def test_the_truth_file_holds_every_leg_under_its_own_key(tmp_path: Path) -> None:
    truth = TruthFile(tmp_path / "run" / "truth.jsonl")
    _, public = run(30, truth=truth)
    truth.close()
    rows = read_truth(tmp_path / "run" / "truth.jsonl")
    legs = public.recorder.record.legs.rows
    assert len(rows) == len(legs) == truth.rows
    assert len({row.key for row in rows}) == len(rows)
    assert [(row.wallet, row.size_micro) for row in rows] == [(leg.wallet, leg.size_micro) for leg in legs]


def test_a_truth_line_that_was_cut_off_is_left_out(tmp_path: Path) -> None:
    truth = TruthFile(tmp_path / "truth.jsonl")
    _, public = run(10, truth=truth)
    truth.close()
    whole = (tmp_path / "truth.jsonl").read_bytes()
    (tmp_path / "truth.jsonl").write_bytes(whole[:-5])
    assert len(read_truth(tmp_path / "truth.jsonl")) == len(public.recorder.record.legs.rows) - 1
