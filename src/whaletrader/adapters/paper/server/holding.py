"""One wallet's dealings in one token: what it holds, what that cost, what it has gained; pure."""

import msgspec


class Holding(msgspec.Struct, kw_only=True):
    """One wallet's dealings in one token."""

    wallet: str
    market_id: str
    token_id: str
    outcome_index: int
    size_micro: int = 0
    cost_micro: int = 0
    fees_micro: int = 0
    """Fees of what was bought."""
    bought_micro: int = 0
    spent_micro: int = 0
    """Collateral of everything that was bought."""
    realized_micro: int = 0
    last_ts: int = 0

    @property
    def avg_price(self) -> float:
        """Cost per share held, 0 when none is."""
        return round(self.cost_micro / self.size_micro, 4) if self.size_micro else 0.0

    @property
    def entry_price(self) -> float:
        """Cost per share of everything that was bought, 0 when nothing was."""
        return round(self.spent_micro / self.bought_micro, 4) if self.bought_micro else 0.0

    def take(self, size_micro: int, usd_micro: int, ts: int) -> None:
        """Add shares at a cost."""
        self.size_micro += size_micro
        self.cost_micro += usd_micro
        self.bought_micro += size_micro
        self.spent_micro += usd_micro
        self.last_ts = ts

    def give(self, size_micro: int, usd_micro: int, ts: int) -> None:
        """Take shares away for what was paid for them."""
        known = min(size_micro, self.size_micro)
        cost = self.release(known, ts)
        self.realized_micro += (usd_micro * known // size_micro if size_micro else 0) - cost

    def release(self, size_micro: int, ts: int) -> int:
        """Take shares away for nothing and return what they had cost."""
        known = min(size_micro, self.size_micro)
        cost = self.cost_micro * known // self.size_micro if known else 0
        self.size_micro -= known
        self.cost_micro -= cost
        self.last_ts = ts
        return cost
