"""Large answers, made one at a time and in turns: clients are served between them.

Everything is read on the event loop, since the tree and its watches are its alone. An answer is
made of what is there while it is made, as Apache's, whose threads lock one watch at a time.
"""

import asyncio
import time
from collections.abc import Callable, Iterator

_TURN_S = 0.002
_PAUSE_S = 0.001
MOST_WAITING = 100

Blocks = tuple[bytes, ...]


class Busy(Exception):
    """So many wait already that one more is turned away."""


class Abandoned(Exception):
    """Nobody is there any more to take the answer."""


class _Job:
    def __init__(self, pieces: Callable[[], Iterator[str]]) -> None:
        self.pieces = pieces
        self.result: asyncio.Future[Blocks] = asyncio.get_running_loop().create_future()
        self.gone: list[Callable[[], bool]] = []

    def waiting(self) -> int:
        """Count who is still there to take the answer."""
        return sum(not gone() for gone in self.gone)


class Turns:
    """Makes answers, in the order in which they were asked for."""

    def __init__(self, most_waiting: int = MOST_WAITING) -> None:
        """``most_waiting``: requests at a time, beyond which others are turned away."""
        self._most_waiting = most_waiting
        self._jobs: dict[str, _Job] = {}
        self._current: _Job | None = None
        self._worker: asyncio.Task[None] | None = None

    async def make(
        self, key: str, pieces: Callable[[], Iterator[str]], gone: Callable[[], bool]
    ) -> Blocks:
        """Return the text of an answer in blocks of bytes.

        Whoever asks for the same `key` before the answer is begun shares it; it is not older than
        any of their requests. ``gone``: whether who asks has hung up. Raises `Busy`, `Abandoned`,
        and what `pieces` raises.
        """
        jobs = (*self._jobs.values(), *(() if self._current is None else (self._current,)))
        if sum(job.waiting() for job in jobs) >= self._most_waiting:
            raise Busy
        job = self._jobs.get(key)
        if job is None:
            job = self._jobs[key] = _Job(pieces)
        job.gone.append(gone)
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._work())
        return await asyncio.shield(job.result)

    async def _work(self) -> None:
        while self._jobs:
            job = self._current = self._jobs.pop(next(iter(self._jobs)))
            try:
                job.result.set_result(await _made(job))
            except asyncio.CancelledError:
                job.result.cancel()
                raise
            except Exception as error:  # noqa: BLE001  # whoever waits hears of it
                job.result.set_exception(error)
                job.result.exception()  # heard, also if nobody is left
            finally:
                self._current = None


async def _made(job: _Job) -> Blocks:
    blocks: list[bytes] = []
    parts: list[str] = []
    pieces = job.pieces()
    while True:
        if not job.waiting():
            raise Abandoned
        ends = time.perf_counter() + _TURN_S
        for piece in pieces:
            parts.append(piece)
            if time.perf_counter() >= ends:
                break
        else:
            blocks.append("".join(parts).encode())
            return tuple(blocks)
        blocks.append("".join(parts).encode())
        parts.clear()
        await asyncio.sleep(_PAUSE_S)
