"""Models that the tests of reports run."""

from pathlib import Path
from typing import NamedTuple

from speccheck.explore.config import parse_config
from speccheck.explore.model import Model, load_model
from speccheck.explore.result import Result
from speccheck.explore.search import Search
from speccheck.report.trace import Trace, trace_of

PING = r"""
EXTENDS Naturals, Sequences
CONSTANT Server
VARIABLES msgs, epoch, log
vars == <<msgs, epoch, log>>
Init == /\ msgs = [i \in Server |-> [j \in Server |-> <<>>]]
        /\ epoch = [i \in Server |-> 0]
        /\ log = {}
Send(i, j) == /\ i # j /\ Len(msgs[i][j]) < 2 /\ epoch[i] < 2
              /\ LET m == [type |-> "PING", epoch |-> epoch[i] + 1]
                 IN msgs' = [msgs EXCEPT ![i][j] = Append(@, m)]
              /\ UNCHANGED <<epoch, log>>
Receive(i, j) == /\ msgs[j][i] # <<>>
                 /\ LET m == Head(msgs[j][i])
                    IN /\ epoch' = [epoch EXCEPT ![i] = m.epoch]
                       /\ log' = IF m.epoch > 1 THEN log \cup {<<i, m.epoch>>} ELSE log
                       /\ msgs' = [msgs EXCEPT ![j][i] = Tail(@)]
Next == \E i, j \in Server : Send(i, j) \/ Receive(i, j)
Spec == Init /\ [][Next]_vars
Low == \A i \in Server : epoch[i] < 2
Alias == [epochs |-> epoch, next |-> epoch']
"""
PING_CONFIG = "SPECIFICATION Spec CONSTANT Server = {s1, s2} INVARIANT Low"


class Run(NamedTuple):
    """A model, what a search of it found, the counterexample, and the states it reached."""

    model: Model
    result: Result
    trace: Trace
    search: Search


def run(folder: Path, body: str = PING, config: str = PING_CONFIG) -> Run:
    """Search the model of a module M."""
    (folder / "M.tla").write_text(f"---- MODULE M ----\n{body}\n====\n")
    model = load_model(folder / "M.tla", parse_config(config, "M.cfg"))
    search = Search(model)
    result = search.run()
    return Run(model, result, trace_of(model, result), search)
