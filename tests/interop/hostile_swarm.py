"""Bad clients in a process of their own: they must not slow down the good one that is measured.

    python hostile_swarm.py PORT COUNT MODE SECONDS

Opens COUNT connections from 127.0.0.2, each of which does what MODE says, keeps at it for SECONDS,
and prints two numbers: connections made, and connections that the server has closed.
"""

from __future__ import annotations

import contextlib
import os
import random
import resource
import selectors
import socket
import struct
import sys
import time

import raw_client as zk

SOURCE = "127.0.0.2"
IP_BIND_ADDRESS_NO_PORT = 24


def raise_descriptor_limit(wanted: int) -> int:
    """Allow this process as many descriptors as it may have; how many that is, at most `wanted`."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    return max(soft, most)


def opening(mode: str, number: int) -> bytes:
    """What a connection sends first."""
    request = zk.connect_request(timeout_ms=40_000)
    framed = zk.integer(len(request)) + request
    rng = random.Random(number)
    garbage = rng.randbytes(rng.randint(1, 2000))
    return {
        "silent": b"",
        "half": framed[: 1 + number % (len(framed) - 1)],
        "oversized": struct.pack(">i", 2**31 - 1) + b"x" * 1000,
        "negative": struct.pack(">i", -(number % 1000) - 1),
        "garbage": garbage,
        "session": framed,
        "garbage in session": framed + garbage,
        "half in session": framed + struct.pack(">i", 5000) + b"x" * 50,
        "flood": framed,
        "deaf": framed,
    }[mode]


def main() -> None:
    port, count, mode, seconds = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], float(sys.argv[4])
    raise_descriptor_limit(count + 100)
    selector = selectors.DefaultSelector()
    alive: dict[int, socket.socket] = {}
    made = closed = 0

    def drop(one: socket.socket) -> None:
        nonlocal closed
        closed += 1
        selector.unregister(one)
        del alive[one.fileno()]
        one.close()

    def listen(wait_s: float) -> None:
        for key, _ in selector.select(wait_s):
            one = key.fileobj
            assert isinstance(one, socket.socket)
            try:
                if mode == "deaf" and one.fileno() in alive and made >= count:
                    time.sleep(0.001)  # there is something to read, but nobody reads it
                    continue
                if not one.recv(65536):
                    drop(one)
            except BlockingIOError:
                pass
            except OSError:
                drop(one)

    for number in range(count):
        one = socket.socket()
        # Which port is free is known once it is known where to: more than one can have the same.
        one.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
        one.bind((SOURCE, 0))
        one.settimeout(30)
        made += 1
        try:
            one.connect(("127.0.0.1", port))
            one.sendall(opening(mode, number))
        except (ConnectionResetError, BrokenPipeError):
            closed += 1
            one.close()
            continue
        one.setblocking(False)
        alive[one.fileno()] = one
        selector.register(one, selectors.EVENT_READ)
        if number % 200 == 0:
            listen(0)
    # Many answers to large reads, or just many requests.
    path = "/big" if mode == "deaf" else "/none"
    frame = zk.integer(1) + zk.integer(zk.GET_DATA) + zk.path_watch(path)
    requests = (zk.integer(len(frame)) + frame) * (50 if mode == "deaf" else 2000)
    end = time.monotonic() + seconds
    while time.monotonic() < end and alive:
        if mode in ("flood", "deaf"):
            for one in list(alive.values()):
                with contextlib.suppress(OSError):
                    one.send(requests)
        listen(0.05)
    print(made, closed, flush=True)
    os._exit(0)  # leave the closing of thousands of sockets to the kernel


if __name__ == "__main__":
    main()
