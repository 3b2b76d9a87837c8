"""Client libraries in C, Go, JavaScript and Java: the same program on Apache and on SpecKeeper.

Each program in clients/ prints what it gets. It must come to its end on every server, and what it
prints on SpecKeeper must be, line by line, what it prints on Apache. A line "!cut" asks for its TCP
connections to be cut, so that the client has to come back with its session and its watches.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import StartPeer
from peers import APACHE_38, APACHE_39, CACHE, HERE, SPECKEEPER, Kind, Peer
from proxy import CuttingProxy

PROGRAMS = HERE / "clients"
TIMEOUT_S = 120.0
CONFIG = {"extendedTypesEnabled": "true"}
GO_PACKAGE = Path("/usr/share/gocode/src/github.com/samuel/go-zookeeper")
NODE_MODULES = CACHE / "node" / "node_modules"


def _compile(command: list[str], environment: dict[str, str] | None = None) -> None:
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
    )
    assert done.returncode == 0, done.stderr


def c_program(folder: Path) -> tuple[list[str], dict[str, str]]:
    if not Path("/usr/include/zookeeper/zookeeper.h").exists() or shutil.which("gcc") is None:
        pytest.skip("libzookeeper-mt-dev or gcc is not installed")
    target = folder / "client"
    flags = ["-Wall", "-Wextra", "-Werror", "-O1"]
    _compile(["gcc", *flags, "-o", str(target), str(PROGRAMS / "client.c"), "-lzookeeper_mt"])
    return [str(target)], {}


def go_program(folder: Path) -> tuple[list[str], dict[str, str]]:
    if not GO_PACKAGE.exists() or shutil.which("go") is None:
        pytest.skip("golang-go or golang-github-samuel-go-zookeeper-dev is not installed")
    target = folder / "client"
    environment = {
        **os.environ,
        "GO111MODULE": "off",
        "GOPATH": "/usr/share/gocode",
        "GOFLAGS": "",
        "GOCACHE": str(CACHE / "go-build"),
    }
    _compile(["go", "build", "-o", str(target), str(PROGRAMS / "client.go")], environment)
    return [str(target)], {}


def node_program(folder: Path) -> tuple[list[str], dict[str, str]]:
    if shutil.which("node") is None or not (NODE_MODULES / "node-zookeeper-client").exists():
        pytest.skip("node or node-zookeeper-client is not installed: run .ci/install-interop")
    return ["node", str(PROGRAMS / "client.js")], {"NODE_CLIENT_MODULES": str(NODE_MODULES)}


def curator_program(folder: Path) -> tuple[list[str], dict[str, str]]:
    if shutil.which("javac") is None:
        pytest.skip("no Java compiler: default-jdk-headless is not installed")
    class_path = APACHE_39.class_path()
    if class_path is None:
        pytest.skip(APACHE_39.missing)
    _compile(["javac", "-cp", class_path, "-d", str(folder), str(PROGRAMS / "CuratorClient.java")])
    path = os.pathsep.join((str(folder), class_path))
    return ["java", "-XX:TieredStopAtLevel=1", "-cp", path, "CuratorClient"], {}


LANGUAGES: dict[str, Callable[[Path], tuple[list[str], dict[str, str]]]] = {
    "c": c_program,
    "go": go_program,
    "node": node_program,
    "curator": curator_program,
}


def transcript(command: list[str], extra: dict[str, str], server: Peer) -> list[str]:
    """Run a client program through a proxy, cutting when it asks; the lines that it prints."""
    proxy = CuttingProxy(server.port)
    process = subprocess.Popen(
        [*command, f"127.0.0.1:{proxy.port}"],
        env={**os.environ, **extra},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    limit = threading.Timer(TIMEOUT_S, process.kill)
    limit.start()
    lines: list[str] = []
    try:
        for line in process.stdout:
            lines.append(line.rstrip("\n"))
            if lines[-1] == "!cut":
                proxy.cut()
        errors = process.stderr.read()
        code = process.wait()
    finally:
        limit.cancel()
        process.kill()
        process.stdout.close()
        process.stderr.close()
        proxy.close()
    said = "\n".join(lines[-30:])
    assert code == 0, f"ends with {code} on {server.kind.name}:\n{said}\n{errors[-3000:]}"
    return lines


@pytest.fixture(scope="module")
def program(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[list[str], dict[str, str]]:
    name: str = request.param
    return LANGUAGES[name](tmp_path_factory.mktemp(name))


@pytest.mark.parametrize("program", LANGUAGES, indirect=True)
@pytest.mark.parametrize("judge", [APACHE_38, APACHE_39], ids=lambda kind: kind.name)
def test_client_finds_no_difference(
    start_peer: StartPeer, program: tuple[list[str], dict[str, str]], judge: Kind
) -> None:
    command, extra = program
    apache = start_peer(judge, config=CONFIG)
    ours = start_peer(SPECKEEPER, config=CONFIG)

    expected = transcript(command, extra, apache)
    said = transcript(command, extra, ours)

    assert len(expected) > 20
    assert said == expected
