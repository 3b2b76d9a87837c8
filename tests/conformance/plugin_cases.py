"""Tests that tests/conformance/test_pytest_plugin.py has pytest run: no tests of this project.

A server that lies is a relay that changes what a right one answers; traces that diverge are copied
to where a system records its own.
"""

import os
import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from kazoo.client import KazooClient

from speckeeper.testing import Ensemble

BAD = Path(__file__).parents[2] / "traces" / "bad" / "another-value"


@contextmanager
def relay(hosts: str) -> Iterator[str]:
    """Relay one connection to a server, and change the answer "truth" into "false"."""
    host, _, port = hosts.rpartition(":")
    with closing(socket.create_server(("127.0.0.1", 0))) as door:
        lines: list[socket.socket] = []

        def pump(source: socket.socket, sink: socket.socket) -> None:
            try:
                while data := source.recv(65536):
                    sink.sendall(data.replace(b"truth", b"false") if source is lines[1] else data)
                sink.shutdown(socket.SHUT_WR)
            except OSError:
                pass

        def accept() -> None:
            lines.extend((door.accept()[0], socket.create_connection((host, int(port)))))
            back = threading.Thread(target=pump, args=(lines[1], lines[0]))
            back.start()
            pump(lines[0], lines[1])
            back.join()

        thread = threading.Thread(target=accept)
        thread.start()
        yield f"127.0.0.1:{door.getsockname()[1]}"
        for line in lines:
            line.close()
        thread.join()


def lie(hosts: str) -> None:
    with relay(hosts) as lying:
        client = KazooClient(lying)
        client.start()
        client.create("/a", b"truth")
        assert client.get("/a")[0] == b"false"
        client.stop()
        client.close()


def test_good(speckeeper_server: Ensemble) -> None:
    client = speckeeper_server.client()
    client.create("/a", b"truth")
    assert client.get("/a")[0] == b"truth"


def test_lie(speckeeper_server: Ensemble) -> None:
    lie(speckeeper_server.hosts)


@pytest.mark.conformance(check=False)
def test_lie_that_is_not_judged(speckeeper_server: Ensemble) -> None:
    lie(speckeeper_server.hosts)


def test_fails_and_lies(speckeeper_server: Ensemble) -> None:
    lie(speckeeper_server.hosts)
    pytest.fail("for a reason of its own")


def test_bad_trace() -> None:
    shutil.copytree(BAD, Path(os.environ["SPECKEEPER_TRACE_DIR"]) / "another")


def test_unusable_trace() -> None:
    folder = Path(os.environ["SPECKEEPER_TRACE_DIR"]) / "no-trace"
    folder.mkdir(parents=True)
    (folder / "server-1.1.1.ndjson").write_text("{}\n")


def test_nothing() -> None:
    pass


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ensemble]:
    with Ensemble(tmp_path_factory.mktemp("wide"), 3) as ensemble:
        yield ensemble


def test_ensemble_loses_its_leader(wide: Ensemble) -> None:
    client = wide.client()
    client.create("/a", b"truth")
    leader = wide.leader
    assert leader is not None
    leader.kill()
    client.retry(client.set, "/a", b"truth too")
    leader.start()
    wide.wait()


def test_ensemble_goes_on(wide: Ensemble) -> None:
    client = wide.client()
    client.sync("/")  # of whatever server answers now
    assert client.get("/a")[0] == b"truth too"
    client.stop()
    client.close()


@pytest.fixture(scope="module")
def wide_and_wrong() -> None:
    shutil.copytree(BAD, Path(os.environ["SPECKEEPER_TRACE_DIR"]) / "wide")


def test_with_a_wide_fixture_that_is_wrong(wide_and_wrong: None) -> None:
    pass
