"""Starts servers without the time that Python takes to: a process that has imported one forks.

What is forked is the whole server, from its command line on, in a process of its own that can be
killed as any. For tests that start hundreds of them.

Run by itself it is that process: it takes orders as lines of JSON and answers each with one.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from peers import Peer


class Forge:
    """The process that forks. Use as a context."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __enter__(self) -> Forge:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def ask(self, **order: object) -> int | None:
        """Give an order and return the answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "the process that forks servers has ended"
        answer: int | None = json.loads(line)
        return answer


class Forked:
    """What ``Peer`` asks of a process, of one that was forked."""

    def __init__(self, forge: Forge, argv: list[str], folder: Path, log_file: Path) -> None:
        self._forge = forge
        pid = forge.ask(argv=argv, folder=str(folder), log_file=str(log_file))
        assert pid is not None
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Return the exit code, None while it runs."""
        if self.returncode is None:
            self.returncode = self._forge.ask(poll=self.pid)
        return self.returncode

    def wait(self, timeout_s: float | None = None) -> int:
        """Return the exit code once there is one."""
        if self.returncode is None:
            self.returncode = self._forge.ask(wait=self.pid)
        assert self.returncode is not None
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal."""
        if self.returncode is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """Kill it (-9)."""
        self.send_signal(signal.SIGKILL)


@dataclass
class QuickPeer(Peer):
    """A server of ours that is forked; :attr:`forge` has to be set before the first start."""

    forge: Forge | None = None

    def launch(self) -> None:
        """Start the process without waiting for it to serve."""
        assert self.process is None, "already running"
        assert self.forge is not None
        self.write_configuration()
        forked = Forked(self.forge, self.command()[1:], self.folder, self.log_file)
        self.process = forked  # type: ignore[assignment]  # as much of a Popen as is asked for


def _fork(argv: list[str], folder: str, log_file: str) -> int:
    """Become a server in a child; return its number."""
    pid = os.fork()
    if pid:
        return pid
    try:
        os.setsid()
        os.chdir(folder)
        nothing = os.open(os.devnull, os.O_RDONLY)
        log = os.open(log_file, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        for target, source in enumerate((nothing, log, log)):
            os.dup2(source, target)
        os.close(nothing)
        os.close(log)
        sys.argv = ["speckeeper", *argv]
        from speckeeper.ops.cli import main

        try:
            main()
        except SystemExit as end:
            os._exit(end.code if isinstance(end.code, int) else int(end.code is not None))
    finally:
        sys.stderr.flush()
        os._exit(1)


def _serve_orders() -> None:
    for module in (
        "uvloop",
        "speckeeper.ops.commands",
        "speckeeper.ops.serve",
        "speckeeper.net.run",
    ):
        importlib.import_module(module)

    for line in sys.stdin:
        order = json.loads(line)
        answer: int | None
        if "argv" in order:
            answer = _fork(**order)
        else:
            options = os.WNOHANG if "poll" in order else 0
            pid, status = os.waitpid(order.get("poll", order.get("wait")), options)
            answer = os.waitstatus_to_exitcode(status) if pid else None
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    _serve_orders()
