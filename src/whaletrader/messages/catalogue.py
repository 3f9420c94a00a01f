"""All message types, declared once in their topic's module and gathered here."""

from whaletrader.messages import intelligence, leaders, market, orchestration, orders, portfolio, risk
from whaletrader.messages.envelope import DECLARED, Payload

MODULES = (market, leaders, intelligence, risk, orders, portfolio, orchestration)
CATALOGUE: dict[str, type[Payload]] = dict(sorted(DECLARED.items()))
"""Every message type by its name."""
EFFECTS: tuple[str, ...] = tuple(name for name, cls in CATALOGUE.items() if cls.EFFECT)
"""Types that are carried out outside and so committed synchronously first."""
OPERATIONS: frozenset[str] = frozenset({"AgentHeartbeat", "RunMarked"})
"""Types of the operations stream: left out of the domain stream, which is the same with and without crashes."""
