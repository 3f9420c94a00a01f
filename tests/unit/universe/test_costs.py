"""Cost tables by market and date, as kernels read them."""

import numpy as np
import pytest

from tests.support.universe import Tape
from whaletrader.domain.fees import FeeSchedule, taker_fee_micro
from whaletrader.domain.spread import half_spread_micro as table_half_spread
from whaletrader.domain.values import MICRO, NANOS
from whaletrader.universe.costs import (
    cost_tables,
    fee_per_share_micro,
    half_spread_micro,
    last_at_or_before,
    offsets_of,
    quote_tape,
)
from whaletrader.universe.excluded import VENUE_ADDRESSES, venue_wallets
from whaletrader.universe.source import FrameSource, known_at


def source() -> FrameSource:
    tape = Tape().market(0, category="crypto", rate=0.0).market(1, category="unheard of", rate=None)
    return tape.fee(0, 0.07, since=100, provenance="inferred").quote(50, 2, 0.40, 0.44).source()


def test_offsets_bound_every_codes_rows() -> None:
    assert offsets_of(np.array([0, 0, 2]), 4).tolist() == [0, 2, 2, 3, 3]


def test_the_last_row_at_or_before_a_time() -> None:
    ts = np.array([10, 20, 20, 30])
    assert [last_at_or_before(ts, 0, 4, when) for when in (9, 10, 20, 25, 99)] == [-1, 0, 2, 2, 3]
    assert last_at_or_before(ts, 2, 2, 99) == -1


@pytest.mark.parametrize("price", [10_000, 300_000, 500_000, 970_000])
def test_a_share_pays_the_schedule_in_force_rounded_up(price: int) -> None:
    tables = cost_tables(source().table("markets"), source().table("fee_schedules"))
    assert fee_per_share_micro(tables, 0, 99 * NANOS, price) == (0, 0)
    fee, provenance = fee_per_share_micro(tables, 0, 100 * NANOS, price)
    exact = taker_fee_micro(FeeSchedule(70_000), price, 1_000_000 * MICRO) / 1_000_000
    assert exact <= fee < exact + 1
    assert provenance == 1


def test_without_a_schedule_the_worst_case_is_charged() -> None:
    tables = cost_tables(source().table("markets"), source().table("fee_schedules"))
    assert fee_per_share_micro(tables, 1, 0, 500_000) == (17_500, 2)


@pytest.mark.parametrize("price", [1_000, 20_000, 20_001, 99_000, 250_000, 500_000, 730_000, 999_000])
def test_the_columnar_half_spread_is_the_tables(price: int) -> None:
    tables = cost_tables(source().table("markets"), source().table("fee_schedules"))
    quotes = quote_tape(source().table("quotes").clear(), 4)
    for market, category in ((0, "crypto"), (1, "other")):
        found = half_spread_micro(tables, quotes, market, 0, 0, price, 0)
        assert found == (table_half_spread(price, category), True)


def test_a_quote_serves_its_own_token_only() -> None:
    tables = cost_tables(source().table("markets"), source().table("fee_schedules"))
    quotes = quote_tape(source().table("quotes"), 4)
    assert half_spread_micro(tables, quotes, 1, 2, 60 * NANOS, 420_000, 60 * NANOS) == (20_000, False)
    assert half_spread_micro(tables, quotes, 1, 3, 60 * NANOS, 420_000, 60 * NANOS)[1] is True


def test_the_venues_contracts_are_recognised_in_lower_case() -> None:
    assert all(address == address.lower() and len(address) == 42 for address in VENUE_ADDRESSES)
    wallets = Tape().market(0).source(["0xabc", sorted(VENUE_ADDRESSES)[3]]).table("wallets")
    assert venue_wallets(wallets).to_list() == [1]


def test_a_dataset_at_a_date_knows_no_later_row_or_result() -> None:
    tape = (
        Tape().market(0, 1.0, 500).market(1, 0.0, 300).market(2, 1.0, None).trade(100, 0, 0, 0.4).trade(400, 0, 0, 0.4)
    )
    then = known_at(tape.source(), 300 * NANOS)
    assert then.table("trades").height == 1
    assert then.table("markets")["resolved"].to_list() == [False, True, False]
    assert then.table("markets")["payout0_micro"].to_list() == [None, 0, None]
    assert not then.has("signals")
