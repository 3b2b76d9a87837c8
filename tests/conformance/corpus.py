"""The corpus in traces/: good traces, and bad ones with their expected verdicts.

    python -m tests.conformance.corpus            # writes traces/good and traces/bad anew

Good are runs of seeds of the simulator. Bad are runs with a known mistake in them that the trace
alone gives away, and good ones with something changed by hand. Beside each bad one is
``verdict.json``: the action at fault, and why it is not allowed. ``traces/bad/README.md`` lists
them.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any, NamedTuple

import cramjam
from tests.conformance.conftest import ROOT, Line, change, verdict_on

from speccheck.conform.judge import Verdict
from speckeeper.sim.bugs import about, seeded
from speckeeper.sim.recording import Recording
from speckeeper.sim.schedule import draw_schedule
from speckeeper.sim.world import World

TRACES = ROOT / "traces"

GOOD = {
    "crashes-and-ambushes": 3,
    "five-elections": 5,
    "short-run": 8,
    "epochs-left-behind": 14,
    "nobody-stays": 46,
    "five-servers": 53,
}
"""Names of good traces, and the seeds that they come from."""

BUGS = {
    "ack-before-durable": 0,
    "commit-without-quorum": 0,
    "minority-serves": 0,
    "promise-not-written": 0,
    "stale-epoch-accepted": 0,
    "uncommitted-served": 2,
    "ZOOKEEPER-3023": 0,
    "ZOOKEEPER-4394": 2,
    "ZOOKEEPER-4646": 1,
    "ZOOKEEPER-4685": 2,
    "ZOOKEEPER-4712": 0,
}
"""Mistakes of the simulator, and from which seed on to look for a trace that gives them away."""
_SEEDS = 40


class Edit(NamedTuple):
    """A change by hand: the first event that is ``wanted`` becomes another."""

    about: str
    wanted: Callable[[Line], bool]
    edit: Callable[[Line], None]


def _commits_alone(event: Line) -> None:
    event["vars"]["lastCommitted"] = event["vars"]["history"]["#append"][-1]["zxid"]
    event["vars"]["outstandingProposals"] = {"#drop": event["args"][1]}


def _put(*path: Any, value: Callable[[Any], Any]) -> Callable[[Line], None]:
    def edit(event: Line) -> None:
        inside: Any = event
        for key in path[:-1]:
            inside = inside[key]
        inside[path[-1]] = value(inside[path[-1]])

    return edit


def _loses_a_transaction(event: Line) -> None:
    event["vars"]["history"]["#append"].pop()


EDITS = {
    "commit-without-quorum-by-hand": Edit(
        "a leader commits what is on its own disk only",
        lambda e: e["action"] == "LeaderLogFlushed" and "lastCommitted" not in e["vars"],
        _commits_alone,
    ),
    "reordered-pair": Edit(
        "a follower reads a proposal ahead of the one that was sent before it",
        lambda e: e["action"] == "FollowerProcessPROPOSAL",
        _put("recv", 2, "mzxid", 1, value=lambda counter: counter + 1),
    ),
    "lost-transaction": Edit(
        "a transaction that was queued is not in the log when the queue is written",
        lambda e: e["action"] == "FollowerLogFlushed",
        _loses_a_transaction,
    ),
    "another-value": Edit(
        "a follower logs another value than was proposed",
        lambda e: e["action"] == "FollowerProcessPROPOSAL",
        _put("vars", "queuedRequests", "#append", 0, "value", value=lambda value: value + 1),
    ),
    "epoch-goes-back": Edit(
        "a follower's accepted epoch is not the one that it promises",
        lambda e: e["action"] == "FollowerPersistAcceptedEpoch",
        _put("vars", "acceptedEpoch", value=lambda epoch: epoch - 1),
    ),
    "acknowledged-to-nobody": Edit(
        "a message is read that nobody has sent",
        lambda e: e["action"] == "LeaderProcessACK",
        _put("recv", 1, value=lambda k: k + 1000),
    ),
    "started-without-a-quorum": Edit(
        "a leader says that it has heard from one server fewer than it has",
        lambda e: e["action"] == "LeaderProcessACKEPOCH" and "ackeRecv" in e["vars"],
        _put("vars", "ackeRecv", "#set", value=lambda servers: servers[:1]),
    ),
}
_EDITED = 3


def expected(verdict: Verdict) -> dict[str, Any]:
    """Return what is expected of a bad trace, as plain data."""
    fault = verdict.fault
    assert fault is not None, "a bad trace diverges"
    return {
        "server": fault.event.server,
        "event": f"{fault.event.file.name.removesuffix('.zst')}:{fault.event.line}",
        "action": fault.event.action,
        "conjunct": None if fault.conjunct is None else fault.conjunct.text,
        "differs": [one.variable for one in fault.differences],
    }


def _record(seed: int, folder: Path, bug: str | None = None) -> Path:
    recording = Recording(folder)
    with nullcontext() if bug is None else seeded(bug):
        World(draw_schedule(seed), recording).run()
    recording.close()
    return folder


def _keep(source: Path, target: Path) -> None:
    """Compress the files of a folder into another."""
    target.mkdir(parents=True)
    for path in sorted(source.iterdir()):
        data = bytes(cramjam.zstd.compress(path.read_bytes(), 19))
        (target / f"{path.name}.zst").write_bytes(data)


def _keep_bad(name: str, why: str, source: Path) -> str:
    target = TRACES / "bad" / name
    _keep(source, target)
    found = {"why": why, **expected(verdict_on(target))}
    (target / "verdict.json").write_text(json.dumps(found, indent=2) + "\n")
    at = found["conjunct"] or ", ".join(found["differs"]) or "a message that was not sent"
    cell = at.replace("|", "\\|")
    return f"| {name} | {why.rstrip('.')} | `{found['action']}` | `{cell}` |"


def main() -> None:
    """Write the corpus anew."""
    for kind in ("good", "bad"):
        shutil.rmtree(TRACES / kind, ignore_errors=True)
    rows = []
    with tempfile.TemporaryDirectory() as place:
        for name, seed in GOOD.items():
            _record(seed, Path(place, name))
            assert verdict_on(Path(place, name)).conforms, name
            _keep(Path(place, name), TRACES / "good" / name)
        for bug, first in BUGS.items():
            folder = next(
                folder
                for seed in range(first, first + _SEEDS)
                if not verdict_on(
                    folder := _record(seed, Path(place, f"{bug}-{seed}"), bug)
                ).conforms
            )
            rows.append(_keep_bad(bug, about(bug), folder))
        for name, (why, wanted, edit) in EDITS.items():
            _record(_EDITED, Path(place, name))
            change(Path(place, name), wanted, edit)
            rows.append(_keep_bad(name, why, Path(place, name)))
    text = [
        "# Bad traces",
        "",
        "Made by `python -m tests.conformance.corpus`. Each has its `verdict.json`; what is named",
        "is the first event that the specification does not allow, and the conjunct that is false",
        "there or that gives a variable another value.",
        "",
        "| trace | what is wrong | action | conjunct, or what differs |",
        "| --- | --- | --- | --- |",
        *rows,
    ]
    (TRACES / "bad" / "README.md").write_text("\n".join(text) + "\n")


if __name__ == "__main__":
    main()
