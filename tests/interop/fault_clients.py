"""Clients that load an ensemble while it suffers, each beside a model of what it was told.

What was acknowledged is known; of what ended with a lost connection either may be true, once. Both
are judged on the spot where one client can tell, and at the end in ``fault_checks.py``.
"""

from __future__ import annotations

import contextlib
import logging
import random
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kazoo.client import KazooClient
from kazoo.exceptions import (
    BadVersionError,
    ConnectionClosedError,
    ConnectionLoss,
    KazooException,
    NodeExistsError,
    NoNodeError,
    OperationTimeoutError,
    SessionExpiredError,
)
from kazoo.handlers.threading import KazooTimeoutError
from kazoo.retry import KazooRetry

from speckeeper.history.kazoo_clients import record

SESSION_S = 4.0
COUNTER, QUEUE, LIVE = "/counter", "/queue", "/live"
_ANSWER_S = 60.0
_QUIET = logging.getLogger("kazoo.quiet")  # it tells of every connection that is lost
_QUIET.setLevel(logging.CRITICAL)
_UNKNOWN = (
    ConnectionClosedError,
    ConnectionLoss,
    OperationTimeoutError,
    SessionExpiredError,
    KazooTimeoutError,
)


class Unknown(Exception):
    """Whether a request was carried out is not known."""


@dataclass
class History:
    """What all clients were told. Appending to a list is all that they do to it."""

    created: list[tuple[str, int]] = field(default_factory=list)
    """Paths with their czxid."""
    perhaps: list[str] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    perhaps_deleted: list[str] = field(default_factory=list)
    pairs: list[tuple[str, str, bool]] = field(default_factory=list)
    """Nodes of one multi, and whether it was acknowledged."""
    queued: list[tuple[str, int]] = field(default_factory=list)
    counted: list[int] = field(default_factory=list)
    """Versions of the counter that an increment was acknowledged with."""
    perhaps_counted: list[int] = field(default_factory=list)
    ended: set[int] = field(default_factory=set)
    """Sessions that expired or were closed."""
    wrong: list[str] = field(default_factory=list)
    operations: int = 0
    sessions: int = 0


@dataclass
class Register:
    """A node that one client writes: data is a number, each write one more."""

    path: str
    version: int = 0
    value: int = 0
    perhaps: int = 0
    """Writes since, of which it is not known whether they were carried out."""


class Client(threading.Thread):
    """One client of kazoo's; ``hosts`` is its connect string."""

    def __init__(
        self, hosts: str, number: int, seed: int, history: History, recorded: Path
    ) -> None:
        """``recorded``: the folder in which what it sees is recorded."""
        super().__init__(name=f"client-{number}", daemon=True)
        self._hosts = hosts
        self._rng = random.Random(seed * 1000 + number)
        self._history = history
        self._recorded = recorded
        self._base = f"/c{number}"
        self._count = 0
        self._mine: list[str] = []
        self._counter_seen = -1
        self._stopping = threading.Event()
        self.ephemeral = ""
        self.register = Register(f"{self._base}/register")
        self.session = 0
        self.client = self._connect()

    def stop(self) -> None:
        """Ask the thread to end; the session stays open."""
        self._stopping.set()

    def leave(self) -> None:
        """Close the session."""
        with contextlib.suppress(KazooException):  # it cannot be told now, and will expire
            self.client.stop()
        self.client.close()

    def run(self) -> None:
        try:
            for path in (self._base, self.register.path):
                self._make(path)
            while not self._stopping.is_set():
                self._history.operations += 1
                try:
                    self._hold_ephemeral()
                    self._one()
                except Unknown:
                    time.sleep(0.02)
        except Exception as error:  # noqa: BLE001  (told at the end of the test)
            self._wrong(f"{type(error).__name__}: {error}")

    # -- operations

    def _one(self) -> None:
        operations = (
            (self._create, 25),
            (self._write, 25),
            (self._read, 20),
            (self._count_up, 15),
            (self._delete, 10),
            (self._queue, 10),
            (self._pair, 8),
            (self._look_at_ephemeral, 5),
            (self._begin_anew, 0.2),
        )
        self._rng.choices([each for each, _ in operations], [often for _, often in operations])[0]()

    def _create(self) -> None:
        path = self._new_path("n")
        try:
            _, stat = self._ask("create", path, b"x" * self._rng.randrange(200), include_data=True)
        except Unknown:
            self._history.perhaps.append(path)
            raise
        except NodeExistsError:
            self._wrong(f"{path} was there before it was created")
            return
        self._history.created.append((path, stat.czxid))
        self._mine.append(path)

    def _delete(self) -> None:
        if not self._mine:
            return
        path = self._mine.pop(self._rng.randrange(len(self._mine)))
        try:
            self._ask("delete", path)
        except Unknown:
            self._history.perhaps_deleted.append(path)
            raise
        except NoNodeError:
            self._wrong(f"{path} was acknowledged, never deleted, and is not there")
            return
        self._history.deleted.append(path)

    def _write(self) -> None:
        register = self.register
        wanted = register.value + register.perhaps + 1
        try:
            stat = self._ask("set", register.path, b"%d" % wanted)
        except Unknown:
            register.perhaps += 1
            raise
        if not register.version < stat.version <= register.version + register.perhaps + 1:
            self._wrong(f"{register} was set to {wanted}, and has version {stat.version} now")
        register.version, register.value, register.perhaps = stat.version, wanted, 0

    def _read(self) -> None:
        register = self.register
        data, stat = self._ask("get", register.path)
        least, most = register.version, register.version + register.perhaps
        if not least <= stat.version <= most or int(data or b"0") < register.value:
            self._wrong(f"{register} was read as {data!r}, version {stat.version}")

    def _count_up(self) -> None:
        """Increment the counter that all share, if nobody else has done so meanwhile."""
        data, stat = self._ask("get", COUNTER)
        if int(data) != stat.version or stat.version < self._counter_seen:
            self._wrong(f"counter {data!r}, version {stat.version}, after {self._counter_seen}")
        self._counter_seen = stat.version
        try:
            stat = self._ask("set", COUNTER, b"%d" % (stat.version + 1), version=stat.version)
        except Unknown:
            self._history.perhaps_counted.append(self._counter_seen + 1)
            raise
        except BadVersionError:
            return
        self._counter_seen = stat.version
        self._history.counted.append(stat.version)

    def _queue(self) -> None:
        path, stat = self._ask("create", f"{QUEUE}/q-", b"", sequence=True, include_data=True)
        self._history.queued.append((path, stat.czxid))

    def _pair(self) -> None:
        """Two nodes by one multi: both or none."""
        first, second = self._new_path("p"), self._new_path("p")
        transaction = self.client.transaction()
        transaction.create(first, b"")
        transaction.create(second, b"")
        try:
            results = self._wait(transaction.commit_async())
        except Unknown:
            self._history.pairs.append((first, second, False))
            raise
        if any(isinstance(result, Exception) for result in results):
            self._wrong(f"multi of {first} and {second}: {results}")
        self._history.pairs.append((first, second, True))

    # -- sessions

    @property
    def _current(self) -> int:
        """The session that the client has, connected or not; 0 for none."""
        return self.client._session_id or 0  # what it gives out is None while it is cut off

    def _hold_ephemeral(self) -> None:
        """Have a node that ends with the session, and take note of sessions that ended."""
        session = self._current
        if session and session == self.session:
            return
        self._forget_session()
        if not session:
            self._ask("exists", "/")
            session = self._current
        self.ephemeral = f"{LIVE}{self._base}-{session:x}"
        with contextlib.suppress(NodeExistsError):  # by a request that was given up
            self._ask("create", self.ephemeral, b"", ephemeral=True)
        if self._current == session:
            self.session = session
            self._history.sessions += 1
        else:
            self._history.ended.add(session)

    def _forget_session(self) -> None:
        if self.session:
            self._history.ended.add(self.session)
        self.session = 0

    def _look_at_ephemeral(self) -> None:
        if self._ask("exists", self.ephemeral) is None:
            self._write()
            if self._current == self.session:
                self._wrong(f"{self.ephemeral} is gone, and its session goes on")

    def _begin_anew(self) -> None:
        """Close the session in good order and open another."""
        self.leave()
        self._forget_session()
        self.client = self._connect()

    # -- inside

    def _connect(self) -> KazooClient:
        client = KazooClient(
            self._hosts,
            timeout=SESSION_S,
            connection_retry=KazooRetry(max_tries=-1, delay=0.05, backoff=1.5, max_delay=0.5),
            command_retry=KazooRetry(max_tries=0),
            logger=_QUIET,
        )
        record(client, self._recorded).start_async()
        return client

    def _make(self, path: str) -> None:
        while not self._stopping.is_set():
            try:
                self._ask("create", path, b"0")
                return
            except NodeExistsError:
                return
            except Unknown:
                time.sleep(0.05)

    def _new_path(self, kind: str) -> str:
        self._count += 1
        return f"{self._base}/{kind}{self._count}"

    def _ask(self, method: str, *arguments: Any, **options: Any) -> Any:
        return self._wait(getattr(self.client, f"{method}_async")(*arguments, **options))

    def _wait(self, answer: Any) -> Any:
        try:
            return answer.get(timeout=_ANSWER_S)
        except _UNKNOWN as error:
            raise Unknown(str(error)) from error

    def _wrong(self, text: str) -> None:
        self._history.wrong.append(f"{self.name}: {text}")
