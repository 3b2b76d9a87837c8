"""Counterexamples to induction, given to the checker: what follows them, and are they reached?"""

from pathlib import Path
from typing import NamedTuple

from speccheck.evaluate.errors import EvaluationError
from speccheck.explore.config import read_config
from speccheck.explore.model import ConfigError, load_model
from speccheck.explore.result import Result
from speccheck.explore.search import Search
from speccheck.prove.conditions import Conditions
from speccheck.prove.discharge import Verdict, solution
from speccheck.prove.errors import ProofError
from speccheck.prove.hints import Hints, hints_path
from speccheck.prove.module import ProofModule
from speccheck.prove.obligations import INIT, Kind, Obligation
from speccheck.prove.replay import Replay, replay
from speccheck.prove.run import Task
from speccheck.prove.types import AtomType
from speccheck.prove.universes import parts_of
from speccheck.prove.world import World
from speccheck.report.disks import Ensemble, runs_from_disks
from speccheck.tla.errors import TlaError

_TOO_WEAK = ": the invariant is too weak, as far as this tells; another instance may break it"

_ONE_STEP = 2  # states


class Wanted(NamedTuple):
    """What replays are to be: the folder for their files, how many states the checker may look at,
    onward and from Init, and the servers that are to begin with their disks, if any."""

    folder: Path
    states: int
    ensemble: Ensemble | None = None


def replay_all(task: Task, verdicts: list[Verdict], wanted: Wanted) -> list[str]:
    """Write modules for counterexamples into a folder, run them, and return what came of each.

    Raises TlaError, ProofError, ConfigError, EvaluationError, Unusable, OSError.
    """
    module, hints = task.module(), task.hints()
    file = hints_path(task.base or task.path)
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
            remedy = f"give [sizes] in {file}"
            said.append(f"{obligation}: no state of a finite instance to start from; {remedy}")
            continue
        goal = conditions.goal(obligation.theorem)
        broken = obligation.conjunct.partition(".")[0]
        asked = [name for name in dict.fromkeys(consequences) if name != broken]
        place = wanted.folder / f"{number:02}"
        said.append(f"{obligation}: {place}")
        try:
            texts = replay(
                module, goal, obligation, found, dict(hints.sizes), asked, task.redefines
            )
            _write(place, texts)
            libraries = [task.path.parent, *task.folders]
            said += _run(place, texts, libraries, wanted.states, broken)
            if said[-1].endswith(_TOO_WEAK):
                more = _larger(module, hints, obligation, place, task, wanted.states)
                said[-1:] = [f"{said[-1].removesuffix(_TOO_WEAK)}; {more}"] if more else said[-1:]
            if wanted.ensemble is not None and hints.start:
                said += _simulated(place, texts, hints.start, libraries, wanted.ensemble)
            elif wanted.ensemble is not None:
                what = f"name a module as start in {file}"
                said.append(f"    nothing says what is on disks; {what}")
        except (TlaError, ProofError, ConfigError, EvaluationError) as error:
            said.append(f"    cannot be replayed: {_first_line(error)}")
    return said


def _write(place: Path, texts: Replay) -> None:
    place.mkdir(parents=True, exist_ok=True)
    (place / f"{texts.name}.tla").write_text(texts.module)
    for name, text in (
        ("step", texts.step),
        ("past", texts.past),
        ("onward", texts.onward),
        ("reached", texts.reached),
        ("beyond", texts.beyond),
        ("broken", texts.broken),
    ):
        (place / f"{name}.cfg").write_text(text)


def _simulated(
    place: Path, texts: Replay, start: str, libraries: list[Path], ensemble: Ensemble
) -> list[str]:
    """Let servers begin with what is on disks in the state and after its step.

    ``start`` is the module that says what is.
    """
    name = f"{texts.name}_disks"
    module, config = place / f"{name}.tla", place / "disks.cfg"
    module.write_text(f"---- MODULE {name} ----\nEXTENDS {texts.name}, {start}\n====\n")
    config.write_text(f"{texts.step}ALIAS Start\n")
    try:
        model = load_model(module, read_config(config), libraries)
        found = Search(model).run()
        if found.error is not None:
            raise found.error
        if not found.trace:
            return []  # The checker does not agree, which is said.
        states = [found.trace[0].state, found.trace[-1].state]
        return [*runs_from_disks(model, states, place, ensemble)]
    except (TlaError, ConfigError, EvaluationError) as error:
        return [f"    what is on disks cannot be told: {_first_line(error)}"]


def _run(place: Path, texts: Replay, libraries: list[Path], most: int, broken: str) -> list[str]:
    def run(config: str) -> Result:
        model = load_model(
            place / f"{texts.name}.tla", read_config(place / f"{config}.cfg"), libraries
        )
        return Search(model, most).run()

    said: list[str] = []
    step = run("step")
    if step.error is not None:
        raise step.error
    if step.verdict != "invariant":
        past = run("past")
        if past.verdict == "invariant" and len(past.trace) <= _ONE_STEP:
            which = "the state" if len(past.trace) == 1 else "a step from the state"
            return [f"    {which} goes past the numbers of [sizes]: unknown; give larger ones"]
        return [f"    the checker finds no step from this state that breaks {broken}: unknown"]
    said.append("    the checker agrees")
    onward = run("onward")
    if not texts.asked and onward.error is None:
        said.append("    no theorem is proved by the invariant: nothing is asked of what follows")
    elif onward.verdict == "invariant":
        said.append(f"    what follows breaks {onward.violated} too, after {_steps(onward)}")
    elif onward.error is not None:
        said.append(f"    what follows is unknown: {_first_line(onward.error)}")
    else:
        end = "all" if onward.verdict == "success" else "the first"
        said.append(f"    no theorem is broken in {end} {onward.distinct:,} states that follow")
    reached = run("reached")
    if reached.verdict == "invariant":
        where = f"{_which(reached, broken, texts)} in {_steps(reached)}"
        said.append(f"    Init leads to {where}: the specification is wrong")
    elif reached.verdict == "success" and (beyond := run("beyond")).verdict == "invariant":
        where = f"{_which(beyond, broken, texts)} in {_steps(beyond)}"
        where += ", past the numbers of this instance"
        said.append(f"    Init leads to {where}: the specification is wrong")
    elif reached.verdict == "success" and beyond.verdict != "success":
        said.append("    Init never leads to it within the instance's numbers: unknown beyond")
    elif reached.verdict == "success":
        never = f"Init never leads to it, nor to another that breaks {broken}, in this instance"
        never += f" ({texts.chosen})" if texts.chosen else ""
        said.append(f"    {never}{_TOO_WEAK}")
    elif reached.error is not None:
        said.append(f"    whether Init leads to it is unknown: {_first_line(reached.error)}")
    else:
        said.append(f"    Init leads to other states first, {reached.distinct:,} of them: unknown")
    return said


def _which(result: Result, broken: str, texts: Replay) -> str:
    """Return what Init has led to: the state that was replayed, or one that breaks the conjunct."""
    if result.violated == "NotReached":
        return "it"
    ends = " as far as this instance's numbers go" if texts.cut else ""
    return f"another state, which breaks {broken}{ends},"


def _larger(
    module: ProofModule,
    hints: Hints,
    obligation: Obligation,
    place: Path,
    task: Task,
    most: int,
) -> str:
    """Return whether Init leads to a break where each type has one value more, "" if none has.

    That is one instance of these sizes: one in which sets of atoms have all there are, if there is
    one, or else any. Writes the instance beside the replay. Raises TlaError, ProofError,
    ConfigError, OSError.
    """
    atoms = {
        part.name
        for type_ in module.types.values()
        for part in parts_of(type_)
        if isinstance(part, AtomType)
    }
    sizes = {name: size + (name in atoms) for name, size in hints.sizes.items()}
    if sizes == hints.sizes:
        return ""
    conditions = Conditions(module, hints, World(sizes))
    initial = Obligation(obligation.theorem, Kind.POSSIBLE, INIT, "")
    found = solution(conditions, initial, task.limits.finite, whole=True)
    if found is None:
        found = solution(conditions, initial, task.limits.finite)
    told = ", ".join(f"{name} {sizes[name]}" for name in sizes if name in atoms)
    if found is None or not found.is_written_out:
        return f"in that of {told} it is unknown"
    goal = conditions.goal(obligation.theorem)
    what = "A larger instance, in which a step may break"
    texts = replay(module, goal, obligation, found, sizes, [], task.redefines, what)
    _write(place / "larger", texts)
    path, config = place / "larger" / f"{texts.name}.tla", place / "larger" / "broken.cfg"
    model = load_model(path, read_config(config), [task.path.parent, *task.folders])
    result = Search(model, most).run()
    told += f" ({texts.chosen})" if texts.chosen else ""
    if result.verdict == "invariant":
        where = f"a state which breaks it in {_steps(result)}, in that of {told}"
        return f"but to {where}: the specification is wrong"
    if result.verdict == "success":
        return f"nor in that of {told}{_TOO_WEAK}"
    return f"in that of {told} it is unknown, after {result.distinct:,} states"


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]


def _steps(result: Result) -> str:
    steps = len(result.trace) - 1
    return f"{steps} step{'' if steps == 1 else 's'}"
