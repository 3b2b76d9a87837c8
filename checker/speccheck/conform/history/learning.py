"""Takes from replies what was not known: of trees that were there, of other writers' nodes."""

from __future__ import annotations

from typing import Any

from speccheck.conform.history import values as v
from speccheck.conform.history.knowledge import UNKNOWN
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

    def from_read(self, type_: str, path: Value, err: str, reply: dict[str, Any], why: str) -> None:
        """Take what a read tells of its node; ``why`` it was not known, if that can be said."""
        self._verdict.unchecked[why or "not known before it was read"] += 1
        if type_ not in {"exists", "getData", "getChildren", "getChildren2", "getACL"}:
            return
        if path is v.NULL or path.values_[:1] == ("/",):
            return
        if err == "NoNode":
            self._world.replace(path, None)
        elif err == "Ok":
            self._node(path, reply)

    def from_write(
        self, type_: str, request: Fn, err: str, reply: dict[str, Any], why: str
    ) -> None:
        """Take what a write whose outcome could not be worked out tells of its nodes."""
        self._verdict.unchecked[why or "a write to what is not known"] += 1
        if err != "Ok":
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
        if type_ == "delete":
            world.replace(path, None)
        elif "stat" in reply and type_ == "setData":
            known = world.nodes.get(path)
            self._node(path, {**reply, "data": v.plain(request["data"])}, known)
        else:
            world.replace(path, UNKNOWN)
        if type_ not in {"setData", "setACL"} and len(path):
            world.replace(v.sequence(path.values_[:-1]), UNKNOWN)

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
        self._world.replace(path, v.record(fields))


def _is(known: Value, told: Any) -> bool:
    return type(known) is int and known == told
