"""Closed bets by event group: the same bets that the attribution counts, and no others."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.backtest.telling import attribution, fill, tell
from whaletrader.agents.attribution_book import AttributionBook, fold
from whaletrader.backtest.closed import ClosedBets
from whaletrader.backtest.record import Recorder
from whaletrader.messages.envelope import Payload
from whaletrader.messages.market import MarketResolved
from whaletrader.messages.orders import OrderFilled, SettlementUpdated


def bought(token: str, group: str, *, wallet: str = "w", kind: str = "fill", trade: str = "x") -> OrderFilled:
    """Ten shares of a token; token `m1/0` is of market `m1`."""
    return msgspec.structs.replace(
        fill(kind, market=token[:-2], token=token), wallet=wallet, event_group_id=group, trade_id=f"{trade}{token}"
    )


def sold(token: str, group: str, **named: str) -> OrderFilled:
    return msgspec.structs.replace(bought(token, group, **named), side="SELL", trade_id=f"sold {token}")


def resolved(market: str, payout0: int = 1_000_000) -> MarketResolved:
    return MarketResolved(
        market_id=market,
        event_group_id="not looked at",
        token_ids=(f"{market}/0", f"{market}/1"),
        payouts_micro=(payout0, 1_000_000 - payout0),
    )


def settled(done: OrderFilled, status: str, *, account: str = "paper") -> SettlementUpdated:
    return SettlementUpdated(
        account_id=account, order_hash=done.order_hash, trade_id=done.trade_id, market_id=done.market_id,
        token_id=done.token_id, status=status, size_micro=done.size_micro, cash_micro=0,
    )  # fmt: skip


def groups(*payloads: Payload) -> dict[str, dict[str, int]]:
    closed = ClosedBets()
    for payload in payloads:
        closed.fold(payload)
    return closed.groups


def test_a_resolution_closes_the_bets_of_its_market_under_their_event_group() -> None:
    found = groups(bought("a/0", "g"), bought("b/0", "g"), bought("c/0", "h"), resolved("a"), resolved("b", 0))
    assert found == {"fill": {"g": 2}}


def test_a_sale_of_all_shares_closes_a_bet_and_another_purchase_opens_another() -> None:
    once = (bought("a/0", "g"), sold("a/0", "g"))
    again = (bought("a/0", "g", trade="again"), resolved("a"))
    assert groups(*once) == {"fill": {"g": 1}}
    assert groups(*once, *again) == {"fill": {"g": 2}}


def test_a_sale_of_some_shares_closes_nothing() -> None:
    some = msgspec.structs.replace(sold("a/0", "g"), size_micro=4_000_000)
    assert groups(bought("a/0", "g"), some) == {}


def test_adding_to_a_bet_makes_no_second_one() -> None:
    assert groups(bought("a/0", "g"), bought("a/0", "g", trade="more"), resolved("a")) == {"fill": {"g": 1}}


def test_two_leaders_in_one_token_are_two_bets_of_one_group() -> None:
    found = groups(bought("a/0", "g", wallet="v"), bought("a/0", "g", wallet="w", trade="y"), resolved("a"))
    assert found == {"fill": {"g": 2}}


def test_both_outcomes_of_a_market_are_two_bets_of_one_group() -> None:
    assert groups(bought("a/0", "g"), bought("a/1", "g"), resolved("a")) == {"fill": {"g": 2}}


def test_kinds_stay_apart() -> None:
    found = groups(bought("a/0", "g"), bought("a/0", "g", kind="position", trade="p"), resolved("a"))
    assert found == {"fill": {"g": 1}, "position": {"g": 1}}


def test_a_bet_that_a_failed_settlement_takes_back_was_never_closed() -> None:
    done = bought("a/0", "g")
    assert groups(done, settled(done, "FAILED"), resolved("a")) == {}
    assert groups(done, settled(done, "CONFIRMED"), resolved("a")) == {"fill": {"g": 1}}


def test_nothing_is_closed_before_the_first_fill_or_by_another_account() -> None:
    done = bought("a/0", "g")
    assert groups(resolved("a"), resolved("b")) == {}
    assert groups(done, settled(done, "FAILED", account="other"), resolved("a")) == {"fill": {"g": 1}}


def test_a_purchase_after_the_resolution_is_no_bet() -> None:
    assert groups(bought("a/0", "g"), resolved("a"), bought("a/0", "g", trade="late")) == {"fill": {"g": 1}}


def test_the_state_goes_on_from_its_bytes() -> None:
    half = ClosedBets()
    half.fold(bought("a/0", "g"))
    again = msgspec.msgpack.decode(msgspec.msgpack.encode(half), type=ClosedBets)
    again.fold(resolved("a"))
    assert again.groups == {"fill": {"g": 1}}


def test_a_purchase_that_closes_what_was_owed_is_a_bet_opened_and_closed() -> None:
    owed = sold("a/0", "g")
    assert groups(owed, bought("a/0", "g")) == {"fill": {"g": 1}}


step = st.tuples(
    st.sampled_from(["buy", "buy", "sell", "resolve", "fail", "confirm", "redeem", "merge"]),
    st.integers(0, 3),
    st.integers(0, 1),
    st.sampled_from(["v", "w"]),
    st.sampled_from(["fill", "position"]),
)


def payload_of(number: int, made: tuple[str, int, int, str, str], fills: list[OrderFilled]) -> Payload | None:
    """A message of this step, or none where there is no fill that it could be about."""
    what, market, outcome, wallet, kind = made
    token, group = f"m{market}/{outcome}", f"g{market // 2}"
    match what:
        case "buy" | "sell":
            done = bought(token, group, wallet=wallet, kind=kind)
            size = 1_000_000 * (1 + number % 3)
            fills.append(msgspec.structs.replace(done, side=what.upper(), trade_id=f"{number}", size_micro=size))
            return fills[-1]
        case "resolve":
            return resolved(f"m{market}", 1_000_000 * outcome)
        case "fail" | "confirm" if fills:
            return settled(fills[(7 * number) % len(fills)], {"fail": "FAILED", "confirm": "CONFIRMED"}[what])
        case "redeem" | "merge" if fills:
            return settled(fills[(5 * number) % len(fills)], {"redeem": "REDEEMED", "merge": "MERGED"}[what])
    return None


@given(st.lists(step, max_size=50))
@settings(max_examples=150, deadline=None)
def test_as_many_bets_are_closed_as_the_attribution_counts(steps: list[tuple[str, int, int, str, str]]) -> None:
    closed, book, fills = ClosedBets(), AttributionBook(account_id="paper", cash_micro=0), []
    for number, made in enumerate(steps):
        payload = payload_of(number, made, fills)
        if payload is None:
            continue
        fold(book, payload)
        closed.fold(payload)
        for kind in ("fill", "position"):
            counted = sum(ledger.n_closed for ledger in book.leaders.values() if ledger.kind == kind)
            assert sum(closed.groups.get(kind, {}).values()) == counted


def test_the_record_tells_the_groups_as_of_the_leaders_newest_figures() -> None:
    recorder = Recorder()
    tell(recorder, bought("a/0", "g"), bought("b/0", "g"), bought("c/0", "h", kind="position"), resolved("a"))
    assert recorder.record.closed_groups() == []
    tell(recorder, attribution(100))
    assert recorder.record.closed_groups() == [1]
    tell(recorder, resolved("b"), resolved("c"))
    assert recorder.record.closed_groups() == [1]
    tell(recorder, attribution(110))
    assert recorder.record.closed == {"fill": {"g": 2}, "position": {"h": 1}}
    assert (recorder.record.closed_groups("fill"), recorder.record.closed_groups("position")) == ([2], [1])


@pytest.mark.parametrize(("kind", "sizes"), [("", [3, 3]), ("fill", [2, 1]), ("position", [1, 2]), ("other", [])])
def test_a_group_of_both_kinds_is_one_group_of_all_bets(kind: str, sizes: list[int]) -> None:
    recorder = Recorder()
    recorder.record.closed = {"fill": {"g": 2, "h": 1}, "position": {"h": 2, "g": 1}}
    assert recorder.record.closed_groups(kind) == sizes
