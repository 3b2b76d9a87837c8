"""How fast histories are judged, and whether memory stays flat in their length.

    python tests/benchmarks/conformance_history.py [--operations 200000] [--writes 10]

Writes a history of eight sessions on a thousand nodes, reads and setData in the given share, as a
server would have answered, and judges a quarter of it and all of it, each in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import random
import resource
import sys
import tempfile
import time
from pathlib import Path

from speccheck.conform.history.check import check_histories

SESSIONS, NODES = 8, 1000
_ACL = '[{"perms":31,"scheme":"world","id":"anyone"}]'


def write_history(folder: Path, operations: int, writes: int, seed: int = 1) -> None:
    """Write a history that conforms; `writes` of a hundred operations are setData."""
    rng = random.Random(seed)
    folder.mkdir(parents=True)
    files = [(folder / f"history-{n + 1:016x}.ndjson").open("w") for n in range(SESSIONS)]
    for number, file in enumerate(files):
        file.write('{"event":"history","version":1,"recorder":"benchmark","clock":"one"}\n')
        file.write(
            f'{{"event":"connect","session":{number + 1},"call":0,"return":1,"timeout":9000}}\n'
        )
    zxid = SESSIONS
    nodes: list[dict[str, int]] = []
    now = 10
    for number in range(NODES):
        zxid, now = zxid + 1, now + 2
        nodes.append({"czxid": zxid, "mzxid": zxid, "version": 0, "mtime": zxid})
        request = f'{{"path":"/n{number}","data":"{number:08}","acl":{_ACL},"flags":"PERSISTENT"}}'
        stat = _stat(nodes[number])
        files[0].write(
            f'{{"event":"reply","type":"create2","call":{now},"return":{now + 1},"zxid":{zxid},'
            f'"request":{request},"reply":{{"path":"/n{number}","stat":{stat}}}}}\n'
        )
    data = [f"{number:08}" for number in range(NODES)]
    for count in range(operations - NODES):
        number, file = rng.randrange(NODES), files[rng.randrange(SESSIONS)]
        node, now = nodes[number], now + 2
        head = f'"call":{now},"return":{now + 1},"zxid"'
        if rng.randrange(100) < writes:
            zxid += 1
            data[number] = f"{count:08}"
            node.update(mzxid=zxid, version=node["version"] + 1, mtime=zxid)
            file.write(
                f'{{"event":"reply","type":"setData",{head}:{zxid},"request":{{"path":"/n{number}",'
                f'"data":"{data[number]}","version":-1}},"reply":{{"stat":{_stat(node)}}}}}\n'
            )
        else:
            file.write(
                f'{{"event":"reply","type":"getData",{head}:{zxid},"request":{{"path":"/n{number}",'
                f'"watch":false}},"reply":{{"data":"{data[number]}","stat":{_stat(node)}}}}}\n'
            )
    for file in files:
        file.write(f'{{"event":"end","return":{now}}}\n')
        file.close()


def _stat(node: dict[str, int]) -> str:
    return (
        f'{{"czxid":{node["czxid"]},"mzxid":{node["mzxid"]},"ctime":{node["czxid"]},'
        f'"mtime":{node["mtime"]},"version":{node["version"]},"cversion":0,"aversion":0,'
        f'"ephemeralOwner":0,"dataLength":8,"numChildren":0,"pzxid":{node["czxid"]}}}'
    )


def judge(folder: Path, answer: multiprocessing.Queue[tuple[int, float, int]]) -> None:
    """Judge a folder; tell how many were compared, in what processor time, and the KiB it took."""
    sys.setrecursionlimit(20_000)
    start = time.process_time()
    verdict = check_histories([folder], is_complete=True)
    seconds = time.process_time() - start
    assert verdict.divergence is None, verdict.divergence
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    answer.put((verdict.total, seconds, memory))


def main() -> None:
    """Measure and print a line of JSON for each length."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--operations", type=int, default=200_000)
    parser.add_argument("--writes", type=int, default=10, help="of a hundred")
    options = parser.parse_args()
    context = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as folder:
        for operations in (options.operations // 4, options.operations):
            where = Path(folder) / str(operations)
            write_history(where, operations, options.writes)
            answer = context.Queue()
            process = context.Process(target=judge, args=(where, answer))
            process.start()
            total, seconds, memory = answer.get()
            process.join()
            print(
                json.dumps(
                    {
                        "operations": total,
                        "writes of a hundred": options.writes,
                        "processor seconds": round(seconds, 2),
                        "operations a processor second": round(total / seconds),
                        "MiB": memory // 1024,
                    }
                ),
                flush=True,
            )


if __name__ == "__main__":
    main()
