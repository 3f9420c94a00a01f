"""A limit on what an agent remembers: the oldest entry goes first."""

from typing import TypeVar

V = TypeVar("V")


def remember(held: dict[str, V], key: str, value: V, limit: int) -> None:
    """Put an entry in as the newest, and drop the oldest ones beyond the limit."""
    held.pop(key, None)
    held[key] = value
    while len(held) > limit:
        del held[next(iter(held))]


def leader_key(wallet: str, kind: str) -> str:
    """One leader is a wallet in one kind of event; the two kinds are kept apart everywhere."""
    return f"{kind}/{wallet}"
