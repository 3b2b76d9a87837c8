"""What the checker finds is replayed: shortest traces, and counterexamples of mistakes.

On cores alone, and in the simulated world, on whole servers with their links, files and judge.
"""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pytest
from tests.mbt.zab.free_runs import HERE, SPEC
from tests.model.test_mistakes import MISTAKES, changed_copy
from typer.testing import CliRunner

from speccheck.cli import app
from speccheck.explore.config import read_config
from speccheck.explore.covering import shortest_traces
from speccheck.explore.model import Model, load_model
from speccheck.explore.result import Result, TraceStep
from speccheck.explore.search import Search
from speccheck.mbt.lead import Following, follow_trace
from speccheck.report.itf import encode, read_itf, write_itf
from speccheck.report.trace import trace_of
from speccheck.variants.header import read_variant
from speckeeper.sim.system import SYSTEM

ONLY_IN_PROPERTIES = {"epochLeader", "proposalMsgsLog", "committed", "used"}
FOLDERS = (SPEC, SPEC / "models", HERE)


def _model(module: Path, config: Path, folders: Sequence[Path] = FOLDERS) -> Model:
    return load_model(module, read_config(config), folders)


def _itf(model: Model, steps: list[TraceStep]) -> str:
    return write_itf(trace_of(model, Result(trace=steps)), source=f"{model.name}.tla")


def _follow(itf: str, bug: str | None = None, course: str = "core") -> Following:
    trace = read_itf(itf)
    first = {name: encode(value) for name, value in trace.states[0].values.items()}
    course = SYSTEM.begin(course, first, bug)
    try:
        return follow_trace(trace, course)
    finally:
        course.close()


@cache
def _shortest() -> tuple[Model, dict[str, list[TraceStep] | None]]:
    model = _model(HERE / "ShortZab.tla", HERE / "ShortZab.cfg")
    return model, shortest_traces(model, 100_000)


@pytest.mark.parametrize("course", SYSTEM.courses)
def test_the_shortest_trace_of_each_action_replays(course: str) -> None:
    model, traces = _shortest()
    assert len(traces) == 31
    for action, steps in traces.items():
        assert steps is not None, f"{action} is not reached"
        found = _follow(_itf(model, steps), course=course)
        assert found.is_complete, (action, found)
        assert found.taken == len(steps) - 1
        assert {*found.unseen} == ONLY_IN_PROPERTIES
        assert not found.remarks


# --- a counterexample of a specification with a mistake -------------------------------------------

# A mistake of tests/model/mistakes.toml, and the same one as it can be put into the core.
SAME = {
    "acknowledge a proposal before it is durable": "ack-before-durable",
    "NEWLEADER acknowledged while transactions are only queued (ZOOKEEPER-3911, 4646)": (
        "ZOOKEEPER-4646"
    ),
}


JUDGED = {
    "ack-before-durable": [
        "the judge of the simulator: CommittedIsDurable: 0x200000001 is only on the disks of [1]"
    ],
    "ZOOKEEPER-4646": [],  # the epoch has not begun to serve yet
}


@pytest.mark.parametrize(("mistake", "bug"), SAME.items(), ids=SAME.values())
def test_a_counterexample_needs_the_mistake_in_the_core(
    mistake: str, bug: str, tmp_path: Path
) -> None:
    """The true core departs at the mistaken step; with the mistake it follows to the end."""
    (seeded,) = (each for each in MISTAKES if each.name == mistake)
    copy = changed_copy(seeded, tmp_path)
    folders = (copy, copy / "models", HERE)
    model = _model(HERE / "ShortZab.tla", HERE / "ShortZab.cfg", folders)
    result = Search(model).run()
    assert result.violated == seeded.property
    itf = _itf(model, result.trace)

    for course in SYSTEM.courses:
        followed, departed = _follow(itf, bug, course), _follow(itf, None, course)

        assert followed.is_complete, followed
        assert not departed.is_complete
        assert departed.taken < len(departed.steps)
        assert not departed.remarks
    # Of the world the judge looks on: it must find what the property of the specification says,
    # if that is a thing that can be seen from outside.
    assert [*followed.remarks] == JUDGED[bug]
    path = tmp_path / "trace.itf.json"
    path.write_text(itf, "utf-8")
    for switch, code in (([], 1), (["--bug", bug], 0)):
        ran = CliRunner().invoke(app, ["replay", str(path), "--system", "speckeeper", *switch])
        assert ran.exit_code == code, ran.output
        if code:
            assert f"departs at step {departed.taken + 1} of {len(departed.steps)}" in ran.output


# Variants of spec/variants that do what a core does with the mistake of their @strategy, and the
# action of Zab that the mistaken step is one of where it is redefined as a whole.
FOLLOWED = {
    "AckBeforeFsync": "FollowerProcessPROPOSAL",
    "AckBeforeSnapshot": None,
    "Zk4646": None,
}


@pytest.mark.parametrize(("name", "stands_for"), FOLLOWED.items(), ids=FOLLOWED)
def test_a_counterexample_of_a_variant_is_followed_by_its_strategy(
    name: str, stands_for: str | None, tmp_path: Path
) -> None:
    """The actions that a variant redefines are followed as those that they stand for."""
    variant = read_variant(SPEC / "variants" / f"{name}.tla")
    module = tmp_path / "Short.tla"
    module.write_text(f"---- MODULE Short ----\nEXTENDS ShortZab, {name}\n====\n")
    lines = [f"    {old} <- {new}\n" for old, new in variant.redefines]
    config = (HERE / "ShortZab.cfg").read_text() + "CONSTANTS\n" + "".join(lines)
    module.with_suffix(".cfg").write_text(config)
    model = _model(module, module.with_suffix(".cfg"), (*FOLDERS, SPEC / "variants"))
    result = Search(model).run()
    assert result.violated in variant.fails
    path = tmp_path / "trace.itf.json"
    path.write_text(_itf(model, result.trace), "utf-8")
    redefined = {state.stands_for for state in read_itf(path.read_text("utf-8")).states}
    assert redefined - {None} == ({stands_for} - {None})

    for switch, code in (([], 1), (["--bug", variant.strategy], 0)):
        ran = CliRunner().invoke(app, ["replay", str(path), "--system", "speckeeper", *switch])
        assert ran.exit_code == code, ran.output


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "this is no JSON"),
        ('{"vars": ["x"], "states": [{"x": 1}]}', "this is no behaviour of Zab"),
        ('{"vars": [], "states": []}', "the trace has no states"),
    ],
)
def test_what_is_no_trace_of_zab_is_refused(text: str, why: str, tmp_path: Path) -> None:
    path = tmp_path / "trace.itf.json"
    path.write_text(text, "utf-8")
    ran = CliRunner().invoke(app, ["replay", str(path)])
    assert ran.exit_code == 2
    assert why in ran.output
