"""What stops trading without an order: the exchange's modes, and the dead man's switch of an API key."""

from collections.abc import Callable

from whaletrader.adapters.paper.server.agenda import FOREVER_NS, Agenda
from whaletrader.adapters.paper.server.types import Heartbeat, Mode, Refusal, VenueRules
from whaletrader.domain.values import NANOS


class Modes:
    """Which mode holds from when on."""

    def __init__(self) -> None:
        self._plan: list[tuple[int, Mode]] = [(-1, Mode.NORMAL)]

    def set(self, mode: Mode, now_ns: int, until_ns: int) -> None:
        """Let `mode` hold from now until `until_ns` (-1: until told otherwise); what was planned is dropped."""
        self._plan = [(now_ns, mode)]
        if until_ns >= 0:
            self._plan.append((until_ns, Mode.NORMAL))

    def restart(self, now_ns: int, rules: VenueRules) -> None:
        """Plan a restart: nothing, then post-only, then everything."""
        back = now_ns + rules.restart_ns
        self._plan = [(now_ns, Mode.RESTARTING), (back, Mode.POST_ONLY), (back + rules.post_only_ns, Mode.NORMAL)]

    def at(self, now_ns: int) -> tuple[Mode, int]:
        """Return the mode of a time, and for how many more seconds it is planned to hold (0: nobody knows)."""
        mode, until = Mode.NORMAL, FOREVER_NS
        for start, each in self._plan:
            if start > now_ns:
                until = start
                break
            mode = each
        return mode, 0 if until == FOREVER_NS else -(-(until - now_ns) // NANOS)


class DeadMansSwitch:
    """Cancels an API key's orders once its heartbeats stop; there is no way to disarm it."""

    def __init__(self, rules: VenueRules, agenda: Agenda, cancel_all: Callable[[str, int], None]) -> None:
        self._rules = rules
        self._agenda = agenda
        self._cancel_all = cancel_all
        self._beats: dict[str, tuple[str, int]] = {}

    def beat(self, owner: str, heartbeat_id: str, next_id: str, now_ns: int) -> Heartbeat:
        """Take a heartbeat: the first one is empty, every later one carries the id that was answered last."""
        due = self._beats.get(owner)
        if due is not None and heartbeat_id != due[0]:
            return Heartbeat(heartbeat_id=due[0], refusal=Refusal(400, "Invalid Heartbeat ID"))
        if due is None and heartbeat_id:
            return Heartbeat(heartbeat_id="", refusal=Refusal(400, "Invalid Heartbeat ID"))
        self._beats[owner] = (next_id, now_ns)
        self._agenda.add(now_ns + self._rules.heartbeat_ns, lambda ts: self._check(owner, ts))
        return Heartbeat(heartbeat_id=next_id)

    def _check(self, owner: str, ts: int) -> None:
        if self._beats[owner][1] + self._rules.heartbeat_ns <= ts:
            self._cancel_all(owner, ts)
            # What is placed in the silence does not live either.
            self._agenda.add(ts + self._rules.heartbeat_ns, lambda at: self._check(owner, at))
