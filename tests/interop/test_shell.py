"""`speckeeper shell` beside zkCli: the same command lines on the same server, the same answers.

Every script runs in zkCli, the tree is emptied, and it runs in `speckeeper shell`. Standard output,
standard error and exit codes must be equal once what differs by nature (zxids, times, session ids,
Java's own noise) is masked. Where the shell differs on purpose (docs/shell.md), a unit test has it.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, takewhile
from pathlib import Path
from typing import NamedTuple

import pytest
from conftest import StartPeer, need
from kazoo.client import KazooClient
from peers import APACHE_38, APACHE_39, SPECKEEPER, Kind, Peer, speckeeper_command
from shell_scripts import ONE_SHOTS, SCRIPTS

# The digest of super:secret.
SUPER = "super:lK75jTNcA+U9vtVEw5vB51mj/w4="
CONFIG = {"extendedTypesEnabled": "true"}
PROPERTIES = {
    "zookeeper.extendedTypesEnabled": "true",
    "zookeeper.DigestAuthenticationProvider.superDigest": SUPER,
}
TIMEOUT_S = 60.0
# zkCli prints events on a thread of its own and leaves without waiting for it.
EVENTS_S = 0.4


class Outcome(NamedTuple):
    """What a shell said, with all that differs by nature masked, and how it ended."""

    out: list[str]
    error: list[str]
    events: list[str]
    exit_code: int


class ZkCli(NamedTuple):
    """Apache's shell of some version."""

    kind: Kind

    def command(self, server: str) -> list[str]:
        class_path = self.kind.class_path()
        assert class_path is not None
        # With JLine on the class path zkCli echoes a prompt for every line, even into a pipe.
        jars = [jar for jar in class_path.split(os.pathsep) if "jline" not in Path(jar).name]
        return [
            *("java", "-Xshare:auto", "-XX:TieredStopAtLevel=1", "-Dfile.encoding=UTF-8"),
            *("-cp", os.pathsep.join(jars)),
            *("org.apache.zookeeper.ZooKeeperMain", "-server", server),
        ]


def our_command(server: str) -> list[str]:
    executable = speckeeper_command()
    assert executable is not None
    return [executable, "shell", "-server", server]


def run(command: Sequence[str], script: str | None = None) -> Outcome:
    """Run a shell on a script, or on the one command that its arguments end with."""
    environment = {**os.environ, "TZ": "UTC", "LC_ALL": "C.UTF-8"}
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )
    seen = ""
    if script is not None and "atch" in script:
        seen = read_all_replies(process, script)
        time.sleep(EVENTS_S)
        script = None
    out, error = process.communicate(script, timeout=TIMEOUT_S)
    return outcome(seen + out, error, process.returncode)


def read_all_replies(process: subprocess.Popen[str], script: str) -> str:
    """Send a script and `version` behind it; return what comes up to the answer to that."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(script + "version\n")
    process.stdin.flush()
    before_version = takewhile(lambda line: not line.startswith("ZooKeeper CLI"), process.stdout)
    return "".join(before_version)


# zkCli prints the two lines of an event one by one: what a command says may come in between.
_EVENT = re.compile(r"^(?:WATCHER::|(WatchedEvent .*))$", re.MULTILINE)
_MASKS = (
    (re.compile(r"(xid|ephemeralOwner) = 0x[1-9a-f][0-9a-f]*"), r"\1 = 0x#"),
    (re.compile(r"(time) = \w{3} \w{3} \d\d .* \d{4}$"), r"\1 = #"),
    (re.compile(r"^\S*\.commons\.cli\.\w+: "), ""),
    (re.compile(r"Command not found: Command not found"), "Command not found:"),
    (re.compile(r"^(ZooKeeper CLI version): .*"), r"\1"),
    (re.compile(r" zxid: -?\d+$"), ""),
    # Usage of get and set: 3.8 has no -b and -x; 3.9 adds a line per flag.
    (re.compile(r"^get \[-s\] \[-w\].*"), "get ..."),
    (re.compile(r"^set (\[-s\] \[-v version\] path data|path data \[-s\].*)"), "set ..."),
)
_NOISE = re.compile(
    r"^(SLF4J|Connecting to|Welcome to|JLine|log4j:|\t|ZooKeeper -server|.*\[main)"
    r"| - (INFO|WARN)|^ -[bswxv](  | <)"
)


def outcome(out: str, error: str, exit_code: int) -> Outcome:
    # Whether connecting and leaving show depends on which thread is faster in zkCli.
    events = [mask(event) for event in _EVENT.findall(out) if event]
    return Outcome(
        lines(_EVENT.sub("", out)),
        lines(error),
        in_settled_order(event for event in events if "type:None" not in event),
        exit_code,
    )


def in_settled_order(events: Iterable[str]) -> list[str]:
    """Sort what one removal reports: in zkCli it comes in the order of a hash table."""
    settled: list[str] = []
    for removals, group in groupby(events, lambda event: "Removed" in event):
        in_a_row = list(group)
        settled += sorted(in_a_row) if removals else in_a_row
    return settled


def lines(text: str) -> list[str]:
    return [mask(line) for line in text.splitlines() if line.strip() and not _NOISE.search(line)]


def mask(line: str) -> str:
    for pattern, instead in _MASKS:
        line = pattern.sub(instead, line)
    # Lists of ephemerals come in the order of the server's hash table.
    if line.startswith("[/") and line.endswith("]"):
        line = f"[{', '.join(sorted(line[1:-1].split(', ')))}]"
    return line


def empty(server: Peer) -> None:
    """Delete all nodes but the server's own."""
    client = KazooClient(hosts=server.address, auth_data=[("digest", "super:secret")])
    client.start()
    try:
        for parent in ("/zookeeper/quota", "/"):
            for name in client.get_children(parent):
                if name != "zookeeper":
                    client.delete(f"{parent.rstrip('/')}/{name}", recursive=True)
    finally:
        client.stop()
        client.close()


@pytest.fixture(scope="module", params=[APACHE_38, SPECKEEPER], ids=lambda kind: kind.name)
def server(request: pytest.FixtureRequest, start_module_peer: StartPeer) -> Peer:
    return start_module_peer(request.param, CONFIG, PROPERTIES)


@pytest.fixture(
    scope="module", params=[APACHE_38, APACHE_39], ids=lambda kind: f"zkCli-{kind.name}"
)
def zk_cli(request: pytest.FixtureRequest) -> ZkCli:
    return ZkCli(need(request.param))


@pytest.fixture
def clean(server: Peer) -> Iterator[Peer]:
    empty(server)
    yield server
    empty(server)


def unfold(script: str, server: Peer) -> str:
    return "".join(
        f"{line.strip().replace('{server}', server.address)}\n"
        for line in script.strip().splitlines()
    )


@pytest.mark.parametrize("name", SCRIPTS)
def test_script_gets_the_same_answers(clean: Peer, zk_cli: ZkCli, name: str) -> None:
    script = unfold(SCRIPTS[name], clean)

    theirs = run(zk_cli.command(clean.address), script)
    empty(clean)
    ours = run(our_command(clean.address), script)

    assert ours.out == theirs.out
    assert ours.error == theirs.error
    assert ours.events == theirs.events


@pytest.mark.parametrize("zk_cli", [APACHE_38], indirect=True, ids=["zkCli-apache-3.8.0"])
def test_one_shot_commands_get_the_same_answers_and_exit_codes(clean: Peer, zk_cli: ZkCli) -> None:
    wrong = []
    for command, their_code in ONE_SHOTS:
        theirs = run([*zk_cli.command(clean.address), *command.split()])
        if command.startswith("create"):
            empty(clean)
        ours = run([*our_command(clean.address), *command.split()])
        expected = theirs.exit_code if their_code is None else 1
        if their_code is not None and theirs.exit_code != their_code:
            wrong.append((command, "zkCli ends with", theirs.exit_code))
        # Where zkCli dies of an exception, there is a stack trace on one side only.
        died = any("Exception in thread" in line for line in theirs.error)
        same_text = died or (ours.out, ours.error) == (theirs.out, theirs.error)
        if ours.exit_code != expected or not same_text:
            wrong.append((command, theirs, ours))

    assert not wrong


class Typist:
    """A `speckeeper shell` that is fed line by line and read as it answers."""

    def __init__(self, server: str, *flags: str) -> None:
        command = [*our_command(server), *flags]
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.said: list[str] = []

    def type(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def await_line(self, part: str) -> str:
        """Read up to a line with this in it; the time limit is the test's."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said.append(line)
            if part in line:
                return line.rstrip("\n")
        raise AssertionError(f"{part!r} never came in:\n{''.join(self.said)}")

    def leave(self) -> int:
        self.process.communicate("quit\n", timeout=TIMEOUT_S)
        return self.process.returncode


def test_watches_outlive_a_restart_of_the_server(server: Peer, start_peer: StartPeer) -> None:
    restarted = start_peer(server.kind, CONFIG, PROPERTIES)
    shell = Typist(restarted.address)
    for line in (
        "create /t x",
        "create -e /mine x",
        "get -w /t",
        "stat -w /later",
        "addWatch -m PERSISTENT_RECURSIVE /kept",
        "whoami",
    ):
        shell.type(line)
    shell.await_line("ip: 127.0.0.1")

    restarted.stop()
    shell.await_line("state:Disconnected")
    shell.type("get /t")
    shell.await_line("KeeperErrorCode = ConnectionLoss for /t")
    restarted.start()
    shell.await_line("state:SyncConnected")

    for line in ("create /kept", "create /kept/below", "create /later", "set /t y", "get /mine"):
        shell.type(line)
    for event in (
        "type:NodeCreated path:/kept ",
        "type:NodeCreated path:/kept/below ",
        "type:NodeCreated path:/later ",
        "type:NodeDataChanged path:/t ",
    ):
        shell.await_line(event)
    assert shell.await_line("x") == "x"
    assert shell.leave() == 0


def test_an_expired_session_says_so_and_another_can_be_had(clean: Peer) -> None:
    shell = Typist(clean.address, "-timeout", "4000")
    watcher = KazooClient(hosts=clean.address)
    watcher.start()
    try:
        shell.type("create -e /mine x")
        shell.await_line("Created /mine")

        shell.process.send_signal(signal.SIGSTOP)
        deadline = time.monotonic() + TIMEOUT_S
        while watcher.exists("/mine"):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        shell.process.send_signal(signal.SIGCONT)

        shell.await_line("state:Expired")
        shell.type("ls /")
        shell.await_line("Not connected")
        shell.type("connect")
        shell.type("ls /")
        assert shell.await_line("[") == "[zookeeper]"
        assert shell.leave() == 0
    finally:
        watcher.stop()
        watcher.close()


def test_a_dead_server_is_named_with_the_reason(clean: Peer) -> None:
    ours = run([*our_command("127.0.0.1:1"), "ls", "/"])

    assert ours.error == [
        "KeeperErrorCode = ConnectionLoss for /",
        "127.0.0.1:1: Connection refused",
    ]
    assert ours.exit_code == 1
