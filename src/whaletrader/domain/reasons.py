"""Every reason for which Whale Trader does not do something, as closed sets; `EXPLANATIONS` is their documentation.

The page `docs/reasons.md` is generated from here; a test holds them together.
"""

from enum import StrEnum


class SkipReason(StrEnum):
    """Why a leader's event led to no copy signal or to no proposal."""

    NOT_FOLLOWED = "NOT_FOLLOWED"
    STALE = "STALE"
    MARKET_UNKNOWN = "MARKET_UNKNOWN"
    MARKET_RESOLVED = "MARKET_RESOLVED"
    NO_QUOTE = "NO_QUOTE"
    PRICE_OUT_OF_RANGE = "PRICE_OUT_OF_RANGE"
    NO_EDGE_AFTER_COSTS = "NO_EDGE_AFTER_COSTS"
    NOTHING_TO_EXIT = "NOTHING_TO_EXIT"
    ALREADY_COPIED = "ALREADY_COPIED"
    LEADER_CONFLICT = "LEADER_CONFLICT"
    ANOMALY = "ANOMALY"
    MANIPULATION = "MANIPULATION"
    REGIME = "REGIME"
    TRADING_HALTED = "TRADING_HALTED"
    NOT_ALLOCATED = "NOT_ALLOCATED"
    MERGED_INSTEAD = "MERGED_INSTEAD"


class DenyReason(StrEnum):
    """Why the risk kernel denied a proposal (the venue rejects, we deny)."""

    NO_EDGE = "NO_EDGE"
    BELOW_VENUE_MINIMUM = "BELOW_VENUE_MINIMUM"
    PER_TRADE = "PER_TRADE"
    PER_LEADER = "PER_LEADER"
    OPEN_POSITIONS = "OPEN_POSITIONS"
    PORTFOLIO_CVAR = "PORTFOLIO_CVAR"
    CORRELATION = "CORRELATION"
    CASH = "CASH"
    DAILY_LOSS = "DAILY_LOSS"
    DRAWDOWN = "DRAWDOWN"
    REDUCING_ONLY = "REDUCING_ONLY"
    HALTED = "HALTED"
    KILLED = "KILLED"
    UNKNOWN_MARKET = "UNKNOWN_MARKET"
    UNKNOWN_MARKET_VERSION = "UNKNOWN_MARKET_VERSION"
    MARKET_RESOLVED = "MARKET_RESOLVED"
    STALE_DATA = "STALE_DATA"
    NO_FEE_SCHEDULE = "NO_FEE_SCHEDULE"
    UNKNOWN_ACCOUNT = "UNKNOWN_ACCOUNT"
    NOT_RISK_REDUCING = "NOT_RISK_REDUCING"
    EXPIRED = "EXPIRED"
    MALFORMED = "MALFORMED"


class BindingLimit(StrEnum):
    """Which limit decided the size of an approval."""

    KELLY = "KELLY"
    DESIRED_SIZE = "DESIRED_SIZE"
    PER_TRADE = "PER_TRADE"
    PER_LEADER = "PER_LEADER"
    PORTFOLIO_CVAR = "PORTFOLIO_CVAR"
    CASH = "CASH"
    POSITION = "POSITION"


class ExecutionReason(StrEnum):
    """Why an approval led to no order, or what made no sense about one (`ExecutionError`, `OrderRejected`)."""

    EXPIRED = "EXPIRED"
    UNKNOWN_MARKET = "UNKNOWN_MARKET"
    PRICE_OUT_OF_RANGE = "PRICE_OUT_OF_RANGE"
    BELOW_VENUE_MINIMUM = "BELOW_VENUE_MINIMUM"
    DUPLICATE_APPROVAL = "DUPLICATE_APPROVAL"
    UNKNOWN_ACCOUNT = "UNKNOWN_ACCOUNT"
    NEVER_ARRIVED = "NEVER_ARRIVED"
    OUTCOME_STILL_UNKNOWN = "OUTCOME_STILL_UNKNOWN"
    UNKNOWN_ORDER_REPORT = "UNKNOWN_ORDER_REPORT"
    OVERFILL = "OVERFILL"
    CONFLICTING_FILL = "CONFLICTING_FILL"
    FILL_AFTER_CLOSE = "FILL_AFTER_CLOSE"
    REJECTED_AFTER_ACCEPTANCE = "REJECTED_AFTER_ACCEPTANCE"
    CONFLICTING_SETTLEMENT = "CONFLICTING_SETTLEMENT"
    FORGOTTEN = "FORGOTTEN"
    MEANINGLESS = "MEANINGLESS"
    REDEMPTION_FAILED = "REDEMPTION_FAILED"
    REDEEMED_NOTHING = "REDEEMED_NOTHING"
    MERGE_FAILED = "MERGE_FAILED"
    MERGED_FOR_LESS = "MERGED_FOR_LESS"


class DeadLetterReason(StrEnum):
    """Why bytes or a message could not be handled."""

    UNKNOWN_TYPE = "UNKNOWN_TYPE"
    UNKNOWN_VERSION = "UNKNOWN_VERSION"
    TRUNCATED = "TRUNCATED"
    OVERSIZED = "OVERSIZED"
    MALFORMED = "MALFORMED"
    BAD_VALUE = "BAD_VALUE"
    CLOCK_BACKWARDS = "CLOCK_BACKWARDS"
    UNKNOWN_MARKET = "UNKNOWN_MARKET"


class PruneReason(StrEnum):
    """Why a leader is followed no more."""

    EDGE_GONE = "EDGE_GONE"
    INSUFFICIENT_DATA = "INSUFFICIENT_DATA"
    NOT_IN_SCAN = "NOT_IN_SCAN"
    OPERATOR = "OPERATOR"
    OUTRANKED = "OUTRANKED"
    COPIES_LOST = "COPIES_LOST"
    EDGE_DRIFTED = "EDGE_DRIFTED"


EXPLANATIONS: dict[StrEnum, str] = {
    SkipReason.NOT_FOLLOWED: "The wallet is not on the list of followed leaders for this kind of event.",
    SkipReason.STALE: "The event reached us later than the greatest age at which a copy still makes sense.",
    SkipReason.MARKET_UNKNOWN: "No terms (tick, minimum, fee schedule) are known for the market.",
    SkipReason.MARKET_RESOLVED: "The market had resolved before we could have traded.",
    SkipReason.NO_QUOTE: "No price of somebody else is known for the token: the leader's own price is no stand-in.",
    SkipReason.PRICE_OUT_OF_RANGE: "The price lies outside the tradable range of ticks.",
    SkipReason.NO_EDGE_AFTER_COSTS: "The leader's shrunk edge does not cover half-spread, fee, impact and price drift.",
    SkipReason.NOTHING_TO_EXIT: "The leader sold a token that we do not hold on his account.",
    SkipReason.ALREADY_COPIED: "We hold, or have ordered, this leader's bet on this token already.",
    SkipReason.LEADER_CONFLICT: "Another followed leader holds the opposite outcome of the same market.",
    SkipReason.ANOMALY: "An unresolved severe anomaly stands against the market.",
    SkipReason.MANIPULATION: "The pattern of trades looks like wash trading or churn.",
    SkipReason.REGIME: "The market's regime (for example low liquidity) forbids copying.",
    SkipReason.TRADING_HALTED: "Trading is halted by the breaker, the ladder or the kill switch.",
    SkipReason.NOT_ALLOCATED: "The allocation gives the leader no share: no drawn belief of his edge was positive.",
    SkipReason.MERGED_INSTEAD: "All that was to be sold is part of complete sets, which are merged instead.",
    DenyReason.NO_EDGE: "The expected value after costs is not positive: no edge, no trade.",
    DenyReason.BELOW_VENUE_MINIMUM: "The greatest admissible size is below what the venue accepts.",
    DenyReason.PER_TRADE: "The limit per trade leaves no size.",
    DenyReason.PER_LEADER: "The exposure to this leader has reached its limit.",
    DenyReason.OPEN_POSITIONS: "The greatest number of open positions is reached.",
    DenyReason.PORTFOLIO_CVAR: "The portfolio's CVaR leaves no room.",
    DenyReason.CORRELATION: "The payoff is too closely correlated with an open position.",
    DenyReason.CASH: "Free cash, less reservations, does not cover the cost.",
    DenyReason.DAILY_LOSS: "The daily loss limit is reached.",
    DenyReason.DRAWDOWN: "The drawdown ladder forbids new risk.",
    DenyReason.REDUCING_ONLY: "Only orders that reduce risk are taken now.",
    DenyReason.HALTED: "Trading is halted until an operator resumes it.",
    DenyReason.KILLED: "The kill switch is thrown.",
    DenyReason.UNKNOWN_MARKET: "The market or token is not known to the risk kernel.",
    DenyReason.UNKNOWN_MARKET_VERSION: "The market's protocol version is not one we can trade.",
    DenyReason.MARKET_RESOLVED: "The market has resolved.",
    DenyReason.STALE_DATA: "The newest price is older than the kernel accepts.",
    DenyReason.NO_FEE_SCHEDULE: "No fee schedule, or one of too weak a provenance, is known.",
    DenyReason.UNKNOWN_ACCOUNT: "The proposal names an account that this kernel does not run.",
    DenyReason.NOT_RISK_REDUCING: "A reduce-only order would not reduce risk.",
    DenyReason.EXPIRED: "The proposal had expired when it reached the kernel.",
    DenyReason.MALFORMED: "The proposal's numbers make no sense.",
    BindingLimit.KELLY: "The fractional Kelly stake was the smallest.",
    BindingLimit.DESIRED_SIZE: "The proposer wanted no more.",
    BindingLimit.PER_TRADE: "The limit per trade was the smallest.",
    BindingLimit.PER_LEADER: "The limit per leader was the smallest.",
    BindingLimit.PORTFOLIO_CVAR: "The portfolio's CVaR was the smallest.",
    BindingLimit.CASH: "Free cash was the smallest.",
    BindingLimit.POSITION: "A reduce-only order is no larger than the position.",
    ExecutionReason.EXPIRED: "The approval had expired when it reached execution.",
    ExecutionReason.UNKNOWN_MARKET: "No terms (tick, minimum, fee schedule) are known for the market.",
    ExecutionReason.PRICE_OUT_OF_RANGE: "No multiple of the market's tick lies within the approved price.",
    ExecutionReason.BELOW_VENUE_MINIMUM: "What the approval affords is below what the venue accepts.",
    ExecutionReason.DUPLICATE_APPROVAL: "The approval was turned into an order before.",
    ExecutionReason.UNKNOWN_ACCOUNT: "The approval names an account that this execution does not run.",
    ExecutionReason.NEVER_ARRIVED: "The exchange does not know the order, and its time is over: it cannot arrive now.",
    ExecutionReason.OUTCOME_STILL_UNKNOWN: "The order was asked for as often as allowed, and its outcome is not known.",
    ExecutionReason.UNKNOWN_ORDER_REPORT: "The exchange reported about an order that is not ours, or long finished.",
    ExecutionReason.OVERFILL: "A report says more than the order's size; the fill was not counted.",
    ExecutionReason.CONFLICTING_FILL: "The same trade was told again with other numbers; the first telling counts.",
    ExecutionReason.FILL_AFTER_CLOSE: "A fill was told after the order had ended; it counts, because money moved.",
    ExecutionReason.REJECTED_AFTER_ACCEPTANCE: "A rejection was told of an order that lives or was filled.",
    ExecutionReason.CONFLICTING_SETTLEMENT: "A fill was told as settled and as failed; the first telling counts.",
    ExecutionReason.FORGOTTEN: "The exchange does not know an order that it had accepted.",
    ExecutionReason.MEANINGLESS: "A report fits no order and no trade.",
    ExecutionReason.REDEMPTION_FAILED: "A redemption was not sent or failed; the shares are still ours.",
    ExecutionReason.REDEEMED_NOTHING: "A redemption of winning shares brought no collateral.",
    ExecutionReason.MERGE_FAILED: "A merge of complete sets was not sent or failed; the shares are still ours.",
    ExecutionReason.MERGED_FOR_LESS: "A merge of complete sets brought less collateral than one unit for each set.",
    DeadLetterReason.UNKNOWN_TYPE: "The message type is not registered.",
    DeadLetterReason.UNKNOWN_VERSION: "The schema version of this type is not registered.",
    DeadLetterReason.TRUNCATED: "The bytes end before the message does.",
    DeadLetterReason.OVERSIZED: "The message is larger than the limit.",
    DeadLetterReason.MALFORMED: "The bytes are no message of this type.",
    DeadLetterReason.BAD_VALUE: "A field's value is impossible.",
    DeadLetterReason.CLOCK_BACKWARDS: "A source's clock went backwards.",
    DeadLetterReason.UNKNOWN_MARKET: "The fact names a market that is not in the dataset.",
    PruneReason.EDGE_GONE: "The follower's edge is not positive: its lower bound, or what shrinking leaves of it.",
    PruneReason.INSUFFICIENT_DATA: "Too few resolved bets are left in the scoring window.",
    PruneReason.NOT_IN_SCAN: "The newest scan of the universe does not list the wallet.",
    PruneReason.OPERATOR: "An operator asked for it.",
    PruneReason.OUTRANKED: "The list is full, and others have a higher lower bound.",
    PruneReason.COPIES_LOST: "Our own copies of the leader lost more than the bound.",
    PruneReason.EDGE_DRIFTED: "As many detectors as asked for agree that the follower's edge fell since he was chosen.",
}
