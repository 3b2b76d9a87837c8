"""A session's connection as commands see it: its state, paths below a chroot, requests and errors.

Source: ZooKeeper ``ZooKeeper`` (client side), ``ConnectStringParser``.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Self

from kazoo.exceptions import ZookeeperError

from speckeeper.ops.shell.connection import ShellClient
from speckeeper.ops.shell.errors import KeeperError, ShellError
from speckeeper.ops.shell.extra_ops import make_op
from speckeeper.ops.shell.paths import check_path
from speckeeper.ops.shell.watches import Event
from speckeeper.wire.codes import OpCode
from speckeeper.wire.errors import WireError
from speckeeper.wire.requests import Request

if TYPE_CHECKING:
    import ssl


class Calls:
    """One ZooKeeper session, seen from below ``chroot`` (empty for none)."""

    def __init__(self, client: ShellClient, chroot: str) -> None:
        self._client = client
        self._chroot = chroot

    @classmethod
    def open(
        cls,
        server: str,
        timeout_ms: int,
        read_only: bool,
        on_event: Callable[[Event], None],
        tls: "ssl.SSLContext | None" = None,
    ) -> Self:
        """Start a session; ``server`` is ``host:port[,...][/chroot]``, else ShellError.

        ``on_event`` gets paths as they are below the chroot, on the connection's thread. ``tls``:
        what to connect with, None for a plain connection.
        """
        hosts, slash, rest = server.partition("/")
        chroot = (slash + rest).rstrip() if rest.strip() else ""

        def tell(event: Event) -> None:
            path = None if event.path is None else _strip(chroot, event.path)
            on_event(event._replace(path=path))

        try:
            if chroot:
                check_path(chroot)
            client = ShellClient(hosts, timeout_ms, read_only, tell, tls)
        except (ShellError, ValueError) as error:
            raise ShellError(f"-server {server}: {error}") from None
        client.open()
        return cls(client, chroot)

    def unrooted(self) -> Self:
        """Return the same session seen from the server's own root."""
        return type(self)(self._client, "")

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

    def _call(self, path: str | None, op: OpCode, request: Request) -> Any:
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
