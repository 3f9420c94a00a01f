"""Copy signal: for every leader's event, one signal to copy it or one refusal with its reason.

It judges freshness, price and edge, and remembers the bets that stand; it sizes nothing. The token is the identity of
an outcome: the outcome's index and any text about it are never looked at. A pruned leader's exits are still followed,
because we hold on his account. A sale of his takes the whole of our lot. A merge or a conversion takes the share of it
that he gave up of his own, as far as that was seen to be bought; of what he got by a split nothing is copied.
"""

from collections.abc import Sequence

import msgspec

from whaletrader.agents import copy_book
from whaletrader.agents.base import AgentState
from whaletrader.agents.bounded import leader_key, remember
from whaletrader.agents.copy_book import Bet, CopyBook
from whaletrader.config.tree import CopySettings, Settings
from whaletrader.domain.amounts import known_tick
from whaletrader.domain.fees import WORST_CASE, FeeSchedule, taker_fee_micro
from whaletrader.domain.follower import (
    PriceView,
    adverse_drift_micro,
    greatest_edge_micro,
    is_tradable,
    reference_price_micro,
)
from whaletrader.domain.reasons import SkipReason
from whaletrader.domain.spread import half_spread_micro
from whaletrader.domain.values import MICRO, NANOS, LeaderEventKind, Side, TradingState
from whaletrader.messages.envelope import Message, Payload, Publisher
from whaletrader.messages.leaders import CopySignal, SignalSkipped, WhaleDiscovered, WhalePruned, WhaleScoreUpdated
from whaletrader.messages.market import (
    MarketDataUpdate,
    MarketResolved,
    MarketTerms,
    WhalePositionChanged,
    WhaleTradeObserved,
)
from whaletrader.messages.risk import TradingStateChanged

MAX_MARKETS = 5_000
"""Markets whose terms and prices are remembered; the one that was quiet longest goes first."""
MAX_RESOLVED = 50_000
CLOCKS_DIFFER_NS = 10 * NANOS
"""Sources do not tell the same time of the same moment: a match, a block."""
LeaderEvent = WhaleTradeObserved | WhalePositionChanged


class LastPrice(msgspec.Struct, frozen=True):
    """The newest price of a token; -1 stands for unknown."""

    ts: int
    price_micro: int
    bid_micro: int
    ask_micro: int
    print_wallet: str


class KnownMarket(msgspec.Struct):
    """A market's terms and the newest price of each of its tokens."""

    terms: MarketTerms
    prices: dict[str, LastPrice]


class CopySignalState(AgentState, kw_only=True):
    """Leaders with the edge that is counted on, markets, the bets that stand, and whether we trade."""

    edges_micro: dict[str, int] = msgspec.field(default_factory=dict)
    markets: dict[str, KnownMarket] = msgspec.field(default_factory=dict)
    resolved: dict[str, bool] = msgspec.field(default_factory=dict)
    trading_state: str = TradingState.ACTIVE.value
    book: CopyBook = msgspec.field(default_factory=CopyBook)
    seen: dict[str, dict[str, int]] = msgspec.field(default_factory=dict)
    """By market: shares that leaders were seen to get and not to give up since, by the name of the bet."""
    since: dict[str, dict[str, int]] = msgspec.field(default_factory=dict)
    """By market: when they got the first of those, by the name of the bet."""


class CopySignalAgent:
    """The agent."""

    name = Publisher.COPY_SIGNAL.value
    state_version = 2
    state_type = CopySignalState
    subscribes = copy_book.READS | {
        "WhaleDiscovered",
        "WhaleScoreUpdated",
        "WhalePruned",
        "MarketDataUpdate",
        "MarketResolved",
        "TradingStateChanged",
        "WhalePositionChanged",
        "WhaleTradeObserved",
    }

    def __init__(self, settings: CopySettings) -> None:
        self._settings = settings

    def initial(self) -> CopySignalState:
        """Return the state before the first message."""
        return CopySignalState()

    def decide(self, state: CopySignalState, message: Message) -> Sequence[Payload]:
        """Return exactly one signal or refusal for a leader's trade or for shares that he gave up, else nothing."""
        event = message.payload
        if not isinstance(event, LeaderEvent) or (isinstance(event, WhalePositionChanged) and event.side == Side.BUY):
            return []
        market = state.markets.get(event.market_id)
        if event.market_id in state.resolved:
            return [_skip(event, SkipReason.MARKET_RESOLVED)]
        if market is None or event.token_id not in market.terms.token_ids:
            return [_skip(event, SkipReason.MARKET_UNKNOWN)]
        if _of_before(state, event, message.ts_event):
            return [_skip(event, SkipReason.NOTHING_TO_EXIT)]
        view = self._view(market, event, message.ts_init)
        if isinstance(event, WhalePositionChanged) or event.side == Side.SELL:
            return [_exit(state, event, market.terms, view)]
        return [self._entry(state, message, event, view)]

    def evolve(self, state: CopySignalState, message: Message) -> CopySignalState:
        """Fold scores, prices, resolutions and the life of our bets."""
        match message.payload:
            case WhaleDiscovered(score=score) | WhaleScoreUpdated(score=score):
                state.edges_micro[leader_key(score.wallet, score.kind)] = score.edge_shrunk_micro
            case WhalePruned(wallet=wallet, kind=kind):
                state.edges_micro.pop(leader_key(wallet, kind), None)
            case MarketDataUpdate() as update:
                _note_price(state, update, message.ts_event)
            case MarketResolved(market_id=market_id, token_ids=token_ids):
                remember(state.resolved, market_id, True, MAX_RESOLVED)
                state.markets.pop(market_id, None)
                copy_book.drop_tokens(state.book, token_ids)
                state.seen.pop(market_id, None)
                state.since.pop(market_id, None)
            case WhaleTradeObserved() | WhalePositionChanged() as event if not _of_before(
                state, event, message.ts_event
            ):
                if isinstance(event, WhalePositionChanged) and event.side == Side.SELL:
                    copy_book.gave_up(state.book, event, _seen_micro(state, event))
                _see(state, event, message.ts_event)
            case TradingStateChanged(state=trading_state):
                state.trading_state = trading_state
            case _:
                copy_book.fold(state.book, message)
        return state

    def _entry(self, state: CopySignalState, message: Message, event: WhaleTradeObserved, view: PriceView) -> Payload:
        edge = state.edges_micro.get(leader_key(event.wallet, event.kind))
        if edge is None:
            return _skip(event, SkipReason.NOT_FOLLOWED)
        if state.trading_state != TradingState.ACTIVE:
            return _skip(event, SkipReason.TRADING_HALTED)
        if self._is_stale(message, event):
            return _skip(event, SkipReason.STALE)
        if copy_book.bet_of(state.book, event) is not None:
            return _skip(event, SkipReason.ALREADY_COPIED)
        reference = reference_price_micro(Side.BUY, view)
        if reference is None:
            return _skip(event, SkipReason.NO_QUOTE)
        terms = state.markets[event.market_id].terms
        if not is_tradable(reference, known_tick(terms.tick_micro)):
            return _skip(event, SkipReason.PRICE_OUT_OF_RANGE)
        left = edge - adverse_drift_micro(reference, view)
        left = min(left, greatest_edge_micro(reference, taker_fee_micro(_schedule(terms), reference, MICRO)))
        if left < max(self._settings.min_edge_micro, 1):
            return _skip(event, SkipReason.NO_EDGE_AFTER_COSTS, left)
        return _signal(event, terms, reference_micro=reference, edge_micro=left, exit_micro=0)

    def _is_stale(self, message: Message, event: WhaleTradeObserved) -> bool:
        if message.ts_init - message.ts_event > self._settings.max_event_age_s * NANOS:
            return True
        if event.kind != LeaderEventKind.POSITION:
            return False
        return message.ts_event - event.prev_seen_ts > self._settings.max_position_age_s * NANOS

    def _view(self, market: KnownMarket, event: LeaderEvent, now: int) -> PriceView:
        last = market.prices.get(event.token_id)
        fresh = last is not None and now - last.ts <= self._settings.max_event_age_s * NANOS
        others, bid, ask = -1, -1, -1
        if last is not None and fresh:
            # A leader's own print says nothing of what somebody else would pay.
            others = last.price_micro if last.print_wallet != event.wallet else -1
            bid, ask = last.bid_micro, last.ask_micro
        leader = _price_of(event)
        if isinstance(event, WhalePositionChanged) and last is not None:
            leader = last.price_micro  # however old: an exit that no print names a price for is wanted all the same
        anchor = max(leader, others, 0)
        return PriceView(
            leader_micro=leader,
            others_micro=others,
            bid_micro=bid,
            ask_micro=ask,
            assumed_half_spread_micro=half_spread_micro(min(anchor, MICRO), market.terms.category),
        )


def make(settings: Settings) -> CopySignalAgent:
    """Build the agent from the settings that concern it."""
    return CopySignalAgent(settings.copy)


def _price_of(event: LeaderEvent) -> int:
    return event.price_micro if isinstance(event, WhaleTradeObserved) else -1


def _of_before(state: CopySignalState, event: LeaderEvent, ts: int) -> bool:
    """Whether a leader gave shares up before he got those that were seen: merges may be heard minutes after fills."""
    if not isinstance(event, WhalePositionChanged) or event.side == Side.BUY:
        return False
    key = copy_book.bet_key(event.wallet, event.kind, event.token_id)
    return ts + CLOCKS_DIFFER_NS < state.since.get(event.market_id, {}).get(key, 0)


def _see(state: CopySignalState, event: LeaderEvent, ts: int) -> None:
    """Keep how many shares of a token a leader of fills was seen to have; those from before are not known."""
    if event.kind != LeaderEventKind.FILL or event.market_id in state.resolved:
        return
    key = copy_book.bet_key(event.wallet, event.kind, event.token_id)
    seen, since = state.seen.pop(event.market_id, {}), state.since.pop(event.market_id, {})
    size = seen.pop(key, 0) + (event.size_micro if event.side == Side.BUY else -event.size_micro)
    first = min(since.pop(key, ts), ts)
    if size > 0:
        seen[key], since[key] = size, first
    if seen:
        remember(state.seen, event.market_id, seen, MAX_MARKETS)
        remember(state.since, event.market_id, since, MAX_MARKETS)


def _seen_micro(state: CopySignalState, event: LeaderEvent) -> int:
    return state.seen.get(event.market_id, {}).get(copy_book.bet_key(event.wallet, event.kind, event.token_id), 0)


def _exit(state: CopySignalState, event: LeaderEvent, terms: MarketTerms, view: PriceView) -> Payload:
    bet = copy_book.bet_of(state.book, event)
    refusal = _exit_refusal(state, event, bet)
    if refusal is not None:
        return _skip(event, refusal)
    reference = reference_price_micro(Side.SELL, view)
    if reference is None:
        return _skip(event, SkipReason.NO_QUOTE)
    tick = known_tick(terms.tick_micro)
    # An exit is wanted at any price that can be traded: the reference is cut to the range, not refused.
    reference = min(max(reference, tick), MICRO - tick)
    size = bet.held_micro if bet is not None else 0
    if isinstance(event, WhalePositionChanged):
        size, _ = copy_book.to_sell_micro(state.book, event, _seen_micro(state, event))
        if not size:
            return _skip(event, SkipReason.MERGED_INSTEAD)
    return _signal(event, terms, reference_micro=reference, edge_micro=0, exit_micro=size)


def _exit_refusal(state: CopySignalState, event: LeaderEvent, bet: Bet | None) -> SkipReason | None:
    if event.kind != LeaderEventKind.FILL or bet is None or bet.held_micro <= 0:
        followed = leader_key(event.wallet, event.kind) in state.edges_micro
        return SkipReason.NOTHING_TO_EXIT if followed or bet is not None else SkipReason.NOT_FOLLOWED
    if state.trading_state == TradingState.HALTED:
        return SkipReason.TRADING_HALTED
    return SkipReason.ALREADY_COPIED if bet.exiting else None


def _note_price(state: CopySignalState, update: MarketDataUpdate, ts: int) -> None:
    known = state.markets.get(update.market_id)
    prices = {} if known is None else known.prices
    if update.token_id in update.terms.token_ids:
        quote = (-1, -1) if update.quote_assumed else (update.bid_micro, update.ask_micro)
        prices[update.token_id] = LastPrice(ts, update.price_micro, *quote, update.print_wallet)
    prices = {token: price for token, price in prices.items() if token in update.terms.token_ids}
    remember(state.markets, update.market_id, KnownMarket(update.terms, prices), MAX_MARKETS)


def _schedule(terms: MarketTerms) -> FeeSchedule:
    if terms.fee_rate_micro < 0 or terms.fee_exponent < 0:
        return WORST_CASE
    return FeeSchedule(terms.fee_rate_micro, terms.fee_exponent, terms.fee_times_price)


def _signal(
    event: LeaderEvent, terms: MarketTerms, *, reference_micro: int, edge_micro: int, exit_micro: int
) -> CopySignal:
    return CopySignal(
        wallet=event.wallet,
        kind=event.kind,
        market_id=event.market_id,
        token_id=event.token_id,
        event_group_id=terms.event_group_id,
        side=event.side,
        leader_price_micro=_price_of(event),
        leader_size_micro=event.size_micro,
        reference_price_micro=reference_micro,
        edge_micro=edge_micro,
        exit_size_micro=exit_micro,
    )


def _skip(event: LeaderEvent, reason: SkipReason, edge_micro: int = 0) -> SignalSkipped:
    return SignalSkipped(
        wallet=event.wallet,
        kind=event.kind,
        market_id=event.market_id,
        token_id=event.token_id,
        side=event.side,
        reason=reason.value,
        price_micro=_price_of(event),
        edge_micro=edge_micro,
    )
