"""The flags of `speckeeper shell`, zkCli's and their long forms."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from speckeeper.ops.shell import cli, main

Run = tuple[Any, ...]
DEFAULTS: Run = ("localhost:2181", 30_000, False, False, None, [])


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[Run]:
    """What the command line was understood as, instead of running it."""
    recorded: list[Run] = []

    def record(*arguments: Any) -> int:
        recorded.append(arguments)
        return 7

    monkeypatch.setattr(main, "run", record)
    return recorded


def call(*arguments: str) -> int:
    app = typer.Typer()
    app.command(context_settings=cli.CONTEXT_SETTINGS)(cli.shell)
    return CliRunner().invoke(app, arguments).exit_code


@pytest.mark.parametrize(
    ("line", "understood"),
    [
        ("", {}),
        ("-server h:1/app", {0: "h:1/app"}),
        ("--server h:1 --timeout 5", {0: "h:1", 1: 5}),
        ("-timeout 5 -r -waitforconnection", {1: 5, 2: True, 3: True}),
        ("-client-configuration f", {4: "f"}),
        ("ls -s -R /", {5: ["ls", "-s", "-R", "/"]}),
        ("-server h:1 create -s /a -- -x", {0: "h:1", 5: ["create", "-s", "/a", "--", "-x"]}),
        ("get -server", {5: ["get", "-server"]}),
    ],
)
def test_flags_come_first_and_the_rest_is_the_command(
    runs: list[Run], line: str, understood: dict[int, Any]
) -> None:
    assert call(*line.split()) == 7
    expected = list(DEFAULTS)
    for place, value in understood.items():
        expected[place] = value
    assert runs == [tuple(expected)]


@pytest.mark.parametrize("line", ["-server", "-timeout x", "-timeout 0", "-nonsense"])
def test_flags_that_are_none_are_refused(runs: list[Run], line: str) -> None:
    assert call(*line.split()) == 2
    assert runs == []


def test_help_imports_neither_kazoo_nor_prompt_toolkit() -> None:
    program = (
        "import sys, speckeeper.ops.shell.cli;"
        "heavy = {'kazoo', 'prompt_toolkit', 'asyncio'} & set(sys.modules);"
        "sys.exit(str(heavy) if heavy else 0)"
    )

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
