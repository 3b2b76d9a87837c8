"""Listening sockets."""

from __future__ import annotations

import errno
import socket
from typing import NamedTuple

# A rush of newcomers (every client comes back after a restart) waits here. Whom the kernel has no
# room for tries again only a second later. (ZooKeeper leaves Java's 50.)
DEFAULT_BACKLOG = 4096

CLIENT_PORT = "client port"
SECURE_CLIENT_PORT = "secure client port"


class Place(NamedTuple):
    """Where something listens; ``name`` is what an operator calls it."""

    name: str
    host: str
    port: int


class ListenError(Exception):
    """An address cannot be listened on; ``str()`` is one line: place, what, remedy.

    ``name`` is what was to listen there, ``client port`` or the name of a site; ``no_address``:
    the host is no address of this machine, and will be none until somebody says another.
    """

    def __init__(self, name: str, host: str | None, port: int, cause: OSError) -> None:
        place = f"{host or '*'}:{port}"
        super().__init__(f"{name} {place}: {_explained(cause)}")
        self.name = name
        self.place = place
        self.no_address = isinstance(cause, socket.gaierror) or cause.errno == errno.EADDRNOTAVAIL


def _explained(cause: OSError) -> str:
    """What is wrong, and what to do."""
    what = cause.strerror or str(cause)
    if isinstance(cause, socket.gaierror):
        return f"the name does not resolve ({what}); give a name or address of this machine"
    if cause.errno == errno.EADDRNOTAVAIL:
        return f"{what}: it is not an address of this machine; give one that is, or 0.0.0.0"
    if cause.errno == errno.EACCES:
        return f"{what}; give a port above 1023, or the right to bind lower ones"
    if cause.errno == errno.EADDRINUSE:
        return f"{what}; stop what listens there, or configure another"
    return f"{what}; configure another"


def listen(name: str, host: str | None, port: int, backlog: int, keep_alive: bool) -> socket.socket:
    """Return a listening, non-blocking socket. ``host`` None: all addresses, IPv6 and IPv4.

    ``backlog`` -1: a default. ``port`` 0: any free one. Raises ListenError.
    """
    try:
        if host is None:
            bound = _all_addresses(port)
        else:
            # A name with both kinds of addresses stands for IPv4, as in Java.
            family, kind, protocol, _, address = min(
                socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE),
                key=lambda found: found[0] != socket.AF_INET,
            )
            bound = _bind(socket.socket(family, kind, protocol), address)
        bound.listen(DEFAULT_BACKLOG if backlog == -1 else backlog)
    except OSError as error:
        raise ListenError(name, host, port, error) from error
    if keep_alive:  # accepted sockets inherit it
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    bound.setblocking(False)
    return bound


def _all_addresses(port: int) -> socket.socket:
    if socket.has_dualstack_ipv6():
        both = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
        both.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        return _bind(both, ("::", port))
    return _bind(socket.socket(socket.AF_INET, socket.SOCK_STREAM), ("", port))


def _bind(new: socket.socket, address: tuple[object, ...]) -> socket.socket:
    try:
        new.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        new.bind(address)
    except BaseException:
        new.close()
        raise
    return new
