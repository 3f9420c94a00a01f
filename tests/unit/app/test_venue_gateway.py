"""A start while a payment is under way: the chain may have it already, our ledger not yet, and both are right."""

from types import SimpleNamespace

import pytest

from whaletrader.adapters.polymarket.allowances import Allowances
from whaletrader.adapters.polymarket.reconcile import Ledger
from whaletrader.app.venue_gateway import Gateway


def gateway(there, leaving):
    names = [name for name in Gateway.__dataclass_fields__ if name not in ("clob", "oracle", "actions")]
    oracle = SimpleNamespace(
        collateral_micro=lambda: 5,
        believed_micro=lambda: 5,
        token_micro=lambda token: there[token],
        missing=Allowances,
    )
    return Gateway(
        clob=SimpleNamespace(open_orders=list),
        oracle=oracle,
        actions=SimpleNamespace(leaving=lambda: leaving),
        **dict.fromkeys(names),
    )


@pytest.mark.parametrize(("there", "leaving", "grave"), [(100, {"1"}, []), (0, {"1", "9"}, []), (0, set(), ["1"])])
def test_shares_of_a_payment_under_way_may_be_there_or_gone(there, leaving, grave):
    found = gateway({"1": there, "2": 7}, leaving).reconcile(Ledger(settled_micro={"1": 100, "2": 7}, cash_micro=5))
    assert [each.subject for each in found if each.grave] == grave
