"""Whatever fill there is, every source's spelling of it is read back as the same fill."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support import spellings
from tests.support.spellings import Fill
from whaletrader.datasets.decode.chain_logs import decode_logs
from whaletrader.datasets.decode.data_api_v2 import decode_activity, decode_trades
from whaletrader.datasets.decode.rtds import decode_rtds
from whaletrader.datasets.decode.subgraph import decode_subgraph
from whaletrader.domain.fees import FeeSchedule, taker_fee_micro

HEX = "0123456789abcdef"
SETTINGS = settings(max_examples=150, deadline=None)


@st.composite
def fills(draw):
    """A fill at a price on a grid of ticks, or at the average of several prices, with the fee of its market."""
    shares = draw(st.integers(1, 10**9)) * draw(st.sampled_from([1, 100, 10_000]))
    if draw(st.booleans()):
        tick = draw(st.sampled_from([100, 1_000, 2_500, 10_000, 100_000]))
        price = draw(st.integers(1, 1_000_000 // tick - 1)) * tick
        collateral = shares * price // 1_000_000
    else:
        collateral = draw(st.integers(0, shares))
    taker = draw(st.booleans())
    rate = draw(st.sampled_from([0, 40_000, 50_000, 70_000])) if taker else 0
    price = min(spellings.chain_price(collateral, shares), 1_000_000)
    return Fill(
        wallet="0x" + draw(st.text(HEX, min_size=40, max_size=40)),
        token=draw(st.integers(1, (1 << 248) - 1)),
        market_id="0x" + draw(st.text(HEX, min_size=64, max_size=64)),
        outcome=draw(st.integers(0, 1)),
        buys=draw(st.booleans()),
        collateral=collateral,
        shares=shares,
        fee=taker_fee_micro(FeeSchedule(rate), price, shares),
        taker=taker,
        second=draw(st.integers(1_660_000_000, 1_900_000_000)),
        tx_hash="0x" + draw(st.text(HEX, min_size=64, max_size=64)),
        log_index=draw(st.integers(0, 2_000)),
    )


def only(decoded):
    assert decoded.rejects == ()
    assert len(decoded.rows) == 1
    return decoded.rows[0]


def same(row, fill, source):
    """What every source tells of a fill."""
    assert row.source == source
    assert (row.wallet, row.token_id, row.side) == (fill.wallet, str(fill.token), fill.side)
    assert row.size_micro == fill.shares
    assert abs(row.price_micro - fill.price_micro) <= 1
    assert row.ts_event == fill.second * 10**9
    assert row.tx_hash == fill.tx_hash


@SETTINGS
@given(fills(), st.sampled_from(["trades", "orders_matched"]))
def test_the_activity_stream(fill, kind):
    row = only(decode_rtds(spellings.rtds(fill, kind)))
    same(row, fill, f"rtds.{kind}")
    assert (row.market_id, row.outcome_index, row.event_slug) == (fill.market_id, fill.outcome, "an-event")
    charged = fill.taker and fill.fee > 0
    assert row.fee_micro == (fill.fee if charged else -1)
    assert (row.role == "taker") == (charged or kind == "orders_matched")


@SETTINGS
@given(fills())
def test_the_frozen_data_interface(fill):
    row = only(decode_trades(spellings.data_v1(fill)))
    same(row, fill, "data_v1")
    assert (row.market_id, row.outcome_index, row.role) == (fill.market_id, fill.outcome, "")


@SETTINGS
@given(fills())
def test_the_data_interface_and_the_fee_inside_a_buyers_cost(fill):
    row = only(decode_activity(spellings.data_v2(fill)))
    same(row, fill, "data_v2")
    assert row.market_id == fill.market_id
    if not fill.buys:
        assert row.fee_micro == -1
    elif fill.shares < 10**10:
        assert row.fee_micro == fill.fee


@SETTINGS
@given(fills())
def test_the_chain(fill):
    row = only(decode_logs(spellings.chain(fill)))
    same(row, fill, "chain")
    assert row.price_micro == fill.price_micro
    assert (row.fee_micro, row.role, row.log_index) == (fill.fee, "taker" if fill.taker else "maker", fill.log_index)


@SETTINGS
@given(fills())
def test_the_first_exchange_and_its_subgraph_tell_the_same(fill):
    log = only(decode_logs(spellings.chain_v1(fill)))
    entity = only(decode_subgraph(spellings.subgraph(fill)))
    same(log, fill, "chain")
    same(entity, fill, "subgraph")
    assert (log.price_micro, log.role) == (entity.price_micro, entity.role)


@SETTINGS
@given(st.lists(fills(), max_size=6))
def test_a_page_of_several_is_read_in_its_order(several):
    for decode, page in (
        (decode_trades, spellings.data_v1),
        (decode_activity, spellings.data_v2),
        (decode_logs, spellings.chain),
        (decode_logs, spellings.chain_v1),
        (decode_subgraph, spellings.subgraph),
    ):
        decoded = decode(page(*several))
        assert [row.tx_hash for row in decoded.rows] == [fill.tx_hash for fill in several]
        assert decoded.rejects == ()


@pytest.mark.parametrize("cursor", [None, "next"])
def test_an_empty_page_is_no_fault(cursor):
    decoded = decode_activity(spellings.data_v2(cursor=cursor))
    assert (decoded.rows, decoded.rejects, decoded.next_cursor) == ((), (), cursor or "")
