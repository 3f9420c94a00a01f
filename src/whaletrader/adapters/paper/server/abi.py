"""Words of the contracts' binary interface, as far as the venue's event logs need them."""

from collections.abc import Sequence
from functools import lru_cache

from whaletrader.domain.event_topics import TOPICS, ChainEvent

Topic = str | int


@lru_cache(maxsize=65_536)
def word(value: Topic) -> str:
    """Write one 32-byte word as 64 hex digits: a number, an address or a hash (0x and up to 64 digits)."""
    return f"{value:064x}" if isinstance(value, int) else value.removeprefix("0x").lower().rjust(64, "0")


@lru_cache(maxsize=65_536)
def _topic(value: Topic) -> str:
    return "0x" + word(value)


def topics(event: ChainEvent, *indexed: Topic) -> tuple[str, ...]:
    """Topics of a log: the event's own and its indexed arguments."""
    return (TOPICS[event], *map(_topic, indexed))


def data(*values: Topic | Sequence[int]) -> str:
    """Encode the arguments that are not indexed; a sequence is a dynamic array of numbers."""
    heads: list[str] = []
    tails: list[str] = []
    end = 32 * len(values)
    for value in values:
        if isinstance(value, int | str):
            heads.append(word(value))
            continue
        heads.append(word(end))
        tails += [word(len(value)), *map(word, value)]
        end += 32 * (1 + len(value))
    return "0x" + "".join(heads + tails)
