"""How fast traces and histories are judged, whether memory stays flat, and TLC on a common trace.

    python tests/benchmarks/conformance.py [--operations 1000000] [--writes 10] [--common 1000]

An ensemble of three real servers records its steps while kazoo clients, which record what they
see, put it under load: once for a quarter of the operations, once for all of them. A write is about
seven events of the servers. Both traces and both histories are judged, each in a process of its
own. Then TLC and speccheck judge the first events of the same trace: TLC by a module in the style
of trace specifications, with a cursor over events that are given to it in the order that speccheck
found, for TLC cannot merge.

Prints a line of JSON for each figure. Seconds are of the processor, start-up included.
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
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from speccheck.conform.connections import Connections
from speccheck.conform.dialect import ZAB
from speccheck.conform.folding import FOLDINGS
from speccheck.conform.history.check import check_histories
from speccheck.conform.judge import Plan, judge
from speccheck.conform.merge import Merge
from speccheck.conform.observation import Observer
from speccheck.conform.reading import Event, read_tracks
from speccheck.conform.replay import Replay
from speccheck.conform.specification import specification_of
from speccheck.evaluate.show import show
from speccheck.report.itf import decode
from speccheck.tlc import run_tlc
from speckeeper.history.kazoo_clients import finish, record
from speckeeper.testing import Ensemble

SPEC = Path(__file__).parents[2] / "spec"
CLIENTS, NODES, UNDER_WAY = 4, 1000, 100


def load(folder: Path, operations: int, writes: int) -> None:
    """Record a run of an ensemble: ``folder/traces``, ``folder/history``."""
    from kazoo.client import KazooClient

    rng = random.Random(operations)
    (folder / "traces").mkdir(parents=True)
    config = {"trace.dir": folder / "traces", "tickTime": 2000}
    with Ensemble(folder / "servers", 3, config) as ensemble:
        clients = [record(KazooClient(ensemble.hosts), folder / "history") for _ in range(CLIENTS)]
        for client in clients:
            client.start(timeout=60)
        for number in range(NODES):
            clients[0].create(f"/n{number}", b"")
        waiting: deque[Any] = deque()
        for count in range(operations - NODES):
            client, path = clients[count % CLIENTS], f"/n{rng.randrange(NODES)}"
            if rng.randrange(100) < writes:
                waiting.append(client.set_async(path, b"%d" % count))
            else:
                waiting.append(client.get_async(path))
            if len(waiting) > UNDER_WAY:
                waiting.popleft().get(timeout=60)
        for one in waiting:
            one.get(timeout=60)
        for client in clients:
            client.stop()
            client.close()
        finish(folder / "history")


def judge_traces(folder: Path) -> int:
    """Judge traces; return how many events they have."""
    verdict = judge([folder], Plan(SPEC / "Zab.tla", SPEC / "traces" / "Zab.cfg"))
    assert verdict.conforms, verdict.fault
    assert verdict.checked == verdict.events
    return verdict.checked


def judge_histories(folder: Path) -> int:
    """Judge histories; return how many replies were compared."""
    sys.setrecursionlimit(20_000)
    verdict = check_histories([folder], SPEC / "ZNode.tla", is_complete=True, is_fresh=True)
    assert verdict.divergence is None, verdict.divergence
    return verdict.total


def _measured(
    judging: Callable[[Path], int], folder: Path, answer: multiprocessing.Queue[Any]
) -> None:
    start = time.process_time()
    count = judging(folder)
    seconds = time.process_time() - start
    answer.put((count, seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss))


def measure(what: str, judging: Callable[[Path], int], folder: Path) -> None:
    """Judge in a process of its own, and print the figures."""
    context = multiprocessing.get_context("spawn")
    answer: multiprocessing.Queue[Any] = context.Queue()
    process = context.Process(target=_measured, args=(judging, folder, answer))
    process.start()
    count, seconds, memory = answer.get()
    process.join()
    tell(
        judged=what,
        count=count,
        seconds=round(seconds, 2),
        a_second=round(count / seconds),
        MiB=memory // 1024,
    )


def tell(**figures: Any) -> None:
    """Print figures as a line of JSON."""
    print(json.dumps(figures), flush=True)


# -- TLC


def merged(folder: Path, count: int) -> list[Event]:
    """Return the first events in one order, without the starts, which are the initial state."""
    tracks = read_tracks([folder])
    events: list[Event] = []
    for event in Merge(tracks, Connections(tracks, ZAB), ZAB):
        if event.action != ZAB.start:
            events.append(event)
        if len(events) == count:
            break
    return events


def tla(data: Any) -> str:
    """Return a value of a trace as TLA+; of checksums 31 bits, for TLC has no larger numbers."""
    return show(decode(_of_31_bits(data)))


def _of_31_bits(data: Any) -> Any:
    if type(data) is int:
        return data if data < 0 else data & 0x7FFFFFFF
    if isinstance(data, list):
        return [_of_31_bits(item) for item in data]
    if isinstance(data, dict):
        return {key: _of_31_bits(value) for key, value in data.items()}
    return data


def change(told: Any) -> str:
    """Return what an event tells of a variable as TLA+: a record for ``Told``."""
    if not isinstance(told, dict) or not {*told} & {"#drop", "#append", "#at"}:
        if isinstance(told, dict) and {*told} & {"#keep", "#last", "#unknown"}:
            return '[kind |-> "unknown"]'
        return f'[kind |-> "is", value |-> {tla(told)}]'
    if "#at" in told:
        if "#drop" in told or "#append" in told:
            return '[kind |-> "unknown"]'
        pairs = [f"<<{tla(key)}, {tla(value)}>>" for key, value in told["#at"]]
        return f'[kind |-> "at", pairs |-> {{{", ".join(pairs)}}}]'
    items = ", ".join(tla(item) for item in told.get("#append", ()))
    return f'[kind |-> "ends", drop |-> {told.get("#drop", 0)}, append |-> <<{items}>>]'


def trace_module(events: list[Event], variables: list[str]) -> Iterator[str]:
    """Yield a trace specification for TLC, line by line."""
    yield "---- MODULE TraceZab ----"
    yield "EXTENDS Zab"
    yield "VARIABLE cursor"
    yield "TraceServer == {1, 2, 3}"
    yield "TraceQuorum == {q \\in SUBSET TraceServer : Cardinality(q) > 1}"
    yield "TraceNull == -1"
    yield "Trace == <<"
    for number, event in enumerate(events):
        told = ", ".join(f"{name} |-> {change(value)}" for name, value in event.vars.items())
        told = f"[{told}]" if told else "[nothing |-> 0]"
        arguments = ", ".join(map(tla, event.args))
        comma = "," if number + 1 < len(events) else ""
        yield (
            f'  [action |-> "{event.action}", server |-> {event.server}, '
            f"args |-> <<{arguments}>>, told |-> {told}]{comma}"
        )
    yield ">>"
    yield "Told(old, new, change) =="
    yield '  CASE change.kind = "is" -> new = change.value'
    yield '    [] change.kind = "ends" ->'
    yield "         new = SubSeq(old, change.drop + 1, Len(old)) \\o change.append"
    yield '    [] change.kind = "at" -> \\A pair \\in change.pairs : new[pair[1]] = pair[2]'
    yield "    [] OTHER -> TRUE"
    yield "Agrees(event) =="
    for name in variables:
        yield f'  /\\ IF "{name}" \\in DOMAIN event.told'
        yield (f"     THEN Told({name}[event.server], {name}'[event.server], event.told.{name})")
        yield f"     ELSE {name}'[event.server] = {name}[event.server]"
    yield "Step(event) =="
    arities = {event.action: len(event.args) for event in events}
    for number, (action, arity) in enumerate(arities.items()):
        arguments = ", ".join(f"event.args[{k}]" for k in range(1, arity + 1))
        start = "CASE" if not number else "  []"
        yield f'  {start} event.action = "{action}" -> {action}({arguments})'
    yield "TraceInit == Init /\\ cursor = 1"
    yield "TraceNext == /\\ cursor <= Len(Trace)"
    yield "             /\\ Step(Trace[cursor])"
    yield "             /\\ Agrees(Trace[cursor])"
    yield "             /\\ cursor' = cursor + 1"
    yield "===="


def make_wrong(events: list[Event]) -> None:
    """Have the last commit that is told name another transaction."""
    for event in reversed(events):
        zxid = event.vars.get("lastCommitted")
        if isinstance(zxid, list):
            event.vars["lastCommitted"] = [zxid[0], zxid[1] + 1]
            return
    raise ValueError("no event tells of a commit; take more of them")


def by_tlc(folder: Path, traces: Path, count: int, *, wrong: bool = False) -> None:
    """Have TLC validate the first events, and print the figures.

    ``wrong``: one of them is changed, and TLC is to refuse it.
    """
    tracks = read_tracks([traces])
    untold = tracks[0].parts[0].header.untold
    model = specification_of(tracks[0].parts[0].header, SPEC / "Zab.tla", None)
    variables = [name for name in model.variables if name not in untold]
    events = merged(traces, count)
    if wrong:
        make_wrong(events)
    folder.mkdir()
    module = folder / "TraceZab.tla"
    module.write_text("\n".join(trace_module(events, variables)) + "\n")
    config = folder / "TraceZab.cfg"
    config.write_text(
        "INIT TraceInit\nNEXT TraceNext\nCHECK_DEADLOCK FALSE\nCONSTANTS\n"
        "  Server <- TraceServer\n  Quorum <- TraceQuorum\n  NullPoint <- TraceNull\n"
        "  Value <- Nat\n"
    )
    used = _of_children()
    result = run_tlc(module, config, folders=[SPEC], workers=1)
    seconds = _of_children() - used
    accepted = result.distinct == len(events) + 1
    tell(
        judged="first events by TLC" + (", one of them wrong" if wrong else ""),
        count=len(events),
        seconds=round(seconds, 2),
        a_second=round(len(events) / seconds),
        accepted=accepted,
    )
    assert accepted is not wrong, result.output[-3000:]


def _of_children() -> float:
    """Return the processor time of the processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def by_speccheck(traces: Path, count: int) -> None:
    """Replay the same events by speccheck, and print the figures."""
    tracks = read_tracks([traces])
    connections = Connections(tracks, ZAB)
    header = tracks[0].parts[0].header
    start = time.process_time()
    model = specification_of(header, SPEC / "Zab.tla", None)
    fold = FOLDINGS["Zab"]({name: index for index, name in enumerate(model.variables)}).fold
    observer = Observer(model.variables, header.untold)
    replay = Replay(model, ZAB, observer, 1000, (), fold, connections)
    for event in Merge(tracks, connections, ZAB):
        replay.take(event)
        if replay.checked - len(tracks) == count:
            break
    seconds = time.process_time() - start
    tell(
        judged="first events by speccheck",
        count=count,
        seconds=round(seconds, 2),
        a_second=round(count / seconds),
        accepted=True,
    )


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--operations", type=int, default=1_000_000)
    parser.add_argument("--writes", type=int, default=10, help="of a hundred operations")
    parser.add_argument("--common", type=int, default=1000, help="events that TLC validates")
    parser.add_argument("--keep", type=Path, help="keep what was recorded in this folder")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        root = options.keep or Path(temporary)
        for operations in (options.operations // 4, options.operations):
            folder = root / str(operations)
            if not folder.is_dir():
                load(folder, operations, options.writes)
            measure("traces", judge_traces, folder / "traces")
            measure("histories", judge_histories, folder / "history")
        traces = root / str(options.operations) / "traces"
        for count in (options.common // 2, options.common):
            by_tlc(Path(temporary) / f"tlc-{count}", traces, count)
            by_speccheck(traces, count)
        count = options.common // 2
        by_tlc(Path(temporary) / f"wrong-{count}", traces, count, wrong=True)


if __name__ == "__main__":
    main()
