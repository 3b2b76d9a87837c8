"""A run depends on the specification alone: not on how Python hashes, or where it puts things."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

# Sets of strings, of records, of sets and of model values, built in several ways, all iterated
# over; every CHOOSE has several candidates; the counterexample is one of many of its length.
_MODULE = r"""
---- MODULE Orders ----
EXTENDS Naturals, Sequences, FiniteSets, TLC
CONSTANT Nodes
VARIABLES msgs, log, picked
vars == <<msgs, log, picked>>
Kinds == {"vote", "ack", "commit", "hello"} \cup {"a" \o "b", "b" \o "a"}
Init == msgs = {} /\ log = <<>> /\ picked \in {"zero", "one"}
Send == \E n \in Nodes, k \in Kinds \ {picked} :
          /\ Cardinality(msgs) < 2
          /\ msgs' = msgs \cup {[kind |-> k, from |-> n, seen |-> {m.kind : m \in msgs}]}
          /\ UNCHANGED <<log, picked>>
Receive == \E m \in msgs :
          /\ msgs' = msgs \ {m}
          /\ log' = Append(log, m.kind)
          /\ picked' = CHOOSE k \in m.seen \cup {m.kind, picked} : TRUE
Next == Send \/ Receive
Short == Len(log) < 2
Said == \A m \in {n \in msgs : n.from = CHOOSE o \in Nodes : TRUE} : PrintT(m)
====
"""
_CONFIG = """
INIT Init
NEXT Next
CONSTANT Nodes = {n1, n2, n3}
INVARIANTS Said Short
CHECK_DEADLOCK FALSE
"""


def _outcome(folder: Path, seed: str, *options: str) -> str:
    command = [sys.executable, "-m", "speccheck.cli", "check", str(folder / "Orders.tla"), *options]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONHASHSEED": seed},
    )
    assert done.returncode == 1, done.stderr
    return done.stdout


def _without_times(text: str) -> object:
    def pruned(value: object) -> object:
        if isinstance(value, dict):
            timed = ("seconds", "per_second", "rate")
            return {k: pruned(v) for k, v in value.items() if not k.endswith(timed)}
        return [pruned(item) for item in value] if isinstance(value, list) else value

    return pruned(json.loads(text))


@pytest.mark.parametrize("seed", ["1", "2"])
def test_the_same_under_every_hash_seed(tmp_path: Path, seed: str) -> None:
    (tmp_path / "Orders.tla").write_text(_MODULE)
    (tmp_path / "Orders.cfg").write_text(_CONFIG)
    first = _outcome(tmp_path, "0", "--json")
    assert _without_times(first) == _without_times(_outcome(tmp_path, seed, "--json"))
    assert "trace" in first
    lines = _outcome(tmp_path, "0").splitlines()
    again = _outcome(tmp_path, seed).splitlines()
    timed = [number for number, line in enumerate(lines) if "states/s" in line]
    for number in timed:
        lines[number] = again[number] = ""
    assert timed
    assert lines == again
