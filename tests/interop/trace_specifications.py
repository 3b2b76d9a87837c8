"""Runs the specifications of traces that etcd's raft and CCF publish, on logs of these systems.

    python tests/interop/trace_specifications.py etcd CHECKOUT [LOG ...] [--mode dfs]
    python tests/interop/trace_specifications.py ccf CHECKOUT LOG ... [--mode dfs]

CHECKOUT is a work tree of github.com/etcd-io/raft, which has a log of its own (tla/example.ndjson),
or of github.com/microsoft/CCF, whose tests/raft_scenarios_runner.py makes logs with its raft_driver
(built with CCF_RAFT_TRACING). Each log is to be accepted; a copy in which a server has one entry
too many committed in the last event that tells it is to be refused. If one is not, the exit code is
1.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple


class Kind(NamedTuple):
    """Where a specification of traces is, the variable that names the log, how the log says it."""

    module: str
    variable: str
    state: tuple[str, ...]
    commit: str


KINDS = {
    "etcd": Kind("tla/Traceetcdraft.tla", "JSON", ("event", "state"), "commit"),
    "ccf": Kind("tla/consensus/Traceccfraft.tla", "CCF_RAFT_TRACE", ("msg", "state"), "commit_idx"),
}


def broken(text: str, kind: Kind) -> str:
    """Return a log in which the last state told has one entry too many committed."""
    lines = text.splitlines()
    for number in range(len(lines) - 1, -1, -1):
        whole = json.loads(lines[number])
        state: Any = whole
        for key in kind.state:
            state = state.get(key, {})
        if kind.commit in state:
            state[kind.commit] += 1
            lines[number] = json.dumps(whole)
            break
    else:
        raise SystemExit(f"no event tells {kind.commit}")
    return "\n".join(lines) + "\n"


def run(checkout: Path, kind: Kind, log: Path, mode: str, timeout_s: float) -> dict[str, Any]:
    """Return what ``speccheck check --json`` prints, with the seconds of the processor."""
    module = checkout / kind.module
    command = [sys.executable, "-m", "speccheck.cli", "check", str(module), "--json"]
    before = os.times()
    try:
        done = subprocess.run(
            [*command, "--mode", mode],
            env={**os.environ, kind.variable: str(log.resolve())},
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout_s,
        )
    except subprocess.TimeoutExpired:
        return {"verdict": "timeout", "cpu": timeout_s}
    after = os.times()
    cpu = after.children_user + after.children_system
    cpu -= before.children_user + before.children_system
    try:
        found: dict[str, Any] = json.loads(done.stdout)
    except json.JSONDecodeError:
        found = {"verdict": "refused", "error": done.stderr.strip()[-300:]}
    return {**found, "cpu": cpu}


def main() -> int:
    """Print the table; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("kind", choices=sorted(KINDS))
    parser.add_argument("checkout", type=Path)
    parser.add_argument("logs", type=Path, nargs="*")
    parser.add_argument("--mode", choices=["bfs", "dfs"], default="dfs")
    parser.add_argument("--timeout", type=float, default=1800)
    arguments = parser.parse_args()
    kind = KINDS[arguments.kind]
    logs = arguments.logs or [arguments.checkout / "tla" / "example.ndjson"]
    began, good, total = time.monotonic(), 0, 0
    with tempfile.TemporaryDirectory() as folder:
        for log in logs:
            wrong = Path(folder) / log.name
            wrong.write_text(broken(log.read_text("utf-8"), kind), "utf-8")
            for path, wanted in ((log, {"success"}), (wrong, {"property", "liveness"})):
                found = run(arguments.checkout, kind, path, arguments.mode, arguments.timeout)
                right = found["verdict"] in wanted
                good, total = good + right, total + 1
                name = log.stem if path is log else f"{log.stem}, broken"
                lines = len(path.read_text("utf-8").splitlines())
                columns = [
                    "as expected" if right else "NOT EXPECTED",
                    name,
                    f"{lines} lines",
                    f"{found['verdict']} {found.get('violated') or ''}".strip(),
                    f"{found.get('distinct')} states",
                    f"{found['cpu']:.1f} s of the processor",
                ]
                if not right:
                    columns.append(str(found.get("error"))[:200])
                print(" | ".join(columns), flush=True)
    print(f"{good} of {total} runs as expected, {time.monotonic() - began:.0f} s")
    return 0 if good == total else 1


if __name__ == "__main__":
    sys.exit(main())
