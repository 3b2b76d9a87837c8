"""What the log says of transactions that were too long to be logged as they were asked for."""

import logging

from speckeeper.server.server import Server

log = logging.getLogger(__name__)


class LongTransactions:
    """Warns of them once in a while: a client could ask for many."""

    def __init__(self) -> None:
        self._server: Server | None = None
        self._told = 0

    def report(self, server: Server) -> None:
        """Warn if there were any since the last time."""
        if server is not self._server:
            self._server, self._told = server, 0
        count, self._told = server.pipeline.kept_short - self._told, server.pipeline.kept_short
        if count:
            log.warning(
                "refused %d transactions of more than %d bytes, or left the paths out of a"
                " closeSession: no ZooKeeper could read them from its log (jute.maxbuffer and"
                " jute.maxbuffer.extrasize set the limit)",
                count,
                server.settings.largest_transaction,
            )
