"""Answers of the history subgraphs."""

import json

from tests.support.chain_logs import CONDITION, MAKER, ORDER, TAKER, TOKEN, TX
from whaletrader.datasets.decode.subgraph import decode_subgraph
from whaletrader.domain.venue_contracts import VenueContract

FILL = {
    "id": f"{TX}_{ORDER}",
    "transactionHash": TX,
    "timestamp": "1690000000",
    "orderHash": ORDER,
    "maker": MAKER,
    "taker": TAKER,
    "makerAssetId": "0",
    "takerAssetId": str(TOKEN),
    "makerAmountFilled": "31000000",
    "takerAmountFilled": "50000000",
    "fee": "1000000",
}


def read(**entities):
    return decode_subgraph(json.dumps({"data": entities}))


def test_a_buy_and_a_sale_are_told_by_the_asset_that_is_collateral():
    sale = {
        **FILL,
        "makerAssetId": str(TOKEN),
        "takerAssetId": "0",
        "makerAmountFilled": "50",
        "takerAmountFilled": "31",
    }
    buy, sold = read(orderFilledEvents=[FILL, sale]).rows
    assert (buy.side, buy.price_micro, buy.size_micro, buy.fee_micro) == ("BUY", 620_000, 50_000_000, 620_000)
    assert (sold.side, sold.price_micro, sold.size_micro) == ("SELL", 620_000, 50)
    assert (buy.wallet, buy.tx_hash, buy.order_hash, buy.log_index) == (MAKER, TX, ORDER, -1)


def test_a_taker_is_known_by_the_exchange_in_its_place():
    taker = {**FILL, "taker": VenueContract.EXCHANGE_V1.value}
    assert [row.role for row in read(orderFilledEvents=[FILL, taker]).rows] == ["maker", "taker"]


def test_the_transaction_may_stand_in_the_id_alone():
    bare = {key: value for key, value in FILL.items() if key != "transactionHash"}
    assert read(orderFilledEvents=[bare]).rows[0].tx_hash == TX


def test_activity_tells_its_log_index_in_the_id():
    base = {"id": f"{TX}_0x1f", "timestamp": "1690000000", "stakeholder": MAKER, "amount": "5000000"}
    split = {**base, "condition": CONDITION}
    merge = {**base, "condition": {"id": CONDITION}}
    redeemed = {**base, "redeemer": MAKER, "condition": CONDITION, "payout": "7000000", "indexSets": ["1", "2"]}
    del redeemed["amount"], redeemed["stakeholder"]
    converted = {**base, "negRiskMarketId": CONDITION, "indexSet": "5", "questionCount": 3}
    rows = read(splits=[split], merges=[merge], redemptions=[redeemed], negRiskConversions=[converted]).rows
    assert [row.kind for row in rows] == ["SPLIT", "MERGE", "REDEEM", "CONVERSION"]
    assert [row.log_index for row in rows] == [31] * 4
    assert {row.market_id for row in rows} == {CONDITION}
    assert rows[2].index_sets == (1, 2)
    assert rows[3].index_sets == (5,)


def test_positions_balances_and_payouts_are_read():
    position = {
        "user": MAKER,
        "tokenId": str(TOKEN),
        "amount": "5",
        "avgPrice": "620000",
        "realizedPnl": "-22053933752321",
        "totalBought": "77",
    }
    balance = {
        "user": MAKER,
        "balance": "9",
        "asset": {"id": str(TOKEN), "condition": {"id": CONDITION}, "outcomeIndex": "1"},
    }
    condition = {"id": CONDITION, "payoutNumerators": ["0", "1"], "payoutDenominator": "1"}
    held, owned, paid = read(userPositions=[position], userBalances=[balance], conditions=[condition]).rows
    assert (held.size_micro, held.avg_price_micro, held.realized_pnl_micro) == (5, 620_000, -22_053_933_752_321)
    assert (held.total_bought_micro, owned.total_bought_micro) == (77, -1)
    assert (owned.size_micro, owned.market_id, owned.outcome_index) == (9, CONDITION, 1)
    assert paid.payouts_micro == (0, 1_000_000)


def test_errors_and_unknown_entities_are_told():
    assert [(e.reason, e.detail) for e in decode_subgraph(b'{"errors":[{"message":"bad indexers"}]}').rejects] == [
        ("server_error", "bad indexers")
    ]
    found = read(_meta={"block": {"number": 1}}, orderFilledEvents=[{**FILL, "maker": ""}, FILL], pools=[])
    assert len(found.rows) == 1
    assert [each.reason for each in found.rejects] == ["wallet_missing", "unknown_event_type"]


POOLED = {
    "id": TX,
    "timestamp": "1620000000",
    "type": "Buy",
    "market": {"id": MAKER, "conditions": [CONDITION]},
    "user": MAKER,
    "tradeAmount": "10000000",
    "feeAmount": "200000",
    "outcomeIndex": "1",
    "outcomeTokensAmount": "19600000",
}


def test_a_trade_with_a_pool_has_its_fee_beside_the_price_and_took():
    bought, sold = read(fpmmTransactions=[POOLED, {**POOLED, "type": "Sell", "tradeAmount": "9600000"}]).rows
    assert (bought.side, bought.price_micro, bought.fee_micro, bought.role) == ("BUY", 500_000, 200_000, "taker")
    assert (sold.side, sold.price_micro, sold.fee_micro) == ("SELL", 500_000, 200_000)
    assert (bought.market_id, bought.outcome_index, bought.token_id, bought.tx_hash) == (CONDITION, 1, "", TX)
    assert (bought.wallet, bought.size_micro) == (MAKER, 19_600_000)


def test_an_odd_trade_with_a_pool_is_refused_with_its_reason():
    odd = [{"type": "Swap"}, {"outcomeTokensAmount": "0"}, {"tradeAmount": "1"}, {"market": {"id": MAKER}},
           {"market": MAKER}, {"feeAmount": None}, {"tradeAmount": "99000000"}]  # fmt: skip
    found = read(fpmmTransactions=[{**POOLED, **changed} for changed in odd])
    assert not found.rows
    assert [each.reason for each in found.rejects] == [
        "side_unknown", "size_not_positive", "size_not_positive", "market_unknown", "market_unknown",
        "size_missing", "price_above_one",
    ]  # fmt: skip
