"""Small worlds for the risk kernel, and a slow float oracle that recomputes every limit its own way."""

import itertools
from fractions import Fraction

import msgspec

from whaletrader.domain.fees import FeeSchedule
from whaletrader.domain.portfolio import Fill, Mark, Portfolio, Reservation
from whaletrader.domain.risk.limits import RiskLimits
from whaletrader.domain.risk.model import Controls, MarketView, Proposal, RiskState
from whaletrader.domain.risk.scenarios import PROB_ONE
from whaletrader.domain.values import DAY_NS, MICRO, FeeProvenance, Side

NOW = 100 * DAY_NS
EQUITY = 10_000 * MICRO
FEE = FeeSchedule(50_000, provenance=FeeProvenance.INFERRED)
FREE = FeeSchedule(0, provenance=FeeProvenance.INFERRED)
LEADER = "0xleader"


def market(name="m", group="", **changes):
    """A market `name` with the tokens `name`0 and `name`1."""
    values = {
        "market_id": name,
        "event_group_id": group or name,
        "token_ids": (f"{name}0", f"{name}1"),
        "category": "sports",
        "version": "v1",
        "neg_risk": False,
        "tick_micro": 10_000,
        "min_order_micro": 5 * MICRO,
        "fee": FEE,
    }
    return MarketView(**{**values, **changes})


def mark(price_micro, half_micro=0, ts=NOW, **changes):
    return Mark(bid_micro=price_micro - half_micro, mid_micro=price_micro, ts=ts, **changes)


def quotes_of(view, price_micro, half_micro=0, ts=NOW):
    """Marks of both tokens of a market, seen at the same time."""
    first, second = view.token_ids
    return {first: mark(price_micro, half_micro, ts), second: mark(MICRO - price_micro, half_micro, ts)}


def world(views=(), prices=(), book=None, **changes):
    """A risk state in which each market has its price (of outcome 0)."""
    quotes = {}
    for view, price in zip(views, prices, strict=True):
        quotes |= quotes_of(view, price)
    values = {
        "account_id": "paper",
        "now_ts": NOW,
        "limits": RiskLimits(),
        "book": book or Portfolio.opened(EQUITY),
        "markets": {view.market_id: view for view in views},
        "quotes": quotes,
        "controls": Controls(),
    }
    return RiskState(**{**values, **changes})


def limits(**changes):
    return msgspec.structs.replace(RiskLimits(), **changes)


def proposal(view=None, outcome=0, **changes):
    view = view or market()
    values = {
        "account_id": "paper",
        "wallet": LEADER,
        "kind": "fill",
        "market_id": view.market_id,
        "token_id": view.token_ids[outcome],
        "side": "BUY",
        "reduce_only": False,
        "reference_price_micro": 500_000,
        "limit_price_micro": 520_000,
        "edge_micro": 50_000,
        "desired_size_micro": 0,
        "size_multiplier_micro": MICRO,
        "expires_ts": NOW + 1,
    }
    return Proposal(**{**values, **changes})


def sale(view, outcome=0, **changes):
    return proposal(
        view, outcome, **{"side": "SELL", "reduce_only": True, "edge_micro": 0, "limit_price_micro": 400_000, **changes}
    )


def fill(view, outcome=0, *, size_micro=100 * MICRO, price_micro=500_000, side=Side.BUY, name="1", **changes):
    values = {
        "fill_id": f"order/{name}",
        "approval_id": "approval",
        "market_id": view.market_id,
        "token_id": view.token_ids[outcome],
        "event_group_id": view.event_group_id,
        "wallet": LEADER,
        "kind": "fill",
        "side": side,
        "price_micro": price_micro,
        "size_micro": size_micro,
        "fee_micro": 0,
    }
    return Fill(**{**values, **changes})


def hold(state, view, outcome=0, *, size_micro=100 * MICRO, price_micro=None, name="", **changes):
    """Put a settled position into a state's book at its mark; equity stays as it was."""
    token = view.token_ids[outcome]
    price = state.quotes[token].bid_micro if price_micro is None else price_micro
    own = fill(view, outcome, size_micro=size_micro, price_micro=price, name=name or token, **changes)
    state.book.fill(own)
    state.book.confirm(own.fill_id)
    state.book.mark(token, state.quotes[token])
    return state


def reservation(view, outcome=0, *, size_micro=100 * MICRO, reserved_micro=50 * MICRO, **changes):
    values = {
        "market_id": view.market_id,
        "token_id": view.token_ids[outcome],
        "event_group_id": view.event_group_id,
        "wallet": LEADER,
        "kind": "fill",
        "side": Side.BUY,
        "size_micro": size_micro,
        "reserved_micro": reserved_micro,
    }
    return Reservation(**{**values, **changes})


def reserved(trade, view, decision):
    """What an approval of `trade` sets aside."""
    return Reservation(
        market_id=view.market_id,
        token_id=trade.token_id,
        event_group_id=view.event_group_id,
        wallet=trade.wallet,
        kind=trade.kind,
        side=decision.side,
        size_micro=decision.size_micro,
        reserved_micro=decision.max_cost_micro,
    )


def brute_cvar(groups, level_micro=975_000):
    """CVaR by walking every joint scenario, in exact fractions."""
    joint = []
    for combination in itertools.product(*groups):
        chance = Fraction(1)
        for _, prob in combination:
            chance *= Fraction(prob, PROB_ONE)
        joint.append((sum(loss for loss, _ in combination), chance))
    joint.sort(reverse=True)
    tail = left = 1 - Fraction(level_micro, MICRO)
    total = Fraction(0)
    for loss, chance in joint:
        taken = min(chance, left)
        total += taken * loss
        left -= taken
    return total / tail


def worlds_of_group(views, prices, exclusive):
    """(winner of each market, probability) of one neg-risk group or one lone market, by plain reasoning."""
    if not exclusive:
        (view,) = views
        chance = Fraction(prices[0], MICRO)
        return [({view.market_id: 0}, chance), ({view.market_id: 1}, 1 - chance)]
    total = sum(prices)
    scale = max(total, MICRO)
    found = []
    for place, price in enumerate(prices):
        won = {view.market_id: int(other != place) for other, view in enumerate(views)}
        found.append((won, Fraction(price, scale)))
    nobody = {view.market_id: 1 for view in views}
    return [*found, (nobody, 1 - Fraction(total, scale))]


def slow_cvar(state, groups, order=None):
    """CVaR of positions, reservations and one order (view, token, size, cost), by brute force over the groups.

    `groups` lists (views, prices, exclusive). An order that may not fill counts with its losses only.
    """
    laws = []
    for views, prices, exclusive in groups:
        names = {view.market_id: view for view in views}
        law = []
        for winners, chance in worlds_of_group(views, prices, exclusive):
            loss = _loss_in(state, names, winners, order)
            law.append((loss, chance))
        laws.append(law)
    joint = []
    for combination in itertools.product(*laws):
        chance = Fraction(1)
        for _, part in combination:
            chance *= part
        joint.append((sum(loss for loss, _ in combination), chance))
    joint.sort(reverse=True)
    tail = left = 1 - Fraction(state.limits.cvar_level_micro, MICRO)
    total = Fraction(0)
    for loss, chance in joint:
        taken = min(chance, left)
        total += taken * loss
        left -= taken
    return total / tail


def _loss_in(state, names, winners, order):
    loss = 0
    for token, position in state.book.positions.items():
        view = names.get(position.market_id)
        if view is not None:
            value, _ = state.book.position_value(token, state.now_ts, state.mark_rule)
            loss += value - _paid(view, token, winners, position.size_micro)
    for open_order in state.book.reservations.values():
        view = names.get(open_order.market_id)
        if view is not None and open_order.side is Side.BUY:
            paid = _paid(view, open_order.token_id, winners, open_order.size_micro)
            loss += max(open_order.reserved_micro - paid, 0)
    if order is not None and order[0].market_id in names:
        view, token, size, cost = order
        loss += cost - _paid(view, token, winners, size)
    return loss


def _paid(view, token, winners, size):
    return size if view.token_ids.index(token) == winners[view.market_id] else 0
