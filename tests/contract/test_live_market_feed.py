"""A feed that grows must answer as a plain loop over what it was told would, at every moment, and never change its mind
about a time that is over; also after a restart.
"""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.venue_rows import NS, START, fill, tx
from whaletrader.adapters.polymarket.live_feed import LiveFeed
from whaletrader.datasets.decode.rows import BookSnapshot, ChainResolution, MarketMeta
from whaletrader.ports.market_feed import MarketFeed
from whaletrader.runtime.live import GrowingFeed

WALLETS = tuple("0x" + digit * 40 for digit in "123")
MARKETS = tuple("0x" + digit * 64 for digit in "ab")
TOKENS = ("1001", "1002", "2001", "2002")
MICRO = 1_000_000
SECONDS = st.integers(0, 40)

STEP = st.one_of(
    st.tuples(st.just("fill"), SECONDS, st.integers(0, 2), st.integers(0, 3), st.integers(1, 99)),
    st.tuples(st.just("seal"), SECONDS),
    st.tuples(st.just("quote"), SECONDS, st.integers(0, 3), st.integers(1, 98)),
    st.tuples(st.just("terms"), SECONDS, st.integers(0, 1), st.integers(0, 9)),
    st.tuples(st.just("end"), SECONDS, st.integers(0, 1)),
)


class Told:
    """What a feed was told, as plain lists, with the time at which it could be known."""

    def __init__(self, feed: LiveFeed) -> None:
        self.feed = feed
        self.fills: list[tuple[int, Any]] = []
        self.quotes: list[tuple[int, str, int]] = []
        self.terms: list[tuple[int, str, int]] = []
        self.ends: dict[str, int] = {}
        self.last = self.sealed = 0

    def step(self, step: tuple[Any, ...]) -> None:
        at = START + step[1] * NS
        if step[0] == "seal":
            self.sealed = max(at, self.last, self.sealed)
            assert self.feed.seal(at) == self.sealed
            return
        row = getattr(self, f"_{step[0]}")(*step[2:])
        ts = max(at, self.last, self.sealed + 1)
        self.feed.add([row], at)
        self.last = max(self.last, self._note(row, ts))

    def _note(self, row: Any, ts: int) -> int:
        """Keep a row where it says anything new; return the time of the newest."""
        if isinstance(row, BookSnapshot):
            bids = [bid for at, token, bid in self.quotes if token == row.token_id]
            old = max((at for at, token, _ in self.quotes if token == row.token_id), default=0)
            if bids and bids[-1] == row.bids[0][0] and ts - old < 5 * NS:
                return 0
            self.quotes.append((ts, row.token_id, row.bids[0][0]))
        elif isinstance(row, MarketMeta):
            known = [rate for _, market, rate in self.terms if market == row.market_id]
            if known and known[-1] == row.fee_rate_micro:
                return 0
            self.terms.append((ts, row.market_id, row.fee_rate_micro))
        elif isinstance(row, ChainResolution):
            if row.market_id in self.ends:
                return 0
            self.ends[row.market_id] = ts
        else:
            self.fills.append((ts, row))
        return ts

    def _fill(self, wallet: int, token: int, cents: int) -> Any:
        number = len(self.fills)
        return fill(
            1 + number,
            number=number + 1,
            wallet=WALLETS[wallet],
            token=TOKENS[token],
            price=cents * 10_000,
            at=number % 7,
            market_id=MARKETS[token // 2],
            outcome_index=token % 2,
        )

    def _quote(self, token: int, bid: int) -> Any:
        bids, asks = ((bid * 10_000, MICRO),), (((bid + 1) * 10_000, MICRO),)
        market = MARKETS[token // 2]
        return BookSnapshot(market_id=market, token_id=TOKENS[token], ts_event=START, bids=bids, asks=asks)

    def _terms(self, market: int, rate: int) -> Any:
        ids = TOKENS[2 * market : 2 * market + 2]
        return MarketMeta(
            source="gamma", market_id=MARKETS[market], version="v1", token_ids=ids, fee_rate_micro=rate * 10_000
        )

    def _end(self, market: int) -> Any:
        return ChainResolution(source="chain", market_id=MARKETS[market], payouts_micro=(MICRO, 0))


def agree(told: Told, feed: LiveFeed, until: int) -> None:
    """Every lookup says what a loop says."""
    for ts in range(START - NS, until + NS, 3 * NS):
        assert feed.row_at("fill", ts) == sum(at <= ts for at, _ in told.fills) - 1
    named = {row.token_id for _, row in told.fills} | {
        token for _, market, _ in told.terms for token in TOKENS[2 * MARKETS.index(market) :][:2]
    }
    for wallet in WALLETS:
        for behind in range(-1, len(told.fills)):
            later = [(at, n) for n, (at, row) in enumerate(told.fills) if n > behind and row.wallet == wallet]
            assert feed.leader_after("fill", wallet, behind) == (later[0] if later else None)
    for number, (at, row) in enumerate(told.fills):
        seen = feed.leader_row("fill", number)
        assert (seen.row, seen.wallet, seen.token_id, seen.market_id) == (
            number,
            row.wallet,
            row.token_id,
            row.market_id,
        )
        assert (seen.price_micro, seen.size_micro, seen.ts) == (row.price_micro, row.size_micro, min(row.ts_event, at))
        assert seen.natural_key == f"{tx(number + 1)}/{row.wallet}/{row.token_id}/BUY/{row.size_micro}/0"
    for token in sorted(named):
        prints(told, feed, token, until)


def prints(told: Told, feed: LiveFeed, token: str, until: int) -> None:
    market = MARKETS[TOKENS.index(token) // 2]
    for ts in range(START, until + NS, 7 * NS):
        later = [(at, n) for n, (at, row) in enumerate(told.fills) if n > 0 and at >= ts and row.market_id == market]
        assert feed.print_after(token, 0, ts) == (later[0] if later else None)
        others = [
            (n, row)
            for n, (at, row) in enumerate(told.fills)
            if at < ts and row.market_id == market and row.wallet != WALLETS[0]
        ]
        found = feed.last_print(token, ts, WALLETS[0])
        if not others:
            assert found is None
            continue
        number, row = others[-1]
        assert found is not None
        price = row.price_micro if row.token_id == token else MICRO - row.price_micro
        assert (found.row, found.price_micro, found.wallet) == (number, price, row.wallet)
        quotes = [bid for at, each, bid in told.quotes if each == token and at <= ts]
        quote = feed.quote(token, ts)
        assert (quote.bid_micro if quote else None) == (quotes[-1] if quotes else None)
        rates = [rate for at, each, rate in told.terms if each == market and at <= ts]
        assert feed.terms(market, ts).fee_rate_micro == (rates[-1] if rates else 70_000)
        end = feed.resolution(market)
        assert (end.ts if end else None) == told.ends.get(market)


@settings(max_examples=60, deadline=None)
@given(st.lists(STEP, max_size=30))
def test_every_lookup_says_what_a_loop_says_also_after_a_restart(tmp_path_factory: Any, steps: list[Any]) -> None:
    folder = tmp_path_factory.mktemp("live")
    told = Told(LiveFeed(folder))
    for step in steps:
        told.step(step)
    until = max(told.last, told.sealed, START)
    agree(told, told.feed, until)
    told.feed.close()
    again = LiveFeed(folder)
    agree(told, again, until)
    assert again.span == told.feed.span


@settings(max_examples=60, deadline=None)
@given(st.lists(STEP, max_size=30), st.integers(0, 29))
def test_answers_about_a_time_that_was_sealed_never_change(tmp_path_factory: Any, steps: list[Any], split: int) -> None:
    told = Told(LiveFeed(tmp_path_factory.mktemp("live")))
    for step in steps[:split]:
        told.step(step)
    until = told.feed.seal(START + 20 * NS)
    told.sealed = until

    def answers() -> list[Any]:
        feed = told.feed
        return [
            feed.row_at("fill", until),
            [feed.last_print(token, until, WALLETS[0]) for token in TOKENS if feed.market_of(token)[0] in named],
            [feed.quote(token, until) for token in TOKENS],
            [feed.terms(market, until).fee_rate_micro for market in MARKETS],
            [end if (end := feed.resolution(market)) and end.ts <= until else None for market in MARKETS],
        ]

    named = {told.feed.market_of(token)[0] for token in TOKENS} - {""}
    before = answers()
    for step in steps[split:]:
        told.step(step)
    assert answers() == before


def test_the_feed_fills_both_ports(tmp_path: Path) -> None:
    feed = LiveFeed(tmp_path, name="live", simulated=True)
    as_port: MarketFeed = feed
    as_growing: GrowingFeed = feed
    assert (as_port.name, as_port.simulated, as_port.span, as_growing.version) == ("live", True, (0, 0), 0)


@pytest.mark.parametrize("kind", ["fill", "position"])
def test_an_empty_feed_has_nothing_to_tell(tmp_path: Path, kind: str) -> None:
    feed = LiveFeed(tmp_path)
    assert feed.row_at(kind, 1 << 62) == -1
    assert feed.leader_after(kind, WALLETS[0], -1) is None
    assert feed.segment(0) is None
    assert feed.resolution(MARKETS[0]) is None
    assert feed.seal(5) == 5
