"""Group membership: who is there, and who has gone, told to whoever manages the cluster.

A member is an ephemeral node: it is there as long as the session of its process.

Prints:
    members: none
    members: worker-1
    members: worker-1 worker-2
    members: worker-1 worker-2 worker-3
    members: worker-1 worker-3
    the manager starts worker-2 again
    members: worker-1 worker-2 worker-3
"""

import queue
import sys

from kazoo.client import KazooClient


def join(hosts: str, name: str) -> KazooClient:
    """Become a member for as long as the client lives."""
    client = KazooClient(hosts)
    client.start()
    client.create(f"/cluster/{name}", b"10.0.0.1:8000", ephemeral=True, makepath=True)
    return client


def main(hosts: str) -> None:
    manager = KazooClient(hosts)
    manager.start()
    manager.ensure_path("/cluster")
    changes: queue.Queue[set[str]] = queue.Queue()

    @manager.ChildrenWatch("/cluster")
    def changed(children):
        changes.put(set(children))

    def told(*expected: str) -> None:
        """Wait until the manager knows; several changes may come as one."""
        while changes.get(timeout=20) != set(expected):
            pass
        print("members:", " ".join(sorted(expected)) or "none")

    told()
    clients = {}
    names: list[str] = []
    for name in ("worker-1", "worker-2", "worker-3"):
        clients[name] = join(hosts, name)
        names.append(name)
        told(*names)
    clients["worker-2"].stop()
    told("worker-1", "worker-3")
    print("the manager starts worker-2 again")
    clients["worker-2"] = join(hosts, "worker-2")
    told(*names)
    for client in clients.values():
        client.stop()
    manager.stop()


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1:2181")
