"""What commands can ask of a server, one method for each operation.

Source: ZooKeeper ``ZooKeeper`` (client side).
"""

from collections.abc import Callable
from typing import Any

from speckeeper.ops.shell.calls import Calls
from speckeeper.ops.shell.errors import KeeperError
from speckeeper.ops.shell.extra_ops import make_op
from speckeeper.ops.shell.paths import check_path
from speckeeper.ops.shell.watches import Event, Kind
from speckeeper.wire import requests as rq
from speckeeper.wire.codes import (
    AddWatchMode,
    CreateFlag,
    ErrorCode,
    EventType,
    OpCode,
    WatcherType,
)
from speckeeper.wire.multi_replies import ErrorResult
from speckeeper.wire.records import ACL, Stat
from speckeeper.wire.replies import ClientInfo

ANY_VERSION = -1
CONFIG_NODE = "/zookeeper/config"

_SEQUENTIAL = {
    CreateFlag.PERSISTENT_SEQUENTIAL,
    CreateFlag.EPHEMERAL_SEQUENTIAL,
    CreateFlag.PERSISTENT_SEQUENTIAL_WITH_TTL,
}
_TTL = {CreateFlag.PERSISTENT_WITH_TTL, CreateFlag.PERSISTENT_SEQUENTIAL_WITH_TTL}
_MODE_KINDS = {
    AddWatchMode.PERSISTENT: Kind.PERSISTENT,
    AddWatchMode.PERSISTENT_RECURSIVE: Kind.PERSISTENT_RECURSIVE,
}


class Session(Calls):
    """One ZooKeeper session, seen from below ``chroot``.

    Every method that takes a path raises :class:`BadPath` for one that is none, and
    :class:`KeeperError` with the path as it was given for whatever the server refuses.
    """

    def create(
        self, path: str, data: bytes | None, acl: tuple[ACL, ...], flag: CreateFlag, ttl_ms: int
    ) -> str:
        """Create a node; return its actual path."""
        # A sequential name may end with the slash that its number follows.
        check_path(path + "1" if flag in _SEQUENTIAL else path)
        if not acl:
            raise KeeperError(ErrorCode.INVALID_ACL)
        full = self._below_chroot(path)
        op = OpCode.CREATE
        if flag == CreateFlag.CONTAINER:
            op = OpCode.CREATE_CONTAINER
        elif flag in _TTL:
            op = OpCode.CREATE_TTL
        request = rq.CreateRequest(full, data, acl, int(flag), ttl_ms)
        return self._client_path(self._call(path, op, request))

    def delete(self, path: str, version: int = ANY_VERSION) -> None:
        """Delete a node."""
        self._call(path, OpCode.DELETE, rq.DeleteRequest(self.server_path(path), version))

    def delete_batch(self, paths: list[str]) -> bool:
        """Delete nodes in one transaction; tell whether it went through."""
        ops = tuple(
            (int(OpCode.DELETE), rq.DeleteRequest(self.server_path(path), ANY_VERSION))
            for path in paths
        )
        results = self._call(None, OpCode.MULTI, rq.MultiRequest(ops))
        return not any(isinstance(result, ErrorResult) for result in results)

    def set_data(self, path: str, data: bytes, version: int) -> Stat:
        """Set a node's data."""
        request = rq.SetDataRequest(self.server_path(path), data, version)
        return self._stat(path, OpCode.SET_DATA, request)

    def set_acl(self, path: str, acl: tuple[ACL, ...], version: int) -> Stat:
        """Set a node's ACL; ``version`` is compared with the ACL's."""
        full = self.server_path(path)
        if not acl:
            raise KeeperError(ErrorCode.INVALID_ACL)
        return self._stat(path, OpCode.SET_ACL, rq.SetACLRequest(full, acl, version))

    def reconfigure(
        self, joining: str | None, leaving: str | None, members: str | None, version: int
    ) -> tuple[bytes | None, Stat]:
        """Change the ensemble; return the new configuration."""
        request = rq.ReconfigRequest(joining, leaving, members, version)
        reply: tuple[bytes | None, Stat] = self._call("", OpCode.RECONFIG, request)
        return reply

    def exists(self, path: str, watch: bool = False) -> Stat | None:
        """Return the node's Stat, or None. A watch is left in either case."""
        full = self.server_path(path)

        def note(stat: Stat | None) -> None:
            self._client.watches.add(Kind.EXIST if stat is None else Kind.DATA, full)

        op = make_op(OpCode.EXISTS, rq.ExistsRequest(full, watch))
        stat: Stat | None = self._outcome(self._client.submit(op, note if watch else None), path)
        return stat

    def get_data(self, path: str, watch: bool = False) -> tuple[bytes | None, Stat]:
        """Return the node's data and Stat."""
        return self._get_data(path, self.server_path(path), watch)

    def get_config(self, watch: bool) -> tuple[bytes | None, Stat]:
        """Return the ensemble's configuration, whatever the chroot."""
        return self._get_data(CONFIG_NODE, CONFIG_NODE, watch)

    def _get_data(self, path: str, full: str, watch: bool) -> tuple[bytes | None, Stat]:
        op = make_op(OpCode.GET_DATA, rq.GetDataRequest(full, watch))
        note = self._note(Kind.DATA, full) if watch else None
        reply: tuple[bytes | None, Stat] = self._outcome(self._client.submit(op, note), path)
        return reply

    def get_children(self, path: str, watch: bool = False) -> tuple[list[str], Stat]:
        """Return the names of the node's children, sorted, and its Stat."""
        return self.ask_children(path, watch)()

    def ask_children(self, path: str, watch: bool = False) -> Callable[[], tuple[list[str], Stat]]:
        """Ask as :meth:`get_children` does; return what waits for the answer."""
        full = self.server_path(path)
        op = make_op(OpCode.GET_CHILDREN2, rq.GetChildrenRequest(full, watch))
        reply = self._client.submit(op, self._note(Kind.CHILD, full) if watch else None)

        def answer() -> tuple[list[str], Stat]:
            names, stat = self._outcome(reply, path)
            return sorted(names), stat

        return answer

    def get_acl(self, path: str) -> tuple[tuple[ACL, ...], Stat]:
        """Return the node's ACL and Stat."""
        request = rq.GetACLRequest(self.server_path(path))
        reply: tuple[tuple[ACL, ...], Stat] = self._call(path, OpCode.GET_ACL, request)
        return reply

    def get_ephemerals(self, prefix: str) -> list[str]:
        """Return the paths of this session's ephemeral nodes that start with ``prefix``, sorted."""
        request = rq.GetEphemeralsRequest(self.server_path(prefix))
        paths = self._call(prefix, OpCode.GET_EPHEMERALS, request)
        # The server compares plain text: below the chroot /app, "/" would find /apple too.
        inside = self._chroot + "/"
        return sorted(self._client_path(path) for path in paths if path.startswith(inside))

    def get_all_children_number(self, path: str) -> int:
        """Return how many nodes are below the node."""
        request = rq.GetAllChildrenNumberRequest(self.server_path(path))
        return int(self._call(path, OpCode.GET_ALL_CHILDREN_NUMBER, request))

    def sync(self, path: str) -> None:
        """Wait until this server has caught up with the leader."""
        self._call(path, OpCode.SYNC, rq.SyncRequest(self.server_path(path)))

    def who_am_i(self) -> list[ClientInfo]:
        """Return the identities of this session."""
        infos: list[ClientInfo] = self._call(None, OpCode.WHO_AM_I, rq.WhoAmIRequest())
        return infos

    def add_watch(self, path: str, mode: AddWatchMode) -> None:
        """Set a persistent watch."""
        full = self.server_path(path)
        op = make_op(OpCode.ADD_WATCH, rq.AddWatchRequest(full, int(mode)))
        self._outcome(self._client.submit(op, self._note(_MODE_KINDS[mode], full)), path)

    def remove_watches(self, path: str, meant: WatcherType, local: bool) -> None:
        """Remove this client's watches on a path; each type that went is an event.

        With ``local`` they go even when the server cannot be asked.
        """
        full = self.server_path(path)
        watches = self._client.watches
        try:
            self._call(path, OpCode.REMOVE_WATCHES, rq.RemoveWatchesRequest(full, int(meant)))
        except KeeperError:
            if not watches.holds(meant, full):
                raise KeeperError(ErrorCode.NO_WATCHER, path) from None
            if not local:
                raise
        removed = watches.remove(meant, full)
        if not removed:
            raise KeeperError(ErrorCode.NO_WATCHER, path)
        for event_type in removed:
            self._client.on_event(Event(EventType(event_type), path=full))

    def add_auth(self, scheme: str, auth: str) -> None:
        """Authenticate, here and on every later connection of this session.

        Raises UnicodeEncodeError for what is no text.
        """
        for text in (scheme, auth):
            text.encode()  # kazoo would find out on the connection's thread, which must not die
        self._outcome(self._client.add_auth_async(scheme, auth), None)

    def _note(self, kind: Kind, full: str) -> Callable[[Any], None]:
        return lambda _: self._client.watches.add(kind, full)

    def _stat(self, path: str, op: OpCode, request: rq.Request) -> Stat:
        stat: Stat = self._call(path, op, request)
        return stat
