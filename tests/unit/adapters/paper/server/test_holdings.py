"""What wallets hold by the public record: average cost, splits at one half, ends; against a plain oracle."""

from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support import venue_record as world
from whaletrader.adapters.paper.server import types
from whaletrader.adapters.paper.server.holding import Holding
from whaletrader.adapters.paper.server.holdings import fold, holdings_of, price_micro, status_of
from whaletrader.adapters.paper.server.record import Move, Record
from whaletrader.adapters.paper.server.recorder import Recorder
from whaletrader.adapters.paper.server.venue import Venue
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


def question(number: int) -> types.VenueMarket:
    return world.market(
        condition_id=f"0x{number:064x}",
        token_ids=(f"20{number}0", f"20{number}1"),
        question_id=f"0x{'ee' * 31}{number:02x}",
        neg_risk_market_id="0x" + "ee" * 31 + "00",
        created_ts=world.START,
    )


def converted(questions: int, chosen: set[int], splits: list[int], shares: int) -> tuple[types.Account, Record]:
    """An account that splits some shares of each question, then converts "No" of the chosen ones."""
    venue, recorder = Venue(types.VenueRules(genesis_ns=world.START)), Recorder()
    venue.listen(recorder.on_event)
    account = venue.open_account(world.TAKER, cash_micro=1_000 * MICRO)
    for number in range(questions):
        venue.add_market(question(number), world.START)
        venue.split(world.TAKER, question(number).condition_id, splits[number] * MICRO, world.START)
    venue.advance(world.START + 10 * NANOS)
    asked = [question(number).condition_id for number in sorted(chosen)]
    answer = venue.convert(world.TAKER, asked, shares * MICRO, world.START + 10 * NANOS)
    assert isinstance(answer, str), answer
    venue.advance(world.START + 20 * NANOS)
    return account, recorder.record


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 4),
    st.sets(st.integers(0, 3), min_size=1),
    st.lists(st.integers(5, 20), min_size=4, max_size=4),
    st.integers(1, 5),
)
def test_after_a_conversion_holdings_are_the_balances_and_money_is_conserved(
    questions: int, chosen: set[int], splits: list[int], shares: int
) -> None:
    chosen = {number for number in chosen if number < questions} or {0}
    account, record = converted(questions, chosen, splits, shares)
    held = holdings_of(record, LATER, wallet=world.TAKER)
    assert {each.token_id: each.size_micro for each in held if each.size_micro} == account.tokens
    assert sum(each.cost_micro - each.realized_micro for each in held) == 1_000 * MICRO - account.cash_micro
    assert all(each.cost_micro >= 0 for each in held)
    for number in range(questions):
        market_id = question(number).condition_id
        alone = holdings_of(record, LATER, wallet=world.TAKER, market_ids=(market_id,))
        assert alone == [each for each in held if each.market_id == market_id]


def test_a_conversion_hands_the_cost_on_to_the_other_questions() -> None:
    """No of one question of three, split at one half: two Yes at a quarter, and no gain."""
    _, record = converted(3, {1}, [5, 5, 5], 4)
    held = {each.token_id: each for each in holdings_of(record, LATER, wallet=world.TAKER)}
    assert [(held[token].size_micro, held[token].cost_micro) for token in ("2000", "2011", "2020")] == [
        (9_000_000, 3_500_000),
        (1_000_000, 500_000),
        (9_000_000, 3_500_000),
    ]
    assert [each.realized_micro for each in held.values()] == [0] * 6


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
