"""Structured logs: one record per line, text in Apache's layout or JSON, with a brake on floods.

Text: `2026-11-21 10:00:00,123 [myid:1] - INFO  [client_port] - message`. JSON: an object per line
with `time`, `level`, `myid`, `logger`, `message` and whatever else the caller passed as `extra`.
A client that sends rubbish in a loop costs one line a second, not one per connection: records of
one message template pass `BURST` at a time, and the next one that passes says how many did not.
"""

import json
import logging
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO

#: Records of one template that pass before the brake sets in, and how long until one passes again.
BURST = 20
INTERVAL_S = 1.0

#: Templates remembered; more than a program has, so only a defect could fill it.
_MOST_TEMPLATES = 1024

#: Apache's audit records have a logger of their own.
AUDIT_LOGGER = "audit"

_LEVELS = {"WARNING": "WARN", "CRITICAL": "FATAL"}
_STANDARD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "suppressed"}


class TextFormatter(logging.Formatter):
    """Lines as Apache's logback pattern writes them; newlines inside a message become ` | `."""

    def __init__(self, myid: str) -> None:
        super().__init__()
        self._myid = myid

    def format(self, record: logging.LogRecord) -> str:
        """Return the line without its end."""
        level = _LEVELS.get(record.levelname, record.levelname)
        message = _message(record).replace("\n", " | ")
        name = record.name.rpartition(".")[2]
        return f"{_local_time(record)} [myid:{self._myid}] - {level:<5} [{name}] - {message}"


class JsonFormatter(logging.Formatter):
    """One JSON object per line."""

    def __init__(self, myid: str) -> None:
        super().__init__()
        self._myid = myid

    def format(self, record: logging.LogRecord) -> str:
        """Return the line without its end."""
        fields: dict[str, object] = {
            "time": _utc_time(record),
            "level": _LEVELS.get(record.levelname, record.levelname),
            "myid": self._myid,
            "logger": record.name.removeprefix("speckeeper."),
            "message": _message(record),
        }
        fields.update(
            (name, value) for name, value in vars(record).items() if name not in _STANDARD
        )
        return json.dumps(fields, default=str, ensure_ascii=False)


class FloodFilter(logging.Filter):
    """A token bucket per message template, level and logger; the audit log is never thinned."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._buckets: dict[tuple[str, int, object], tuple[float, float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Say whether the record passes; one that does carries how many did not before it."""
        if record.name == AUDIT_LOGGER:
            return True
        template = (record.name, record.levelno, record.msg)
        now = self._clock()
        tokens, filled, held_back = self._buckets.get(template, (float(BURST), now, 0))
        tokens = min(float(BURST), tokens + (now - filled) / INTERVAL_S)
        if tokens < 1.0:
            self._buckets[template] = (tokens, now, held_back + 1)
            return False
        if len(self._buckets) >= _MOST_TEMPLATES:
            self._buckets.clear()
        self._buckets[template] = (tokens - 1.0, now, 0)
        if held_back:
            record.suppressed = held_back
        return True


def set_up_logs(
    level: str,
    log_format: str,
    myid: str,
    stream: IO[str] | None = None,
    log_file: Path | None = None,
) -> None:
    """Send every record of `level` (a name such as `info`) and above to `stream`, stderr if None.

    `log_format` is `text` or `json`. To `log_file` if there is one: when it was moved away or
    removed, as logrotate does, the next record begins a new one. Replaces what was set up before.
    Raises `ValueError` for anything else, `OSError` for a file that cannot be written.
    """
    formatters: dict[str, Callable[[str], logging.Formatter]] = {
        "text": TextFormatter,
        "json": JsonFormatter,
    }
    if log_format not in formatters:
        raise ValueError(f"log format {log_format!r} is neither text nor json")
    names = logging.getLevelNamesMapping()
    if level.upper() not in names:
        raise ValueError(f"log level {level!r} is not one of debug, info, warn, error")
    handler: logging.Handler
    if log_file is not None:
        from logging.handlers import WatchedFileHandler  # slow to import, and seldom needed

        handler = WatchedFileHandler(log_file, encoding="utf-8", errors="backslashreplace")
    else:
        handler = logging.StreamHandler(sys.stderr if stream is None else stream)
    handler.setFormatter(formatters[log_format](myid))
    handler.addFilter(FloodFilter())
    root = logging.getLogger()
    for old in list(root.handlers):
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(names[level.upper()])
    # A record costs half as much when nobody asks for the thread, the process and the caller.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    for noisy in ("asyncio", "aiohttp"):
        logging.getLogger(noisy).setLevel(max(names[level.upper()], logging.WARNING))


def _message(record: logging.LogRecord) -> str:
    message = record.getMessage()
    suppressed = getattr(record, "suppressed", 0)
    if suppressed:
        message += f" (and {suppressed} more like this before it)"
    if record.exc_info:
        message += "\n" + logging.Formatter().formatException(record.exc_info)
    return message


def _local_time(record: logging.LogRecord) -> str:
    text = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(record.created))
    return f"{text},{int(record.msecs):03d}"


def _utc_time(record: logging.LogRecord) -> str:
    text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
    return f"{text}.{int(record.msecs):03d}Z"
