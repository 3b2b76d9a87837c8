"""`speckeeper doctor`: what it finds on machines that are well, and on others."""

import json
import os
import socket
from pathlib import Path

import pytest
from tests.unit.net.tls.authority import Authority
from tests.unit.ops.live import live, run

from speckeeper.ops.config.zoo_cfg import Config, read_config
from speckeeper.ops.doctor import disk, machine
from speckeeper.ops.doctor.finding import Finding, Level
from speckeeper.ops.doctor.run import examine


def config_of(tmp_path: Path, *lines: str) -> Config:
    (tmp_path / "data").mkdir(exist_ok=True)
    (tmp_path / "data" / "myid").write_text("1")
    path = tmp_path / "zoo.cfg"
    basics = (f"dataDir={tmp_path}/data", "clientPortAddress=127.0.0.1", "clientPort=0")
    path.write_text("\n".join((*basics, "admin.enableServer=false", *lines, "")))
    return read_config(str(path), (), {})


def found(config: Config, subject: str) -> Finding:
    (finding,) = [each for each in examine(config) if each.subject == subject]
    return finding


def test_a_server_that_is_well(tmp_path: Path) -> None:
    findings = list(examine(config_of(tmp_path)))
    assert not [each for each in findings if each.level is Level.WRONG]
    assert {"configuration", "dataDir", "fsync", "open files", "client port"} <= {
        each.subject for each in findings
    }


def test_what_is_wrong_is_shown_with_what_to_do_and_an_exit_code(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        taken = silent.getsockname()[1]
        config_of(tmp_path, f"clientPort={taken}", "clientPortAddress=192.0.2.1")
        done = run("doctor", str(tmp_path / "zoo.cfg"))
    assert done.returncode == 1
    assert "wrong" in done.stdout
    assert "192.0.2.1" in done.stdout
    assert "correct clientPort" in done.stdout.replace("\n", " ")
    as_json = run("doctor", str(tmp_path / "zoo.cfg"), "--json")
    assert {"level", "subject", "text", "remedy"} == json.loads(as_json.stdout)[0].keys()


def test_a_running_server_has_its_own_ports(tmp_path: Path) -> None:
    with live(tmp_path) as server:
        port = server.port
        (tmp_path / "other").mkdir()
        finding = found(config_of(tmp_path / "other", f"clientPort={port}"), "client port")
    assert finding.level is Level.OK
    assert "runs there already" in finding.text


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_directory_of_somebody_else(tmp_path: Path) -> None:
    config = config_of(tmp_path)
    (tmp_path / "data").chmod(0o500)
    finding = found(config, "dataDir")
    assert finding.level is Level.WRONG
    assert "give" in finding.remedy


def test_a_disk_without_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = disk.shutil.disk_usage(tmp_path)
    monkeypatch.setattr(disk.shutil, "disk_usage", lambda place: usage._replace(free=1000))
    finding = found(config_of(tmp_path), "dataDir")
    assert finding.level is Level.WARNING
    assert "1000 B free" in finding.text
    assert "make room" in finding.remedy


@pytest.mark.parametrize(
    ("seconds", "level"), [(0.0, Level.OK), (0.02, Level.WARNING), (0.2, Level.WRONG)]
)
def test_a_slow_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seconds: float, level: Level
) -> None:
    clock = iter(x for n in range(1000) for x in (n * 10.0, n * 10.0 + seconds))
    monkeypatch.setattr(disk.time, "perf_counter", lambda: next(clock))
    assert found(config_of(tmp_path), "fsync").level is level


def test_few_open_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine.resource, "getrlimit", lambda which: (256, 1024))
    finding = found(config_of(tmp_path), "open files")
    assert finding.level is Level.WARNING
    assert "960 clients" in finding.text


def test_peers_that_answer_and_others(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as there:
        port = there.getsockname()[1]
        config = config_of(
            tmp_path,
            "initLimit=5\nsyncLimit=2",
            "server.1=127.0.0.1:3:4",
            f"server.2=127.0.0.1:1:{port}",
            "server.3=127.0.0.1:2:5",
        )
        assert found(config, "server.2").level is Level.OK
        gone = found(config, "server.3")
    assert gone.level is Level.WARNING
    assert "connection refused" in gone.text


@pytest.mark.parametrize(
    ("days", "level"), [(100, Level.OK), (10, Level.WARNING), (-1, Level.WRONG)]
)
def test_certificates_by_how_long_they_are_good(tmp_path: Path, days: int, level: Level) -> None:
    authority = Authority()
    trusted = authority.write(tmp_path / "trusted.pem")
    own = authority.make("server", days=days).write(tmp_path / "own.pem")
    config = config_of(
        tmp_path,
        "client.portUnification=true",
        f"ssl.keyStore.location={own}",
        f"ssl.trustStore.location={trusted}",
    )
    assert found(config, "TLS for clients").level is level


def test_a_store_that_does_not_load(tmp_path: Path) -> None:
    config = config_of(
        tmp_path,
        "client.portUnification=true",
        f"ssl.keyStore.location={tmp_path}/none.pem",
        f"ssl.trustStore.location={tmp_path}/none.pem",
    )
    finding = found(config, "TLS for clients")
    assert finding.level is Level.WRONG
    assert "no such file" in finding.text


def test_odd_lines_are_warnings(tmp_path: Path) -> None:
    config = config_of(tmp_path, "tickTme=3000")
    warnings = [each for each in examine(config) if each.level is Level.WARNING]
    assert any("did you mean tickTime?" in each.text for each in warnings)


def test_a_bad_file_ends_with_two(tmp_path: Path) -> None:
    (tmp_path / "zoo.cfg").write_text("clientPort=x\n")
    done = run("doctor", str(tmp_path / "zoo.cfg"))
    assert done.returncode == 2
    assert "zoo.cfg:1: clientPort" in done.stderr
