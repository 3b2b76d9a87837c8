"""Reads: what is answered from the tree at the zxid of the reply.

Most reads ask for what was asked before and has not changed. So an answer that was found right is
remembered, with the nodes that the specification looked at to give it: as long as these are the
same nodes, the same bytes are the right answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from speccheck.conform.history import values as v
from speccheck.conform.history.answers import Read
from speccheck.conform.history.client import Client
from speccheck.conform.history.comparing import agree, with_times
from speccheck.conform.history.knowledge import Nodes, NotKnown
from speccheck.conform.history.records import Reply
from speccheck.conform.history.writes import paths_of
from speccheck.evaluate.persistent import Persistent
from speccheck.evaluate.values import Fn, Value, Values

if TYPE_CHECKING:
    from speccheck.conform.history.judge import Judge

_MOST_REMEMBERED = 100_000
_SETS_WATCH = frozenset({"addWatch", "removeWatches", "checkWatches"})
_Key = tuple[str, bytes, Fn]
_Right = tuple[tuple[tuple[Value, Value], ...], str, bytes, Fn]
"""The nodes that were looked at, error, reply, and the request as a value."""


class Looked(Persistent):
    """Nodes that note which of them are looked at."""

    __slots__ = ("_nodes", "all_seen", "seen")

    def __init__(self, nodes: Persistent) -> None:
        super().__init__({})
        self._nodes = nodes
        self.seen: dict[Value, Value] = {}
        self.all_seen = False

    def __getitem__(self, argument: Value) -> Value:
        found = self.seen[argument] = self._nodes[argument]
        return found

    def __contains__(self, argument: object) -> bool:
        is_there = argument in self._nodes
        self.seen[argument] = self._nodes.get(argument)
        return is_there

    def current(self) -> dict[Any, Any]:
        """Return all nodes."""
        self.all_seen = True
        return self._nodes.current()

    @property
    def keys_(self) -> Values:
        """Return the paths of all nodes."""
        return tuple(self.current())


class Reads:
    """Compares reads."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self._right: dict[_Key, _Right] = {}
        self.remembered = 0
        """How many reads were found right without being evaluated."""

    def forget(self) -> None:
        """Forget what may be out of date."""
        self._right.clear()

    def replied(self, client: Client, line: int, record: Reply) -> None:
        """Compare the next read."""
        judge = self._judge
        ids = client.ids(record.call)
        raw = bytes(record.request)
        key = (record.type, raw, ids)
        right = self._right.get(key)
        reply = bytes(record.reply)
        if right is not None and right[1] == record.err and right[2] == reply:
            get = judge.world.nodes.get
            if all(get(path) is node for path, node in right[0]):
                judge.verdict.checked[f"{record.type}: {record.err}"] += 1
                self.remembered += 1
                return
        known = None if right is None else right[3]
        self._compare(client, line, record, key, reply, known)

    def _compare(
        self,
        client: Client,
        line: int,
        record: Reply,
        key: _Key,
        reply: bytes,
        known: Fn | None,
    ) -> None:
        judge = self._judge
        request, told, seen = judge.parsed(client, line, record, known)
        path = request.get("path", v.NULL)
        watches = client.watcher.concerning({path})
        try:
            found, looked = self._read(client, record, key[2], request, watches)
            if not agree(found.answer, seen, judge.answers):
                found = self._explained(client, line, record, key[2], request, found, seen)
        except NotKnown as unknown:
            judge.learning.from_read(record.type, path, record.err, told, str(unknown))
            self._set_watch(client, record, key[2], request, watches)
            return
        judge.verdict.checked[f"{record.type}: {record.err}"] += 1
        self._learn_times(path, found.answer, seen)
        if found.watches is not watches:
            client.watcher.replace({path}, found.watches)
        elif found.answer is seen and not looked.all_seen and record.type not in _SETS_WATCH:
            self._remember(key, looked, record, reply, request)

    def _remember(
        self, key: _Key, looked: Looked, record: Reply, reply: bytes, request: Fn
    ) -> None:
        if "watch" in request and request["watch"] is v.boolean(True):
            return
        if len(self._right) > _MOST_REMEMBERED:
            self._right.clear()
        nodes = self._judge.world.nodes
        kept = tuple([(path, nodes.get(path)) for path in looked.seen])
        self._right[key] = kept, record.err, reply, request

    def _read(
        self, client: Client, record: Reply, ids: Fn, request: Fn, watches: Fn
    ) -> tuple[Read, Looked]:
        judge = self._judge
        nodes = judge.world.nodes
        if record.type == "getEphemerals":
            nodes = judge.world.slice_of_session(client.session)
        looked = Looked(nodes)
        tree = judge.world.tree(looked)
        found = judge.answers.read(record.type, client.session, ids, request, tree, watches)
        return found, looked

    def _set_watch(self, client: Client, record: Reply, ids: Fn, request: Fn, watches: Fn) -> None:
        """Set the watch of a read from which its node was learned."""
        if "watch" in request and request["watch"] is not v.boolean(True):
            return
        if "watch" not in request and record.type not in _SETS_WATCH:
            return
        try:
            found, _ = self._read(client, record, ids, request, watches)
        except NotKnown:
            client.watcher.is_uncertain = True
            return
        client.watcher.replace({request["path"]}, found.watches)

    def _explained(
        self,
        client: Client,
        line: int,
        record: Reply,
        ids: Fn,
        request: Fn,
        found: Read,
        seen: Fn,
    ) -> Read:
        """Find a candidate with which the reply is right; raise Diverged if there is none."""
        judge = self._judge
        path = request.get("path", v.NULL)
        watches = client.watcher.concerning({path})

        def is_right() -> bool:
            again, _ = self._read(client, record, ids, request, watches)
            return agree(again.answer, seen, judge.answers)

        if judge.writes.explain(record.zxid, is_right, paths_of(request)):
            watches = client.watcher.concerning({path})
            return self._read(client, record, ids, request, watches)[0]
        if not judge.writes.is_decided or judge.writes.was_guessed(paths_of(request)):
            raise NotKnown("too many possibilities")
        if client.has_unknown_identity and "NoAuth" in {found.answer["err"], seen["err"]}:
            raise NotKnown
        if judge.learning.others and judge.writes.is_free_between(0, record.zxid):
            raise NotKnown
        closest = self._closest(is_right)
        raise judge.reports.wrong_answer(client, line, record, found.answer, seen, closest)

    def _closest(self, is_right: Any) -> int | None:
        """Return the highest zxid at which the reply would have been right, of the last ones."""
        world = self._judge.world
        now = world.nodes
        try:
            for zxid, nodes in reversed(self._judge.former):
                assert isinstance(nodes, Nodes)
                world.nodes = nodes
                try:
                    if is_right():
                        return zxid
                except NotKnown:
                    continue
        finally:
            world.nodes = now
        return None

    def _learn_times(self, path: Value, expected: Fn, seen: Fn) -> None:
        """A Stat tells when a node was made and written, if nobody knew."""
        if expected is seen or "stat" not in expected or path is v.NULL:
            return
        world = self._judge.world
        node = world.nodes.get(path)
        if isinstance(node, Fn):
            world.put(path, with_times(node, seen["stat"]))
