"""The endpoints of the official JavaScript client (version: npm/package.json), as its module `endpoints` has them."""

import re
from pathlib import Path

_NAMED = """
    /ok /time /v1/heartbeats /auth/api-key /auth/api-keys /auth/derive-api-key /auth/ban-status/closed-only
    /auth/readonly-api-key /auth/readonly-api-keys /auth/builder-api-key /sampling-simplified-markets /sampling-markets
    /simplified-markets /markets /markets/ /markets-by-token/ /clob-markets/ /book /books /midpoint /midpoints /price
    /prices /spread /spreads /last-trade-price /last-trades-prices /tick-size /neg-risk /fee-rate /order /orders
    /data/order/ /cancel-all /cancel-market-orders /data/orders /data/pre-migration-orders /data/trades /order-scoring
    /orders-scoring /prices-history /notifications /balance-allowance /balance-allowance/update /rewards/user
    /rewards/user/total /rewards/user/percentages /rewards/markets/current /rewards/markets/ /rewards/user/markets
    /markets/live-activity/ /builder/trades /fees/builder-fees/
"""
ENDPOINTS = tuple(_NAMED.split())


def endpoints_in(installed: Path) -> set[str]:
    """The endpoints that an installed client names."""
    module = installed / "node_modules" / "@polymarket" / "clob-client-v2" / "dist" / "endpoints.js"
    return set(re.findall(r'^const [A-Z0-9_]+ = "(/[^"]*)";', module.read_text(encoding="utf-8"), re.MULTILINE))
