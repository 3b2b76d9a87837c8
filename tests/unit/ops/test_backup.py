"""Backups: taken while a server is written to, verified, put back, and of any point in time."""

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from kazoo.client import KazooClient
from kazoo.security import make_digest_acl
from tests.unit.ops.live import Live, live, run

AUTH = "digest super:secret"
# base64(SHA1("super:secret"))
SUPER = "DigestAuthenticationProvider.superDigest=super:lK75jTNcA+U9vtVEw5vB51mj/w4="
OFTEN = "admin.rateLimiterIntervalInMS=0"


@contextmanager
def client(server: Live) -> Iterator[KazooClient]:
    made = KazooClient(server.hosts)
    made.start(20)
    try:
        yield made
    finally:
        made.stop()
        made.close()


@contextmanager
def busy(server: Live) -> Iterator[list[int]]:
    """Writes a number into two nodes at once, again and again; yields the last one written."""
    ended, written = threading.Event(), [0]

    def write() -> None:
        with client(server) as kazoo:
            while not ended.is_set():
                both = kazoo.transaction()
                for name in ("/a", "/z"):
                    both.set_data(name, b"%d" % (written[0] + 1))
                both.create("/log/n", sequence=True)
                both.commit()
                written[0] += 1

    thread = threading.Thread(target=write)
    thread.start()
    try:
        while not written[0]:
            pass
        yield written
    finally:
        ended.set()
        thread.join()


def fill(kazoo: KazooClient) -> None:
    """So many nodes that a snapshot takes a while."""
    for name in ("/a", "/z", "/log", "/many"):
        kazoo.create(name, b"0")
    for part in range(20):
        many = kazoo.transaction()
        for number in range(500):
            many.create(f"/many/{part}-{number}", b"x" * 50)
        many.commit()


def test_a_backup_taken_under_load_is_of_one_moment_and_can_be_put_back(tmp_path: Path) -> None:
    with live(tmp_path, SUPER, OFTEN) as server:
        admin = f"127.0.0.1:{server.admin_port}"
        with client(server) as kazoo:
            fill(kazoo)
        with busy(server) as written:
            taken = []
            for _ in range(3):
                before = written[0]
                done = run("backup", admin, str(tmp_path / "backups"), "--auth", AUTH)
                assert done.returncode == 0, done.stderr
                assert "its digest is right" in done.stdout
                taken.append((before, Path(done.stdout.partition(": ")[0]), written[0]))
        verified = run("snapshot", "verify", *(str(path) for _, path, _ in taken))
        assert verified.returncode == 0
        before, path, after = taken[0]
        done = run("restore", admin, str(path), "--auth", AUTH)
        assert done.returncode == 0, done.stderr
        with client(server) as kazoo:
            first, last = int(kazoo.get("/a")[0]), int(kazoo.get("/z")[0])
            assert first == last == len(kazoo.get_children("/log"))
            assert before <= first <= after + 1
            assert len(kazoo.get_children("/many")) == 10_000
        assert server.stop()[0] == 0
        assert [*(tmp_path / "data").glob("backup.*")] == []


def test_any_point_in_time_can_be_rebuilt(tmp_path: Path) -> None:
    with live(tmp_path, SUPER, OFTEN) as server:
        with client(server) as kazoo:
            kazoo.create("/n0")
            early = run(
                "backup", f"127.0.0.1:{server.admin_port}", str(tmp_path / "b"), "--auth", AUTH
            )
            assert early.returncode == 0, early.stderr
            names = ["/n0"]
            for number in range(1, 10):
                stat = kazoo.create(f"/n{number}", include_data=True)[1]
                names.append(f"/n{number}")
                if number == 5:
                    wanted = stat.czxid
        server.stop()
    source = str(tmp_path / "data")
    done = run("snapshot", "rebuild", source, "--out", str(tmp_path / "at5"), "--zxid", hex(wanted))
    assert done.returncode == 0, done.stderr
    assert f"zxid {wanted:#x}" in done.stdout
    at5 = tmp_path / "again"
    at5.mkdir()
    shutil.move(str(tmp_path / "at5"), at5 / "data")
    with live(at5) as server, client(server) as kazoo:
        assert set(kazoo.get_children("/")) == {"zookeeper", *(f"n{n}" for n in range(6))}
    # and from a backup and the logs behind it, without the server's own snapshots
    only = tmp_path / "only"
    only.mkdir()
    for log in (tmp_path / "data" / "version-2").glob("log.*"):
        shutil.copy(log, only)
    done = run(
        "snapshot", "rebuild", str(tmp_path / "b"), str(only), "--out", str(tmp_path / "all")
    )
    assert done.returncode == 0, done.stderr
    shown = run("snapshot", "verify", *map(str, (tmp_path / "all" / "version-2").glob("*")))
    assert "its digest is right" in shown.stdout


def test_what_cannot_be_rebuilt_is_said(tmp_path: Path) -> None:
    with live(tmp_path) as server, client(server) as kazoo:
        kazoo.create("/a")
        server.stop()
    source, out = str(tmp_path / "data"), str(tmp_path / "out")
    late = run("snapshot", "rebuild", source, "--out", out, "--zxid", "0x7fffffff")
    assert late.returncode == 10
    assert "before 0x7fffffff; name the folder of the later logs too" in late.stderr
    (tmp_path / "empty").mkdir()
    none = run("snapshot", "rebuild", str(tmp_path / "empty"), "--out", out)
    assert none.returncode == 10
    assert "there is no snapshot; name the folder of a backup" in none.stderr
    taken = run("snapshot", "rebuild", source, "--out", source)
    assert "is not empty; name a new folder" in taken.stderr
    assert run("snapshot", "rebuild", source, "--out", out, "--zxid", "x").returncode == 2


@pytest.mark.parametrize(
    ("auth", "said"),
    [(None, "say who you are"), ("digest a:b", "every permission"), ("digest", "say who you are")],
)
def test_who_may_not_is_told_what_to_do(tmp_path: Path, auth: str | None, said: str) -> None:
    with live(tmp_path, SUPER, OFTEN) as server:
        with client(server) as kazoo:
            kazoo.set_acls("/", [make_digest_acl("owner", "secret", all=True)])
        more = () if auth is None else ("--auth", auth)
        admin = f"127.0.0.1:{server.admin_port}"
        done = run("backup", admin, str(tmp_path / "b"), *more)
    assert done.returncode == 1
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert [*(tmp_path / "b").iterdir()] == []


def test_a_backup_of_nobody(tmp_path: Path) -> None:
    done = run("backup", "127.0.0.1:1", str(tmp_path / "b"))
    assert done.returncode == 1
    assert "connection refused; name the admin port" in done.stderr


def test_a_damaged_backup_is_not_restored(tmp_path: Path) -> None:
    with live(tmp_path, SUPER, OFTEN) as server:
        with client(server) as kazoo:
            kazoo.create("/a", b"data that will be damaged")
        admin = f"127.0.0.1:{server.admin_port}"
        done = run("backup", admin, str(tmp_path / "b"), "--auth", AUTH)
        path = Path(done.stdout.partition(": ")[0])
        path.write_bytes(path.read_bytes().replace(b"will be", b"has been"[:7]))
        assert run("snapshot", "verify", str(path)).returncode == 10
        refused = run("restore", admin, str(path), "--auth", AUTH)
        assert refused.returncode == 1
        assert str(path) in refused.stderr
        with client(server) as kazoo:
            assert kazoo.get("/a")[0] == b"data that will be damaged"
