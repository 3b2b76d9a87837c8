"""Two clients, one thing after the other: a short history in which every promise shows.

python tests/interop/history_scenario.py CONNECT-STRING
"""

from __future__ import annotations

import sys
import threading

from kazoo.client import KazooClient
from kazoo.protocol.states import WatchedEvent


def play(hosts: str) -> None:
    """Play it against servers, mostly through a tap. Their tree has to be empty."""
    ann, bob = KazooClient(hosts), KazooClient(hosts)
    fired: list[str] = []
    heard = threading.Event()

    def watch(event: WatchedEvent) -> None:
        fired.append(event.type)
        heard.set()

    def wait(count: int) -> None:
        while len(fired) < count:
            assert heard.wait(10), f"{count} events are due, {fired} have come"
            heard.clear()

    ann.start()
    bob.start()
    ann.create("/a", b"one")
    ann.get("/a", watch=watch)
    bob.set("/a", b"two")
    wait(1)
    ann.get("/a")
    ann.create("/a/s-", b"", sequence=True)
    bob.create("/a/s-", b"", sequence=True)
    ann.create("/a/s-", b"", sequence=True)
    bob.get_children("/a", include_data=True)
    bob.create("/e", b"bob", ephemeral=True)
    ann.exists("/e", watch=watch)
    ann.get_children("/", watch=watch)
    both = ann.transaction()
    both.create("/m", b"m")
    both.set_data("/a", b"three")
    both.commit()
    wait(2)
    bob.sync("/")
    bob.get("/a")
    bob.get("/m")
    neither = bob.transaction()
    neither.create("/n", b"n")
    neither.check("/a", 77)
    neither.commit()
    bob.exists("/n")
    bob.set("/a", b"four", version=2)
    ann.sync("/")
    ann.get("/a")
    ann.delete("/m")
    bob.exists("/m")
    ann.exists("/e")
    bob.stop()
    bob.close()
    wait(3)
    ann.exists("/e")
    ann.get_children("/")
    ann.set("/a", b"five")
    ann.get("/a")
    ann.stop()
    ann.close()


if __name__ == "__main__":
    play(sys.argv[1])
