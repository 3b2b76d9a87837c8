"""Log lines about clients that were turned away or cut off: each reason at once, then in sums.

A flood of bad clients must not become a flood of log lines (ZooKeeper RateLogger).
"""

import logging
from collections.abc import Callable
from time import monotonic

from speckeeper.server.reasons import CloseReason

INTERVAL_S = 10.0


class Refused(Exception):
    """A connection does not come about; the text says why in a few words, the reason counts it."""

    def __init__(self, text: str, reason: CloseReason = CloseReason.FAILED_HANDSHAKE) -> None:
        super().__init__(text)
        self.reason = reason


class RefusalLog:
    """Logs the first of a kind with its peer, then how many more there were in the interval."""

    def __init__(self, log: logging.Logger, clock: Callable[[], float] = monotonic) -> None:
        self._log = log
        self._clock = clock
        self._since: dict[CloseReason, float] = {}
        self._more: dict[CloseReason, int] = {}

    def note(self, reason: CloseReason, peer: str) -> None:
        """Record one refusal of ``peer``."""
        if reason in self._since:
            self._more[reason] += 1
            return
        self._since[reason] = self._clock()
        self._more[reason] = 0
        self._log.warning("closed the connection from %s: %s", peer, reason.value)

    def flush(self) -> None:
        """Say what was held back and is old enough; call it now and then."""
        now = self._clock()
        for reason in [key for key, since in self._since.items() if now - since >= INTERVAL_S]:
            more = self._more.pop(reason)
            del self._since[reason]
            if more:
                self._log.warning(
                    "closed %d more connections within %.0f s: %s", more, INTERVAL_S, reason.value
                )
