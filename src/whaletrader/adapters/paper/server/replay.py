"""Replays a dataset's fills in accelerated time through orders of the very wallets, so that every channel tells them.

The makers of a transaction place what they gave, the house fills up what the dataset does not name, then the taker
comes: price and shares are the dataset's, rounded to the venue's ticks and hundredths of a share. Between the fills the
house quotes both sides near the last price for whoever else trades here. Fills below the venue's minimum are left out
and counted. Wallets get the tokens they sell out of nothing where the dataset does not show how they came by them.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from whaletrader.adapters.paper.server.desk import Desk, made_up_wallet, to_tick
from whaletrader.adapters.paper.server.replay_markets import Clockwork, ReplayData
from whaletrader.adapters.paper.server.types import VenueMarket
from whaletrader.adapters.paper.server.venue import Venue
from whaletrader.domain.amounts import MIN_MARKETABLE_MICRO, floor_size
from whaletrader.domain.values import MICRO, Side, TapeRole, TapeSide

MOST_PER_STEP = 200
"""Transactions in one step: the exchange answers others in between."""
QUOTE_SHARES = 300 * MICRO
QUOTE_LEVELS = 3
_SIDES = {int(TapeSide.BUY): Side.BUY, int(TapeSide.SELL): Side.SELL}


@dataclass(frozen=True, slots=True)
class Row:
    """One fill of a transaction, as it is ordered here."""

    wallet: str
    token_id: str
    outcome: int
    side: Side
    maker: bool
    price_micro: int
    size_micro: int


class Replay:
    """Acts at every step of the exchange's timer until the dataset ends."""

    def __init__(
        self, venue: Venue, path: Path, *, seed: int, started_ns: int, speed: float, first_ts: int | None = None
    ) -> None:
        self._venue = venue
        self._data = ReplayData(path)
        begin = int(self._data.prints.ts[0]) if first_ts is None else first_ts
        self._clock = Clockwork(begin, started_ns, speed)
        self.desk = Desk(venue, seed)
        self._house = made_up_wallet(seed, "house")
        self.desk.open(self._house)
        self._listed: dict[int, VenueMarket] = {}
        self._quotes: dict[int, list[str]] = {}
        self._holders: dict[int, set[str]] = {}
        self.next_row = int(self._data.prints.ts.searchsorted(begin))
        self._ends = [end for end in self._data.resolutions() if end[0] >= begin]
        self.skipped: Counter[str] = Counter()
        self.transactions = 0

    @property
    def done(self) -> bool:
        """Whether every fill has been replayed."""
        return self.next_row >= len(self._data.prints)

    def step(self, now_ns: int) -> None:
        """Replay what is due, at most `MOST_PER_STEP` transactions."""
        due = self._clock.due(now_ns)
        for _ in range(MOST_PER_STEP):
            if self.done or int(self._data.prints.ts[self.next_row]) > due:
                break
            self._transaction(now_ns)
        while self._ends and self._ends[0][0] <= due and self._caught_up(self._ends[0][0]):
            self._end(now_ns)

    def _caught_up(self, ts: int) -> bool:
        return self.done or int(self._data.prints.ts[self.next_row]) > ts

    def _transaction(self, now_ns: int) -> None:
        prints = self._data.prints
        first, group, market = self.next_row, prints.group[self.next_row], int(prints.market[self.next_row])
        while not self.done and prints.group[self.next_row] == group and int(prints.market[self.next_row]) == market:
            self.next_row += 1
        listed = self._list(market, now_ns)
        if not listed.accepting_orders:
            self.skipped["market closed"] += 1
            return
        rows = [row for row in (self._row(place, listed) for place in range(first, self.next_row)) if row is not None]
        if not rows:
            return
        self.desk.withdraw(self._house, self._quotes.pop(market, []), now_ns)
        self._trade(listed, rows, now_ns)
        self._holders.setdefault(market, set()).update(row.wallet for row in rows)
        last = rows[-1].price_micro if rows[-1].outcome == 0 else MICRO - rows[-1].price_micro
        self._quotes[market] = self._quote(listed, last, now_ns)
        self.transactions += 1

    def _list(self, market: int, now_ns: int) -> VenueMarket:
        if market not in self._listed:
            self._listed[market] = self._data.venue_market(market, self._clock)
            self._venue.add_market(self._listed[market], now_ns)
        return self._listed[market]

    def _row(self, place: int, listed: VenueMarket) -> Row | None:
        prints = self._data.prints
        size, outcome = floor_size(int(prints.size[place])), int(prints.outcome[place])
        price = to_tick(int(prints.price[place]), listed.tick_micro)
        if size < listed.min_order_micro or size * price < MIN_MARKETABLE_MICRO * MICRO:
            self.skipped["below the minimum"] += 1
            return None
        wallet = self._data.wallets[int(prints.wallet[place])]
        self.desk.open(wallet)
        side = _SIDES[int(prints.side[place])]
        maker = int(prints.role[place]) == int(TapeRole.MAKER)
        return Row(wallet, listed.token_ids[outcome], outcome, side, maker, price, size)

    def _trade(self, listed: VenueMarket, rows: Sequence[Row], now_ns: int) -> None:
        makers, takers = [row for row in rows if row.maker], [row for row in rows if not row.maker]
        if not takers:
            takers = [self._against(row, listed) for row in makers]
        elif (lacking := sum(row.size_micro for row in takers) - sum(row.size_micro for row in makers)) > 0:
            least = max(lacking, listed.min_order_micro)
            makers.append(self._against(takers[-1], listed, size_micro=least))
        resting = [(row.wallet, self._order(row, now_ns)) for row in makers]
        resting += [(row.wallet, self._order(row, now_ns)) for row in takers]
        for wallet, order_id in resting:
            if order_id:
                self.desk.withdraw(wallet, [order_id], now_ns)

    def _against(self, row: Row, listed: VenueMarket, size_micro: int = 0) -> Row:
        """The house's order that meets a row: it buys the other outcome, or the same one from a seller."""
        size = size_micro or row.size_micro
        if row.side is Side.SELL:
            return Row(self._house, row.token_id, row.outcome, Side.BUY, not row.maker, row.price_micro, size)
        other = 1 - row.outcome
        price = MICRO - row.price_micro
        return Row(self._house, listed.token_ids[other], other, Side.BUY, not row.maker, price, size)

    def _order(self, row: Row, now_ns: int) -> str:
        if row.side is Side.SELL:
            self.desk.give(row.wallet, row.token_id, row.size_micro)
        return self.desk.rest(row.wallet, row.token_id, row.side, row.price_micro, row.size_micro, now_ns).order_id

    def _quote(self, listed: VenueMarket, last_micro: int, now_ns: int) -> list[str]:
        told = []
        for level in range(1, QUOTE_LEVELS + 1):
            for outcome, middle in enumerate((last_micro, MICRO - last_micro)):
                price = to_tick(middle - level * max(listed.tick_micro, 10_000), listed.tick_micro)
                if 0 < price < middle:
                    order = self.desk.rest(
                        self._house, listed.token_ids[outcome], Side.BUY, price, QUOTE_SHARES, now_ns
                    )
                    told.append(order.order_id)
        return [order_id for order_id in told if order_id]

    def _end(self, now_ns: int) -> None:
        _, market, payouts = self._ends.pop(0)
        listed = self._listed.get(market)
        if listed is None or listed.resolved:
            return
        self._venue.resolve(listed.condition_id, payouts, now_ns)
        for wallet in sorted(self._holders.pop(market, ())):
            self._venue.redeem(wallet, listed.condition_id, now_ns)
