"""Messages and records that the tests of the backtest share."""

import msgspec

from whaletrader.backtest.record import Recorder
from whaletrader.messages.envelope import Payload, fact
from whaletrader.messages.leaders import LeaderScore
from whaletrader.messages.orders import OrderFilled
from whaletrader.messages.portfolio import LeaderAttribution, PortfolioAttribution


def tell(recorder: Recorder, *payloads: Payload, ts: int = 1, correlation: str = "") -> None:
    """Show messages to the recorder."""
    for number, payload in enumerate(payloads):
        message = fact(payload, natural_key=f"{ts}/{number}", ts_event=ts, ts_init=ts)
        if correlation:
            message = msgspec.structs.replace(message, correlation_id=correlation)
        recorder.observe(message)


def score(wallet: str, *, kind: str = "fill", n_bets: int = 40, lower: int = 10_000, rank: int = 1) -> LeaderScore:
    return LeaderScore(
        wallet=wallet,
        kind=kind,
        verdict="HIGH_SKILL" if lower > 0 else "LIKELY_LUCK",
        n_bets=n_bets,
        n_groups=n_bets,
        edge_micro=50_000,
        edge_lower_micro=lower,
        edge_upper_micro=90_000,
        edge_shrunk_micro=30_000,
        psr_micro=900_000,
        rank=rank,
    )


def fill(kind: str, *, market: str = "m", token: str = "t", side: str = "BUY") -> OrderFilled:
    return OrderFilled(
        account_id="paper",
        order_hash="h",
        approval_id="a",
        trade_id="x",
        wallet="w",
        kind=kind,
        market_id=market,
        token_id=token,
        event_group_id="g",
        side=side,
        price_micro=400_000,
        size_micro=10_000_000,
        fee_micro=20_000,
        role="taker",
        reference_price_micro=400_000,
        final=True,
    )


def leader(wallet: str = "w", kind: str = "fill", *, realised: int = 3_000_000, won: int = 2) -> LeaderAttribution:
    return LeaderAttribution(
        wallet=wallet,
        kind=kind,
        realised_micro=realised,
        marked_micro=-500_000,
        fees_micro=20_000,
        n_fills=4,
        n_closed=3,
        n_won=won,
    )


def attribution(equity: int, *, won: int = 2) -> PortfolioAttribution:
    return PortfolioAttribution(
        account_id="paper",
        equity_micro=equity,
        cash_micro=equity,
        positions_micro=0,
        realised_micro=0,
        fees_micro=0,
        open_positions=0,
        high_water_micro=equity,
        leaders=(leader(won=won),),
    )
