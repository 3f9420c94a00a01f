"""The two layers of limits: windows by caller and buckets by signing account."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from whaletrader.adapters.paper.server.edge import Request
from whaletrader.adapters.paper.server.limits import (
    TIERS,
    WINDOW_NS,
    CallerWindows,
    LimitMode,
    SignerBuckets,
    over_limit,
    window_of,
)

NOW = 1_795_300_000 * 1_000_000_000
SECOND = 1_000_000_000


def test_a_burst_passes_and_the_next_order_does_not() -> None:
    buckets = SignerBuckets()
    assert all(buckets.orders("0xa", 15, NOW).allowed for _ in range(4))
    refused = buckets.orders("0xa", 1, NOW)
    assert not refused.allowed
    assert dict(over_limit(refused).headers)["Retry-After"] == "1"
    assert over_limit(refused).status == 429


def test_a_bucket_refills_at_the_tiers_rate() -> None:
    buckets = SignerBuckets()
    assert buckets.orders("0xa", 60, NOW).allowed
    assert not buckets.orders("0xa", 41, NOW + SECOND).allowed
    assert buckets.orders("0xa", 40, NOW + SECOND).allowed


def test_a_batch_above_the_burst_never_passes() -> None:
    buckets = SignerBuckets()
    assert not any(buckets.orders("0xa", 61, NOW + step * SECOND).allowed for step in range(100))


def test_cancels_and_orders_have_their_own_buckets_and_so_has_everybody() -> None:
    buckets = SignerBuckets()
    assert buckets.orders("0xa", 60, NOW).allowed
    assert buckets.cancels("0xa", 120, NOW).allowed
    assert buckets.orders("0xb", 60, NOW).allowed


def test_warning_mode_only_warns() -> None:
    buckets = SignerBuckets(mode=LimitMode.WARN)
    assert buckets.orders("0xa", 60, NOW).allowed
    warned = buckets.orders("0xa", 1, NOW)
    assert warned.allowed
    assert ("Poly-RateLimit-Warning", "true") in warned.headers


def test_headers_tell_what_is_left_until_when_and_the_tier() -> None:
    headers = dict(SignerBuckets(TIERS["gold"]).orders("0xa", 15, NOW).headers)
    assert headers == {
        "Poly-RateLimit-Remaining": "585",
        "Poly-RateLimit-Reset": str(NOW // SECOND),
        "Poly-RateLimit-Tier": "gold",
    }


def test_without_limits_nothing_is_counted() -> None:
    buckets = SignerBuckets(mode=LimitMode.OFF)
    assert all(buckets.orders("0xa", 1000, NOW).headers == () for _ in range(10))


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 3 * SECOND)), max_size=60))
@settings(max_examples=100, deadline=None)
def test_no_more_passes_than_burst_and_refill_allow(calls: list[tuple[int, int]]) -> None:
    buckets, now, passed = SignerBuckets(), NOW, 0
    for cost, wait in calls:
        now += wait
        passed += cost if buckets.orders("0xa", cost, now).allowed else 0
        assert passed <= 60 + (now - NOW) * 40 / SECOND + 1e-6


@pytest.mark.parametrize(
    ("method", "path", "limit"),
    [
        ("POST", "/order", 5000),
        ("DELETE", "/orders", 2000),
        ("GET", "/book", 1500),
        ("POST", "/books", 500),
        ("GET", "/data/trades", 500),
        ("GET", "/data/order/0x1", 500),
        ("POST", "/auth/api-key", 100),
        ("GET", "/balance-allowance", 200),
        ("GET", "/balance-allowance/update", 50),
        ("GET", "/markets", 9000),
    ],
)
def test_every_call_falls_into_its_window(method: str, path: str, limit: int) -> None:
    assert window_of(method, path)[1] == limit


def test_a_caller_that_is_too_fast_waits_for_the_window_to_slide() -> None:
    windows, call = CallerWindows(), Request("GET", "/balance-allowance/update", client="a")
    start = NOW - NOW % WINDOW_NS
    assert sum(windows.take(call, start) for _ in range(80)) == 50
    assert windows.take(Request("GET", "/balance-allowance/update", client="b"), start)
    assert not windows.take(call, start + WINDOW_NS)
    assert windows.take(call, start + WINDOW_NS + WINDOW_NS // 2)
    assert sum(windows.take(call, start + 5 * WINDOW_NS) for _ in range(80)) == 50
