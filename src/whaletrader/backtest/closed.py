"""Which event groups a run's closed bets belong to; when a bet is closed is decided by the attribution's own book.

A leader's figures say how many bets were closed, not which: what settles together would pass for independent.
"""

from collections.abc import Iterator

import msgspec

from whaletrader.agents.attribution_book import READS, AttributionBook, fold
from whaletrader.messages.envelope import Payload
from whaletrader.messages.orders import OrderFilled

Groups = dict[str, dict[str, int]]
"""Closed bets by kind of leader event, then by event group."""
FOLDED = READS - {"MarketDataUpdate"}
"""A price closes no bet."""


class ClosedBets(msgspec.Struct):
    """The closed bets of the run's one account."""

    book: AttributionBook | None = None
    group_of: dict[str, str] = {}
    """Token -> event group, of the tokens that were traded."""
    groups: Groups = {}

    def fold(self, payload: Payload) -> None:
        """Fold one message of `FOLDED`; before the first fill there is nothing to close."""
        if isinstance(payload, OrderFilled):
            self.group_of[payload.token_id] = payload.event_group_id
            self.book = self.book or AttributionBook(account_id=payload.account_id, cash_micro=0)
        if self.book is None:
            return
        before = {key: (ledger.n_closed, list(ledger.bets)) for key, ledger in self.book.leaders.items()}
        fold(self.book, payload)
        for kind, token in self._closed_since(before, getattr(payload, "token_id", "")):
            of_kind, group = self.groups.setdefault(kind, {}), self.group_of[token]
            of_kind[group] = of_kind.get(group, 0) + 1

    def _closed_since(self, before: dict[str, tuple[int, list[str]]], own: str) -> Iterator[tuple[str, str]]:
        """Kind and token of each bet that is gone and was counted: one that a failed settlement took back was not.

        A purchase that only closes shares that were owed opens and closes the bet of its `own` token at once.
        """
        for key, (n_closed, tokens) in before.items():
            ledger = self.book.leaders[key] if self.book else None
            if ledger is not None and ledger.n_closed > n_closed:
                gone = [token for token in tokens if token not in ledger.bets]
                gone += [own] * (ledger.n_closed - n_closed - len(gone))
                assert len(gone) == ledger.n_closed - n_closed, "a bet was closed that was never open"
                yield from ((ledger.kind, token) for token in gone)
