"""What a transaction moved into and out of one wallet, read from its receipt's logs; nothing is taken on trust.

Pure: decoded JSON in, sums out. Source: ERC-20 `Transfer`, ERC-1155 `TransferSingle` and `TransferBatch`.
"""

from collections.abc import Mapping, Sequence

import msgspec

from whaletrader.domain.event_topics import TOPICS, ChainEvent
from whaletrader.domain.venue_contracts import VenueContract

_TRANSFER = TOPICS[ChainEvent.TRANSFER]
_SINGLE, _BATCH = TOPICS[ChainEvent.TRANSFER_SINGLE], TOPICS[ChainEvent.TRANSFER_BATCH]
_TOKENS = (VenueContract.CONDITIONAL_TOKENS.value, VenueContract.POSITION_MANAGER.value)
_WORD = 32


class Movement(msgspec.Struct, frozen=True, kw_only=True):
    """A mined transaction, as far as one wallet is concerned."""

    succeeded: bool
    block: int
    cash_micro: int
    """Collateral received less collateral given."""
    tokens_micro: dict[str, int]
    """Token id (decimal) -> shares received less shares given."""


def movement_of(receipt: Mapping[str, object], wallet: str) -> Movement:
    """Sum a receipt's logs for a wallet.

    Parameters
    ----------
    receipt : mapping
        As `eth_getTransactionReceipt` answers.
    wallet : str
        Any case.

    Returns
    -------
    Movement
        Logs that cannot be read count nothing.

    Raises
    ------
    ValueError
        The receipt has no status, block or logs.
    """
    status, block, logs = receipt.get("status"), receipt.get("blockNumber"), receipt.get("logs")
    if not isinstance(status, str) or not isinstance(block, str) or not isinstance(logs, list):
        raise ValueError("a receipt without status, block or logs")
    cash, tokens, own = 0, dict[str, int](), wallet.lower()
    for log in logs:
        address, topics, data = _parts(log)
        if address == VenueContract.PUSD and topics[:1] == [_TRANSFER] and len(topics) == 3 and len(data) >= _WORD:
            cash += _sign(topics[1], topics[2], own) * _number(data, 0)
        elif address in _TOKENS and topics[:1] in ([_SINGLE], [_BATCH]) and len(topics) == 4:
            sign = _sign(topics[2], topics[3], own)
            for token, amount in _amounts(data, batch=topics[0] == _BATCH):
                tokens[token] = tokens.get(token, 0) + sign * amount
    moved = {token: amount for token, amount in tokens.items() if amount}
    return Movement(succeeded=int(status, 16) == 1, block=int(block, 16), cash_micro=cash, tokens_micro=moved)


def _parts(log: object) -> tuple[str, list[str], bytes]:
    if not isinstance(log, dict):
        return "", [], b""
    topics, data = log.get("topics"), log.get("data")
    try:
        raw = bytes.fromhex(str(data).removeprefix("0x"))
    except ValueError:
        return "", [], b""
    told = [str(topic).lower() for topic in topics] if isinstance(topics, list) else []
    return str(log.get("address")).lower(), told, raw


def _sign(sender: str, receiver: str, wallet: str) -> int:
    return (_address(receiver) == wallet) - (_address(sender) == wallet)


def _address(topic: str) -> str:
    return "0x" + topic[-40:]


def _number(data: bytes, index: int) -> int:
    return int.from_bytes(data[index * _WORD : (index + 1) * _WORD], "big")


def _amounts(data: bytes, *, batch: bool) -> Sequence[tuple[str, int]]:
    if not batch:
        return [(str(_number(data, 0)), _number(data, 1))] if len(data) >= 2 * _WORD else []
    if len(data) < 2 * _WORD:
        return []
    ids, amounts = (_array(data, _number(data, index)) for index in (0, 1))
    return [(str(token), amount) for token, amount in zip(ids, amounts, strict=False)]


def _array(data: bytes, offset: int) -> list[int]:
    if offset % _WORD or offset + _WORD > len(data):
        return []
    start = offset // _WORD
    count = min(_number(data, start), len(data) // _WORD - start - 1)
    return [_number(data, start + 1 + index) for index in range(count)]
