"""Writes, and syncs, in the order of a clock: what was answered has a lower zxid than what is asked
afterwards.

Only histories that share a clock are compared. zxids are met in order, so it is enough to keep, for
each clock, the write or sync that was asked for last.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from speccheck.conform.history.client import Client
from speccheck.conform.history.records import Reply

if TYPE_CHECKING:
    from speccheck.conform.history.judge import Judge


class _Latest(NamedTuple):
    call: int
    type: str
    zxid: int
    client: Client
    line: int


class Order:
    """Checks real-time order."""

    def __init__(self) -> None:
        self._latest: dict[str, _Latest] = {}

    def barrier(self, judge: Judge, client: Client, line: int, record: Reply) -> None:
        """Take the next write or sync in the order of zxids."""
        latest = self._latest.get(client.clock)
        if latest is None or record.call > latest.call:
            self._latest[client.clock] = _Latest(
                record.call, record.type, record.zxid, client, line
            )
        elif record.type != "sync" and record.return_ < latest.call and record.zxid > latest.zxid:
            what = "SyncIsABarrier" if latest.type == "sync" else "ZxidsRise"
            raise judge.reports.diverged(
                client,
                line,
                record,
                what,
                f"answered before the {latest.type} of {latest.client.name} was asked for "
                f"({latest.client.path}:{latest.line}), which has the lower zxid "
                f"{latest.zxid:#x}",
                {"zxid": f"below {latest.zxid:#x}"},
                {"zxid": f"{record.zxid:#x}"},
            )
