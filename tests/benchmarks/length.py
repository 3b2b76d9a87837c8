"""Whether judging takes memory that stays flat: a trace of a million events, a history as long.

    python -m tests.benchmarks.length [--events 1000000] [--operations 1000000]

The trace is that of a simulated ensemble of three whose clients write and read and whose leader
crashes now and then; the history is synthetic (conformance_history.py). Each is judged from files
in a process of its own. Prints a line of JSON at 10, 50 and 100 of a hundred: what was judged by
then, processor seconds, start-up included, and the memory of the process at that moment (RSS).
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.benchmarks.conformance_history import write_history

from speccheck.conform.history.check import check_histories
from speccheck.conform.judge import Plan, judge
from speckeeper.sim.options import Options
from speckeeper.sim.recording import Recording
from speckeeper.sim.schedule import Schedule
from speckeeper.sim.world import World

SPEC = Path(__file__).parents[2] / "spec"
_SLICE_MS = 1000
_CRASH_EVERY = 97
"""Slices from one crash of the leader to the next."""
_MARKS = (10, 50, 100)


def simulate(folder: Path, events: int) -> None:
    """Record a run of at least so many events."""
    options = Options(voters=3, clients=9, rest_ms=2, trouble_ms=1 << 60, writes=0)
    recording = Recording(folder)
    world = World(Schedule(1, options), recording, blind=True)
    world.start()
    for client in world.clients:
        client.start()
    slices = 0
    while recording.events < events:
        slices += 1
        world.clock.run_until(slices * _SLICE_MS)
        recording.flush()
        leader = world.leader()
        if not slices % _CRASH_EVERY and leader is not None:
            world.crash(leader)
        for node in world.nodes.values():
            node.ensure_running()
    recording.close()


def judge_trace(folder: Path, tell: Callable[[int], None]) -> int:
    """Judge a trace; return how many events were judged."""
    verdict = judge([folder], Plan(SPEC / "Zab.tla", SPEC / "traces" / "Zab.cfg"), tell)
    assert verdict.conforms, verdict.fault
    assert verdict.checked == verdict.events
    return verdict.checked


def judge_history(folder: Path, tell: Callable[[int], None]) -> int:
    """Judge a history; return how many replies were judged."""
    sys.setrecursionlimit(20_000)
    done = 0

    def progress(what: str, count: int) -> None:
        nonlocal done
        if what == "judged":
            done += count
            tell(done)

    verdict = check_histories([folder], is_complete=True, progress=progress)
    assert verdict.divergence is None, verdict.divergence
    return verdict.total


def _resident() -> int:
    """Return the MiB that this process has in memory."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") >> 20


def watched(
    what: str, judging: Callable[[Path, Callable[[int], None]], int], folder: Path, size: int
) -> None:
    """Judge, and print how it goes."""
    began_s = time.process_time()
    marks = [share * size // 100 for share in _MARKS[:-1]]

    def tell(done: int) -> None:
        if marks and done >= marks[0]:
            del marks[0]
            report(done)

    def report(done: int) -> None:
        seconds = time.process_time() - began_s
        figures = {"judged": what, "count": done, "seconds": round(seconds, 2)}
        figures |= {"a_second": round(done / seconds), "MiB": _resident()}
        print(json.dumps(figures), flush=True)

    report(judging(folder, tell))


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--operations", type=int, default=1_000_000)
    parser.add_argument("--writes", type=int, default=10, help="of a hundred operations")
    parser.add_argument("--keep", type=Path, help="keep what is judged in this folder")
    options = parser.parse_args()
    context = multiprocessing.get_context("spawn")

    def run(target: Callable[..., None], *arguments: object) -> None:
        process = context.Process(target=target, args=arguments)
        process.start()
        process.join()
        if process.exitcode:
            sys.exit(process.exitcode)

    with tempfile.TemporaryDirectory() as temporary:
        root = options.keep or Path(temporary)
        traces, histories = root / "traces", root / "histories"
        if options.events:
            if not traces.is_dir():
                run(simulate, traces, options.events)
            run(watched, "trace", judge_trace, traces, options.events)
        if options.operations:
            if not histories.is_dir():
                write_history(histories, options.operations, options.writes)
            run(watched, "history", judge_history, histories, options.operations)


if __name__ == "__main__":
    main()
