"""The venue's two layers of limits: sliding windows by caller, token buckets by the account that signs (FACTS 1.8).

The first layer answers as the content network does (text, `Retry-After: 0`), the second with `Poly-RateLimit-*`
headers. Times are the exchange's, passed in.
"""

import math
from dataclasses import dataclass
from enum import StrEnum

from whaletrader.adapters.paper.server.edge import Headers, Reply, Request, reply

WINDOW_NS = 10_000_000_000
_SECOND_NS = 1_000_000_000
_MAX_CALLERS = 10_000


class LimitMode(StrEnum):
    """How strictly limits are held."""

    OFF = "off"
    WARN = "warn"
    """Told in the headers, never refused: the venue's first two weeks."""
    ENFORCE = "enforce"


@dataclass(frozen=True, slots=True)
class Tier:
    """Token buckets of an account: refill per second and burst, of orders and of cancels."""

    name: str
    orders_per_s: int
    orders_burst: int
    cancels_per_s: int
    cancels_burst: int


TIERS = {
    tier.name: tier
    for tier in (
        Tier("standard", 40, 60, 80, 120),
        Tier("copper", 60, 90, 120, 180),
        Tier("bronze", 80, 120, 160, 240),
        Tier("silver", 200, 300, 400, 600),
        Tier("gold", 400, 600, 800, 1200),
        Tier("platinum", 450, 675, 900, 1350),
        Tier("diamond", 525, 787, 1050, 1575),
        Tier("elite", 600, 900, 1200, 1800),
    )
}
_WINDOWS: tuple[tuple[str, str, int], ...] = (
    ("POST", "/orders", 2000),
    ("DELETE", "/orders", 2000),
    ("POST", "/order", 5000),
    ("DELETE", "/order", 5000),
    ("DELETE", "/cancel-all", 250),
    ("DELETE", "/cancel-market-orders", 1500),
    ("GET", "/data/", 500),
    ("GET", "/notifications", 125),
    ("GET", "/balance-allowance/update", 50),
    ("GET", "/balance-allowance", 200),
    ("", "/auth/", 100),
    ("GET", "/prices-history", 1000),
    ("GET", "/tick-size", 200),
    ("POST", "/books", 500),
    ("POST", "/prices", 500),
    ("POST", "/midpoints", 500),
    ("GET", "/book", 1500),
    ("GET", "/price", 1500),
    ("GET", "/midpoint", 1500),
)
"""Method ("" for any), path or beginning of it, calls per window; the first that fits counts."""
GENERAL = 9000
TOO_FAST = Reply(429, b"error code: 1015", (("Retry-After", "0"),), "text/plain; charset=UTF-8")


def window_of(method: str, path: str) -> tuple[str, int]:
    """Return the name and size of the window that a call falls into."""
    for verb, beginning, limit in _WINDOWS:
        if verb in ("", method) and (path == beginning or (beginning.endswith("/") and path.startswith(beginning))):
            return f"{verb} {beginning}", limit
    return "", GENERAL


class CallerWindows:
    """Counts calls per caller in windows of ten seconds, the last one weighted by its overlap."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str], tuple[int, int, int]] = {}

    def take(self, request: Request, now_ns: int) -> bool:
        """Count a call; whether it is within its own window and the general one."""
        name, limit = window_of(request.method, request.path)
        within = self._one(request.client, "all", GENERAL, now_ns)
        return within and (not name or self._one(request.client, name, limit, now_ns))

    def _one(self, client: str, name: str, limit: int, now_ns: int) -> bool:
        epoch, passed_ns = divmod(now_ns, WINDOW_NS)
        kept, current, before = self._counts.get((client, name), (epoch, 0, 0))
        if kept != epoch:
            current, before = 0, current if epoch == kept + 1 else 0
        if current + before * (WINDOW_NS - passed_ns) // WINDOW_NS >= limit:
            return False
        if len(self._counts) >= _MAX_CALLERS:
            self._counts.clear()
        self._counts[client, name] = (epoch, current + 1, before)
        return True


@dataclass(slots=True)
class _Bucket:
    tokens: float
    ts: int


@dataclass(frozen=True, slots=True)
class Taken:
    """Whether a call may go on, and the headers that its answer carries."""

    allowed: bool
    headers: Headers


class SignerBuckets:
    """Token buckets per signing account."""

    def __init__(self, tier: Tier = TIERS["standard"], mode: LimitMode = LimitMode.ENFORCE) -> None:
        self._tier = tier
        self._mode = mode
        self._buckets: dict[tuple[str, str], _Bucket] = {}

    def orders(self, address: str, cost: int, now_ns: int) -> Taken:
        """Take `cost` orders."""
        return self._take(("orders", address), self._tier.orders_per_s, self._tier.orders_burst, cost, now_ns)

    def cancels(self, address: str, cost: int, now_ns: int) -> Taken:
        """Take `cost` cancels."""
        return self._take(("cancels", address), self._tier.cancels_per_s, self._tier.cancels_burst, cost, now_ns)

    def _take(self, name: tuple[str, str], per_s: int, burst: int, cost: int, now_ns: int) -> Taken:
        if self._mode is LimitMode.OFF:
            return Taken(True, ())
        bucket = self._buckets.setdefault(name, _Bucket(float(burst), now_ns))
        bucket.tokens = min(float(burst), bucket.tokens + max(0, now_ns - bucket.ts) * per_s / _SECOND_NS)
        bucket.ts = now_ns
        enough = bucket.tokens >= cost
        wait_s = 0.0 if enough else (cost - bucket.tokens) / per_s
        if enough:
            bucket.tokens -= cost
        headers = (
            ("Poly-RateLimit-Remaining", str(math.floor(bucket.tokens))),
            ("Poly-RateLimit-Reset", str(math.ceil(now_ns / _SECOND_NS + wait_s))),
            ("Poly-RateLimit-Tier", self._tier.name),
        )
        if enough:
            return Taken(True, headers)
        if self._mode is LimitMode.WARN:
            return Taken(True, (*headers, ("Poly-RateLimit-Warning", "true")))
        return Taken(False, (*headers, ("Retry-After", str(math.ceil(wait_s)))))


def over_limit(taken: Taken) -> Reply:
    """Answer a call that found its bucket empty."""
    return reply({"error": "Too Many Requests"}, 429).with_headers(*taken.headers)
