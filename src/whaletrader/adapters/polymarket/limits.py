"""The venue's published rate limits, and the limiter that keeps every call below 90 % of them.

Two layers. Per address of the caller: a sliding window per host and per group of paths; a window is kept by a token
bucket whose burst and refill together never exceed 90 % of it in *any* stretch of the window's length. Per signer:
the venue's own token buckets of orders and cancels, where a batch of N costs N. The limiter takes the time and never
waits itself. It knows no HTTP.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from whaletrader.errors import UsageError

SHARE = 0.9
"""How much of a published limit is used."""
_BURST = 0.1
_LONG_S = 600.0
_DUST = 1e-6  # of a token: what rounding of clocks leaves, lest a wait of nothing repeat for ever


@dataclass(frozen=True, slots=True)
class Window:
    """A published limit: so many requests in a sliding window of so many seconds."""

    name: str
    count: int
    seconds: float = 10.0


@dataclass(frozen=True, slots=True)
class Rule:
    """Which windows a request belongs to: the first rule whose method and path fit; `*` fits any method.

    A path ending with `/` stands for everything below it, any other for itself alone.
    """

    method: str
    path: str
    windows: tuple[Window, ...]

    def fits(self, method: str, path: str) -> bool:
        """Whether a request falls under the rule."""
        if self.method not in ("*", method):
            return False
        return path.startswith(self.path) if self.path.endswith("/") else path == self.path


@dataclass(frozen=True, slots=True)
class HostLimits:
    """The limits of one host: what every request costs, and the rules of its paths."""

    name: str
    general: tuple[Window, ...] = ()
    rules: tuple[Rule, ...] = ()

    def windows(self, method: str, path: str) -> tuple[Window, ...]:
        """Every window that a request counts in."""
        found = next((rule.windows for rule in self.rules if rule.fits(method, path)), ())
        return self.general + found


def _rules(method: str, *table: tuple[str, tuple[Window, ...]]) -> tuple[Rule, ...]:
    return tuple(Rule(method, path, windows) for paths, windows in table for path in paths.split())


def _both(name: str, short: int, long: int) -> tuple[Window, ...]:
    return Window(name, short), Window(f"{name} long", long, _LONG_S)


OVERALL = Window("overall", 15_000)
_LEDGER = Window("clob ledger", 900)
_GAMMA_BOTH = Window("gamma markets and events", 900)
_POSITIONS, _ACTIVITY = Window("data v2 positions", 200), Window("data v2 activity", 200)

CLOB = HostLimits(
    "clob",
    (OVERALL, Window("clob", 9_000)),
    _rules("POST", ("/order", _both("post order", 5_000, 120_000)), ("/orders", _both("post orders", 2_000, 21_000)))
    + _rules(
        "DELETE",
        ("/order", _both("delete order", 5_000, 120_000)),
        ("/orders", _both("delete orders", 2_000, 15_000)),
        ("/cancel-all", _both("cancel all", 250, 6_000)),
        ("/cancel-market-orders", _both("cancel market orders", 1_500, 21_000)),
    )
    + _rules(
        "*",
        ("/book", (Window("clob book", 1_500),)),
        ("/price", (Window("clob price", 1_500),)),
        ("/midpoint", (Window("clob midpoint", 1_500),)),
        ("/books", (Window("clob books", 500),)),
        ("/prices", (Window("clob prices", 500),)),
        ("/midpoints", (Window("clob midpoints", 500),)),
        ("/prices-history", (Window("clob prices-history", 1_000),)),
        ("/tick-size /tick-size/", (Window("clob tick-size", 200),)),
        ("/data/orders", (_LEDGER, Window("clob data orders", 500))),
        ("/data/trades", (_LEDGER, Window("clob data trades", 500))),
        ("/notifications", (_LEDGER, Window("clob notifications", 125))),
        ("/trades /orders /order /data/order/", (_LEDGER,)),
        ("/balance-allowance", (Window("clob balance", 200),)),
        ("/balance-allowance/update", (Window("clob balance update", 50),)),
        ("/auth/", (Window("clob api-key", 100),)),
    ),
)
GAMMA = HostLimits(
    "gamma",
    (OVERALL, Window("gamma", 4_000)),
    _rules(
        "*",
        ("/events /events/", (_GAMMA_BOTH, Window("gamma events", 500))),
        ("/markets /markets/", (_GAMMA_BOTH, Window("gamma markets", 300))),
        ("/comments /comments/", (Window("gamma comments", 200),)),
        ("/tags /tags/", (Window("gamma tags", 200),)),
        ("/public-search", (Window("gamma search", 350),)),
    ),
)
_DATA_V1, _DATA_V2 = Window("data v1", 1_000), Window("data v2", 800)
DATA = HostLimits(
    "data",
    (OVERALL,),
    _rules(
        "*",
        ("/v2/trades", (_DATA_V2, Window("data v2 trades", 300))),
        ("/v2/positions /v2/positions/", (_DATA_V2, _POSITIONS)),
        ("/v2/activity /v2/activity/", (_DATA_V2, _ACTIVITY)),
        ("/v2/prices-history", (_DATA_V2, Window("data v2 prices-history", 200))),
        ("/v2/status", (_DATA_V2, Window("data v2 status", 100))),
        ("/v2/", (_DATA_V2,)),
        ("/trades", (_DATA_V1, Window("data v1 trades", 200))),
        ("/positions", (_DATA_V1, Window("data v1 positions", 150))),
        ("/closed-positions", (_DATA_V1, Window("data v1 closed-positions", 150))),
        ("/", (_DATA_V1,)),
    ),
)
RELAYER = HostLimits("relayer", (OVERALL,), _rules("*", ("/submit", (Window("relayer submit", 25, 60.0),))))
RPC = HostLimits("rpc", (Window("rpc", 200),))
"""No figure is published for the nodes' free tiers: a polite 20 a second."""
SUBGRAPH = HostLimits("subgraph", (Window("subgraph", 50),))
"""As for the nodes: no figure is published."""
UNLIMITED = HostLimits("unlimited")


@dataclass(frozen=True, slots=True)
class SignerTier:
    """The second layer: published rates and bursts of one signer's orders and cancels."""

    orders_per_s: int = 40
    orders_burst: int = 60
    cancels_per_s: int = 80
    cancels_burst: int = 120


TIERS: Mapping[str, SignerTier] = {
    "standard": SignerTier(),
    "copper": SignerTier(60, 90, 120, 180),
    "bronze": SignerTier(80, 120, 160, 240),
    "silver": SignerTier(200, 300, 400, 600),
    "gold": SignerTier(400, 600, 800, 1_200),
    "platinum": SignerTier(450, 675, 900, 1_350),
    "diamond": SignerTier(525, 787, 1_050, 1_575),
    "elite": SignerTier(600, 900, 1_200, 1_800),
}
"""By 30-day maker volume; until told otherwise a signer is `standard`."""


class TokenBucket:
    """Tokens refilled at `rate` per second up to `burst`; starts full. Not thread-safe: its limiter locks."""

    def __init__(self, rate: float, burst: float, now: float) -> None:
        self.rate, self.burst = rate, burst
        self._tokens, self._at = burst, now

    def wait_s(self, cost: float, now: float) -> float:
        """Seconds until `cost` tokens are there (0: now)."""
        if now > self._at:
            self._tokens = min(self.burst, self._tokens + (now - self._at) * self.rate)
            self._at = now
        lacking = cost - self._tokens
        return lacking / self.rate if lacking > _DUST else 0.0

    def spend(self, cost: float) -> None:
        """Take tokens; may go below zero for a cost known only afterwards."""
        self._tokens -= cost


def window_bucket(window: Window, now: float) -> TokenBucket:
    """The bucket that keeps a window: burst + refill over the window's length = 90 % of its count."""
    allowed = window.count * SHARE
    burst = max(1.0, allowed * _BURST)
    return TokenBucket((allowed - burst) / window.seconds, burst, now)


@dataclass
class RateLimiter:
    """All buckets of one host, and the pause that a refusal imposes on every path of it. Thread-safe.

    Cancels rest only where cancels by that very path were refused: what is held back elsewhere must not keep an order
    alive that is to end.
    """

    limits: HostLimits
    clock: Callable[[], float]
    tier: SignerTier = TIERS["standard"]
    _buckets: dict[str, TokenBucket] = field(default_factory=dict, init=False)
    _paused_until: dict[str, float] = field(default_factory=dict, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)

    def take(self, method: str, path: str, *, items: int = 1, signer: str = "") -> float:
        """Take what a request costs and return 0, or take nothing and return the seconds to wait before asking again.

        `signer` is the address of the API credentials of an order or cancel, `items` how many of them the request
        carries.

        Raises
        ------
        UsageError
            The batch is larger than the signer's burst, so that it could never pass.
        """
        now = self.clock()
        with self._lock:
            until = self._paused_until.get(_resting(method, path), now)
            if now < until:
                return until - now
            costs = [(self._window(window, now), 1.0) for window in self.limits.windows(method, path)]
            if signer:
                costs.append((self._signer(method, signer, items, now), float(items)))
            wait = max((bucket.wait_s(cost, now) for bucket, cost in costs), default=0.0)
            if wait > 0.0:
                return wait
            for bucket, cost in costs:
                bucket.spend(cost)
            return 0.0

    def owe(self, method: str, signer: str, items: int) -> None:
        """Charge a signer for what became known afterwards (a cancel-all costs 1 + what it cancelled)."""
        now = self.clock()
        with self._lock:
            self._signer(method, signer, 1, now).spend(items)

    def pause(self, seconds: float, *, cancels_by: str = "") -> None:
        """Let nothing but cancels pass for so long, or no cancel by a path; never shortens a pause that is on."""
        until = self.clock() + seconds
        with self._lock:
            self._paused_until[cancels_by] = max(self._paused_until.get(cancels_by, until), until)

    def _window(self, window: Window, now: float) -> TokenBucket:
        if window.name not in self._buckets:
            self._buckets[window.name] = window_bucket(window, now)
        return self._buckets[window.name]

    def _signer(self, method: str, signer: str, items: int, now: float) -> TokenBucket:
        cancel = is_cancel(method)
        rate = self.tier.cancels_per_s if cancel else self.tier.orders_per_s
        burst = (self.tier.cancels_burst if cancel else self.tier.orders_burst) * SHARE
        if items > burst:
            what = "cancels" if cancel else "orders"
            raise UsageError(f"a batch of {items} {what} can never pass: the venue takes bursts of {int(burst)}")
        name = f"{'cancel' if cancel else 'order'} {signer.lower()}"
        if name not in self._buckets:
            self._buckets[name] = TokenBucket(rate * SHARE, burst, now)
        return self._buckets[name]


def is_cancel(method: str) -> bool:
    """Whether a request takes orders off the books."""
    return method == "DELETE"


def _resting(method: str, path: str) -> str:
    """Name of the pause that holds a request back: a cancel has its path's own, everything else shares one."""
    return path if is_cancel(method) else ""
