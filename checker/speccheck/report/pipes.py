"""What happens when whoever reads the output goes away, as "| head" does."""

import os
import signal
from typing import NoReturn

from rich.console import Console


def end_by_signal() -> NoReturn:
    """End the process as other programs end then: by SIGPIPE, without a word."""
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    os.kill(os.getpid(), signal.SIGPIPE)
    os._exit(128 + signal.SIGPIPE)  # Where the signal is blocked.


class Terminal(Console):
    """Where results are printed. (A plain Console ends with code 1, which says "violated".)"""

    def on_broken_pipe(self) -> None:
        """End the process."""
        end_by_signal()
