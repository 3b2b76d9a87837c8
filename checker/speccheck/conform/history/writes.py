"""Writes: the transaction that a request becomes, what it does to the tree, what it answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from speccheck.conform.history import values as v
from speccheck.conform.history.answers import Missed, Written, times_of
from speccheck.conform.history.client import Client
from speccheck.conform.history.comparing import agree
from speccheck.conform.history.knowledge import UNKNOWN, NotKnown
from speccheck.conform.history.outstanding import Asked, Outstanding
from speccheck.conform.history.records import Reply
from speccheck.conform.history.rewinding import Rewinding
from speccheck.conform.history.survey import Evidence
from speccheck.conform.history.unseen import (
    Candidate,
    Candidates,
    Free,
    may_be_ephemeral,
    touched,
    with_parents,
)
from speccheck.evaluate.values import Fn, Value

if TYPE_CHECKING:
    from speccheck.conform.history.judge import Judge

_NOTHING = v.record({})
_LAST = 1 << 62
# How many candidates are put in together, and how often that is tried, to explain one reply.
_MOST = 3
_MOST_TRIALS = 600
# Over the whole history; what is left then is not decided.
_BUDGET = 20_000
# Answered before a transaction is made of the request (docs/deviations.md).
_WITHOUT_ZXID = frozenset({"MarshallingError", "Unimplemented"})
_ZXID_OF = {"created": "czxid", "changed": "mzxid", "children": "pzxid"}
_DELETED = frozenset({"NodeDeleted", "children", "NodeChildrenChanged"})


def paths_of(request: Fn) -> set[Value]:
    """Return the nodes that a request is about."""
    if "ops" in request:
        return set().union(*(paths_of(op["record"]) for op in request["ops"].values_))
    path = request.get("path", v.NULL)
    return set() if path is v.NULL else {path}


class Writes:
    """Takes the tree from transaction to transaction."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self.candidates = Candidates()
        self.rewinding = Rewinding(judge)
        self.placed = 0
        """How many transactions were inferred."""
        self.behind = 0
        """How many are right only on what was before others that were on their way."""
        self._outstanding = Outstanding()
        self._free = Free(judge.survey)
        self._evident = sorted(judge.survey.evidence)
        self._next = 0
        self._trials = 0
        self._budget = _BUDGET
        self._relevant: list[Candidate] = []
        self.is_decided = True
        self.guessed: set[Value] = set()
        """Nodes that were changed by one of several candidates that would all have done."""
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
        self.candidates.answered(client.session, record.call, zxid)
        request, reply, seen = judge.parsed(client, line, record)
        time = times_of(reply)
        time = -zxid if time is None else time
        ids = client.ids(record.call)

        about = paths_of(request)
        asked = Asked(client.clock, record.call, record.return_)
        missed: tuple[Missed, ...] = ()

        def evaluate(missed: tuple[Missed, ...] = ()) -> Written:
            return self.evaluate(record.type, client.session, ids, request, zxid, time, missed)

        try:
            written = evaluate()
            if not agree(written.answer, seen, judge.answers):
                paths = with_parents(about)
                for missed in self._outstanding.possible(paths, asked, zxid, judge.world.nodes):
                    written = evaluate(missed)
                    if agree(written.answer, seen, judge.answers):
                        self.behind += 1
                        break
                else:
                    missed = ()
                    written = self._explained(client, line, record, evaluate, about, seen)
        except NotKnown as unknown:
            judge.learning.from_write(record.type, request, record.err, reply, str(unknown))
            judge.world.zxid = zxid
            if record.type == "closeSession":
                judge.learning.closed(client.session)
                judge.watches.closed(client)
            return
        judge.verdict.checked[f"{record.type}: {record.err}"] += 1
        done = Candidate(0, record.call, record.type, client.session, ids, request)
        self.rewinding.note(zxid, done, time, seen, missed)
        self._commit(written, zxid, record.type, client.session, asked)
        judge.watches.settle(client, line, record)
        if record.type == "closeSession":
            judge.watches.closed(client)
            judge.world.ended(client.session)

    def ended_locally(self, client: Client, line: int, record: Reply) -> None:
        """Take the end of a session that only one server knows: it is no transaction."""
        judge = self._judge
        if judge.world.ephemerals.get(client.session) and judge.world.zxid < record.zxid:
            self.replied(client, line, record)  # it was a global one, by a request that got lost
            return
        self.reach(record.zxid, record.zxid)
        zxid = judge.world.zxid
        session = client.session
        try:
            written = self.evaluate("closeSession", session, v.NO_IDS, _NOTHING, zxid, -zxid)
            judge.world.accept(written.applied["tree"], written.before)
        except NotKnown:
            judge.learning.closed(session)
        judge.watches.settle(client, line, record)
        judge.watches.closed(client)
        judge.world.ended(client.session)
        judge.verdict.checked[f"{record.type}: {record.err}"] += 1

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

    def evaluate(
        self,
        type_: str,
        session: int,
        ids: Fn,
        request: Fn,
        zxid: int,
        time: int,
        missed: tuple[Missed, ...] = (),
    ) -> Written:
        """Return what comes of a request at a zxid, on the tree that there is now.

        ``missed``: what did not show yet when it was prepared.
        """
        world = self._judge.world
        nodes = world.slice_of_session(session) if type_ == "closeSession" else world.nodes
        tree = world.tree(nodes)
        return self._judge.answers.write(tree, type_, session, ids, request, zxid, time, missed)

    def _explained(
        self,
        client: Client,
        line: int,
        record: Reply,
        evaluate: Callable[[], Written],
        about: set[Value],
        seen: Fn,
    ) -> Written:
        """Find a candidate with which the reply is right; raise Diverged if there is none."""
        judge = self._judge
        written = evaluate()

        def is_right() -> bool:
            return agree(evaluate().answer, seen, judge.answers)

        if self.explain(record.zxid - 1, is_right, about):
            return evaluate()
        if not self.is_decided or self.was_guessed(about):
            raise NotKnown("too many possibilities")
        if client.has_unknown_identity and "NoAuth" in {written.answer["err"], seen["err"]}:
            raise NotKnown
        if judge.learning.others and self.is_free_between(0, record.zxid):
            raise NotKnown
        raise judge.reports.wrong_answer(client, line, record, written.answer, seen)

    def _commit(self, written: Written, zxid: int, type_: str, session: int, asked: Asked) -> None:
        judge, applied = self._judge, written.applied
        former = judge.world.accept(applied["tree"], written.before)
        self._outstanding.written(type_, zxid, asked, former, judge.world.nodes)
        judge.world.zxid = max(judge.world.zxid, zxid)
        judge.former.append((judge.world.zxid, judge.world.nodes))
        events = applied["events"]
        if len(events):
            judge.watches.fire(events, zxid, type_ == "closeSession")
        if type_ == "closeSession":
            judge.learning.ended(session)

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

    def finish(self) -> None:
        """Go on to the last of what somebody has seen, behind all replies."""
        if self._evident:
            self.reach(self._evident[-1], self._evident[-1])

    def _place(self, zxid: int) -> None:
        """Find out what happened at a zxid of which somebody has seen something."""
        evidence = self._judge.survey.evidence[zxid]
        possible = [*self.candidates.at(zxid), *self._sweeps(evidence)]
        found = [one for one in possible if self._is_it(one, zxid, evidence)]
        if found:
            self._guesses(found)
            self._settle(found[0], self._tried(found[0], zxid), zxid)
            return
        for candidate in possible:  # only after something else that nobody was told of, perhaps

            def is_it(candidate: Candidate = candidate) -> bool:
                return self._is_it(candidate, zxid, evidence)

            about = {v.path(seen.path) for seen in evidence}
            if self.explain(zxid - 1, is_it, about, candidate):
                self._settle(candidate, self._tried(candidate, zxid), zxid)
                return
        if self._judge.learning.others:
            self._by_others(zxid, evidence)

    def _is_it(self, candidate: Candidate, zxid: int, evidence: list[Evidence]) -> bool:
        """Tell whether a candidate at a zxid leaves what was seen of it."""
        try:
            written = self._tried(candidate, zxid)
            return self.can_be(written, zxid) and self._shows(written, zxid, evidence)
        except NotKnown:
            return False

    def can_be(self, written: Written, zxid: int) -> bool:
        """Tell whether it did anything, and nothing to nodes that somebody saw later."""
        if written.applied["err"] != "Ok":
            return False
        alive = self._judge.survey.seen_alive
        for event in written.applied["events"].values_:
            if event["type"] == "NodeDeleted":
                node = written.before.get(event["path"])
                if isinstance(node, Fn):
                    life = v.text_of(event["path"]), node["czxid"]
                    if alive.get(life, 0) >= zxid:
                        return False
        return True

    def _tried(self, candidate: Candidate, zxid: int) -> Written:
        return self.evaluate(
            candidate.type, candidate.session, candidate.ids, candidate.record, zxid, -zxid
        )

    def _settle(self, candidate: Candidate, written: Written, zxid: int) -> None:
        self.placed += 1
        self.candidates.take(candidate)
        self._free.take(zxid)
        self.rewinding.note(zxid, candidate, -zxid, None)
        self._commit(written, zxid, candidate.type, candidate.session, Asked("", candidate.call))

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
            if node[_ZXID_OF[seen.kind]] != zxid:
                return False
            stat = self._judge.answers.stat((node,))
            for name, value in seen.told:
                known = node[name] if name in {"data", "children"} else stat[name]
                if known != v.data(value):
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

    def explain(
        self,
        upto: int,
        is_right: Callable[[], bool],
        about: set[Value],
        without: Candidate | None = None,
    ) -> bool:
        """Look for candidates, as few as will do, with which all is right; put them in.

        ``about``: the nodes that it is about. Afterwards ``is_decided`` tells whether all that can
        matter was tried.
        """
        self._trials = min(_MOST_TRIALS, self._budget)
        self._relevant = self.relevant(upto, about)
        self.is_decided = len(self._relevant) <= _MOST and not self.candidates.dropped
        place_matters = self._place_matters(self._relevant)
        if len(self._relevant) > 1:
            # Several are tried together, not each at a place of its own.
            self.is_decided &= not place_matters
        if self._budget <= 0:
            self.is_decided = not self._relevant
            return False
        before = self._trials
        for depth in range(1, min(_MOST, len(self._relevant)) + 1):
            considered = [*self._relevant]
            if self._put_in_so_many(depth, upto, is_right, without):
                if depth > 1 or place_matters:
                    self._guesses(considered, of_places=True)
                self._budget -= before - self._trials
                return True
        self._budget -= before - self._trials
        if without is not None or not self._relevant:
            return False
        considered = [*self._relevant]
        found = self.rewinding.explain(self._relevant, is_right)
        if found:
            self._guesses(considered)
        for candidate in found:
            self.placed += 1
            self.candidates.take(candidate)
        self._budget -= self.rewinding.used
        self.is_decided &= self._trials > 0 and not self.rewinding.gave_up
        return bool(found)

    def relevant(self, upto: int, about: set[Value]) -> list[Candidate]:
        """Return the candidates that can matter to some nodes, by themselves or by others."""
        ephemerals = self._judge.world.ephemerals
        possible = self.candidates.upto(upto, self._free)
        left = [(one, touched(one, ephemerals)) for one in possible]
        about = with_parents(about)
        found: list[Candidate] = []
        while True:
            near = [(one, paths) for one, paths in left if paths & about]
            if not near:
                return found
            # An ephemeral that is not known to be there goes with its session all the same.
            ending = {one.session for one, _ in near if may_be_ephemeral(one)}
            near += [
                (one, paths)
                for one, paths in left
                if one.type == "closeSession" and one.session in ending and not paths & about
            ]
            left = [entry for entry in left if entry not in near]
            for one, paths in near:
                found.append(one)
                about |= paths

    def _place_matters(self, candidates: list[Candidate]) -> bool:
        """Tell whether it may matter before or after which recorded writes candidates come."""
        if not candidates:
            return False
        ephemerals = self._judge.world.ephemerals
        paths = set().union(*(touched(one, ephemerals) for one in candidates))
        return self.rewinding.touches(paths, min(one.above for one in candidates))

    def _guesses(self, ways: list[Candidate], *, of_places: bool = False) -> None:
        """One of several is taken, or one of several places: what any touches may be otherwise."""
        if len(ways) > 1 or of_places:
            ephemerals = self._judge.world.ephemerals
            self.guessed |= set().union(*(touched(one, ephemerals) for one in ways))

    def was_guessed(self, about: set[Value]) -> bool:
        """Tell whether some nodes are as was guessed; from now on they are as they are told."""
        found = with_parents(about) & self.guessed
        self.guessed -= found
        return bool(found)

    def put_in_one_of(self, ways: list[Candidate], upto: int) -> bool:
        """Put the first of some candidates in that would all do, if it has a free zxid."""
        self._guesses(ways)
        return bool(ways) and self.put_in(ways[0], upto)

    def possible(self, upto: int) -> list[Candidate]:
        """Return the candidates that may have a free zxid up to this one."""
        return self.candidates.upto(upto, self._free)

    def free_zxid(self, above: int, upto: int) -> int | None:
        """Return a zxid between two, the second included, that belongs to nobody."""
        return self._free.last(above, upto)

    def _put_in_so_many(
        self, depth: int, upto: int, is_right: Callable[[], bool], without: Candidate | None
    ) -> bool:
        if depth == 1:
            ways = [one for one in self._relevant if one is not without]
            ways = [one for one in ways if self._would_be(one, upto, is_right)]
            self._guesses(ways)
            return bool(ways) and self._explains(ways[0], upto, is_right)
        for candidate in [*self._relevant]:
            if candidate is without:
                continue
            passed = (candidate, without)

            def others(passed: tuple[Candidate, Candidate | None] = passed) -> bool:
                return self._are_so_many(depth - 1, upto, is_right, passed)

            if self._explains(candidate, upto, others):
                return self._put_in_so_many(depth - 1, upto, is_right, without)
        return False

    def _are_so_many(
        self,
        depth: int,
        upto: int,
        is_right: Callable[[], bool],
        passed: tuple[Candidate | None, ...],
    ) -> bool:
        """Tell whether so many more candidates make all right."""
        for candidate in self._relevant:
            if candidate in passed:
                continue
            now = (*passed, candidate)

            def others(now: tuple[Candidate | None, ...] = now) -> bool:
                return self._are_so_many(depth - 1, upto, is_right, now)

            if self._would_be(candidate, upto, is_right if depth == 1 else others):
                return True
        return False

    def _explains(self, candidate: Candidate, upto: int, is_right: Callable[[], bool]) -> bool:
        zxid = self._free.last(candidate.above, min(upto, candidate.below - 1))
        if zxid is None or not self._would_be(candidate, upto, is_right):
            return False
        self._settle(candidate, self._tried(candidate, zxid), zxid)
        if candidate in self._relevant:
            self._relevant.remove(candidate)
        return True

    def _would_be(self, candidate: Candidate, upto: int, is_right: Callable[[], bool]) -> bool:
        """Tell whether all is right once a candidate is in; nothing stays changed."""
        zxid = self._free.last(candidate.above, min(upto, candidate.below - 1))
        if zxid is None or self._trials <= 0:
            return False
        self._trials -= 1
        world = self._judge.world
        try:
            written = self._tried(candidate, zxid)
        except NotKnown:
            return False
        if not self.can_be(written, zxid):
            return False
        nodes, sessions, was_trial = world.nodes, world.sessions, world.is_trial
        try:
            world.try_on(written.applied["tree"], written.before)
            world.is_trial = True
            return is_right()
        except NotKnown:
            return False
        finally:
            world.nodes, world.sessions, world.is_trial = nodes, sessions, was_trial

    def events_of(self, candidate: Candidate, zxid: int) -> list[tuple[str, Value]]:
        """Return the events that a candidate would make at a zxid."""
        try:
            written = self._tried(candidate, zxid)
        except NotKnown:
            return []
        return [(one["type"], one["path"]) for one in written.applied["events"].values_]

    def is_inferred(self, zxid: int) -> bool:
        """Tell whether a transaction is one that nobody was told of."""
        return zxid not in self._judge.survey.claimed

    def put_in(self, candidate: Candidate, upto: int) -> bool:
        """Put a candidate in at a free zxid, if there is one."""
        self._trials = _MOST_TRIALS
        return self._explains(candidate, upto, lambda: True)
