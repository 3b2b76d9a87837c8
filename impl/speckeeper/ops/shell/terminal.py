"""The shell in front of a person: line editing, history that lasts, completion with the Tab key.

Commands complete by name, words that start with a dash by the command's flags, words that start
with a slash by the nodes there are. The history is kept in
``$XDG_STATE_HOME/speckeeper/shell-history``, readable by its owner only; lines that hold a password
(addauth) stay out of it.

Source: ZooKeeper ``JLineZNodeCompleter`` (what completes); XDG Base Directory Specification
(where).
"""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from prompt_toolkit import PromptSession
from prompt_toolkit.completion import CompleteEvent, Completer, Completion, ThreadedCompleter
from prompt_toolkit.document import Document
from prompt_toolkit.history import FileHistory, History, InMemoryHistory
from prompt_toolkit.input import Input
from prompt_toolkit.output import Output
from prompt_toolkit.patch_stdout import patch_stdout

from speckeeper.ops.shell.errors import ShellError
from speckeeper.ops.shell.shell import Shell

# How often the prompt is drawn again, to show the connection's state.
_REFRESH_S = 0.5
_SECRET_COMMANDS = ("addauth",)


def run_terminal(shell: Shell, input: Input | None = None, output: Output | None = None) -> None:
    """Read lines and run them until the user leaves. Ctrl-C drops a line, Ctrl-D ends."""
    prompt = PromptSession[str](
        message=shell.prompt,
        history=open_history(),
        completer=ThreadedCompleter(ShellCompleter(shell)),
        complete_while_typing=False,
        refresh_interval=_REFRESH_S,
        input=input,
        output=output,
    )
    with patch_stdout():
        while not shell.leaving:
            try:
                shell.execute(prompt.prompt())
            except KeyboardInterrupt:
                continue
            except EOFError:
                return


class ShellCompleter(Completer):
    """Completes the word in front of the cursor."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell

    def get_completions(
        self, document: Document, complete_event: CompleteEvent
    ) -> Iterable[Completion]:
        """Yield what the word could become, with its explanation."""
        before = document.text_before_cursor
        words = before.split()
        word = "" if not words or before[-1].isspace() else words.pop()
        for candidate, explanation in self._candidates(words, word):
            if candidate.startswith(word):
                # More may follow a path: the next level. A command or a flag is complete.
                end = "" if candidate.startswith("/") else " "
                yield Completion(
                    candidate + end,
                    start_position=-len(word),
                    display=candidate,
                    display_meta=explanation,
                )

    def _candidates(self, words: list[str], word: str) -> Iterator[tuple[str, str]]:
        """Yield (text, explanation) for a word behind ``words``, whether it fits or not."""
        commands = self._shell.commands
        if not words or words == ["help"]:
            yield from ((command.name, command.summary) for command in commands.values())
        elif word.startswith("-") and words[0] in commands:
            yield from ((f"-{flag.name}", flag.text) for flag in commands[words[0]].flags)
        elif word.startswith("/"):
            yield from ((path, "") for path in self._paths(word))

    def _paths(self, word: str) -> list[str]:
        """Return the paths of the nodes beside the one that is being typed."""
        parent = word[: word.rindex("/")] or "/"
        prefix = parent if parent == "/" else parent + "/"
        try:
            session = self._shell.session
            # Only asked where the answer is at hand: a key must not wait for a lost server.
            if session.state().startswith("CONNECTED"):
                return [prefix + name for name in session.get_children(parent)[0]]
        except ShellError:
            pass
        return []


def open_history() -> History:
    """Return the history that lasts, or one for this run where no file can be kept."""
    path = history_path()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600))
    except OSError:
        return InMemoryHistory()
    return DiscreetHistory(path)


def history_path() -> Path:
    """Return where the history is kept."""
    state = os.environ.get("XDG_STATE_HOME", "")
    base = Path(state) if state.startswith("/") else Path.home() / ".local" / "state"
    return base / "speckeeper" / "shell-history"


class DiscreetHistory(FileHistory):
    """A file of lines that leaves out those with a secret in them."""

    def store_string(self, string: str) -> None:
        """Append a line to the file."""
        if not string.lstrip().startswith(_SECRET_COMMANDS):
            super().store_string(string)
