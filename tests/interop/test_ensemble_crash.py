"""Three members of ours under load, killed again and again: no acknowledged write is lost."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from kazoo.client import KazooClient
from kazoo.exceptions import KazooException
from kazoo.handlers.threading import KazooTimeoutError
from tests.ports import free_port

TICK_MS = 300
ROUNDS = 5
PATIENCE_S = 40.0
SCRIPT = Path(__file__).with_name("member_process.py")


class Members:
    """Member processes with ids 1, 2 and 3."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._config = folder / "config"
        lines = [f"server.{s}=127.0.0.1:{free_port()}:{free_port()}\n" for s in (1, 2, 3)]
        self._config.write_text("".join(lines))
        self.ports = {sid: free_port() for sid in (1, 2, 3)}
        self._processes: dict[int, subprocess.Popen[bytes]] = {}

    def start(self, sid: int) -> None:
        command = [sys.executable, str(SCRIPT), str(sid), str(self._config)]
        command += [str(self._folder / str(sid)), str(TICK_MS), str(self.ports[sid])]
        with (
            (self._folder / f"{sid}.out").open("wb") as out,
            (self._folder / f"{sid}.log").open("ab") as log,
        ):
            self._processes[sid] = subprocess.Popen(command, stdout=out, stderr=log)

    def kill(self, sid: int) -> None:
        process = self._processes.pop(sid)
        process.kill()
        process.wait()

    def kill_all(self) -> None:
        for sid in [*self._processes]:
            self.kill(sid)

    def leader(self) -> int | None:
        """Who has said last that it leads."""
        for sid in self._processes:
            if (self._folder / f"{sid}.out").read_text().rstrip().endswith("role LEADING"):
                return sid
        return None

    def serves(self, sid: int) -> bool:
        """Whether a member has said that it leads or follows."""
        said = (self._folder / f"{sid}.out").read_text().rstrip()
        return said.endswith(("LEADING", "FOLLOWING"))

    def client(self, *ids: int) -> KazooClient:
        return KazooClient(
            ",".join(f"127.0.0.1:{self.ports[sid]}" for sid in ids or self.ports), timeout=6
        )


class Writer(threading.Thread):
    """Creates one node after the other; `acknowledged` has what it was told is there."""

    def __init__(self, members: Members, name: str) -> None:
        super().__init__(name=name)
        self._client = members.client()
        self.acknowledged: list[str] = []
        self.stopped = threading.Event()

    def run(self) -> None:
        self._client.start(60)
        number = 0
        while not self.stopped.is_set():
            number += 1
            path = f"/{self.name}-{number}"
            try:
                self._client.create(path, b"")
                self.acknowledged.append(path)
            except (KazooException, KazooTimeoutError):
                time.sleep(0.02)
        self._client.stop()
        self._client.close()


@pytest.fixture
def members(tmp_path: Path) -> Iterator[Members]:
    made = Members(tmp_path)
    for sid in made.ports:
        made.start(sid)
    yield made
    made.kill_all()


def wait_for(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "nothing happens"
        time.sleep(0.01)


def test_kill_leaders_and_followers(members: Members) -> None:
    writers = [Writer(members, f"w{number}") for number in range(3)]
    for writer in writers:
        writer.start()

    def acknowledged() -> int:
        return sum(len(writer.acknowledged) for writer in writers)

    try:
        wait_for(lambda: acknowledged() > 50)
        for number in range(ROUNDS):
            leader = members.leader()
            assert leader is not None
            victim = leader if number % 2 == 0 else leader % 3 + 1
            members.kill(victim)
            before = acknowledged()
            wait_for(lambda before=before: acknowledged() > before + 50)
            members.start(victim)
            wait_for(lambda victim=victim: members.serves(victim))
    finally:
        for writer in writers:
            writer.stopped.set()
        for writer in writers:
            writer.join(60)

    told = {path for writer in writers for path in writer.acknowledged}
    for sid in members.ports:
        client = members.client(sid)
        client.start(30)
        client.sync("/")
        assert told <= {f"/{child}" for child in client.get_children("/")}
        client.stop()
        client.close()
