"""How a running ensemble is shown: a table that keeps itself up to date, or plain lines.

On a terminal the table shows every server's role; elsewhere a line tells of every change.
"""

from collections.abc import Callable
from typing import Protocol

from speckeeper.ops.ensemble.processes import Child

_COLOURS = {"leader": "green", "follower": "cyan", "ended": "red"}


class Show(Protocol):
    """Something that shows what happens."""

    def changed(self, child: Child, what: str) -> None:
        """Something happened to a server."""

    def say(self, text: str) -> None:
        """Say one line about the ensemble."""

    def refresh(self) -> None:
        """Show figures anew; called now and then."""

    def close(self) -> None:
        """Show no more."""


class Lines:
    """A line for each change."""

    def changed(self, child: Child, what: str) -> None:
        """Print it."""
        pid = "" if child.process is None else f", process {child.process.pid}"
        self.say(f"server {child.place.id} ({child.place.address}{pid}): {what}")

    def say(self, text: str) -> None:
        """Print it."""
        print(text, flush=True)

    def refresh(self) -> None:
        """Nothing changes without a line."""

    def close(self) -> None:
        """Nothing is left to do."""


class LiveTable:
    """A table of the servers below the lines that matter."""

    def __init__(self, children: Callable[[], list[Child]]) -> None:
        from rich.console import Console
        from rich.live import Live

        self._children = children
        self._console = Console()
        self._live = Live(console=self._console, auto_refresh=False, transient=False)
        self._live.start()

    def changed(self, child: Child, what: str) -> None:
        """Show it in the table; what ends is said in a line too."""
        if what.startswith("ended"):
            self.say(f"server {child.place.id} ({child.place.address}): {what}")
        self.refresh()

    def say(self, text: str) -> None:
        """Print it above the table."""
        self._console.print(text, highlight=False, markup=False, soft_wrap=True)

    def refresh(self) -> None:
        """Draw the table."""
        from rich.table import Table

        table = Table(box=None, pad_edge=False, header_style="bold")
        for heading in ("SERVER", "ADDRESS", "ROLE", "ZXID", "CLIENTS", "PID", "RESTARTS"):
            table.add_column(heading, no_wrap=True)
        for child in self._children():
            status, process = child.status, child.process
            colour = _COLOURS.get(child.role, "yellow")
            table.add_row(
                str(child.place.id),
                child.place.address,
                f"[{colour}]{child.role}[/{colour}]",
                (status.zxid if status else None) or "-",
                "-" if status is None or status.connections is None else str(status.connections),
                "-" if process is None else str(process.pid),
                str(child.restarts),
            )
        self._live.update(table, refresh=True)

    def close(self) -> None:
        """Leave the last table on the screen."""
        self._live.stop()
