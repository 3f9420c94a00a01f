"""Bounded waiting for a condition inside an event loop: what else the loop has to do happens meanwhile."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeVar

_Found = TypeVar("_Found")


async def until(condition: Callable[[], bool], timeout_s: float = 10.0, pause_s: float = 0.01) -> None:
    """Let the loop run until `condition()` holds; TimeoutError after `timeout_s`."""
    never = asyncio.Event()
    async with asyncio.timeout(timeout_s):
        while not condition():
            with suppress(TimeoutError):
                await asyncio.wait_for(never.wait(), pause_s)


async def eventually(ask: Callable[[], Awaitable[_Found]], timeout_s: float, pause_s: float = 0.1) -> _Found:
    """Ask until the answer is something; TimeoutError after `timeout_s`."""
    never = asyncio.Event()
    async with asyncio.timeout(timeout_s):
        while not (found := await ask()):
            with suppress(TimeoutError):
                await asyncio.wait_for(never.wait(), pause_s)
        return found
