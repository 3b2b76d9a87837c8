"""Goes back a little: puts what nobody was told of in before transactions that came after it.

A reply may show that something happened before a recorded write, of which nobody saw the zxid: two
creations where one was recorded, the later one's zxid. Then the tree is taken back to where there
is a free zxid, the candidates are put in, and what was recorded since is done again; all of it has
to be answered as it was.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from itertools import permutations
from typing import TYPE_CHECKING, NamedTuple

from speccheck.conform.history.answers import Missed
from speccheck.conform.history.comparing import agree
from speccheck.conform.history.knowledge import NotKnown
from speccheck.conform.history.unseen import Candidate, touched
from speccheck.evaluate.persistent import Persistent
from speccheck.evaluate.values import Fn, Value

if TYPE_CHECKING:
    from speccheck.conform.history.judge import Judge

_REMEMBERED = 150
_MOST_TRIALS = 800
_DEEPEST = 2


class Done(NamedTuple):
    """A transaction, and the tree before it. ``seen`` None: nobody was told of it."""

    zxid: int
    type: str
    session: int
    ids: Fn
    record: Fn
    time: int
    seen: Fn | None
    nodes: Persistent
    sessions: Persistent
    missed: tuple[Missed, ...] = ()
    """What did not show yet when it was prepared."""


class Rewinding:
    """Remembers the last transactions, and does them again with others in between."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self._done: deque[Done] = deque(maxlen=_REMEMBERED)
        self._trials = 0
        self.gave_up = False

    def note(
        self,
        zxid: int,
        candidate: Candidate,
        time: int,
        seen: Fn | None,
        missed: tuple[Missed, ...] = (),
    ) -> None:
        """Remember a transaction that is about to be accepted."""
        world = self._judge.world
        _, _, type_, session, ids, record, _ = candidate
        self._done.append(
            Done(zxid, type_, session, ids, record, time, seen, world.nodes, world.sessions, missed)
        )

    def touches(self, paths: set[Value], since: int) -> bool:
        """Tell whether a transaction behind a zxid may have changed some nodes, if it is known."""
        if len(self._done) == _REMEMBERED and self._done[0].zxid > since:
            return True
        ephemerals = self._judge.world.ephemerals
        for each in reversed(self._done):
            if each.zxid <= since:
                return False
            done = Candidate(0, 0, each.type, each.session, each.ids, each.record)
            if each.type == "closeSession" or touched(done, ephemerals) & paths:
                return True
        return False

    def explain(self, relevant: list[Candidate], is_right: Callable[[], bool]) -> list[Candidate]:
        """Put candidates in further back, so that all is right; return which, if any will do."""
        self.gave_up = False
        world = self._judge.world
        now = world.nodes, world.sessions, world.zxid
        was_trial, world.is_trial = world.is_trial, True
        try:
            return self._search(relevant, is_right, now)
        finally:
            world.is_trial = was_trial

    @property
    def used(self) -> int:
        """How many evaluations the last search took."""
        return _MOST_TRIALS - self._trials

    def _search(
        self,
        relevant: list[Candidate],
        is_right: Callable[[], bool],
        now: tuple[Persistent, Persistent, int],
    ) -> list[Candidate]:
        world = self._judge.world
        self._trials = _MOST_TRIALS
        done = list(self._done)
        for depth in range(1, min(_DEEPEST, len(relevant)) + 1):
            for start in range(len(done) - 1, -1, -1):
                before = done[start - 1].zxid if start else done[0].zxid - 1
                zxid = self._judge.writes.free_zxid(before, done[start].zxid - 1)
                if zxid is None:
                    continue
                for chosen in _choices(
                    depth, [one for one in relevant if one.above < zxid < one.below]
                ):
                    if self._trials <= 0:
                        self.gave_up = True
                        return []
                    if self._is_right(done[start:], chosen, zxid, is_right):
                        world.index_all()
                        return list(chosen)
                    world.nodes, world.sessions, world.zxid = now
        return []

    def _is_right(
        self,
        done: list[Done],
        chosen: tuple[Candidate, ...],
        zxid: int,
        is_right: Callable[[], bool],
    ) -> bool:
        """Do it again with candidates ahead; leave the tree so if all is right."""
        judge = self._judge
        world = judge.world
        world.nodes, world.sessions, world.zxid = done[0].nodes, done[0].sessions, zxid - 1
        again: list[Done] = []
        try:
            for one in chosen:
                self._trials -= 1
                _, _, type_, session, ids, record, _ = one
                written = judge.writes.evaluate(type_, session, ids, record, zxid, -zxid)
                if not judge.writes.can_be(written, zxid):
                    return False
                world.try_on(written.applied["tree"], written.before)
            for each in done:
                self._trials -= 1
                again.append(each._replace(nodes=world.nodes, sessions=world.sessions))
                written = judge.writes.evaluate(
                    each.type,
                    each.session,
                    each.ids,
                    each.record,
                    each.zxid,
                    each.time,
                    each.missed,
                )
                if each.seen is not None and not agree(written.answer, each.seen, judge.answers):
                    return False
                world.try_on(written.applied["tree"], written.before)
                world.zxid = max(world.zxid, each.zxid)
            if not is_right():
                return False
        except NotKnown:
            return False
        for _ in again:
            self._done.pop()
        self._done.extend(again)
        return True


def _choices(depth: int, possible: list[Candidate]) -> Iterator[tuple[Candidate, ...]]:
    """Yield ways to choose candidates, in either order."""
    return permutations(possible, depth)
