"""`market.data` and `activity.trades`: what the runtime's ingest saw."""

from whaletrader.messages.envelope import Part, Payload, Publisher, Topic, message


class MarketTerms(Part, frozen=True, kw_only=True):
    """What must be known of a market before an order can be made; -1 stands for an unknown number."""

    event_group_id: str
    token_ids: tuple[str, ...]
    """Outcome 0 and outcome 1."""
    category: str
    market_version: str
    neg_risk: bool
    tick_micro: int
    min_order_micro: int
    fee_rate_micro: int
    fee_exponent: int
    fee_times_price: bool
    fee_provenance: str
    end_ts: int


@message(Topic.MARKET_DATA, Publisher.INGEST, key="market_id")
class MarketDataUpdate(Payload, frozen=True, kw_only=True):
    """The newest price of one token, from a print or a quote; where no quote is known the spread is assumed."""

    market_id: str
    token_id: str
    outcome_index: int
    price_micro: int
    """Last print of the token (the other outcome's print counts at 1 - price)."""
    bid_micro: int
    ask_micro: int
    bid_size_micro: int
    ask_size_micro: int
    """Sizes are -1 where unknown."""
    quote_assumed: bool
    print_wallet: str
    """Whose print it was, so that a leader's own print is never our price; empty for a quote."""
    terms: MarketTerms
    segment_id: str
    row: int


@message(Topic.MARKET_DATA, Publisher.INGEST, key="market_id")
class MarketResolved(Payload, frozen=True, kw_only=True):
    """A market paid out."""

    market_id: str
    event_group_id: str
    token_ids: tuple[str, ...]
    payouts_micro: tuple[int, ...]


@message(Topic.MARKET_DATA, Publisher.INGEST, key="segment_id")
class SegmentSealed(Payload, frozen=True, kw_only=True):
    """A segment of market data was sealed; messages cite its rows."""

    segment_id: str
    source: str
    sha256: str
    first_row: int
    rows: int
    first_ts: int
    last_ts: int


@message(Topic.ACTIVITY_TRADES, Publisher.INGEST, key="market_id")
class WhaleTradeObserved(Payload, frozen=True, kw_only=True):
    """A followed or candidate wallet traded, or a new position of his was found by polling."""

    kind: str
    """`LeaderEventKind`."""
    wallet: str
    market_id: str
    token_id: str
    outcome_index: int
    side: str
    role: str
    price_micro: int
    """The leader's price for a fill, the market's price when found for a position."""
    size_micro: int
    tx_hash: str
    prev_seen_ts: int
    """The look before, for a position found by polling; 0 for a fill."""
    segment_id: str
    row: int


@message(Topic.ACTIVITY_TRADES, Publisher.INGEST, key="market_id")
class WhalePositionChanged(Payload, frozen=True, kw_only=True):
    """A wallet's position in one token changed without a trade: a split, a merge or a neg-risk conversion."""

    kind: str
    """`LeaderEventKind` FILL: such changes are known of wallets whose fills are watched."""
    wallet: str
    market_id: str
    token_id: str
    outcome_index: int
    change: str
    """SPLIT, MERGE or CONVERSION; each is told once for every token that it moved."""
    side: str
    """BUY where the wallet got shares, SELL where it gave them up."""
    size_micro: int
    tx_hash: str
    segment_id: str
    row: int
