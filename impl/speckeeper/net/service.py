"""One server on one event loop: sockets, log, snapshots and timers around the core.

It carries out what the core asks for and decides nothing. The order that matters: log entries of a
turn go to the log together, the core hears of them when they are durable, and only then
do their effects and replies go out.
"""

from __future__ import annotations

import asyncio
import logging
import random
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from speckeeper.net.acceptor import Acceptor
from speckeeper.net.client_port import ClientPort, ClientProtocol, Commands
from speckeeper.net.log_writing import LogWriting
from speckeeper.net.long_transactions import LongTransactions
from speckeeper.net.polling import Polling
from speckeeper.net.snapshotter import Snapshotter
from speckeeper.net.wakefulness import Vigil
from speckeeper.server.reasons import CloseReason
from speckeeper.server.server import Server
from speckeeper.server.settings import ServerSettings
from speckeeper.server.stats import Distribution
from speckeeper.storage.disk_pace import DiskPace
from speckeeper.storage.interface import FileSystem
from speckeeper.storage.purge import purge
from speckeeper.storage.recovery import Recovered, Report
from speckeeper.storage.settings import StorageSettings
from speckeeper.storage.txnlog import Synced, TxnLog

if TYPE_CHECKING:
    from speckeeper.net.tls.opening import TlsOpening

log = logging.getLogger(__name__)

# The core is told the time this often: sessions expire at most this much later than due.
TICK_S = 0.05
# Writes applied and answered before the loop looks at its sockets again: about two milliseconds.
COMMITS_PER_TURN = 256
# A tick that comes this late tells that the process stood still.
LATE_MS = 500
_AFTER_READING_S = 0.001
# Time that a stopping server gives its storage and its clients.
STOP_PATIENCE_S = 5.0
# A client that does not take the last bytes of a closed connection is cut off after this.
LINGER_MS = 10_000
_NS_PER_MS = 1_000_000


def now_ms() -> int:
    """Milliseconds of a clock that never goes back."""
    return time.monotonic_ns() // _NS_PER_MS


def wall_ms() -> int:
    """Milliseconds since the epoch."""
    return time.time_ns() // _NS_PER_MS


@dataclass(slots=True)
class DiskStats:
    """What writing the log has measured; written by whoever writes it, read anywhere."""

    sync_ms: Distribution
    slow_syncs: int = 0
    last_sync_ms: float = 0.0


class Service:
    """Everything of one running server; made and used on the loop's thread.

    ``server``, ``storage``, ``snapshotter``, ``report``, ``disk``: what operators ask about.
    """

    def __init__(
        self,
        settings: ServerSettings,
        storage: StorageSettings,
        recovered: Recovered,
        files: FileSystem,
        purge_interval_ms: int = 0,
    ) -> None:
        """``recovered``: what storage brought back; ``purge_interval_ms`` 0: never purge."""
        self.loop = asyncio.get_running_loop()
        self.settings = settings
        self.storage = storage
        self.files = files
        self.report: Report = recovered.report
        self.disk = DiskStats(Distribution())
        self.started_wall_ms = wall_ms()
        self.server = Server(
            settings, recovered.tree, now_ms(), self.started_wall_ms, random.SystemRandom()
        )
        self.writer = LogWriting(
            self.loop,
            TxnLog(storage, files, recovered.last_zxid, self._synced),
            storage,
            files,
            self._persisted,
            self.fail,
            DiskPace(),
            answer=self._answer_ahead,
        )
        self.snapshotter = Snapshotter(
            self.loop, self.server, self.writer, storage, files, self.fail
        )
        self.port = ClientPort(
            self.server, lambda word: None, self.end_turn, end_turn_now=self._end_turn
        )
        self.polling = Polling(self.loop, self._progress, Vigil(lambda: self.writer.lone_writes))
        self.failure: Exception | None = None
        self.stopped = asyncio.Event()
        """Set when the server should come to an end: ``failure`` says why, None for a wish."""
        self._acceptors: list[Acceptor] = []
        self._turn_pending = False
        self._more_pending = False
        self._turns_pending = False
        self._purge_interval_s = purge_interval_ms / 1000
        self._timers: list[asyncio.TimerHandle] = []
        self._ticked_ms = now_ms()
        self._long_transactions = LongTransactions()

    @property
    def commands(self) -> Commands:
        """What answers four-letter words."""
        return self.port.commands

    @commands.setter
    def commands(self, commands: Commands) -> None:
        self.port.commands = commands

    @property
    def population(self) -> int:
        """How many things there are that live long: nodes, sessions, connections."""
        return (
            len(self.server.tree.nodes)
            + len(self.server.sessions.by_id)
            + len(self.server.core.connections)
        )

    # -- life

    def start(self) -> None:
        """Begin to write the log, and start the timers."""
        self.writer.start()
        self.every(TICK_S, self._tick)
        self.every(TICK_S, self.polling.tick)
        if self._purge_interval_s:
            # At once, too: a server that is restarted more often than that would never purge.
            self._purge()
            self.every(self._purge_interval_s, self._purge)
        if self.report.transactions_since_snapshot:
            # As ZooKeeper after loading: a clean snapshot, and the next start has less to replay.
            self.snapshotter.begin()

    def listen(
        self, sock: socket.socket, tls: TlsOpening | None = None, secure: bool = False
    ) -> None:
        """Accept clients on a listening socket; ``tls``: how they are let in, None for plainly.

        ``secure``: they count as clients of the secure port.
        """
        acceptor = Acceptor(self.loop, sock, self.port.secure if secure else self.port, tls)
        acceptor.start()
        self._acceptors.append(acceptor)

    def stop(self) -> None:
        """Ask the server to stop; ``stopped`` is set at once, :meth:`shut_down` does the rest."""
        self.stopped.set()

    def fail(self, error: Exception) -> None:
        """Stop because going on would be wrong; nothing more is acknowledged."""
        if self.failure is None:
            self.failure = error
        self.stopped.set()

    async def shut_down(self) -> None:
        """Finish what was accepted (unless storage failed), then close everything."""
        self.port.stopping = True
        for acceptor in self._acceptors:
            acceptor.close()
        for protocol in list(self.port.protocols):
            protocol.stop_reading()
        deadline = time.monotonic() + STOP_PATIENCE_S
        if self.failure is None:
            self._end_turn()
            while self.server.unfinished and time.monotonic() < deadline:
                await asyncio.sleep(0.001)
        for timer in self._timers:
            timer.cancel()
        self.polling.stop()
        self.snapshotter.abort()
        for protocol in list(self.port.protocols):
            protocol.finish(CloseReason.SERVER_SHUTDOWN)
        while self.port.protocols and time.monotonic() < deadline:
            await asyncio.sleep(0.001)
        for protocol in list(self.port.protocols):
            protocol.cut(CloseReason.SERVER_SHUTDOWN)
        await self.writer.close()

    # -- turns of the loop

    def end_turn(self) -> None:
        """Have the end of this turn run once everything that arrived with it has been taken in."""
        if not self._turn_pending:
            self._turn_pending = True
            self.loop.call_soon(self._end_turn)

    def _end_turn(self) -> None:
        """Hand log entries to storage, write what connections have, and give out further turns."""
        self._turn_pending = False
        server = self.server
        if server.pipeline.appends:
            self.writer.submit(server.take_appends())
            if server.snapshot_due and not self.snapshotter.begin():
                # As ZooKeeper: the log rolls all the same, and counting starts again.
                self.writer.roll()
                server.snapshot_started()
                log.info("too busy to snap, skipping")
        for connection in server.take_dirty():
            driver = connection.driver
            if isinstance(driver, ClientProtocol):
                driver.flush()
        if server.wants_turn and not self._turns_pending:
            self._turns_pending = True
            self.loop.call_soon(self._give_turns)

    def _give_turns(self) -> None:
        self._turns_pending = False
        try:
            self.server.take_turns(now_ms())
        finally:
            self.end_turn()

    def _progress(self) -> int:
        server = self.server
        return server.stats.packets_received + server.tree.last_processed_zxid

    def _tick(self) -> None:
        now = now_ms()
        late = now - self._ticked_ms > LATE_MS
        self._ticked_ms = now
        if late:
            # The process was stopped for a while. Pings that came meanwhile are read first, lest
            # sessions expire whose clients did nothing wrong.
            self.loop.call_later(_AFTER_READING_S, self._sweep)
        else:
            self._sweep()

    def _sweep(self) -> None:
        server = self.server
        now = now_ms()
        server.set_wall_clock(now, wall_ms())
        for session_id in server.tick(now):
            log.info("expiring session 0x%x, its timeout has passed", session_id % (1 << 64))
        for protocol in [each for each in self.port.protocols if each.overdue(now, LINGER_MS)]:
            protocol.cut(CloseReason.SLOW_READER)
        self.port.refusals.flush()
        self._long_transactions.report(server)
        self.end_turn()

    # -- storage

    def _answer_ahead(self) -> Callable[[], None] | None:
        """Have the reply ready to a client that is alone; return what sends it.

        What a write changes is applied behind that, while the reply is on its way: nobody is served
        in between.
        """
        server = self.server
        ahead = None if self.failure is not None else server.reply_ahead()
        if ahead is None:
            return None
        driver = ahead.connection.driver
        if not isinstance(driver, ClientProtocol):
            return None

        def answer() -> None:
            server.sent_ahead(ahead)
            driver.send(ahead.frame)

        return answer

    def _persisted(self, zxid: int) -> None:
        """Have the core act on what is durable, a part at a time."""
        if self.failure is not None or self._more_pending:
            return
        more = self.server.committed(zxid, now_ms(), COMMITS_PER_TURN)
        self._end_turn()
        self.server.settle()  # figures, for which nobody waits
        if more:
            self._more_pending = True
            self.loop.call_soon(self._persisted_more)

    def _persisted_more(self) -> None:
        self._more_pending = False
        self._persisted(self.writer.persisted_zxid)

    def _synced(self, synced: Synced) -> None:
        note_sync(self.disk, synced)

    # -- timers

    def every(self, seconds: float, action: Callable[[], None]) -> None:
        """Run an action again and again until the server stops."""
        index = len(self._timers)

        def run() -> None:
            self._timers[index] = self.loop.call_later(seconds, run)
            action()

        self._timers.append(self.loop.call_later(seconds, run))

    def _purge(self) -> None:
        purge_in_background(self.loop, self.storage, self.files)


def note_sync(disk: DiskStats, synced: Synced) -> None:
    """Enter a sync of the log into the numbers, and warn if it was slow."""
    disk.sync_ms.add(round(synced.elapsed_ms))
    disk.last_sync_ms = synced.elapsed_ms
    if synced.slow:
        disk.slow_syncs += 1
        log.warning(
            "fsync of %s took %d ms, which will hold back every write; file size %d",
            synced.file,
            synced.elapsed_ms,
            synced.size,
        )


def purge_in_background(
    loop: asyncio.AbstractEventLoop, storage: StorageSettings, files: FileSystem
) -> None:
    """Remove old snapshots and logs on a thread."""
    future = loop.run_in_executor(None, purge, storage, files)
    future.add_done_callback(_report_purge)


def _report_purge(purged: asyncio.Future[list[Path]]) -> None:
    if purged.cancelled():
        return
    error = purged.exception()
    if error is not None:
        log.warning("purge: %s", error)
    elif purged.result():
        log.info("purge removed %d files", len(purged.result()))
