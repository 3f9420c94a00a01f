"""How many decisions a second the engine makes over a SQLite log: facts in, three agents, group commit, chain.

The agents are the synthetic ones of the tests, up to the approval. A decision is one call of an agent's `decide`;
everything that a run does for it (fact, inbox, ids, encoding, chain, commits, snapshots) is in the time.
"""

import tempfile
import time
from pathlib import Path

from benchmarks.figures import report
from tests.support.synthetic import Scripted, Tape, agents, leader_events, open_store
from whaletrader.config.tree import RuntimeSettings
from whaletrader.runtime.engine import Engine
from whaletrader.runtime.timers import TimerSource

FACTS = 50_000
ROUNDS = 3


def quiet_agents() -> list[Scripted]:
    """The agents without the one that orders: all decisions, no effects."""
    return agents()[:3]


def decisions_per_second(folder: Path) -> float:
    """Decide on leader events up to the approval; commits in groups."""
    engine = Engine(
        open_store(folder),
        quiet_agents(),
        "paper",
        sources=[Tape(leader_events(FACTS)), TimerSource(rank=2)],
        settings=RuntimeSettings(),
    )
    started = time.perf_counter()
    assert engine.run()
    seconds = time.perf_counter() - started
    engine.close()
    return engine.decisions / seconds


def main() -> None:
    """Measure, and report the best of some rounds."""
    best = 0.0
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as folder:
            best = max(best, decisions_per_second(Path(folder)))
    report("runner", best, "decisions/s", target=10_000)


if __name__ == "__main__":
    main()
