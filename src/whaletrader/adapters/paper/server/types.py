"""What goes into the paper exchange's state machine and what comes out: plain values, no behaviour.

Money, prices and shares are micro-units, times UTC nanoseconds, addresses lower-case unless a contract's own spelling
is told, ids as the venue writes them. The faces (REST, WebSockets, RPC, feeds) turn these values into the venue's
words; nothing here is JSON. None of these values can be part of a cycle (`gc=False`): a busy exchange makes millions.
"""

from dataclasses import dataclass
from enum import StrEnum

import msgspec

from whaletrader.domain.fees import FeeSchedule
from whaletrader.domain.order_hash import NO_BYTES32
from whaletrader.domain.values import NANOS


class OrderType(StrEnum):
    """How long an order may rest; FOK and FAK never do."""

    GTC = "GTC"
    GTD = "GTD"
    FOK = "FOK"
    FAK = "FAK"


class OrderState(StrEnum):
    """Where an order is; the words of the WebSocket channels (REST puts `ORDER_STATUS_` before them)."""

    LIVE = "LIVE"
    MATCHED = "MATCHED"
    DELAYED = "DELAYED"
    CANCELED = "CANCELED"
    UNMATCHED = "UNMATCHED"


class TradeState(StrEnum):
    """Where a trade's settlement is (REST puts `TRADE_STATUS_` before the words)."""

    MATCHED = "MATCHED"
    MINED = "MINED"
    CONFIRMED = "CONFIRMED"
    RETRYING = "RETRYING"
    FAILED = "FAILED"


class MatchKind(StrEnum):
    """How a maker and the taker came together: shares change hands, are minted or are merged."""

    COMPLEMENTARY = "COMPLEMENTARY"
    MINT = "MINT"
    MERGE = "MERGE"


class Mode(StrEnum):
    """What the whole exchange takes at the moment."""

    NORMAL = "normal"
    RESTARTING = "restarting"
    """425 to everything that trades."""
    POST_ONLY = "post_only"
    """503 with code `post_only_mode` to whatever is not post-only."""
    CANCEL_ONLY = "cancel_only"
    """503 to orders; cancels pass."""
    DISABLED = "disabled"
    """503 to orders and cancels."""


class Refusal(msgspec.Struct, frozen=True, gc=False):
    """An answer that is no success: HTTP status and the venue's own words."""

    status: int
    message: str
    code: str = ""
    retry_after_s: int = 0


class VenueMarket(msgspec.Struct, kw_only=True, gc=False):
    """A binary market; what trading changes (tick, acceptance, resolution) is changed here by the state machine."""

    condition_id: str
    token_ids: tuple[str, str]
    """Outcome 0 ("Yes") and outcome 1 ("No"): what the book trades. Position ids where `version` is "v2"."""
    question_id: str = ""
    slug: str = ""
    event_slug: str = ""
    title: str = ""
    category: str = ""
    outcomes: tuple[str, str] = ("Yes", "No")
    version: str = "v1"
    position_ids: tuple[str, ...] = ()
    """Told beside the token ids on some v1 markets; they are not traded there."""
    neg_risk: bool = False
    neg_risk_market_id: str = ""
    tick_micro: int = 10_000
    min_order_micro: int = 5_000_000
    fee: FeeSchedule = FeeSchedule(0)
    fee_type: str = ""
    rebate_rate_micro: int = 0
    taker_delay: bool = False
    """`itode`: marketable orders are held for 250 ms."""
    seconds_delay: int = 0
    """Sports: marketable orders are held for so many seconds."""
    game_start_ts: int = -1
    clear_book_on_start: bool = False
    end_ts: int = -1
    created_ts: int = 0
    accepting_orders: bool = True
    resolved_ts: int = -1
    payouts_micro: tuple[int, ...] = ()

    @property
    def resolved(self) -> bool:
        """Whether it has paid out."""
        return self.resolved_ts >= 0


class NewOrder(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An order as it was posted; whoever hands it over has verified its signature and its owner."""

    order_id: str
    """The EIP-712 hash: 0x and 64 hex digits."""
    owner: str
    """The API key (uuid) it came under."""
    maker: str
    signer: str
    token_id: str
    side: str
    maker_amount: int
    taker_amount: int
    salt: int
    timestamp_ms: int
    order_type: str = OrderType.GTC
    signature_type: int = 3
    expiration_s: int = 0
    post_only: bool = False
    builder: str = NO_BYTES32
    """64 hex digits without 0x."""
    metadata: str = NO_BYTES32


class Placed(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The answer to one order: `refusal` is None where it was taken."""

    order_id: str = ""
    status: str = ""
    """live, matched, delayed or unmatched."""
    making_micro: int = 0
    """What the order gave at once; 0 prints as an empty string."""
    taking_micro: int = 0
    trade_ids: tuple[str, ...] = ()
    transaction_hashes: tuple[str, ...] = ()
    refusal: Refusal | None = None


class Cancelled(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The answer to a cancel: what went, and why the rest did not."""

    canceled: tuple[str, ...] = ()
    not_canceled: dict[str, str] = {}
    refusal: Refusal | None = None


class VenueOrder(msgspec.Struct, kw_only=True, gc=False):
    """An order the exchange took, as it stands now."""

    order_id: str
    owner: str
    maker: str
    signer: str
    condition_id: str
    token_id: str
    outcome_index: int
    side: str
    price_micro: int
    size_micro: int
    """Original shares."""
    order_type: str
    expiration_s: int
    post_only: bool
    builder: str
    metadata: str
    created_ts: int
    state: OrderState
    matched_micro: int = 0
    trade_ids: list[str] = []
    handle: int = -1
    """In the market's book while it rests."""
    builder_maker_bps: int = 0
    builder_taker_bps: int = 0
    """What its builder charges."""
    signed_ts: int = 0
    """When its signer says that it was made."""

    @property
    def left_micro(self) -> int:
        """Shares that are not matched."""
        return self.size_micro - self.matched_micro


class MakerFill(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What one resting order gave to a trade."""

    order_id: str
    owner: str
    maker: str
    token_id: str
    outcome_index: int
    side: str
    price_micro: int
    """Of the maker's own token."""
    size_micro: int
    cash_micro: int
    """Collateral the maker paid (BUY) or got (SELL)."""
    kind: MatchKind
    fee_micro: int = 0
    """The builder's: the platform charges makers nothing."""
    builder: str = NO_BYTES32
    metadata: str = NO_BYTES32


class VenueTrade(msgspec.Struct, kw_only=True, gc=False):
    """One match of a taker's order with resting ones: one transaction on the chain."""

    trade_id: str
    taker_order_id: str
    condition_id: str
    token_id: str
    outcome_index: int
    owner: str
    maker: str
    """The taker's wallet (the maker of the taker's order, as the contracts say)."""
    side: str
    price_micro: int
    """Collateral over shares, rounded to a micro-unit."""
    size_micro: int
    cash_micro: int
    """Collateral without the fee."""
    fee_micro: int
    """The taker's: the platform's and the builder's."""
    builder: str
    metadata: str
    match_ts: int
    transaction_hash: str
    makers: tuple[MakerFill, ...]
    state: TradeState = TradeState.MATCHED
    updated_ts: int = 0
    block: int = -1
    bucket_index: int = 0


class Level(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A price and the shares that rest there."""

    price_micro: int
    size_micro: int


class BookView(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One token's book as the venue tells it: both arrays end with the best price."""

    condition_id: str
    token_id: str
    ts: int
    bids: tuple[Level, ...]
    """Ascending."""
    asks: tuple[Level, ...]
    """Descending."""
    tick_micro: int
    min_order_micro: int
    neg_risk: bool
    last_trade_micro: int
    """-1 where nothing was traded."""
    hash: str


class BookEntry(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One changed level of one token; every change makes two of them, one in each token's book."""

    token_id: str
    side: str
    price_micro: int
    size_micro: int
    """The new total; 0 where the level is gone."""
    best_bid_micro: int
    """0 where there is none."""
    best_ask_micro: int
    """1000000 where there is none."""


class Log(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One event log of the chain, as `eth_getLogs` tells it (numbers still numbers)."""

    address: str
    topics: tuple[str, ...]
    data: str
    block: int
    block_hash: str
    block_ts: int
    transaction_hash: str
    transaction_index: int
    log_index: int
    removed: bool = False


class Block(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A mined block with its logs."""

    number: int
    hash: str
    ts: int
    transactions: tuple[str, ...]
    logs: tuple[Log, ...]
    parent_hash: str = ""


class BookChanged(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Levels of a market's two books changed: a `price_change` frame.

    Hashes cost time and are not part of it: a listener that needs one calls `Venue.book(token_id).hash` at once.
    """

    ts: int
    condition_id: str
    entries: tuple[BookEntry, ...]


class BookCleared(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A market's book was emptied at once (game start, resolution) or needs a new snapshot (`book` frames)."""

    ts: int
    condition_id: str


class TradeUpdated(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A trade was made or its settlement moved on; `state` is the state at this moment."""

    ts: int
    trade: VenueTrade
    state: TradeState


class OrderUpdated(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """PLACEMENT, UPDATE (matched) or CANCELLATION of an order; figures are of this moment."""

    ts: int
    order: VenueOrder
    kind: str
    matched_micro: int
    state: OrderState


class TickChanged(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A market has a new tick."""

    ts: int
    condition_id: str
    old_tick_micro: int
    new_tick_micro: int


class MarketAdded(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A market was listed."""

    ts: int
    market: VenueMarket


class MarketResolved(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A market has paid out (the chain's log comes with the next block)."""

    ts: int
    market: VenueMarket
    payouts_micro: tuple[int, ...]


class BlockMined(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A block with its logs; empty blocks are not told."""

    ts: int
    block: Block


class BlockRemoved(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A reorganisation took a block back, with all it moved; each log has `removed` set. Most are mined again later."""

    ts: int
    block: Block


class PositionMoved(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A wallet's SPLIT, MERGE, REDEEM or CONVERSION, or its MAKER_REBATE or TAKER_REBATE (in no market), as mined."""

    ts: int
    kind: str
    wallet: str
    condition_id: str
    amount_micro: int
    cash_micro: int
    transaction_hash: str
    given_ids: tuple[str, ...] = ()
    """Of a conversion: the markets whose "No" was given for "Yes" of the event's others."""


VenueEvent = (
    BookChanged
    | BookCleared
    | TradeUpdated
    | OrderUpdated
    | TickChanged
    | MarketAdded
    | MarketResolved
    | BlockMined
    | BlockRemoved
    | PositionMoved
)
"""What a listener is told, in the order in which it happens."""


class Account(msgspec.Struct, kw_only=True, gc=False):
    """A wallet: what the chain says it owns, and what matched trades will still take from it."""

    address: str
    owner: str
    """The key that signs for it."""
    signature_type: int = 3
    cash_micro: int = 0
    allowances_micro: dict[str, int] = {}
    """Collateral allowance by spender contract (lower case); whatever is not named is not allowed."""
    approved: set[str] = set()
    """Operators (lower case) that may move its outcome tokens."""
    tokens: dict[str, int] = {}
    """Shares by token, as mined."""
    owed_cash_micro: int = 0
    """What matched trades will take when they are mined."""
    owed_tokens: dict[str, int] = {}
    banned: bool = False
    closed_only: bool = False
    deployed: bool = True
    """Whether the wallet's contract exists on the chain."""
    session_signers: dict[str, tuple[int, tuple[str, ...]]] = {}
    """Of a deposit wallet: until when (seconds) and for what a key may sign beside the owner, by lower-case address."""


class Heartbeat(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The answer to a heartbeat: the id to send next, refused where another one was due."""

    heartbeat_id: str
    refusal: Refusal | None = None


@dataclass(frozen=True, slots=True)
class SettlementFaults:
    """Which settlements go wrong, decided by seed and trade alone; shares in micro (10000 is 1 %)."""

    seed: int = 0
    fail_micro: int = 0
    """Trades that end FAILED after RETRYING."""
    retry_micro: int = 0
    """Trades that are mined after one RETRYING."""
    reorg_micro: int = 0
    """Blocks with logs that are taken back; their transactions are mined again by the next one."""
    drop_micro: int = 0
    """Trades of blocks that were taken back which are never mined again: they end FAILED."""


@dataclass(frozen=True, slots=True)
class VenueRules:
    """The exchange's own clockwork."""

    seed: int = 0
    genesis_ns: int = 0
    """When block `first_block` is mined; set it to the start of the run."""
    first_block: int = 90_000_000
    block_ns: int = 2 * NANOS
    settle_ns: int = 2 * NANOS
    """From a match to the earliest block that may mine it."""
    confirm_ns: int = 4 * NANOS
    """From MINED to CONFIRMED."""
    retry_ns: int = 6 * NANOS
    """From RETRYING to the second attempt or to FAILED."""
    taker_delay_ns: int = 250_000_000
    heartbeat_ns: int = 10 * NANOS
    restart_ns: int = 90 * NANOS
    post_only_ns: int = 120 * NANOS
    """Post-only after a restart."""
    keep_blocks: int = 5_000
    """Blocks whose logs are remembered."""
    keep_ns: int = 0
    """For how long ended orders and trades, and blocks, are remembered; 0: for ever."""
    eoa_makers: bool = False
    """Whether plain keys (signature type 0) may be makers; the venue refuses new ones."""
    faults: SettlementFaults = SettlementFaults()


NO_RULES = VenueRules()
