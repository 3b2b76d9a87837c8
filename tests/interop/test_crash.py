"""kill -9 at random moments, under load: what was acknowledged is there, what was not sent is not.

Each round several clients write through connections of their own, pipelined, until the server is
killed. A connection's requests take effect in order, so after the restart each client's part of the
tree must be what a prefix of its requests makes, and that prefix holds all that were answered. Its
session must still be known and its ephemeral node there. Some rounds kill the server while it
starts; every so often Apache ZooKeeper opens a copy of the data directory and must show the same.

SPECKEEPER_CRASH_ROUNDS sets the number of rounds, SPECKEEPER_CRASH_SEED the seed.
"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import struct
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import raw_client as zk
from conftest import StartPeer
from peers import APACHE_38, APACHE_39, SPECKEEPER, Peer
from reply_shapes import reply_shape
from tree_dump import PROPERTIES, differences, dump, last_zxid

ROUNDS = int(os.environ.get("SPECKEEPER_CRASH_ROUNDS", "75"))
SEED = int(os.environ.get("SPECKEEPER_CRASH_SEED", "1"))
WRITERS = 4
APACHE_EVERY = 25
KEYS = 12
CONFIG: dict[str, object] = {
    "snapCount": 300,
    "preAllocSize": 256,  # KiB: logs grow now and then
    "autopurge.purgeInterval": 1,  # purges at each start
    "extendedTypesEnabled": "true",
    "maxSessionTimeout": 600_000,
}

Contents = dict[str, bytes]  # key to data, of one writer's nodes


@dataclass
class Sent:
    """A request as sent: its bytes, what it does to the contents, and the error it must get."""

    op: int
    body: bytes
    after: Contents
    err: int


@dataclass
class WriterLog:
    """One client: its node, what its part of the tree held at first, what it sent, how much of that
    was answered, and the highest zxid that it saw."""

    base: str
    contents: Contents = field(default_factory=dict)
    sent: list[Sent] = field(default_factory=list)
    answered: int = 0
    zxid: int = 0
    session: zk.Session | None = None
    ephemeral: str | None = None
    wrong: str | None = None

    def next(self, rng: random.Random, number: int) -> Sent:
        """Make up a request that fits what is there after all that was sent."""
        now = self.sent[-1].after if self.sent else self.contents
        after, key, value = dict(now), f"k{rng.randrange(KEYS)}", b"%d" % number
        path = f"{self.base}/{key}"
        roll = rng.random()
        if roll < 0.15:
            other = f"k{rng.randrange(KEYS)}"
            parts = [
                (zk.DELETE, zk.path_version(path))
                if key in now
                else (zk.CREATE, zk.create(path, value))
            ]
            if key in now:
                del after[key]
            else:
                after[key] = value
            if other in after:
                parts.append((zk.SET_DATA, zk.set_data(f"{self.base}/{other}", value)))
                after[other] = value
            return Sent(zk.MULTI, zk.multi(parts), after, 0)
        if roll < 0.45:
            if key in now:
                return Sent(zk.CREATE, zk.create(path, value), after, -110)
            after[key] = value
            return Sent(zk.CREATE, zk.create(path, value), after, 0)
        if roll < 0.8:
            if key not in now:
                return Sent(zk.SET_DATA, zk.set_data(path, value), after, -101)
            after[key] = value + b"-" * rng.choice((0, 10, 2000))
            return Sent(zk.SET_DATA, zk.set_data(path, after[key]), after, 0)
        if key not in now:
            return Sent(zk.DELETE, zk.path_version(path), after, -101)
        del after[key]
        return Sent(zk.DELETE, zk.path_version(path), after, 0)


def _write(server_port: int, log: WriterLog, seed: int, began: threading.Event) -> None:
    """Write until the server is gone."""
    rng = random.Random(seed)
    try:
        connection = zk.RawConnection(server_port, timeout_s=60.0)
        session = connection.handshake(zk.connect_request(timeout_ms=600_000))
        if session is None:
            return
        log.session = session
        path = f"{log.base}-e{session.session_id:x}"
        zxid, err, _ = connection.call(1, zk.CREATE, zk.create(path, b"", flags=1))
        if err == 0:
            log.ephemeral, log.zxid = path, zxid
        began.set()
        while True:
            burst = []
            for _ in range(rng.randint(1, 8)):
                log.sent.append(log.next(rng, len(log.sent)))
                burst.append(log.sent[-1])
            frames = (zk.integer(7) + zk.integer(one.op) + one.body for one in burst)
            connection.send_bytes(b"".join(zk.integer(len(f)) + f for f in frames))
            for one in burst:
                frame = connection.frame()
                if frame is None:
                    return
                _, zxid, err = struct.unpack_from(">iqi", frame)
                if err != one.err:
                    log.wrong = f"error {err} instead of {one.err} for {one.op} {one.body!r}"
                    return
                log.answered += 1
                log.zxid = max(log.zxid, zxid)
    except OSError:
        return
    finally:
        began.set()


def _read(connection: zk.RawConnection, base: str) -> Contents:
    """What the server holds of a writer's nodes."""
    _, err, body = connection.call(1, zk.GET_CHILDREN, zk.path_watch(base))
    assert err == 0, f"{base}: error {err}"
    names = reply_shape(zk.GET_CHILDREN, b"\0" * 16 + body)[3].value
    assert isinstance(names, tuple)
    contents = {}
    for name in names:
        _, err, body = connection.call(2, zk.GET_DATA, zk.path_watch(f"{base}/{name}"))
        assert err == 0
        data = reply_shape(zk.GET_DATA, b"\0" * 16 + body)[3].value
        assert isinstance(data, bytes)
        contents[name] = data
    return contents


def _check_writer(server: Peer, connection: zk.RawConnection, log: WriterLog) -> None:
    """The writer's part of the tree is that of a prefix with all that was answered."""
    assert log.wrong is None, log.wrong
    found = _read(connection, log.base)
    states = [log.contents, *(one.after for one in log.sent)]
    possible = states[log.answered :]
    if found not in possible:
        earlier = [number for number, state in enumerate(states) if state == found]
        pytest.fail(
            f"{log.base}: {log.answered} of {len(log.sent)} requests answered; the tree is that "
            + (f"after {earlier}" if earlier else f"of no prefix: {found}")
        )
    if log.session is not None and log.ephemeral is not None:
        _, err, _ = connection.call(3, zk.EXISTS, zk.path_watch(log.ephemeral))
        assert err == 0, f"the acknowledged ephemeral {log.ephemeral} is gone"
        with contextlib.closing(zk.RawConnection(server.port)) as own:
            again = own.handshake(zk.connect_request(log.session.session_id, log.session.password))
            assert again is not None
            assert again.session_id == log.session.session_id, "the session is not known"
            assert own.call(1, zk.CLOSE)[1] == 0
        _, err, _ = connection.call(4, zk.EXISTS, zk.path_watch(log.ephemeral))
        assert err == -101
    log.contents, log.sent, log.answered = found, [], 0
    log.session = log.ephemeral = None


def _killed_while_starting(server: Peer, rng: random.Random) -> None:
    server.launch()
    time.sleep(rng.uniform(0.0, 0.5))
    server.kill()


def _apache_shows_the_same(start_peer: StartPeer, server: Peer, copy: Path) -> None:
    """Kill the server with nothing under way, and have Apache open a copy of its directory."""
    ours, zxid = dump(server), last_zxid(server)
    server.kill()
    shutil.copytree(server.data_dir, copy)
    kind = next((k for k in (APACHE_39, APACHE_38) if k.why_missing() is None), None)
    if kind is not None:
        apache = start_peer(
            kind,
            config={**CONFIG, "dataDir": copy},
            properties=PROPERTIES,
            folder=copy.parent / "a",
        )
        # Its dump comes after the one here: the session of that one is in it, not its end.
        assert last_zxid(apache) >= zxid
        assert differences(ours, dump(apache)) == []
        apache.kill()
        shutil.rmtree(copy.parent / "a")
    shutil.rmtree(copy)
    server.start()


@pytest.fixture
def server(start_peer: StartPeer) -> Peer:
    return start_peer(SPECKEEPER, config=CONFIG, properties=PROPERTIES)


@pytest.mark.slow
@pytest.mark.timeout(max(300, ROUNDS * 6))
def test_nothing_acknowledged_is_lost(
    start_peer: StartPeer, server: Peer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rng = random.Random(SEED)
    logs = [WriterLog(f"/w{number}") for number in range(WRITERS)]
    with contextlib.closing(zk.RawConnection(server.port)) as connection:
        assert connection.handshake() is not None
        for log in logs:
            assert connection.call(1, zk.CREATE, zk.create(log.base))[1] == 0
    answered = sent = starts = 0

    for number in range(1, ROUNDS + 1):
        threads = []
        for writer, log in enumerate(logs):
            began = threading.Event()
            seed = SEED * 1_000_000 + number * 100 + writer
            thread = threading.Thread(target=_write, args=(server.port, log, seed, began))
            thread.start()
            began.wait(30)
            threads.append(thread)
        time.sleep(rng.choice((0.0, 0.01, 0.1, 0.3)) * rng.random())
        server.kill()
        for thread in threads:
            thread.join(60)
        while rng.random() < 0.15:
            _killed_while_starting(server, rng)
            starts += 1
        answered += sum(log.answered for log in logs)
        sent += sum(len(log.sent) for log in logs)

        server.start()
        seen = max(log.zxid for log in logs)
        assert last_zxid(server) >= seen, f"round {number}: a zxid that was seen is gone"
        with contextlib.closing(zk.RawConnection(server.port)) as connection:
            assert connection.handshake() is not None
            for log in logs:
                _check_writer(server, connection, log)
            assert connection.call(9, zk.CLOSE)[1] == 0
        if number % APACHE_EVERY == 0:
            _apache_shows_the_same(start_peer, server, tmp_path / "copy")

    with capsys.disabled():
        print(
            f"\n{ROUNDS} rounds, {starts} more kills while starting: "
            f"{answered} requests answered and kept, {sent - answered} sent and not answered"
        )
