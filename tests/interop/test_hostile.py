"""Hostile and broken clients against the real server process, beside a well-behaved one.

Each kind of misbehaviour must end in the way that its counter in `mntr` says, with a line in the
log, and be gone afterwards. A good client, in a process of its own, reads and writes throughout on
one connection: it must never be disconnected, keep its session and its ephemeral node, and its
median latency may rise only by a generous factor.
"""

from __future__ import annotations

import contextlib
import json
import random
import resource
import select
import socket
import statistics
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest
import raw_client as zk
from peers import SPECKEEPER, Peer

if TYPE_CHECKING:
    from conftest import StartPeer

MANY = 10_000
PER_ADDRESS = 2500
HANDSHAKE_MS = 1500
SESSION_MS = 4000
MORE_MEMORY_MIB = 200
# How much the median latency may rise: twenty times, or to this on a busy machine of two cores,
# where the attackers alone can use up both.
FACTOR, FLOOR_MS = 20, 100.0
# Behind twenty clients that fill every turn of the one thread there is, a good one waits its turn.
FLOODED_MS = 400.0
# A write waits for the large multi that is being prepared, half a second on a busy machine.
BEHIND_A_MULTI_MS = 1000.0
CHECK, MULTI_READ = 13, 22
IP_BIND_ADDRESS_NO_PORT = 24
RESET_ON_CLOSE = struct.pack("ii", 1, 0)


def _good_client(port: int) -> None:
    """Set and get in turn; for each line on standard input, say what was measured since then."""
    client = zk.RawConnection(port)
    session = client.handshake(zk.connect_request(timeout_ms=SESSION_MS))
    assert session is not None
    assert client.call(1, zk.CREATE, zk.create("/good", b"", flags=1))[1] == 0
    times: list[float] = []
    number = 0
    while True:
        ready, _, _ = select.select([sys.stdin], [], [], 0.004)
        if ready and times:
            if not sys.stdin.readline():
                return
            print(json.dumps([statistics.median(times), max(times), len(times)]), flush=True)
            times = []
        number += 1
        value = b"%d" % number
        began = time.perf_counter()
        assert client.call(2, zk.SET_DATA, zk.set_data("/good", value))[1] == 0
        _, err, body = client.call(3, zk.GET_DATA, zk.path_watch("/good"))
        times.append((time.perf_counter() - began) * 500)
        assert err == 0
        assert body[4 : 4 + len(value)] == value
        (owner,) = struct.unpack_from(">q", body, 4 + len(value) + 44)
        assert owner == session.session_id


class Latency(NamedTuple):
    """Of one request of the good client."""

    median_ms: float
    worst_ms: float
    rounds: int


class GoodClient:
    """The process of the good client."""

    def __init__(self, port: int) -> None:
        self.process = subprocess.Popen(
            [sys.executable, __file__, str(port)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def latency(self) -> Latency:
        """Since the last call. Fails if the client has: it ends at the first thing wrong."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.write("\n")
            self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, "the good client lost its connection, its session or its node"
        return Latency(*json.loads(line))

    def close(self) -> None:
        self.process.communicate()
        assert self.process.returncode == 0


class Scene(NamedTuple):
    """The server, the good client and how it fared when nobody else was there."""

    server: Peer
    good: GoodClient
    before: Latency


@pytest.fixture(scope="module")
def scene(start_module_peer: StartPeer) -> Iterator[Scene]:
    wanted = MANY + 1000
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < wanted:
        pytest.skip(f"{wanted} descriptors are needed, the hard limit is {hard}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    config = {
        "tickTime": 1000,
        "maxClientCnxns": PER_ADDRESS,
        "nio.sessionlessCnxnTimeout": HANDSHAKE_MS,
    }
    server = start_module_peer(SPECKEEPER, config=config)
    good = GoodClient(server.port)
    with contextlib.closing(_session(server, "127.0.0.1")) as client:
        _send(client, 1, zk.CREATE, zk.create("/big", b"b" * 500_000))
        client.recv(100)
    time.sleep(0.5)
    good.latency()  # with the first requests in it
    time.sleep(1)
    yield Scene(server, good, good.latency())
    good.close()
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


class Attack:
    """What the server has counted since the attack began."""

    def __init__(self, server: Peer) -> None:
        self.server = server
        self._before = self.numbers()

    def numbers(self) -> dict[str, float]:
        pairs = (line.split("\t") for line in self.server.word("mntr").splitlines())
        return {k: float(v) for k, v in pairs if v.replace(".", "", 1).lstrip("-").isdigit()}

    def rise(self, key: str) -> float:
        return self.numbers()[key] - self._before[key]

    def closed(self, reason: str, count: int, within_s: float = 10.0) -> None:
        """So many connections have been ended for this reason, and the log says so."""
        key = f"zk_{reason}_connections_closed"
        _eventually(lambda: self.rise(key) >= count, within_s, lambda: f"{key} {self.rise(key)}")
        assert self.rise(key) == count
        assert f": {reason}\n" in self.server.log_file.read_text()

    def all_gone(self, within_s: float = 10.0) -> None:
        """Nobody is connected but the good client and who asks."""
        key = "zk_num_alive_connections"
        _eventually(
            lambda: self.numbers()[key] == 2, within_s, lambda: f"{self.numbers()[key]} are there"
        )


def _eventually(done: Callable[[], bool], within_s: float, report: Callable[[], str]) -> None:
    deadline = time.monotonic() + within_s
    while not done():
        assert time.monotonic() < deadline, report()
        time.sleep(0.05)


@pytest.fixture
def attack(scene: Scene, request: pytest.FixtureRequest) -> Iterator[Attack]:
    """The test is the attack; the good client's latency is judged when it is over."""
    scene.good.latency()
    memory = _memory_mib(scene.server)
    made = Attack(scene.server)
    yield made
    during = scene.good.latency()
    grown = _memory_mib(scene.server) - memory
    print(
        f"{request.node.name}: median {scene.before.median_ms:.2f} -> {during.median_ms:.2f} ms, "
        f"worst {scene.before.worst_ms:.0f} -> {during.worst_ms:.0f} ms, "
        f"{during.rounds} rounds, {grown:+.0f} MiB"
    )
    floor_ms = FLOODED_MS if request.node.name == "test_floods_of_reads" else FLOOR_MS
    if "large" in request.node.name:
        floor_ms = BEHIND_A_MULTI_MS
    assert during.median_ms <= max(FACTOR * scene.before.median_ms, floor_ms)
    assert during.worst_ms < SESSION_MS
    assert grown < MORE_MEMORY_MIB
    assert "Traceback" not in scene.server.log_file.read_text()


def _memory_mib(server: Peer) -> float:
    status = Path(f"/proc/{server.pid}/status").read_text()
    return int(next(li for li in status.splitlines() if li.startswith("VmRSS")).split()[1]) / 1024


def _connect(server: Peer, source: str = "127.0.0.2") -> socket.socket:
    client = socket.socket()
    # Which port is free is known once it is known where to: more than one can have the same.
    client.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
    client.bind((source, 0))
    client.settimeout(20)
    try:
        client.connect(("127.0.0.1", server.port))
    except OSError:
        client.close()
        raise
    return client


def _session(server: Peer, source: str = "127.0.0.2", timeout_ms: int = 2000) -> socket.socket:
    client = _connect(server, source)
    request = zk.connect_request(timeout_ms=timeout_ms)
    client.sendall(zk.integer(len(request)) + request)
    assert len(client.recv(100)) == 41
    return client


def _frame(xid: int, op: int, body: bytes = b"") -> bytes:
    return zk.integer(8 + len(body)) + zk.integer(xid) + zk.integer(op) + body


def _send(client: socket.socket, xid: int, op: int, body: bytes = b"") -> None:
    client.sendall(_frame(xid, op, body))


def _read_to_end(client: socket.socket) -> bytes:
    """What comes until the server closes the connection, which it must."""
    received = bytearray()
    with client:
        try:
            while chunk := client.recv(65536):
                received += chunk
        except ConnectionResetError:
            pass
    return bytes(received)


def _waves() -> Iterator[int]:
    """Sizes of waves of clients, for half a second."""
    deadline = time.monotonic() + 0.5
    while time.monotonic() < deadline:
        yield 50


def _turned_away(server: Peer, source: str) -> bool:
    """Whether the server cuts a new connection off without a word."""
    try:
        return _read_to_end(_connect(server, source)) == b""
    except ConnectionResetError:
        return True


LENGTH_44 = zk.integer(44)
# What is sent, by name; before a handshake, and after one. With the reason for the end.
BEFORE = {
    "oversized": (zk.integer(2**31 - 1) + b"x" * 500, "frame_length"),
    "a mebibyte": (zk.integer(2**20) + b"x" * 500, "frame_length"),
    "negative": (zk.integer(-1), "frame_length"),
    "most negative": (zk.integer(-(2**31)) + b"x" * 500, "frame_length"),
    "http": (b"GET / HTTP/1.1\r\nHost: zookeeper\r\n\r\n", "frame_length"),
    "tls": (bytes.fromhex("16030102000100"), "frame_length"),
    "garbage in a frame": (LENGTH_44 + b"\0" * 24 + b"\x7f" * 20, "malformed_frame"),
    "unknown session": (
        LENGTH_44 + b"\0" * 16 + b"\x7f" * 8 + zk.buffer("?" * 16),
        "invalid_session",
    ),
    "from the future": (LENGTH_44 + zk.connect_request(last_zxid=2**62)[:44], "client_zxid_ahead"),
    "frame too short": (zk.integer(8) + b"\0" * 8, "malformed_frame"),
    "empty frame": (zk.integer(0), "malformed_frame"),
    "half a frame": (LENGTH_44 + b"\0" * 20, "connection_expired"),
    "half a length": (b"\0\0", "connection_expired"),
    "silence": (b"", "connection_expired"),
}
AFTER = {
    "oversized": (zk.integer(2**31 - 1) + b"x" * 500, "frame_length"),
    "over jute.maxbuffer": (zk.integer(2**20) + b"x" * 500, "frame_length"),
    "negative": (zk.integer(-5) + b"x" * 500, "frame_length"),
    "frame too short": (zk.integer(4) + b"x" * 12, "malformed_frame"),
    "unknown opcode": (_frame(5, 4711, b"what"), "unknown_opcode"),
    "negative opcode": (_frame(5, -4711), "unknown_opcode"),
}


@pytest.mark.parametrize("kind", BEFORE)
def test_instead_of_a_handshake(attack: Attack, kind: str) -> None:
    sent, reason = BEFORE[kind]
    count = 0
    for wave in _waves():
        clients = [_connect(attack.server) for _ in range(wave)]
        for client in clients:
            client.sendall(sent)
        for client in clients:
            # Who asks for a session that is not there is told so.
            assert len(_read_to_end(client)) == (40 if reason == "invalid_session" else 0)
        count += wave
    attack.closed(reason, count)
    attack.all_gone()


@pytest.mark.parametrize("kind", AFTER)
def test_in_a_session(attack: Attack, kind: str) -> None:
    sent, reason = AFTER[kind]
    count = 0
    for wave in _waves():
        clients = [_session(attack.server) for _ in range(wave)]
        for client in clients:
            client.sendall(sent)
        for client in clients:
            answer = _read_to_end(client)
            if reason == "unknown_opcode":
                assert struct.unpack(">iiqi", answer)[3] == -6  # UNIMPLEMENTED
            else:
                assert answer == b""
        count += wave
    attack.closed(reason, count)
    attack.all_gone()


def test_half_a_request_holds_a_session_no_longer_than_it_lives(attack: Attack) -> None:
    clients = [_session(attack.server) for _ in range(100)]
    for client in clients:
        client.sendall(zk.integer(900_000) + b"x" * 1000)
    for client in clients:
        assert _read_to_end(client) == b""
    assert attack.rise("zk_session_expired_connections_closed") == 100
    assert "expiring session 0x" in attack.server.log_file.read_text()
    attack.all_gone()


def test_ten_thousand_connections(attack: Attack) -> None:
    addresses = [f"127.0.0.{number}" for number in range(2, 2 + MANY // PER_ADDRESS)]
    server = attack.server
    began = time.monotonic()
    # With a session, lest the deadline of the handshake is over before the last one is there.
    request = zk.connect_request(timeout_ms=20_000)
    clients = []
    for number in range(MANY):
        client = _connect(server, addresses[number % len(addresses)])
        client.sendall(zk.integer(len(request)) + request)
        clients.append(client)
    for client in clients:
        assert len(client.recv(100)) == 41
    print(f"{MANY} sessions in {time.monotonic() - began:.1f} s")
    assert attack.numbers()["zk_num_alive_connections"] == MANY + 2
    # One more from any of these addresses is one too many.
    for number in range(400):
        assert _turned_away(server, addresses[number % len(addresses)])
    attack.closed("too_many_from_address", 400)
    assert attack.rise("zk_connection_rejected") == 400
    _session(server, "127.0.0.99").close()
    for client in clients:
        _send(client, 1, zk.CLOSE)
    for client in clients:
        assert len(_read_to_end(client)) == 20
    attack.all_gone()


def test_thousands_of_silent_connections(attack: Attack) -> None:
    addresses = [f"127.0.0.{number}" for number in range(2, 2 + MANY // PER_ADDRESS)]
    clients = [_connect(attack.server, addresses[n % len(addresses)]) for n in range(MANY // 2)]
    for client in clients:
        assert _read_to_end(client) == b""
    attack.closed("connection_expired", MANY // 2)
    assert attack.rise("zk_sessionless_connections_expired") == MANY // 2
    attack.all_gone()


def test_clients_that_never_read(attack: Attack) -> None:
    """Their replies do not pile up in the server, and it is rid of them when time is up."""
    clients = []
    for _ in range(10):
        client = _session(attack.server)
        client.setblocking(False)
        clients.append(client)
    requests = _frame(1, zk.GET_DATA, zk.path_watch("/big")) * 500
    memory = _memory_mib(attack.server)
    deadline = time.monotonic() + 2
    while time.monotonic() < deadline:
        for client in clients:
            with contextlib.suppress(OSError):
                client.send(requests)
        time.sleep(0.02)
        assert _memory_mib(attack.server) - memory < MORE_MEMORY_MIB
    attack.all_gone(within_s=20)
    numbers = ("session_expired", "slow_reader")
    assert sum(attack.rise(f"zk_{reason}_connections_closed") for reason in numbers) >= 10
    for client in clients:
        client.close()


def test_floods_of_pings(attack: Attack) -> None:
    """Nothing is wrong with a ping, so each is answered; the others get their turn."""
    clients = [_session(attack.server) for _ in range(4)]
    pings = _frame(-2, zk.PING) * 2000
    deadline = time.monotonic() + 1.5
    sent = 0
    while time.monotonic() < deadline:
        for client in clients:
            client.sendall(pings)
            sent += 2000
        for client in clients:
            left = 2000 * 20
            while left:
                chunk = client.recv(left)
                assert chunk
                left -= len(chunk)
    assert attack.rise("zk_op_count_ping") == sent
    print(f"{sent} pings")
    for client in clients:
        client.close()
    attack.all_gone()


def test_floods_of_reads(attack: Attack) -> None:
    """Twenty clients send more than can be answered; a good one still gets its turn."""
    clients = [_session(attack.server) for _ in range(20)]
    for client in clients:
        client.setblocking(False)
    requests = _frame(1, zk.GET_DATA, zk.path_watch("/none")) * 2000
    deadline = time.monotonic() + 3
    while time.monotonic() < deadline:
        for client in clients:
            with contextlib.suppress(BlockingIOError):
                client.send(requests)
        ready, _, _ = select.select(clients, [], [], 0.01)
        for client in ready:
            assert client.recv(1 << 20)
    assert attack.rise("zk_op_count_get_data") > 20 * 2000
    for client in clients:
        client.close()
    attack.all_gone()


def _session_that_lasts(server: Peer) -> socket.socket:
    client = _session(server, timeout_ms=20_000)
    client.settimeout(120)
    return client


@pytest.mark.parametrize("kind", ["multi", "multiRead"])
def test_large_requests_take_turns(attack: Attack, kind: str) -> None:
    """A dozen clients ask for as much as a request can hold; in one go it would take seconds."""
    clients = [_session_that_lasts(attack.server) for _ in range(12)]
    if kind == "multi":
        request = _frame(1, zk.MULTI, zk.multi([(CHECK, zk.path_version("/"))] * 40_000))
    else:
        request = _frame(1, MULTI_READ, zk.multi([(zk.GET_DATA, zk.path_watch("/good"))] * 30_000))
    for client in clients:
        client.sendall(request)
    for client in clients:
        header = client.recv(20, socket.MSG_WAITALL)
        length, xid, _, err = struct.unpack(">iiqi", header)
        assert (xid, err) == (1, 0)
        left = length - 16
        while left:
            left -= len(client.recv(min(left, 1 << 20)))
        _send(client, 2, zk.CLOSE)
        assert len(_read_to_end(client)) == 20
    attack.all_gone()


def test_random_garbage(attack: Attack) -> None:
    """Whatever it looks like, it ends: at once, or with the deadline of the handshake."""
    rng = random.Random(7)
    clients = [_connect(attack.server) for _ in range(300)]
    for client in clients:
        client.sendall(rng.randbytes(rng.randint(1, 2000)))
    for client in clients:
        # Who happens to ask for a session is told that there is none.
        assert len(_read_to_end(client)) in (0, 40)
    attack.all_gone()


def test_a_total_limit_is_kept(start_peer: StartPeer) -> None:
    server = start_peer(SPECKEEPER, config={"maxClientCnxns": 0, "maxCnxns": 20})
    clients = [_session(server) for _ in range(20)]

    assert all(_turned_away(server, f"127.0.0.{number}") for number in range(2, 12))

    clients.pop().close()
    _eventually(lambda: _is_served(server), 10, lambda: "there is no room again")
    for client in clients:
        client.close()


def _is_served(server: Peer) -> bool:
    """Whether a new client gets a session."""
    try:
        with contextlib.closing(zk.RawConnection(server.port)) as client:
            return client.handshake() is not None
    except ConnectionError:
        return False


def test_connections_that_come_and_go(attack: Attack) -> None:
    server = attack.server
    for _ in range(1000):
        _connect(server).close()
    for _ in range(1000):
        _session(server).close()
    for _ in range(500):
        client = _session(server)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        client.close()
    attack.all_gone()
    ended = ("client_closed_connection", "io_exception")
    assert sum(attack.rise(f"zk_{reason}_connections_closed") for reason in ended) == 2500
    # The sessions that they left end in their time; that of the good client does not.
    key = "zk_global_sessions"
    _eventually(lambda: attack.numbers()[key] == 1, 15, lambda: f"{attack.numbers()[key]} sessions")


if __name__ == "__main__":
    _good_client(int(sys.argv[1]))
