"""Server processes for tests: one server or an ensemble, on free ports of this machine."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from kazoo.client import KazooClient

from speckeeper.testing.recording import know_ensemble

HOST = "127.0.0.1"
TICK_TIME_MS = 500
_START_S = 60.0
_STOP_S = 20.0
_POLL_S = 0.05
_ASK_S = 1.0
_LAST_LINES = 10
_PORTS = 10_000, 32_768
_chance = random.SystemRandom()


class NotServing(Exception):
    """A server does not serve; ``str()``: which, and the end of its log."""


class Member:
    """One server process; ``folder`` has zoo.cfg, data and server.log; ``address``: for clients."""

    def __init__(self, id_: int, folder: Path, port: int, environment: Mapping[str, str]) -> None:
        self.id = id_
        self.folder = folder
        self.address = f"{HOST}:{port}"
        self._port = port
        self._environment = dict(environment)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def is_running(self) -> bool:
        """Whether there is a process."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start the process; :meth:`Ensemble.wait` waits until it serves."""
        if self.is_running:
            return
        command = [sys.executable, "-c", "from speckeeper.ops.cli import main; main()"]
        with (self.folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                [*command, "serve", str(self.folder / "zoo.cfg")],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self._environment,
                start_new_session=True,
            )

    def stop(self) -> None:
        """Stop the server in order; a process that does not end is killed."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """Kill the process, as by kill -9."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(_STOP_S)

    def pause(self) -> None:
        """Stop the process where it is, until :meth:`resume`."""
        if self._process is not None:
            self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let a process go on."""
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)

    @property
    def mode(self) -> str | None:
        """``leader``, ``follower`` or ``standalone``, None while it does not serve."""
        try:
            with socket.create_connection((HOST, self._port), _ASK_S) as line:
                line.settimeout(_ASK_S)
                line.sendall(b"srvr")
                said = b""
                while more := line.recv(4096):
                    said += more
        except OSError:
            return None
        for row in said.decode("ascii", "replace").splitlines():
            if row.startswith("Mode: "):
                return row.removeprefix("Mode: ")
        return None

    def last_words(self) -> str:
        """Return the end of its log."""
        try:
            text = (self.folder / "server.log").read_text("utf-8", "replace")
        except OSError:
            return "it has no log"
        return "\n".join(text.splitlines()[-_LAST_LINES:])


class Ensemble:
    """Servers that form an ensemble; one alone is a standalone server.

    ``config``: more lines of every zoo.cfg. A context manager: started when it is entered, and all
    processes are gone when it is left. With ``--conformance`` all its members are recorded, also
    those that are started again later.
    """

    def __init__(
        self, folder: Path, servers: int = 3, config: Mapping[str, Any] | None = None
    ) -> None:
        if servers < 1:
            raise ValueError("an ensemble has one server at least")
        ports = _free_ports(3 * servers)
        # What is recorded where is decided here, and stays so for members that are restarted.
        environment = dict(os.environ)
        self.members = {
            n: Member(n, folder / str(n), ports[n - 1], environment) for n in range(1, servers + 1)
        }
        know_ensemble(member.address for member in self.members.values())
        lines = {
            f"server.{n}": f"{HOST}:{ports[servers + 2 * n - 2]}:{ports[servers + 2 * n - 1]}"
            for n in self.members
            if servers > 1
        }
        for member in self.members.values():
            self._write(member, {**lines, **(config or {})})
        self._clients: list[KazooClient] = []

    @staticmethod
    def _write(member: Member, config: Mapping[str, Any]) -> None:
        data = member.folder / "data"
        data.mkdir(parents=True)
        (data / "myid").write_text(f"{member.id}\n")
        settings = {
            "tickTime": TICK_TIME_MS,
            "initLimit": 20,
            "syncLimit": 10,
            "dataDir": str(data.absolute()).replace("\\", "\\\\"),
            "clientPort": member.address.rpartition(":")[2],
            "clientPortAddress": HOST,
            "admin.enableServer": "false",
            "4lw.commands.whitelist": "*",
            **config,
        }
        text = "".join(f"{key}={value}\n" for key, value in settings.items())
        (member.folder / "zoo.cfg").write_text(text, "iso-8859-1")

    @property
    def hosts(self) -> str:
        """The connect string of all members."""
        return ",".join(member.address for member in self.members.values())

    @property
    def leader(self) -> Member | None:
        """The member that says it leads, or serves alone; None without one."""
        for member in self.members.values():
            if member.mode in {"leader", "standalone"}:
                return member
        return None

    def start(self, *ids: int) -> Ensemble:
        """Start members, all if none is named, and wait until they serve. Raises NotServing."""
        for n in ids or self.members:
            self.members[n].start()
        self.wait(*ids)
        return self

    def wait(self, *ids: int) -> None:
        """Wait until members serve, all if none is named. Raises NotServing."""
        for n in ids or self.members:
            member = self.members[n]
            until = time.monotonic() + _START_S
            while member.mode is None:
                if not member.is_running or time.monotonic() > until:
                    why = "does not serve" if member.is_running else "has ended"
                    raise NotServing(f"server {n} {why}; its log ends so:\n{member.last_words()}")
                time.sleep(_POLL_S)

    def stop(self) -> None:
        """Close the clients that :meth:`client` made, and stop all servers in order."""
        for client in self._clients:
            client.stop()
            client.close()
        self._clients.clear()
        for member in self.members.values():
            member.resume()
            member.stop()

    def client(self, hosts: str | None = None, **options: Any) -> KazooClient:
        """Return a started kazoo client, of all members or of ``hosts``."""
        client = KazooClient(hosts or self.hosts, **options)
        client.start(timeout=_START_S)
        self._clients.append(client)
        return client

    def __enter__(self) -> Ensemble:
        try:
            return self.start()
        except BaseException:
            self.stop()
            raise

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def _free_ports(count: int) -> list[int]:
    """Return ports that nobody has now, below those that Linux gives to outgoing connections.

    So no client takes one before its server does; two runs at once choose at random.
    """
    found: list[int] = []
    while len(found) < count:
        port = _chance.randrange(*_PORTS)
        if port in found:
            continue
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind((HOST, port))
            found.append(port)
    return found
