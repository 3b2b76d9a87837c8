"""Clients that load servers through a tap, so that there is a history to judge.

They ask for everything that the data model has, on few nodes, so that they meet; leave watches
everywhere, close sessions and begin anew, and go on when the connection is lost.
"""

from __future__ import annotations

import contextlib
import logging
import random
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from kazoo.client import KazooClient
from kazoo.exceptions import KazooException
from kazoo.handlers.threading import KazooTimeoutError
from kazoo.protocol.states import WatchedEvent
from kazoo.retry import KazooRetry
from kazoo.security import make_acl, make_digest_acl

_QUIET = logging.getLogger("history.load")
_QUIET.setLevel(logging.CRITICAL)
_NAMES = ("/a", "/b", "/a/x", "/a/y", "/b/z", "/a/x/deep")
_QUEUE = "/queue"
_WEIGHTS = {
    "get": 20,
    "exists": 12,
    "children": 10,
    "set": 16,
    "create": 10,
    "delete": 8,
    "sequence": 6,
    "ephemeral": 5,
    "multi": 5,
    "sync": 4,
    "acl": 2,
    "set_acl": 1,
    "version": 5,
    "dequeue": 4,
    "pipeline": 4,
}


class TapProcess:
    """`speckeeper tap` in front of servers; histories go to `folder`."""

    def __init__(self, upstream: str, folder: Path) -> None:
        self.folder = folder
        command = Path(sys.executable).with_name("speckeeper")
        self._process = subprocess.Popen(
            [command, "tap", "--listen", "127.0.0.1:0", "--upstream", upstream, "--out", folder],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line.startswith("tap on "), line
        self.address = line.split()[2].rstrip(",")

    def stop(self) -> None:
        """End it in good order."""
        self._process.terminate()
        self._process.wait(30)
        assert self._process.stdout is not None
        self._process.stdout.close()

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()
        self._process.wait(30)
        assert self._process.stdout is not None
        self._process.stdout.close()


class LoadClient(threading.Thread):
    """One client; `prepare` gets each kazoo client before it starts."""

    def __init__(
        self,
        hosts: str,
        seed: int,
        prepare: Callable[[KazooClient], object] = lambda client: None,
        timeout_s: float = 4.0,
    ) -> None:
        super().__init__(daemon=True, name=f"load-{seed}")
        self._hosts = hosts
        self._rng = random.Random(seed)
        self._prepare = prepare
        self._timeout_s = timeout_s
        self._count = 0
        self.operations = 0
        self.events = 0
        self.stopping = threading.Event()
        self.client: KazooClient | None = None

    def run(self) -> None:
        while not self.stopping.is_set():
            client = self._connect()
            if client is None:
                continue
            for _ in range(self._rng.randint(40, 400)):
                if self.stopping.is_set():
                    break
                self.operations += 1
                with contextlib.suppress(KazooException, KazooTimeoutError):
                    self._one(client)
            self._leave(client)

    def _connect(self) -> KazooClient | None:
        client = KazooClient(
            self._hosts,
            timeout=self._timeout_s,
            connection_retry=KazooRetry(max_tries=-1, delay=0.05, backoff=1.5, max_delay=0.5),
            command_retry=KazooRetry(max_tries=0),
            logger=_QUIET,
        )
        self._prepare(client)
        with contextlib.suppress(KazooException, KazooTimeoutError):
            client.start(timeout=5)
            if self._rng.random() < 0.3:
                client.add_auth("digest", "ann:secret")
            self.client = client
            return client
        client.stop()
        client.close()
        return None

    def _leave(self, client: KazooClient) -> None:
        if self._rng.random() < 0.2:
            _die(client)
            return
        with contextlib.suppress(KazooException):
            client.stop()
        with contextlib.suppress(KazooException, OSError):
            client.close()

    def _seen(self, _event: WatchedEvent) -> None:
        self.events += 1

    def _one(self, client: KazooClient) -> None:
        rng = self._rng
        self._count += 1
        path = rng.choice(_NAMES)
        data = f"{self.name}-{self._count}".encode() + bytes([rng.randrange(256)])
        watch = self._seen if rng.random() < 0.4 else None
        kind = rng.choices(list(_WEIGHTS), list(_WEIGHTS.values()))[0]
        if kind == "get":
            client.get(path, watch=watch)
        elif kind == "exists":
            client.exists(path, watch=watch)
        elif kind == "children":
            client.get_children(
                rng.choice(("/", "/a", "/b", _QUEUE)),
                watch=watch,
                include_data=rng.random() < 0.5,
            )
        elif kind == "set":
            client.set(path, data)
        elif kind == "create":
            acl = None
            if rng.random() < 0.1:
                acl = [make_digest_acl("ann", "secret", all=True)]
                acl.append(make_acl("world", "anyone", read=True, delete=True))
            client.create(path, data, acl=acl, include_data=rng.random() < 0.3)
        elif kind == "delete":
            client.delete(path)
        elif kind == "sequence":
            with contextlib.suppress(KazooException):
                client.create(_QUEUE, b"")
            client.create(f"{_QUEUE}/n-", data, sequence=True, ephemeral=rng.random() < 0.2)
        elif kind == "ephemeral":
            client.create(f"/b/e{rng.randrange(3)}", data, ephemeral=True)
        elif kind == "multi":
            transaction = client.transaction()
            transaction.create(f"/a/m{rng.randrange(3)}", data)
            transaction.set_data(rng.choice(_NAMES), data)
            if rng.random() < 0.5:
                transaction.check("/a", rng.randrange(5))
            if rng.random() < 0.5:
                transaction.delete(f"/a/m{rng.randrange(3)}")
            transaction.commit()
        elif kind == "sync":
            client.sync("/")
            client.get(path)
        elif kind == "acl":
            client.get_acls(path)
        elif kind == "set_acl":
            client.set_acls(path, [make_acl("world", "anyone", all=True)])
        elif kind == "version":
            _, stat = client.get(path)
            client.set(path, data, version=stat.version + rng.choice((0, 0, 1)))
        elif kind == "dequeue":
            names = client.get_children(_QUEUE)
            if names:
                client.delete(f"{_QUEUE}/{min(names)}")
        else:
            asked = [client.get_async(rng.choice(_NAMES)) for _ in range(5)]
            asked.append(client.set_async(path, data))
            asked += [client.exists_async(rng.choice(_NAMES)) for _ in range(3)]
            for answer in asked:
                with contextlib.suppress(KazooException):
                    answer.get(timeout=10)


def _die(client: KazooClient) -> None:
    """Drop the connection for good, without closing the session, as a process does that ends."""
    client._stopped.set()
    with contextlib.suppress(OSError, AttributeError):
        client._connection._socket.shutdown(socket.SHUT_RDWR)
    if client._connection.stop(10):
        client.close()


def load(
    hosts: str,
    clients: int,
    seconds: float,
    meanwhile: Callable[[], None] = lambda: None,
    prepare: Callable[[KazooClient], object] = lambda client: None,
    seed: int = 1,
) -> int:
    """Run clients for some time; return how many operations they tried."""
    threads = [LoadClient(hosts, seed * 100 + n, prepare) for n in range(clients)]
    for thread in threads:
        thread.start()
    until = time.monotonic() + seconds
    meanwhile()
    time.sleep(max(0.0, until - time.monotonic()))
    for thread in threads:
        thread.stopping.set()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive(), f"{thread.name} does not end"
    return sum(thread.operations for thread in threads)
