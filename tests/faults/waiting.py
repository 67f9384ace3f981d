"""Waiting for something that another process does."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable

EVERY_S = 0.05


async def came(condition: Callable[[], bool | Awaitable[bool]], seconds: float) -> bool:
    """Whether `condition()` came true within so many seconds."""
    until = time.monotonic() + seconds
    while True:
        found = condition()
        if await found if inspect.isawaitable(found) else found:
            return True
        if time.monotonic() >= until:
            return False
        await asyncio.sleep(EVERY_S)
