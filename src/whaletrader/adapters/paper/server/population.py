"""Invented traders on invented markets: makers who quote around a hidden value, takers, and leaders who know it.

Values move at random; makers quote them with a lag, so that leaders (who see the value) gain and takers (who do not)
lose. Leaders merge what they hold of both outcomes, or split a little where they hold one. From time to time a market
resolves by its value, holders redeem, and a new market is listed. Everything follows from the seed and the times of the
steps; all of it is SIMULATED.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from whaletrader.adapters.paper.server.desk import Desk, made_up_wallet, to_tick, whole_size
from whaletrader.adapters.paper.server.types import VenueMarket
from whaletrader.adapters.paper.server.venue import Venue
from whaletrader.domain.values import MICRO, NANOS, Side

SECOND = NANOS


@dataclass(frozen=True, slots=True, kw_only=True)
class PopulationParams:
    """How many trade, and how much."""

    makers: int = 4
    takers: int = 30
    leaders: int = 6
    takes_per_s: float = 4.0
    quote_every_s: float = 6.0
    """How often a maker renews his quotes in a market."""
    levels: int = 3
    level_shares: int = 400
    leader_share: float = 0.3
    """Of all takes."""
    volatility: float = 0.02
    """Of the hidden value's log-odds, per square root of a second."""
    twin_share: float = 0.15
    """How often a best quote is placed twice: two equal fills in one transaction."""
    resolve_every_s: float = 0.0
    """A market resolves so often; 0: never."""
    move_every_s: float = 5.0
    """A leader splits or merges so often; 0: never."""
    split_shares: int = 20
    start_shares: int = 20_000
    """What a maker splits in each market at first."""


@dataclass(slots=True)
class Quoted:
    """A market as the traders see it."""

    market: VenueMarket
    log_odds: float
    seen: float
    """The value that makers quote: it follows the hidden one."""
    orders: dict[str, list[str]] = field(default_factory=dict)
    """Resting orders by maker."""

    @property
    def fair(self) -> float:
        """The hidden value of outcome 0."""
        return 1.0 / (1.0 + math.exp(-self.log_odds))


class Population:
    """Acts at every step of the exchange's timer."""

    def __init__(
        self,
        venue: Venue,
        *,
        seed: int,
        started_ns: int,
        params: PopulationParams | None = None,
        leaders: Sequence[str] = (),
        new_market: Callable[[int, int], VenueMarket] | None = None,
    ) -> None:
        self._venue = venue
        self._params = params or PopulationParams()
        self._rng = np.random.default_rng([seed, 0x7061706572])
        self._moves = np.random.default_rng([seed, 0x6D6F766573])
        """Apart, so that who trades what does not hang on it."""
        self.desk = Desk(venue, seed)
        self.makers = [made_up_wallet(seed, f"maker {number}") for number in range(self._params.makers)]
        self.takers = [made_up_wallet(seed, f"taker {number}") for number in range(self._params.takers)]
        self.leaders = list(leaders) or [made_up_wallet(seed, f"leader {n}") for n in range(self._params.leaders)]
        self._new_market = new_market
        self._quoted: dict[str, Quoted] = {}
        self._listed = len(venue.markets)
        self._last_ns = started_ns
        self._next_quote_ns = started_ns
        self._next_take_ns = started_ns + SECOND
        self._next_resolve_ns = started_ns + self._after(self._params.resolve_every_s)
        self._next_move_ns = started_ns + self._after(self._params.move_every_s)
        for wallet in (*self.makers, *self.takers, *self.leaders):
            self.desk.open(wallet)
        for wallet in self.makers:
            venue.cancel_all(self.desk.owner(wallet), started_ns)
        for market in list(venue.markets.values()):
            if not market.resolved:
                self._enter(market, started_ns)

    def step(self, now_ns: int) -> None:
        """Do whatever is due."""
        self._move_values(now_ns)
        while self._next_quote_ns <= now_ns:
            self._quote_one(now_ns)
            markets = max(len(self._quoted) * len(self.makers), 1)
            self._next_quote_ns += max(round(self._params.quote_every_s * SECOND / markets), 1)
        while self._next_take_ns <= now_ns:
            self._take_one(now_ns)
            self._next_take_ns += round(self._rng.exponential(1.0 / self._params.takes_per_s) * SECOND) + 1
        while self._next_move_ns <= now_ns:
            self._move_one(now_ns)
            self._next_move_ns += self._after(self._params.move_every_s)
        if self._next_resolve_ns <= now_ns:
            self._resolve_one(now_ns)
            self._next_resolve_ns = now_ns + self._after(self._params.resolve_every_s)

    @staticmethod
    def _after(seconds: float) -> int:
        return round(seconds * SECOND) if seconds > 0 else 1 << 62

    def _enter(self, market: VenueMarket, now_ns: int) -> None:
        log_odds = float(self._rng.normal(0.0, 0.8))
        self._quoted[market.condition_id] = Quoted(market, log_odds, 1.0 / (1.0 + math.exp(-log_odds)))
        for maker in self.makers:
            self._venue.split(maker, market.condition_id, self._params.start_shares * MICRO, now_ns)

    def _move_values(self, now_ns: int) -> None:
        passed_s = (now_ns - self._last_ns) / SECOND
        if passed_s <= 0:
            return
        self._last_ns = now_ns
        steps = self._rng.normal(0.0, self._params.volatility * math.sqrt(passed_s), len(self._quoted))
        for each, step in zip(self._quoted.values(), steps.tolist(), strict=True):
            each.log_odds = max(-3.0, min(3.0, each.log_odds + step))
            each.seen += (each.fair - each.seen) * min(passed_s / 20.0, 1.0)

    # -- makers --------------------------------------------------------------------------------------------------

    def _quote_one(self, now_ns: int) -> None:
        open_ = [each for each in self._quoted.values() if each.market.accepting_orders]
        if not open_:
            return
        each = open_[int(self._rng.integers(len(open_)))]
        maker = self.makers[int(self._rng.integers(len(self.makers)))]
        self.desk.withdraw(maker, each.orders.pop(maker, []), now_ns)
        each.orders[maker] = [
            order_id for order_id in self._place_quotes(each, maker, now_ns) if order_id in self._venue.orders
        ]

    def _place_quotes(self, each: Quoted, maker: str, now_ns: int) -> Iterable[str]:
        tick = each.market.tick_micro
        half = int(self._rng.integers(1, 3)) * 10_000
        middle = round(each.seen * MICRO)
        twin = self._rng.random() < self._params.twin_share
        for level in range(self._params.levels):
            size = whole_size(
                int(self._params.level_shares * MICRO * self._rng.uniform(0.3, 1.0)), each.market.min_order_micro
            )
            away = half + level * max(tick, 10_000)
            for token, value in enumerate((middle, MICRO - middle)):
                for _ in range(2 if twin and level == 0 else 1):
                    yield self._quote(each, maker, token, (value - away, value + away), size, now_ns)

    def _quote(self, each: Quoted, maker: str, token: int, prices: tuple[int, int], size: int, now_ns: int) -> str:
        """Sell what is there at the higher price, else buy at the lower one."""
        token_id = each.market.token_ids[token]
        sells = self._rng.random() < 0.4 and self.desk.held(maker, token_id) >= size
        side, price = (Side.SELL, prices[1]) if sells else (Side.BUY, prices[0])
        told = self.desk.rest(maker, token_id, side, to_tick(price, each.market.tick_micro), size, now_ns)
        return told.order_id

    # -- takers and leaders --------------------------------------------------------------------------------------

    def _take_one(self, now_ns: int) -> None:
        open_ = [each for each in self._quoted.values() if each.market.accepting_orders]
        if not open_:
            return
        each = open_[int(self._rng.integers(len(open_)))]
        knows = self._rng.random() < self._params.leader_share
        crowd = self.leaders if knows else self.takers
        wallet = crowd[int(self._rng.integers(len(crowd)))]
        token = int(each.fair < each.seen) if knows else int(self._rng.integers(2))
        dollars = float(np.exp(self._rng.normal(3.4, 0.9)))
        if self._rng.random() < 0.35 and self._sell(each, wallet, 1 - token if knows else token, now_ns):
            return
        token_id = each.market.token_ids[token]
        _, ask = self._venue.best(token_id)
        if ask < MICRO:
            price = to_tick(min(ask + 20_000, MICRO - each.market.tick_micro), each.market.tick_micro)
            self.desk.take(wallet, token_id, Side.BUY, price, max(int(dollars), 2) * MICRO, now_ns)

    def _sell(self, each: Quoted, wallet: str, token: int, now_ns: int) -> bool:
        token_id = each.market.token_ids[token]
        held = self.desk.held(wallet, token_id)
        bid, _ = self._venue.best(token_id)
        if held < 5 * MICRO or bid <= 0:
            return False
        price = to_tick(max(bid - 20_000, each.market.tick_micro), each.market.tick_micro)
        part = held if self._rng.random() < 0.5 else held // 2
        self.desk.take(wallet, token_id, Side.SELL, price, part, now_ns)
        return True

    def _move_one(self, now_ns: int) -> None:
        """A leader merges what he holds of both outcomes of a market, else splits a little where he holds one."""
        wallet = self.leaders[int(self._moves.integers(len(self.leaders)))]
        found: list[tuple[int, int, str]] = []
        for each in self._quoted.values():
            held = sorted(self.desk.held(wallet, token) for token in each.market.token_ids)
            if held[1] > 0 and not each.market.resolved:
                found.append((held[0], held[1], each.market.condition_id))
        if not found:
            return
        sets, _, condition_id = max(found)
        if sets > 0:
            self._venue.merge(wallet, condition_id, sets, now_ns)
        else:
            self._venue.split(wallet, condition_id, self._params.split_shares * MICRO, now_ns)

    # -- ends ----------------------------------------------------------------------------------------------------

    def _resolve_one(self, now_ns: int) -> None:
        open_ = [each for each in self._quoted.values() if not each.market.resolved and not each.market.neg_risk]
        if not open_:
            return
        each = open_[0]
        won = self._rng.random() < each.fair
        self._venue.resolve(each.market.condition_id, (MICRO, 0) if won else (0, MICRO), now_ns)
        for wallet in (*self.makers, *self.leaders):
            self._venue.redeem(wallet, each.market.condition_id, now_ns)
        del self._quoted[each.market.condition_id]
        if self._new_market is not None:
            self._listed += 1
            market = self._new_market(self._listed, now_ns)
            self._venue.add_market(market, now_ns)
            self._enter(market, now_ns)
