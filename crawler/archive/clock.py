"""Time as the archive room sees it: a seam, so that hours of waiting are tested in milliseconds."""

import asyncio
import time
from typing import Protocol


class Clock(Protocol):
    def monotonic(self) -> float:
        """Seconds that never go backwards; only differences mean anything."""

    def time(self) -> float:
        """Wall-clock seconds since the epoch; may jump either way."""

    async def sleep(self, seconds: float) -> None:
        """Waits about that long; may wake late, and a hair early."""


class SystemClock:
    def monotonic(self) -> float:
        return time.monotonic()

    def time(self) -> float:
        return time.time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
