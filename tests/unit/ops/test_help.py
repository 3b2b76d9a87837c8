"""`speckeeper help` and `completion`: pages of everything, and a shell that completes."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.unit.ops.live import run

from speckeeper.ops.exit_codes import MEANINGS, ExitCode
from speckeeper.ops.help.pages import HelpPage, Section
from speckeeper.ops.help.write import as_roff, as_text

COMMANDS = [
    *("serve", "ensemble", "status", "quorum", "shell", "log", "snapshot", "backup", "doctor"),
    *("restore", "tap", "completion", "help", "version"),
]


def test_first_page_lists_commands_and_topics() -> None:
    result = run("help")
    assert result.returncode == 0
    lines = [line.strip() for line in result.stdout.splitlines()]
    for name in (*COMMANDS, "keys", "words", "admin", "metrics", "exit-codes"):
        assert name in lines
    for code in ExitCode:
        assert str(int(code)) in lines


@pytest.mark.parametrize(
    ("topic", "said"),
    [
        (("serve",), "--log-file"),
        (("snapshot", "verify"), "FILES..."),
        (("snapshot",), "rebuild"),
        (("tickTime",), "the unit of session timeouts"),
        (("zookeeper.snapCount",), "SERVER_JVMFLAGS"),
        (("server.3",), "server.3 - a key of zoo.cfg"),
        (("kinit",), "understood, not served yet"),
        (("keys",), "admin.forceHttps"),
        (("words",), "mntr"),
        (("admin",), "server_stats, srvr"),
        (("metrics",), "znode_count"),
        (("exit-codes",), "log or snapshots are damaged"),
    ],
)
def test_topics(topic: tuple[str, ...], said: str) -> None:
    result = run("help", *topic)
    assert (result.returncode, result.stderr) == (0, "")
    assert said in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 100


def test_unknown_topic() -> None:
    result = run("help", "tikTime")
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == "speckeeper: there is no help on 'tikTime'; did you mean tickTime?\n"
    assert run("help", "xyzzyplugh").stderr.endswith("; see speckeeper help\n")


def test_every_exit_code_has_a_meaning() -> None:
    assert set(MEANINGS) == set(ExitCode)


def test_pages_for_man(tmp_path: Path) -> None:
    result = run("help", "--man", str(tmp_path / "man1"))
    names = {path.name for path in (tmp_path / "man1").iterdir()}
    assert names == {Path(line).name for line in result.stdout.splitlines()}
    assert {"speckeeper.1", *(f"speckeeper-{name}.1" for name in COMMANDS)} <= names
    for path in (tmp_path / "man1").iterdir():
        for line in path.read_text().splitlines():
            assert not line.startswith((".", "'")) or line.split()[0] in (
                ".TH",
                ".SH",
                ".PP",
                ".TP",
            )
    if shutil.which("man"):
        page = str(tmp_path / "man1" / "speckeeper-serve.1")
        shown = subprocess.run(
            ["man", "--warnings", "-l", page], capture_output=True, text=True, check=True
        )
        assert shown.stderr == ""
        assert "--log-file" in shown.stdout
    (tmp_path / "file").write_text("")
    result = run("help", "--man", str(tmp_path / "file"))
    assert (result.returncode, result.stderr.count("\n")) == (1, 1)


def test_what_roff_would_take_for_its_own() -> None:
    page = HelpPage("a-b", "t", [Section("S", [".so /etc/passwd", "'x"], [("--a\\b", '"q"')])])
    lines = as_roff(page).splitlines()
    assert r"\&.so /etc/passwd" in lines
    assert r"\&'x" in lines
    assert r"\fB\-\-a\eb\fR" in lines
    assert as_text(page, 10).startswith("S\n       .so /etc/passwd\n")


def complete(program: str, words: str) -> list[str]:
    """What bash offers for the last word of a line; | stands for one that is not begun."""
    line = words.removesuffix("|").split()
    count = len(line) if words.endswith("|") else len(line) - 1
    quoted = " ".join(f"'{word}'" for word in line)
    script = (
        f'eval "$({program} completion bash)"; COMP_WORDS=({quoted}); COMP_CWORD={count};'
        f' compopt() {{ echo "compopt $2"; }}; _{program}_completion {program};'
        ' printf "%s\\n" "${COMPREPLY[@]}"'
    )
    bin_dir = Path(sys.executable).parent
    found = subprocess.run(
        ["bash", "-c", script],
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": f"{bin_dir}:/usr/bin:/bin"},
    )
    return found.stdout.split("\n")[:-1]


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
@pytest.mark.parametrize(
    ("program", "line", "offered"),
    [
        ("speckeeper", "speckeeper s", ["serve", "status", "shell", "snapshot"]),
        ("speckeeper", "speckeeper snapshot |", ["show", "verify", "rebuild"]),
        ("speckeeper", "speckeeper serve --log", ["--log-level", "--log-format", "--log-file"]),
        ("speckeeper", "speckeeper serve |", ["compopt default", ""]),
        ("speccheck", "speccheck his", ["history"]),
        ("speccheck", "speccheck completion |", ["bash", "zsh", "fish"]),
    ],
)
def test_bash_completes(program: str, line: str, offered: list[str]) -> None:
    assert complete(program, line) == offered


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_scripts_of_other_shells(shell: str) -> None:
    result = run("completion", shell)
    assert result.returncode == 0
    assert f"_SPECKEEPER_COMPLETE=complete_{shell}" in result.stdout


def test_unknown_shell() -> None:
    result = run("completion", "tcsh")
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == "speckeeper: tcsh: no such shell; say bash, zsh, fish\n"
