"""Evaluates what the specification answers to a request: writes by operators, reads by actions.

A read is a step of spec/ZNode.tla in which one client asks one server that has applied exactly the
transactions up to the zxid of the reply.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from speccheck.conform.history import values as v
from speccheck.conform.history.knowledge import UNKNOWN, NotKnown
from speccheck.conform.history.operators import Action, Operators
from speccheck.evaluate.errors import EvaluationError
from speccheck.evaluate.persistent import Persistent
from speccheck.evaluate.values import SEQUENCES, Fn, Value, function_of

_READS: dict[str, tuple[str, tuple[str, ...]]] = {
    "exists": ("Exists", ("path", "watch")),
    "getData": ("GetData", ("path", "watch")),
    "getChildren": ("GetChildren", ("path", "watch")),
    "getChildren2": ("GetChildren2", ("path", "watch")),
    "getACL": ("GetACL", ("path",)),
    "getAllChildrenNumber": ("GetAllChildrenNumber", ("path",)),
    "getEphemerals": ("GetEphemerals", ("path",)),
    "whoAmI": ("WhoAmI", ()),
    "multiRead": ("MultiRead", ("ops",)),
    "addWatch": ("AddWatch", ("path", "mode")),
    "checkWatches": ("CheckWatches", ("path", "type")),
    "removeWatches": ("RemoveWatches", ("path", "type")),
}
_PREPARES = {
    "create": "PrepareCreate",
    "create2": "PrepareCreate",
    "createContainer": "PrepareCreate",
    "createTTL": "PrepareCreate",
    "delete": "PrepareDelete",
    "deleteContainer": "PrepareDeleteContainer",
    "setData": "PrepareSetData",
    "setACL": "PrepareSetACL",
    "multi": "PrepareMulti",
    "closeSession": "PrepareCloseSession",
    "reconfig": "PrepareReconfig",
}
_APPLIES = {
    "create": "ApplyCreate",
    "create2": "ApplyCreate",
    "createContainer": "ApplyCreate",
    "createTTL": "ApplyCreate",
    "delete": "ApplyDelete",
    "setData": "ApplySetData",
    "setACL": "ApplySetACL",
    "multi": "ApplyMulti",
    "closeSession": "ApplyCloseSession",
}
_NOTHING: Fn = SEQUENCES[()]
_SERVER = "server"
_MOST_CLIENTS = 1000
NO_WATCHES = v.record({"data": frozenset(), "child": frozenset()})


class Missed(NamedTuple):
    """What a record of a node that is on its way misses (``Behind`` of spec/ZNodePrepare.tla)."""

    path: Value
    acl: Value
    """The list that it still has."""
    children: frozenset[Value]
    """Those that a closing session takes away."""


class Written(NamedTuple):
    """What a request for a write comes to."""

    answer: Fn
    applied: Fn
    before: Persistent
    """The nodes on which it was evaluated: all, or a slice."""


class Read(NamedTuple):
    """What a read comes to; ``watches``: the client's at the server, afterwards."""

    answer: Fn
    watches: Fn


class Answers:
    """Evaluates requests by the text of a specification."""

    def __init__(self, operators: Operators) -> None:
        self.operators = operators
        self._prepare = operators.function("Prepare")
        self._apply = operators.function("Apply")
        self._answer_to = operators.function("AnswerTo")
        self._behind = operators.function("Behind")
        self.trigger_all = operators.function("TriggerAll")
        self.check_acl = operators.function("CheckAcl")
        self.rewatch = operators.function("SetWatchesOutcome")
        self.stat = operators.function("Stat")
        self._actions: dict[str, tuple[Action, Callable[[tuple[Value, ...]], Any]]] = {}
        self._clients: dict[tuple[int, Fn], dict[str, Value]] = {}
        """The variables of clients that are connected and have nothing under way."""

    def write(
        self,
        tree: Fn,
        type_: str,
        session: int,
        ids: Fn,
        record: Fn,
        zxid: int,
        time: int,
        missed: Iterable[Missed] = (),
    ) -> Written:
        """Return what comes of a request whose transaction has this zxid.

        ``missed``: what did not show yet when the request was prepared.
        """
        request = v.record(
            {
                "type": type_,
                "sessionId": session,
                "cxid": 0,
                "record": record,
                "authInfo": ids,
                "zxid": zxid,
                "time": time,
                "localSession": v.boolean(False),
            }
        )
        view = tree
        with _UnknownNoticed():
            for path, acl, children in missed:
                view = self._behind((view, path, acl, children))
            applied = self._apply((tree, self._prepare((view, request))))
            return Written(self._answer_to((applied,)), applied, tree["nodes"])

    def part(self, result: Fn) -> Fn:
        """Return what a part of a multi answers, as a request of its own would."""
        answer: Fn = self._answer_to((result,))
        return answer

    def is_read(self, type_: str) -> bool:
        """Tell whether an operation is one that :meth:`read` knows."""
        return type_ in _READS

    def read(
        self, type_: str, session: int, ids: Fn, record: Fn, tree: Fn, watches: Fn = NO_WATCHES
    ) -> Read:
        """Return what a server with this tree, and this client's watches, answers."""
        name, arguments = _READS[type_]
        known = self._actions.get(name)
        if known is None:
            action = self.operators.action(name, now=0, queue=_NOTHING)
            known = self._actions[name] = action, action.variables("channel", "watches")
        action, wanted = known
        client = self._clients.get((session, ids))
        if client is None:
            if len(self._clients) > _MOST_CLIENTS:
                self._clients.clear()
            client = self._clients[session, ids] = {
                "session": _one(session, "connected"),
                "server": _one(session, _SERVER),
                "authInfo": _one(session, ids),
                "pending": _one(session, _NOTHING),
                "channel": _one(session, _NOTHING),
                "lastZxid": _one(session, 0),
                "registered": _one(session, frozenset()),
            }
        with _UnknownNoticed():
            after = action.take(
                wanted,
                (session, *[record[argument] for argument in arguments]),
                tree=tree,
                replica=_one(_SERVER, tree),
                watches=_one(_SERVER, watches),
                **client,
            )
        assert after is not None, f"{name} is possible for a client that is connected and waits"
        channel, watching = after
        return Read(channel[session][1]["answer"], watching[_SERVER])

    def action_of(self, type_: str) -> str:
        """Return the action or operator that decides an operation's answer."""
        if type_ in _READS:
            return _READS[type_][0]
        return _PREPARES.get(type_, "Outcome")

    def applier_of(self, type_: str) -> str:
        """Return the operator that makes the transaction's answer."""
        return _APPLIES.get(type_, "Apply")


class _UnknownNoticed:
    """Has what is not known be noticed where evaluation takes it for a value that does not fit."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, _type: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, EvaluationError) and repr(UNKNOWN) in str(error):
            raise NotKnown from None


def _one(key: Value, value: Value) -> Fn:
    return function_of({key: value})


def times_of(reply: dict[str, Any]) -> int | None:
    """Return the time of a write as its reply tells it, None if it does not."""
    stat = reply.get("stat")
    if stat is None:
        for result in reply.get("results", ()):
            if "stat" in result:
                return int(result["stat"]["mtime"])
        return None
    return int(stat["mtime"])


Evaluate = Callable[[Fn], Fn]
