"""Listening sockets."""

from __future__ import annotations

import socket

# A rush of newcomers (every client comes back after a restart) waits here. Whom the kernel has no
# room for tries again only a second later. (ZooKeeper leaves Java's 50.)
DEFAULT_BACKLOG = 4096


class ListenError(Exception):
    """An address cannot be listened on; ``str()`` is one line: place, what, remedy.

    ``name`` is what was to listen there, ``client port`` or the name of a site.
    """

    def __init__(self, name: str, host: str | None, port: int, cause: OSError) -> None:
        place = f"{host or '*'}:{port}"
        super().__init__(
            f"{name} {place}: {cause.strerror or cause}; "
            "stop what listens there, or configure another"
        )
        self.name = name
        self.place = place


def listen(name: str, host: str | None, port: int, backlog: int, keep_alive: bool) -> socket.socket:
    """Return a listening, non-blocking socket. ``host`` None: all addresses, IPv6 and IPv4.

    ``backlog`` -1: a default. ``port`` 0: any free one. Raises ListenError.
    """
    try:
        if host is None:
            bound = _all_addresses(port)
        else:
            family, kind, protocol, _, address = socket.getaddrinfo(
                host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
            )[0]
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
