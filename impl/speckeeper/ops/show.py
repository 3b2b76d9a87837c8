"""`speckeeper log show` and `speckeeper snapshot show`: the records of a file, one line each.

Text for people, or with --json one object per line. Exit code 10 if the file is damaged; what could
be read is printed first. A reader that closes the pipe early (`| head`) ends it quietly, with 0.
"""

import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path

from speckeeper.ops.exit_codes import ExitCode
from speckeeper.storage import show
from speckeeper.storage.disk import Disk
from speckeeper.storage.show import Shown


def show_log(file: str, as_json: bool) -> int:
    """Print the transactions of a log file; return the exit code."""
    return _print(file, show.show_log(Disk(), Path(file)), as_json, with_data=True)


def show_snapshot(file: str, as_json: bool, with_data: bool) -> int:
    """Print the sessions and nodes of a snapshot, data of nodes (base64) only when asked for."""
    return _print(file, show.show_snapshot(Disk(), Path(file)), as_json, with_data)


def _print(file: str, lines: Iterable[Shown], as_json: bool, with_data: bool) -> int:
    damaged = False
    try:
        for line in lines:
            damaged |= line.damaged
            if line.damaged and not as_json:
                sys.stdout.flush()
                print(f"speckeeper: {line.text}", file=sys.stderr)
            else:
                _write((_as_json if as_json else _as_text)(line, with_data) + "\n")
        _write("", flush=True)
    except _OutputError as error:
        # What is still buffered would fail once more when the interpreter ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error.cause, BrokenPipeError):
            return int(ExitCode.OK)  # who read has seen enough (log show ... | head)
        reason = (error.cause.strerror or str(error.cause)).lower()
        text = f"standard output: {reason}; send it where there is room"
        print(f"speckeeper: {text}", file=sys.stderr)
        return int(ExitCode.UNEXPECTED)
    except OSError as error:
        text = f"{file}: {(error.strerror or str(error)).lower()}; name a readable file"
        print(f"speckeeper: {text}", file=sys.stderr)
        return int(ExitCode.UNEXPECTED)
    return int(ExitCode.LOG_OR_SNAPSHOT if damaged else ExitCode.OK)


class _OutputError(Exception):
    """The output cannot be written: not the fault of the file that is read."""

    def __init__(self, cause: OSError) -> None:
        super().__init__(str(cause))
        self.cause = cause


def _write(text: str, *, flush: bool = False) -> None:
    try:
        sys.stdout.write(text)
        if flush:
            sys.stdout.flush()
    except OSError as error:
        raise _OutputError(error) from error


def _as_text(line: Shown, with_data: bool) -> str:
    if with_data and line.fields["kind"] == "node":
        return f"{line.text}, data = {line.fields['data']}"
    return line.text


def _as_json(line: Shown, with_data: bool) -> str:
    fields = line.fields
    if not with_data:
        fields = {name: value for name, value in fields.items() if name != "data"}
    return json.dumps(fields, ensure_ascii=False)
