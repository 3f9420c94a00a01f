"""The rows that the venue's sources are decoded into, whichever source told them; types only, nothing is decoded here.

Prices, sizes and fees are micro-units, times are UTC nanoseconds, addresses, hashes and condition ids are lower case,
token ids are decimal text. -1 (or "") stands for what the source does not tell.
"""

from typing import Literal

import msgspec

Levels = tuple[tuple[int, int], ...]
"""(price, size) in micro-units, in the venue's order: the best level is the last."""
HEAD_BYTES = 256
"""How much of what was refused is kept."""


class Reject(msgspec.Struct, frozen=True, kw_only=True):
    """What could not be used, and why."""

    source: str
    reason: str
    """One word of a small set: what the dead-letter log counts by."""
    detail: str = ""
    head: bytes = b""
    """The beginning of what was refused, at most `HEAD_BYTES`."""


class _Row(msgspec.Struct, frozen=True, kw_only=True, tag_field="row"):
    """Stored rows say what they are in the field `row`."""


class VenueFill(_Row, frozen=True, kw_only=True, tag="fill", gc=False):
    """One wallet's side of one match."""

    source: str
    """`FillSource`."""
    wallet: str
    token_id: str
    side: str
    """`domain.values.Side`."""
    price_micro: int
    size_micro: int
    ts_event: int
    tx_hash: str
    market_id: str = ""
    """Empty where the source names the token only (chain, subgraph)."""
    outcome_index: int = -1
    role: str = ""
    """`domain.values.Role` word, "" where the source does not tell."""
    fee_micro: int = -1
    log_index: int = -1
    block: int = -1
    order_hash: str = ""
    removed: bool = False
    """Whether a reorganisation of the chain took the log back."""
    event_slug: str = ""


class BookSnapshot(_Row, frozen=True, kw_only=True, tag="book"):
    """The whole book of one token, from a `book` frame or `GET /book`."""

    market_id: str
    token_id: str
    ts_event: int
    bids: Levels
    asks: Levels
    hash: str = ""
    tick_micro: int = -1
    last_trade_micro: int = -1
    min_order_micro: int = -1
    neg_risk: bool | None = None


class BookDelta(_Row, frozen=True, kw_only=True, tag="delta"):
    """One level of one token's book as it now is; size 0: the level is gone."""

    market_id: str
    token_id: str
    ts_event: int
    price_micro: int
    size_micro: int
    side: str
    """BUY: a bid; SELL: an ask."""
    best_bid_micro: int = -1
    best_ask_micro: int = -1
    hash: str = ""


class BestBidAsk(_Row, frozen=True, kw_only=True, tag="best"):
    """The best prices of one token, as the venue's own frame tells them; -1 for an empty side."""

    market_id: str
    token_id: str
    ts_event: int
    best_bid_micro: int
    best_ask_micro: int


class LastTrade(_Row, frozen=True, kw_only=True, tag="last_trade"):
    """A trade as the market channel tells it: without wallets."""

    market_id: str
    token_id: str
    ts_event: int
    price_micro: int
    size_micro: int
    side: str
    tx_hash: str = ""


class TickSizeChange(_Row, frozen=True, kw_only=True, tag="tick"):
    """A market's tick changed; orders built with the old one are refused."""

    market_id: str
    token_id: str
    ts_event: int
    old_tick_micro: int
    new_tick_micro: int


class MarketResolvedFrame(_Row, frozen=True, kw_only=True, tag="resolved"):
    """The market channel says which outcome won; the chain is the authority."""

    market_id: str
    ts_event: int
    winning_token_id: str
    winning_outcome: str = ""
    token_ids: tuple[str, ...] = ()


class NewMarketFrame(_Row, frozen=True, kw_only=True, tag="new_market"):
    """The market channel tells of a new market."""

    market_id: str
    ts_event: int
    token_ids: tuple[str, ...]
    outcomes: tuple[str, ...] = ()
    slug: str = ""
    question: str = ""
    tick_micro: int = -1
    fee_rate_micro: int = -1
    fee_exponent: int = -1
    fee_taker_only: bool = True
    fee_rebate_micro: int = -1


class UserOrder(_Row, frozen=True, kw_only=True, tag="user_order"):
    """An order of ours as the user channel tells it."""

    order_id: str
    market_id: str
    token_id: str
    ts_event: int
    type: str
    """PLACEMENT, UPDATE or CANCELLATION."""
    side: str
    price_micro: int
    original_size_micro: int
    size_matched_micro: int
    outcome: str = ""
    owner: str = ""
    associate_trades: tuple[str, ...] = ()
    status: str = ""
    order_type: str = ""
    maker: str = ""


class MakerOrder(msgspec.Struct, frozen=True, kw_only=True):
    """One resting order of a match."""

    order_id: str
    token_id: str
    price_micro: int
    matched_micro: int
    side: str = ""
    outcome: str = ""
    owner: str = ""
    maker: str = ""


class UserTrade(_Row, frozen=True, kw_only=True, tag="user_trade"):
    """A match with an order of ours, at one of the steps of its settlement."""

    trade_id: str
    market_id: str
    token_id: str
    ts_event: int
    """Time of the last update, else of the match."""
    ts_match: int
    status: str
    """MATCHED, MINED, CONFIRMED, RETRYING or FAILED, without a prefix."""
    side: str
    price_micro: int
    size_micro: int
    taker_order_id: str
    maker_orders: tuple[MakerOrder, ...]
    trader_side: str = ""
    """TAKER or MAKER."""
    outcome: str = ""
    owner: str = ""
    tx_hash: str = ""
    fee_rate_bps: int = -1
    bucket_index: int = -1


class ChainResolution(_Row, frozen=True, kw_only=True, tag="resolution"):
    """How a condition paid out."""

    source: str
    """The source: chain, data_v2, gamma or subgraph."""
    market_id: str
    payouts_micro: tuple[int, ...]
    """Per share of each outcome."""
    ts_event: int = -1
    tx_hash: str = ""
    log_index: int = -1
    block: int = -1
    removed: bool = False


class PositionChange(_Row, frozen=True, kw_only=True, tag="change"):
    """A position changed without a trade."""

    source: str
    kind: str
    """SPLIT, MERGE, REDEEM or CONVERSION; of the Data API also REWARD, MAKER_REBATE and the like."""
    wallet: str
    """On chain often an adapter's or an exchange's own address: the transfers tell whose tokens they were."""
    amount_micro: int
    ts_event: int = -1
    market_id: str = ""
    """The condition; for a CONVERSION the neg-risk market."""
    token_id: str = ""
    outcome_index: int = -1
    usd_micro: int = -1
    index_sets: tuple[int, ...] = ()
    """Bit sets of outcomes; for a CONVERSION the questions given up."""
    tx_hash: str = ""
    log_index: int = -1
    block: int = -1
    removed: bool = False


class TokenTransfer(_Row, frozen=True, kw_only=True, tag="transfer"):
    """An outcome token changed hands (ERC-1155); zero address: minted or burnt."""

    operator: str
    sender: str
    receiver: str
    token_id: str
    amount_micro: int
    contract: str = ""
    ts_event: int = -1
    tx_hash: str = ""
    log_index: int = -1
    batch_index: int = 0
    block: int = -1
    removed: bool = False


class CollateralTransfer(_Row, frozen=True, kw_only=True, tag="collateral"):
    """Collateral (or another ERC-20) changed hands; `contract` says which."""

    sender: str
    receiver: str
    amount_micro: int
    contract: str = ""
    ts_event: int = -1
    tx_hash: str = ""
    log_index: int = -1
    block: int = -1
    removed: bool = False


class MatchSummary(_Row, frozen=True, kw_only=True, tag="matched"):
    """`OrdersMatched`: a taker's order against all its makers; sums what the fills tell, never a fill of its own."""

    order_hash: str
    wallet: str
    token_id: str
    side: str
    given_micro: int
    received_micro: int
    ts_event: int = -1
    tx_hash: str = ""
    log_index: int = -1
    block: int = -1
    removed: bool = False


class FeeCharge(_Row, frozen=True, kw_only=True, tag="fee"):
    """`FeeCharged`: collateral (V1: a token) taken as a fee."""

    receiver: str
    amount_micro: int
    token_id: str = ""
    ts_event: int = -1
    tx_hash: str = ""
    log_index: int = -1
    block: int = -1
    removed: bool = False


class WalletPosition(_Row, frozen=True, kw_only=True, tag="position"):
    """A position of a wallet as it was when it was asked for."""

    source: str
    wallet: str
    token_id: str
    market_id: str
    size_micro: int
    avg_price_micro: int = -1
    price_micro: int = -1
    outcome_index: int = -1
    outcome: str = ""
    opposite_token_id: str = ""
    total_bought_micro: int = -1
    realized_pnl_micro: int = 0
    fees_micro: int = -1
    status: str = ""
    redeemable: bool = False
    mergeable: bool = False
    neg_risk: bool | None = None
    event_slug: str = ""
    end_ts: int = -1
    last_event_ts: int = -1


class MarketMeta(_Row, frozen=True, kw_only=True, tag="market"):
    """What Gamma (or `/clob-markets`) says of a market."""

    source: str
    market_id: str
    version: str
    """The ids to trade follow from it: "v1" or "v2"; anything else fails closed."""
    token_ids: tuple[str, ...]
    """CTF token ids, outcome 0 first."""
    position_ids: tuple[str, ...] = ()
    """Protocol-V2 ids; there is no book for those of a v1 market."""
    outcomes: tuple[str, ...] = ()
    neg_risk: bool | None = None
    neg_risk_market_id: str = ""
    tick_micro: int = -1
    min_order_micro: int = -1
    fees_enabled: bool | None = None
    fee_type: str = ""
    fee_rate_micro: int = -1
    """-1 unknown; 0 where the market says that it charges none."""
    fee_exponent: int = -1
    fee_taker_only: bool = True
    fee_rebate_micro: int = -1
    seconds_delay: int = -1
    taker_delay: bool | None = None
    """`itode`: orders that cross are held back for a moment."""
    start_ts: int = -1
    end_ts: int = -1
    game_start_ts: int = -1
    clear_book_on_start: bool | None = None
    accepting_orders: bool | None = None
    closed: bool | None = None
    closed_ts: int = -1
    resolved: bool = False
    payouts_micro: tuple[int, ...] = ()
    """Per share of each outcome when resolved, else empty."""
    question_id: str = ""
    slug: str = ""
    question: str = ""
    event_id: str = ""
    event_slug: str = ""
    tags: tuple[str, ...] = ()
    volume_micro: int = -1

    @property
    def tradable_ids(self) -> tuple[str, ...]:
        """The ids that orders name; empty for an unknown version."""
        return {"v1": self.token_ids, "v2": self.position_ids}.get(self.version, ())


Row = (
    VenueFill
    | BookSnapshot
    | BookDelta
    | BestBidAsk
    | LastTrade
    | TickSizeChange
    | MarketResolvedFrame
    | NewMarketFrame
    | UserOrder
    | UserTrade
    | ChainResolution
    | PositionChange
    | TokenTransfer
    | CollateralTransfer
    | MatchSummary
    | FeeCharge
    | WalletPosition
    | MarketMeta
)
"""Any of them; `msgspec` tells them apart by their tag."""

FillSource = Literal["rtds.trades", "rtds.orders_matched", "data_v1", "data_v2", "chain", "subgraph"]


class Decoded(msgspec.Struct, frozen=True):
    """What a frame or an answer held: the usable rows in its own order, and the rest with reasons."""

    rows: tuple[Row, ...] = ()
    rejects: tuple[Reject, ...] = ()
    next_cursor: str = ""
    """Where the answer's next page begins; "" on the last page and in frames."""
