"""Data in step between workers: each has a copy of a table, and all copies come to be the same.

Changes are sequential nodes, which ZooKeeper puts in one order; whoever applies them in that order
has the same table. A worker that comes late starts from a saved table and the changes behind it.

Prints:
    worker 0 has all 30 changes
    worker 1 has all 30 changes
    worker 2 has all 30 changes
    the tables are the same
    a late worker starts from the saved table and has the same
"""

import json
import sys
import threading

from kazoo.client import KazooClient


class Copy:
    """A table that follows the log under /table/log."""

    def __init__(self, hosts: str) -> None:
        self.client = KazooClient(hosts)
        self.client.start()
        self.table: dict[str, int] = {}
        self.applied = -1
        self.news = threading.Condition()
        if self.client.exists("/table/saved"):
            saved = json.loads(self.client.get("/table/saved")[0])
            self.table, self.applied = saved["table"], saved["applied"]
        self.client.ensure_path("/table/log")
        self.client.ChildrenWatch("/table/log", self._apply)

    def change(self, name: str, amount: int) -> None:
        data = json.dumps([name, amount]).encode()
        self.client.create("/table/log/", data, sequence=True)

    def wait_for(self, number: int) -> None:
        with self.news:
            assert self.news.wait_for(lambda: self.applied >= number, 30)

    def _apply(self, children: list[str]) -> None:
        for child in sorted(children):
            if int(child) <= self.applied:
                continue
            name, amount = json.loads(self.client.get(f"/table/log/{child}")[0])
            with self.news:
                self.table[name] = self.table.get(name, 0) * 2 + amount  # the order matters
                self.applied = int(child)
                self.news.notify_all()


def main(hosts: str) -> None:
    copies = [Copy(hosts) for _ in range(3)]
    threads = [
        threading.Thread(target=lambda c=copy: [c.change("abc"[n % 3], n) for n in range(10)])
        for copy in copies
    ]
    for thread in threads:
        thread.start()
    for number, copy in enumerate(copies):
        copy.wait_for(29)
        print(f"worker {number} has all {copy.applied + 1} changes")
    same = all(copy.table == copies[0].table for copy in copies)
    print("the tables are", "the same" if same else "different")

    saved = {"table": copies[0].table, "applied": copies[0].applied}
    copies[0].client.create("/table/saved", json.dumps(saved).encode())
    late = Copy(hosts)
    same = late.table == copies[0].table
    print(f"a late worker starts from the saved table and has {'the same' if same else 'another'}")
    for copy in (*copies, late):
        copy.client.stop()


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1:2181")
