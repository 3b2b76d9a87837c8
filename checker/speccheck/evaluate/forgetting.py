"""Keeps the memory of long evaluations flat: values that nobody has any more are forgotten.

Values exist once (``values.py``), so tables have all that there ever were. For a model checker that
is what it wants; who evaluates for hours on what comes and goes calls :class:`Forgetting` now and
then.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from sys import getrefcount
from typing import Any

from speccheck.evaluate import runtime
from speccheck.evaluate.order import LEAST, ORDERED
from speccheck.evaluate.values import DOMAINS, SEQUENCES, _ranks

_FEWEST = 50_000
_PASSES = 3


def _kept(table: dict[Any, Any], most: int, since: int = 0) -> list[Any]:
    """Return the keys of values that something else than the table refers to ``most`` times.

    The first ``since`` ones are not looked at.
    """
    items = islice(table.items(), since, None)
    return [key for key, value in items if getrefcount(value) <= most]


def _count_of_dead() -> int:
    """Return how many references :func:`_kept` sees of a value that only the table has."""
    table = {1: object()}
    most = 1
    while not _kept(table, most):
        most += 1
    return most


_DEAD = _count_of_dead()


@contextmanager
def no_collection() -> Iterator[None]:
    """Collect no garbage meanwhile: values make no cycles, and there are many to be looked at."""
    was_collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_collecting:
            gc.enable()


class Forgetting:
    """Forgets when tables have doubled since the last time."""

    def __init__(self) -> None:
        self._names = set(_ranks)
        self._most = _FEWEST
        self._old: dict[int, int] = {}
        """How many values each table had afterwards, the last time. Most that die are younger."""
        self._left = 0
        """How many there were in all when all of them were looked at last."""

    def may_forget(self) -> bool:
        """Tell whether it is worth while now."""
        return len(SEQUENCES) + sum(map(len, DOMAINS.values())) > self._most

    def forget(self) -> int:
        """Forget values that nobody refers to; return how many there are left."""
        ORDERED.clear()
        LEAST.clear()
        runtime.SINGLE.clear()
        for domain in DOMAINS.values():
            if domain.is_sequence:
                domain.clear()  # SEQUENCES has them
        tables: list[dict[Any, Any]] = [SEQUENCES, *DOMAINS.values()]
        old = self._old
        is_full = sum(old.values()) >= 2 * self._left
        if is_full:
            old.clear()
        for _ in range(_PASSES):
            dead = 0
            for table in tables:
                # Tables keep the order in which values came, so the old ones are the first.
                keys = _kept(table, _DEAD, old.get(id(table), 0))
                dead += len(keys)
                for key in keys:
                    del table[key]
            if dead < _FEWEST // 10:
                break
        for name in [name for name in _ranks if name not in self._names]:
            del _ranks[name]
        left = sum(map(len, tables))
        self._old = {id(table): len(table) for table in tables}
        if is_full:
            self._left = left
        self._most = max(_FEWEST, 2 * left)
        return left
