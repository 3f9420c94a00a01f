"""Rows of the venue's sources, made short."""

from whaletrader.datasets.decode.rows import (
    BookDelta,
    BookSnapshot,
    ChainResolution,
    MarketMeta,
    PositionChange,
    VenueFill,
)

NS = 1_000_000_000
MARKET = "0x" + "ab" * 32
YES, NO = "1001", "1002"
WALLET, OTHER = "0x" + "11" * 20, "0x" + "22" * 20
START = 1_790_000_000 * NS


def tx(number):
    return f"0x{number:064x}"


def fill(size, *, source="rtds.trades", at=0, number=1, wallet=WALLET, token=YES, side="BUY", price=500_000, **changes):
    """A fill of `size` whole shares, `at` seconds after the start."""
    facts = {"market_id": MARKET, "outcome_index": 0 if token == YES else 1, **changes}
    if source == "chain":
        facts = {"market_id": "", "outcome_index": -1, "log_index": 0, "block": 1, **changes}
    return VenueFill(
        source=source,
        wallet=wallet,
        token_id=token,
        side=side,
        price_micro=price,
        size_micro=round(size * 1_000_000),
        ts_event=START + at * NS,
        tx_hash=tx(number),
        **facts,
    )


def meta(**changes):
    facts = {
        "source": "gamma",
        "market_id": MARKET,
        "version": "v1",
        "token_ids": (YES, NO),
        "neg_risk": False,
        "tick_micro": 10_000,
        "min_order_micro": 5_000_000,
        "fee_rate_micro": 40_000,
        "fee_exponent": 1,
        **changes,
    }
    return MarketMeta(**facts)


def end(yes=1_000_000, **changes):
    return ChainResolution(source="chain", market_id=MARKET, payouts_micro=(yes, 1_000_000 - yes), **changes)


def book(bids, asks, token=YES):
    return BookSnapshot(market_id=MARKET, token_id=token, ts_event=START, bids=bids, asks=asks)


def delta(side, price, size, token=YES):
    return BookDelta(market_id=MARKET, token_id=token, ts_event=START, side=side, price_micro=price, size_micro=size)


def change(kind="MERGE", shares=5, *, source="data_v2", at=0, number=1, wallet=WALLET, market=MARKET, **changes):
    """A split, merge or conversion of `shares` whole shares."""
    facts = {"ts_event": START + at * NS, "tx_hash": tx(number), "market_id": market, **changes}
    return PositionChange(source=source, kind=kind, wallet=wallet, amount_micro=round(shares * 1_000_000), **facts)
