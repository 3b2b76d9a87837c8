"""The shell in front of a person, on a terminal that the test types into."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document
from prompt_toolkit.history import InMemoryHistory
from prompt_toolkit.input import PipeInput, create_pipe_input
from prompt_toolkit.output import DummyOutput

from speckeeper.ops.shell.console import Console
from speckeeper.ops.shell.shell import Shell
from speckeeper.ops.shell.terminal import (
    DiscreetHistory,
    ShellCompleter,
    history_path,
    open_history,
    run_terminal,
)
from speckeeper.wire.codes import ErrorCode, OpCode
from speckeeper.wire.records import Stat
from speckeeper.wire.replies import encode_children2_reply

if TYPE_CHECKING:
    ScriptedServer = Any

STAT = Stat(1, 2, 3, 4, 5, 6, 7, 0, 9, 10, 11)


@pytest.fixture(autouse=True)
def _state_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture
def shell(scripted: ScriptedServer) -> Iterator[Shell]:
    tree = {"/": ["zookeeper", "app"], "/app": ["one", "only"]}
    scripted.answers[OpCode.GET_CHILDREN2] = lambda record: (
        (ErrorCode.OK, encode_children2_reply(tree[record.path], STAT))
        if record.path in tree
        else (ErrorCode.NO_NODE, b"")
    )
    opened = Shell(Console(), wait=True)
    opened.print_watches = False
    opened.connect(scripted.address)
    yield opened
    opened.close()


def completions(shell: Shell, typed: str) -> list[str]:
    """Return the lines that the Tab key could make of what was typed."""
    found = ShellCompleter(shell).get_completions(Document(typed), CompleteEvent())
    return [typed[: len(typed) + each.start_position] + each.text for each in found]


@pytest.mark.parametrize(
    ("typed", "lines"),
    [
        ("cre", ["create "]),
        ("getA", ["getAcl ", "getAllChildrenNumber "]),
        ("nonsense", []),
        ("help que", []),
        ("help qu", ["help quit "]),
        ("ls -", ["ls -? ", "ls -s ", "ls -w ", "ls -R "]),
        ("reconfig -me", ["reconfig -members "]),
        ("nonsense -", []),
        ("ls /", ["ls /app", "ls /zookeeper"]),
        ("ls -R /a", ["ls -R /app"]),
        ("get /app/o", ["get /app/one", "get /app/only"]),
        ("get /none/x", []),
        ("get //", []),
        ("get one", []),
    ],
)
def test_completion(shell: Shell, typed: str, lines: list[str]) -> None:
    assert completions(shell, typed) == lines


def test_an_empty_line_completes_to_every_command(shell: Shell) -> None:
    assert len(completions(shell, "")) == len(shell.commands)


def test_without_a_connection_no_path_completes(shell: Shell) -> None:
    shell.execute("close")

    assert completions(shell, "ls /") == []
    assert completions(Shell(Console()), "ls /") == []


@pytest.fixture
def keyboard() -> Iterator[PipeInput]:
    with create_pipe_input() as pipe, create_app_session(input=pipe, output=DummyOutput()):
        yield pipe


def test_lines_are_run_until_the_user_leaves(
    scripted: ScriptedServer, shell: Shell, keyboard: PipeInput
) -> None:
    keyboard.send_text("sync /a\rsync /dropp\x03sync /b\rquit\r")
    run_terminal(shell)

    assert [request.path for request in scripted.await_requests(OpCode.SYNC, 2)] == ["/a", "/b"]
    scripted.await_requests(OpCode.CLOSE_SESSION)


def test_the_end_of_input_ends(shell: Shell, keyboard: PipeInput) -> None:
    keyboard.send_text("ls x\r\x04")
    run_terminal(shell)

    assert shell.exit_code == 1


def test_lines_last_but_not_those_with_a_password(shell: Shell, keyboard: PipeInput) -> None:
    keyboard.send_text("sync /a\r addauth digest ben:secret\r\x04")
    run_terminal(shell)

    assert list(DiscreetHistory(history_path()).load_history_strings()) == ["sync /a"]
    assert history_path().stat().st_mode & 0o777 == 0o600


def test_where_no_file_can_be_kept_the_history_is_of_this_run(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("in the way")

    assert isinstance(open_history(), InMemoryHistory)


def test_a_relative_state_home_is_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "state")
    monkeypatch.setenv("HOME", "/home/ben")

    assert history_path() == Path("/home/ben/.local/state/speckeeper/shell-history")
