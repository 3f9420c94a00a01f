"""First topics of the chain events that tell of the venue's trades, positions, fees and resolutions.

Source: the contracts' event signatures (FACTS 7.2); a topic is the Keccak-256 of its signature.
"""

from enum import StrEnum

from whaletrader.domain.order_hash import keccak256


class ChainEvent(StrEnum):
    """Event signatures by contract; V2V3 are the exchanges in force, V1 those of the archives."""

    V1_ORDER_FILLED = "OrderFilled(bytes32,address,address,uint256,uint256,uint256,uint256,uint256)"
    V1_ORDERS_MATCHED = "OrdersMatched(bytes32,address,uint256,uint256,uint256,uint256)"
    V1_ORDER_CANCELLED = "OrderCancelled(bytes32)"
    V1_FEE_CHARGED = "FeeCharged(address,uint256,uint256)"
    V1_TOKEN_REGISTERED = "TokenRegistered(uint256,uint256,bytes32)"
    ORDER_FILLED = "OrderFilled(bytes32,address,address,uint8,uint256,uint256,uint256,uint256,bytes32,bytes32)"
    ORDERS_MATCHED = "OrdersMatched(bytes32,address,uint8,uint256,uint256,uint256)"
    FEE_CHARGED = "FeeCharged(address,uint256)"
    CONDITION_PREPARATION = "ConditionPreparation(bytes32,address,bytes32,uint256)"
    CONDITION_RESOLUTION = "ConditionResolution(bytes32,address,bytes32,uint256,uint256[])"
    POSITION_SPLIT = "PositionSplit(address,address,bytes32,bytes32,uint256[],uint256)"
    POSITIONS_MERGE = "PositionsMerge(address,address,bytes32,bytes32,uint256[],uint256)"
    PAYOUT_REDEMPTION = "PayoutRedemption(address,address,bytes32,bytes32,uint256[],uint256)"
    TRANSFER_SINGLE = "TransferSingle(address,address,address,uint256,uint256)"
    TRANSFER_BATCH = "TransferBatch(address,address,address,uint256[],uint256[])"
    APPROVAL_FOR_ALL = "ApprovalForAll(address,address,bool)"
    TRANSFER = "Transfer(address,address,uint256)"
    NEG_RISK_SPLIT = "PositionSplit(address,bytes32,uint256)"
    NEG_RISK_MERGE = "PositionsMerge(address,bytes32,uint256)"
    NEG_RISK_CONVERTED = "PositionsConverted(address,bytes32,uint256,uint256)"
    NEG_RISK_REDEMPTION = "PayoutRedemption(address,bytes32,uint256[],uint256)"
    NEG_RISK_MARKET_PREPARED = "MarketPrepared(bytes32,address,uint256,bytes)"
    NEG_RISK_QUESTION_PREPARED = "QuestionPrepared(bytes32,bytes32,uint256,bytes)"
    NEG_RISK_OUTCOME_REPORTED = "OutcomeReported(bytes32,bytes32,bool)"
    FEE_REFUNDED = "FeeRefunded(bytes32,address,uint256,uint256,uint256)"
    SAFE_PROXY_CREATION = "ProxyCreation(address,address)"


TOPICS: dict[ChainEvent, str] = {event: "0x" + keccak256(event.value.encode()).hex() for event in ChainEvent}
"""topic0 by event: 0x and 64 hex digits, lower case."""
EVENTS: dict[str, ChainEvent] = {topic: event for event, topic in TOPICS.items()}
"""The event of a topic0."""
