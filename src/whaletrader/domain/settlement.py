"""What fills, failed fills and redemptions do to cash, in exact integers rounded against us."""

from whaletrader.domain.values import MICRO, Side


def fill_cash_micro(side: Side, price_micro: int, size_micro: int, fee_micro: int) -> int:
    """Change of cash by a fill.

    Parameters
    ----------
    side : Side
        A BUY pays, a SELL receives.
    price_micro, size_micro, fee_micro : int
        Micro-units, >= 0; the fee is in collateral.

    Returns
    -------
    int
        Negative for a BUY; half micro-units are rounded against us.
    """
    if side is Side.BUY:
        return -price_micro * size_micro // MICRO - fee_micro
    return price_micro * size_micro // MICRO - fee_micro


def voided_cash_micro(side: Side, price_micro: int, size_micro: int, fee_micro: int) -> int:
    """Change of cash when a fill's settlement fails: exactly what the fill did, undone."""
    return -fill_cash_micro(side, price_micro, size_micro, fee_micro)


def payout_cash_micro(size_micro: int, payout_micro: int) -> int:
    """Collateral that a redemption of `size_micro` shares brings at `payout_micro` per share, rounded down."""
    assert 0 <= payout_micro <= MICRO, payout_micro
    return size_micro * payout_micro // MICRO
