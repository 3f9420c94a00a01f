"""One fill as every source of the venue spells it: what the decoders must read back."""

import json
from decimal import Decimal
from typing import Any, NamedTuple

from tests.support import chain_logs
from whaletrader.domain.addresses import checksum_address
from whaletrader.domain.venue_contracts import VenueContract

MICRO = 1_000_000


class Fill(NamedTuple):
    """One wallet's side of one match, as it truly was."""

    wallet: str
    token: int
    market_id: str
    outcome: int
    buys: bool
    collateral: int
    shares: int
    fee: int
    taker: bool
    second: int
    tx_hash: str
    log_index: int

    @property
    def side(self):
        return "BUY" if self.buys else "SELL"

    @property
    def price_micro(self):
        return chain_price(self.collateral, self.shares)


def chain_price(collateral, shares):
    """Collateral per share in micro-units, by exact decimal arithmetic."""
    return int((Decimal(collateral) * MICRO / Decimal(shares)).to_integral_value())


def whole(micro):
    """Micro-units as the float that a JSON of whole units carries."""
    return float(Decimal(micro) / MICRO)


def _price(fill):
    """A price as the interfaces write it: at most ten decimals."""
    return float(round(Decimal(fill.collateral) / Decimal(fill.shares), 10))


def rtds(fill, kind="trades"):
    """A frame of the activity stream."""
    payload: dict[str, Any] = {
        "asset": str(fill.token),
        "bio": "",
        "conditionId": fill.market_id,
        "eventSlug": "an-event",
        "icon": "",
        "name": "somebody",
        "outcome": "Yes" if fill.outcome == 0 else "No",
        "outcomeIndex": fill.outcome,
        "price": _price(fill),
        "profileImage": "",
        "proxyWallet": checksum_address(fill.wallet),
        "pseudonym": "",
        "side": fill.side,
        "size": whole(fill.shares),
        "slug": "a-market",
        "timestamp": fill.second,
        "title": "Will it?",
        "transactionHash": fill.tx_hash,
    }
    if fill.taker and fill.fee:
        payload["fee"] = whole(fill.fee)
    frame = {"connection_id": "x=", "payload": payload, "timestamp": fill.second * 1_000 + 115}
    return json.dumps({**frame, "topic": "activity", "type": kind}).encode()


def _interface_row(fill):
    return {
        "proxyWallet": fill.wallet,
        "side": fill.side,
        "asset": str(fill.token),
        "conditionId": fill.market_id,
        "size": whole(fill.shares),
        "price": _price(fill),
        "timestamp": fill.second,
        "title": "Will it?",
        "slug": "a-market",
        "eventSlug": "an-event",
        "outcome": "Yes" if fill.outcome == 0 else "No",
        "outcomeIndex": fill.outcome,
        "transactionHash": fill.tx_hash,
    }


NEW_NAMES = {
    "proxyWallet": "proxy_wallet",
    "asset": "token_id",
    "conditionId": "condition_id",
    "eventSlug": "event_slug",
    "outcomeIndex": "outcome_index",
    "transactionHash": "transaction_hash",
}


def data_v1(*fills):
    """An answer of the frozen Data API."""
    return json.dumps([_interface_row(fill) for fill in fills]).encode()


def data_v2(*fills, cursor=None):
    """An answer of `/v2/activity`: a buyer's `usdc_size` includes the fee."""
    rows = []
    for fill in fills:
        row = {NEW_NAMES.get(key, key): value for key, value in _interface_row(fill).items()}
        paid = fill.collateral + fill.fee if fill.buys else fill.collateral - fill.fee
        rows.append({**row, "type": "TRADE", "usdc_size": whole(paid)})
    pagination = {"limit": 100, "offset": 0, "has_more": cursor is not None, "next_cursor": cursor}
    return json.dumps({"data": rows, "pagination": pagination}).encode()


def chain(*fills, removed=False):
    """An answer of `eth_getLogs` with the logs of today's exchange."""
    logs = []
    for fill in fills:
        given, received = (fill.collateral, fill.shares) if fill.buys else (fill.shares, fill.collateral)
        taker = VenueContract.EXCHANGE.value if fill.taker else chain_logs.TAKER
        data = (0 if fill.buys else 1, given, received, fill.fee)
        entry = chain_logs.filled(*data, token=fill.token, taker=taker, index=fill.log_index, removed=removed)
        entry["topics"][2] = "0x" + chain_logs.word(fill.wallet)
        logs.append({**entry, "transactionHash": fill.tx_hash, "blockTimestamp": hex(fill.second)})
    return chain_logs.answer(*logs)


def chain_v1(*fills):
    """An answer of `eth_getLogs` with the logs of the first exchange; a buyer's fee is in shares."""
    logs = []
    for fill in fills:
        assets = (0, fill.token) if fill.buys else (fill.token, 0)
        amounts = (fill.collateral, fill.shares) if fill.buys else (fill.shares, fill.collateral)
        taker = VenueContract.EXCHANGE_V1.value if fill.taker else chain_logs.TAKER
        entry = chain_logs.filled_v1(*assets, *amounts, taker=taker, index=fill.log_index)
        entry["topics"][2] = "0x" + chain_logs.word(fill.wallet)
        logs.append({**entry, "transactionHash": fill.tx_hash, "blockTimestamp": hex(fill.second)})
    return chain_logs.answer(*logs)


def subgraph(*fills):
    """An answer of the history subgraph."""
    rows = []
    for fill in fills:
        assets = ("0", str(fill.token)) if fill.buys else (str(fill.token), "0")
        amounts = (fill.collateral, fill.shares) if fill.buys else (fill.shares, fill.collateral)
        taker = VenueContract.EXCHANGE_V1.value if fill.taker else chain_logs.TAKER
        rows.append(
            {
                "id": f"{fill.tx_hash}_{chain_logs.ORDER}",
                "transactionHash": fill.tx_hash,
                "timestamp": str(fill.second),
                "orderHash": chain_logs.ORDER,
                "maker": fill.wallet,
                "taker": taker,
                "makerAssetId": assets[0],
                "takerAssetId": assets[1],
                "makerAmountFilled": str(amounts[0]),
                "takerAmountFilled": str(amounts[1]),
                "fee": "0",
            }
        )
    return json.dumps({"data": {"orderFilledEvents": rows}}).encode()
