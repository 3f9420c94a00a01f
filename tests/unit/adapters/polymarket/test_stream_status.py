import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.venue_sockets import ListSink
from whaletrader.adapters.polymarket.sink import deliver, refuse
from whaletrader.adapters.polymarket.stream_status import (
    LAGS_KEPT,
    Counts,
    Epoch,
    EpochCause,
    Freshness,
    Lags,
    SourceStatus,
    StreamState,
    with_counts,
)
from whaletrader.datasets.decode.rows import Decoded, LastTrade, Reject, VenueFill

SECOND = 10**9


def fill(ts_event: int) -> VenueFill:
    return VenueFill(
        source="chain",
        wallet="0x1",
        token_id="1",
        side="BUY",
        price_micro=500_000,
        size_micro=1,
        ts_event=ts_event,
        tx_hash="0x2",
    )


def test_without_rows_there_is_no_lag() -> None:
    assert Lags().quantile_s(0.5) == -1.0


def test_a_time_that_is_not_known_is_no_lag() -> None:
    lags = Lags()
    lags.note(5 * SECOND, -1)
    lags.note(5 * SECOND, 0)
    assert lags.quantile_s(0.99) == -1.0


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=60), st.floats(0.0, 1.0))
def test_the_quantile_is_a_lag_that_was_seen_and_grows_with_the_share(seen: list[int], share: float) -> None:
    lags = Lags()
    for lag in seen:
        lags.note(SECOND + lag, SECOND)
    found = lags.quantile_s(share)
    assert round(found * 1e9) in seen
    assert lags.quantile_s(0.0) <= found <= lags.quantile_s(1.0)
    assert round(lags.quantile_s(1.0) * 1e9) == max(seen)


def test_only_the_newest_lags_count() -> None:
    lags = Lags()
    lags.note(100 * SECOND, SECOND)
    for _ in range(LAGS_KEPT):
        lags.note(2 * SECOND, SECOND)
    assert lags.quantile_s(1.0) == 1.0


def test_a_clock_that_is_behind_the_venues_gives_a_negative_lag() -> None:
    lags = Lags()
    lags.note(SECOND, 3 * SECOND)
    assert lags.quantile_s(0.5) == -2.0


def test_rows_are_counted_and_handed_over_with_their_lags() -> None:
    sink, counts = ListSink(), Counts()
    trade = LastTrade(market_id="m", token_id="1", ts_event=1, price_micro=1, size_micro=1, side="BUY")
    assert deliver(sink, counts, [fill(SECOND), trade], 3 * SECOND) == 2
    assert counts.seen == 2
    assert counts.lags.quantile_s(0.5) == 2.0


def test_rows_that_were_told_before_are_counted_and_not_handed_over() -> None:
    sink, counts = ListSink(), Counts()
    assert deliver(sink, counts, [fill(SECOND), fill(2 * SECOND)], 3 * SECOND, [fill(SECOND)]) == 1
    assert deliver(sink, counts, [fill(SECOND)], 3 * SECOND, []) == 0
    assert deliver(sink, counts, [], 3 * SECOND) == 0
    assert counts.seen == 3
    assert sink.rows == [fill(SECOND)]


def test_rejects_are_counted_and_the_newest_reason_is_kept() -> None:
    sink, counts = ListSink(), Counts()
    rejects = (Reject(source="s", reason="first"), Reject(source="s", reason="second"))
    refuse(sink, counts, Decoded((), rejects))
    assert sink.rejects == list(rejects)
    assert (counts.rejected, counts.last_error) == (2, "second")


def test_a_status_takes_the_counts_and_keeps_its_own_error_first() -> None:
    counts = Counts()
    counts.seen, counts.rejected, counts.last_error = 5, 2, "malformed_json"
    counts.lags.note(3 * SECOND, SECOND)
    bare = SourceStatus(source="s", state=StreamState.LIVE)
    told = with_counts(bare, counts)
    assert (told.seen, told.rejected, told.lag_p50_s, told.last_error) == (5, 2, 2.0, "malformed_json")
    broken = msgspec.structs.replace(bare, last_error="no answer in time")
    assert with_counts(broken, counts).last_error == "no answer in time"


def test_what_is_told_of_a_source_is_plain_values() -> None:
    epoch = Epoch(source="s", number=1, cause=EpochCause.HASH, from_ts=1, until_ts=2)
    status = SourceStatus(source="s", state=StreamState.SILENT, epochs=(epoch,))
    plain = msgspec.to_builtins(status)
    assert (plain["state"], plain["epochs"][0]["cause"]) == ("SILENT", "HASH")
    assert msgspec.convert(plain, SourceStatus) == status


def test_fresh_needs_no_reason() -> None:
    assert Freshness(fresh=True).reason == ""
