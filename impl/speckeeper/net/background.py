"""Work of a member that takes time: it runs beside the loop's turns, and its failure is the end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any


class Background:
    """Runs coroutines; made and used on the loop's thread."""

    def __init__(self, failed: Callable[[Exception], None]) -> None:
        """``failed(error)``: something has raised, whatever it was."""
        self._loop = asyncio.get_running_loop()
        self._failed = failed
        self._tasks: set[asyncio.Task[None]] = set()

    def run(self, work: Coroutine[Any, Any, None]) -> None:
        """Begin something."""

        async def guarded() -> None:
            try:
                await work
            except Exception as error:  # noqa: BLE001  (whatever it is, the disk is not what we think)
                self._failed(error)

        task = self._loop.create_task(guarded())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def ended(self) -> None:
        """Return when all of it has ended."""
        if self._tasks:
            await asyncio.wait(self._tasks)
