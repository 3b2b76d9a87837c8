"""`speckeeper log show` and `speckeeper snapshot show`: the records of a file, one line each.

Text for people, or with --json one object per line. Exit code 10 if the file is damaged; what could
be read is printed first.
"""

import json
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
                print(_as_json(line, with_data) if as_json else _as_text(line, with_data))
    except OSError as error:
        if isinstance(error, BrokenPipeError):
            raise
        text = f"{file}: {(error.strerror or str(error)).lower()}; name a readable file"
        print(f"speckeeper: {text}", file=sys.stderr)
        return int(ExitCode.UNEXPECTED)
    return int(ExitCode.LOG_OR_SNAPSHOT if damaged else ExitCode.OK)


def _as_text(line: Shown, with_data: bool) -> str:
    if with_data and line.fields["kind"] == "node":
        return f"{line.text}, data = {line.fields['data']}"
    return line.text


def _as_json(line: Shown, with_data: bool) -> str:
    fields = line.fields
    if not with_data:
        fields = {name: value for name, value in fields.items() if name != "data"}
    return json.dumps(fields, ensure_ascii=False)
