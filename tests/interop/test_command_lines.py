"""Apache's own command lines, zkCli and the C client's cli_mt, on Apache and on SpecKeeper.

The same lines are typed on both servers and the outputs compared, once what differs by nature
(zxids, times, session ids) is masked. zkCli plays the scripts that `speckeeper shell` is judged by.
"""

from __future__ import annotations

import contextlib
import re
import subprocess
import threading
from itertools import groupby
from pathlib import Path

import pytest
from conftest import StartPeer
from peers import APACHE_38, APACHE_39, SPECKEEPER, Kind, Peer
from test_shell import PROPERTIES, SCRIPTS, ZkCli, empty, run, unfold

CLI_MT = Path("/usr/lib/zookeeper/bin/cli_mt")
ZK_CLI_SH = Path("/usr/share/zookeeper/bin/zkCli.sh")
CONFIG = {"extendedTypesEnabled": "true"}
TIMEOUT_S = 60.0
C_SCRIPT = """
    create /c
    create +e /c/e
    create +s /c/s-
    create +c /c/container
    create2 /c/two
    create /none/x
    create /c
    set /c hello
    set /none hello
    get /c
    get /none
    ls /c
    ls2 /c
    ls /none
    exists /c
    exists /none
    wexists /c/watched
    create /c/watched
    set /c/watched x
    aget /c
    als /c
    sync /c
    addauth digest ben:ben
    whoami
    watch on
    get /c
    set /c again
    delete /c
    delete /c/two
    delete /c/two
    getconfig
    nonsense
"""
# What cli_mt prints of the missing Stat of a marker, from another thread.
NO_STAT = ("Stat:", "null", "time", "")
_MASKS = (
    (re.compile(r"(zxid|mzxid|czxid|ephemeralOwner ?)= ?[0-9a-fx]*[1-9a-f][0-9a-f]*"), r"\1=#"),
    (re.compile(r"([cm]time ?= ?)\w{3} .*"), r"\1#"),
    (re.compile(r"time = -?\d+ msec"), "time"),
    (re.compile(r"session (id|Id)( = |: 0x)[0-9a-f]+"), "session #"),
)


# Scripts whose output on Apache depends on the order of a hash set (whoami), or on whether an event
# is printed before the shell goes on.
UNSETTLED = ("authentication", "connections", "persistent watches")


class Servers:
    """An Apache and a SpecKeeper with the settings that the scripts need."""

    def __init__(self, start_peer: StartPeer, judge: Kind) -> None:
        self.judge = start_peer(judge, config=CONFIG, properties=PROPERTIES)
        self.subject = start_peer(SPECKEEPER, config=CONFIG, properties=PROPERTIES)


@pytest.fixture(scope="module", params=[APACHE_38, APACHE_39], ids=lambda kind: kind.name)
def servers(request: pytest.FixtureRequest, start_module_peer: StartPeer) -> Servers:
    return Servers(start_module_peer, request.param)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in SCRIPTS if name not in UNSETTLED])
def test_zk_cli_shows_the_same(servers: Servers, name: str) -> None:
    shell = ZkCli(servers.judge.kind)
    outcomes = []
    for server in (servers.judge, servers.subject):
        empty(server)
        outcomes.append(run(shell.command(server.address), unfold(SCRIPTS[name], server)))

    assert outcomes[1] == outcomes[0]


def test_debian_s_zk_cli_script(start_peer: StartPeer) -> None:
    if not ZK_CLI_SH.exists():
        pytest.skip("Debian's zookeeper package is not installed")
    server = start_peer(SPECKEEPER)
    lines = "create /z one\nset /z two\nget -s /z\nls /\ndelete /z\nquit\n"

    done = subprocess.run(
        [str(ZK_CLI_SH), "-server", server.address],
        input=lines,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    for expected in ("Created /z", "two", "dataVersion = 1", "[z, zookeeper]"):
        assert expected in done.stdout + done.stderr


def _typed_into_cli_mt(server: Peer) -> list[str]:
    """What cli_mt prints, masked, with each line typed once the one before it is answered."""
    process = subprocess.Popen(
        [str(CLI_MT), server.address],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stderr is not None
    limit = threading.Timer(TIMEOUT_S, process.kill)
    limit.start()
    said: list[str] = []
    try:
        commands = [line.strip() for line in C_SCRIPT.strip().splitlines()]
        for number, command in enumerate(["", *commands]):
            # Answers are printed in order: when the marker's is there, so is the command's.
            process.stdin.write(f"{command}\nget /marker{number}\n")
            process.stdin.flush()
            said.append(f"> {command}")
            for line in process.stderr:
                if line.startswith(f"/marker{number}: rc = -101"):
                    break
                said.append(line.rstrip())
        process.stdin.write("quit\n")
        process.stdin.close()
        process.wait()
    finally:
        limit.cancel()
        process.kill()
        process.wait()
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
        process.stderr.close()
    start = next(i for i, line in enumerate(said) if line.startswith("> create"))
    kept = [line for line in said[start:] if "ZOO_" not in line]
    for pattern, instead in _MASKS:
        kept = [pattern.sub(instead, line) for line in kept]
    kept = [line for line in kept if line not in NO_STAT]
    # Names of children come in any order: sorted where they stand one below the other.
    groups = groupby(kept, key=lambda line: line.startswith("\t") and "=" not in line)
    return [line for is_name, lines in groups for line in (sorted(lines) if is_name else lines)]


def test_cli_mt_shows_the_same(servers: Servers) -> None:
    if not CLI_MT.exists():
        pytest.skip("Debian's zookeeper-bin package is not installed")
    for server in (servers.judge, servers.subject):
        empty(server)

    expected = _typed_into_cli_mt(servers.judge)
    said = _typed_into_cli_mt(servers.subject)

    assert sum(line.startswith(">") for line in expected) == len(C_SCRIPT.split("\n")) - 2
    assert any("rc = 0" in line for line in expected)
    assert said == expected
