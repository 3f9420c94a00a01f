"""Blocks, receipts and logs as a node writes them, and which logs a filter takes, against a plain oracle."""

from itertools import pairwise

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.venue_orders import CONDITION, START, market, wallet
from whaletrader.adapters.paper.server import rpc_rows
from whaletrader.adapters.paper.server.types import Block, BlockMined, Log, SettlementFaults, VenueRules
from whaletrader.adapters.paper.server.venue import Venue
from whaletrader.domain.values import MICRO, NANOS

LOG = Log(
    address="0xABCD",
    topics=("0xaa", "0xbb", "0xcc"),
    data="0x01",
    block=90_000_001,
    block_hash="0xb10c",
    block_ts=START + NANOS - 1,
    transaction_hash="0x7a",
    transaction_index=2,
    log_index=17,
)
BLOCK = Block(number=90_000_001, hash="0xb10c", ts=START, transactions=("0x7a",), logs=(LOG,), parent_hash="0xb10b")


def test_a_log_has_hexadecimal_numbers_whole_seconds_and_a_lower_case_address() -> None:
    row = rpc_rows.log_row(LOG)
    assert (row["address"], row["topics"], row["removed"]) == ("0xabcd", ["0xaa", "0xbb", "0xcc"], False)
    assert (row["blockNumber"], row["logIndex"], row["transactionIndex"]) == ("0x55d4a81", "0x11", "0x2")
    assert int(str(row["blockTimestamp"]), 16) == START // NANOS
    assert rpc_rows.log_row(msgspec.structs.replace(LOG, removed=True))["removed"] is True


def test_a_receipt_holds_the_logs_of_its_transaction_and_went_through() -> None:
    row = rpc_rows.receipt_row("0x7a", BLOCK, [LOG, LOG], "0x5e")
    assert (row["status"], row["from"], row["to"], row["blockHash"]) == ("0x1", "0x5e", "0xabcd", "0xb10c")
    assert row["logs"] == [rpc_rows.log_row(LOG)] * 2
    assert rpc_rows.receipt_row("0x7a", BLOCK, [], "0x5e")["to"] == rpc_rows.NO_ADDRESS


def test_a_block_names_its_parent_and_its_transactions() -> None:
    row = rpc_rows.block_row(BLOCK, BLOCK.transactions)
    assert (row["number"], row["hash"], row["parentHash"]) == ("0x55d4a81", "0xb10c", "0xb10b")
    assert (row["transactions"], row["gasUsed"]) == (["0x7a"], hex(rpc_rows.GAS))


def test_every_block_names_the_one_before_it_also_where_nothing_happened_and_after_a_reorganisation() -> None:
    venue = Venue(VenueRules(genesis_ns=START, faults=SettlementFaults(reorg_micro=MICRO // 2)))
    mined: list[Block] = []
    venue.listen(lambda event: mined.append(event.block) if isinstance(event, BlockMined) else None)
    venue.add_market(market(), START)
    venue.open_account(wallet(1), cash_micro=1_000 * MICRO)
    for second in range(0, 60, 5):
        venue.split(wallet(1), CONDITION, MICRO, START + second * NANOS)
    venue.advance(START + 70 * NANOS)
    blocks = [venue.block(number) for number in range(venue.rules.first_block, venue.block_number() + 1)]
    assert len(blocks) == 36
    assert len({block.hash for block in blocks if block}) == 36
    assert any(block and block.logs for block in blocks)
    assert len(mined) > sum(1 for block in blocks if block and block.logs)
    for before, after in pairwise(blocks):
        assert before
        assert after
        assert after.parent_hash == before.hash


TOPICS = st.lists(st.sampled_from(["0xaa", "0xbb", "0xcc"]), max_size=4)
WANTED = st.lists(st.none() | st.frozensets(st.sampled_from(["0xaa", "0xbb", "0xdd"])), max_size=4)


@settings(max_examples=300, deadline=None)
@given(TOPICS, WANTED, st.frozensets(st.sampled_from(["0xabcd", "0xeeee"])))
def test_a_filter_takes_what_has_a_wanted_topic_at_every_place(
    topics: list[str], wanted: list[frozenset[str] | None], addresses: frozenset[str]
) -> None:
    log = msgspec.structs.replace(LOG, topics=tuple(topics))
    taken = not addresses or "0xabcd" in addresses
    for place, alternatives in enumerate(wanted):
        if place >= len(topics) or (alternatives is not None and topics[place] not in alternatives):
            taken = False
    assert rpc_rows.matches(log, addresses, wanted) is taken
