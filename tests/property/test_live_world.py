"""A made-up world told by all sources at once, each with its own losses, repeats and delays: the live feed holds every
fill once, whatever came when, and the same after a kill at any moment.
"""

from collections import Counter
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support import spellings
from tests.support.spellings import Fill
from tests.support.venue_rows import MARKET, NO, NS, YES, meta
from whaletrader.adapters.polymarket.live_feed import LiveFeed
from whaletrader.datasets.decode.chain_logs import decode_logs
from whaletrader.datasets.decode.data_api_v2 import decode_activity
from whaletrader.datasets.decode.rtds import decode_rtds
from whaletrader.domain.fill_identity import fill_key

BEGIN = 1_790_000_000
WALLETS = tuple("0x" + digit * 40 for digit in "1234")


def world(random, matches):
    """The fills of some matches: a taker and its makers, some of them equal, some of one wallet at two prices."""
    fills = []
    for number in range(matches):
        tx_hash, second = f"0x{random.getrandbits(256):064x}", BEGIN + number
        outcome = random.randrange(2)
        legs = [
            (random.choice(WALLETS[1:]), random.choice([5, 5, 10, 20, 35]), 40 + n) for n in range(random.randint(1, 4))
        ]
        total = sum(size for _, size, _ in legs)
        spent = sum(size * cents * 10_000 for _, size, cents in legs)
        taker = (WALLETS[0], total * 1_000_000, spent, True)
        makers = [(wallet, size * 1_000_000, size * cents * 10_000, False) for wallet, size, cents in legs]
        for place, (wallet, shares, collateral, crosses) in enumerate([*makers, taker]):
            fills.append(
                Fill(
                    wallet=wallet,
                    token=int((YES, NO)[outcome]),
                    market_id=MARKET,
                    outcome=outcome,
                    buys=crosses,
                    collateral=collateral,
                    shares=shares,
                    fee=10 if crosses else 0,
                    taker=crosses,
                    second=second,
                    tx_hash=tx_hash,
                    log_index=100 * number + place,
                )
            )
    return fills


def truth(fills):
    """The keys that the fills must have."""
    equal, keys = Counter(), set()
    for fill in fills:
        group = (fill.tx_hash, fill.wallet, str(fill.token), fill.side, fill.shares)
        keys.add(fill_key(*group, equal[group]))
        equal[group] += 1
    return keys


def reports(random, fills):
    """(seconds of arrival, rows) of what each source tells: streams lose and hurry, the chain repeats and is late."""
    told = []
    for fill in fills:
        if fill.taker and random.random() < 0.8:
            told.append((fill.second + 0.5, decode_rtds(spellings.rtds(fill, "orders_matched")).rows))
        if random.random() < 0.7:
            told.append((fill.second + 0.8 + random.random(), decode_rtds(spellings.rtds(fill)).rows))
        logs = decode_logs(spellings.chain(fill)).rows
        told += [(fill.second + random.uniform(0.1, 9) + 30 * n, logs) for n in range(1 + (random.random() < 0.3))]
    for wallet in WALLETS:
        if random.random() < 0.5:
            own = [fill for fill in fills if fill.wallet == wallet]
            page = decode_activity(spellings.data_v2(*reversed(own)))
            told.append((BEGIN + random.uniform(5, 60), page.rows))
    return sorted(told, key=lambda report: report[0])


def keys_of(feed):
    return [feed.leader_row("fill", row).natural_key for row in range(feed.row_at("fill", 1 << 62) + 1)]


def play(folder, told, random, *, kills=0.0, forget_terms=False):
    """Tell a feed everything, closing and opening it now and then; return it."""
    feed = LiveFeed(folder)
    feed.watch(WALLETS)
    if not forget_terms:
        feed.add([meta()], BEGIN * NS)
    for place, (second, rows) in enumerate(told):
        feed.add(rows, round(second * NS))
        if forget_terms and place == len(told) // 2:
            feed.add([meta()], round(second * NS))
        if random.random() < 0.2:
            feed.seal(round(second * NS))
        if random.random() < kills:
            feed.close()
            feed = LiveFeed(folder)
            feed.watch(WALLETS)
    return feed


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 12))
def test_every_fill_is_there_once_whatever_came_when(tmp_path_factory, seed, matches):
    random = Random(seed)
    fills = world(random, matches)
    feed = play(tmp_path_factory.mktemp("live"), reports(random, fills), random)
    keys = keys_of(feed)
    assert sorted(keys) == sorted(truth(fills))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 8))
def test_also_when_the_process_ends_again_and_again(tmp_path_factory, seed, matches):
    random = Random(seed)
    fills = world(random, matches)
    feed = play(tmp_path_factory.mktemp("live"), reports(random, fills), random, kills=0.15)
    assert set(keys_of(feed)) >= truth(fills)
    totals, true = Counter(), Counter()
    for row in range(len(keys_of(feed))):
        seen = feed.leader_row("fill", row)
        totals[seen.tx_hash, seen.wallet, seen.token_id, seen.side] += seen.size_micro
    for fill in fills:
        true[fill.tx_hash, fill.wallet, str(fill.token), fill.side] += fill.shares
    assert totals == true


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 8))
def test_also_when_the_markets_terms_come_late(tmp_path_factory, seed, matches):
    random = Random(seed)
    fills = world(random, matches)
    feed = play(tmp_path_factory.mktemp("live"), reports(random, fills), random, forget_terms=True)
    feed.seal((BEGIN + 1_000) * NS)
    assert sorted(keys_of(feed)) == sorted(truth(fills))
    for row in range(len(fills)):
        assert feed.leader_row("fill", row).market_id == MARKET


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 8))
def test_what_a_run_saw_is_what_a_run_after_a_kill_sees(tmp_path_factory, seed, matches):
    random = Random(seed)
    folder = tmp_path_factory.mktemp("live")
    feed = play(folder, reports(random, world(random, matches)), random)
    rows = [feed.leader_row("fill", row) for row in range(len(keys_of(feed)))]
    segments = feed.segment(0)
    feed.close()
    again = LiveFeed(folder)
    assert [again.leader_row("fill", row) for row in range(len(rows))] == rows
    assert again.segment(0) == segments
    assert again.span == feed.span


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 10))
def test_roles_and_prices_are_never_wrong_only_unknown(tmp_path_factory, seed, matches):
    random = Random(seed)
    fills = world(random, matches)
    feed = play(tmp_path_factory.mktemp("live"), reports(random, fills), random)
    roles, prices = {}, {}
    for fill in fills:
        group = (fill.tx_hash, fill.wallet, fill.shares)
        roles.setdefault(group, set()).add("taker" if fill.taker else "maker")
        prices.setdefault(group, set()).add(fill.price_micro)
    for row in range(len(fills)):
        seen = feed.leader_row("fill", row)
        group = (seen.tx_hash, seen.wallet, seen.size_micro)
        assert seen.role == "unknown" or seen.role in roles[group]
        assert min(abs(seen.price_micro - price) for price in prices[group]) <= 1
