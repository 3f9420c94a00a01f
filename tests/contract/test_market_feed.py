"""What every market feed must do: each lookup says what a plain loop over the rows says, and nothing of the future."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.tables import (
    DAY_S,
    LEADER,
    MARKETS,
    OTHER,
    THIRD,
    TOKENS,
    at,
    dataset,
    market,
    signal,
    trade,
)
from whaletrader.adapters.local.replay_feed import ReplayFeed
from whaletrader.datasets.manifest import SourceEntry
from whaletrader.datasets.schema import TABLES
from whaletrader.datasets.store import Dataset
from whaletrader.datasets.writer import DatasetWriter
from whaletrader.domain.values import DAY_NS, MICRO
from whaletrader.ports.market_feed import MarketFeed
from whaletrader.universe.source import FrameSource

WALLETS = (LEADER, OTHER, THIRD)
KINDS = ("fill", "position")
Row = dict[str, Any]


class Market:
    """The rows of a made-up market, and the plain loops that answer a feed's questions."""

    def __init__(self, fills: list[Row], signals: list[Row], quotes: list[Row], fees: list[Row]) -> None:
        kept = [row for row in fills if not row["dup_rank"]]
        self.fills = sorted(kept, key=lambda row: row["ts"])
        self.signals = sorted(signals, key=lambda row: row["ts"])
        self.quotes, self.fees = sorted(quotes, key=lambda row: row["ts"]), fees
        self.ends = [market(0, resolved_s=30, payout=1), market(1, resolved_s=50, payout=0)]
        self.source = dataset(fills, signals, self.ends, quotes=self.quotes, fee_schedules=fees)

    def stream(self, kind: str) -> list[Row]:
        return self.fills if kind == "fill" else self.signals

    def row_at(self, kind: str, ts: int) -> int:
        return sum(row["ts"] <= ts for row in self.stream(kind)) - 1

    def leader_after(self, kind: str, wallet: int, behind: int) -> tuple[int, int] | None:
        for number, row in enumerate(self.stream(kind)):
            if number > behind and row["wallet"] == wallet:
                return row["ts"], number
        return None

    def print_after(self, token: int, behind: int, not_before: int) -> tuple[int, int] | None:
        for number, row in enumerate(self.fills):
            if number > behind and row["market"] == token // 2 and row["ts"] >= not_before:
                return row["ts"], number
        return None

    def price(self, token: int, row: Row) -> int:
        return int(row["price_micro"] if row["token"] == token else MICRO - row["price_micro"])

    def last_print(self, token: int, before: int, not_wallet: int) -> int | None:
        found = None
        for number, row in enumerate(self.fills):
            if row["market"] == token // 2 and row["ts"] < before and row["wallet"] != not_wallet:
                found = number
        return found

    def quote(self, token: int, ts: int) -> Row | None:
        found = None
        for row in self.quotes:
            if row["token"] == token and row["ts"] <= ts:
                found = row
        return found

    def fee(self, number: int, ts: int) -> int:
        found = 70_000  # the worst case
        for row in sorted(self.fees, key=lambda row: row["from_ts"]):
            if row["market"] == number and row["from_ts"] <= ts:
                found = row["rate_micro"]
        return found


SECONDS = st.integers(0, 60)
FILLS = st.lists(
    st.tuples(SECONDS, st.integers(0, 2), st.integers(0, 5), st.integers(1, 99), st.booleans(), st.booleans()),
    min_size=6,
    max_size=30,
)
SIGNALS = st.lists(st.tuples(SECONDS, st.integers(0, 2), st.integers(0, 5)), max_size=10, unique=True)
QUOTES = st.lists(st.tuples(SECONDS, st.integers(0, 5), st.integers(1, 50)), max_size=10, unique_by=lambda q: q[:2])
FEES = st.lists(st.tuples(SECONDS, st.integers(0, 2), st.integers(0, 9)), max_size=4, unique_by=lambda fee: fee[:2])


@st.composite
def markets(draw: st.DrawFn) -> Market:
    """A market in which every token was traded at least once."""
    named = [(0, 2, token, 50, False, False) for token in range(6)]
    fills = [
        trade(ts, who, token, cents / 100, size=n + 1, sell=sell, dup_rank=int(again))
        for n, (ts, who, token, cents, sell, again) in enumerate([*named, *draw(FILLS)])
    ]
    signals = [signal(ts, who, token, 0.4, seen=ts - 1) for ts, who, token in draw(SIGNALS)]
    sizes = {"bid_size_micro": 5 * MICRO, "ask_size_micro": None, "source": 0}
    quotes = [
        {"ts": at(ts), "token": token, "bid_micro": bid * 10_000, "ask_micro": (bid + 1) * 10_000} | sizes
        for ts, token, bid in draw(QUOTES)
    ]
    fees = [
        {"market": number, "from_ts": at(ts), "rate_micro": 10_000 * rate, "exponent": 1, "times_price": False}
        | {"provenance": "market"}
        for ts, number, rate in draw(FEES)
    ]
    return Market(fills, signals, quotes, fees)


def on_disk(source: FrameSource, folder: Path) -> Dataset:
    """The same tables, written and read back."""
    writer = DatasetWriter(folder, "tiny", "real")
    for name in ("wallets", "markets", "tokens", "transactions", "fee_schedules", "trades", "signals", "quotes"):
        frame = source.table(name)
        writer.write(name, frame.select(list(TABLES[name])))
    writer.add_source(
        SourceEntry(name="s", file="f", sha256="0", importer="test/1", table="trades", rows_in=1, rows_out=1)
    )
    return writer.finish()


@pytest.fixture(params=["in memory", "on disk"])
def make(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A feed over a made-up market."""

    def made(rows: Market) -> MarketFeed:
        if request.param == "in memory":
            return ReplayFeed(rows.source, simulated=False)
        return ReplayFeed(on_disk(rows.source, tmp_path_factory.mktemp("data") / "tiny"), simulated=True)

    return made


def feed_of(rows: Market) -> MarketFeed:
    return ReplayFeed(rows.source, simulated=False)


LIGHT = settings(max_examples=40, deadline=None)


@LIGHT
@given(markets(), st.sampled_from(KINDS), SECONDS)
def test_the_last_row_at_a_time_is_the_last_that_a_loop_meets(rows: Market, kind: str, second: int) -> None:
    feed = feed_of(rows)
    for ts in (at(second) - 1, at(second), at(second) + 1):
        assert feed.row_at(kind, ts) == rows.row_at(kind, ts)


@LIGHT
@given(markets(), st.sampled_from(KINDS), st.integers(0, 2))
def test_walking_meets_every_row_of_a_wallet_once_in_order(rows: Market, kind: str, wallet: int) -> None:
    feed, met, behind = feed_of(rows), [], -1
    while (found := feed.leader_after(kind, WALLETS[wallet], behind)) is not None:
        assert found == rows.leader_after(kind, wallet, behind)
        behind = found[1]
        met.append(behind)
    assert met == [number for number, row in enumerate(rows.stream(kind)) if row["wallet"] == wallet]


@LIGHT
@given(markets())
def test_a_row_is_told_in_full(rows: Market) -> None:
    feed = feed_of(rows)
    for kind in KINDS:
        for number, row in enumerate(rows.stream(kind)):
            told = feed.leader_row(kind, number)
            assert (told.kind, told.row, told.ts) == (kind, number, row["ts"])
            assert (told.wallet, told.token_id) == (WALLETS[row["wallet"]], TOKENS[row["token"]])
            assert (told.market_id, told.outcome_index) == (MARKETS[row["market"]], row["outcome_index"])
            assert (told.price_micro, told.size_micro) == (row["price_micro"], row["size_micro"])
            assert told.side == ("SELL" if row.get("side") else "BUY")
            assert told.prev_seen_ts == row.get("prev_seen_ts", 0)


@LIGHT
@given(markets())
def test_no_two_rows_are_the_same_event(rows: Market) -> None:
    feed = feed_of(rows)
    keys = [feed.leader_row(kind, number).natural_key for kind in KINDS for number in range(len(rows.stream(kind)))]
    assert len(set(keys)) == len(keys)


@LIGHT
@given(markets(), st.integers(0, 5), st.integers(-1, 35), SECONDS)
def test_the_next_print_is_the_next_that_a_loop_meets(rows: Market, token: int, behind: int, second: int) -> None:
    found = feed_of(rows).print_after(TOKENS[token], behind, at(second))
    assert found == rows.print_after(token, behind, at(second))


@LIGHT
@given(markets(), st.integers(0, 5), SECONDS, st.integers(0, 2))
def test_the_last_price_is_the_last_of_somebody_else_before(rows: Market, token: int, second: int, wallet: int) -> None:
    feed = feed_of(rows)
    told, row = feed.last_print(TOKENS[token], at(second), WALLETS[wallet]), rows.last_print(token, at(second), wallet)
    if row is None:
        assert told is None
        return
    assert told is not None
    assert (told.row, told.ts) == (row, rows.fills[row]["ts"])
    assert told.price_micro == rows.price(token, rows.fills[row])
    assert told.wallet == WALLETS[rows.fills[row]["wallet"]] != WALLETS[wallet]
    assert told.ts < at(second)
    assert told == feed.print_at(TOKENS[token], row)


@LIGHT
@given(markets(), st.integers(0, 2))
def test_the_prices_of_the_two_outcomes_add_up_to_one(rows: Market, number: int) -> None:
    feed = feed_of(rows)
    for row, fill in enumerate(rows.fills):
        if fill["market"] == number:
            both = [feed.print_at(TOKENS[2 * number + outcome], row).price_micro for outcome in range(2)]
            assert sum(both) == MICRO


@LIGHT
@given(markets(), st.integers(0, 5), SECONDS)
def test_the_newest_quote_is_the_newest_that_a_loop_meets(rows: Market, token: int, second: int) -> None:
    told, row = feed_of(rows).quote(TOKENS[token], at(second)), rows.quote(token, at(second))
    if row is None:
        assert told is None
        return
    assert told is not None
    assert (told.ts, told.bid_micro, told.ask_micro) == (row["ts"], row["bid_micro"], row["ask_micro"])
    assert (told.bid_size_micro, told.ask_size_micro) == (5 * MICRO, -1)


@LIGHT
@given(markets(), st.integers(0, 2), SECONDS)
def test_terms_are_those_that_were_known_then(rows: Market, number: int, second: int) -> None:
    feed = feed_of(rows)
    for ts in (at(second) - 1, at(second)):
        terms = feed.terms(MARKETS[number], ts)
        assert terms.fee_rate_micro == rows.fee(number, ts)
        assert terms.token_ids == TOKENS[2 * number : 2 * number + 2]
        assert terms.event_group_id == ("group" if number < 2 else MARKETS[2])


def test_markets_and_tokens_name_each_other(make: Any) -> None:
    feed = make(plain())
    for code, token_id in enumerate(TOKENS):
        assert feed.market_of(token_id) == (MARKETS[code // 2], code % 2)
        assert feed.terms(MARKETS[code // 2], 0).token_ids[code % 2] == token_id


def test_how_markets_ended_is_told_where_it_is_known(make: Any) -> None:
    feed = make(plain())
    ends = [feed.resolution(market_id) for market_id in MARKETS]
    assert [(end.ts, end.payouts_micro) if end else None for end in ends] == [
        (at(30), (MICRO, 0)),
        (at(50), (0, MICRO)),
        None,
    ]


def plain(days: int = 1) -> Market:
    fills = [
        trade(DAY_S * day + 10 * n, n % 3, n % 6, 0.3 + 0.01 * n, size=n + 1) for day in range(days) for n in range(12)
    ]
    return Market(fills, [signal(5, 0, 0, 0.4), signal(70, 1, 2, 0.4)], [], [])


def test_segments_cover_every_fill_once_in_order_and_are_sealed_behind_their_last(make: Any) -> None:
    rows = plain(days=3)
    feed, row, found = make(rows), 0, []
    while (segment := feed.segment(len(found))) is not None:
        found.append(segment)
        assert segment.first_row == row
        inside = rows.fills[row : row + segment.rows]
        assert (segment.first_ts, segment.last_ts) == (inside[0]["ts"], inside[-1]["ts"])
        assert segment.last_ts < segment.sealed_ts <= segment.last_ts + DAY_NS
        assert {feed.leader_row("fill", number).segment_id for number in range(row, row + segment.rows)} == {
            segment.segment_id
        }
        row += segment.rows
    assert (row, len(found)) == (len(rows.fills), 3)
    assert len({segment.segment_id for segment in found}) == len({segment.sha256 for segment in found}) == 3
    assert feed.segment(99) is None


def test_the_span_reaches_from_the_first_to_the_last_row_of_any_kind(make: Any) -> None:
    assert make(plain()).span == (at(0), at(110))
    early = Market([trade(9, 0, 0, 0.5)], [signal(5, 0, 0, 0.4), signal(70, 1, 0, 0.4)], [], [])
    assert make(early).span == (at(5), at(70))


def test_lookups_leave_no_trace(make: Any) -> None:
    rows = plain()
    feed = make(rows)

    def looked() -> list[Any]:
        return [
            [feed.row_at(kind, at(40)) for kind in KINDS],
            [feed.leader_after("fill", LEADER, row) for row in range(5)],
            [feed.leader_row("fill", row) for row in range(12)],
            [feed.last_print(token, at(60), OTHER) for token in TOKENS],
            [feed.print_after(token, 3, at(30)) for token in TOKENS],
            [feed.terms(market_id, at(1)) for market_id in MARKETS],
            feed.segment(0),
        ]

    assert looked() == looked()[:] == looked()


def test_an_unknown_wallet_has_no_rows(make: Any) -> None:
    feed = make(plain())
    assert [feed.leader_after(kind, "0xnobody", -1) for kind in KINDS] == [None, None]
    assert feed.last_print(TOKENS[0], at(200), "0xnobody") == feed.last_print(TOKENS[0], at(200), "")


def test_memory_and_disk_tell_the_same(tmp_path: Path) -> None:
    rows = plain(days=2)
    first, second = feed_of(rows), ReplayFeed(on_disk(rows.source, tmp_path / "tiny"), simulated=False)
    for row in range(len(rows.fills)):
        assert first.leader_row("fill", row) == second.leader_row("fill", row)
    assert [first.segment(n) for n in range(3)] == [second.segment(n) for n in range(3)]


def test_the_name_stands_for_the_content(tmp_path: Path) -> None:
    same = [on_disk(plain().source, tmp_path / name).fingerprint for name in "ab"]
    other = on_disk(plain(days=2).source, tmp_path / "c").fingerprint
    assert same[0] == same[1] != other
