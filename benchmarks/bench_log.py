"""How many messages a second the event log takes, encoded, chained and group-committed; `eventsourcing` beside it.

Both write the same fills in batches of 1,000: ours as protobuf, the peer's as its own JSON events through its mapper
and recorder. Facts, which are entered in the inbox as well, are measured by themselves.
"""

import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid5

from eventsourcing.domain import DomainEvent
from eventsourcing.persistence import DatetimeAsISO, JSONTranscoder, Mapper, UUIDAsHex
from eventsourcing.sqlite import SQLiteApplicationRecorder, SQLiteDatastore

from benchmarks.figures import report
from whaletrader.adapters.sqlite.store import SqliteEventStore
from whaletrader.messages.envelope import Message, fact
from whaletrader.messages.orders import OrderFilled
from whaletrader.ports.store import Batch
from whaletrader.runtime.records import to_record

MESSAGES = 200_000
PEER_MESSAGES = 40_000
BATCH = 1_000
ROUNDS = 3


class Filled(DomainEvent):
    """The same fill as the peer's own event."""

    values: dict[str, object]


def fill(number: int) -> OrderFilled:
    """A fill as the paper exchange gives it."""
    return OrderFilled(
        account_id="paper",
        order_hash=f"0x{number:064x}",
        approval_id=f"{number:032x}",
        trade_id=f"trade-{number}",
        wallet="0x" + "ab" * 20,
        kind="fill",
        market_id="0x" + "cd" * 32,
        token_id=str(10**76 + number),
        event_group_id="0x" + "ef" * 32,
        side="BUY",
        price_micro=530_000,
        size_micro=25_000_000 + number,
        fee_micro=12_345,
        role="taker",
        reference_price_micro=531_000,
        final=True,
    )


def fills(count: int) -> list[Message]:
    """Messages to write; making them is not measured."""
    start = 1_700_000_000_000_000_000
    return [fact(fill(n), natural_key=str(n), ts_event=start + n, ts_init=start + n) for n in range(count)]


def ours(folder: Path, messages: list[Message], *, facts: bool) -> float:
    """Messages a second into our log, from the message to the committed transaction."""
    store = SqliteEventStore.create(folder / "log.db")
    started = time.perf_counter()
    for first in range(0, len(messages), BATCH):
        records = [
            to_record(message, offset)
            for offset, message in enumerate(messages[first : first + BATCH], start=first + 1)
        ]
        batch = Batch(records=records, facts=records if facts else [], handled=first + len(records))
        store.commit(batch, durable=False)
    seconds = time.perf_counter() - started
    store.close(clean=True)
    return len(messages) / seconds


def peers(folder: Path, count: int) -> float:
    """Events a second into eventsourcing's application recorder on SQLite."""
    transcoder = JSONTranscoder()
    for transcoding in (UUIDAsHex(), DatetimeAsISO()):
        transcoder.register(transcoding)
    mapper = Mapper(transcoder)
    recorder = SQLiteApplicationRecorder(SQLiteDatastore(str(folder / "peer.db")))
    recorder.create_table()
    now, space = datetime.now(UTC), UUID(int=1)
    values = [{name: getattr(fill(n), name) for name in OrderFilled.__struct_fields__} for n in range(count)]
    events = [
        Filled(originator_id=uuid5(space, str(n)), originator_version=1, timestamp=now, values=values[n])
        for n in range(count)
    ]
    started = time.perf_counter()
    for first in range(0, count, BATCH):
        recorder.insert_events([mapper.to_stored_event(event) for event in events[first : first + BATCH]])
    return count / (time.perf_counter() - started)


def main() -> None:
    """Measure both, taking turns, and report the best of each."""
    messages = fills(MESSAGES)
    best = dict.fromkeys(("decided", "facts", "peer"), 0.0)
    for _ in range(ROUNDS):
        for name in best:
            with tempfile.TemporaryDirectory() as folder:
                place = Path(folder)
                rate = peers(place, PEER_MESSAGES) if name == "peer" else ours(place, messages, facts=name == "facts")
                best[name] = max(best[name], rate)
    peer = "eventsourcing, SQLite"
    report("log append, decided", best["decided"], "messages/s", peer=best["peer"], peer_name=peer, target=50_000)
    report("log append, facts with inbox", best["facts"], "messages/s", peer=best["peer"], peer_name=peer)


if __name__ == "__main__":
    main()
