"""Barriers: nobody begins before all have come, and nobody leaves before all are done.

Prints:
    nobody works before all three have come: True
    nobody leaves before all three are done: True
    the gate opens for whoever waits
"""

import random
import sys
import threading
import time

from kazoo.client import KazooClient


def main(hosts: str) -> None:
    events: list[str] = []

    def work(number: int) -> None:
        client = KazooClient(hosts)
        client.start()
        barrier = client.DoubleBarrier("/barrier", 3)
        time.sleep(random.random() / 4)
        events.append("came")
        barrier.enter()
        events.append("worked")
        time.sleep(random.random() / 4)
        events.append("done")
        barrier.leave()
        events.append("left")
        client.stop()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    last_came = len(events) - 1 - events[::-1].index("came")
    last_done = len(events) - 1 - events[::-1].index("done")
    print("nobody works before all three have come:", events.index("worked") > last_came)
    print("nobody leaves before all three are done:", events.index("left") > last_done)

    # A single barrier: closed by somebody, and opened for everybody at once.
    client = KazooClient(hosts)
    client.start()
    gate = client.Barrier("/gate")
    gate.create()
    waiter = threading.Thread(target=gate.wait, args=(10,))
    waiter.start()
    gate.remove()
    waiter.join()
    print("the gate opens for whoever waits")
    client.stop()


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1:2181")
