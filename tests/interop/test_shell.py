"""`speckeeper shell` beside zkCli: the same command lines on the same server, the same answers.

Every script runs in zkCli, the tree is emptied, and it runs in `speckeeper shell`. Standard output,
standard error and exit codes must be equal once what differs by nature (zxids, times, session ids,
Java's own noise) is masked. Where the shell differs on purpose (docs/shell.md), a test of its own
says so.
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
from kazoo.client import KazooClient
from peers import APACHE_38, APACHE_39, SPECKEEPER, Kind, Peer, speckeeper_command

# The digest of super:secret.
SUPER = "super:lK75jTNcA+U9vtVEw5vB51mj/w4="
PROPERTIES = {
    "zookeeper.extendedTypesEnabled": "true",
    "zookeeper.DigestAuthenticationProvider.superDigest": SUPER,
}
TIMEOUT_S = 60.0
# zkCli prints events on a thread of its own and leaves without waiting for it.
EVENTS_S = 0.4

SCRIPTS: dict[str, str] = {
    "create": """
        create /t
        create /t again
        create /t/a "two words"
        create /t/b 'it "is" quoted'
        get /t/a
        get /t/b
        create -s /t/s- x
        create -s /t/
        create -e /t/e x
        create -e /t/e/below x
        create -se /t/es- x
        create -c /t/c
        create -t 100000 /t/ttl x
        create -t 100000 -s /t/ttl- x
        create -t 0 /t/bad
        create -t 1099511627776 /t/bad
        create -t soon /t/bad
        create -t 10 -e /t/bad
        create -t 10 -c /t/bad
        create -c -s /t/bad
        create /missing/child x
        create relative
        create //t
        create /t/
        create /t/../t
        create /t/./t
        create
        create -s
        create -q /t/bad
        create --s /t/bad
        create -t
        ls /t
        """,
    "create with an ACL": """
        create /t d world:anyone:cdrwa
        create /t/a d world:anyone:r,digest:u:x:cd
        getAcl /t/a
        create /t/b d nonsense
        create /t/c d digest:u
        create /t/d d world:anyone:rz
        getAcl /t/d
        create /t/e d auth::cdrwa
        create /t/f d foo:bar:r
        create /t/g d ip:127.0.0.1:cdrwa
        getAcl -s /t/g
        ls /t
        """,
    "get": """
        create /t data
        get /t
        get -s /t
        get -ss /t
        get -s -w -- /t
        get /t true
        get /t watch
        get -z /t
        get -sz /t
        get --s /t
        get t
        get /none
        get ""
        """,
    "ls": """
        create /t
        create /t/b
        create /t/a
        create /t/a/deep
        create /t/a/deep/er
        ls /t
        ls -s /t
        ls -R /t
        ls -sR /t
        ls -R -w /t/a
        ls /t watch
        ls /t/b
        ls /none
        ls -R /none
        ls
        ls -q /t
        ls /t/
        """,
    "stat": """
        create /t data
        stat /t
        stat -w /t
        stat /t true
        stat /none
        stat
        stat -x /t
        """,
    "set": """
        create /t data
        set /t one
        get /t
        set -s /t two
        set /t three -v 2
        set /t four -v 2
        set -v=3 /t five
        set -v4 /t six
        set -sv -1 /t seven
        set /t ignored words here
        get /t
        set /t ""
        get -s /t
        set /t
        set -v
        set /none x
        """,
    "delete": """
        create /t
        create /t/a
        create /t/b
        delete -v 7 /t/a
        delete -v 0 /t/a
        delete /t
        delete /none
        delete
        delete -v
        ls /t
        deleteall /t
        ls /
        deleteall /t
        deleteall
        deleteall -b many /t
        create /t
        create /t/a
        create /t/a/b
        create /t/c
        deleteall /t -b 2
        create /t
        create /t/a
        deleteall -b 0 /t
        deleteall -b -1 /none
        ls /
        """,
    "ACLs": """
        create /t
        getAcl /t
        getAcl -s /t
        getAcl /none
        getAcl
        setAcl /t world:anyone:crwa
        setAcl -s /t world:anyone:cdrwa
        setAcl -v 9 /t world:anyone:cdrwa
        setAcl -v 2 /t world:anyone:cdrwa
        setAcl /t nonsense
        setAcl /t auth::cdrwa
        setAcl /t
        setAcl /none world:anyone:r
        create /t/a
        create /t/a/b
        setAcl /t world:anyone:cdrwa
        setAcl -R /t world:anyone:cdra
        getAcl /t/a/b
        setAcl /t/a world:anyone:r
        setAcl /t/a world:anyone:cdrwa
        set /t/a x
        create /t/a/c
        """,
    "authentication": """
        whoami
        addauth digest ben:secret
        whoami
        create /t data auth::cdrwa
        getAcl /t
        create /t/a data digest:ben:PC0ZklqkbevtIFBcBaL/OQ9DLeA=:r
        getAcl /t/a
        addauth digest super:secret
        whoami
        getAcl /t/a
        addauth
        """,
    "locked out": """
        create /t data digest:leo:ha4dVNUKxFiwSZGQpvHXspyA1ps=:cdrwa
        get /t
        getAcl /t
        ls /t
        set /t x
        create /t/a
        setAcl /t world:anyone:r
        ls -R /t
        addauth digest super:secret
        get /t
        getAcl /t
        """,
    "counting and ephemerals": """
        create /t
        create /t/a
        create -e /t/e x
        create -e /t/a/e x
        create -e /te x
        getEphemerals
        getEphemerals /t/
        getEphemerals /t/a
        getEphemerals /none
        getEphemerals t
        getAllChildrenNumber /t
        getAllChildrenNumber /
        getAllChildrenNumber /none
        getAllChildrenNumber
        """,
    "sync and config": """
        create /t
        sync /t
        sync /none
        sync t
        sync
        config
        config -c
        config -s
        config -x
        reconfig
        reconfig -add server.9=127.0.0.1:1:2;3
        reconfig -remove 9
        reconfig -s -v zz -remove 9
        reconfig -members a -add b
        reconfig -members a -file b
        version now
        """,
    "quotas": """
        create /t
        create /t/a x
        listquota /t
        setquota -n 5 /t
        listquota /t
        setquota -b 100 /t
        setquota -N 1 /t
        setquota -B 1 /t
        listquota /t
        setquota -n 3 /t/a
        setquota -n 3 /
        setquota /t
        setquota -n
        setquota -n 3
        setquota -n 3 -b 4 /t
        delquota -n /t
        delquota -B /t
        delquota -N /t
        listquota /t
        create /t/b y
        listquota /t
        delquota -n -b /t
        delquota
        delquota /t
        delquota /t
        listquota /t
        listquota
        create /t/a/deep
        setquota -n 9 /t/a/deep
        setquota -n 9 /t
        setquota -n 9 /t/a
        delquota /t/a/deep
        ls -R /zookeeper/quota
        setquota -n 9 /t
        ls -R /zookeeper/quota
        """,
    "a hard quota": """
        create /t
        setquota -N 2 /t
        create /t/a
        create /t/b
        setquota -B 10 /t
        set /t/a "much more than ten bytes"
        ls /t
        """,
    "history": """
        create /t
        history
        redo 0
        redo 1
        redo 99
        redo -1
        redo 2
        printwatches
        printwatches off
        printwatches
        printwatches on
        nonsense
        ls -Rs
        history
        ls /
        ls /
        ls /
        ls /
        history
        """,
    "connections": """
        create /t
        create -e /te x
        connect
        ls /
        connect {server}/t
        ls /
        create /a x
        create -s /a x
        get /a
        getAllChildrenNumber /
        create -e /e x
        ls -R /
        stat /none
        close
        ls /
        get /a
        close
        connect {server}
        ls /t
        """,
    "standard watches": """
        create /t
        ls -w /t
        stat -w /t/a
        create /t/a x
        get -w /t/a
        set /t/a y
        set /t/a z
        get -w /t/a
        ls -w /t/a
        ls -w /t
        delete /t/a
        get -w /t
        deleteall /t
        """,
    "persistent watches": """
        create /t
        addWatch -m PERSISTENT /t
        create /t/a
        create /t/b
        set /t one
        set /t two
        delete /t/a
        create /t/b/c
        addWatch -m persistent_recursive /t/b
        create /t/b/d
        set /t/b/d x
        ls -w /t/b
        create /t/b/d/e
        deleteall /t/b
        create /t/b
        addWatch
        addWatch -m WEEKLY /t
        addWatch /t /u
        addWatch -m
        """,
    "removing watches": """
        create /t
        removewatches /t
        removewatches /none
        removewatches
        get -w /t
        removewatches -c /t
        removewatches -d /t
        removewatches -d /t
        ls -w /t
        removewatches /t -c
        stat -w /t/none
        removewatches -d /t/none
        get -w /t
        ls -w /t
        addWatch /t
        removewatches -a /t
        set /t quiet
        addWatch -m PERSISTENT /t
        removewatches /t -l
        create /t/a
        """,
}

# Command, and zkCli's exit code where the shell's differs on purpose.
ONE_SHOTS: list[tuple[str, int | None]] = [
    ("create /t data", None),
    ("get /t", None),
    ("get -s /t", None),
    ("get /none", None),
    ("get -z /t", None),
    ("get", None),
    ("set /t v -v 9", None),
    ("set /t v -v x", None),
    ("set /none v", None),
    ("ls /", None),
    ("ls -R /none", None),
    ("stat /t", None),
    ("stat /none", None),
    ("delete /none", None),
    ("delete -v 3 /t", None),
    ("deleteall /none", None),
    ("getAcl /t", None),
    ("setAcl /t bogus", None),
    ("getEphemerals", None),
    ("getAllChildrenNumber /t", None),
    ("sync /t", None),
    ("config", None),
    ("listquota /t", None),
    ("delquota /t", None),
    ("setquota -n 0 /t", 0),
    ("setquota -n 5 /none", None),
    ("removewatches /t", None),
    ("addWatch /t", None),
    ("whoami", None),
    ("history", None),
    ("printwatches", None),
    ("version", None),
    ("quit", None),
    ("nonsense", None),
]


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


_EVENT = re.compile(r"\nWATCHER::\n\n(WatchedEvent .*)\n")
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
    events = [mask(event) for event in _EVENT.findall(out)]
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
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Peer]:
    kind: Kind = request.param
    if kind.why_missing():
        pytest.skip(f"{kind.missing}")
    peer = Peer(
        kind,
        tmp_path_factory.mktemp(f"shell-{kind.name}"),
        config={"extendedTypesEnabled": "true"},
        properties=PROPERTIES,
    )
    peer.start()
    yield peer
    peer.stop()


@pytest.fixture(
    scope="module", params=[APACHE_38, APACHE_39], ids=lambda kind: f"zkCli-{kind.name}"
)
def zk_cli(request: pytest.FixtureRequest) -> ZkCli:
    kind: Kind = request.param
    if kind.why_missing():
        pytest.skip(f"{kind.missing}")
    return ZkCli(kind)


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


@pytest.fixture
def restartable(server: Peer, tmp_path: Path) -> Iterator[Peer]:
    """A server of the same kind that a test may stop and start."""
    peer = Peer(server.kind, tmp_path / "server", config=server.config, properties=PROPERTIES)
    peer.start()
    yield peer
    peer.stop()


def test_watches_outlive_a_restart_of_the_server(restartable: Peer) -> None:
    shell = Typist(restartable.address)
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

    restartable.stop()
    shell.await_line("state:Disconnected")
    shell.type("get /t")
    shell.await_line("KeeperErrorCode = ConnectionLoss for /t")
    restartable.start()
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
