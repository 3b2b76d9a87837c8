"""A node that is there as long as the process, even if its session is lost in between.

An ephemeral node goes with its session. Who wants to stay visible creates it again in the next one;
if the old one is still there, it waits until that has gone.

Prints:
    registered
    the session is lost, and the node with it
    registered again, by another session
"""

import sys
import threading

from kazoo.client import KazooClient, KazooState
from kazoo.exceptions import NodeExistsError


class Registration:
    """Keeps an ephemeral node in being."""

    def __init__(self, client: KazooClient, path: str, data: bytes) -> None:
        self.client, self.path, self.data = client, path, data
        self.registered = threading.Event()
        self._create()
        client.add_listener(self._listen)

    def _listen(self, state: str) -> None:
        if state == KazooState.LOST:
            self.registered.clear()
        elif state == KazooState.CONNECTED and not self.registered.is_set():
            # Not here: this is the thread on which answers arrive.
            self.client.handler.spawn(self._create)

    def _create(self) -> None:
        while not self.registered.is_set():
            try:
                self.client.retry(self._try)
            except NodeExistsError:
                if not self._is_ours():
                    continue
            self.registered.set()

    def _try(self) -> None:
        self.client.create(self.path, self.data, ephemeral=True, makepath=True)

    def _is_ours(self) -> bool:
        """Whether this session has made the node (the answer was lost); else wait for its end."""
        gone = threading.Event()
        stat = self.client.exists(self.path, watch=lambda event: gone.set())
        if stat is not None and stat.ephemeralOwner == self.client.client_id[0]:
            return True
        if stat is not None:
            gone.wait(30)
        return False


def main(hosts: str) -> None:
    client, observer = KazooClient(hosts), KazooClient(hosts)
    client.start()
    observer.start()
    Registration(client, "/alive/me", b"10.0.0.1:80")
    print("registered")
    first = observer.get("/alive/me")[1].ephemeralOwner

    gone = threading.Event()
    observer.exists("/alive/me", watch=lambda event: gone.set())
    thief = KazooClient(hosts, client_id=client.client_id)  # ends the session from elsewhere
    thief.start()
    thief.stop()
    gone.wait(20)
    print("the session is lost, and the node with it")
    back = threading.Event()
    if observer.exists("/alive/me", watch=lambda event: back.set()) is None:
        back.wait(30)
    again = observer.get("/alive/me")[1].ephemeralOwner
    print("registered again, by", "another session" if again != first else "the same session")
    client.stop()
    observer.stop()


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1:2181")
