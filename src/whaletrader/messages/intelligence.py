"""`anomaly.alert`: what market intelligence noticed."""

from whaletrader.messages.envelope import Payload, Publisher, Topic, message


@message(Topic.ANOMALY_ALERT, Publisher.MARKET_INTELLIGENCE, key="market_id")
class AnomalyAlert(Payload, frozen=True, kw_only=True):
    """Something unusual in a market; P1 stops copying there until `until_ts`."""

    severity: str
    """P1, P2 or P3."""
    kind: str
    market_id: str
    wallet: str
    observed_micro: int
    baseline_micro: int
    z_micro: int
    until_ts: int


@message(Topic.ANOMALY_ALERT, Publisher.MARKET_INTELLIGENCE, key="market_id")
class MarketRegimeChange(Payload, frozen=True, kw_only=True):
    """A market's regime changed: TRENDING, RANGING, HIGH_VOLATILITY, LOW_LIQUIDITY or UNKNOWN."""

    market_id: str
    regime: str
    previous: str
    statistic_micro: int
