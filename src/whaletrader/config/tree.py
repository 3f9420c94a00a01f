"""The frozen tree of all settings, with defaults; `app` loads it from the TOML file and the environment.

Amounts of money are decimal strings in pUSD in the file and micro-units here; durations carry their unit in the name.
An unknown key or a value outside its range is refused at start with its name and what is
allowed (`app.settings`).
"""

from typing import Annotated

import msgspec
from msgspec import Meta

from whaletrader.domain.risk.limits import RiskLimits

PositiveInt = Annotated[int, Meta(gt=0)]
NonNegativeInt = Annotated[int, Meta(ge=0)]
Share = Annotated[int, Meta(ge=0, le=1_000_000)]


class _Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A section: frozen, keyword-only, unknown keys refused."""


class AccountSettings(_Section, frozen=True, kw_only=True):
    """One of our books."""

    name: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_-]{0,31}\Z")] = "paper"
    starting_equity_micro: PositiveInt = 10_000_000_000


class FollowerSettings(_Section, frozen=True, kw_only=True):
    """How a follower's entry and exit are priced."""

    delay_s: PositiveInt = 5
    window_s: PositiveInt = 60
    own_size_usd_micro: PositiveInt = 50_000_000
    """Stake at which impact is charged when leaders are scored."""


class DiscoverySettings(_Section, frozen=True, kw_only=True):
    """When leaders are scored and which of them are followed."""

    scan_interval_days: PositiveInt = 7
    min_resolved_bets_fills: PositiveInt = 30
    min_resolved_bets_signals: PositiveInt = 20
    min_event_groups: NonNegativeInt = 0
    """0: as many as `universe/thresholds.toml` says; with fewer the bounds were not shown to cover as they should."""
    confidence_micro: Annotated[int, Meta(ge=800_001, le=999_999)] = 975_000
    """Of each bound alone, so that both are a 95 % interval, as `universe/thresholds.toml` has it for `score`."""
    max_leaders: PositiveInt = 20
    bootstrap_resamples: Annotated[int, Meta(ge=100, le=50_000)] = 1_000


class AllocationSettings(_Section, frozen=True, kw_only=True):
    """How the followed leaders share the budget."""

    draws: Annotated[int, Meta(ge=1, le=10_000)] = 64
    """Draws from what is believed of each leader, averaged at each scan; 1 is plain Thompson sampling."""
    max_share_micro: Annotated[int, Meta(gt=0, le=1_000_000)] = 300_000
    """Greatest share of one leader, and of leaders together who bet alike."""
    max_correlation_micro: Annotated[int, Meta(gt=0, le=1_000_000)] = 700_000
    """Correlation of their outcomes from which leaders bet alike."""
    half_life_groups: PositiveInt = 200
    """Event groups of a leader after which an outcome counts half."""


class PruningSettings(_Section, frozen=True, kw_only=True):
    """When a leader is said to have lost his edge."""

    e_arl_groups: Annotated[int, Meta(ge=2, le=1_000_000)] = 4_000
    """Mean number of a leader's event groups until the e-detector's false alarm, at least."""
    cusum_arl_groups: Annotated[int, Meta(ge=2, le=1_000_000)] = 1_000
    """Mean number of a leader's event groups until the CUSUM's false alarm."""
    adwin_delta_micro: Annotated[int, Meta(gt=0, lt=1_000_000)] = 700_000
    """ADWIN's level at each look; it never prunes alone."""
    agree: Annotated[int, Meta(ge=1, le=3)] = 2
    """How many of the three detectors must have alarmed."""


class CopySettings(_Section, frozen=True, kw_only=True):
    """What is copied."""

    max_event_age_s: PositiveInt = 60
    max_position_age_s: PositiveInt = 86_400
    """Greatest time between a polled position's two looks."""
    min_edge_micro: NonNegativeInt = 5_000
    """Smallest net edge per share for which an order is worth sending."""


class ExecutionSettings(_Section, frozen=True, kw_only=True):
    """How orders are sent."""

    latency_ms: NonNegativeInt = 5_000
    """From the leader's event to our order's arrival."""
    order_ttl_s: PositiveInt = 60
    ack_timeout_s: PositiveInt = 10
    max_slippage_micro: NonNegativeInt = 20_000
    """How far above the reference price we still buy."""


class FaultPlanSettings(_Section, frozen=True, kw_only=True):
    """Shares of answers that the paper exchange drops, delays or repeats, and of fills that fail to settle.

    The order's hash decides which.
    """

    drop_micro: Share = 0
    delay_micro: Share = 0
    repeat_micro: Share = 0
    fail_micro: Share = 0
    delay_s: NonNegativeInt = 30


class VenueSettings(_Section, frozen=True, kw_only=True):
    """Where the venue's services are; `whaletrader exchange` prints the same names for its own."""

    clob_url: str = "https://clob.polymarket.com"
    """Order books, orders and trades."""
    stream_url: str = "wss://ws-subscriptions-clob.polymarket.com/ws"
    """The CLOB's WebSockets: `/market` and `/user` below it."""
    activity_url: str = "wss://ws-live-data.polymarket.com"
    """The real-time data stream (RTDS), the only push feed with wallets."""
    data_url: str = "https://data-api.polymarket.com"
    """The Data API: wallets' fills, positions and activity."""
    gamma_url: str = "https://gamma-api.polymarket.com"
    """Markets and events."""
    rpc_url: str = "https://polygon.drpc.org"
    """A Polygon node (JSON-RPC)."""
    rpc_stream_url: str = ""
    """A Polygon node's WebSocket with `eth_subscribe logs`; empty: logs are polled from `rpc_url`."""
    relayer_url: str = "https://relayer-v2.polymarket.com"
    """Sends a wallet's transactions without gas."""
    geoblock_url: str = "https://polymarket.com/api/geoblock"
    """Tells whether orders are accepted from where we are."""
    subgraph_url: str = "https://api.goldsky.com/api/public/project_cl6mb8i9h0003e201j6li0diw/subgraphs"
    """History of the exchanges before 2026-04-28."""
    confirmations: NonNegativeInt = 5
    """Blocks behind a log from which it is taken as final."""
    stale_after_s: PositiveInt = 20
    """A source without a frame for so long is taken as silent."""
    wallet: Annotated[str, Meta(pattern=r"^(0x[0-9a-fA-F]{40})?\Z")] = ""
    """The wallet that holds the funds in live mode; empty: the order key's own, found on the chain."""
    heartbeat_s: Annotated[int, Meta(ge=0, le=8)] = 0
    """How often live mode beats for the venue's dead man's switch, which cancels every open order after ten seconds of
    silence and cannot be disarmed; 0: never, which leaves it unarmed."""


class RuntimeSettings(_Section, frozen=True, kw_only=True):
    """The runner's batches and caches."""

    batch_messages: Annotated[int, Meta(gt=0, le=100_000)] = 1_000
    batch_delay_ms: PositiveInt = 5
    """The longest that a handled message waits for its commit."""
    snapshot_every: PositiveInt = 20_000
    mark_interval_s: PositiveInt = 3_600
    """How often, in the run's clock, open positions are marked and equity is reported."""
    max_message_bytes: Annotated[int, Meta(ge=1_024, le=16_777_216)] = 1_048_576


class WebSettings(_Section, frozen=True, kw_only=True):
    """The dashboard."""

    host: str = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65_535)] = 8080


class Settings(_Section, frozen=True, kw_only=True):
    """Everything that can be set."""

    seed: Annotated[int, Meta(ge=0, le=2**63 - 1)] = 20_261_122
    account: AccountSettings = AccountSettings()
    limits: RiskLimits = RiskLimits()
    follower: FollowerSettings = FollowerSettings()
    discovery: DiscoverySettings = DiscoverySettings()
    allocation: AllocationSettings = AllocationSettings()
    pruning: PruningSettings = PruningSettings()
    copy: CopySettings = CopySettings()
    execution: ExecutionSettings = ExecutionSettings()
    faults: FaultPlanSettings = FaultPlanSettings()
    venue: VenueSettings = VenueSettings()
    runtime: RuntimeSettings = RuntimeSettings()
    web: WebSettings = WebSettings()
