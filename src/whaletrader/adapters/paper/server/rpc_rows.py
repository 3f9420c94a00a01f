"""Logs, blocks and receipts as a Polygon node writes them; pure."""

from collections.abc import Sequence

from whaletrader.adapters.paper.server.types import Block, Log
from whaletrader.domain.values import NANOS

Body = dict[str, object]
NO_BLOOM = "0x" + "0" * 512
NO_ADDRESS = "0x" + "0" * 40
GAS = 210_000
GAS_PRICE = 30_000_000_000


def log_row(log: Log) -> Body:
    """A log of `eth_getLogs`."""
    return {
        "address": log.address.lower(),
        "topics": list(log.topics),
        "data": log.data,
        "blockNumber": hex(log.block),
        "transactionHash": log.transaction_hash,
        "transactionIndex": hex(log.transaction_index),
        "blockHash": log.block_hash,
        "blockTimestamp": hex(log.block_ts // NANOS),
        "logIndex": hex(log.log_index),
        "removed": log.removed,
    }


def block_row(block: Block, transactions: Sequence[str]) -> Body:
    """A block of `eth_getBlockByNumber` without whole transactions."""
    return {
        "number": hex(block.number),
        "hash": block.hash,
        "parentHash": block.parent_hash,
        "timestamp": hex(max(block.ts, 0) // NANOS),
        "transactions": list(transactions),
        "gasUsed": hex(GAS * len(transactions)),
        "gasLimit": hex(30_000_000),
        "baseFeePerGas": hex(GAS_PRICE),
        "miner": NO_ADDRESS,
        "logsBloom": NO_BLOOM,
        "size": hex(1_000),
        "uncles": [],
    }


def receipt_row(tx_hash: str, block: Block, logs: Sequence[Log], sender: str, *, succeeded: bool = True) -> Body:
    """A receipt of a transaction that is mined."""
    index = logs[0].transaction_index if logs else 0
    return {
        "transactionHash": tx_hash,
        "transactionIndex": hex(index),
        "blockHash": block.hash,
        "blockNumber": hex(block.number),
        "from": sender,
        "to": logs[-1].address.lower() if logs else NO_ADDRESS,
        "cumulativeGasUsed": hex(GAS * (index + 1)),
        "gasUsed": hex(GAS),
        "effectiveGasPrice": hex(GAS_PRICE),
        "contractAddress": None,
        "logs": [log_row(log) for log in logs],
        "logsBloom": NO_BLOOM,
        "type": "0x2",
        "status": "0x1" if succeeded else "0x0",
    }


def matches(log: Log, addresses: frozenset[str], topics: Sequence[frozenset[str] | None]) -> bool:
    """Whether a log passes a filter: addresses (none: all) and topics by place (None: any)."""
    if addresses and log.address.lower() not in addresses:
        return False
    if len(topics) > len(log.topics):
        return False
    return all(wanted is None or log.topics[place] in wanted for place, wanted in enumerate(topics))
