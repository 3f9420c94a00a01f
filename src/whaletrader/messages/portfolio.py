"""`portfolio.attribution`: what each leader earned us."""

from whaletrader.messages.envelope import Part, Payload, Publisher, Topic, message


class LeaderAttribution(Part, frozen=True, kw_only=True):
    """One leader's share of our result, from his own FIFO lots."""

    wallet: str
    kind: str
    realised_micro: int
    marked_micro: int
    fees_micro: int
    n_fills: int
    n_closed: int
    n_won: int


@message(Topic.PORTFOLIO_ATTRIBUTION, Publisher.PERFORMANCE_ATTRIBUTION, key="account_id")
class PortfolioAttribution(Payload, frozen=True, kw_only=True):
    """The account at a moment of the run's clock, and whose doing it is."""

    account_id: str
    equity_micro: int
    cash_micro: int
    positions_micro: int
    realised_micro: int
    fees_micro: int
    open_positions: int
    high_water_micro: int
    leaders: tuple[LeaderAttribution, ...]


@message(Topic.PORTFOLIO_ATTRIBUTION, Publisher.PERFORMANCE_ATTRIBUTION, key="account_id")
class RebalancingRecommendation(Payload, frozen=True, kw_only=True):
    """Follow a leader less, or not at all, given what his copies earned."""

    account_id: str
    wallet: str
    kind: str
    action: str
    """REDUCE or DROP."""
    realised_micro: int
    n_closed: int
