"""Connections of kazoo by TLS, with a context that was made elsewhere.

kazoo makes a context of PEM files for each connection. With one given instead, keys of any store
reach no disk.

Source: kazoo ``create_tcp_connection``; ZooKeeper ``ClientCnxnSocketNetty``.
"""

from __future__ import annotations

import socket
import ssl
from typing import Any

from kazoo.handlers.threading import SequentialThreadingHandler

#: How kazoo words what :func:`tls_trouble` says.
TROUBLE = "socket connection error: TLS: "


class TlsHandler(SequentialThreadingHandler):  # type: ignore[misc]  # kazoo has no types
    """kazoo's threads and sockets, with every connection by ``context``."""

    def __init__(self, context: ssl.SSLContext) -> None:
        super().__init__()
        self._context = context

    def create_connection(
        self,
        address: tuple[str, int],
        hostname: str | None = None,
        timeout: float | None = None,
        **_: Any,
    ) -> ssl.SSLSocket:
        """Connect and shake hands within ``timeout`` seconds each; raises OSError.

        ``hostname``: what the user calls the server, which its certificate must be for.
        """
        raw = socket.create_connection(address, timeout)
        try:
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return self._context.wrap_socket(raw, server_hostname=hostname or address[0])
        except BaseException:
            raw.close()
            raise
