"""Data directories that Apache ZooKeeper 3.8.0 wrote and was killed over: they open with the same
content that a client had seen. How they were made: data/record_apache.py.
"""

import base64
import json
import tarfile
from pathlib import Path

import pytest
from tests.unit.storage.world import log_files

from speckeeper.storage.disk import Disk
from speckeeper.storage.recovery import Recovered, recover
from speckeeper.storage.settings import StorageSettings
from speckeeper.storage.show import show_log, show_snapshot

DATA = Path(__file__).with_name("data")
NAMES = sorted(path.name.removesuffix(".tar.gz") for path in DATA.glob("apache-*.tar.gz"))
PADDING = 64 << 20


@pytest.fixture(params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def settings(tmp_path: Path, name: str) -> StorageSettings:
    with tarfile.open(DATA / f"{name}.tar.gz") as archive:
        if hasattr(tarfile, "data_filter"):
            archive.extractall(tmp_path, filter="data")
        else:  # Python 3.11.2, as Debian 12 has it
            archive.extractall(tmp_path)
    log = tmp_path / "log"
    settings = StorageSettings(
        tmp_path / "data",
        log if log.exists() else None,
        digest_enabled=name != "apache-3.8.0-no-digest",
    )
    (*_, newest) = log_files(settings)
    with newest.open("r+b") as file:  # as ZooKeeper leaves it: padded with a hole
        file.truncate(PADDING)
    return settings


def assert_as_seen(recovered: Recovered, name: str) -> None:
    seen = json.loads((DATA / f"{name}.json").read_text())
    tree = recovered.tree
    assert recovered.last_zxid == seen["last_zxid"]
    assert set(tree.nodes) - {""} == set(seen["nodes"])
    for path, expected in seen["nodes"].items():
        node = tree.nodes[path]
        assert base64.b64encode(node.data or b"").decode() == expected["data"], path
        assert list(node.stat()) == expected["stat"], path
        acl = [[entry.perms, entry.id.scheme, entry.id.id] for entry in node.acl]
        assert acl == expected["acl"], path
    # The session that was alive when the server was killed is, and so is what it owns.
    assert list(tree.sessions) == [seen["session"]]
    assert tree.ephemerals == {seen["session"]: {"/app2/ephemeral"}}


def test_it_opens_with_the_same_content(settings: StorageSettings, name: str) -> None:
    recovered = recover(settings)

    assert_as_seen(recovered, name)
    assert recovered.report.warnings == []
    assert recovered.report.digest_mismatches == 0
    assert recovered.tree.quotas == {"/app1", "/app2"}


def test_every_older_snapshot_with_its_logs_gives_the_same(
    settings: StorageSettings, name: str
) -> None:
    snapshots = sorted(
        settings.snapshot_directory.glob("snapshot.*"),
        key=lambda path: int(path.name.split(".")[1], 16),
    )
    while snapshots:
        recovered = recover(settings)
        assert recovered.report.snapshot == snapshots[-1]
        assert_as_seen(recovered, name)
        assert recovered.report.digest_mismatches == 0
        snapshots.pop().unlink()


def test_every_file_can_be_shown(settings: StorageSettings) -> None:
    transactions = 0
    for path in log_files(settings):
        *_, end = shown = list(show_log(Disk(), path))
        assert not any(line.damaged for line in shown)
        transactions += end.fields["transactions"]
    assert transactions == recover(settings).last_zxid
    for path in settings.snapshot_directory.glob("snapshot.*"):
        *nodes, end = show_snapshot(Disk(), path)
        assert not end.damaged
        json.dumps([line.fields for line in nodes])
        assert end.fields["nodes"] == sum(line.fields["kind"] == "node" for line in nodes)
