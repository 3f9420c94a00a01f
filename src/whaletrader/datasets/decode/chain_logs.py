"""Logs of the chain as rows: fills of the exchanges (V1, V2, V3), their sums and fees, splits, merges, redemptions,
conversions, resolutions and transfers. Takes answers of `eth_getLogs`, receipts, single logs and frames of
`eth_subscribe`.

A fill's identity is (transaction, log index). A taker's own log names the exchange as its `taker`; sums over fills must
take that log and leave the makers' legs, else volume counts twice. Only the venue's own contracts are believed. Events
of the venue that change no position (approvals, preparations, cancellations) hold no row.
"""

from collections.abc import Callable, Iterable, Mapping

from whaletrader.datasets.decode import fields
from whaletrader.datasets.decode.chain_words import ChainLog, log_of, ratio_micro
from whaletrader.datasets.decode.fields import Unusable
from whaletrader.datasets.decode.rows import (
    ChainResolution,
    CollateralTransfer,
    Decoded,
    FeeCharge,
    MatchSummary,
    PositionChange,
    Reject,
    Row,
    TokenTransfer,
    VenueFill,
)
from whaletrader.domain.event_topics import EVENTS, ChainEvent
from whaletrader.domain.values import MICRO, Role, Side
from whaletrader.domain.venue_contracts import EXCHANGES, VenueContract

SOURCE = "chain"
_EXCHANGES = frozenset(contract.value for contract in EXCHANGES)
_CTF = frozenset({VenueContract.CONDITIONAL_TOKENS.value})
_ADAPTERS = frozenset({VenueContract.NEG_RISK_ADAPTER.value})
_TOKENS = frozenset({VenueContract.CONDITIONAL_TOKENS.value, VenueContract.POSITION_MANAGER.value})
_MAX_MICRO = 9 * 10**18
_COMBO_MODULE = 3
_WRAPPERS = ("params", "result", "logs")
_DEEPEST = 6
_NO_ROW = frozenset(
    {
        ChainEvent.V1_ORDER_CANCELLED,
        ChainEvent.V1_TOKEN_REGISTERED,
        ChainEvent.CONDITION_PREPARATION,
        ChainEvent.APPROVAL_FOR_ALL,
        ChainEvent.NEG_RISK_MARKET_PREPARED,
        ChainEvent.NEG_RISK_QUESTION_PREPARED,
        ChainEvent.NEG_RISK_OUTCOME_REPORTED,
        ChainEvent.FEE_REFUNDED,
        ChainEvent.SAFE_PROXY_CREATION,
    }
)


def decode_logs(answer: bytes | str, block_ts: Mapping[int, int] | None = None) -> Decoded:
    """Decode every log that a JSON-RPC answer or frame holds.

    Parameters
    ----------
    answer : bytes or str
        `eth_getLogs` answer, receipt, subscription frame, a list of logs or one log.
    block_ts : mapping of int to int, optional
        UTC nanoseconds by block number, for nodes that do not put `blockTimestamp` into logs; `ts_event` is -1 else.
    """
    found: list[object] = []
    refused: list[Reject] = []
    try:
        content = fields.parse(answer)
    except Unusable as error:
        return Decoded((), (fields.refuse(SOURCE, error, answer),))
    for each in content if isinstance(content, list) else (content,):
        try:
            found.extend(_logs_in(each) if each is content or _wraps(each) else (each,))
        except Unusable as error:
            refused.append(fields.refuse(SOURCE, error, answer if each is content else each))
    times = block_ts or {}
    decoded = fields.decode_each(SOURCE, found, lambda log: rows_of_log(log_of(log, times)))
    return Decoded(decoded.rows, (*refused, *decoded.rejects))


def rows_of_log(log: ChainLog) -> Iterable[Row]:
    """Return the rows of one log: one, none, or a transfer batch's several.

    Raises
    ------
    Unusable
        The event or its contract is unknown, or it cannot be read.
    """
    event = EVENTS.get(log.topics[0]) if log.topics else None
    if event is None:
        raise Unusable("unknown_event_type", log.topics[0] if log.topics else "")
    if event in _NO_ROW:
        return ()
    reader, contracts = _READERS[event]
    if contracts is not None and log.contract not in contracts:
        raise Unusable("unknown_contract", log.contract)
    return reader(log)


def _logs_in(content: object, depth: int = 0) -> list[object]:
    """Return the logs inside whatever a node sent; an acknowledged subscription holds none."""
    if isinstance(content, list):
        inner = [_logs_in(each, depth + 1) if _wraps(each) else [each] for each in content]
        return [log for logs in inner for log in logs]
    if not isinstance(content, dict) or depth > _DEEPEST:
        return []
    if content.get("error") is not None:
        error = content["error"]
        raise Unusable("server_error", fields.text(error.get("message")) if isinstance(error, dict) else "")
    if "topics" in content:
        return [content]
    for key in _WRAPPERS:
        if isinstance(content.get(key), (dict, list)):
            return _logs_in(content[key], depth + 1)
    return []


def _wraps(thing: object) -> bool:
    """Whether a thing in a list is an answer or a receipt with logs inside, no log itself."""
    return isinstance(thing, dict) and "topics" not in thing and any(key in thing for key in _WRAPPERS)


def _amount(words: list[int], place: int) -> int:
    if words[place] > _MAX_MICRO:
        raise Unusable("amount_too_large")
    return words[place]


def _token(number: int) -> str:
    """Return a token id; combos (module 3 of Protocol V2) are refused by name."""
    if number >> 248 == _COMBO_MODULE and (number >> 40) & ((1 << 64) - 1) == 0:
        raise Unusable("combination_trade")
    if number <= 0:
        raise Unusable("token_missing")
    return str(number)


def _filled(log: ChainLog) -> Iterable[Row]:
    """Decode `OrderFilled` of V2 and V3: side, token, given, received, fee; the fee comes on top of the amounts."""
    words = log.words(5)
    if words[0] > 1:
        raise Unusable("side_unknown", str(words[0]))
    side = Side.SELL if words[0] else Side.BUY
    return (_fill(log, side, words[1], (_amount(words, 2), _amount(words, 3)), _amount(words, 4)),)


def _filled_v1(log: ChainLog) -> Iterable[Row]:
    """Decode `OrderFilled` of V1: the asset that is 0 is collateral. A BUY's fee was taken in shares: told in their
    value at the fill's price."""
    words = log.words(5)
    given, received = words[0], words[1]
    if (given == 0) == (received == 0):
        raise Unusable("side_unknown", "one asset must be collateral")
    side = Side.BUY if given == 0 else Side.SELL
    amounts, fee = (_amount(words, 2), _amount(words, 3)), _amount(words, 4)
    if side is Side.BUY and amounts[1] > 0:
        fee = _amount([fee * amounts[0] // amounts[1]], 0)
    return (_fill(log, side, received if given == 0 else given, amounts, fee),)


def _fill(log: ChainLog, side: Side, token: int, amounts: tuple[int, int], fee: int) -> VenueFill:
    collateral, shares = amounts if side is Side.BUY else amounts[::-1]
    if shares <= 0:
        raise Unusable("size_not_positive")
    price = ratio_micro(collateral, shares)
    if price > MICRO:
        raise Unusable("price_above_one", str(price))
    return VenueFill(
        source=SOURCE,
        wallet=log.topic_address(2),
        token_id=_token(token),
        side=side.value,
        price_micro=price,
        size_micro=shares,
        ts_event=log.ts,
        tx_hash=log.tx_hash,
        role=(Role.TAKER if log.topic_address(3) == log.contract else Role.MAKER).value,
        fee_micro=fee,
        log_index=log.index,
        block=log.block,
        order_hash=log.topic(1),
        removed=log.removed,
    )


def _matched(log: ChainLog) -> Iterable[Row]:
    words = log.words(4)
    if words[0] > 1:
        raise Unusable("side_unknown", str(words[0]))
    side = Side.SELL if words[0] else Side.BUY
    return (_summary(log, side, words[1], (_amount(words, 2), _amount(words, 3))),)


def _matched_v1(log: ChainLog) -> Iterable[Row]:
    words = log.words(4)
    if (words[0] == 0) == (words[1] == 0):
        raise Unusable("side_unknown", "one asset must be collateral")
    side = Side.BUY if words[0] == 0 else Side.SELL
    return (_summary(log, side, words[0] or words[1], (_amount(words, 2), _amount(words, 3))),)


def _summary(log: ChainLog, side: Side, token: int, amounts: tuple[int, int]) -> MatchSummary:
    return MatchSummary(
        order_hash=log.topic(1),
        wallet=log.topic_address(2),
        token_id=_token(token),
        side=side.value,
        given_micro=amounts[0],
        received_micro=amounts[1],
        ts_event=log.ts,
        tx_hash=log.tx_hash,
        log_index=log.index,
        block=log.block,
        removed=log.removed,
    )


def _fee(log: ChainLog) -> Iterable[Row]:
    """Decode `FeeCharged` of V2 and V3; the receiver may be indexed or not."""
    indexed = len(log.topics) > 1
    words = log.words(1 if indexed else 2)
    receiver = log.topic_address(1) if indexed else f"0x{words[0] & ((1 << 160) - 1):040x}"
    return (_charge(log, receiver, _amount(words, -1), ""),)


def _fee_v1(log: ChainLog) -> Iterable[Row]:
    words = log.words(2)
    return (_charge(log, log.topic_address(1), _amount(words, 1), str(words[0]) if words[0] else ""),)


def _charge(log: ChainLog, receiver: str, amount: int, token_id: str) -> FeeCharge:
    return FeeCharge(
        receiver=receiver,
        amount_micro=amount,
        token_id=token_id,
        ts_event=log.ts,
        tx_hash=log.tx_hash,
        log_index=log.index,
        block=log.block,
        removed=log.removed,
    )


def _change(
    log: ChainLog, kind: str, wallet: str, market_id: str, amount: int, sets: tuple[int, ...]
) -> PositionChange:
    return PositionChange(
        source=SOURCE,
        kind=kind,
        wallet=wallet,
        amount_micro=amount,
        ts_event=log.ts,
        market_id=market_id,
        usd_micro=-1 if kind == "CONVERSION" else amount,
        index_sets=sets,
        tx_hash=log.tx_hash,
        log_index=log.index,
        block=log.block,
        removed=log.removed,
    )


def _ctf_change(kind: str) -> Callable[[ChainLog], Iterable[Row]]:
    """Return a reader of CTF splits and merges: collateral, partition (dynamic), amount."""

    def read(log: ChainLog) -> Iterable[Row]:
        words = log.words(3)
        sets = tuple(log.array(words[1]))
        return (_change(log, kind, log.topic_address(1), log.topic(3), _amount(words, 2), sets),)

    return read


def _ctf_redemption(log: ChainLog) -> Iterable[Row]:
    words = log.words(3)
    market_id, sets = f"0x{words[0]:064x}", tuple(log.array(words[1]))
    return (_change(log, "REDEEM", log.topic_address(1), market_id, _amount(words, 2), sets),)


def _adapter_change(kind: str) -> Callable[[ChainLog], Iterable[Row]]:
    def read(log: ChainLog) -> Iterable[Row]:
        return (_change(log, kind, log.topic_address(1), log.topic(2), _amount(log.words(1), 0), ()),)

    return read


def _adapter_redemption(log: ChainLog) -> Iterable[Row]:
    words = log.words(2)
    log.array(words[0])
    return (_change(log, "REDEEM", log.topic_address(1), log.topic(2), _amount(words, 1), ()),)


def _converted(log: ChainLog) -> Iterable[Row]:
    sets = (int(log.topic(3), 16),)
    return (_change(log, "CONVERSION", log.topic_address(1), log.topic(2), _amount(log.words(1), 0), sets),)


def _resolution(log: ChainLog) -> Iterable[Row]:
    """Decode `ConditionResolution`: numerators over their sum; the last outcome takes what rounding leaves."""
    words = log.words(2)
    numerators = log.array(words[1])
    total = sum(numerators)
    if total <= 0 or len(numerators) != words[0] or len(numerators) < 2:
        raise Unusable("payout_unknown")
    payouts = [number * MICRO // total for number in numerators[:-1]]
    return (
        ChainResolution(
            source=SOURCE,
            market_id=log.topic(1),
            payouts_micro=(*payouts, MICRO - sum(payouts)),
            ts_event=log.ts,
            tx_hash=log.tx_hash,
            log_index=log.index,
            block=log.block,
            removed=log.removed,
        ),
    )


def _transfer_single(log: ChainLog) -> Iterable[Row]:
    words = log.words(2)
    return (_moved(log, words[0], _amount(words, 1), 0),)


def _transfer_batch(log: ChainLog) -> Iterable[Row]:
    words = log.words(2)
    ids, amounts = log.array(words[0]), log.array(words[1])
    if len(ids) != len(amounts):
        raise Unusable("log_malformed", "ids and values differ in length")
    return [_moved(log, token, _amount(amounts, n), n) for n, token in enumerate(ids)]


def _moved(log: ChainLog, token: int, amount: int, place: int) -> TokenTransfer:
    return TokenTransfer(
        operator=log.topic_address(1),
        sender=log.topic_address(2),
        receiver=log.topic_address(3),
        token_id=_token(token),
        amount_micro=amount,
        contract=log.contract,
        ts_event=log.ts,
        tx_hash=log.tx_hash,
        log_index=log.index,
        batch_index=place,
        block=log.block,
        removed=log.removed,
    )


def _erc20(log: ChainLog) -> Iterable[Row]:
    return (
        CollateralTransfer(
            sender=log.topic_address(1),
            receiver=log.topic_address(2),
            amount_micro=_amount(log.words(1), 0),
            contract=log.contract,
            ts_event=log.ts,
            tx_hash=log.tx_hash,
            log_index=log.index,
            block=log.block,
            removed=log.removed,
        ),
    )


_READERS: dict[ChainEvent, tuple[Callable[[ChainLog], Iterable[Row]], frozenset[str] | None]] = {
    ChainEvent.ORDER_FILLED: (_filled, _EXCHANGES),
    ChainEvent.V1_ORDER_FILLED: (_filled_v1, _EXCHANGES),
    ChainEvent.ORDERS_MATCHED: (_matched, _EXCHANGES),
    ChainEvent.V1_ORDERS_MATCHED: (_matched_v1, _EXCHANGES),
    ChainEvent.FEE_CHARGED: (_fee, _EXCHANGES),
    ChainEvent.V1_FEE_CHARGED: (_fee_v1, _EXCHANGES),
    ChainEvent.POSITION_SPLIT: (_ctf_change("SPLIT"), _CTF),
    ChainEvent.POSITIONS_MERGE: (_ctf_change("MERGE"), _CTF),
    ChainEvent.PAYOUT_REDEMPTION: (_ctf_redemption, _CTF),
    ChainEvent.CONDITION_RESOLUTION: (_resolution, _CTF),
    ChainEvent.NEG_RISK_SPLIT: (_adapter_change("SPLIT"), _ADAPTERS),
    ChainEvent.NEG_RISK_MERGE: (_adapter_change("MERGE"), _ADAPTERS),
    ChainEvent.NEG_RISK_REDEMPTION: (_adapter_redemption, _ADAPTERS),
    ChainEvent.NEG_RISK_CONVERTED: (_converted, _ADAPTERS),
    ChainEvent.TRANSFER_SINGLE: (_transfer_single, _TOKENS),
    ChainEvent.TRANSFER_BATCH: (_transfer_batch, _TOKENS),
    ChainEvent.TRANSFER: (_erc20, None),
}
