"""Where the shell prints: results, errors, and events as they come.

Events arrive on the connection's thread, which must not wait for a terminal or a full pipe; a
thread of its own prints them. Whoever prints a result prints the events before it that are still
waiting: an event that the server sent ahead of a reply is seen ahead of it.
"""

import sys
import threading
from collections import deque


class Console:
    """Standard output and error, for several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._events: deque[str] = deque()
        self._arrived = threading.Event()
        self._closed = False
        threading.Thread(target=self._print_as_they_come, daemon=True).start()

    def out(self, text: str) -> None:
        """Print a line, or several, to standard output."""
        with self._lock:
            self._print_events()
            print(text, flush=True)

    def error(self, text: str) -> None:
        """Print a line, or several, to standard error."""
        with self._lock:
            self._print_events()
            print(text, file=sys.stderr, flush=True)

    def event(self, text: str) -> None:
        """Have an event printed soon, on standard output; returns at once."""
        self._events.append(text)
        self._arrived.set()

    def settle(self) -> None:
        """Print the events that are waiting."""
        with self._lock:
            self._print_events()

    def close(self) -> None:
        """Print what is waiting, nothing that comes later: the interpreter is about to end."""
        with self._lock:
            self._print_events()
            self._closed = True
        self._arrived.set()

    def _print_as_they_come(self) -> None:
        while not self._closed:
            self._arrived.wait()
            self._arrived.clear()
            try:
                self.settle()
            except BrokenPipeError:
                return  # nobody reads any more; the next command finds out for itself

    def _print_events(self) -> None:
        while self._events and not self._closed:
            print(f"\nWATCHER::\n\n{self._events.popleft()}", flush=True)
