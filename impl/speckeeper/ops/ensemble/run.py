"""`speckeeper ensemble`: lay out, start, show, and stop with a signal."""

import asyncio
import signal
import sys
from pathlib import Path

from speckeeper import __version__
from speckeeper.ops.ensemble.layout import HOST, LayoutError, Place, lay_out, lock
from speckeeper.ops.ensemble.processes import Child, Processes
from speckeeper.ops.ensemble.show import Lines, LiveTable, Show
from speckeeper.ops.exit_codes import ExitCode

_REFRESH_S = 0.5
_ROLES = ("leader", "follower", "observer")


def run(
    directory: Path,
    servers: int,
    client_port: int,
    restart: bool,
    trace: Path | None = None,
    admin_port: int | None = None,
) -> int:
    """Run an ensemble until SIGTERM or SIGINT; return the exit code."""
    try:
        with lock(directory):
            places = lay_out(directory, servers, client_port, trace, admin_port)
            return asyncio.run(_run(places, directory, restart))
    except LayoutError as error:
        print(f"speckeeper: {error}", file=sys.stderr)
        return int(ExitCode.UNEXPECTED)


async def _run(places: list[Place], directory: Path, restart: bool) -> int:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    watch = _Watch(places, directory, restart)
    watch.processes.start()
    code = ExitCode.OK
    try:
        while not stopping.is_set():
            watch.show.refresh()
            if watch.processes.all_gone and watch.begun:
                code = ExitCode.UNEXPECTED
                break
            try:
                await asyncio.wait_for(stopping.wait(), _REFRESH_S)
            except TimeoutError:
                watch.begun = True
        watch.show.say("stopping all servers" if stopping.is_set() else "no server is left")
    finally:
        await watch.processes.stop()
        watch.show.close()
    if code is ExitCode.OK:
        print(f"stopped; the data stays in {directory}", flush=True)
    return int(code)


class _Watch:
    """Tells the operator what matters: when there is service, and when there is none."""

    def __init__(self, places: list[Place], directory: Path, restart: bool) -> None:
        self.processes = Processes(places, self._changed, restart)
        self.begun = False
        self._directory = directory
        self._connect_string = ",".join(place.address for place in places)
        self._serving = False
        terminal = sys.stdout.isatty()
        self.show: Show = LiveTable(lambda: self.processes.children) if terminal else Lines()
        self.show.say(
            f"SpecKeeper {__version__}: ensemble of {len(places)} in {directory}; "
            f"logs in {directory}/N/server.log; stop with Ctrl-C"
        )
        if places[0].admin_port is not None:
            self.show.say(f"a page to look at: http://{HOST}:{places[0].admin_port}/page/")

    def _changed(self, child: Child, what: str) -> None:
        self.show.changed(child, what)
        roles = [each.role for each in self.processes.children]
        serving = "leader" in roles and 2 * sum(r in _ROLES for r in roles) > len(roles)
        if serving and not self._serving:
            self.show.say(f"serving; connect string: {self._connect_string}")
        elif self._serving and not serving:
            self.show.say("no service: there is no leader with a majority now")
        self._serving = serving
