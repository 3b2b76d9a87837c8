"""Takes from replies what was not known: of trees that were there, of other writers' nodes."""

from __future__ import annotations

from typing import Any

from speccheck.conform.history import values as v
from speccheck.conform.history.knowledge import GONE, UNKNOWN
from speccheck.conform.history.survey import Survey
from speccheck.conform.history.verdict import Verdict
from speccheck.conform.history.world import World
from speccheck.evaluate.values import Fn, Value

_OPEN = v.acl([{"perms": 31, "scheme": "world", "id": "anyone"}])
_NODE = (
    "data", "acl", "children", "czxid", "mzxid", "pzxid", "ctime", "mtime", "version", "cversion",
    "aversion", "ephemeralOwner",
)  # fmt: skip
_FROM_STAT = ("czxid", "mzxid", "pzxid", "ctime", "mtime", "version", "aversion")
# What only a node that is there refuses.
_OF_THE_NODE = frozenset({"NodeExists", "BadVersion", "NotEmpty"})
_PERSISTENT = v.record({"type": "VOID", "session": 0, "ttl": 0})


class Learning:
    """Learns nodes from replies."""

    def __init__(
        self, world: World, verdict: Verdict, survey: Survey, *, is_complete: bool
    ) -> None:
        self._world = world
        self._verdict = verdict
        slack = survey.begun + survey.lost + survey.swept + survey.opaque
        slack += sum(one.was_lost for one in survey.sessions.values()) + len(survey.cut)
        self.unexplained = max(survey.unseen - slack, 0)
        """How many transactions nobody who was recorded can have made."""
        self.others = 0 if is_complete else self.unexplained
        """The same, if there may be clients that were not recorded."""
        self.supposed_acls = 0
        self.unsure: set[Value] = set()
        """Nodes that have changed with nobody knowing how, and their parents."""
        self._askers = survey.askers
        self._strange: set[Value] = set()
        """Nodes that are there, of which nothing else is known."""

    def from_read(self, type_: str, path: Value, err: str, reply: dict[str, Any], why: str) -> None:
        """Take what a read tells of its node; ``why`` it was not known, if that can be said."""
        self._verdict.unchecked[why or "not known before it was read"] += 1
        if type_ not in {"exists", "getData", "getChildren", "getChildren2", "getACL"}:
            return
        if path is v.NULL or path.values_[:1] == ("/",):
            return
        if why:
            self._is_unsure(path)
        if err == "NoNode":
            self._gone(path)
        elif err == "Ok":
            self._node(path, reply)

    def from_write(
        self, type_: str, request: Fn, err: str, reply: dict[str, Any], why: str
    ) -> None:
        """Take what a write whose outcome could not be worked out tells of its nodes."""
        self._verdict.unchecked[why or "a write to what is not known"] += 1
        if err != "Ok":
            self._refused(type_, request, err)
            return
        if type_ == "multi":
            for op, result in zip(request["ops"].values_, reply.get("results", ()), strict=False):
                if any(one["err"] != "Ok" for one in reply["results"]):
                    return
                self._written(op["type"], op["record"], result)
        else:
            self._written(type_, request, reply)

    def _written(self, type_: str, request: Fn, reply: dict[str, Any]) -> None:
        if "path" not in request or type_ == "check":
            return
        path = v.path(reply["path"]) if "path" in reply else request["path"]
        world = self._world
        self._is_unsure(path)
        if type_ == "delete":
            self._gone(path)
        elif "stat" in reply and type_ == "setData":
            known = world.nodes.get(path)
            self._node(path, {**reply, "data": v.plain(request["data"])}, known)
        else:
            self._there(path)
            if type_ not in {"setData", "setACL"}:
                self._parent(path, is_there=True)

    def _refused(self, type_: str, request: Fn, err: str) -> None:
        """Take what a refusal tells, of which nobody knows why."""
        path = request.get("path", v.NULL)
        if path is v.NULL:
            return
        if err == "NoNode" and type_ in {"delete", "setData", "setACL"}:
            self._is_unsure(path)
            self._gone(path)
        elif err in _OF_THE_NODE and "SEQUENTIAL" not in str(request.get("flags", "")):
            self._is_unsure(path)
            self._there(path)
            self._parent(path, is_there=True)

    def _is_unsure(self, path: Value) -> None:
        self.unsure.add(path)
        if len(path):
            self.unsure.add(v.sequence(path.values_[:-1]))

    def _gone(self, path: Value) -> None:
        """There is no such node, nor any below it."""
        node = self._world.nodes.get(path)
        if isinstance(node, Fn) and isinstance(node["children"], frozenset):
            for name in node["children"]:
                self._gone(v.sequence((*path.values_, name)))
        self._world.replace(path, None)
        self._parent(path, is_there=False)

    def _parent(self, path: Value, *, is_there: bool) -> None:
        """Have a node's parent agree with whether the node is there."""
        if not len(path):
            return
        above = v.sequence(path.values_[:-1])
        parent = self._world.nodes.get(above)
        if not isinstance(parent, Fn) or not isinstance(parent["children"], frozenset):
            self._world.replace(above, UNKNOWN)
            return
        name = path.values_[-1]
        if (name in parent["children"]) == is_there:
            return
        children = parent["children"] | {name} if is_there else parent["children"] - {name}
        changed = {"children": children, "cversion": UNKNOWN, "pzxid": UNKNOWN}
        self._world.replace(above, v.record({**dict(parent), **changed}))

    def _node(self, path: Value, reply: dict[str, Any], known: Value = None) -> None:
        former = self._world.nodes.get(path) if known is None else known
        fields: dict[str, Value] = dict.fromkeys(_NODE, UNKNOWN)
        if isinstance(former, Fn):
            fields["acl"] = former["acl"]
            if _is(former["mzxid"], reply.get("stat", {}).get("mzxid")):
                fields["data"] = former["data"]
        if fields["acl"] is UNKNOWN:
            fields["acl"] = _OPEN
            self.supposed_acls += 1
        if "acl" in reply:
            fields["acl"] = v.acl(reply["acl"])
        if "data" in reply:
            fields["data"] = v.data(reply["data"])
        if "children" in reply:
            fields["children"] = frozenset(reply["children"])
        stat = reply.get("stat")
        if stat is not None:
            for name in _FROM_STAT:
                fields[name] = stat[name]
            if stat["numChildren"] == 0:
                fields["children"] = frozenset()
            fields["cversion"] = (stat["cversion"] + stat["numChildren"]) // 2
            owner = stat["ephemeralOwner"]
            fields["ephemeralOwner"] = (
                v.record({"type": "NORMAL", "session": owner, "ttl": 0}) if owner else _PERSISTENT
            )
        if isinstance(fields["children"], frozenset):
            self._children(path, former, fields["children"])
        self._world.replace(path, v.record(fields))

    def _children(self, path: Value, former: Value, names: frozenset[Value]) -> None:
        """Children that are told of are there, if nothing else is known of them; others are not."""
        world = self._world
        known = former["children"] if isinstance(former, Fn) else UNKNOWN
        if isinstance(known, frozenset):
            gone = known - names
        elif world.is_whole:
            length = len(path)
            below = (one.values_ for one, _ in world.nodes.items_known())
            gone = frozenset(
                one[length]
                for one in below
                if len(one) > length and one[:length] == path.values_ and one[length] not in names
            )
        else:
            gone = frozenset()
        for name in gone:
            self._gone(v.sequence((*path.values_, name)))
        for name in names:
            child = v.sequence((*path.values_, name))
            there = world.nodes.get(child)
            if there is None or there is GONE:
                self._there(child)

    def _there(self, path: Value) -> None:
        """There is such a node, and nothing else is known of it."""
        self._world.replace(path, UNKNOWN)
        self._strange.add(path)

    def ended(self, session: int) -> None:
        """A session has ended: nodes of which nobody knows whose they are may have gone with it."""
        if session not in self._askers:
            return
        world = self._world
        for path in [*self._strange]:
            if world.nodes.get(path) is not UNKNOWN:
                self._strange.discard(path)
                continue
            above = v.sequence(path.values_[:-1])
            parent = world.nodes.get(above)
            if isinstance(parent, Fn) and parent["children"] is not UNKNOWN:
                of_children = dict.fromkeys(("children", "cversion", "pzxid"), UNKNOWN)
                world.replace(above, v.record({**dict(parent), **of_children}))
                self.unsure |= {path, above}

    def closed(self, session: int) -> None:
        """A session was closed, on a tree of which not enough is known to say what that does."""
        for path in [*self._world.ephemerals.get(session, ())]:
            self._is_unsure(path)
            self._gone(path)
        self.ended(session)


def _is(known: Value, told: Any) -> bool:
    return type(known) is int and known == told
