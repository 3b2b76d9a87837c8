"""Leader election: one of several processes leads; when it ends, another does.

Prints:
    one leads
    one steps down
    two leads
    two steps down
    three leads
    three steps down
"""

import sys
import threading

from kazoo.client import KazooClient


def candidate(hosts: str, name: str, came: threading.Event) -> None:
    client = KazooClient(hosts)
    client.start()
    election = client.Election("/election", name)

    def lead() -> None:
        # Whoever leads must stop when its session is in doubt: watch client.state in real work.
        print(name, "leads")
        election_is_full.wait(20)
        print(name, "steps down")

    came.set()
    election.run(lead)
    client.stop()


election_is_full = threading.Event()


def main(hosts: str) -> None:
    observer = KazooClient(hosts)
    observer.start()
    threads = []
    for number, name in enumerate(("one", "two", "three"), 1):
        came = threading.Event()
        thread = threading.Thread(target=candidate, args=(hosts, name, came))
        thread.start()
        threads.append(thread)
        came.wait(10)
        # They lead in the order in which they came.
        while len(observer.Election("/election").contenders()) < number:
            pass
    election_is_full.set()
    for thread in threads:
        thread.join()
    observer.stop()


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1:2181")
