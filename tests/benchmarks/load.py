"""Ten thousand connections that do nothing, and 200 000 watches on one server.

What they take of its memory, and what they cost the other clients.

    python tests/benchmarks/load.py [--markdown docs/performance.md]

The idle clients are a process of their own. They keep their sessions as Java's client does, with a
ping every third of the timeout, spread over time. Another client measures: one connection, one
request at a time, gets and sets in turn. What it finds with all of them there is divided by what it
found while nobody was, before they came and after they had gone.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import multiprocessing
import random
import resource
import selectors
import socket
import struct
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median

from report import machine, put_into
from servers import Server, ServerError

_CREATE, _GET_DATA, _SET_DATA, _PING = 1, 4, 5, 11
_PING_XID = -2
_HANDSHAKE = struct.Struct(">iiqiqi16sB")
_HEADER = struct.Struct(">iqi")
_OPEN_ACL = struct.pack(">ii", 1, 31) + b"".join(
    struct.pack(">i", len(word)) + word for word in (b"world", b"anyone")
)
_TIMEOUT_MS = 30_000
_PATIENCE_S = 120.0
#: Requests under way at a time while nodes are made and watches set.
_WINDOW = 500
TARGET = 2.0


class Client:
    """A session over a plain socket."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._received = b""
        self.socket.sendall(_HANDSHAKE.pack(45, 0, 0, _TIMEOUT_MS, 0, 16, bytes(16), 0))
        (timeout_ms,) = struct.unpack_from(">i", self.frame(), 4)
        if timeout_ms != _TIMEOUT_MS:
            raise ServerError(f"a session of {timeout_ms} ms instead of {_TIMEOUT_MS}")

    def frame(self) -> bytes:
        """Return the next frame."""
        while True:
            received = self._received
            if len(received) >= 4:
                end = 4 + int.from_bytes(received[:4], "big")
                if len(received) >= end:
                    self._received = received[end:]
                    return received[4:end]
            chunk = self.socket.recv(1 << 16)
            if not chunk:
                raise ServerError("the server has ended a connection")
            self._received += chunk

    def call(self, request: bytes) -> None:
        """Send one request and check its reply."""
        self.socket.sendall(request)
        check(self.frame())

    def call_all(self, requests: Iterator[bytes]) -> None:
        """Send requests, some at a time, and check all replies."""
        batch: list[bytes] = []
        for request in requests:
            batch.append(request)
            if len(batch) == _WINDOW:
                self._call_batch(batch)
        self._call_batch(batch)

    def _call_batch(self, batch: list[bytes]) -> None:
        self.socket.sendall(b"".join(batch))
        for _ in batch:
            check(self.frame())
        batch.clear()


def check(reply: bytes) -> None:
    """Raise ServerError for a reply with an error."""
    xid, _, error = _HEADER.unpack_from(reply)
    if error:
        raise ServerError(f"request {xid} was answered with error {error}")


def request(xid: int, op: int, *parts: bytes) -> bytes:
    body = struct.pack(">ii", xid, op) + b"".join(parts)
    return struct.pack(">i", len(body)) + body


def text(raw: bytes) -> bytes:
    return struct.pack(">i", len(raw)) + raw


def node(number: int) -> bytes:
    return text(b"/load/%07d" % number)


PING = request(_PING_XID, _PING)


def idle_clients(port: int, connections: int, orders: Connection) -> None:
    """Hold connections, until told to go: the process of the idle clients."""
    clients = [Client(port) for _ in range(connections)]
    orders.send("connected")
    # A little of what is due at a time, so that pings do not come in bursts.
    due = [(time.monotonic() + random.random() * _TIMEOUT_MS / 3000, c) for c in clients]
    due.sort(key=lambda each: each[0])
    waiting = selectors.DefaultSelector()
    waiting.register(orders, selectors.EVENT_READ)
    place = 0
    while True:
        at, client = due[place]
        if waiting.select(max(at - time.monotonic(), 0)):
            told = orders.recv()
            if told == "go":
                break
            for number, each in enumerate(clients):
                each.call_all(
                    request(i + 1, _GET_DATA, node(number * told + i), b"\1") for i in range(told)
                )
            orders.send("watching")
            continue
        client.call(PING)
        due[place] = at + _TIMEOUT_MS / 3000, client
        place = (place + 1) % len(due)
    for client in clients:
        client.socket.close()
    orders.send("gone")


@dataclass
class Latency:
    """Of one request at a time: medians and 99th percentiles in microseconds."""

    get: float
    get_p99: float
    set: float
    set_p99: float


def measure(client: Client, seconds: float) -> Latency:
    """Get and set one node in turn."""
    get = request(1, _GET_DATA, text(b"/load"), b"\0")
    change = request(2, _SET_DATA, text(b"/load"), text(b"x" * 100), struct.pack(">i", -1))
    times: tuple[list[float], list[float]] = ([], [])
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        for kind, each in enumerate((get, change)):
            begin = time.perf_counter()
            client.call(each)
            times[kind].append((time.perf_counter() - begin) * 1e6)
    found = [value for each in times for value in (median(each), _p99(each))]
    return Latency(*found)


def _p99(values: list[float]) -> float:
    return sorted(values)[len(values) * 99 // 100]


@dataclass
class Outcome:
    """What one server took and needed."""

    server: str
    idle: Latency
    connected: Latency
    watched: Latency
    after: Latency
    bytes_a_connection: float
    bytes_a_watch: float
    resident_mib: float

    def ratio(self, name: str, stage: str) -> float:
        """How many times the idle figure, of before and after, a latency is."""
        alone = (getattr(self.idle, name) + getattr(self.after, name)) / 2
        return float(getattr(getattr(self, stage), name) / alone)


def run(name: str, connections: int, watches: int, seconds: float) -> Outcome:
    each = watches // connections
    with tempfile.TemporaryDirectory(prefix="load-") as folder:
        server = Server(name, Path(folder), settings={"maxSessionTimeout": "60000"})
        say(f"{name}: starting, and making {watches:,} nodes")
        server.start()
        try:
            return _run(server, connections, each, seconds)
        finally:
            server.kill()


def _run(server: Server, connections: int, each: int, seconds: float) -> Outcome:
    client = Client(server.port)
    client.call(request(1, _CREATE, text(b"/load"), text(b"x"), _OPEN_ACL, struct.pack(">i", 0)))
    client.call_all(
        request(i + 2, _CREATE, node(i), text(b"x" * 100), _OPEN_ACL, struct.pack(">i", 0))
        for i in range(connections * each)
    )
    measure(client, 1.0)  # warm-up
    idle = measure(client, seconds)
    before = _resident(server)
    with _others(server.port, connections) as orders:
        connected_kib = _resident(server)
        say(f"{connections:,} connections; measuring")
        connected = measure(client, seconds)
        before_watches = _resident(server)
        orders.send(each)
        _expect(orders, "watching")
        watched_kib = _resident(server)
        say(f"{connections * each:,} watches; measuring")
        watched = measure(client, seconds)
        orders.send("go")
        _expect(orders, "gone")
    time.sleep(2.0)  # the server hears of their ends
    after = measure(client, seconds)
    return Outcome(
        server.name,
        idle,
        connected,
        watched,
        after,
        (connected_kib - before) * 1024 / connections,
        (watched_kib - before_watches) * 1024 / (connections * each),
        watched_kib / 1024,
    )


@contextlib.contextmanager
def _others(port: int, connections: int) -> Iterator[Connection]:
    own, theirs = multiprocessing.Pipe()
    process = multiprocessing.Process(
        target=idle_clients, args=(port, connections, theirs), daemon=True
    )
    process.start()
    theirs.close()
    try:
        _expect(own, "connected")
        yield own
    finally:
        process.kill()
        process.join()


def _expect(orders: Connection, word: str) -> None:
    if not orders.poll(_PATIENCE_S * 3):
        raise ServerError(f"the idle clients are not {word} in time")
    assert orders.recv() == word


def _resident(server: Server) -> int:
    return server.memory()["rss_kib"]


def rows(outcomes: list[Outcome], connections: int, watches: int) -> list[str]:
    """Return the table in Markdown."""
    lines = [
        "|  | idle | with the connections | with connections and watches | times idle | target |",
        "|---|--:|--:|--:|--:|---|",
    ]
    for each in outcomes:
        for name, words in (
            ("get", "get, median"),
            ("get_p99", "get, p99"),
            ("set", "set, median"),
            ("set_p99", "set, p99"),
        ):
            alone = (getattr(each.idle, name) + getattr(each.after, name)) / 2
            ratio = each.ratio(name, "watched")
            met = ""
            if not name.endswith("p99") and each.server == "speckeeper":
                met = f"< {TARGET:g}: {'yes' if ratio < TARGET else 'no'}"
            lines.append(
                f"| {each.server}: {words} | {alone:,.0f} µs | "
                f"{getattr(each.connected, name):,.0f} µs | {getattr(each.watched, name):,.0f} µs "
                f"| {ratio:.2f} | {met} |"
            )
    lines += ["", f"| memory, {connections:,} connections, {watches:,} watches | "]
    lines[-1] += " | ".join(each.server for each in outcomes) + " |"
    lines += ["|---|" + "--:|" * len(outcomes)]
    for words, show in (
        ("of a connection with its session", lambda e: f"{e.bytes_a_connection / 1024:.1f} KiB"),
        ("of a watch, each on a node of its own", lambda e: f"{e.bytes_a_watch:,.0f} bytes"),
        ("of the process in the end (RSS)", lambda e: f"{e.resident_mib:,.0f} MiB"),
    ):
        lines.append(f"| {words} | " + " | ".join(map(show, outcomes)) + " |")
    return lines


def say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description="Idle connections and watches on one server.")
    parser.add_argument("--connections", type=int, default=10_000)
    parser.add_argument("--watches", type=int, default=200_000, help="in all")
    parser.add_argument("--seconds", type=float, default=5.0, help="of each measurement")
    parser.add_argument("--server", action="append", choices=("speckeeper", "apache"))
    parser.add_argument("--json", type=Path, help="write the figures here")
    parser.add_argument("--markdown", type=Path, help="put the table into this page")
    options = parser.parse_args()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if hard != resource.RLIM_INFINITY and hard < options.connections + 1000:
        sys.exit(
            f"{hard} open files are allowed; raise it: ulimit -Hn {options.connections + 1000}"
        )
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    try:
        outcomes = [
            run(name, options.connections, options.watches, options.seconds)
            for name in options.server or ("speckeeper", "apache")
        ]
    except ServerError as error:
        sys.exit(str(error))
    table = rows(outcomes, options.connections, options.watches)
    print("\n".join(table))
    if options.json is not None:
        options.json.write_text(json.dumps([asdict(each) for each in outcomes], indent=2))
    if options.markdown is not None:
        about = "; ".join(f"{key.replace('_', ' ')} {value}" for key, value in machine().items())
        put_into(options.markdown, "load", f"Measured: {about}.\n\n" + "\n".join(table))


if __name__ == "__main__":
    main()
