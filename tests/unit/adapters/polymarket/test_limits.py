"""The venue's limits: never more than 90 % of a published window in any stretch of it, on any path."""

import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.hand_clock import HandClock
from whaletrader.adapters.polymarket import limits
from whaletrader.adapters.polymarket.limits import CLOB, DATA, GAMMA, RELAYER, TIERS, HostLimits, RateLimiter, Window
from whaletrader.errors import UsageError


def sent_times(host: HostLimits, method: str, path: str, count: int, idle: list[float] = ()) -> list[float]:
    """When a caller that asks as fast as it may gets through; now and then it idles."""
    clock = HandClock()
    limiter = RateLimiter(host, clock)
    times = []
    pauses = list(idle)
    for number in range(count):
        if pauses and number % 7 == 0:
            clock.now += pauses.pop()
        while wait := limiter.take(method, path):
            clock.wait(wait)
        times.append(clock.now)
    return times


def most_in(times: list[float], seconds: float) -> int:
    """The greatest number of times in any half-open stretch of so many seconds, by a plain loop."""
    return max(sum(1 for other in times if start <= other < start + seconds) for start in times)


@pytest.mark.parametrize(
    ("host", "path", "count"),
    [
        (DATA, "/v2/activity", 200),
        (DATA, "/positions", 150),
        (GAMMA, "/markets/keyset", 300),
        (CLOB, "/tick-size", 200),
    ],
)
def test_no_ten_seconds_hold_more_than_nine_tenths_of_the_published_limit(host, path, count):
    times = sent_times(host, "GET", path, count * 2)
    assert most_in(times, 10.0) <= count * 0.9


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(0.0, 30.0), max_size=20), st.integers(2, 60))
def test_idle_times_never_let_a_window_overflow(idle, count):
    host = HostLimits("h", (Window("w", count),))
    assert most_in(sent_times(host, "GET", "/x", 120, idle), 10.0) <= max(1.0, count * 0.9)


def test_a_pace_near_the_allowed_one_is_kept_up():
    times = sent_times(DATA, "GET", "/v2/activity", 1_000)
    assert 1_000 / (times[-1] - times[0]) > 0.9 * 200 * 0.89 / 10


def test_the_relayer_takes_25_a_minute():
    assert most_in(sent_times(RELAYER, "POST", "/submit", 60), 60.0) <= 22


def test_a_request_counts_in_its_group_and_in_its_host():
    names = {window.name for window in GAMMA.windows("GET", "/markets/keyset")}
    assert names == {"overall", "gamma", "gamma markets and events", "gamma markets"}


@pytest.mark.parametrize(
    ("method", "path", "name"),
    [
        ("POST", "/order", "post order"),
        ("POST", "/orders", "post orders"),
        ("DELETE", "/order", "delete order"),
        ("DELETE", "/orders", "delete orders"),
        ("DELETE", "/cancel-all", "cancel all"),
        ("GET", "/book", "clob book"),
        ("POST", "/books", "clob books"),
        ("GET", "/data/orders", "clob data orders"),
        ("GET", "/data/order/0xab", "clob ledger"),
        ("GET", "/balance-allowance", "clob balance"),
        ("GET", "/balance-allowance/update", "clob balance update"),
        ("GET", "/auth/derive-api-key", "clob api-key"),
    ],
)
def test_each_path_of_the_clob_has_its_window(method, path, name):
    assert name in {window.name for window in CLOB.windows(method, path)}


def test_markets_and_events_share_a_window():
    clock = HandClock()
    limiter = RateLimiter(HostLimits("g", (), GAMMA.rules), clock)
    first = sum(limiter.take("GET", "/markets") == 0.0 for _ in range(27))
    assert first == 27
    assert sum(limiter.take("GET", "/events") == 0.0 for _ in range(100)) <= 45 + 54


def test_orders_and_cancels_of_a_signer_have_buckets_of_their_own():
    clock = HandClock()
    limiter = RateLimiter(CLOB, clock)
    assert limiter.take("POST", "/orders", items=54, signer="0xA") == 0.0
    assert limiter.take("POST", "/order", items=1, signer="0xa") == pytest.approx(1 / 36)
    assert limiter.take("POST", "/order", items=1, signer="0xb") == 0.0
    assert limiter.take("DELETE", "/order", items=1, signer="0xa") == 0.0


def test_a_batch_above_the_burst_can_never_pass_and_says_so():
    limiter = RateLimiter(CLOB, HandClock())
    with pytest.raises(UsageError, match="batch of 55 orders can never pass"):
        limiter.take("POST", "/orders", items=55, signer="0xa")


def test_a_higher_tier_has_more():
    assert RateLimiter(CLOB, HandClock(), TIERS["elite"]).take("POST", "/orders", items=800, signer="0xa") == 0.0


def test_a_cancel_all_is_charged_afterwards_for_what_it_cancelled():
    limiter = RateLimiter(CLOB, HandClock())
    assert limiter.take("DELETE", "/cancel-all", signer="0xa") == 0.0
    limiter.owe("DELETE", "0xa", 200)
    assert limiter.take("DELETE", "/order", signer="0xa") == pytest.approx((1 - (108 - 201)) / 72)


def test_a_pause_holds_every_path_and_is_never_shortened():
    clock = HandClock()
    limiter = RateLimiter(CLOB, clock)
    limiter.pause(30.0)
    limiter.pause(1.0)
    assert limiter.take("GET", "/time") == 30.0
    clock.now = 29.0
    assert limiter.take("GET", "/book") == 1.0
    clock.now = 30.0
    assert limiter.take("GET", "/book") == 0.0


def test_a_pause_holds_no_cancel_back_and_a_cancels_own_holds_back_only_its_path():
    clock = HandClock()
    limiter = RateLimiter(CLOB, clock)
    limiter.pause(60.0)
    for path in ("/order", "/orders", "/cancel-all", "/cancel-market-orders"):
        assert limiter.take("DELETE", path, signer="0xa") == 0.0
    limiter.pause(9.0, cancels_by="/order")
    assert limiter.take("DELETE", "/order", signer="0xa") == 9.0
    assert limiter.take("DELETE", "/orders", signer="0xa") == 0.0
    assert limiter.take("POST", "/order", signer="0xa") == 60.0


def test_orders_that_use_up_their_bucket_leave_cancels_theirs():
    limiter = RateLimiter(CLOB, HandClock())
    assert limiter.take("POST", "/orders", items=54, signer="0xa") == 0.0
    assert limiter.take("POST", "/order", signer="0xa") > 0.0
    assert all(limiter.take("DELETE", "/order", signer="0xa") == 0.0 for _ in range(100))


def test_a_refused_take_costs_nothing():
    clock = HandClock()
    limiter = RateLimiter(HostLimits("h", (Window("wide", 1_000), Window("narrow", 10))), clock)
    assert limiter.take("GET", "/x") == 0.0
    for _ in range(500):
        assert limiter.take("GET", "/x") > 0.0
    clock.now = 100.0
    assert limiter.take("GET", "/x") == 0.0


def test_threads_together_keep_the_window():
    limiter = RateLimiter(HostLimits("h", (Window("w", 100),)), HandClock())
    passed = []

    def ask():
        passed.extend(limiter.take("GET", "/x") == 0.0 for _ in range(50))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(passed) == 9  # the burst: a tenth of 90


def test_every_published_limit_of_the_tables_is_positive():
    for host in (CLOB, DATA, GAMMA, RELAYER, limits.RPC, limits.SUBGRAPH):
        windows = host.general + tuple(window for rule in host.rules for window in rule.windows)
        assert windows
        assert all(window.count > 0 and window.seconds > 0 for window in windows)
