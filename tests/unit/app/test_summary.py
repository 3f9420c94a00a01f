"""The summary says what the read models say, in plain numbers that can be compared, and nothing else."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.chain import Chain
from tests.support.messages import example, seen
from tests.support.payloads import ALICE, discovered, filled, market_data, observed, operator, resolved, score
from whaletrader.app.summary import Summary, Views, summarise
from whaletrader.config.tree import Settings
from whaletrader.domain.rebates import TAKER_REBATES_TS
from whaletrader.domain.values import DAY_NS
from whaletrader.messages.envelope import Payload
from whaletrader.messages.leaders import LeaderScore, SignalSkipped, UniverseScanned, WhalePruned
from whaletrader.messages.orders import OrderReport, SettlementUpdated
from whaletrader.messages.portfolio import PortfolioAttribution
from whaletrader.messages.risk import KillSwitchThrown, RejectedTrade

START = 1_000_000_000


class Told:
    """Views of one run, told by payloads."""

    def __init__(self) -> None:
        self.views = Views(START)
        self.n = 0

    def say(self, *payloads: Payload) -> "Told":
        for payload in payloads:
            self.n += 1
            for view in self.views.all:
                view.observe(seen(payload, self.n, str(self.n)))
        return self

    def summary(self) -> Summary:
        return summarise(self.views, simulated=True, dataset="d", run_id="0001", log_head="ff")


def worth(equity: int, high: int = START) -> PortfolioAttribution:
    return example(PortfolioAttribution, account_id="paper", equity_micro=equity, high_water_micro=high)


def scanned(*scores: LeaderScore, wallets: int = 10) -> UniverseScanned:
    qualified = len({each.wallet for each in scores})
    return UniverseScanned(as_of_ts=1, source="s", n_wallets=wallets, n_qualified=qualified, scores=scores, funnel=())


def test_before_anything_happened_we_have_what_we_began_with() -> None:
    summary = Told().summary()
    assert (summary.equity_micro, summary.cash_micro, summary.return_micro) == (START, START, 0)
    assert (summary.simulated, summary.dataset, summary.run_id, summary.log_head) == (True, "d", "0001", "ff")
    counts = [value for value in msgspec.structs.asdict(summary).values() if isinstance(value, dict)]
    assert counts == [{}] * len(counts)


@pytest.mark.parametrize(
    ("equity", "expected"),
    [(START, 0), (START * 2, 1_000_000), (0, -1_000_000), (START + START // 100, 10_000), (START - 1, -1)],
)
def test_the_return_is_equity_over_starting_equity_less_one(equity: int, expected: int) -> None:
    assert Told().say(worth(equity)).summary().return_micro == expected


def test_the_deepest_drawdown_stays_when_equity_recovers() -> None:
    told = Told().say(
        worth(START), worth(START * 9 // 10), worth(START * 2, START * 2), worth(START * 19 // 10, START * 2)
    )
    assert told.summary().max_drawdown_micro == 100_000


def test_the_run_ends_with_end() -> None:
    told = Told().say(operator("START", "a run"))
    assert not told.summary().ended
    assert told.say(operator("END")).summary().ended


def test_a_kill_is_told() -> None:
    assert Told().say(example(KillSwitchThrown, reason="why")).summary().killed


def test_wallets_that_qualified_are_wallets_of_those_that_were_scanned() -> None:
    told = Told().say(scanned(score(kind="fill"), score(kind="position"), score(wallet="0xbb"), wallets=3))
    summary = told.summary()
    assert (summary.wallets_qualified, summary.wallets_scanned, summary.scans) == (2, 3, 1)


def test_those_who_are_followed_now_are_counted_and_not_those_who_were() -> None:
    told = Told().say(discovered(), discovered(wallet="0xbb"))
    assert told.summary().leaders_followed == 2
    told.say(example(WhalePruned, wallet=ALICE, kind="fill", as_of_ts=5))
    assert told.summary().leaders_followed == 1


def test_refusals_are_counted_by_reason_in_a_fixed_order() -> None:
    skips = [example(SignalSkipped, reason=reason) for reason in ("STALE", "NO_QUOTE", "STALE")]
    denials = [example(RejectedTrade, reasons=("KILLED", "CVAR"))]
    summary = Told().say(*skips, *denials).summary()
    assert list(summary.skipped.items()) == [("NO_QUOTE", 1), ("STALE", 2)]
    assert list(summary.denied.items()) == [("CVAR", 1), ("KILLED", 1)]


def test_positions_are_counted_open_closed_and_won() -> None:
    told = Told().say(filled(token_id="1", trade_id="a"), filled(token_id="2", trade_id="b"))
    assert (told.summary().open_positions, told.summary().closed_positions) == (2, 0)
    told.say(filled(token_id="1", side="SELL", price_micro=900_000, trade_id="c"))
    summary = told.summary()
    assert (summary.open_positions, summary.closed_positions, summary.won_positions) == (1, 1, 1)
    told.say(example(SettlementUpdated, token_id="2", status="REDEEMED", size_micro=100_000_000))
    summary = told.summary()
    assert (summary.open_positions, summary.closed_positions, summary.won_positions) == (0, 2, 1)


def test_the_summary_is_plain_json() -> None:
    text = msgspec.json.encode(Told().say(worth(START), observed(), scanned(score())).summary())
    assert msgspec.json.decode(text, type=Summary) == Told().say(worth(START), observed(), scanned(score())).summary()


def story() -> list[Payload]:
    """What one copied bet leads to, told by all agents."""
    chain = Chain()
    chain.tell(operator("START", "a run"), at=0)
    chain.tell(scanned(score(edge_shrunk_micro=90_000, edge_lower_micro=50_000)), at=1)
    chain.tell(market_data(price_micro=490_000), at=2)
    said = chain.tell(observed(), at=2)
    order = next(payload for payload in said if type(payload).__name__ == "SubmitOrder")
    about = {"account_id": "paper", "order_hash": order.order_hash, "market_id": order.market_id}
    answers = {"token_id": order.token_id, "trade_id": "x", "price_micro": order.price_micro, "role": "taker"}
    amounts = {"size_micro": order.size_micro, "fee_micro": 1_000}
    chain.tell(example(OrderReport, kind="ACCEPTED", exchange_event_id="1", **about, token_id=order.token_id), at=8)
    chain.tell(example(OrderReport, kind="FILL", exchange_event_id="2", **about, **answers, **amounts), at=9)
    chain.tell(example(OrderReport, kind="SETTLED", exchange_event_id="3", **about, **answers, **amounts), at=11)
    chain.tell(resolved(), at=500)
    (command,) = [message for message in chain.log if message.type == "RedeemPosition"]
    paid = {"order_hash": command.id, "size_micro": order.size_micro, "cash_micro": order.size_micro}
    chain.tell(example(OrderReport, kind="REDEEMED", exchange_event_id="4", account_id="paper", **paid), at=502)
    chain.tell(operator("END"), at=600)
    return [message.payload for message in chain.log]


def test_the_story_of_one_bet_adds_up() -> None:
    told = Told().say(*story())
    summary = told.summary()
    assert (summary.events, summary.signals, summary.orders) == ({"fill": 1}, 1, {"FILLED": 1})
    assert sum(summary.approved.values()) == 1
    assert (summary.open_positions, summary.closed_positions, summary.won_positions) == (0, 1, 1)
    assert summary.ended
    realised = told.views.positions.state.closed[0].realised_micro
    assert summary.realised_micro - summary.fees_micro == realised, "a position's result is after fees"
    assert summary.fees_micro == 1_000
    assert summary.equity_micro == summary.cash_micro == Settings().account.starting_equity_micro + realised
    assert summary.messages == told.n


def test_what_comes_back_of_fees_is_told_apart_and_counted_nowhere() -> None:
    paid, since = Told().say(worth(START)), TAKER_REBATES_TS
    before = paid.summary()
    paid.n = since
    paid.say(market_data(), filled(size_micro=200_000_000_000, fee_micro=1, trade_id="a"))
    paid.n = since + DAY_NS
    paid.say(filled(fee_micro=100_000_000, trade_id="b"))
    told = paid.summary()
    assert (told.rebates.tier, told.rebates.taker_micro) == ("Silver", 8_000_000)
    assert (told.equity_micro, told.cash_micro, told.return_micro) == (START, before.cash_micro, before.return_micro)
    assert paid.views.page()["rebates"] == msgspec.to_builtins(told.rebates)


@settings(max_examples=15, deadline=None)
@given(cut=st.integers(0, 60))
def test_the_page_and_the_summary_are_the_same_after_a_restart_at_any_place(cut: int) -> None:
    whole, payloads = Told(), story()
    whole.say(*payloads)
    first, second = Told(), Told()
    first.say(*payloads[:cut])
    for before, after in zip(first.views.all, second.views.all, strict=True):
        after.restore(before.snapshot())
    second.n = first.n
    second.say(*payloads[cut:])
    assert second.summary() == whole.summary()
    assert second.views.page() == whole.views.page()


def test_the_page_is_plain_json_with_the_newest_decision_first() -> None:
    told = Told().say(*story())
    page: dict[str, Any] = told.views.page(newest=2)
    assert json.loads(json.dumps(page)) == json.loads(msgspec.json.encode(page))
    times = [decision["ts"] for decision in page["decisions"]]
    assert times == sorted(times, reverse=True)
    assert len(times) == 2
    assert page["counts"]["signals"] == 1
