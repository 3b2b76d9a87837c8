"""A distributed lock: of all who want it one has it, and they get it in the order of their coming.

Each contender creates an ephemeral sequential node; who has the smallest holds the lock, the others
watch the one before theirs. If a holder dies, its session ends, its node goes, and the next holds.

Prints:
    anna holds it
    anna's client dies without a word
    ben holds it
    3 workers, 300 steps, nothing lost: 300
"""

import sys
import threading

from kazoo.client import KazooClient


def main(hosts: str) -> None:
    anna, ben = KazooClient(hosts, timeout=2), KazooClient(hosts)
    anna.start()
    ben.start()
    lock = anna.Lock("/locks/printer", "anna")
    lock.acquire()
    print(f"{lock.contenders()[0]} holds it")

    waiting = ben.Lock("/locks/printer", "ben")
    thread = threading.Thread(target=waiting.acquire)
    thread.start()
    while len(lock.contenders()) < 2:
        pass
    print("anna's client dies without a word")
    anna._connection._socket.close()  # as if its machine were gone
    anna.stop()
    thread.join(20)
    print(f"{waiting.contenders()[0]} holds it")
    waiting.release()

    # What it is for: reading and writing as one step.
    ben.ensure_path("/counter")
    ben.set("/counter", b"0")

    def work():
        client = KazooClient(hosts)
        client.start()
        for _ in range(100):
            with client.Lock("/locks/counter"):
                number = int(client.get("/counter")[0])
                client.set("/counter", b"%d" % (number + 1))
        client.stop()

    workers = [threading.Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    ben.sync("/counter")
    print(f"3 workers, 300 steps, nothing lost: {int(ben.get('/counter')[0])}")
    ben.stop()


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1:2181")
