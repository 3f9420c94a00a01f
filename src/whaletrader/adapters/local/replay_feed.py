"""Replays a dataset as a market feed: columnar tables below, and only the rows that are asked for.

It keeps no place: the reader says behind which row it stands. A segment is one UTC day of fills.
"""

import hashlib

import numpy as np

from whaletrader.adapters.local.columns import (
    CHANGE_KINDS,
    Changes,
    Fills,
    Signals,
    load_changes,
    load_fills,
    load_quotes,
    load_signals,
)
from whaletrader.adapters.local.facts import MarketFacts, traded_markets
from whaletrader.adapters.local.tape import DatasetTape
from whaletrader.domain.values import DAY_NS, MICRO, LeaderEventKind, Role, Side, TapeRole
from whaletrader.messages.market import MarketTerms
from whaletrader.ports.market_feed import CHANGES, LeaderRow, Print, Quote, Resolution, Segment
from whaletrader.universe.source import TableSource

_ROLES = {TapeRole.MAKER: Role.MAKER, TapeRole.TAKER: Role.TAKER}
_FIRST_LOOK = 16
"""Prints looked at first when the newest of somebody else is asked for; four times as many each time after."""
_HASHED = ("ts", "wallet", "token", "side", "price", "size", "transaction", "repeat")


class ReplayFeed:
    """Fills the port `market_feed` from the tables of a dataset."""

    def __init__(self, source: TableSource, *, simulated: bool) -> None:
        self.name = source.fingerprint
        self.simulated = simulated
        self.fills = load_fills(source.table("trades"))
        self.signals = load_signals(source.table("signals"))
        traded = traded_markets(source)
        self.changes = load_changes(source.table("activity"), traded)
        self.facts = MarketFacts(source, traded)
        self._quotes = load_quotes(source.table("quotes"))
        wallets = source.table("wallets")["address"]
        self._wallets = wallets
        self._wallet_code = dict(zip(wallets.to_list(), range(len(wallets)), strict=True))
        self._tx = source.table("transactions")["tx_hash"]
        days = self.fills.ts // DAY_NS
        self._days = np.unique(days)
        self._day_rows = np.append(np.searchsorted(days, self._days), len(days))

    def tape(self) -> DatasetTape:
        """Return the same fills as the paper exchange reads them."""
        return DatasetTape(self.fills, self.facts, self._wallet_code)

    @property
    def span(self) -> tuple[int, int]:
        """Time of the first and the last row."""
        ends = [int(ts[place]) for ts in (self.fills.ts, self.signals.ts) if len(ts) for place in (0, -1)]
        return (min(ends), max(ends)) if ends else (0, 0)

    def row_at(self, kind: str, ts: int) -> int:
        """Return the last row of a stream at or before `ts`, -1 when there is none."""
        return int(np.searchsorted(self._stream(kind).ts, ts, side="right")) - 1

    def leader_after(self, kind: str, wallet: str, row: int) -> tuple[int, int] | None:
        """Return (time, row) of a wallet's first row behind `row`."""
        stream = self._stream(kind)
        found = stream.by_wallet.after(self._wallet_code.get(wallet, -1), row)
        return None if found < 0 else (int(stream.ts[found]), found)

    def leader_row(self, kind: str, row: int) -> LeaderRow:
        """Return a row in full."""
        if kind == CHANGES:
            return self._change_row(row)
        return self._fill_row(row) if kind == LeaderEventKind.FILL else self._signal_row(row)

    def print_after(self, token_id: str, row: int, not_before_ts: int) -> tuple[int, int] | None:
        """Return (time, row) of the first fill of the token's market behind `row`, at or after a time."""
        market, _ = self.facts.market_of(token_id)
        start = max(row, int(np.searchsorted(self.fills.ts, not_before_ts, side="left")) - 1)
        found = self.fills.by_market.after(market, start)
        return None if found < 0 else (int(self.fills.ts[found]), found)

    def print_at(self, token_id: str, row: int) -> Print:
        """Return a fill of the token's market as a price of this token."""
        _, outcome = self.facts.market_of(token_id)
        price = int(self.fills.price[row])
        return Print(
            ts=int(self.fills.ts[row]),
            price_micro=price if int(self.fills.outcome[row]) == outcome else MICRO - price,
            wallet=str(self._wallets[int(self.fills.wallet[row])]),
            segment_id=self._segment_of(row),
            row=row,
        )

    def last_print(self, token_id: str, before_ts: int, not_wallet: str) -> Print | None:
        """Return the newest fill of somebody else strictly before a time, either outcome."""
        market, _ = self.facts.market_of(token_id)
        rows = self.fills.by_market.of(market)
        wallet = self._wallet_code.get(not_wallet, -1)
        end = np.searchsorted(self.fills.ts, before_ts, side="left")
        stop = int(np.searchsorted(rows, end, side="left"))
        size = _FIRST_LOOK
        while stop > 0:
            start = max(stop - size, 0)
            others = np.flatnonzero(self.fills.wallet[rows[start:stop]] != wallet)
            if len(others):
                return self.print_at(token_id, int(rows[start + int(others[-1])]))
            stop, size = start, 4 * size
        return None

    def quote(self, token_id: str, at_ts: int) -> Quote | None:
        """Return the newest quote at or before a time."""
        rows = self._quotes.by_token.of(self.facts.token_code[token_id])
        place = int(np.searchsorted(self._quotes.ts[rows], at_ts, side="right")) - 1
        if place < 0:
            return None
        row = int(rows[place])
        return Quote(
            ts=int(self._quotes.ts[row]),
            bid_micro=int(self._quotes.bid[row]),
            ask_micro=int(self._quotes.ask[row]),
            bid_size_micro=int(self._quotes.bid_size[row]),
            ask_size_micro=int(self._quotes.ask_size[row]),
        )

    def market_of(self, token_id: str) -> tuple[str, int]:
        """Return the market of a token, and which outcome it is."""
        market, outcome = self.facts.market_of(token_id)
        return self.facts.market_id(market), outcome

    def terms(self, market_id: str, at_ts: int) -> MarketTerms:
        """Return what was known of a market at a time."""
        return self.facts.terms(self.facts.market_code[market_id], at_ts)

    def resolution(self, market_id: str) -> Resolution | None:
        """Return how a market ended, None when the dataset does not know."""
        return self.facts.resolution(self.facts.market_code[market_id])

    def segment(self, index: int) -> Segment | None:
        """Return the `index`-th day of fills, None behind the last."""
        if index >= len(self._days):
            return None
        first, end = int(self._day_rows[index]), int(self._day_rows[index + 1])
        digest = hashlib.sha256()
        for name in _HASHED:
            digest.update(getattr(self.fills, name)[first:end].astype("<i8").tobytes())
        return Segment(
            segment_id=self._segment_of(first),
            sha256=digest.hexdigest(),
            first_row=first,
            rows=end - first,
            first_ts=int(self.fills.ts[first]),
            last_ts=int(self.fills.ts[end - 1]),
            sealed_ts=(int(self._days[index]) + 1) * DAY_NS,
        )

    def _stream(self, kind: str) -> Fills | Signals | Changes:
        if kind == CHANGES:
            return self.changes
        return self.fills if kind == LeaderEventKind.FILL else self.signals

    def _segment_of(self, row: int) -> str:
        return str(np.datetime64(int(self.fills.ts[row]) // DAY_NS, "D"))

    def _fill_row(self, row: int) -> LeaderRow:
        fills = self.fills
        market, token, size = int(fills.market[row]), int(fills.token[row]), int(fills.size[row])
        transaction, side = int(fills.transaction[row]), Side.SELL if fills.side[row] else Side.BUY
        tx_hash = str(self._tx[transaction]) if transaction < len(self._tx) else ""
        wallet, token_id = str(self._wallets[int(fills.wallet[row])]), self.facts.token_id(token)
        anchor = tx_hash or f"{int(fills.ts[row])}@{int(fills.price[row])}"
        return LeaderRow(
            kind=LeaderEventKind.FILL,
            natural_key="/".join((anchor, wallet, token_id, side, str(size), str(int(fills.repeat[row])))),
            ts=int(fills.ts[row]),
            wallet=wallet,
            market_id=self.facts.market_id(market),
            token_id=token_id,
            outcome_index=int(fills.outcome[row]),
            side=side,
            role=_ROLES.get(TapeRole(int(fills.role[row])), Role.UNKNOWN),
            price_micro=int(fills.price[row]),
            size_micro=size,
            tx_hash=tx_hash,
            prev_seen_ts=0,
            segment_id=self._segment_of(row),
            row=row,
        )

    def _change_row(self, row: int) -> LeaderRow:
        changes = self.changes
        ts, market, transaction = int(changes.ts[row]), int(changes.market[row]), int(changes.transaction[row])
        change, size, outcome = CHANGE_KINDS[int(changes.kind[row])], int(changes.size[row]), int(changes.outcome[row])
        wallet, token_id = str(self._wallets[int(changes.wallet[row])]), self.facts.token_id(2 * market + outcome)
        tx_hash = str(self._tx[transaction]) if transaction < len(self._tx) else ""
        anchor = tx_hash or str(ts)
        return LeaderRow(
            kind=CHANGES,
            natural_key="/".join((anchor, wallet, token_id, change, str(size), str(int(changes.repeat[row])))),
            ts=ts,
            wallet=wallet,
            market_id=self.facts.market_id(market),
            token_id=token_id,
            outcome_index=outcome,
            side=Side.BUY if changes.gained[row] else Side.SELL,
            role=change,
            price_micro=-1,
            size_micro=size,
            tx_hash=tx_hash,
            prev_seen_ts=0,
            segment_id="changes",
            row=row,
        )

    def _signal_row(self, row: int) -> LeaderRow:
        signals = self.signals
        ts, token_id = int(signals.ts[row]), self.facts.token_id(int(signals.token[row]))
        wallet = str(self._wallets[int(signals.wallet[row])])
        return LeaderRow(
            kind=LeaderEventKind.POSITION,
            natural_key=f"{ts}/{wallet}/{token_id}",
            ts=ts,
            wallet=wallet,
            market_id=self.facts.market_id(int(signals.market[row])),
            token_id=token_id,
            outcome_index=int(signals.outcome[row]),
            side=Side.BUY,
            role=Role.UNKNOWN,
            price_micro=int(signals.price[row]),
            size_micro=int(signals.size[row]),
            tx_hash="",
            prev_seen_ts=int(signals.prev_seen[row]),
            segment_id="signals",
            row=row,
        )
