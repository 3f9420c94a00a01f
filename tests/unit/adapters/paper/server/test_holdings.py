"""What wallets hold by the public record: average cost, splits at one half, ends; against a plain oracle."""

from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support import venue_record as world
from whaletrader.adapters.paper.server import types
from whaletrader.adapters.paper.server.holdings import Holding, fold, holdings_of, price_micro, status_of
from whaletrader.adapters.paper.server.record import Move, Record
from whaletrader.domain.values import MICRO, NANOS

LATER = world.START + 300 * NANOS


def empty() -> Holding:
    return Holding(wallet=world.TAKER, market_id=world.MARKET, token_id=world.YES, outcome_index=0)


def move(kind: str, size: int, block: int = world.FIRST_BLOCK + 9) -> Move:
    return Move(
        kind=kind,
        wallet=world.TAKER,
        market_id=world.MARKET,
        size_micro=size,
        usd_micro=size,
        ts=world.START,
        indexed_ts=world.START,
        tx_hash="0x" + "9" * 64,
        block=block,
        log_index=0,
    )


def of_taker(record: Record, *moves: Move) -> dict[str, Holding]:
    legs = [leg for leg in record.legs.rows if leg.wallet == world.TAKER]
    return {holding.token_id: holding for holding in fold(record, legs, moves)}


def test_a_purchase_costs_its_collateral_and_its_fee_apart() -> None:
    (held,) = holdings_of(world.three_wallets().record, LATER, wallet=world.TAKER)
    assert (held.size_micro, held.cost_micro, held.fees_micro) == (15_000_000, 9_050_000, 90_000)
    assert held.avg_price == held.entry_price == 0.6033


def test_a_split_is_two_purchases_and_a_merge_two_sales_at_one_half() -> None:
    record = world.three_wallets().record
    held = of_taker(record, move("SPLIT", 4_000_000, world.FIRST_BLOCK - 1), move("MERGE", 4_000_000))
    assert (held[world.NO].size_micro, held[world.NO].realized_micro) == (0, 0)
    assert held[world.YES].size_micro == 15_000_000


def test_a_redemption_sells_everything_at_the_payout() -> None:
    recorder = world.three_wallets()
    recorder.on_event(types.MarketResolved(ts=LATER, market=world.market(), payouts_micro=(MICRO, 0)))
    held = of_taker(recorder.record, move("REDEEM", 15_000_000))[world.YES]
    assert (held.size_micro, held.realized_micro) == (0, 15_000_000 - 9_050_000)


def test_a_position_is_worth_the_last_price_and_then_its_payout() -> None:
    recorder = world.three_wallets()
    (held,) = holdings_of(recorder.record, LATER, wallet=world.SECOND_MAKER)
    assert price_micro(recorder.record, held) == MICRO - 603_333
    assert status_of(recorder.record, held, 0) == "OPEN"
    assert status_of(recorder.record, held, 5) == "MERGEABLE"
    recorder.on_event(types.MarketResolved(ts=LATER, market=world.market(), payouts_micro=(MICRO, 0)))
    assert (price_micro(recorder.record, held), status_of(recorder.record, held, 0)) == (0, "REDEEMABLE_LOST")


def test_holders_of_a_market_are_found_without_naming_a_wallet() -> None:
    held = holdings_of(world.three_wallets().record, LATER, market_ids=(world.MARKET,))
    assert {each.wallet for each in held} == {world.TAKER, world.SECOND_MAKER, world.MAKER}


DEALS = st.lists(st.tuples(st.booleans(), st.integers(1, 10**9), st.integers(1, 10**9)), max_size=30)


@settings(max_examples=200, deadline=None)
@given(DEALS)
def test_average_cost_follows_a_plain_oracle_and_money_is_conserved(deals: list[tuple[bool, int, int]]) -> None:
    held, size, cost, realized = empty(), 0, Fraction(0), Fraction(0)
    for buys, shares, usd in deals:
        if buys:
            held.take(shares, usd, 1)
            size, cost = size + shares, cost + usd
        else:
            known = min(shares, size)
            out = cost * known / size if size else Fraction(0)
            realized += Fraction(usd * known, shares) - out
            size, cost = size - known, cost - out
            held.give(shares, usd, 1)
    assert held.size_micro == size
    assert abs(held.cost_micro - cost) <= len(deals)
    assert abs(held.realized_micro - realized) <= 2 * len(deals)
