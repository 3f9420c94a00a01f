"""Logs of the chain as a node tells them, built from their fields."""

import json

from whaletrader.domain.event_topics import TOPICS, ChainEvent
from whaletrader.domain.venue_contracts import VenueContract

MAKER, TAKER = "0x" + "1a" * 20, "0x" + "2b" * 20
TX = "0x" + "cd" * 32
ORDER = "0x" + "ef" * 32
CONDITION = "0x" + "ab" * 32
TOKEN = int("71321045679252212594626385532706912750332728571942532289631379312455583992563")


def word(value):
    """An integer or hex text as a 32-byte word."""
    return f"{int(value, 16) if isinstance(value, str) else value:064x}"


def log(event, indexed=(), words=(), *, contract=VenueContract.EXCHANGE, index=7, block=90_000_000, **changes):
    """A log with its indexed words and those of its data."""
    return {
        "address": contract.value,
        "topics": [TOPICS[event], *("0x" + word(topic) for topic in indexed)],
        "data": "0x" + "".join(word(each) for each in words),
        "blockNumber": hex(block),
        "blockTimestamp": hex(1_790_272_257),
        "transactionHash": TX,
        "logIndex": hex(index),
        "removed": False,
        **changes,
    }


def filled(side=0, given=31_000_000, received=50_000_000, fee=0, *, token=TOKEN, taker=TAKER, **changes):
    """`OrderFilled` of V2 and V3."""
    data = (side, token, given, received, fee, 0, 0)
    return log(ChainEvent.ORDER_FILLED, (ORDER, MAKER, taker), data, **changes)


def filled_v1(given_id=0, received_id=TOKEN, given=31_000_000, received=50_000_000, fee=0, *, taker=TAKER, **changes):
    """`OrderFilled` of V1."""
    changes.setdefault("contract", VenueContract.EXCHANGE_V1)
    data = (given_id, received_id, given, received, fee)
    return log(ChainEvent.V1_ORDER_FILLED, (ORDER, MAKER, taker), data, **changes)


def answer(*logs):
    """An answer of `eth_getLogs`."""
    return json.dumps({"jsonrpc": "2.0", "id": 1, "result": list(logs)}).encode()


def every_kind():
    """A log of every event that becomes a row."""
    ctf, adapter = VenueContract.CONDITIONAL_TOKENS, VenueContract.NEG_RISK_ADAPTER
    usdc, root = VenueContract.USDC_E.value, 0
    return [
        filled(),
        filled(1, 50_000_000, 31_000_000, 1_000, taker=VenueContract.EXCHANGE.value),
        filled_v1(),
        filled_v1(TOKEN, 0, 50_000_000, 31_000_000),
        log(ChainEvent.ORDERS_MATCHED, (ORDER, MAKER), (0, TOKEN, 31_000_000, 50_000_000)),
        log(ChainEvent.V1_ORDERS_MATCHED, (ORDER, MAKER), (TOKEN, 0, 5, 3), contract=VenueContract.EXCHANGE_V1),
        log(ChainEvent.FEE_CHARGED, (MAKER,), (1_530_900,)),
        log(ChainEvent.V1_FEE_CHARGED, (MAKER,), (TOKEN, 15), contract=VenueContract.EXCHANGE_V1),
        log(ChainEvent.POSITION_SPLIT, (MAKER, root, CONDITION), (usdc, 96, 5_000_000, 2, 1, 2), contract=ctf),
        log(ChainEvent.POSITIONS_MERGE, (MAKER, root, CONDITION), (usdc, 96, 5_000_000, 2, 1, 2), contract=ctf),
        log(ChainEvent.PAYOUT_REDEMPTION, (MAKER, usdc, root), (CONDITION, 96, 7_000_000, 2, 1, 2), contract=ctf),
        log(ChainEvent.CONDITION_RESOLUTION, (CONDITION, MAKER, ORDER), (2, 64, 2, 1, 0), contract=ctf),
        log(ChainEvent.NEG_RISK_SPLIT, (MAKER, CONDITION), (5_000_000,), contract=adapter),
        log(ChainEvent.NEG_RISK_MERGE, (MAKER, CONDITION), (5_000_000,), contract=adapter),
        log(ChainEvent.NEG_RISK_CONVERTED, (MAKER, CONDITION, 5), (6_000_000,), contract=adapter),
        log(ChainEvent.NEG_RISK_REDEMPTION, (MAKER, CONDITION), (64, 8_000_000, 2, 8_000_000, 0), contract=adapter),
        log(ChainEvent.TRANSFER_SINGLE, (TAKER, MAKER, TAKER), (TOKEN, 5_000_000), contract=ctf),
        log(
            ChainEvent.TRANSFER_BATCH,
            (TAKER, root, MAKER),
            (64, 160, 2, TOKEN, TOKEN + 1, 2, 1_000_000, 2_000_000),
            contract=ctf,
        ),
        log(ChainEvent.TRANSFER, (MAKER, TAKER), (9_000_000,), contract=VenueContract.PUSD),
    ]
