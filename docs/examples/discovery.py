"""Service registration and discovery, and load balanced by a consistent-hash ring of who is alive.

A key belongs to the first server behind it on a ring of hashes. When a server goes, only its keys
move; when it comes back, only they come back.

Prints:
    4 servers share 1000 keys: each has between 150 and 350
    10.0.0.2:80 goes: its keys move, and no others
    10.0.0.2:80 is back: all is as before
"""

import hashlib
import queue
import sys
from bisect import bisect
from collections import Counter

from kazoo.client import KazooClient

KEYS = [f"user-{number}" for number in range(1000)]
POINTS = 200  # of each server on the ring: the more, the more even


def ring_of(servers):
    """The points of all servers, in order."""
    return sorted((hashed(f"{server}#{n}"), server) for server in servers for n in range(POINTS))


def hashed(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8])


def owner(ring, key: str) -> str:
    return ring[bisect(ring, (hashed(key),)) % len(ring)][1]


def register(hosts: str, address: str) -> KazooClient:
    client = KazooClient(hosts)
    client.start()
    client.create(f"/services/shop/{address}", ephemeral=True, makepath=True)
    return client


def main(hosts: str) -> None:
    balancer = KazooClient(hosts)
    balancer.start()
    alive: queue.Queue[set[str]] = queue.Queue()
    balancer.ensure_path("/services/shop")
    balancer.ChildrenWatch("/services/shop", lambda children: alive.put(set(children)))

    def assigned(count: int) -> dict[str, str]:
        while len(servers := alive.get(timeout=20)) != count:
            pass
        ring = ring_of(servers)
        return {key: owner(ring, key) for key in KEYS}

    servers = {f"10.0.0.{n}:80": register(hosts, f"10.0.0.{n}:80") for n in (1, 2, 3, 4)}
    before = assigned(4)
    even = all(150 <= count <= 350 for count in Counter(before.values()).values())
    print(f"4 servers share 1000 keys: each has between 150 and 350{'' if even else ' NOT'}")
    servers["10.0.0.2:80"].stop()
    after = assigned(3)
    moved = {key for key in KEYS if before[key] != after[key]}
    own = {key for key in KEYS if before[key] == "10.0.0.2:80"}
    print(f"10.0.0.2:80 goes: its keys move, and {'no others' if moved == own else 'others too'}")
    servers["10.0.0.2:80"] = register(hosts, "10.0.0.2:80")
    print(f"10.0.0.2:80 is back: all is {'as before' if assigned(4) == before else 'otherwise'}")
    for client in (balancer, *servers.values()):
        client.stop()


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1:2181")
