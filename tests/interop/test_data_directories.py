"""Data directories written by one server and opened by another, in all directions.

Apache ZooKeeper 3.8, 3.9 and SpecKeeper write every kind of node and transaction; the next server
must show the same nodes with the same data, ACLs and Stats, know the same last zxid, and take up
the writer's session with its password. Stopped by SIGTERM or kill -9, with and without snapshots
other than the first, and in turns on one directory.
"""

from __future__ import annotations

import itertools
import shutil
import subprocess
from pathlib import Path

import pytest
import raw_client as zk
from conftest import StartPeer, need
from peers import APACHE_38, APACHE_39, SPECKEEPER, Kind, Peer
from tree_dump import PROPERTIES, Writer, differences, dump, last_zxid

CONFIG: dict[str, object] = {
    "extendedTypesEnabled": "true",
    # Long enough that no session ends while its server is down.
    "maxSessionTimeout": 3600_000,
}
APACHES = (APACHE_38, APACHE_39)
DIRECTIONS = [
    *((apache, SPECKEEPER) for apache in APACHES),
    *((SPECKEEPER, apache) for apache in APACHES),
    (SPECKEEPER, SPECKEEPER),
]
# What an Apache log says when data does not fit its digest, or when the server did not like a file.
COMPLAINTS = (
    "Digests are not matching",
    "CRC check failed",
    "Unable to load database",
    "Problem with loading",
    "Severe unrecoverable",
)


def _serve(start_peer: StartPeer, kind: Kind, data_dir: Path, settings: dict[str, object]) -> Peer:
    return start_peer(
        kind, config={**CONFIG, **settings, "dataDir": data_dir}, properties=PROPERTIES
    )


def _end(server: Peer, crash: bool) -> None:
    if crash:
        server.kill()
    else:
        server.stop()


def _complaints(server: Peer) -> list[str]:
    lines = server.log_file.read_text(errors="replace").splitlines()
    return [line for line in lines if any(complaint in line for complaint in COMPLAINTS)]


@pytest.mark.parametrize("crash", [False, True], ids=["stopped", "killed"])
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"snapCount": 40},
        {"snapCount": 40, "snapshot.compression.method": "gz"},
        {"snapCount": 40, "snapshot.compression.method": "snappy"},
    ],
    ids=["log", "snapshots", "gzip", "snappy"],
)
@pytest.mark.parametrize(
    ("writer_kind", "reader_kind"), DIRECTIONS, ids=lambda kind: getattr(kind, "name", None)
)
def test_what_one_writes_the_other_reads(
    start_peer: StartPeer,
    tmp_path: Path,
    writer_kind: Kind,
    reader_kind: Kind,
    settings: dict[str, object],
    crash: bool,
) -> None:
    need(reader_kind)
    data_dir = tmp_path / "data"
    first = _serve(start_peer, writer_kind, data_dir, settings)
    writer = Writer(first, timeout_ms=3600_000)
    writer.everything("/first")
    writer.churn("/first", 150, seed=1)
    written = dump(first)
    zxid = last_zxid(first)
    writer.close()
    _end(first, crash)

    second = _serve(start_peer, reader_kind, data_dir, settings)
    assert last_zxid(second) == zxid
    assert differences(written, dump(second)) == []

    # The session goes on, and with its end its nodes go.
    connection = zk.RawConnection(second.port)
    session = connection.handshake(
        zk.connect_request(writer.session.session_id, writer.session.password)
    )
    assert session is not None
    assert session.session_id == writer.session.session_id
    _, err, _ = connection.call(1, zk.EXISTS, zk.path_watch("/first/e"))
    assert err == 0
    assert connection.call(2, zk.CLOSE)[1] == 0
    assert "/first/e" not in dump(second)
    assert not _complaints(second)
    # Each transaction carries the digest of the tree after it: the reader has checked them all.
    assert "zk_digest_mismatches_count\t0\n" in second.word("mntr")


@pytest.mark.slow
def test_servers_take_turns_on_one_directory(start_peer: StartPeer, tmp_path: Path) -> None:
    kinds = [kind for kind in (APACHE_38, SPECKEEPER, APACHE_39, SPECKEEPER) if _is_here(kind)]
    if len({kind for kind in kinds if kind.is_apache}) == 0 or SPECKEEPER not in kinds:
        pytest.skip("needs SpecKeeper and at least one Apache ZooKeeper")
    data_dir = tmp_path / "data"
    before = None
    for turn, kind in enumerate(itertools.islice(itertools.cycle(kinds), 9)):
        server = _serve(start_peer, kind, data_dir, {"snapCount": 60})
        if before is not None:
            assert differences(before, dump(server)) == [], f"turn {turn}, {kind.name}"
        writer = Writer(server, timeout_ms=3600_000)
        writer.everything(f"/turn{turn}")
        writer.churn(f"/turn{turn}", 100, seed=turn)
        if turn > 0:
            writer.churn(f"/turn{turn - 1}", 60, seed=-turn)
        before = dump(server)
        if turn % 3 == 2:
            assert writer.call(zk.CLOSE, b"") == 0
            before = dump(server)
        writer.close()
        _end(server, crash=turn % 2 == 0)
        assert not _complaints(server), f"turn {turn}, {kind.name}"


def _is_here(kind: Kind) -> bool:
    return kind.why_missing() is None


def _tool(kind: Kind, main_class: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    class_path = kind.class_path()
    assert class_path is not None
    return subprocess.run(
        ["java", "-cp", class_path, f"org.apache.zookeeper.server.{main_class}", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        stdin=subprocess.DEVNULL,
    )


@pytest.mark.parametrize("kind", APACHES, ids=lambda kind: kind.name)
def test_apache_s_tools_read_our_files(start_peer: StartPeer, tmp_path: Path, kind: Kind) -> None:
    need(kind)
    server = _serve(start_peer, SPECKEEPER, tmp_path / "data", {"snapCount": 50})
    writer = Writer(server)
    writer.everything("/tools")
    written = dump(server)
    writer.close()
    server.kill()

    files = sorted((tmp_path / "data" / "version-2").iterdir())
    logs = [file for file in files if file.name.startswith("log.")]
    snapshots = [file for file in files if file.name.startswith("snapshot.")]
    assert logs
    assert len(snapshots) > 1
    for log in logs:
        shown = _tool(kind, "persistence.TxnLogToolkit", "-d", str(log))
        assert shown.returncode == 0, shown.stderr
        assert "CRC ERROR" not in shown.stdout
        assert "EOF reached after" in shown.stdout
    newest = max(snapshots, key=lambda file: int(file.name.split(".")[1], 16))
    shown = _tool(kind, "SnapshotFormatter", str(newest))
    assert shown.returncode == 0, shown.stderr
    assert "/tools" in shown.stdout
    assert set(written) >= {
        line for line in shown.stdout.splitlines() if line.startswith("/tools/acl")
    }


def test_a_directory_in_use_is_refused(start_peer: StartPeer, tmp_path: Path) -> None:
    first = _serve(start_peer, SPECKEEPER, tmp_path / "data", {})
    second = start_peer(SPECKEEPER, config={**CONFIG, "dataDir": tmp_path / "data"}, start=False)
    second.launch()
    assert second.process is not None
    code = second.process.wait(30)
    second.process = None
    text = second.log_tail()

    assert code != 0
    assert str(tmp_path / "data") in text
    assert "Traceback" not in text
    assert "Mode: standalone" in first.word("srvr")
    shutil.rmtree(tmp_path / "data", ignore_errors=True)
