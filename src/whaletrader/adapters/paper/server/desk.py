"""Places orders for wallets that the exchange trades with by itself: money and tokens come out of nothing, in the open.

Every order goes through the exchange like anybody's, so that each channel tells of its fills. Who is refused is counted
by the exchange's words.
"""

from collections import Counter

from whaletrader.adapters.paper.server.types import NewOrder, OrderType, Placed
from whaletrader.adapters.paper.server.venue import Venue
from whaletrader.domain.amounts import floor_size, limit_amounts, market_amounts
from whaletrader.domain.order_hash import keccak256
from whaletrader.domain.values import MICRO, Side

PURSE_MICRO = 10_000_000 * MICRO
"""Paper money of every such wallet."""
_MS = 1_000_000


def made_up_wallet(seed: int, name: str) -> str:
    """An address that follows from a seed and a name."""
    return "0x" + keccak256(f"wallet/{seed}/{name}".encode())[-20:].hex()


class Desk:
    """Orders of many wallets, without signatures: they are placed behind the front door."""

    def __init__(self, venue: Venue, seed: int) -> None:
        self._venue = venue
        self._seed = seed
        # One that goes on numbers its orders unlike those before, of which some were refused.
        self._orders = venue.now_ns if venue.taken else 0
        self.refused: Counter[str] = Counter()
        self.placed = 0

    def open(self, wallet: str) -> None:
        """Give a wallet an account with paper money and every approval, once."""
        if wallet not in self._venue.accounts:
            self._venue.open_account(wallet, owner=wallet, cash_micro=PURSE_MICRO)

    def held(self, wallet: str, token_id: str) -> int:
        """Shares that a wallet may still sell."""
        account = self._venue.accounts[wallet]
        return account.tokens.get(token_id, 0) - account.owed_tokens.get(token_id, 0)

    def give(self, wallet: str, token_id: str, size_micro: int) -> None:
        """Fill a wallet's holding of a token up to a size."""
        lacking = size_micro - self.held(wallet, token_id)
        if lacking > 0:
            self._venue.deposit(wallet, tokens={token_id: lacking})

    def owner(self, wallet: str) -> str:
        """The API key under which a wallet's orders come."""
        return f"desk-{wallet[2:10]}-{wallet[10:]}"

    def rest(self, wallet: str, token_id: str, side: Side, price_micro: int, size_micro: int, now_ns: int) -> Placed:
        """Place a limit order that stays (and takes first what it crosses)."""
        market = self._venue.market_of(token_id)
        assert market is not None, token_id
        amounts = limit_amounts(side, price_micro, size_micro, market.tick_micro)
        return self._place(wallet, token_id, side, (amounts.maker, amounts.taker), OrderType.GTC, now_ns)

    def take(
        self, wallet: str, token_id: str, side: Side, price_micro: int, quantity_micro: int, now_ns: int
    ) -> Placed:
        """Take what there is up to a price: `quantity_micro` is collateral for a BUY, shares for a SELL."""
        market = self._venue.market_of(token_id)
        assert market is not None, token_id
        amounts = market_amounts(side, price_micro, quantity_micro, market.tick_micro)
        return self._place(wallet, token_id, side, (amounts.maker, amounts.taker), OrderType.FAK, now_ns)

    def withdraw(self, wallet: str, order_ids: list[str], now_ns: int) -> None:
        """Cancel orders of a wallet; those that are gone already are passed over."""
        if order_ids:
            self._venue.cancel(self.owner(wallet), order_ids, now_ns)

    def _place(
        self, wallet: str, token_id: str, side: Side, amounts: tuple[int, int], order_type: OrderType, now_ns: int
    ) -> Placed:
        self._orders += 1
        order = NewOrder(
            order_id="0x" + keccak256(f"order/{self._seed}/{self._orders}".encode()).hex(),
            owner=self.owner(wallet),
            maker=wallet,
            signer=wallet,
            token_id=token_id,
            side=side,
            maker_amount=amounts[0],
            taker_amount=amounts[1],
            salt=self._orders,
            timestamp_ms=now_ns // _MS,
            order_type=order_type,
        )
        placed = self._venue.place(order, now_ns)
        if placed.refusal is None:
            self.placed += 1
        else:
            self.refused[placed.refusal.message.split(" 0x")[0][:60]] += 1
        return placed


def to_tick(price_micro: int, tick_micro: int) -> int:
    """The nearest price that the tick allows, between one tick and one minus a tick."""
    rounded = (price_micro + tick_micro // 2) // tick_micro * tick_micro
    return max(tick_micro, min(MICRO - tick_micro, rounded))


def whole_size(size_micro: int, least_micro: int) -> int:
    """Shares with two decimals, at least as many as a resting order needs."""
    return max(floor_size(size_micro), least_micro)
