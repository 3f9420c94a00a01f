"""The tape of prints over a dataset: the same fills that the feed replays, read by the paper exchange."""

import numpy as np

from whaletrader.adapters.local.columns import Fills
from whaletrader.adapters.local.facts import MarketFacts
from whaletrader.domain.fees import FeeSchedule
from whaletrader.domain.values import FeeProvenance
from whaletrader.ports.tape import Prints, TapeMarket


class DatasetTape:
    """Fills the port `tape`."""

    def __init__(self, fills: Fills, facts: MarketFacts, wallet_codes: dict[str, int]) -> None:
        self._fills = fills
        self._facts = facts
        self._wallets = wallet_codes

    def prints(self, market_id: str, from_ts: int, until_ts: int) -> Prints:
        """Return the prints of both outcomes in [from_ts, until_ts]; none for an unknown market."""
        fills = self._fills
        rows = fills.by_market.of(self._facts.market_code.get(market_id, -1))
        first = np.searchsorted(rows, np.searchsorted(fills.ts, from_ts, side="left"), side="left")
        end = np.searchsorted(rows, np.searchsorted(fills.ts, until_ts, side="right"), side="left")
        found = rows[first:end]
        return Prints(
            ts=fills.ts[found],
            outcome_index=fills.outcome[found].astype(np.int8),
            price_micro=fills.price[found],
            size_micro=fills.size[found],
            wallet=fills.wallet[found].astype(np.uint32),
            transaction=fills.transaction[found].astype(np.uint32),
            row=found,
        )

    def wallet_code(self, wallet: str) -> int:
        """Return the code of a wallet in `Prints.wallet`, -1 where the tape does not know it."""
        return self._wallets.get(wallet, -1)

    def market(self, market_id: str) -> TapeMarket | None:
        """Return a market, None when the tape does not know it."""
        code = self._facts.market_code.get(market_id)
        if code is None:
            return None
        terms, end = self._facts.terms(code, 0), self._facts.resolution(code)
        return TapeMarket(
            market_id=market_id,
            token_ids=terms.token_ids,
            category=terms.category,
            neg_risk=terms.neg_risk,
            tick_micro=terms.tick_micro,
            min_order_micro=terms.min_order_micro,
            resolved=end is not None,
            resolved_ts=end.ts if end else -1,
            payouts_micro=end.payouts_micro if end else (),
        )

    def market_of_token(self, token_id: str) -> TapeMarket | None:
        """Return the market of a token, None when the tape does not know it."""
        if token_id not in self._facts.token_code:
            return None
        return self.market(self._facts.market_id(self._facts.market_of(token_id)[0]))

    def fee_schedule(self, market_id: str, ts: int) -> FeeSchedule:
        """Return the market's fee schedule at a time; the worst case where nothing better is known."""
        terms = self._facts.terms(self._facts.market_code[market_id], ts)
        return FeeSchedule(
            rate_micro=terms.fee_rate_micro,
            exponent=terms.fee_exponent,
            times_price=terms.fee_times_price,
            provenance=FeeProvenance(terms.fee_provenance),
        )
