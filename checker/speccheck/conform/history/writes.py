"""Writes: the transaction that a request becomes, what it does to the tree, what it answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from speccheck.conform.history import values as v
from speccheck.conform.history.answers import Written, times_of
from speccheck.conform.history.client import Client
from speccheck.conform.history.comparing import agree
from speccheck.conform.history.knowledge import UNKNOWN, NotKnown
from speccheck.conform.history.records import Reply
from speccheck.conform.history.survey import Evidence
from speccheck.conform.history.unseen import Candidate, Candidates, Free
from speccheck.evaluate.values import Fn, Value

if TYPE_CHECKING:
    from speccheck.conform.history.judge import Judge

_NOTHING = v.record({})
_LAST = 1 << 62
# Answered before a transaction is made of the request (docs/deviations.md).
_WITHOUT_ZXID = frozenset({"MarshallingError", "Unimplemented"})
_DELETED = frozenset({"NodeDeleted", "children", "NodeChildrenChanged"})


class Writes:
    """Takes the tree from transaction to transaction."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self.candidates = Candidates()
        self.placed = 0
        """How many transactions were inferred."""
        self._free = Free(judge.survey)
        self._evident = sorted(judge.survey.evidence)
        self._next = 0
        if not judge.world.is_whole:
            judge.world.zxid = judge.survey.first_zxid - 1
            while self._next < len(self._evident) and self._evident[self._next] <= judge.world.zxid:
                self._next += 1

    # -- recorded writes

    def replied(self, client: Client, line: int, record: Reply) -> None:
        """Take the next recorded write."""
        judge, zxid = self._judge, record.zxid
        self.reach(zxid - 1, zxid)
        if judge.world.zxid >= zxid:
            self._taken(client, line, record)
            return
        judge.order.barrier(judge, client, line, record)
        request, reply, seen = judge.parsed(client, line, record)
        time = times_of(reply)
        time = -zxid if time is None else time
        ids = client.ids(record.call)

        def evaluate() -> Written:
            return self._evaluate(record.type, client.session, ids, request, zxid, time)

        try:
            written = evaluate()
            if not agree(written.answer, seen, judge.answers):
                written = self._explained(client, line, record, evaluate, written, seen)
        except NotKnown:
            judge.learning.from_write(record.type, request, record.err, reply)
            judge.world.zxid = zxid
            return
        judge.verdict.checked[f"{record.type}: {record.err}"] += 1
        self._commit(written, zxid, record.type == "closeSession")
        judge.watches.settle(client, line, record)
        if record.type == "closeSession":
            judge.watches.closed(client)
            judge.world.ended(client.session)

    def _taken(self, client: Client, line: int, record: Reply) -> None:
        if record.err in _WITHOUT_ZXID:
            self._judge.verdict.unchecked[f"{record.err} without a transaction"] += 1
            return
        zxid = record.zxid
        raise self._judge.reports.diverged(
            client,
            line,
            record,
            "ZxidsRise",
            "another transaction has this zxid",
            {"zxid": f"above {zxid:#x}"},
            {"zxid": f"{zxid:#x}"},
        )

    def _evaluate(
        self, type_: str, session: int, ids: Fn, request: Fn, zxid: int, time: int
    ) -> Written:
        world = self._judge.world
        nodes = world.slice_of_session(session) if type_ == "closeSession" else world.nodes
        tree = world.tree(nodes)
        return self._judge.answers.write(tree, type_, session, ids, request, zxid, time)

    def _explained(
        self,
        client: Client,
        line: int,
        record: Reply,
        evaluate: Callable[[], Written],
        written: Written,
        seen: Fn,
    ) -> Written:
        """Find a candidate with which the reply is right; raise Diverged if there is none."""
        judge = self._judge

        def is_right() -> bool:
            return agree(evaluate().answer, seen, judge.answers)

        if self.explain(record.zxid - 1, is_right):
            return evaluate()
        if client.has_unknown_identity and "NoAuth" in {written.answer["err"], seen["err"]}:
            raise NotKnown
        if judge.learning.others and self.is_free_between(0, record.zxid):
            raise NotKnown
        raise judge.reports.wrong_answer(client, line, record, written.answer, seen)

    def _commit(self, written: Written, zxid: int, in_any_order: bool) -> None:
        judge, applied = self._judge, written.applied
        judge.world.accept(applied["tree"], written.before)
        judge.world.zxid = max(judge.world.zxid, zxid)
        judge.former.append((judge.world.zxid, judge.world.nodes))
        events = applied["events"]
        if len(events):
            judge.watches.fire(events, zxid, in_any_order)

    def created_session(self, session: int, timeout: int) -> None:
        """Have a session begin: at a zxid that nobody is told, before all that it asks for."""
        record = v.record({"timeOut": timeout})
        zxid = self._judge.world.zxid
        nodes = self._judge.world.slice_of_session(session)
        tree = self._judge.world.tree(nodes)
        written = self._judge.answers.write(
            tree, "createSession", session, v.NO_IDS, record, zxid, 0
        )
        self._judge.world.accept(written.applied["tree"], written.before)

    def may_expire(self, client: Client) -> None:
        """Note that a session may end without its client being told."""
        survey = self._judge.survey
        above = survey.sessions[client.session].last_zxid
        candidate = Candidate(above, _LAST, "closeSession", client.session, v.NO_IDS, _NOTHING)
        self.candidates.add(candidate)

    # -- what nobody was told of

    def reach(self, zxid: int, upto: int) -> None:
        """Go on to a zxid, past those that belong to no recorded write."""
        world = self._judge.world
        if zxid <= world.zxid:
            return
        self._free.passed(world.zxid, upto)
        while self._next < len(self._evident) and self._evident[self._next] <= zxid:
            self._place(self._evident[self._next])
            self._next += 1
        world.zxid = max(world.zxid, zxid)

    def _place(self, zxid: int) -> None:
        """Find out what happened at a zxid of which somebody has seen something."""
        evidence = self._judge.survey.evidence[zxid]
        for candidate in [*self.candidates.at(zxid), *self._sweeps(evidence)]:
            try:
                written = self._tried(candidate, zxid)
                if written.applied["err"] == "Ok" and self._shows(written, zxid, evidence):
                    self._settle(candidate, written, zxid)
                    return
            except NotKnown:
                continue
        if self._judge.learning.others:
            self._by_others(zxid, evidence)

    def _tried(self, candidate: Candidate, zxid: int) -> Written:
        return self._evaluate(
            candidate.type, candidate.session, candidate.ids, candidate.record, zxid, -zxid
        )

    def _settle(self, candidate: Candidate, written: Written, zxid: int) -> None:
        self.placed += 1
        self.candidates.take(candidate)
        self._free.take(zxid)
        self._commit(written, zxid, candidate.type == "closeSession")

    def _shows(self, written: Written, zxid: int, evidence: list[Evidence]) -> bool:
        """Tell whether a transaction at a zxid leaves all that was seen of it."""
        nodes = written.applied["tree"]["nodes"]
        events = {(one["type"], one["path"]) for one in written.applied["events"].values_}
        for seen in evidence:
            path = v.path(seen.path)
            if seen.kind.startswith("Node"):
                if (seen.kind, path) not in events:
                    return False
                continue
            node = nodes.get(path)
            if not isinstance(node, Fn):
                return False
            if seen.kind == "created" and node["czxid"] != zxid:
                return False
            if seen.kind == "children" and node["pzxid"] != zxid:
                return False
            if seen.kind == "changed" and node["mzxid"] != zxid:
                return False
            if seen.kind == "changed" and seen.data is not None and node["data"] != seen.data:
                return False
        return True

    def _sweeps(self, evidence: list[Evidence]) -> list[Candidate]:
        """Return the deletions of containers and TTL nodes that can be what was seen."""
        nodes = self._judge.world.nodes
        found: list[Candidate] = []
        for seen in evidence:
            if seen.kind not in _DELETED:
                continue
            path = v.path(seen.path)
            paths = [path]
            if seen.kind != "NodeDeleted":
                node = nodes.get(path)
                children = node["children"] if isinstance(node, Fn) else frozenset()
                if isinstance(children, frozenset):
                    paths = [v.sequence([*path.values_, name]) for name in sorted(children)]
            for one in paths:
                node = nodes.get(one)
                if isinstance(node, Fn) and node["ephemeralOwner"]["type"] in {"CONTAINER", "TTL"}:
                    record = v.record({"path": one})
                    found.append(Candidate(0, 0, "deleteContainer", 0, v.NO_IDS, record))
        return found

    def _by_others(self, zxid: int, evidence: list[Evidence]) -> None:
        """Somebody who was not recorded did it: what it touched is not known any more."""
        world = self._judge.world
        self._free.take(zxid)
        for seen in evidence:
            path = v.path(seen.path)
            world.replace(path, UNKNOWN)
            if seen.kind in {"created", "NodeCreated", "NodeDeleted"} and len(path):
                world.replace(v.sequence(path.values_[:-1]), UNKNOWN)

    def is_free_between(self, above: int, upto: int) -> bool:
        """Tell whether a zxid between two belongs to nobody who was recorded."""
        return self._free.last(above, upto) is not None

    def explain(self, upto: int, is_right: Callable[[], bool]) -> bool:
        """Look for candidates, one or two, with which all is right; put them in."""
        for candidate in self.candidates.at(upto):
            if self._explains(candidate, upto, is_right):
                return True
        few = self.candidates.at(upto)[:8]
        for first in few:

            def with_second(first: Candidate = first) -> bool:
                others = [one for one in few if one is not first]
                return any(self._would_be(one, upto, is_right) for one in others)

            if self._explains(first, upto, with_second):
                return any(self._explains(one, upto, is_right) for one in self.candidates.at(upto))
        return False

    def _explains(self, candidate: Candidate, upto: int, is_right: Callable[[], bool]) -> bool:
        zxid = self._free.last(candidate.above, upto)
        if zxid is None or not self._would_be(candidate, upto, is_right):
            return False
        self._settle(candidate, self._tried(candidate, zxid), zxid)
        return True

    def _would_be(self, candidate: Candidate, upto: int, is_right: Callable[[], bool]) -> bool:
        """Tell whether all is right once a candidate is in; nothing stays changed."""
        zxid = self._free.last(candidate.above, upto)
        if zxid is None:
            return False
        world = self._judge.world
        try:
            written = self._tried(candidate, zxid)
        except NotKnown:
            return False
        if written.applied["err"] != "Ok":
            return False
        nodes, sessions = world.nodes, world.sessions
        after = written.applied["tree"]["nodes"]
        try:
            if written.before is nodes:
                world.nodes = after
            else:
                for path in written.before.changed_until(after) or ():
                    world.put(path, after.get(path))
            world.sessions = written.applied["tree"]["sessions"]
            return is_right()
        except NotKnown:
            return False
        finally:
            world.nodes, world.sessions = nodes, sessions

    def events_of(self, candidate: Candidate, zxid: int) -> list[tuple[str, Value]]:
        """Return the events that a candidate would make at a zxid."""
        try:
            written = self._tried(candidate, zxid)
        except NotKnown:
            return []
        return [(one["type"], one["path"]) for one in written.applied["events"].values_]

    def put_in(self, candidate: Candidate, upto: int) -> bool:
        """Put a candidate in at a free zxid, if there is one."""
        return self._explains(candidate, upto, lambda: True)
