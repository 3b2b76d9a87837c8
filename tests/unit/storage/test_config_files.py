"""The files of a configuration that changes, with a crash at every step."""

import random
from pathlib import Path

import pytest
from tests.unit.storage.volatile_disk import VolatileDisk

from speckeeper.storage.config_files import ConfigFiles, version_of
from speckeeper.storage.epochs import write_atomically
from speckeeper.storage.errors import StorageError
from speckeeper.wire.quorum_config import QuorumConfig, decode_config, encode_config

STATIC = Path("/conf/zoo.cfg")
ZOO_CFG = """# an ensemble
tickTime=2000
server.1=h1:1:2;3
serv\\
er.2=h2:1:2;3
clientPort=3
  group.1=1:2
! the end
dataDir=/data"""
OLD = decode_config(b"server.1=h1:1:2;3\nserver.2=h2:1:2;3")
NEW = decode_config(b"server.1=h1:1:2;3\nserver.3=h3:1:2;3\nversion=100000007")


class Crash(Exception):
    pass


class CrashingDisk(VolatileDisk):
    """Fails at the step with a number, counted from 0, and at all that follow."""

    def __init__(self) -> None:
        super().__init__()
        self.steps_left = 1 << 30

    def _step(self) -> None:
        self.steps_left -= 1
        if self.steps_left < 0:
            raise Crash

    def create(self, path: Path, exclusive: bool) -> int:
        self._step()
        return super().create(path, exclusive)

    def write(self, handle: int, data: bytes, offset: int, sync: bool) -> int:
        self._step()
        return super().write(handle, data, offset, sync)

    def sync(self, handle: int) -> None:
        self._step()
        super().sync(handle)

    def rename(self, source: Path, target: Path) -> None:
        self._step()
        super().rename(source, target)

    def remove(self, path: Path) -> None:
        self._step()
        super().remove(path)

    def sync_directory(self, directory: Path) -> None:
        self._step()
        super().sync_directory(directory)


def files_on(disk: CrashingDisk, text: str = ZOO_CFG) -> ConfigFiles:
    write_atomically(disk, STATIC, text.encode())
    return ConfigFiles(STATIC, disk, 1)


def test_static_file_keeps_all_but_the_servers() -> None:
    disk = CrashingDisk()
    files = files_on(disk)
    files.back_up()
    files.set_last_seen(NEW)
    assert disk.read(files.next_path) == encode_config(NEW)
    files.set(NEW)
    assert disk.read(STATIC).decode() == (
        "# an ensemble\ntickTime=2000\n! the end\ndataDir=/data\n"
        "dynamicConfigFile=/conf/zoo.cfg.dynamic.100000007\n"
    )
    assert disk.read(STATIC.with_name("zoo.cfg.bak")).decode() == ZOO_CFG
    assert b"version" not in disk.read(STATIC.with_name("zoo.cfg.dynamic.100000007"))
    assert files.last_seen() is None
    assert files.active() == NEW


def test_client_port_stays_where_the_server_line_has_none() -> None:
    disk = CrashingDisk()
    files = files_on(disk, "clientPort=3\nsecureClientPort=4\n")
    files.set(decode_config(b"server.1=h1:1:2\nserver.2=h2:1:2;3\nversion=5"))
    assert disk.read(STATIC).startswith(b"clientPort=3\nsecureClientPort=4\n")


def test_proposal_that_is_newer_stays() -> None:
    disk = CrashingDisk()
    files = files_on(disk)
    files.set_last_seen(NEW)
    files.set(OLD._replace(version=6))
    assert files.last_seen() == NEW


def found(files: ConfigFiles) -> tuple[QuorumConfig, QuorumConfig | None]:
    return files.active() or OLD, files.last_seen()


@pytest.mark.parametrize("how", ["nothing", "all", "prefix", "sectors"])
def test_crash_at_any_step_leaves_the_old_or_the_new_configuration(how: str) -> None:
    states = []
    for step in range(100):
        disk = CrashingDisk()
        files = files_on(disk)
        disk.steps_left = step
        proposed = False
        try:
            files.set_last_seen(NEW)
            proposed = True
            files.set(NEW)
        except Crash:
            pass
        done = disk.steps_left >= 0
        disk.steps_left = 1 << 30
        disk.crash(how, random.Random(step))
        state = found(files)
        assert state in ((OLD, None), (OLD, NEW), (NEW, NEW), (NEW, None))
        if proposed:
            assert state != (OLD, None), "what was acknowledged is forgotten"
        states.append(state)
        if done:
            break
    assert states[-1] == (NEW, None)
    assert {(OLD, None), (OLD, NEW), (NEW, NEW)} <= {*states}
    order = [(OLD, None), (OLD, NEW), (NEW, NEW), (NEW, None)]
    assert [order.index(state) for state in states] == sorted(map(order.index, states))


def test_file_that_holds_no_configuration_is_named() -> None:
    disk = CrashingDisk()
    files = files_on(disk)
    write_atomically(disk, files.next_path, b"server.1=nonsense")
    with pytest.raises(StorageError, match=r"zoo\.cfg\.dynamic\.next"):
        files.last_seen()


@pytest.mark.parametrize(
    ("name", "version"), [("zoo.cfg.dynamic.1a", 26), ("zoo.cfg.dynamic", 0), ("members", 0)]
)
def test_version_is_at_the_end_of_the_name(name: str, version: int) -> None:
    assert version_of(name) == version
