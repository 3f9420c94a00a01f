"""Our book: cash, what approved orders reserve, positions, their marks, equity, high-water mark, the day's base.

Provisional and final exposure are kept apart: a matched fill counts as exposure at once, but it stays `unsettled` until
it is confirmed; what an unsettled sale brought is not spendable, and a failed settlement undoes its fill as a whole.
Limits are not judged here. The transitions change the book in place; everything else only reads.
"""

import msgspec

from whaletrader.domain.complete_sets import merged_shares
from whaletrader.domain.position import Position
from whaletrader.domain.settlement import fill_cash_micro
from whaletrader.domain.values import MICRO, Side


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """What a share is worth now: the bid we could sell at, the mid that tells its probability, and since when."""

    bid_micro: int
    mid_micro: int
    ts: int
    final: bool = False
    """The market paid out: the bid is the payout and never grows stale."""


class Reservation(msgspec.Struct, frozen=True, kw_only=True):
    """What an approved order that is not final may still cost (BUY) or sell (SELL)."""

    market_id: str
    token_id: str
    event_group_id: str
    wallet: str
    kind: str
    side: Side
    size_micro: int
    """Shares not filled yet."""
    reserved_micro: int
    """Collateral not spent yet; 0 for a SELL."""


class UnsettledFill(msgspec.Struct, frozen=True, kw_only=True):
    """A matched fill until its settlement is known: exactly what undoes it."""

    token_id: str
    market_id: str
    event_group_id: str
    wallet: str
    kind: str
    size_micro: int
    """Signed: a BUY adds shares."""
    cost_micro: int
    """Signed change of the lot's cost."""
    cash_micro: int
    """Signed change of cash."""


class Fill(msgspec.Struct, frozen=True, kw_only=True):
    """One fill of one of our orders, as the book takes it."""

    fill_id: str
    """Order and trade: the same fill told twice is one."""
    approval_id: str
    market_id: str
    token_id: str
    event_group_id: str
    wallet: str
    kind: str
    side: Side
    price_micro: int
    size_micro: int
    fee_micro: int


class MarkRule(msgspec.Struct, frozen=True, kw_only=True):
    """From which age on a mark is stale, and what a stale one loses."""

    max_age_ns: int
    haircut_micro: int


class Valuation(msgspec.Struct, frozen=True, kw_only=True):
    """Equity at a moment, and how much of it hangs on stale marks."""

    equity_micro: int
    positions_micro: int
    stale_positions: int
    haircut_micro: int


class Portfolio(msgspec.Struct, kw_only=True):
    """One account's book; all amounts in micro-units of collateral or shares."""

    cash_micro: int
    high_water_micro: int
    day_base_micro: int
    positions: dict[str, Position] = {}
    reservations: dict[str, Reservation] = {}
    unsettled: dict[str, UnsettledFill] = {}
    marks: dict[str, Mark] = {}

    @classmethod
    def opened(cls, cash_micro: int) -> "Portfolio":
        """Return a book that holds cash only."""
        return cls(cash_micro=cash_micro, high_water_micro=cash_micro, day_base_micro=cash_micro)

    def copy(self) -> "Portfolio":
        """Return a book that may be changed without touching this one (entries are values, so they are shared)."""
        return Portfolio(
            cash_micro=self.cash_micro,
            high_water_micro=self.high_water_micro,
            day_base_micro=self.day_base_micro,
            positions=dict(self.positions),
            reservations=dict(self.reservations),
            unsettled=dict(self.unsettled),
            marks=dict(self.marks),
        )

    @property
    def reserved_micro(self) -> int:
        """Collateral that approved orders may still spend."""
        return sum(each.reserved_micro for each in self.reservations.values())

    @property
    def free_cash_micro(self) -> int:
        """Cash that nothing has a claim on: reservations and unconfirmed proceeds left out, never below 0."""
        unconfirmed = sum(each.cash_micro for each in self.unsettled.values() if each.cash_micro > 0)
        return max(self.cash_micro - self.reserved_micro - unconfirmed, 0)

    def is_final(self, token_id: str) -> bool:
        """Tell whether a held token has paid out: it is then no risk any more, only cash to come."""
        mark = self.marks.get(token_id)
        return mark is not None and mark.final

    def open_tokens(self) -> dict[str, None]:
        """Return the tokens at risk, in a fixed order: held and not paid out, or about to be bought."""
        held = dict.fromkeys(token for token in self.positions if not self.is_final(token))
        bought = (each.token_id for each in self.reservations.values() if each.side is Side.BUY)
        return held | dict.fromkeys(bought)

    def for_sale_micro(self, token_id: str, wallet: str, kind: str) -> int:
        """Shares of a leader's lot that are there and on no approved sale.

        All lots together hold no more than the wallet: where another leader's lot is owed (his purchase turned out void
        after its shares were sold or merged), this one's shares are not all there either.
        """
        position = self.positions.get(token_id)
        if position is None:
            return 0
        sales = [each for each in self.reservations.values() if each.side is Side.SELL and each.token_id == token_id]
        own = sum(each.size_micro for each in sales if (each.wallet, each.kind) == (wallet, kind))
        everything = position.size_micro - sum(each.size_micro for each in sales)
        return max(min(position.lot(wallet, kind).size_micro - own, everything), 0)

    def leader_exposure_micro(self, wallet: str) -> int:
        """Collateral at risk on a leader's word.

        Parameters
        ----------
        wallet : str
            The leader, over both kinds of his events.

        Returns
        -------
        int
            Per open lot the greater of cost and marked value, and what his approved buys may still spend.
        """
        total = sum(each.reserved_micro for each in self.reservations.values() if each.wallet == wallet)
        for token, position in self.positions.items():
            mark = self.marks.get(token)
            if mark is not None and mark.final:
                continue
            for lot in position.lots:
                if lot.wallet == wallet:
                    total += max(lot.cost_micro, lot.size_micro * mark.bid_micro // MICRO if mark else 0)
        return total

    def value(self, now_ts: int, rule: MarkRule) -> Valuation:
        """Equity now: cash and every position at its bid, a stale one less the haircut.

        Parameters
        ----------
        now_ts : int
            The run's clock, UTC nanoseconds.
        rule : MarkRule
            When a mark is stale and what that costs.

        Returns
        -------
        Valuation
            In micro-units. A token without any mark is valued at cost less the haircut; a negative position (a voided
            buy whose sale is not voided yet) is owed at the full payout.
        """
        total = stale = haircut = 0
        for token in self.positions:
            value, cut = self.position_value(token, now_ts, rule)
            total += value
            haircut += cut
            stale += cut > 0
        return Valuation(
            equity_micro=self.cash_micro + total, positions_micro=total, stale_positions=stale, haircut_micro=haircut
        )

    def position_value(self, token_id: str, now_ts: int, rule: MarkRule) -> tuple[int, int]:
        """Value of one position and the haircut that it suffered, both in micro-units (see `value`)."""
        position = self.positions[token_id]
        size, mark = position.size_micro, self.marks.get(token_id)
        if size <= 0:
            return size, 0
        worth = size * mark.bid_micro // MICRO if mark else position.cost_micro
        if mark and (mark.final or now_ts - mark.ts <= rule.max_age_ns):
            return worth, 0
        cut = -(-worth * rule.haircut_micro // MICRO)
        return worth - cut, cut

    def drawdown_micro(self, equity_micro: int) -> int:
        """Fraction (in micro) of the high-water mark that is lost, 0 at a new high, 1 (or more) with nothing left."""
        if equity_micro >= self.high_water_micro:
            return 0
        lost = self.high_water_micro - equity_micro
        return MICRO if self.high_water_micro <= 0 else -(-lost * MICRO // self.high_water_micro)

    def day_loss_micro(self, equity_micro: int) -> int:
        """What was lost since 00:00 UTC, 0 where nothing was."""
        return max(self.day_base_micro - equity_micro, 0)

    def reserve(self, approval_id: str, reservation: Reservation) -> None:
        """Set aside what an approved order may use."""
        self.reservations[approval_id] = reservation

    def release(self, approval_id: str) -> int:
        """Free what an order reserved and did not use; returns the collateral, 0 where nothing was reserved."""
        reservation = self.reservations.pop(approval_id, None)
        return reservation.reserved_micro if reservation else 0

    def fill(self, fill: Fill) -> None:
        """Take a fill: a BUY pays price * size and the fee, a SELL gets the proceeds less the fee; twice told is once.

        Parameters
        ----------
        fill : Fill
            Micro-units; cash is rounded against us.
        """
        if fill.fill_id in self.unsettled:
            return
        cash = fill_cash_micro(fill.side, fill.price_micro, fill.size_micro, fill.fee_micro)
        if fill.side is Side.BUY:
            size, cost = fill.size_micro, -cash
        else:
            held = self._position(fill.token_id, fill.market_id, fill.event_group_id)
            size, cost = -fill.size_micro, -held.cost_of(fill.wallet, fill.kind, fill.size_micro)
        change = UnsettledFill(
            token_id=fill.token_id,
            market_id=fill.market_id,
            event_group_id=fill.event_group_id,
            wallet=fill.wallet,
            kind=fill.kind,
            size_micro=size,
            cost_micro=cost,
            cash_micro=cash,
        )
        self._apply(change, 1)
        self.unsettled[fill.fill_id] = change
        self._draw(fill.approval_id, fill.size_micro, -cash)

    def confirm(self, fill_id: str) -> None:
        """Make a fill final."""
        self.unsettled.pop(fill_id, None)

    def void(self, fill_id: str) -> UnsettledFill | None:
        """Undo a fill whose settlement failed, cash, shares and cost at once; None where no such fill is open."""
        change = self.unsettled.pop(fill_id, None)
        if change is not None:
            self._apply(change, -1)
        return change

    def redeem(self, token_id: str, size_micro: int, cash_micro: int) -> None:
        """Turn shares of a resolved token into the collateral that came for them."""
        self._take(token_id, size_micro)
        self.cash_micro += cash_micro

    def merge(self, market_id: str, size_micro: int, cash_micro: int) -> None:
        """Turn equal holdings of a market's outcomes into collateral; whose lots go is `merged_shares`' word."""
        held = [each for _, each in sorted(self.positions.items()) if each.market_id == market_id]
        sides = [{f"{lot.kind}/{lot.wallet}": lot.size_micro for lot in each.lots} for each in held]
        sides += [{}] * (2 - len(held))
        for position, taken in zip(held, merged_shares(sides[0], sides[1], size_micro), strict=False):
            self._keep(position.without(taken))
        self.cash_micro += cash_micro

    def deposit(self, cash_micro: int) -> None:
        """Add (or, negative, withdraw) cash: no profit, so the day's base and the high-water mark move along."""
        self.cash_micro += cash_micro
        self.day_base_micro += cash_micro
        self.high_water_micro += cash_micro

    def mark(self, token_id: str, mark: Mark) -> None:
        """Mark a held token; a mark older than the present one, or any after the final one, is passed over."""
        present = self.marks.get(token_id)
        if token_id in self.positions and (present is None or (not present.final and mark.ts >= present.ts)):
            self.marks[token_id] = mark

    def raise_high_water(self, equity_micro: int) -> None:
        """Remember a new high."""
        self.high_water_micro = max(self.high_water_micro, equity_micro)

    def _position(self, token_id: str, market_id: str, event_group_id: str) -> Position:
        held = self.positions.get(token_id)
        return held or Position(token_id=token_id, market_id=market_id, event_group_id=event_group_id)

    def _apply(self, change: UnsettledFill, sign: int) -> None:
        held = self._position(change.token_id, change.market_id, change.event_group_id)
        changed = held.changed(change.wallet, change.kind, sign * change.size_micro, sign * change.cost_micro)
        self.cash_micro += sign * change.cash_micro
        self._keep(changed)

    def _take(self, token_id: str, size_micro: int) -> None:
        held = self.positions.get(token_id)
        if held is not None:
            self._keep(held.reduced(size_micro))

    def _keep(self, position: Position) -> None:
        if position.lots:
            self.positions[position.token_id] = position
        else:
            self.positions.pop(position.token_id, None)
            self.marks.pop(position.token_id, None)

    def _draw(self, approval_id: str, size_micro: int, cost_micro: int) -> None:
        reservation = self.reservations.get(approval_id)
        if reservation is None:
            return
        left = max(reservation.size_micro - size_micro, 0)
        spent = min(max(cost_micro, 0), reservation.reserved_micro)
        self.reservations[approval_id] = msgspec.structs.replace(
            reservation, size_micro=left, reserved_micro=reservation.reserved_micro - spent
        )
