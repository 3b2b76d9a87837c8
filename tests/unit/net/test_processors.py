"""Processors: as many as there are, and as the control groups of the process allow."""

import os
from pathlib import Path

import pytest

from speckeeper.net.processors import processors


@pytest.fixture(autouse=True)
def eight_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(8)), raising=False)


def _write(folder: Path, **files: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("_", ".", 1)).write_text(text + "\n")


def _membership(tmp_path: Path, *lines: str) -> Path:
    file = tmp_path / "cgroup"
    file.write_text("".join(line + "\n" for line in lines))
    return file


@pytest.mark.parametrize(
    ("own", "above", "count"),
    [
        ("max 100000", "max 100000", 8),
        ("100000 100000", "max 100000", 1),
        ("max 100000", "250000 100000", 2),
        ("600000 100000", "300000 100000", 3),
        ("50000 100000", "max 100000", 1),
        ("2000000 100000", "max 100000", 8),
        ("", "rubbish", 8),
    ],
)
def test_quotas_of_version_2(tmp_path: Path, own: str, above: str, count: int) -> None:
    groups = tmp_path / "groups"
    _write(groups / "pod" / "container", cpu_max=own)
    _write(groups / "pod", cpu_max=above)
    assert processors(_membership(tmp_path, "0::/pod/container"), groups) == count


@pytest.mark.parametrize(("quota", "count"), [("-1", 8), ("150000", 1), ("200000", 2)])
@pytest.mark.parametrize("controllers", ["cpu", "cpu,cpuacct"])
def test_quotas_of_version_1(tmp_path: Path, controllers: str, quota: str, count: int) -> None:
    groups = tmp_path / "groups"
    where = groups / controllers / "own"
    _write(where, cpu_cfs_quota_us=quota, cpu_cfs_period_us="100000")
    membership = _membership(tmp_path, "9:cpuset:/", f"4:{controllers}:/own", "0::/")
    assert processors(membership, groups) == count


def test_a_container_that_sees_its_own_group_at_the_top(tmp_path: Path) -> None:
    groups = tmp_path / "groups"
    _write(groups / "cpu", cpu_cfs_quota_us="100000", cpu_cfs_period_us="100000")
    assert processors(_membership(tmp_path, "4:cpu:/docker/0123"), groups) == 1


def test_without_control_groups(tmp_path: Path) -> None:
    assert processors(tmp_path / "none", tmp_path) == 8
