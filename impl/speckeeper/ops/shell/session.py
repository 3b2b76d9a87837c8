"""What commands can do: paths checked and put below the chroot, errors in the shell's words.

Source: ZooKeeper ``ZooKeeper`` and ``ZKUtil`` (client side), ``PathUtils.validatePath``.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from kazoo.exceptions import ZookeeperError

from speckeeper.ops.shell.connection import Reply, ShellClient
from speckeeper.ops.shell.errors import KeeperError, ShellError
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
from speckeeper.wire.errors import WireError
from speckeeper.wire.multi_replies import ErrorResult
from speckeeper.wire.records import ACL, Stat
from speckeeper.wire.replies import ClientInfo

ANY_VERSION = -1
CONFIG_NODE = "/zookeeper/config"
# Requests on their way at a time when a whole subtree is visited; enough to hide the network.
_WINDOW = 200

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


class Session:
    """One ZooKeeper session, seen from below ``chroot``.

    Every method that takes a path raises :class:`BadPath` for one that is none, and
    :class:`KeeperError` with the path as it was given for whatever the server refuses.
    """

    def __init__(self, client: ShellClient, chroot: str) -> None:
        self._client = client
        self._chroot = chroot

    @classmethod
    def open(
        cls, server: str, timeout_ms: int, read_only: bool, on_event: Callable[[Event], None]
    ) -> "Session":
        """Start a session; ``server`` is ``host:port[,...][/chroot]``, else ShellError.

        ``on_event`` gets paths as they are below the chroot, on the connection's thread.
        """
        hosts, slash, rest = server.partition("/")
        chroot = (slash + rest).rstrip() if rest.strip() else ""

        def tell(event: Event) -> None:
            path = None if event.path is None else _strip(chroot, event.path)
            on_event(event._replace(path=path))

        try:
            if chroot:
                check_path(chroot)
            client = ShellClient(hosts, timeout_ms, read_only, tell)
        except (ShellError, ValueError) as error:
            raise ShellError(f"-server {server}: {error}") from None
        client.open()
        return cls(client, chroot)

    def unrooted(self) -> "Session":
        """Return the same session seen from the server's own root."""
        return Session(self._client, "")

    def server_path(self, path: str) -> str:
        """Return the server's name of a path, which must be valid."""
        check_path(path)
        return self._below_chroot(path)

    def _below_chroot(self, path: str) -> str:
        return self._chroot if path == "/" and self._chroot else self._chroot + path

    def wait_connected(self, timeout_ms: int) -> bool:
        """Wait for the connection; tell whether there is one."""
        return bool(self._client._live.wait(timeout_ms / 1000))

    def state(self) -> str:
        """Return the state's name in ZooKeeper's words."""
        return self._client.state_name()

    def alive(self) -> bool:
        """Tell whether the session may still be used, connected or not."""
        return self.state() not in ("CLOSED", "AUTH_FAILED")

    def trouble(self) -> str | None:
        """Return why the last attempt to connect failed, None if none has."""
        return self._client.trouble()

    def close(self) -> None:
        """Close the session on the server and the connection."""
        self._client.shut()

    # Writes

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

    # Reads

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
        names, stat = self._outcome(self._submit_get_children(path, watch), path)
        return sorted(names), stat

    def _submit_get_children(self, path: str, watch: bool) -> Reply:
        full = self.server_path(path)
        op = make_op(OpCode.GET_CHILDREN2, rq.GetChildrenRequest(full, watch))
        return self._client.submit(op, self._note(Kind.CHILD, full) if watch else None)

    def get_children_of_each(
        self, paths: Iterable[str], watch: bool = False
    ) -> Iterator[tuple[str, list[str] | None]]:
        """Yield each path with its children's names, sorted; with None if it is gone."""
        waiting: deque[tuple[str, Reply]] = deque()
        for path in paths:
            waiting.append((path, self._submit_get_children(path, watch)))
            if len(waiting) == _WINDOW:
                yield self._children_or_none(*waiting.popleft())
        while waiting:
            yield self._children_or_none(*waiting.popleft())

    def _children_or_none(self, path: str, reply: Reply) -> tuple[str, list[str] | None]:
        try:
            return path, sorted(self._outcome(reply, path)[0])
        except KeeperError as error:
            if error.code != ErrorCode.NO_NODE:
                raise
            return path, None

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

    # Watches and authentication

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
        """Authenticate, here and on every later connection of this session."""
        self._outcome(self._client.add_auth_async(scheme, auth), None)

    def _note(self, kind: Kind, full: str) -> Callable[[Any], None]:
        return lambda _: self._client.watches.add(kind, full)

    # Calls

    def _stat(self, path: str, op: OpCode, request: rq.Request) -> Stat:
        stat: Stat = self._call(path, op, request)
        return stat

    def _call(self, path: str | None, op: OpCode, request: rq.Request) -> Any:
        return self._outcome(self._client.submit(make_op(op, request)), path)

    @staticmethod
    def _outcome(reply: Any, path: str | None) -> Any:
        """Wait for a reply; turn kazoo's errors into the shell's, with the path as given."""
        try:
            return reply.get()
        except ZookeeperError as error:
            raise KeeperError(error.code, path) from None
        except WireError as error:
            raise ShellError(f"the server's answer cannot be read: {error}") from None

    def _client_path(self, full: str) -> str:
        return _strip(self._chroot, full)


def _strip(chroot: str, full: str) -> str:
    """Return a server's path as it is named below the chroot; one outside of it stays as it is."""
    if full == chroot:
        return "/"
    return full[len(chroot) :] if chroot and full.startswith(chroot + "/") else full
