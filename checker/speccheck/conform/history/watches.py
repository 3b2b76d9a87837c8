"""Watches: who is to be told of a change, and whether everybody was, once, in order, in time."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from speccheck.conform.history import values as v
from speccheck.conform.history.client import Client
from speccheck.conform.history.knowledge import NotKnown
from speccheck.conform.history.records import Reply
from speccheck.conform.history.verdict import Diverged
from speccheck.conform.history.watching import Due, Told, Watcher, agree, shown
from speccheck.evaluate.values import Fn, Value

if TYPE_CHECKING:
    from speccheck.conform.history.judge import Judge

_READ = frozenset({"READ"})
_OPEN = v.acl([{"perms": 31, "scheme": "world", "id": "anyone"}])
_LISTS = (
    "dataWatches",
    "existWatches",
    "childWatches",
    "persistentWatches",
    "persistentRecursiveWatches",
)


class Watches:
    """All watchers. ``index``: who watches a path."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self.index: dict[Value, set[Watcher]] = {}
        self._left: list[tuple[Client, Watcher]] = []
        """Connections that are over, and were told of what has not happened yet."""

    # -- what is due

    def fire(self, events: Fn, zxid: int, in_any_order: bool) -> None:
        """Work out who is to be told of a transaction's events."""
        if not self.index:
            return
        paths: set[Value] = set()
        for event in events.values_:
            path = event["path"]
            paths.add(path)
            names = path.values_
            paths.update(v.sequence(names[:length]) for length in range(len(names)))
        watchers = set().union(*(self.index[path] for path in paths if path in self.index))
        for watcher in watchers:
            self._fire(watcher, paths, events, zxid, in_any_order)

    def _fire(
        self, watcher: Watcher, paths: set[Value], events: Fn, zxid: int, in_any_order: bool
    ) -> None:
        answers = self._judge.answers
        fired = answers.trigger_all((watcher.concerning(paths), events))
        watcher.replace(paths, fired["watches"])
        for delivery in fired["deliveries"].values_:
            event = delivery["event"]
            if watcher.session in delivery["told"]:
                may_read = answers.check_acl((event["acl"], _READ, watcher.ids))
                if may_read is v.boolean(True):
                    due = Due(event["type"], event["path"], zxid, in_any_order)
                    watcher.due.append(due)

    # -- what was told

    def settle(self, client: Client, line: int, record: Reply) -> None:
        """Before a reply: all that was told was due, and all that was due has been told."""
        watcher = client.watcher
        self._agree(client, watcher)
        writes = self._judge.writes
        while watcher.due and writes.is_inferred(watcher.due[0].zxid):
            watcher.due.popleft()
            self._judge.verdict.unchecked["events with too many possibilities"] += 1
        if watcher.due:
            due = watcher.due[0]
            raise self._judge.reports.diverged(
                client,
                line,
                record,
                "EventsComeFirst",
                "a watch event that was due comes after this reply, or never",
                {"event": shown(due)},
                {"event": None},
            )
        if self._left:
            self._look_at_left()

    def _agree(self, client: Client, watcher: Watcher) -> None:
        while True:
            problem = agree(watcher)
            if problem is None:
                return
            told = watcher.told[0]
            if self._explained(watcher, told):
                continue
            writes = self._judge.writes
            if watcher.due and writes.is_inferred(watcher.due[0].zxid):
                watcher.due.popleft()  # as was inferred, perhaps wrongly
            elif self._supposed(watcher, told):
                pass
            elif told.path in writes.guessed or writes.relevant(
                self._judge.world.zxid, {told.path}
            ):
                watcher.told.popleft()
            else:
                raise self._unwanted(client, told, problem)
            self._judge.verdict.unchecked["events with too many possibilities"] += 1

    def _explained(self, watcher: Watcher, told: Told) -> bool:
        """Find something that nobody was told of and that makes this event due."""
        judge = self._judge
        wanted = (told.type, told.path)
        zxid = judge.world.zxid if told.zxid == -1 else told.zxid
        writes = judge.writes
        ways = [one for one in writes.possible(zxid) if wanted in writes.events_of(one, zxid)]
        while ways:
            before = len(watcher.due)
            if writes.put_in_one_of(ways, zxid) and len(watcher.due) > before:
                return True
            del ways[0]
        return bool(judge.learning.others) and self._made_due(watcher, told, zxid)

    def _made_due(self, watcher: Watcher, told: Told, zxid: int) -> bool:
        """Suppose that what was told has happened; return whether it is due then."""
        event = v.record({"type": told.type, "path": told.path, "acl": _OPEN})
        before = len(watcher.due)
        names = told.path.values_
        paths = {v.sequence(names[:length]) for length in range(len(names) + 1)}
        self._fire(watcher, paths, v.sequence([event]), zxid, False)
        return len(watcher.due) > before

    def _supposed(self, watcher: Watcher, told: Told) -> bool:
        """Take an event of a node that has changed with nobody knowing how, if it is watched."""
        if told.path not in self._judge.learning.unsure:
            return False
        if not self._made_due(watcher, told, self._judge.world.zxid):
            return False
        watcher.due.pop()
        watcher.told.popleft()
        return True

    def _unwanted(self, client: Client, told: Told, problem: str) -> Diverged:
        return self._judge.reports.diverged(
            client,
            told.line,
            None,
            "NoEventWithoutAWatch",
            f"{told.type} of {v.text_of(told.path)} was told, but {problem}",
            None,
            {"event": told.type, "path": v.text_of(told.path), "zxid": told.zxid},
        )

    # -- connections

    def disconnected(self, client: Client) -> None:
        """A connection is over. What was due and was not told is lost with it."""
        watcher = client.watcher
        if watcher.is_over or not watcher.session:
            return
        watcher.is_over = True
        agree(watcher)
        if watcher.told and not watcher.due:
            self._left.append((client, watcher))
            return
        if watcher.told:
            self._agree(client, watcher)
        self._forget(watcher)

    def closed(self, client: Client) -> None:
        """A session has been closed. Its watches go with its connection, which ends a little later.

        ZooKeeper sends what they are due until then behind the reply (``NIOServerCnxn``).
        """
        client.watcher.due.clear()

    @staticmethod
    def _forget(watcher: Watcher) -> None:
        watcher.due.clear()
        watcher.forget()

    def _look_at_left(self) -> None:
        left = []
        for client, watcher in self._left:
            agree(watcher)
            if watcher.told:
                left.append((client, watcher))
            else:
                self._forget(watcher)
        self._left = left

    def finish(self, clients: Iterable[Client]) -> None:
        """At the end: nobody was told of what never happened."""
        for client, watcher in [*self._left, *((one, one.watcher) for one in clients)]:
            self._agree(client, watcher)

    # -- setWatches

    def lost_answer(self, client: Client) -> None:
        """The reply to setWatches was lost, but not all of the events that come before it.

        At which zxid it was answered is not known, so these events are not compared.
        """
        told = client.watcher.told
        made_up = [one for one in told if one.zxid == -1]
        if made_up:
            self._judge.verdict.unchecked["events of a setWatches without a reply"] += len(made_up)
        for one in made_up:
            told.remove(one)

    def rewatched(self, client: Client, line: int, record: Reply) -> None:
        """A client has set its watches again, and was told of what they missed."""
        judge, watcher = self._judge, client.watcher
        request = judge.parsed(client, line, record).request
        paths = {path for name in _LISTS for path in request[name].values_}
        agree(watcher)  # with what was due; the rest are those that setWatches made up
        told = [(one.type, one.path) for one in watcher.told]
        lines = [one.line for one in watcher.told]
        watcher.told.clear()

        def outcome() -> Fn:
            tables = watcher.concerning(paths)
            found: Fn = judge.answers.rewatch((judge.world.tree(), tables, client.session, request))
            return found

        def is_right() -> bool:
            events = [(one["type"], one["path"]) for one in outcome()["events"].values_]
            return _sorted(events) == _sorted(told)

        try:
            if not is_right() and not judge.writes.explain(record.zxid, is_right, paths):
                due = [(one["type"], one["path"]) for one in outcome()["events"].values_]
                writes = judge.writes
                if judge.learning.others or not writes.is_decided or writes.was_guessed(paths):
                    raise NotKnown
                raise judge.reports.diverged(
                    client,
                    lines[0] if lines else line,
                    record,
                    "SetWatchesOutcome",
                    "setWatches tells of other changes than were missed",
                    {"events": _sorted(due)},
                    {"events": _sorted(told)},
                )
            watcher.replace(paths, outcome()["watches"])
        except NotKnown:
            watcher.is_uncertain = True
            judge.verdict.unchecked["setWatches of what is not known"] += 1
            return
        judge.verdict.checked[f"{record.type}: {record.err}"] += 1


def _sorted(events: list[tuple[str, Value]]) -> list[str]:
    return sorted(f"{type_} {v.text_of(path)}" for type_, path in events)
