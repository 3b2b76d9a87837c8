"""Specifications that hold a log against a specification, written as those for TLC are.

They read the log with ndJsonDeserialize, take a line a step, and ask by TLCGet("queue") whether the
search comes to a point from which no line can be taken. Source: etcd-io/raft tla/Traceetcdraft.tla.
"""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from speccheck.cli import app
from speccheck.explore.config import parse_config
from speccheck.explore.engine import ENDED_WARNING
from speccheck.explore.engines import Mode, Settings, engine_for
from speccheck.explore.model import load_model
from speccheck.explore.result import Result

COUNTER = """---- MODULE Counter ----
EXTENDS Naturals
CONSTANT Server
VARIABLE n, hidden
Begin == n = [s \\in Server |-> 0] /\\ hidden = 0
Init == Begin
Add(s, by) == n' = [n EXCEPT ![s] = @ + by] /\\ hidden' \\in {hidden, hidden + 1}
Reset(s) == n[s] > hidden /\\ n' = [n EXCEPT ![s] = 0] /\\ UNCHANGED hidden
Next == \\E s \\in Server : Reset(s) \\/ \\E by \\in 1..3 : Add(s, by)
vars == <<n, hidden>>
====
"""
TRACE = """---- MODULE TraceCounter ----
EXTENDS Counter, Json, IOUtils, Sequences, TLC
ASSUME TLCGet("config").mode = "bfs" /\\ TLCGet("config").worker = 1
Log == TLCEval(SelectSeq(ndJsonDeserialize(IOEnv.JSON), LAMBDA line : line.tag = "trace"))
Servers == {Log[k].server : k \\in DOMAIN Log}
TraceBegin == n = [s \\in Server |-> Log[1].before] /\\ hidden = 0
VARIABLE l
line == Log[l]
TraceInit == l = 1 /\\ Init
IsEvent(name) == l <= Len(Log) /\\ line.event = name /\\ l' = l + 1
IsAdd == IsEvent("add") /\\ Add(line.server, line.by) /\\ n'[line.server] = line.n
IsReset == IsEvent("reset") /\\ Reset(line.server)
TraceSpec == TraceInit /\\ [][IsAdd \\/ IsReset]_<<l, vars>>
View == <<vars, l>>
Matched == [](l <= Len(Log) => [](TLCGet("queue") # 0 \\/ l > Len(Log)))
Ends == l' > Len(Log) => TLCSet("exit", TRUE)
Accepted == TLCGet("stats").diameter = Len(Log) + 1
Whole == INSTANCE Counter
Refines == Whole!Init /\\ [][Whole!Next]_Whole!vars
====
"""
CONFIG = (
    "SPECIFICATION TraceSpec VIEW View CHECK_DEADLOCK FALSE "
    "CONSTANTS Server <- Servers Begin <- TraceBegin "
)
WHOLE = f"{CONFIG} PROPERTIES Matched Refines"
# The first way through the log ends it.
FIRST = f"{CONFIG} PROPERTY Refines ACTION_CONSTRAINT Ends POSTCONDITION Accepted"
GOOD = [
    {"event": "add", "server": "a", "by": 2, "n": 2, "before": 0, "ts": 12.75},
    {"event": "add", "server": "b", "by": 1, "n": 1},
    {"event": "reset", "server": "a"},
    {"event": "add", "server": "a", "by": 3, "n": 3},
]


@pytest.fixture(autouse=True)
def log_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JSON", str(tmp_path / "log.ndjson"))


def check(
    folder: Path,
    log: list[dict[str, object]],
    config: str,
    settings: Settings | None = None,
    trace: str = TRACE,
) -> Result:
    lines = [{"tag": "other"}, *({"tag": "trace", **line} for line in log)]
    (folder / "log.ndjson").write_text("\n".join(map(json.dumps, lines)))
    (folder / "Counter.tla").write_text(COUNTER)
    (folder / "TraceCounter.tla").write_text(trace)
    model = load_model(folder / "TraceCounter.tla", parse_config(config, "TraceCounter.cfg"))
    return engine_for(model, settings or Settings()).run()


WRONG_SUM = [*GOOD[:3], {**GOOD[3], "n": 4}]
# Not allowed in any state that the lines before it lead to.
TWICE = [*GOOD[:3], GOOD[2], *GOOD[3:]]
# Not allowed by the specification behind the trace.
TOO_MUCH = [*GOOD[:1], {**GOOD[1], "by": 7, "n": 7}, *GOOD[2:]]


def test_a_log_is_accepted_or_not(tmp_path: Path) -> None:
    good = check(tmp_path, GOOD, WHOLE)
    assert (good.verdict, good.error) == ("success", None)
    assert good.depth == len(GOOD) + 1
    assert check(tmp_path, WRONG_SUM, WHOLE).violated == "Matched"
    assert check(tmp_path, TWICE, WHOLE).violated == "Matched"
    assert check(tmp_path, TOO_MUCH, WHOLE).violated == "Refines"


def test_the_queue_of_a_depth_first_search_is_its_stack(tmp_path: Path) -> None:
    """A way that ends too early is a failure if it is the last: then nothing waits."""
    text = f"{CONFIG} PROPERTY Matched"
    assert check(tmp_path, GOOD[:2], text, Settings(Mode.dfs)).verdict == "success"
    assert check(tmp_path, TWICE, text, Settings(Mode.dfs)).violated == "Matched"


@pytest.mark.parametrize("mode", [Mode.bfs, Mode.dfs])
def test_the_first_way_through_a_log_may_end_the_run(tmp_path: Path, mode: Mode) -> None:
    good = check(tmp_path, GOOD, FIRST, Settings(mode))
    assert (good.verdict, good.error) == ("success", None)
    assert good.warnings == [ENDED_WARNING]
    violated = check(tmp_path, WRONG_SUM, FIRST, Settings(mode)).violated
    assert violated == "POSTCONDITION Accepted"
    assert check(tmp_path, TOO_MUCH, FIRST, Settings(mode)).violated == "Refines"


def test_it_ends_simulations_too(tmp_path: Path) -> None:
    simulation = Settings(Mode.simulate, traces=50, depth=20, seed=1)
    trace = TRACE.replace('mode = "bfs"', 'mode = "simulate"')
    for workers in (1, 2):
        result = check(tmp_path, GOOD, FIRST, simulation._replace(workers=workers), trace)
        assert (result.verdict, result.warnings) == ("success", [ENDED_WARNING])
    assert check(tmp_path, WRONG_SUM, CONFIG, simulation, trace).verdict == "unfinished"


def test_a_state_that_the_run_did_not_expand_may_have_no_value(tmp_path: Path) -> None:
    """What a run exercised is asked when it is over, of its last state too."""
    trace = TRACE.replace("IsEvent(name) == l <= Len(Log) /\\", "IsEvent(name) ==")
    assert trace != TRACE
    assert check(tmp_path, GOOD, FIRST, trace=trace).verdict == "success"
    module, config = tmp_path / "TraceCounter.tla", tmp_path / "First.cfg"
    config.write_text(FIRST)
    done = CliRunner().invoke(app, ["check", str(module), "--config", str(config)])
    assert done.exit_code == 0, done.output
    assert "Parts of properties" in done.output
