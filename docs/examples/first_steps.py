"""Create, read, change, watch and delete a node.

Prints:
    created /hello
    read b'world' (version 0)
    a client that has read version 0 cannot overwrite version 1
    watch: CHANGED /hello
    watch: DELETED /hello
    gone
"""

import sys
import threading

from kazoo.client import KazooClient
from kazoo.exceptions import BadVersionError


def main(hosts: str) -> None:
    client = KazooClient(hosts)
    client.start()

    print("created", client.create("/hello", b"world"))
    data, stat = client.get("/hello")
    print(f"read {data!r} (version {stat.version})")

    client.set("/hello", b"everybody", version=stat.version)
    try:
        client.set("/hello", b"too late", version=stat.version)
    except BadVersionError:
        print("a client that has read version 0 cannot overwrite version 1")

    # A watch fires once: whoever wants to hear more sets it again when it has fired.
    fired = threading.Event()

    def watch(event):
        print("watch:", event.type, event.path)
        if client.exists("/hello", watch=watch) is None:
            fired.set()
        elif event.type == "CHANGED":
            changed.set()

    changed = threading.Event()
    client.get("/hello", watch=watch)
    client.set("/hello", b"again")
    changed.wait(10)
    client.delete("/hello")
    fired.wait(10)
    print("gone" if client.exists("/hello") is None else "still there")
    client.stop()


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1:2181")
