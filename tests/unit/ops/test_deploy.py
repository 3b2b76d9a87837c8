"""What is in deploy/ fits the command line and the configuration of this release."""

import shlex
from pathlib import Path

from tests.unit.ops.live import run

from speckeeper.net.wakefulness import DEVICE
from speckeeper.ops.config.zoo_cfg import read_config
from speckeeper.ops.exit_codes import ExitCode

DEPLOY = Path(__file__).parents[3] / "deploy"


def unit() -> dict[str, list[str]]:
    """The settings of the unit, each with its values."""
    found: dict[str, list[str]] = {}
    for line in (DEPLOY / "speckeeper.service").read_text().splitlines():
        if "=" in line and not line.startswith("#"):
            name, _, value = line.partition("=")
            found.setdefault(name, []).append(value)
    return found


def test_the_unit_calls_commands_with_options_that_are_there(tmp_path: Path) -> None:
    for name in ("ExecStartPre", "ExecStart"):
        _, command, file, *options = shlex.split(unit()[name][0])
        (tmp_path / "zoo.cfg").write_text("clientPort=x\n")
        done = run(command, file.replace("/etc/speckeeper", str(tmp_path)), *options)
        assert done.returncode == ExitCode.BAD_INVOCATION
        assert "zoo.cfg:1: clientPort" in done.stderr  # and not: no such option


def test_the_unit_does_not_restart_on_what_a_person_must_look_at() -> None:
    codes = {int(code) for code in unit()["RestartPreventExitStatus"][0].split()}
    assert codes == {ExitCode.BAD_INVOCATION, ExitCode.DATA_DIR, ExitCode.LOG_OR_SNAPSHOT}


def test_the_unit_and_the_udev_rule_let_the_server_keep_processors_awake() -> None:
    settings = unit()
    assert settings["DeviceAllow"] == [f"{DEVICE} rw"]
    assert "PrivateDevices" not in settings  # which hides the device whatever else is allowed
    *_, rule = (DEPLOY / "60-speckeeper.rules").read_text().splitlines()
    assert f'KERNEL=="{DEVICE.name}", GROUP="{settings["Group"][0]}"' in rule


def test_the_image_copies_files_that_are_there_and_serves_a_good_file() -> None:
    config = read_config(str(DEPLOY / "zoo.cfg"), (), {})
    assert (config.string("dataDir"), config.number("clientPort")) == ("/data", 2181)
    assert not config.warnings
    text = (DEPLOY / "Containerfile").read_text()
    assert "COPY deploy/zoo.cfg /conf/zoo.cfg" in text
    assert 'CMD ["serve", "/conf/zoo.cfg"]' in text
