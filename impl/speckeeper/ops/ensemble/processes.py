"""The server processes of an ensemble on this machine: start, watch, start again, stop.

A server that ends is started again after a pause, which grows while it keeps ending: that is what
an operator's supervisor does. One that ends because of its configuration or its data is left as it
is, since another start would only hide what it has to say.
"""

import asyncio
import contextlib
import ctypes
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum

from speckeeper.ops.ensemble.layout import Place
from speckeeper.ops.exit_codes import ExitCode
from speckeeper.ops.status import ServerStatus, ask

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 2.0, 30.0
# A server that ran for so long starts with the first pause again.
_STEADY_S = 60.0
_ASK_EVERY_S = 0.5
_ASK_TIMEOUT_S = 1.0
# Longer than a server gives its clients and its storage.
_STOP_PATIENCE_S = 15.0
_FINAL = (ExitCode.BAD_INVOCATION, ExitCode.DATA_DIR, ExitCode.LOG_OR_SNAPSHOT)
_PR_SET_PDEATHSIG = 1


class Phase(Enum):
    """What is known of a process."""

    RUNNING = "running"
    WAITING = "ended, starts again soon"
    ENDED = "ended"


@dataclass
class Child:
    """One server. `role` is what it said last: `leader`, `follower`, or `looking`."""

    place: Place
    phase: Phase = Phase.ENDED
    process: asyncio.subprocess.Process | None = None
    role: str = "starting"
    status: ServerStatus | None = None
    restarts: int = 0
    pause_s: float = _FIRST_PAUSE_S
    tasks: list["asyncio.Task[None]"] = field(default_factory=list)


#: Called with a server and what has happened to it, in a few words.
Report = Callable[[Child, str], None]


class Processes:
    """All servers of an ensemble; used on one event loop."""

    def __init__(self, places: list[Place], report: Report, restart: bool = True) -> None:
        self.children = [Child(place) for place in places]
        self._report = report
        self._restart = restart
        self._stopping = asyncio.Event()
        self._die_with_us = ctypes.CDLL(None).prctl if sys.platform == "linux" else None

    def start(self) -> None:
        """Start all servers, and watch them from now on."""
        for child in self.children:
            child.tasks = [
                asyncio.create_task(self._keep_running(child)),
                asyncio.create_task(self._keep_asking(child)),
            ]

    @property
    def all_gone(self) -> bool:
        """Whether no server runs, and none will."""
        return all(child.phase is Phase.ENDED for child in self.children)

    async def stop(self) -> None:
        """End all servers gracefully, at last by force."""
        self._stopping.set()
        running = [child.process for child in self.children if child.process is not None]
        for process in running:
            _signal(process, signal.SIGTERM)
        if running:
            waits = [asyncio.ensure_future(process.wait()) for process in running]
            _, late = await asyncio.wait(waits, timeout=_STOP_PATIENCE_S)
            if late:
                for process in running:
                    _signal(process, signal.SIGKILL)
                await asyncio.wait(late)
        for child in self.children:
            for task in child.tasks:
                task.cancel()
            await asyncio.gather(*child.tasks, return_exceptions=True)

    async def _keep_running(self, child: Child) -> None:
        loop = asyncio.get_running_loop()
        while not self._stopping.is_set():
            begun = loop.time()
            code = await self._run(child)
            if self._stopping.is_set():
                return
            if loop.time() - begun > _STEADY_S:
                child.pause_s = _FIRST_PAUSE_S
            text = f"ended: {_explained(code)}"
            if not self._restart or code in _FINAL:
                child.phase, child.role = Phase.ENDED, "ended"
                self._report(child, f"{text}; {_last_words(child.place)}")
                return
            child.phase, child.role = Phase.WAITING, "ended"
            if code > 0:
                text = f"{text}; {_last_words(child.place)}"
            self._report(child, f"{text}; it is started again in {child.pause_s:g} s")
            await asyncio.sleep(child.pause_s)
            child.pause_s = min(child.pause_s * 2, _LONGEST_PAUSE_S)
            child.restarts += 1

    async def _run(self, child: Child) -> int:
        with child.place.log.open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-c", "from speckeeper.ops.cli import main; main()"),
                *("serve", str(child.place.config)),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is ours to pass on
                preexec_fn=self._before_exec,
            )
        child.process, child.phase, child.role = process, Phase.RUNNING, "starting"
        if self._stopping.is_set():
            _signal(process, signal.SIGTERM)
        code = await process.wait()
        child.process = child.status = None
        return code

    def _before_exec(self) -> None:
        """Have the server stopped if this process is killed: nobody else would do it."""
        if self._die_with_us is not None:
            self._die_with_us(_PR_SET_PDEATHSIG, signal.SIGTERM)

    async def _keep_asking(self, child: Child) -> None:
        while True:
            if child.phase is Phase.RUNNING:
                status = await ask(child.place.address, _ASK_TIMEOUT_S)
                self._take(child, status)
            await asyncio.sleep(_ASK_EVERY_S)

    def _take(self, child: Child, status: ServerStatus) -> None:
        if child.phase is not Phase.RUNNING or self._stopping.is_set():
            return
        child.status = status
        role = status.mode
        if role is None:
            starting = child.role in ("starting", "ended")
            role = (
                "starting" if starting and "not currently" not in str(status.error) else "looking"
            )
        if role != child.role:
            child.role = role
            self._report(child, role)


def _signal(process: asyncio.subprocess.Process, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):  # it may have ended by itself
        process.send_signal(number)


def _explained(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    return f"killed by {signal.Signals(-code).name}"


def _last_words(place: Place) -> str:
    """The line with which a server has explained itself, and where the rest is."""
    try:
        lines = place.log.read_text(errors="replace").splitlines()
    except OSError:
        lines = []
    said = [line for line in lines[-5:] if line.startswith("speckeeper: ")]
    return said[-1].removeprefix("speckeeper: ") if said else f"see {place.log}"
