"""A small public record by way of the exchange's own events: one market, one match of three wallets."""

from whaletrader.adapters.paper.server import types
from whaletrader.adapters.paper.server.recorder import ORDER_FILLED, Recorder
from whaletrader.domain.fees import FeeSchedule
from whaletrader.domain.values import NANOS

MARKET = "0x80c7ab790a5ab37e11c79a5a658d729ac29e6e17aa2d3fc859e4a78c0d896369"
YES = "23305969272951306317157739183583008201155714184462027894470739210983097393455"
NO = "104425493878736059469967522531475345635535129482242136756374819053652959839920"
TAKER = "0xf5848342fc388908f2d25a9012cc18a0ad193979"
MAKER = "0x09bed1976600971fd9f9db454a9c302c7a559c32"
SECOND_MAKER = "0xfea0bdcbb924c194283c4a7ea8a820877a8b26c9"
START = 1_790_272_257 * NANOS
FIRST_BLOCK = 90_000_000


def market(**changed: object) -> types.VenueMarket:
    """A sports market with fees."""
    fields: dict[str, object] = {
        "condition_id": MARKET,
        "token_ids": (YES, NO),
        "question_id": "0x5aac4b53c59681df77d9cf1168ffe88e920a0bbbbaddeaae43b3a39d1ab17600",
        "slug": "unl-nor-den-2026-09-24-nor",
        "event_slug": "unl-nor-den-2026-09-24",
        "title": "Will Norway win on 2026-09-24?",
        "category": "sports",
        "neg_risk": True,
        "neg_risk_market_id": "0x5aac4b53c59681df77d9cf1168ffe88e920a0bbbbaddeaae43b3a39d1ab17600",
        "fee": FeeSchedule(50_000),
        "fee_type": "sports_fees_v3",
        "rebate_rate_micro": 150_000,
        "seconds_delay": 1,
        "game_start_ts": START + 3_600 * NANOS,
        "end_ts": START + 7_200 * NANOS,
        "created_ts": START - 86_400 * NANOS,
    }
    return types.VenueMarket(**(fields | changed))  # type: ignore[arg-type]


def fill(order: int, wallet: str, token: str, side: str, price: int, size: int) -> types.MakerFill:
    """What one resting order gave."""
    return types.MakerFill(
        order_id=f"0x{order:064x}",
        owner="",
        maker=wallet,
        token_id=token,
        outcome_index=int(token == NO),
        side=side,
        price_micro=price,
        size_micro=size,
        cash_micro=price * size // 1_000_000,
        kind=types.MatchKind.MINT if side == "BUY" else types.MatchKind.COMPLEMENTARY,
    )


def trade(number: int, makers: tuple[types.MakerFill, ...], *, side: str = "BUY", fee: int = 10) -> types.VenueTrade:
    """A match of the taker with resting orders."""
    size = sum(maker.size_micro for maker in makers)
    cash = sum(maker.cash_micro if maker.side != side else maker.size_micro - maker.cash_micro for maker in makers)
    return types.VenueTrade(
        trade_id=f"trade-{number}",
        taker_order_id=f"0x{number:02x}{'f' * 62}",
        condition_id=MARKET,
        token_id=YES,
        outcome_index=0,
        owner="",
        maker=TAKER,
        side=side,
        price_micro=cash * 1_000_000 // size,
        size_micro=size,
        cash_micro=cash,
        fee_micro=fee,
        builder="0" * 64,
        metadata="0" * 64,
        match_ts=START,
        transaction_hash=f"0x{number:064x}",
        makers=makers,
    )


def block_of(number: int, *trades: types.VenueTrade) -> types.Block:
    """A block with the `OrderFilled` logs of some matches (topics only)."""
    logs = []
    for index, each in enumerate(trades):
        for order_id in (*(maker.order_id for maker in each.makers), each.taker_order_id):
            logs.append(
                types.Log(
                    address="0xe2222d279d744050d28e00520010520000310f59",
                    topics=(ORDER_FILLED, order_id),
                    data="0x",
                    block=FIRST_BLOCK + number,
                    block_hash="0x" + "b" * 64,
                    block_ts=START + 2 * number * NANOS,
                    transaction_hash=each.transaction_hash,
                    transaction_index=index,
                    log_index=len(logs),
                )
            )
    return types.Block(
        number=FIRST_BLOCK + number,
        hash="0x" + "b" * 64,
        ts=START + 2 * number * NANOS,
        transactions=tuple(each.transaction_hash for each in trades),
        logs=tuple(logs),
    )


def play(recorder: Recorder, *blocks: tuple[types.VenueTrade, ...], listed: types.VenueMarket | None = None) -> None:
    """Let a recorder see a market and one block after the other."""
    recorder.on_event(types.MarketAdded(ts=START, market=listed or market()))
    for number, trades in enumerate(blocks):
        for each in trades:
            recorder.on_event(types.TradeUpdated(ts=START, trade=each, state=types.TradeState.MATCHED))
        block = block_of(number, *trades)
        recorder.on_event(types.BlockMined(ts=block.ts, block=block))


def recorder_of(*blocks: tuple[types.VenueTrade, ...], listed: types.VenueMarket | None = None) -> Recorder:
    """A recorder that has seen a market and one block after the other."""
    recorder = Recorder(seed=1)
    play(recorder, *blocks, listed=listed)
    return recorder


def usual_trade() -> types.VenueTrade:
    """The taker buys Yes of a seller and, minting, against a buyer of No."""
    makers = (fill(1, MAKER, YES, "SELL", 600_000, 10_000_000), fill(2, SECOND_MAKER, NO, "BUY", 390_000, 5_000_000))
    return trade(1, makers, fee=90_000)


def three_wallets() -> Recorder:
    """A record of one match of three wallets."""
    return recorder_of((usual_trade(),))
