"""Markets, accounts and orders for the paper exchange's state machine; ids are made up, nothing is signed."""

from whaletrader.adapters.paper.server.types import NewOrder, OrderState, VenueMarket, VenueOrder
from whaletrader.domain.amounts import limit_amounts, market_amounts
from whaletrader.domain.fees import FeeSchedule
from whaletrader.domain.values import MICRO, NANOS, Side

START = 1_795_305_600 * NANOS
CONDITION = "0x" + "ab" * 32
YES, NO = "1001", "1002"


def market(**changes):
    values = {"condition_id": CONDITION, "token_ids": (YES, NO), "question_id": "0x" + "cd" * 32, "slug": "it-rains"}
    values |= {"fee": FeeSchedule(50_000), "created_ts": START} | changes
    return VenueMarket(**values)


def wallet(number):
    return f"0x{number:040x}"


class Orders:
    """Makes orders of wallets with ids of their own; wallet n trades under the API key "key-n"."""

    def __init__(self):
        self.count = 0

    def limit(self, number, side, token, price, size, *, tick=10_000, **changes):
        """Price and size in units: 0.53 and 10."""
        amounts = limit_amounts(Side(side), round(price * MICRO), round(size * MICRO), tick)
        return self._order(number, side, token, amounts, {"order_type": "GTC"} | changes)

    def market(self, number, side, token, price, quantity, *, tick=10_000, **changes):
        """Quantity: collateral of a BUY, shares of a SELL."""
        amounts = market_amounts(Side(side), round(price * MICRO), round(quantity * MICRO), tick)
        return self._order(number, side, token, amounts, {"order_type": "FAK"} | changes)

    def _order(self, number, side, token, amounts, changes):
        self.count += 1
        values = {
            "order_id": f"0x{self.count:064x}",
            "owner": f"key-{number}",
            "maker": wallet(number),
            "signer": wallet(number),
            "token_id": token,
            "side": side,
            "maker_amount": amounts.maker,
            "taker_amount": amounts.taker,
            "salt": self.count,
            "timestamp_ms": START // 1_000_000,
        }
        return NewOrder(**values | changes)


def resting(number, side="BUY", price=400_000, size=100, *, token=YES, condition=CONDITION, maker=""):
    """A resting order; price in micro-units, size in shares."""
    return VenueOrder(
        order_id=f"0x{number:02x}",
        owner="key",
        maker=maker or wallet(1),
        signer=maker or wallet(1),
        condition_id=condition,
        token_id=token,
        outcome_index=0,
        side=side,
        price_micro=price,
        size_micro=size * MICRO,
        order_type="GTC",
        expiration_s=0,
        post_only=False,
        builder="",
        metadata="",
        created_ts=0,
        state=OrderState.LIVE,
    )


def run_until(agenda, now_ns):
    """Make every call of an agenda that is due."""
    for ts, call in agenda.due(now_ns):
        call(ts)
