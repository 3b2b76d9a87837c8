"""Other ways to do what the protocol does, to be put into the core on purpose: no mistakes.

Each replaces methods of the core for as long as the context lasts, in this process only, as
``bugs.py`` does with mistakes. A variant of the specification names the strategy that does as it
does (``spec/variants``, ``@strategy``), so that its rules can be hunted and its cost measured.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from unittest.mock import patch

from speckeeper.sim.bugs import BUGS, seeded
from speckeeper.sim.server_bugs import Patch
from speckeeper.wire.quorum import PacketType
from speckeeper.zab.leader import Leader
from speckeeper.zab.learner import Learner
from speckeeper.zab.learner_handler import LearnerHandler


def _acknowledge_last(self: Learner, upto: int) -> None:
    """Acknowledge the last of the transactions that are durable, for all of them."""
    last = None
    while self._next_ack and self._next_ack[0] <= upto:
        last = self._next_ack.popleft()
    if last is not None:
        self._send(PacketType.ACK, last)


def _count_up_to(self: Leader, handler: LearnerHandler, zxid: int) -> None:
    """Take an acknowledgement for all that is outstanding up to it."""
    zxids = [one for one in self.outstanding_proposals if one <= zxid]
    handler.sync_limit_check.update_acks(zxids[0] if zxids else zxid, zxid)
    self._count_acks(handler.server_id, zxids)


def _count_all_up_to(self: Leader, handler: LearnerHandler, zxids: Sequence[int]) -> None:
    """Take several for the last of them."""
    _count_up_to(self, handler, zxids[-1])


STRATEGIES: dict[str, tuple[Patch, ...]] = {
    "cumulative-acks": (
        (Learner, "follower_log_flushed", _acknowledge_last),
        (Learner, "_acknowledge_all", _acknowledge_last),
        (Leader, "leader_process_ack", _count_up_to),
        (Leader, "_process_acks", _count_all_up_to),
    ),
}
"""What each strategy replaces."""


def about(name: str) -> str:
    """Return a line about a strategy. Raises KeyError for a name that is none."""
    ((_, _, new), *_) = STRATEGIES[name]
    return str(new.__doc__).partition("\n")[0]


@contextmanager
def running(name: str | None) -> Iterator[None]:
    """Let the core do as a strategy or a bug has it. Raises KeyError for a name that is none."""
    if name is None:
        yield
        return
    if name in BUGS:
        with seeded(name):
            yield
        return
    started = [patch.object(owner, key, new) for owner, key, new in STRATEGIES[name]]
    for each in started:
        each.start()
    try:
        yield
    finally:
        for each in reversed(started):
            each.stop()
