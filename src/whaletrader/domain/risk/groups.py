"""The open book as legs of event groups: what it would lose in each market, against its marks.

An approved order that may or may not be filled counts with its losses only. A paid-out position is no risk.
"""

from whaletrader.domain.portfolio import Mark
from whaletrader.domain.risk.model import MarketView, RiskState
from whaletrader.domain.risk.scenarios import PROB_ONE, Leg, Scenario, group_scenarios, probability
from whaletrader.domain.values import Side

EVEN = PROB_ONE // 2


class BookLegs:
    """Legs by event group and market, built once per decision."""

    def __init__(self, state: RiskState) -> None:
        self._state = state
        self._losses: dict[str, list[int]] = {}
        self._groups: dict[str, dict[str, None]] = {}
        self._probs: dict[str, int] = {}
        rule = state.mark_rule
        for token, position in state.book.positions.items():
            if not state.book.is_final(token):
                value, _ = state.book.position_value(token, state.now_ts, rule)
                self._add(position.market_id, position.event_group_id, token, position.size_micro, value)
        for order in state.book.reservations.values():
            if order.side is Side.BUY:
                self._add_order(
                    order.market_id, order.event_group_id, order.token_id, order.size_micro, order.reserved_micro
                )

    def rest(self, group_id: str) -> list[list[Scenario]]:
        """Scenarios of every group but one, in a fixed order."""
        return [self.scenarios(group) for group in self._groups if group != group_id]

    def scenarios(self, group_id: str) -> list[Scenario]:
        """Scenarios of one group; a certain loss of 0 where the book is not in it."""
        legs = [self._leg(market) for market in self._groups.get(group_id, ())]
        return group_scenarios(legs, self._exclusive(self._groups[group_id])) if legs else [(0, PROB_ONE)]

    def scenarios_with(self, market: MarketView, token_id: str, size_micro: int, cost_micro: int) -> list[Scenario]:
        """Scenarios of a market's group after buying `size_micro` shares of a token for `cost_micro`."""
        own = self._leg(market.market_id)
        won_0, won_1 = _payouts(market, token_id, size_micro)
        bought = Leg(own.prob, own.loss_if_0 + cost_micro - won_0, own.loss_if_1 + cost_micro - won_1)
        others = [each for each in self._groups.get(market.event_group_id, ()) if each != market.market_id]
        if not others:
            return group_scenarios([bought], False)
        markets = dict.fromkeys([market.market_id, *others])
        return group_scenarios([bought, *(self._leg(each) for each in others)], self._exclusive(markets))

    def _add(self, market_id: str, group_id: str, token_id: str, size_micro: int, value_micro: int) -> None:
        losses = self._entry(market_id, group_id)
        won_0, won_1 = self._won(market_id, token_id, size_micro)
        losses[0] += value_micro - won_0
        losses[1] += value_micro - won_1

    def _add_order(self, market_id: str, group_id: str, token_id: str, size_micro: int, cost_micro: int) -> None:
        losses = self._entry(market_id, group_id)
        won_0, won_1 = self._won(market_id, token_id, size_micro)
        losses[0] += max(cost_micro - won_0, 0)
        losses[1] += max(cost_micro - won_1, 0)

    def _entry(self, market_id: str, group_id: str) -> list[int]:
        self._groups.setdefault(group_id, {})[market_id] = None
        return self._losses.setdefault(market_id, [0, 0])

    def _won(self, market_id: str, token_id: str, size_micro: int) -> tuple[int, int]:
        market = self._state.markets.get(market_id)
        return _payouts(market, token_id, size_micro) if market else (0, 0)

    def _leg(self, market_id: str) -> Leg:
        losses = self._losses.get(market_id, (0, 0))
        prob = self._probs.get(market_id)
        if prob is None:
            prob = self._probs[market_id] = market_probability(self._state, market_id)
        return Leg(prob, losses[0], losses[1])

    def _exclusive(self, markets: dict[str, None]) -> bool:
        if len(markets) == 1:
            return False  # one market alone is yes or no, whatever its group
        views = [self._state.markets.get(market) for market in markets]
        return all(view is not None and view.neg_risk for view in views)


def market_probability(state: RiskState, market_id: str) -> int:
    """Market-implied chance of outcome 0, in units of 2^-30.

    Parameters
    ----------
    state : RiskState
        Its quotes are read: the newer one of the market's two tokens tells (the other outcome's counts at 1 - price).
    market_id : str
        The market.

    Returns
    -------
    int
        One half where no price is known at all (nothing new is bought there).
    """
    market = state.markets.get(market_id)
    if market is None:
        return EVEN
    first, second = (_quote(state, token) for token in market.token_ids[:2])
    if first and (second is None or first.ts >= second.ts):
        return probability(first.mid_micro)
    return PROB_ONE - probability(second.mid_micro) if second else EVEN


def payoff_scenarios(state: RiskState, group_id: str, sold_token: str, sold_micro: int) -> list[Scenario]:
    """Scenarios of what a group's positions pay, as losses, after selling shares of one token at its implied price.

    Parameters
    ----------
    state : RiskState
        Only positions count, no orders.
    group_id : str
        The event group.
    sold_token : str
        The token that is sold.
    sold_micro : int
        Shares in micro-units; 0 is the group as it stands.

    Returns
    -------
    list of (int, int)
        As of `group_scenarios`; only the spread of the losses means anything.
    """
    paid: dict[str, list[int]] = {}
    for token, position in state.book.positions.items():
        market = state.markets.get(position.market_id)
        if position.event_group_id != group_id or market is None or state.book.is_final(token):
            continue
        size = position.size_micro - (sold_micro if token == sold_token else 0)
        won_0, won_1 = _payouts(market, token, size)
        losses = paid.setdefault(position.market_id, [0, 0])
        losses[0] -= won_0
        losses[1] -= won_1
    legs = [Leg(market_probability(state, market), *losses) for market, losses in paid.items()]
    exclusive = all(state.markets[market].neg_risk for market in paid)
    return group_scenarios(legs, exclusive) if legs else [(0, PROB_ONE)]


def _quote(state: RiskState, token_id: str) -> Mark | None:
    return state.quotes.get(token_id) or state.book.marks.get(token_id)


def _payouts(market: MarketView, token_id: str, size_micro: int) -> tuple[int, int]:
    """What shares of a token pay if outcome 0 wins, and if it does not."""
    if token_id == market.token_ids[0]:
        return size_micro, 0
    return (0, size_micro) if token_id in market.token_ids else (0, 0)
