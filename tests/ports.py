"""Ports of 127.0.0.1 for the servers that tests start.

They lie below those that Linux gives to outgoing connections (from 32768), so that no client takes
one before its server does, and each worker of xdist has a block of its own.
"""

import contextlib
import os
import random
import socket
import threading

_FIRST = 12_000
_BLOCK = 2_500
_BLOCKS = 8

_worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
_start = _FIRST + _worker % _BLOCKS * _BLOCK
# Two runs at once have the same blocks, and begin at different places in them.
_next = random.SystemRandom().randrange(_BLOCK)
_turn = threading.Lock()


def free_port() -> int:
    """Return a port that nobody has, and that was not returned for a long while."""
    return free_ports(1)


def free_ports(count: int) -> int:
    """Return the first of so many such ports in a row."""
    with _turn:
        return _free_ports(count)


def _free_ports(count: int) -> int:
    global _next
    for _ in range(2 * _BLOCK):
        if _next + count > _BLOCK:
            _next = 0
        first = _start + _next
        with contextlib.ExitStack() as stack, contextlib.suppress(OSError):
            for port in range(first, first + count):
                stack.enter_context(socket.socket()).bind(("127.0.0.1", port))
            _next += count
            return first
        _next += 1
    raise OSError(f"no {count} ports in a row are free from {_start} to {_start + _BLOCK}")
