"""Listens to the exchange and keeps the public record: what was mined, when the public could know it; no rendering.

A match enters the record when a block holds its transaction; a block that is taken back takes it out again, until it is
mined anew (what was told to listeners is not told twice, and taken back only where the trade fails). Seen times follow
the venue's measured latencies: the stream about 0.8 s after the block, the Data API's index 1.2 s (median) to 23 s
(worst) later; both come from the seed and the transaction, so that a run can be repeated.
"""

from collections.abc import Callable
from zlib import crc32

import msgspec

from whaletrader.adapters.paper.server import types
from whaletrader.adapters.paper.server.holdings import forget_before
from whaletrader.adapters.paper.server.record import Card, Leg, Move, Profile, Record, Standing
from whaletrader.domain.values import MICRO, NANOS

ORDER_FILLED = "0xd543adfd945773f1a62f74f0ee55a5e3b9b1a28262980ba90b1a89f2ea84d8ee"
CONDITION_RESOLUTION = "0xb44d84d3289691f71497564b85d4233648d9dbae8cbdbb4329f301c3a0185894"
STREAM_LAG_NS = 800_000_000
ANNOUNCE_LAG_NS = 450_000_000
"""`orders_matched` is told 0.35 s before `trades`."""
_INDEX_LAG_MS = ((500, 1_200), (950, 3_800), (999, 9_000), (1_000, 23_000))
"""(share of a thousand, lag up to): median 1.2 s, 95 % 3.8 s, worst 23 s."""

SWEEPS = 8
"""How often in the time of keeping what is too old is looked for."""

LegListener = Callable[[Leg], None]


class Recorder:
    """Turns the exchange's events into the public record."""

    def __init__(self, seed: int = 1, keep_ns: int = 0) -> None:
        """Legs and moves older than `keep_ns` are forgotten, but for what they came to (0: nothing is)."""
        self.record = Record()
        self._seed = seed
        self._keep_ns = keep_ns
        self._swept_ns = 0
        self._trades: dict[str, types.VenueTrade] = {}
        self._undone: dict[str, list[Leg]] = {}
        """Legs that were told and whose block was taken back, by transaction."""
        self._block: types.Block | None = None
        self._listeners: list[LegListener] = []
        self._mourners: list[LegListener] = []

    def listen(self, listener: LegListener, gone: LegListener | None = None) -> None:
        """Call `listener` with every leg when it first enters the record, `gone` when it has left it for good."""
        self._listeners.append(listener)
        if gone is not None:
            self._mourners.append(gone)

    def name_wallet(self, wallet: str, name: str, pseudonym: str = "") -> None:
        """Give a wallet a public name."""
        self.record.profiles[wallet] = Profile(name, pseudonym)

    def on_event(self, event: types.VenueEvent) -> None:
        """Take one event of the exchange."""
        match event:
            case types.MarketAdded():
                self.record.open_market(card_of(event.market, len(self.record.cards)), standing_of(event.market))
            case types.TradeUpdated():
                self._follow(event.trade, event.state)
            case types.BlockRemoved():
                self._undone |= self.record.take_back(event.block.number)
            case types.PositionMoved():
                self._add_move(event)
            case types.BlockMined():
                self._mine(event.block)
            case types.BookChanged():
                self._quote(event)
            case types.TickChanged():
                self.record.standings[event.condition_id].tick_micro = event.new_tick_micro
            case types.MarketResolved():
                self._resolve(event)
            case _:
                pass

    def _follow(self, trade: types.VenueTrade, state: types.TradeState) -> None:
        """Await the block of a trade that is matched or sent again; give up one that failed."""
        if state in (types.TradeState.MATCHED, types.TradeState.RETRYING):
            self._trades[trade.transaction_hash] = trade
        elif state is types.TradeState.FAILED:
            self._trades.pop(trade.transaction_hash, None)
            for leg in self._undone.pop(trade.transaction_hash, ()):
                for mourner in self._mourners:
                    mourner(leg)

    def _mine(self, block: types.Block) -> None:
        self._block = block
        logs_of: dict[str, list[types.Log]] = {}
        for log in block.logs:
            logs_of.setdefault(log.transaction_hash, []).append(log)
            if log.topics[0] == CONDITION_RESOLUTION and log.topics[1] in self.record.standings:
                standing = self.record.standings[log.topics[1]]
                standing.resolved_tx, standing.resolved_log = log.transaction_hash, log.log_index
                standing.resolved_block = log.block
        for tx_hash in block.transactions:
            if tx_hash in logs_of and (trade := self._trades.pop(tx_hash, None)) is not None:
                self._add_legs(trade, block, logs_of[tx_hash])
        if self._keep_ns and block.ts - self._swept_ns > self._keep_ns // SWEEPS:
            self._swept_ns = block.ts
            forget_before(self.record, block.ts - self._keep_ns)

    def _add_legs(self, trade: types.VenueTrade, block: types.Block, logs: list[types.Log]) -> None:
        places = {log.topics[1]: log.log_index for log in logs if log.topics[0] == ORDER_FILLED}
        seen, indexed = block.ts + STREAM_LAG_NS, block.ts + self.index_lag_ns(trade.transaction_hash)
        legs = [_maker_leg(trade, maker, block, seen, indexed) for maker in trade.makers]
        legs.append(_taker_leg(trade, block, seen, indexed))
        placed = [msgspec.structs.replace(leg, log_index=places.get(leg.order_hash, -1)) for leg in legs]
        told = self._undone.pop(trade.transaction_hash, None) is not None
        for leg in sorted(placed, key=lambda leg: leg.log_index):
            self.record.add_leg(leg)
            for listener in () if told else self._listeners:
                listener(leg)

    def _add_move(self, moved: types.PositionMoved) -> None:
        """A move is told right after the block that holds it."""
        assert self._block is not None
        block = self._block
        places = [log.log_index for log in block.logs if log.transaction_hash == moved.transaction_hash]
        self.record.add_move(
            Move(
                kind=moved.kind,
                wallet=moved.wallet.lower(),
                market_id=moved.condition_id,
                size_micro=moved.amount_micro,
                usd_micro=moved.cash_micro,
                ts=block.ts,
                indexed_ts=block.ts + self.index_lag_ns(moved.transaction_hash),
                tx_hash=moved.transaction_hash,
                block=block.number,
                log_index=min(places, default=-1),
                given_ids=moved.given_ids,
            )
        )

    def _quote(self, event: types.BookChanged) -> None:
        token_id = self.record.cards[event.condition_id].token_ids[0]
        for entry in event.entries:
            if entry.token_id == token_id:
                standing = self.record.standings[event.condition_id]
                standing.bid_micro, standing.ask_micro = entry.best_bid_micro, entry.best_ask_micro

    def _resolve(self, event: types.MarketResolved) -> None:
        standing = self.record.standings[event.market.condition_id]
        standing.accepting = False
        standing.payouts_micro = (event.payouts_micro[0], event.payouts_micro[1])
        standing.resolved_ts = event.ts

    def index_lag_ns(self, tx_hash: str) -> int:
        """How long the Data API takes to know of a transaction."""
        draw = crc32(f"{self._seed}/{tx_hash}".encode())
        floor_ms = 400
        for share, most_ms in _INDEX_LAG_MS:
            if draw % 1_000 < share:
                return (floor_ms + draw // 1_000 % (most_ms - floor_ms)) * (NANOS // 1_000)
            floor_ms = most_ms
        return floor_ms * (NANOS // 1_000)


def _maker_leg(trade: types.VenueTrade, maker: types.MakerFill, block: types.Block, seen: int, indexed: int) -> Leg:
    return Leg(
        wallet=maker.maker.lower(),
        market_id=trade.condition_id,
        token_id=maker.token_id,
        outcome_index=maker.outcome_index,
        side=str(maker.side),
        maker=True,
        size_micro=maker.size_micro,
        usd_micro=maker.cash_micro,
        fee_micro=maker.fee_micro,
        ts=block.ts,
        seen_ts=seen,
        indexed_ts=indexed,
        tx_hash=trade.transaction_hash,
        block=block.number,
        log_index=-1,
        order_hash=maker.order_id,
    )


def _taker_leg(trade: types.VenueTrade, block: types.Block, seen: int, indexed: int) -> Leg:
    return Leg(
        wallet=trade.maker.lower(),
        market_id=trade.condition_id,
        token_id=trade.token_id,
        outcome_index=trade.outcome_index,
        side=str(trade.side),
        maker=False,
        size_micro=trade.size_micro,
        usd_micro=trade.cash_micro,
        fee_micro=trade.fee_micro,
        ts=block.ts,
        seen_ts=seen,
        indexed_ts=indexed,
        tx_hash=trade.transaction_hash,
        block=block.number,
        log_index=-1,
        order_hash=trade.taker_order_id,
    )


def card_of(market: types.VenueMarket, number: int) -> Card:
    """What everybody can read of a market."""
    return Card(
        market_id=market.condition_id,
        token_ids=market.token_ids,
        outcomes=market.outcomes,
        question=market.title or market.slug,
        slug=market.slug or market.condition_id[2:18],
        number=4_000_000 + number,
        event_number=1_000_000 + crc32((market.event_slug or market.condition_id).encode()) % 1_000_000,
        event_slug=market.event_slug or market.slug,
        event_title=market.title or market.event_slug,
        category=market.category,
        icon=f"https://polymarket-upload.s3.us-east-2.amazonaws.com/{market.category or 'other'}.png",
        question_id=market.question_id,
        neg_risk=market.neg_risk,
        neg_risk_market_id=market.neg_risk_market_id,
        min_order_micro=market.min_order_micro,
        fee_type=market.fee_type,
        fee_rate_micro=market.fee.rate_micro,
        fee_exponent=market.fee.exponent,
        rebate_micro=market.rebate_rate_micro,
        seconds_delay=market.seconds_delay,
        version=market.version,
        position_ids=market.position_ids,
        start_ts=market.created_ts,
        end_ts=max(market.end_ts, 0),
        game_start_ts=max(market.game_start_ts, 0),
        clear_on_start=market.clear_book_on_start,
    )


def standing_of(market: types.VenueMarket) -> Standing:
    """What may change of a market, as it is now."""
    standing = Standing(tick_micro=market.tick_micro, accepting=market.accepting_orders)
    if market.resolved and len(market.payouts_micro) == 2:
        standing.payouts_micro = (market.payouts_micro[0], market.payouts_micro[1])
        standing.resolved_ts = market.resolved_ts
        standing.last_micro = min(market.payouts_micro[0], MICRO)
    return standing
