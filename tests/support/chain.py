"""All agents in their order and the rule by which messages pass between them, without log, sources or effects."""

from collections import deque
from typing import Any

from tests.support.harness import SECOND, Harness
from whaletrader.agents.execution import Trader
from whaletrader.app.build import make_agents
from whaletrader.config.tree import Settings
from whaletrader.messages.envelope import Message, Payload, fact

TRADER = Trader(account_id="paper", maker="0x" + "11" * 20, signer="0x" + "22" * 20)
MAX_PASSED = 1_000
"""More messages from one fact than this is a loop."""


class Chain:
    """The agents of one account; `tell` passes on a fact and everything that follows from it."""

    def __init__(self, settings: Settings | None = None) -> None:
        self.agents = [Harness(agent) for agent in make_agents(settings or Settings(), TRADER)]
        self.log: list[Message] = []
        self.clock = 0

    def tell(self, payload: Payload, *, at: int | None = None, ts_event: int | None = None) -> list[Payload]:
        """Hand over a fact at `at` seconds; returns every payload that followed, in the order of the log."""
        self.clock = max(self.clock, self.clock if at is None else at * SECOND)
        event = self.clock if ts_event is None else ts_event * SECOND
        first = fact(payload, natural_key=str(len(self.log)), ts_event=event, ts_init=self.clock)
        start, waiting = len(self.log), deque([first])
        while waiting:
            message = waiting.popleft()
            self.log.append(message)
            assert len(self.log) - start < MAX_PASSED, "the agents do not come to rest"
            for agent in self.agents:
                waiting.extend(agent.feed(message))
        return [message.payload for message in self.log[start + 1 :]]

    def said(self, kind: type[Payload]) -> list[Any]:
        """Every payload of one type so far."""
        return [message.payload for message in self.log if isinstance(message.payload, kind)]

    def restart(self) -> None:
        """Write every agent's state to a snapshot and read it back."""
        for agent in self.agents:
            agent.restart()
