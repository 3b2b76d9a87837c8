"""A queue: jobs in order, each done by one worker, and none lost if a worker dies.

A worker locks a job, does it, and then takes it out. If the worker dies in between, its lock goes
with its session, and another does the job: so a job may be begun twice, and must bear it.

Prints:
    a worker takes job-0 and dies
    done: job-0 job-1 job-2 job-3 job-4 job-5 job-6 job-7 job-8 job-9
    left: 0
"""

import sys
import threading

from kazoo.client import KazooClient


def main(hosts: str) -> None:
    producer = KazooClient(hosts)
    producer.start()
    jobs = producer.LockingQueue("/jobs")
    jobs.put_all([b"job-%d" % number for number in range(10)])

    victim = KazooClient(hosts)
    victim.start()
    print("a worker takes", victim.LockingQueue("/jobs").get().decode(), "and dies")
    victim.stop()

    done: list[str] = []

    def work() -> None:
        client = KazooClient(hosts)
        client.start()
        mine = client.LockingQueue("/jobs")
        while (job := mine.get(timeout=2)) is not None:
            done.append(job.decode())
            mine.consume()
        client.stop()

    workers = [threading.Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    print("done:", *sorted(done))
    print("left:", len(jobs))
    producer.stop()


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1:2181")
