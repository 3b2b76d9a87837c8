"""Work in several processes that share what was made before they were forked."""

import multiprocessing
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, TypeVar

from speccheck.explore.transport import teach_pickle

_T = TypeVar("_T")
_BATCH = 8

# What the forked processes inherit: generated functions cannot be sent to them.
_work: Callable[[int], Any] | None = None


def _do(numbers: list[int]) -> list[Any]:
    assert _work is not None, "set ahead of the fork"
    return [_work(number) for number in numbers]


def ordered_map(work: Callable[[int], _T], numbers: Iterable[int], workers: int) -> Iterator[_T]:
    """Yield what ``work`` makes of each number, in order; the work is done ahead, in processes."""
    global _work
    teach_pickle()
    _work = work
    context = multiprocessing.get_context("fork")
    left = iter(numbers)
    try:
        with context.Pool(workers) as pool:
            waiting: deque[Any] = deque()
            while True:
                while len(waiting) < 2 * workers and (batch := list(islice(left, _BATCH))):
                    waiting.append(pool.apply_async(_do, (batch,)))
                if not waiting:
                    return
                yield from waiting.popleft().get()
    finally:
        _work = None
