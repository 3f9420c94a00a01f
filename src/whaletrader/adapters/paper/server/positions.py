"""What moves positions and money without a trade: split, merge, redeem, convert, rebates; checked at once, done with
its block.
"""

from collections.abc import Callable, Sequence

from whaletrader.adapters.paper.server.chain import Chain, Transaction
from whaletrader.adapters.paper.server.funds import Funds, Movement
from whaletrader.adapters.paper.server.settlement_logs import (
    RawLog,
    conversion_logs,
    merge_logs,
    rebate_logs,
    redemption_logs,
    split_logs,
)
from whaletrader.adapters.paper.server.types import Block, PositionMoved, Refusal, VenueEvent, VenueMarket
from whaletrader.domain.settlement import payout_cash_micro

NOT_ENOUGH = Refusal(400, "execution reverted: not enough balance")
NOT_RESOLVED = Refusal(400, "execution reverted: result for condition not received yet")
NO_POSITION = Refusal(400, "execution reverted: nothing to redeem")
NOT_CONVERTIBLE = Refusal(400, "execution reverted: questions of one neg-risk event are needed")
NO_AMOUNT = Refusal(400, "execution reverted: the amount must be positive")


class Positions:
    """Transactions of wallets with the contracts of outcome tokens."""

    def __init__(
        self,
        markets: dict[str, VenueMarket],
        chain: Chain,
        funds: Funds,
        tell: Callable[[VenueEvent], None],
    ) -> None:
        self._markets = markets
        self._chain = chain
        self._funds = funds
        self._tell = tell

    def split(self, address: str, condition_id: str, amount: int, now_ns: int) -> str | Refusal:
        """Turn collateral into a pair."""
        market = self._markets.get(condition_id)
        if market is None or amount <= 0:
            return NO_AMOUNT
        if self._funds.available_cash(address) < amount:
            return NOT_ENOUGH
        moves = [Movement(address, -amount, market.token_ids[0], amount), _shares(address, market.token_ids[1], amount)]
        told = ("SPLIT", address, condition_id, amount, -amount)
        return self._send(told, moves, split_logs(market, address, amount), now_ns)

    def merge(self, address: str, condition_id: str, amount: int, now_ns: int) -> str | Refusal:
        """Turn a pair into collateral."""
        market = self._markets.get(condition_id)
        if market is None or amount <= 0:
            return NO_AMOUNT
        if any(self._funds.available_token(address, token) < amount for token in market.token_ids):
            return NOT_ENOUGH
        first, second = market.token_ids
        moves = [Movement(address, amount, first, -amount), _shares(address, second, -amount)]
        told = ("MERGE", address, condition_id, amount, amount)
        return self._send(told, moves, merge_logs(market, address, amount), now_ns)

    def redeem(self, address: str, condition_id: str, now_ns: int) -> str | Refusal:
        """Pay out what a wallet holds of a resolved market."""
        market = self._markets.get(condition_id)
        if market is None or not market.resolved:
            return NOT_RESOLVED
        first, second = (self._funds.available_token(address, token) for token in market.token_ids)
        if first <= 0 and second <= 0:
            return NO_POSITION
        cash = payout_cash_micro(first, market.payouts_micro[0]) + payout_cash_micro(second, market.payouts_micro[1])
        moves = [Movement(address, cash, market.token_ids[0], -first), _shares(address, market.token_ids[1], -second)]
        told = ("REDEEM", address, condition_id, first + second, cash)
        return self._send(told, moves, redemption_logs(market, address, (first, second), cash), now_ns)

    def convert(self, address: str, condition_ids: Sequence[str], amount: int, now_ns: int) -> str | Refusal:
        """Turn "No" of k questions into "Yes" of all others of the event, and k - 1 units of collateral a share."""
        chosen = [self._markets.get(each) for each in dict.fromkeys(condition_ids)]
        first = chosen[0] if chosen else None
        if first is None or not first.neg_risk_market_id or amount <= 0:
            return NOT_CONVERTIBLE
        event = [each for each in self._markets.values() if each.neg_risk_market_id == first.neg_risk_market_id]
        if any(each not in event for each in chosen):
            return NOT_CONVERTIBLE
        burnt = [(each, each.token_ids[1]) for each in event if each in chosen]
        got = [(each, each.token_ids[0]) for each in event if each not in chosen]
        if any(self._funds.available_token(address, token) < amount for _, token in burnt):
            return NOT_ENOUGH
        cash = (len(burnt) - 1) * amount
        moves = [_shares(address, token, -amount) for _, token in burnt]
        moves += [_shares(address, token, amount) for _, token in got]
        moves[0] = moves[0]._replace(cash_micro=cash)
        told = ("CONVERSION", address, first.condition_id, amount, cash)
        given = tuple(each.condition_id for each, _ in burnt)
        return self._send(told, moves, conversion_logs(burnt, got, address, amount, cash), now_ns, given)

    def rebate(self, kind: str, address: str, amount: int, now_ns: int) -> str:
        """Pay a wallet something back of its fees."""
        told, moves = (kind, address, "", amount, amount), [Movement(address, amount, "", 0)]
        return self._send(told, moves, rebate_logs(address, amount), now_ns)

    def _send(
        self,
        told: tuple[str, str, str, int, int],
        moves: list[Movement],
        logs: list[RawLog],
        now_ns: int,
        given_ids: tuple[str, ...] = (),
    ) -> str:
        kind, wallet, condition_id, amount, cash = told
        moves = [move for move in moves if move.cash_micro or move.token_micro]
        self._funds.owe(moves)
        name = self._chain.new_hash(kind)

        def mined(block: Block) -> None:
            event = PositionMoved(
                ts=block.ts,
                kind=kind,
                wallet=wallet,
                condition_id=condition_id,
                amount_micro=amount,
                cash_micro=cash,
                transaction_hash=name,
                given_ids=given_ids,
            )
            self._tell(event)

        self._chain.submit(Transaction(name, logs, moves, mined), now_ns + 1)
        return name


def _shares(address: str, token_id: str, size: int) -> Movement:
    return Movement(address, 0, token_id, size)
