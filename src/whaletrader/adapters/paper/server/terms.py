"""What the venue demands of an order before it looks at money or at the book, with its words for every refusal."""

from typing import NamedTuple

from whaletrader.adapters.paper.server.types import Account, Mode, NewOrder, OrderType, Refusal, VenueMarket, VenueRules
from whaletrader.domain.amounts import AMOUNT_DECIMALS, MIN_MARKETABLE_MICRO
from whaletrader.domain.book_hash import decimal_text
from whaletrader.domain.values import MICRO, NANOS, Side

GTD_LEAD_NS = 60 * NANOS
"""A GTD order dies so long before its expiration, and must be made longer before it."""
SIZE_DECIMALS = 2

FOK_KILLED = Refusal(400, "order couldn't be fully filled. FOK orders are fully filled or killed.")
FAK_KILLED = Refusal(
    400, "no orders found to match with FAK order. FAK orders are partially filled or killed if no match is found."
)
POST_ONLY_CROSSES = Refusal(400, "invalid post-only order: order crosses book")
NO_MARKET = Refusal(404, "market not found")
NOT_READY = Refusal(400, "the market is not yet ready to process new orders")
BAD_EXPIRATION = Refusal(400, "invalid expiration")
BAD_PAYLOAD = Refusal(400, "Invalid order payload")
DEPOSIT_WALLETS_ONLY = Refusal(400, "maker address not allowed, please use the deposit wallet flow")
STILL_DELAYED = "the order is delayed and cannot be canceled yet"
NOT_FOUND = "order can't be found - already canceled or matched"


class Terms(NamedTuple):
    """An order as the book takes it."""

    price_micro: int
    size_micro: int
    """Shares; of an order with a budget the fewest that it wants."""
    budget_micro: int
    """-1 where the order is in shares."""


def mode_refusal(mode: Mode, left_s: int, *, post_only: bool = False, cancels: bool = False) -> Refusal | None:
    """Say what the exchange as a whole refuses at the moment."""
    if mode is Mode.RESTARTING:
        return Refusal(425, "the matching engine is restarting, please retry later", "", left_s)
    if mode is Mode.DISABLED:
        return Refusal(503, "Trading is currently disabled. Check polymarket.com for updates")
    if cancels:
        return None
    if mode is Mode.CANCEL_ONLY:
        return Refusal(503, "Trading is currently cancel-only. New orders are not accepted, but cancels are allowed.")
    if mode is Mode.POST_ONLY and not post_only:
        text = "Trading is currently in post-only mode. Only post-only orders are accepted."
        return Refusal(503, text, "post_only_mode", max(1, left_s))
    return None


def terms_of(order: NewOrder, market: VenueMarket) -> Terms | Refusal:
    """Read price, shares and budget out of the signed amounts, or refuse them."""
    if order.maker_amount <= 0 or order.taker_amount <= 0:
        return BAD_PAYLOAD
    buys = order.side == Side.BUY
    cash, shares = (order.maker_amount, order.taker_amount) if buys else (order.taker_amount, order.maker_amount)
    immediate = order.order_type in (OrderType.FOK, OrderType.FAK)
    tick = market.tick_micro
    price, rest = divmod(cash * MICRO, shares)
    if immediate and buys:
        # Shares were cut at the tick's last decimal, so the quotient lies above the price that was meant.
        price = price // tick * tick
        slack = 10 ** (6 - AMOUNT_DECIMALS[tick])
        rest = not price * shares <= cash * MICRO < price * (shares + slack)
    if rest or price % tick or not tick <= price <= MICRO - tick:
        told = decimal_text(cash * MICRO // shares)
        return _invalid(order, f"Price ({told}) breaks minimum tick size rule: {decimal_text(tick)}")
    if not immediate and shares < market.min_order_micro:
        size, least = decimal_text(shares), decimal_text(market.min_order_micro)
        return _invalid(order, f"Size ({size}) lower than the minimum: {least}")
    return _inaccurate(order, market, immediate) or Terms(price, shares, cash if immediate and buys else -1)


def small_marketable(order: NewOrder) -> Refusal | None:
    """Refuse a BUY that crosses with less than a dollar."""
    if order.side != Side.BUY or order.maker_amount >= MIN_MARKETABLE_MICRO:
        return None
    amount = decimal_text(order.maker_amount)
    return Refusal(400, f"invalid amount for a marketable BUY order (${amount}), min size: $1")


def duplicate(order: NewOrder) -> Refusal:
    """Refuse an order that the exchange has."""
    return _invalid(order, "Duplicated.")


def maker_refusal(order: NewOrder, account: Account | None, rules: VenueRules) -> Refusal | None:
    """Say why a wallet may not trade."""
    if order.signature_type == 0 and not rules.eoa_makers:
        return DEPOSIT_WALLETS_ONLY
    if account is None:
        return None
    if account.banned:
        return Refusal(400, f"'{account.address}' address banned")
    if account.closed_only and order.side == Side.BUY:
        return Refusal(400, f"'{account.address}' address in closed only mode")
    return None


def expiry_refusal(order: NewOrder, now_ns: int) -> Refusal | None:
    """Refuse an expiration that is too near, or that does not belong to the order's type."""
    if order.order_type == OrderType.GTD:
        return None if order.expiration_s * NANOS >= now_ns + GTD_LEAD_NS else BAD_EXPIRATION
    return BAD_EXPIRATION if order.expiration_s else None


def _inaccurate(order: NewOrder, market: VenueMarket, immediate: bool) -> Refusal | None:
    """Refuse amounts with more decimals than the tick's rounding table has."""
    buys = order.side == Side.BUY
    fine, coarse = AMOUNT_DECIMALS[market.tick_micro], SIZE_DECIMALS
    # What is counted in two decimals: a limit order's shares, a market BUY's collateral.
    maker, taker = (coarse, fine) if not buys or immediate else (fine, coarse)
    if order.maker_amount % 10 ** (6 - maker) == 0 and order.taker_amount % 10 ** (6 - taker) == 0:
        return None
    kind = f"{'market ' if immediate else ''}{'buy' if buys else 'sell'}"
    text = f"invalid amounts, the {kind} orders maker amount supports a max accuracy of {maker} decimals, "
    return Refusal(400, f"{text}taker amount a max of {taker} decimals")


def _invalid(order: NewOrder, why: str) -> Refusal:
    return Refusal(400, f"order {order.order_id} is invalid. {why}")
