"""Goes once through all histories, merged by zxid, beside the tree of the specification.

Each write takes the tree to the next, and its reply has to be what the specification answers. A
read is compared with the tree that has exactly the transactions up to the zxid of its reply. What
watches are due is worked out along the way, and has to be told before a reply of that zxid.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from speccheck.conform.history import values as v
from speccheck.conform.history.answers import Answers
from speccheck.conform.history.client import Client
from speccheck.conform.history.learning import Learning
from speccheck.conform.history.operators import Operators
from speccheck.conform.history.order import Order
from speccheck.conform.history.reading import HistoryError
from speccheck.conform.history.reads import Reads
from speccheck.conform.history.records import (
    Connect,
    Disconnect,
    End,
    Header,
    Lost,
    Opaque,
    Reply,
    Watch,
    fields,
)
from speccheck.conform.history.reports import Reports
from speccheck.conform.history.survey import SAYS_NOTHING, WRITES, Survey
from speccheck.conform.history.unseen import Candidate
from speccheck.conform.history.verdict import Diverged, Verdict
from speccheck.conform.history.watches import Watches
from speccheck.conform.history.world import World
from speccheck.conform.history.writes import Writes
from speccheck.evaluate.forgetting import Forgetting
from speccheck.evaluate.values import Fn, Value

_OFTEN = 0x3FF
_REMEMBERED = 500


class Judge:
    """Judges histories by the text of a specification.

    ``is_complete``: all clients that write were recorded. ``is_fresh``: the tree was empty at
    first; None: it is supposed to have been if the zxids allow it.
    """

    def __init__(
        self,
        operators: Operators,
        files: list[Path],
        survey: Survey,
        *,
        is_complete: bool = False,
        is_fresh: bool | None = None,
    ) -> None:
        self.verdict = Verdict(files=len(files), sessions=len(survey.sessions))
        self.survey = survey
        self.answers = Answers(operators)
        if is_fresh is None:
            is_fresh = survey.before <= survey.begun + survey.lost
        self.world = World(operators, is_fresh)
        self.reports = Reports(self.answers, self.world, self.verdict)
        self.learning = Learning(self.world, self.verdict, survey, is_complete=is_complete)
        self.watches = Watches(self)
        self.writes = Writes(self)
        self.reads = Reads(self)
        self.order = Order()
        self.former: deque[tuple[int, Value]] = deque(maxlen=_REMEMBERED)
        """Zxids and the nodes as they were then."""
        self.at: tuple[Path, int] = (Path(), 0)
        """The file and line that are being judged."""
        self._clients = [Client(path, self.watches.index, self.verdict.checked) for path in files]
        self._forgetting = Forgetting()

    def run(self, progress: Callable[[int], None]) -> Verdict:
        """Judge all. Raises HistoryError, and what evaluation raises."""
        verdict, survey = self.verdict, self.survey
        verdict.first_zxid, verdict.last_zxid = survey.first_zxid, survey.last_zxid
        verdict.records = survey.records
        try:
            self._merge(progress)
            self.writes.finish()
            self.watches.finish(self._clients)
            if self.learning.unexplained and not self.learning.others:
                raise self.reports.unexplained(self.learning.unexplained, self._clients[0])
        except Diverged as diverged:
            verdict.divergence = diverged.divergence
        self.reports.notes(self)
        return verdict

    # -- merging

    def _merge(self, progress: Callable[[int], None]) -> None:
        heap: list[tuple[int, int, int, Client, int, Reply]] = []
        for number, client in enumerate(self._clients):
            self._push(heap, number, client)
        count = 0
        while heap:
            _, _, number, client, line, record = heap[0]
            self.at = client.path, line
            self._replied(client, line, record)
            following = self._next(client)
            if following is None:
                heapq.heappop(heap)
            else:
                heapq.heapreplace(heap, self._entry(number, client, *following))
            count += 1
            if not count & _OFTEN:
                progress(_OFTEN + 1)
                if self._forgetting.may_forget():
                    self.reads.forget()
                    self._forgetting.forget()

    def _push(self, heap: list[Any], number: int, client: Client) -> None:
        following = self._next(client)
        if following is not None:
            heapq.heappush(heap, self._entry(number, client, *following))

    def _entry(
        self, number: int, client: Client, line: int, record: Reply
    ) -> tuple[int, int, int, Client, int, Reply]:
        is_later = not self.survey.takes_zxid(record, client.session)
        return record.zxid, is_later, number, client, line, record

    def _next(self, client: Client) -> tuple[int, Reply] | None:
        """Return the client's next reply that has a zxid; take note of what comes before it."""
        for line, record in client.lines:
            if type(record) is Reply:
                if record.zxid > 0 or self._is_of_nothing(record):
                    if record.zxid < client.last_zxid:
                        raise self.reports.backwards(client, line, record)
                    client.last_zxid = record.zxid
                    return line, record
                if record.type == "auth":
                    self._proved(client, record)
            elif type(record) is Watch:
                client.watcher.heard(record, line)
            elif isinstance(record, Connect):
                self._connected(client, record)
            elif isinstance(record, Lost):
                if record.type in {"setWatches", "setWatches2"}:
                    self.watches.lost_answer(client)
                self._lost(client, record)
            elif isinstance(record, Disconnect):
                self.watches.disconnected(client)
            elif isinstance(record, Header):
                client.clock = record.clock
            elif isinstance(record, Opaque):
                self.verdict.unchecked[f"not understood by the recorder: {record.reason}"] += 1
            elif isinstance(record, End):
                client.ended_well = True
        self._over(client)
        return None

    def _is_of_nothing(self, record: Reply) -> bool:
        """Tell whether a read was answered before there was any transaction (local sessions)."""
        is_read = record.zxid == 0 and self.answers.is_read(record.type)
        return is_read and self.world.is_whole and record.err not in SAYS_NOTHING

    # -- sessions

    def _connected(self, client: Client, record: Connect) -> None:
        if record.err != "Ok":
            return
        self.watches.disconnected(client)
        client.connected(record.session, record.address, is_read_only=record.read_only)
        if record.session not in self.world.sessions:
            self.writes.created_session(record.session, record.timeout)

    def _proved(self, client: Client, record: Reply) -> None:
        request = fields(bytes(record.request))
        if record.err != "Ok":
            return
        if "id" not in request:
            client.has_unknown_identity = True
            return
        client.proved(record.call, v.identity(request["scheme"], request["id"]))

    def _lost(self, client: Client, record: Lost) -> None:
        if record.type in WRITES:
            self.writes.candidates.add(
                Candidate(
                    max(client.last_zxid, self.survey.told_before(client.clock, record.call)),
                    record.call,
                    record.type,
                    client.session,
                    client.ids(record.call),
                    v.request_record(fields(bytes(record.request))),
                )
            )

    def _over(self, client: Client) -> None:
        """A client has nothing more to say: if it did not close its session, that may expire."""
        if client.is_closed:
            self.watches.disconnected(client)
        elif client.session:
            self.writes.may_expire(client)

    # -- replies

    def _replied(self, client: Client, line: int, record: Reply) -> None:
        zxid, type_ = record.zxid, record.type
        if record.err in SAYS_NOTHING:
            self.verdict.unchecked[f"{record.err} says nothing of the tree"] += 1
            return
        if client.is_read_only and self.survey.may_be_undone(zxid):
            self.verdict.unchecked["read only, of what may not have been committed"] += 1
            client.watcher.is_uncertain = True
            return
        if type_ in WRITES:
            if self.survey.takes_zxid(record, client.session):
                self.writes.replied(client, line, record)
            else:
                self.writes.ended_locally(client, line, record)
            if type_ == "closeSession" and record.err == "Ok":
                client.is_closed = True
        else:
            self.writes.reach(zxid, zxid)
            sets_again = type_ in {"setWatches", "setWatches2"}
            if not sets_again and (client.watcher.told or client.watcher.due):
                self.watches.settle(client, line, record)
            if type_ == "sync":
                self.order.barrier(self, client, line, record)
                self.verdict.checked[f"sync: {record.err}"] += 1
            elif sets_again:
                self.watches.rewatched(client, line, record)
            elif self.answers.is_read(type_):
                self.reads.replied(client, line, record)
            else:
                self.verdict.unchecked[f"{type_} is not in the specification"] += 1

    def parsed(self, client: Client, line: int, record: Reply, request: Fn | None = None) -> Parsed:
        """Return what a reply and its request say. Raises HistoryError where they say nothing.

        ``request``: the request, if it is known already.
        """
        try:
            told = fields(record.reply)
            if request is None:
                request = v.request_record(fields(record.request))
            return Parsed(request, told, v.answer(record.err, told))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            what = f"{record.type} with a field that it does not have: {error}"
            raise HistoryError(client.path, line, what) from None


class Parsed(NamedTuple):
    """A request, its reply as it is written, and as the specification has it."""

    request: Fn
    told: dict[str, Any]
    seen: Fn
