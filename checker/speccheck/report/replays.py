"""Counterexamples to induction, given to the checker: what follows them, and are they reached?"""

from pathlib import Path

from speccheck.evaluate.errors import EvaluationError
from speccheck.explore.config import read_config
from speccheck.explore.model import ConfigError, load_model
from speccheck.explore.result import Result
from speccheck.explore.search import Search
from speccheck.prove.conditions import Conditions
from speccheck.prove.discharge import Verdict
from speccheck.prove.errors import ProofError
from speccheck.prove.hints import hints_path, read_hints
from speccheck.prove.module import load
from speccheck.prove.obligations import Kind
from speccheck.prove.replay import Replay, replay
from speccheck.prove.world import World
from speccheck.tla.errors import TlaError


def replay_all(
    path: Path, folders: tuple[Path, ...], verdicts: list[Verdict], folder: Path, most: int
) -> list[str]:
    """Write modules for counterexamples into a folder, run them, and return what came of each.

    ``most``: so many states are looked at, at most, onward and from Init. Raises TlaError,
    ProofError, ConfigError, EvaluationError, OSError.
    """
    module = load(path, folders)
    hints = read_hints(hints_path(path))
    conditions = Conditions(module, hints, World())
    consequences = [
        name
        for theorem in module.theorems
        for goal in [conditions.goal(theorem.name)]
        if goal.by and not goal.on_steps and goal.behaviour is not None
        for name in goal.goals
        if name in module.resolved.operators
    ]
    said: list[str] = []
    for number, verdict in enumerate(verdicts, 1):
        obligation, found = verdict.obligation, verdict.counterexample
        if obligation.kind is not Kind.STEP:
            said.append(f"{obligation}: nothing to replay, as it is no step from the invariant")
            continue
        if found is None or not found.is_written_out:
            remedy = f"give [sizes] in {hints_path(path)}"
            said.append(f"{obligation}: no state of a finite instance to start from; {remedy}")
            continue
        goal = conditions.goal(obligation.theorem)
        broken = obligation.conjunct.partition(".")[0]
        asked = [name for name in dict.fromkeys(consequences) if name != broken]
        place = folder / f"{number:02}"
        said.append(f"{obligation}: {place}")
        try:
            texts = replay(module, goal, obligation, found, dict(hints.sizes), asked)
            _write(place, texts)
            said += _run(place, texts.name, path, folders, most, broken)
        except (TlaError, ProofError, ConfigError, EvaluationError) as error:
            said.append(f"    cannot be replayed: {_first_line(error)}")
    return said


def _write(place: Path, texts: Replay) -> None:
    place.mkdir(parents=True, exist_ok=True)
    (place / f"{texts.name}.tla").write_text(texts.module)
    for name, text in (
        ("step", texts.step),
        ("onward", texts.onward),
        ("reached", texts.reached),
    ):
        (place / f"{name}.cfg").write_text(text)


def _run(
    place: Path, name: str, path: Path, folders: tuple[Path, ...], most: int, broken: str
) -> list[str]:
    libraries = [path.parent, *folders]

    def run(config: str) -> Result:
        model = load_model(place / f"{name}.tla", read_config(place / f"{config}.cfg"), libraries)
        return Search(model, most).run()

    said: list[str] = []
    step = run("step")
    if step.error is not None:
        raise step.error
    if step.verdict != "invariant":
        return [f"    the checker finds no step from this state that breaks {broken}: unknown"]
    said.append("    the checker agrees")
    onward = run("onward")
    if onward.verdict == "invariant":
        said.append(f"    what follows breaks {onward.violated} too, after {_steps(onward)}")
    elif onward.error is not None:
        said.append(f"    what follows is unknown: {_first_line(onward.error)}")
    else:
        end = "all" if onward.verdict == "success" else "the first"
        said.append(f"    no theorem is broken in {end} {onward.distinct:,} states that follow")
    reached = run("reached")
    if reached.verdict == "invariant":
        said.append(f"    Init leads to it in {_steps(reached)}: the specification is wrong")
    elif reached.verdict == "success":
        said.append("    Init never leads to it in this instance: the invariant is too weak")
    elif reached.error is not None:
        said.append(f"    whether Init leads to it is unknown: {_first_line(reached.error)}")
    else:
        said.append(f"    Init leads to other states first, {reached.distinct:,} of them: unknown")
    return said


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]


def _steps(result: Result) -> str:
    steps = len(result.trace) - 1
    return f"{steps} step{'' if steps == 1 else 's'}"
