"""The money of a run, folded from its log by plain sums, and every approval held against the limits at its moment.

Part of `log_oracle`. The order of things is the risk agent's: a message, then what he said because of it.
"""

from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise, product

from whaletrader.config.tree import Settings
from whaletrader.domain.spread import half_spread_micro
from whaletrader.domain.values import MICRO, NANOS
from whaletrader.messages.envelope import Message
from whaletrader.messages.risk import ApprovedTrade

SLACK = 1_000
"""Micro-units of rounding that sums over lots may differ by."""
MOST_SCENARIOS = 20_000
Scenarios = list[tuple[float, float]]
"""(loss in micro-units, probability)."""


@dataclass
class Mark:
    """What a token was last worth."""

    bid: int
    mid: int
    ts: int
    final: bool = False


@dataclass
class Reserved:
    """What an approval may still use."""

    trade: ApprovedTrade
    size: int
    cost: int


class Money:
    """Cash, shares, reservations and marks; `fold` returns the faults that it finds."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.cash = self.start = settings.account.starting_equity_micro
        self.lots: dict[tuple[str, str, str], list[float]] = defaultdict(lambda: [0, 0.0])
        """(token, wallet, kind) -> [shares, cost]."""
        self.reserved: dict[str, Reserved] = {}
        self.fills: dict[str, tuple[tuple[str, str, str], int, float, int]] = {}
        self.marks: dict[str, Mark] = {}
        self.market_of: dict[str, str] = {}
        self.terms: dict[str, object] = {}
        self.state, self.killed, self.breaker = "ACTIVE", False, False
        self.checked = {"BUY": 0, "SELL": 0, "cvar": 0}
        self._handlers = {
            "MarketDataUpdate": self._priced,
            "MarketResolved": self._resolved,
            "OrderFilled": self._filled,
            "SettlementUpdated": self._settled,
            "OperatorCommand": self._commanded,
        }

    def fold(self, message: Message, outputs: list[Message]) -> list[str]:
        """Fold a message and what risk said because of it."""
        found: list[str] = []
        handler = self._handlers.get(message.type)
        if handler is not None:
            found += handler(message, message.payload) or []
        for output in outputs:
            if output.type == "ApprovedTrade":
                found += [
                    f"{output.type} {output.id[:8]}: {fault}" for fault in self._approved(message, output.payload)
                ]
            elif output.type in {
                "ReservationReleased",
                "TradingStateChanged",
                "KillSwitchThrown",
                "CircuitBreakerTripped",
            }:
                found += self._controlled(output)
            elif output.type == "PortfolioAttribution":
                found += self._figures(output)
        return found

    def shares(self) -> dict[str, int]:
        """Shares held, by token."""
        held: dict[str, int] = defaultdict(int)
        for (token, _, _), (size, _) in self.lots.items():
            held[token] += int(size)
        return {token: size for token, size in held.items() if size}

    def equity(self, now: int) -> tuple[int, dict[str, int]]:
        """Equity, and the value of each token held, at its bid, less the haircut where that is stale."""
        values = {}
        for token, size in self.shares().items():
            mark = self.marks.get(token)
            cost = sum(lot[1] for key, lot in self.lots.items() if key[0] == token)
            worth = size if size < 0 else size * mark.bid // MICRO if mark else int(cost)
            fresh = mark and (mark.final or now - mark.ts <= self.settings.limits.max_mark_age_s * NANOS)
            cut = 0 if fresh or size < 0 else -(-worth * self.settings.limits.stale_haircut_micro // MICRO)
            values[token] = worth - cut
        return self.cash + sum(values.values()), values

    def _priced(self, message: Message, update) -> None:
        self.terms[update.market_id] = update.terms
        for token in update.terms.token_ids:
            self.market_of[token] = update.market_id
        old = self.marks.get(update.token_id)
        if update.price_micro < 0 or (old and (old.final or message.ts_event < old.ts)):
            return
        half = half_spread_micro(update.price_micro, update.terms.category)
        self.marks[update.token_id] = Mark(max(update.price_micro - half, 0), update.price_micro, message.ts_event)

    def _resolved(self, message: Message, resolved) -> None:
        for token, payout in zip(resolved.token_ids, resolved.payouts_micro, strict=True):
            self.marks[token] = Mark(payout, payout, message.ts_init, final=True)

    def _filled(self, _: Message, fill) -> list[str]:
        key = (fill.token_id, fill.wallet, fill.kind)
        lot, buys = self.lots[key], fill.side == "BUY"
        gross = fill.price_micro * fill.size_micro
        cash = -gross // MICRO - fill.fee_micro if buys else gross // MICRO - fill.fee_micro
        share = 1.0 if fill.size_micro >= lot[0] else fill.size_micro / lot[0]
        size, cost = (fill.size_micro, float(-cash)) if buys else (-fill.size_micro, -lot[1] * share)
        lot[0], lot[1] = lot[0] + size, lot[1] + cost
        self.cash += cash
        self.fills[fill.trade_id] = (key, size, cost, cash)
        held = self.reserved.get(fill.approval_id)
        if held is not None:
            held.size, held.cost = held.size - fill.size_micro, held.cost - max(-cash, 0)
            if held.size < 0 or (buys and held.cost < 0):
                return [f"fill {fill.trade_id} costs more than its approval reserved"]
        return []

    def _settled(self, _: Message, settled) -> list[str]:
        if settled.status == "REDEEMED":
            return self._redeemed(settled)
        if settled.status == "MERGED":
            return self._merged(settled)
        undone = self.fills.pop(settled.trade_id, None)
        if undone is None:
            return [f"trade {settled.trade_id} was settled twice, or before it was filled"]
        if settled.status == "FAILED":
            key, size, cost, cash = undone
            self.lots[key][0] -= size
            self.lots[key][1] -= cost
            self.cash -= cash
            return [] if settled.cash_micro == -cash else [f"void trade {settled.trade_id} tells other cash"]
        return []

    def _redeemed(self, settled) -> list[str]:
        mark, left = self.marks.get(settled.token_id), settled.size_micro
        self.cash += settled.cash_micro
        for key, lot in self.lots.items():
            taken = min(left, max(int(lot[0]), 0)) if key[0] == settled.token_id else 0
            if taken:
                lot[1] -= lot[1] * taken / lot[0]
                lot[0] -= taken
                left -= taken
        found = [f"{left} shares of {settled.token_id} were redeemed that nobody held"] if left else []
        if mark is None or not mark.final or settled.cash_micro != settled.size_micro * mark.bid // MICRO:
            found.append(f"the redemption of {settled.token_id} does not pay its payout")
        return found

    def _merged(self, settled) -> list[str]:
        self.cash += settled.cash_micro
        tokens = [token for token, market in self.market_of.items() if market == settled.market_id]
        held = [{key[1:]: lot[0] for key, lot in self.lots.items() if key[0] == token} for token in tokens]
        both = sorted(held[0].keys() & held[1].keys(), key=lambda key: (key[1], key[0]))
        found, left = [], settled.size_micro
        sets = {}
        for key in both:
            sets[key] = max(min(int(held[0][key]), int(held[1][key]), left), 0)
            left -= sets[key]
        for token in tokens:
            rest = left
            for leader in sorted({key[1:] for key in self.lots if key[0] == token}, key=lambda key: (key[1], key[0])):
                lot, own = self.lots[token, *leader], sets.get(leader, 0)
                more = min(rest, max(int(lot[0]) - own, 0))
                rest -= more
                if own + more:
                    lot[1] -= lot[1] * (own + more) / lot[0]
                    lot[0] -= own + more
            found += [f"{rest} shares of {token} were merged that nobody held"] if rest else []
        if settled.cash_micro != settled.size_micro:
            found.append(f"the merge in {settled.market_id} does not pay one for each set")
        return found

    def _commanded(self, _: Message, command) -> None:
        if command.command == "RESUME":
            self.killed = False
        if command.command == "RESET_BREAKER":
            self.breaker = False

    def _controlled(self, output: Message) -> list[str]:
        payload = output.payload
        if output.type == "ReservationReleased":
            held = self.reserved.pop(payload.approval_id, None)
            if held is None:
                return [f"approval {payload.approval_id} releases what it did not reserve"]
            same = payload.released_micro == held.cost
            return (
                [] if same else [f"approval {payload.approval_id} releases {payload.released_micro}, not {held.cost}"]
            )
        if output.type == "KillSwitchThrown":
            self.killed = True
        elif output.type == "CircuitBreakerTripped":
            self.breaker = True
        else:
            self.state = payload.state
            if payload.state != "HALTED" and (self.killed or self.breaker):
                return [f"the account is {payload.state} although nobody lifted what halted it"]
        return []

    def _figures(self, output: Message) -> list[str]:
        told = output.payload
        found = []
        if told.cash_micro != self.cash:
            found.append(f"attribution tells cash of {told.cash_micro}, the log folds to {self.cash}")
        if told.equity_micro != told.cash_micro + told.positions_micro:
            found.append("equity is not cash and positions")
        whose = sum(each.realised_micro + each.marked_micro - each.fees_micro for each in told.leaders)
        if whose != told.equity_micro - self.start:
            found.append(f"the leaders' results sum to {whose}, the account's is {told.equity_micro - self.start}")
        return found

    def _approved(self, cause: Message, trade: ApprovedTrade) -> list[str]:
        bounds = trade.bounds
        found = self._sale(trade) if bounds.side == "SELL" else self._entry(cause.ts_init, trade)
        self.checked[bounds.side] += 1
        if self.killed or self.breaker or self.state == "HALTED":
            found.append("approved while the account was halted")
        self.reserved[bounds.approval_id] = Reserved(trade, bounds.max_size_micro, bounds.max_cost_micro)
        return found

    def _sale(self, trade: ApprovedTrade) -> list[str]:
        bounds, key = trade.bounds, (trade.bounds.token_id, trade.wallet, trade.kind)
        others = [each for each in self.reserved.values() if each.trade.bounds.side == "SELL"]
        on_sale = sum(e.size for e in others if (e.trade.bounds.token_id, e.trade.wallet, e.trade.kind) == key)
        over = on_sale + bounds.max_size_micro > self.lots[key][0]
        return ["sells more than is held on the leader's account"] if over or not trade.reduce_only else []

    def _entry(self, now: int, trade: ApprovedTrade) -> list[str]:
        limits, bounds = self.settings.limits, trade.bounds
        equity, values = self.equity(now)
        cost, shares = bounds.max_cost_micro, self.shares()
        claims = sum(each.cost for each in self.reserved.values())
        claims += sum(cash for *_, cash in self.fills.values() if cash > 0)
        found = [] if cost <= self.cash - claims else ["more than free cash"]
        if cost * MICRO > equity * limits.per_trade_micro:
            found.append("more than the limit per trade")
        if (self._exposure(trade.wallet) + cost - SLACK) * MICRO > equity * limits.per_leader_micro:
            found.append("more than the limit per leader")
        at_risk = {token for token in shares if not self._final(token)} | {bounds.token_id}
        at_risk |= {e.trade.bounds.token_id for e in self.reserved.values() if e.trade.bounds.side == "BUY"}
        if len(at_risk) > limits.max_open_positions:
            found.append("one position too many")
        if self.state != "ACTIVE" or self._final(bounds.token_id):
            found.append(f"an entry while {self.state}, or into a resolved market")
        tail = self._cvar(trade, values)
        if tail is not None and tail * MICRO > equity * limits.cvar_limit_micro + SLACK * MICRO:
            found.append(f"CVaR {tail:.0f} of equity {equity}")
        return found

    def _final(self, token: str) -> bool:
        return token in self.marks and self.marks[token].final

    def _exposure(self, wallet: str) -> float:
        total: float = sum(each.cost for each in self.reserved.values() if each.trade.wallet == wallet)
        for (token, whose, _), (size, cost) in self.lots.items():
            mark = self.marks.get(token)
            if whose == wallet and (size or cost > 1) and not self._final(token):
                total += max(cost, size * mark.bid // MICRO if mark else 0)
        return total

    def _cvar(self, trade: ApprovedTrade, values: dict[str, int]) -> float | None:
        """Mean of the worst part of all joint outcomes; None where there are too many of them."""
        losses: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
        for token, size in self.shares().items():
            if not self._final(token):
                self._add(losses, token, size, values[token], gains=True)
        for each in self.reserved.values():
            if each.trade.bounds.side == "BUY":
                self._add(losses, each.trade.bounds.token_id, each.size, each.cost, gains=False)
        bounds = trade.bounds
        self._add(losses, bounds.token_id, bounds.max_size_micro, bounds.max_cost_micro, gains=True)
        groups: dict[str, list[str]] = defaultdict(list)
        for market in losses:
            groups[self.terms[market].event_group_id].append(market)
        parts = [self._group(markets, losses) for markets in groups.values()]
        count = 1
        for part in parts:
            count *= len(part)
        if count > MOST_SCENARIOS:
            return None
        self.checked["cvar"] += 1
        return _tail_mean(parts, 1 - self.settings.limits.cvar_level_micro / MICRO)

    def _add(self, losses, token: str, size: int, cost: float, *, gains: bool) -> None:
        market = self.market_of[token]
        wins = self.terms[market].token_ids.index(token)
        for outcome in (0, 1):
            loss = cost - (size if outcome == wins else 0)
            losses[market][outcome] += loss if gains else max(loss, 0)

    def _group(self, markets: list[str], losses: dict[str, list[float]]) -> Scenarios:
        chances = {market: self._chance(market) for market in markets}
        if len(markets) == 1:
            (market,) = markets
            return [(losses[market][0], chances[market]), (losses[market][1], 1 - chances[market])]
        if all(self.terms[market].neg_risk for market in markets):
            scale, nobody = max(sum(chances.values()), 1.0), sum(losses[market][1] for market in markets)
            found = [(nobody - losses[m][1] + losses[m][0], chances[m] / scale) for m in markets]
            return [*found, (nobody, 1 - sum(chance for _, chance in found))]
        worse = [
            (chances[m], losses[m][0], losses[m][1])
            if losses[m][0] > losses[m][1]
            else (1 - chances[m], losses[m][1], losses[m][0])
            for m in markets
        ]
        steps = sorted({0.0, 1.0, *(chance for chance, _, _ in worse)})
        return [
            (sum(bad if chance > low else good for chance, bad, good in worse), high - low)
            for low, high in pairwise(steps)
        ]

    def _chance(self, market: str) -> float:
        first, second = (self.marks.get(token) for token in self.terms[market].token_ids)
        if first and (second is None or first.ts >= second.ts):
            return first.mid / MICRO
        return 1 - second.mid / MICRO if second else 0.5


def _tail_mean(parts: list[Scenarios], tail: float) -> float:
    joint = []
    for chosen in product(*parts):
        chance = 1.0
        for _, each in chosen:
            chance *= each
        joint.append((sum(loss for loss, _ in chosen), chance))
    left, total = tail, 0.0
    for loss, chance in sorted(joint, reverse=True):
        taken = min(chance, left)
        total += taken * loss
        left -= taken
    return total / tail
