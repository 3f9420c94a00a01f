"""The event logs that the venue's contracts leave: of a match, a split, a merge, a redemption, a conversion, a result.

A match leaves a log for every resting order (taker: the taker's wallet), then the taker's own (taker: the exchange) and
OrdersMatched, and one for every side that paid a fee; shares and collateral move through the exchange contract, one log
each.
"""

from math import gcd
from typing import NamedTuple

from whaletrader.adapters.paper.server.abi import data, topics
from whaletrader.adapters.paper.server.types import MakerFill, MatchKind, VenueMarket, VenueTrade
from whaletrader.domain.event_topics import ChainEvent
from whaletrader.domain.order_hash import exchange_contract
from whaletrader.domain.values import Side
from whaletrader.domain.venue_contracts import ZERO_ADDRESS, VenueContract

FEE_RECEIVER = "0x7f1300000000000000000000000000000000fee5"
"""Made up: where the venue's fees go."""
_PAIR = (1, 2)
"""Index sets of both outcomes."""


class RawLog(NamedTuple):
    """A log before it has a place in a block."""

    address: str
    topics: tuple[str, ...]
    data: str


def settling_contract(market: VenueMarket) -> str:
    """Return the exchange contract that settles a market's orders, lower case."""
    return exchange_contract(market.token_ids[0], neg_risk=market.neg_risk).value[1].lower()


def trade_logs(trade: VenueTrade, market: VenueMarket) -> list[RawLog]:
    """Logs of one match's transaction."""
    exchange = settling_contract(market)
    logs: list[RawLog] = []
    for maker in trade.makers:
        logs += _maker_logs(maker, trade, market, exchange)
    given, got = _amounts(trade.side, trade.size_micro, trade.cash_micro)
    logs += _moved(trade.maker, exchange, trade.token_id, (trade.side, trade.size_micro, trade.cash_micro), market)
    logs += _charged(trade, exchange)
    side, token = _side_number(trade.side), int(trade.token_id)
    codes = (trade.builder, trade.metadata)
    head = topics(ChainEvent.ORDER_FILLED, trade.taker_order_id, trade.maker, exchange)
    logs.append(RawLog(exchange, head, data(side, token, given, got, trade.fee_micro, *codes)))
    head = topics(ChainEvent.ORDERS_MATCHED, trade.taker_order_id, trade.maker)
    logs.append(RawLog(exchange, head, data(side, token, given, got)))
    return logs


def _maker_logs(maker: MakerFill, trade: VenueTrade, market: VenueMarket, exchange: str) -> list[RawLog]:
    logs = _moved(maker.maker, exchange, maker.token_id, (maker.side, maker.size_micro, maker.cash_micro), market)
    if maker.kind is MatchKind.MINT:
        logs.append(_pair_log(ChainEvent.POSITION_SPLIT, market, exchange, maker.size_micro))
    elif maker.kind is MatchKind.MERGE:
        logs.append(_pair_log(ChainEvent.POSITIONS_MERGE, market, exchange, maker.size_micro))
    given, got = _amounts(maker.side, maker.size_micro, maker.cash_micro)
    head = topics(ChainEvent.ORDER_FILLED, maker.order_id, maker.maker, trade.maker)
    side, token = _side_number(maker.side), int(maker.token_id)
    logs.append(RawLog(exchange, head, data(side, token, given, got, maker.fee_micro, maker.builder, maker.metadata)))
    return logs + _charged(maker, exchange)


def _charged(leg: VenueTrade | MakerFill, exchange: str) -> list[RawLog]:
    """Logs of a side's fee: the platform's and the builder's go to one receiver as one amount."""
    if not leg.fee_micro:
        return []
    charged = RawLog(exchange, topics(ChainEvent.FEE_CHARGED, FEE_RECEIVER), data(leg.fee_micro))
    return [charged, _paid(leg.maker, FEE_RECEIVER, leg.fee_micro)]


def split_logs(market: VenueMarket, wallet: str, amount: int) -> list[RawLog]:
    """Logs of a split: collateral goes in, a share of each outcome comes out."""
    adapter = _adapter(market)
    logs = [_paid(wallet, adapter, amount), _pair_log(ChainEvent.POSITION_SPLIT, market, adapter, amount)]
    if market.neg_risk:
        head = topics(ChainEvent.NEG_RISK_SPLIT, wallet, market.condition_id)
        logs.append(RawLog(VenueContract.NEG_RISK_ADAPTER, head, data(amount)))
    return logs + [shares_moved(market, adapter, adapter, wallet, (token, amount)) for token in market.token_ids]


def merge_logs(market: VenueMarket, wallet: str, amount: int) -> list[RawLog]:
    """Logs of a merge: a share of each outcome goes in, collateral comes out."""
    adapter = _adapter(market)
    logs = [shares_moved(market, adapter, wallet, adapter, (token, amount)) for token in market.token_ids]
    logs.append(_pair_log(ChainEvent.POSITIONS_MERGE, market, adapter, amount))
    if market.neg_risk:
        head = topics(ChainEvent.NEG_RISK_MERGE, wallet, market.condition_id)
        logs.append(RawLog(VenueContract.NEG_RISK_ADAPTER, head, data(amount)))
    return [*logs, _paid(adapter, wallet, amount)]


def redemption_logs(market: VenueMarket, wallet: str, held: tuple[int, int], cash: int) -> list[RawLog]:
    """Logs of a redemption of everything a wallet holds of a market."""
    moved = [
        shares_moved(market, wallet, wallet, ZERO_ADDRESS, (token, size))
        for token, size in zip(market.token_ids, held, strict=True)
        if size
    ]
    head = topics(ChainEvent.PAYOUT_REDEMPTION, wallet, collateral(market), 0)
    logs = [*moved, RawLog(_tokens_contract(market), head, data(market.condition_id, _PAIR, cash))]
    if market.neg_risk:
        head = topics(ChainEvent.NEG_RISK_REDEMPTION, wallet, market.condition_id)
        logs.append(RawLog(VenueContract.NEG_RISK_ADAPTER, head, data(held, cash)))
    return [*logs, _paid(_tokens_contract(market), wallet, cash)]


def conversion_logs(
    burnt: list[tuple[VenueMarket, str]], got: list[tuple[VenueMarket, str]], wallet: str, amount: int, cash: int
) -> list[RawLog]:
    """Logs of a conversion: "No" tokens of some questions become "Yes" tokens of the others, and collateral."""
    adapter = VenueContract.NEG_RISK_ADAPTER
    logs = [shares_moved(market, adapter, wallet, adapter, (token, amount)) for market, token in burnt]
    index_set = sum(1 << (int(market.question_id, 16) & 0xFF) for market, _ in burnt)
    head = topics(ChainEvent.NEG_RISK_CONVERTED, wallet, burnt[0][0].neg_risk_market_id, index_set)
    logs.append(RawLog(adapter, head, data(amount)))
    logs += [shares_moved(market, adapter, adapter, wallet, (token, amount)) for market, token in got]
    return [*logs, _paid(adapter, wallet, cash)] if cash else logs


def resolution_logs(market: VenueMarket, payouts_micro: tuple[int, ...]) -> list[RawLog]:
    """Log of a resolution: payout numerators in lowest terms."""
    common = gcd(*payouts_micro)
    numerators = [payout // common for payout in payouts_micro]
    oracle = VenueContract.NEG_RISK_ADAPTER if market.neg_risk else VenueContract.UMA_ADAPTER
    head = topics(ChainEvent.CONDITION_RESOLUTION, market.condition_id, oracle, market.question_id or 0)
    return [RawLog(_tokens_contract(market), head, data(len(numerators), numerators))]


def rebate_logs(wallet: str, amount: int) -> list[RawLog]:
    """Log of what is paid back of fees."""
    return [_paid(FEE_RECEIVER, wallet, amount)]


def collateral(market: VenueMarket) -> str:
    """What a market's outcome tokens are made of: the contracts still name the old collateral."""
    return VenueContract.WRAPPED_COLLATERAL if market.neg_risk else VenueContract.USDC_E


def shares_moved(market: VenueMarket, operator: str, giver: str, taker: str, what: tuple[str, int]) -> RawLog:
    """Log of outcome tokens (token, size) that went from one holder to another."""
    token, size = what
    head = topics(ChainEvent.TRANSFER_SINGLE, operator, giver, taker)
    return RawLog(_tokens_contract(market), head, data(int(token), size))


def _moved(wallet: str, exchange: str, token: str, what: tuple[str, int, int], market: VenueMarket) -> list[RawLog]:
    side, size, cash = what
    if side == Side.BUY:
        return [_paid(wallet, exchange, cash), shares_moved(market, exchange, exchange, wallet, (token, size))]
    return [shares_moved(market, exchange, wallet, exchange, (token, size)), _paid(exchange, wallet, cash)]


def _pair_log(event: ChainEvent, market: VenueMarket, stakeholder: str, amount: int) -> RawLog:
    head = topics(event, stakeholder, 0, market.condition_id)
    return RawLog(_tokens_contract(market), head, data(collateral(market), _PAIR, amount))


def _paid(giver: str, taker: str, amount: int) -> RawLog:
    return RawLog(VenueContract.PUSD, topics(ChainEvent.TRANSFER, giver, taker), data(amount))


def _tokens_contract(market: VenueMarket) -> str:
    return VenueContract.POSITION_MANAGER if market.version == "v2" else VenueContract.CONDITIONAL_TOKENS


def _adapter(market: VenueMarket) -> str:
    return VenueContract.NEG_RISK_COLLATERAL_ADAPTER if market.neg_risk else VenueContract.COLLATERAL_ADAPTER


def _amounts(side: str, size: int, cash: int) -> tuple[int, int]:
    return (cash, size) if side == Side.BUY else (size, cash)


def _side_number(side: str) -> int:
    return 1 if side == Side.SELL else 0
