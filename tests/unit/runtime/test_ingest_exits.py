"""A leader who is pruned while we hold on his word is watched until nothing of it is left: we leave when he does."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.harness import Harness
from tests.support.messages import example, seen
from tests.support.payloads import discovered, observed
from tests.support.tables import LEADER, MARKETS, OTHER, TOKENS, at, dataset, market, signal, trade
from whaletrader.adapters.local.replay_feed import ReplayFeed
from whaletrader.agents.copy_signal import CopySignalAgent
from whaletrader.config.tree import CopySettings
from whaletrader.messages.envelope import Message, Payload
from whaletrader.messages.leaders import CopySignal, SignalSkipped, WhaleDiscovered, WhalePruned
from whaletrader.messages.market import WhaleTradeObserved
from whaletrader.messages.orders import (
    MergePositions,
    OrderCancelled,
    OrderFilled,
    OrderOrigin,
    OrderRejected,
    SettlementUpdated,
    SubmitOrder,
)
from whaletrader.runtime.ingest import Ingest

HELD = TOKENS[0]


class Watch:
    """Ingest over rows of two wallets, and short words for what happens to our orders."""

    def __init__(self, rows: list[dict[str, Any]], signals: Any = None, markets: Any = None) -> None:
        self.args = (rows, signals, markets)
        self.ingest = self.made()
        self.clock = 0.0
        self.n = 0

    def made(self) -> Ingest:
        feed = ReplayFeed(dataset(*self.args), simulated=False)
        return Ingest(feed, mark_interval_s=86_400, max_print_age_s=86_400)

    def say(self, payload: Payload, ts: float) -> None:
        self.n += 1
        self.ingest.observe(seen(payload, at(ts), f"said {self.n}"))

    def found(self, ts: float, wallet: str = LEADER, kind: str = "fill") -> None:
        self.say(example(WhaleDiscovered, wallet=wallet, kind=kind), ts)

    def pruned(self, ts: float, wallet: str = LEADER, kind: str = "fill") -> None:
        self.say(example(WhalePruned, wallet=wallet, kind=kind), ts)

    def ordered(self, ts: float, name: str = "a", wallet: str = LEADER, token: str = HELD, kind: str = "fill") -> None:
        origin = example(OrderOrigin, wallet=wallet, kind=kind)
        self.say(example(SubmitOrder, order_hash=name, token_id=token, origin=origin), ts)

    def filled(self, ts: float, size: int, name: str = "a", **changes: Any) -> None:
        given = {"wallet": LEADER, "kind": "fill", "token_id": HELD, "trade_id": name, "final": True}
        side = "BUY" if size > 0 else "SELL"
        self.say(example(OrderFilled, order_hash=name, side=side, size_micro=abs(size), **(given | changes)), ts)

    def settled(self, ts: float, status: str, size: int, trade: str = "") -> None:
        self.say(example(SettlementUpdated, token_id=HELD, trade_id=trade, status=status, size_micro=size), ts)

    def told(self, until: float = 1e9) -> list[Message]:
        """Everything that is due before a time."""
        found = []
        while (ts := self.ingest.peek()) is not None and ts < at(until):
            found.append(self.ingest.take())
            self.ingest.observe(found[-1])
        return found

    def events(self, until: float = 1e9) -> list[tuple[str, int]]:
        """Leaders' events that are due before a time, as (wallet, time)."""
        told = [message for message in self.told(until) if isinstance(message.payload, WhaleTradeObserved)]
        return [(message.payload.wallet, message.ts_init) for message in told]


def each_second(count: int = 60, wallet: int = 0, token: int = 0) -> list[dict[str, Any]]:
    return [trade(second, wallet, token, 0.5, size=second) for second in range(1, count)]


def hold(watch: Watch) -> None:
    watch.found(0)
    watch.ordered(1)
    watch.filled(2, 5)


def test_a_pruned_leader_on_whose_word_we_hold_is_watched_until_we_have_sold() -> None:
    watch = Watch(each_second(10))
    hold(watch)
    watch.events(4)
    watch.pruned(4)
    assert watch.events(7) == [(LEADER, at(4)), (LEADER, at(5)), (LEADER, at(6))]
    watch.filled(6.5, -5, "b")
    assert watch.events() == []


def test_a_part_sold_is_not_enough() -> None:
    watch = Watch(each_second(6))
    hold(watch)
    watch.pruned(3)
    watch.filled(3.5, -4, "b")
    assert len(watch.events()) == 5
    assert watch.ingest.snapshot() != watch.made().snapshot()


def test_an_order_that_may_still_fill_keeps_its_leader_watched() -> None:
    for end in (example(OrderCancelled, order_hash="a"), example(OrderRejected, order_hash="a")):
        watch = Watch(each_second(10))
        watch.found(0)
        watch.ordered(1)
        watch.pruned(2)
        assert len(watch.events(4)) == 3
        watch.say(msg_with_token(end), 4)
        assert watch.events() == []


def msg_with_token(end: Any) -> Any:
    return type(end)(**{name: getattr(end, name) for name in end.__struct_fields__} | {"token_id": HELD})


def test_a_pruned_leader_on_whose_word_nothing_is_held_is_watched_no_more() -> None:
    watch = Watch([*each_second(5), *each_second(5, wallet=1)])
    watch.found(0)
    watch.found(0, OTHER)
    watch.ordered(0, wallet=OTHER)
    watch.filled(0, 5, wallet=OTHER)
    watch.pruned(0)
    watch.pruned(0, OTHER)
    assert {wallet for wallet, _ in watch.events()} == {OTHER}


def test_positions_found_by_polling_have_no_exits_and_are_dropped_at_once() -> None:
    watch = Watch([trade(1, 0, 0, 0.5)], [signal(second, 0, 2 * (second % 3), 0.4) for second in range(5, 20)])
    watch.found(0, kind="position")
    watch.ordered(1, kind="position")
    watch.filled(2, 5, kind="position")
    watch.pruned(3, kind="position")
    assert watch.events() == []


def test_who_is_followed_again_stays_followed_when_the_lot_is_gone() -> None:
    watch = Watch(each_second(10))
    hold(watch)
    watch.pruned(3)
    watch.found(4)
    watch.filled(5, -5, "b")
    assert len(watch.events()) == 9


def test_the_end_of_the_market_ends_the_watch() -> None:
    watch = Watch(each_second(20), markets=[market(0, resolved_s=5, payout=1)])
    hold(watch)
    watch.pruned(3)
    assert watch.events() == [(LEADER, at(second)) for second in (1, 2, 3, 4)]


def test_paying_out_ends_the_watch() -> None:
    watch = Watch(each_second(10))
    hold(watch)
    watch.pruned(3)
    watch.settled(3, "REDEEMED", 5)
    assert watch.events() == []


def test_a_merge_of_all_ends_the_watch_of_both_outcomes() -> None:
    watch = Watch(each_second(10))
    hold(watch)
    watch.ordered(2, "b", token=TOKENS[1])
    watch.filled(2, 5, "b", token_id=TOKENS[1])
    watch.pruned(3)
    merge = example(MergePositions, market_id=MARKETS[0], token_ids=TOKENS[:2], size_micro=5)
    watch.say(merge, 3)
    assert len(watch.events(4)) == 3
    told = {"order_hash": seen(merge, at(3), f"said {watch.n}").id, "status": "MERGED", "size_micro": 5}
    watch.say(example(SettlementUpdated, **told), 4)
    assert watch.events() == []
    assert watch.ingest.wanted()[1] == []


def test_a_sale_that_fails_to_settle_brings_the_watch_back_from_then_on() -> None:
    watch = Watch(each_second(12))
    hold(watch)
    watch.pruned(3)
    watch.filled(3, -5, "sale")
    assert watch.events(6) == []
    watch.settled(8, "FAILED", 5, "sale")
    assert watch.events() == [(LEADER, at(second)) for second in (9, 10, 11)]


def test_a_purchase_that_fails_to_settle_ends_it() -> None:
    watch = Watch(each_second(12))
    hold(watch)
    watch.pruned(3)
    watch.settled(3, "FAILED", 5, "a")
    assert watch.events() == []


def test_two_leaders_of_one_token_are_told_apart() -> None:
    watch = Watch([*each_second(9), *each_second(9, wallet=1)])
    for wallet, name in ((LEADER, "a"), (OTHER, "b")):
        watch.found(0, wallet)
        watch.ordered(0, name, wallet)
        watch.filled(0, 5, name, wallet=wallet)
        watch.pruned(0, wallet)
    watch.filled(0, -5, "c")
    assert {wallet for wallet, _ in watch.events()} == {OTHER}


def test_copy_signal_sells_when_a_pruned_leader_sells_and_follows_none_of_his_purchases() -> None:
    rows = [trade(8, 1, 0, 0.5), trade(10, 0, 0, 0.5), trade(12, 0, 2, 0.5), trade(20, 0, 0, 0.6, sell=True)]
    watch, copier = Watch(rows), Harness(CopySignalAgent(CopySettings()))

    def both(payload: Payload, ts: int) -> None:
        watch.say(payload, ts)
        copier.state = copier.agent.evolve(copier.state, seen(payload, at(ts)))

    both(discovered(wallet=LEADER), 0)
    bought: list[Payload] = [payload for message in watch.told(11) for payload in tell(copier, message)]
    assert [type(payload) for payload in bought] == [CopySignal]
    origin = example(OrderOrigin, wallet=LEADER, kind="fill")
    both(example(SubmitOrder, order_hash="a", token_id=HELD, origin=origin), 11)
    fill = {"order_hash": "a", "wallet": LEADER, "kind": "fill", "token_id": HELD, "market_id": MARKETS[0]}
    both(example(OrderFilled, side="BUY", size_micro=5, trade_id="t", final=True, **fill), 11)
    both(example(WhalePruned, wallet=LEADER, kind="fill"), 11)
    said = [payload for message in watch.told() for payload in tell(copier, message)]
    refused, sold = said
    assert isinstance(refused, SignalSkipped)
    assert refused.reason == "NOT_FOLLOWED"
    assert isinstance(sold, CopySignal)
    assert (sold.side, sold.exit_size_micro) == ("SELL", 5)


def tell(copier: Harness, message: Message) -> list[Payload]:
    return [out.payload for out in copier.feed(message)]


STEP = st.tuples(
    st.sampled_from(["find", "prune", "order", "fill", "sell", "end", "void"]), st.integers(0, 1), st.integers(0, 2)
)


class Oracle:
    """Who is to be watched, by plain sets and sums."""

    def __init__(self) -> None:
        self.followed: set[str] = set()
        self.orders: dict[str, str] = {}
        self.lots: dict[tuple[str, str], int] = {}

    def watched(self) -> set[str]:
        return self.followed | set(self.orders.values()) | {wallet for (wallet, _), size in self.lots.items() if size}


def play(watch: Watch, oracle: Oracle, step: tuple[str, int, int], ts: float) -> None:
    what, who, which = step
    wallet, token, name = (LEADER, OTHER)[who], TOKENS[2 * which], f"{who}{which}"
    lot = (wallet, token)
    if what == "find":
        watch.found(ts, wallet)
        oracle.followed.add(wallet)
    elif what == "prune":
        watch.pruned(ts, wallet)
        oracle.followed.discard(wallet)
    elif what == "order":
        watch.ordered(ts, name, wallet, token)
        oracle.orders[name] = wallet
    elif what == "end":
        watch.say(example(OrderCancelled, order_hash=name, token_id=token), ts)
        oracle.orders.pop(name, None)
    elif what == "void":
        status = {"status": "FAILED", "trade_id": name, "token_id": token}
        watch.say(example(SettlementUpdated, **status), ts)
        oracle.lots[lot] = 0
    else:
        size = 5 if what == "fill" else -5
        watch.filled(ts, size, name, wallet=wallet, token_id=token, trade_id=name if size > 0 else f"sale {ts}")
        oracle.lots[lot] = max(oracle.lots.get(lot, 0) + size, 0) if what == "fill" else 0
        oracle.orders.pop(name, None)


@settings(max_examples=40, deadline=None)
@given(steps=st.lists(STEP, max_size=14), cut=st.integers(0, 14))
def test_whom_we_watch_is_whom_we_follow_or_hold_for_also_after_a_restart(
    steps: list[tuple[str, int, int]], cut: int
) -> None:
    # One purchase of each lot at most, so that a void one voids the whole lot; only what is held is sold.
    bought: set[tuple[int, int]] = set()
    kept = [step for step in steps if step[0] != "fill" or (step[1:] not in bought and not bought.add(step[1:]))]
    sold = False
    others = [trade(1, 2, token, 0.5) for token in range(6)]
    watch, oracle = Watch([*each_second(18), *each_second(18, wallet=1), *others]), Oracle()
    for number, step in enumerate(kept, start=1):
        sold = sold or step[0] == "sell"
        lot = ((LEADER, OTHER)[step[1]], TOKENS[2 * step[2]])
        if (step[0] == "void" and sold) or (step[0] == "sell" and not oracle.lots.get(lot)):
            continue
        play(watch, oracle, step, number)
        if number == cut:
            state = watch.ingest.snapshot()
            watch.ingest = watch.made()
            watch.ingest.restore(state)
        state = watch.ingest.snapshot()
        coming = {wallet for wallet, _ in watch.events()}
        assert coming == oracle.watched()
        watch.ingest.restore(state)


def test_an_unknown_wallet_of_an_order_is_nobody_to_watch() -> None:
    watch = Watch(each_second(5))
    watch.ordered(0, wallet="0xnobody")
    watch.filled(0, 5, wallet="")
    assert watch.events() == []
    assert observed().wallet not in {wallet for wallet, _ in watch.events()}
