"""Scores the universe in a child process, so that whoever listens to the world is not held up by the arithmetic.

The answers are those of `DatasetWhales`, or, where a run listens meanwhile, those of `HeardWhales`; a child that dies
is an error of the run, never an empty answer.
"""

import signal
from collections.abc import Sequence
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

import msgspec

from whaletrader.adapters.local.heard_whales import HeardWhales
from whaletrader.adapters.local.joined import NO_HISTORY
from whaletrader.adapters.local.whale_source import DatasetWhales
from whaletrader.config.tree import Settings
from whaletrader.datasets.store import Dataset
from whaletrader.errors import ExecutorError, WhaleTraderError
from whaletrader.messages.leaders import UniverseScanned
from whaletrader.ports.whale_source import WhaleSource
from whaletrader.universe.source import FrameSource

END_S = 5.0
_DIED = "the process that scores the wallets died, perhaps for want of memory: make room, or use a smaller history"
_CONTEXT = get_context("spawn")


class Question(msgspec.Struct, frozen=True):
    """One scan."""

    as_of_ts: int
    followed: tuple[str, ...]
    since_ts: int


class Ears(msgspec.Struct, frozen=True):
    """Where a run keeps what it hears, and where that may be prepared for scoring."""

    live: str
    scratch: str


class _Answer(msgspec.Struct, frozen=True):
    """What came of it: the scan, or one sentence."""

    question: Question
    scanned: UniverseScanned | None = None
    fault: str = ""


class WhaleProcess:
    """Fills the port `whale_source`; `ready` begins a scan and says whether it is done."""

    def __init__(self, dataset: Path | None, settings: Settings, ears: Ears | None = None) -> None:
        """Without a dataset only what is heard is judged by."""
        ours, theirs = _CONTEXT.Pipe()
        self._pipe = ours
        place, rules = str(dataset) if dataset else "", msgspec.msgpack.encode(settings)
        self._child = _CONTEXT.Process(target=_serve, args=(theirs, place, rules, ears), daemon=True)
        self._child.start()
        theirs.close()
        self._asked: set[Question] = set()
        self._answers: dict[Question, _Answer] = {}

    def close(self) -> None:
        """End the child, whatever it is at."""
        self._child.terminate()
        self._child.join(END_S)
        self._pipe.close()

    def ready(self, as_of_ts: int, followed: Sequence[str] = (), since_ts: int = 0) -> bool:
        """Begin the scan where it was not begun, and say whether its answer is there."""
        question = Question(as_of_ts, tuple(followed), since_ts)
        self._ask(question)
        while self._pipe.poll():
            self._hear()
        return question in self._answers

    def answer(self, as_of_ts: int, followed: Sequence[str] = (), since_ts: int = 0) -> UniverseScanned | None:
        """Return the scan where it is done and succeeded, and leave it to be taken."""
        found = self._answers.get(Question(as_of_ts, tuple(followed), since_ts))
        return found.scanned if found else None

    def scan(self, as_of_ts: int, followed: Sequence[str] = (), since_ts: int = 0) -> UniverseScanned:
        """Score everything known at `as_of_ts`; waits for a scan that is not done yet."""
        question = Question(as_of_ts, tuple(followed), since_ts)
        self._ask(question)
        while question not in self._answers:
            self._hear()
        answer = self._answers.pop(question)
        self._asked.discard(question)
        if answer.scanned is None:
            raise ExecutorError(answer.fault)
        return answer.scanned

    def _ask(self, question: Question) -> None:
        if question in self._asked:
            return
        try:
            self._pipe.send_bytes(msgspec.msgpack.encode(question))
        except OSError as error:
            raise ExecutorError(_DIED) from error
        self._asked.add(question)

    def _hear(self) -> None:
        try:
            answer = msgspec.msgpack.decode(self._pipe.recv_bytes(), type=_Answer)
        except (EOFError, OSError) as error:
            raise ExecutorError(_DIED) from error
        self._answers[answer.question] = answer


def _serve(pipe: Connection, place: str, rules: bytes, ears: Ears | None) -> None:
    """Answer until the parent is gone. Ctrl-C reaches every process of a terminal: the parent ends the work."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    dataset, settings = Dataset.open(Path(place)) if place else None, msgspec.msgpack.decode(rules, type=Settings)
    whales: WhaleSource = DatasetWhales(dataset or FrameSource({}, NO_HISTORY), settings)
    if ears is not None:
        whales = HeardWhales(dataset, Path(ears.live), Path(ears.scratch), settings)
    while True:
        try:
            question = msgspec.msgpack.decode(pipe.recv_bytes(), type=Question)
        except (EOFError, OSError):
            return
        pipe.send_bytes(msgspec.msgpack.encode(_answered(whales, question)))


def _answered(whales: WhaleSource, question: Question) -> _Answer:
    try:
        return _Answer(question, whales.scan(question.as_of_ts, question.followed, question.since_ts))
    except WhaleTraderError as error:
        return _Answer(question, fault=error.message)
