"""What is mutated, and the models and tests that judge each module's mutants."""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

from tests.model.mutation.edits import Edit, edits_of

ROOT = Path(__file__).parents[3]
SPEC = ROOT / "spec"
MODELS = SPEC / "models"
HERE = Path(__file__).parent


@dataclass(frozen=True)
class ModelRun:
    """A model of the quicker profiles and what expected.toml says of it."""

    name: str
    module: str
    verdict: str
    violated: str
    distinct: int | None
    depth: int | None
    seconds: float


@dataclass(frozen=True)
class Subject:
    """A module to mutate.

    ``until`` is the first definition of those that state properties, ``leave`` are others;
    ``models`` are in the order in which they are asked; ``tests`` are arguments of pytest.
    ``by_graph`` says that a mutant with the same graph of states in all models is the same
    specification, within their bounds: so for modules that say how states change. ``is_proved``
    says that ``speccheck prove`` proves the module's theorems.
    """

    module: str
    until: str | None
    models: tuple[ModelRun, ...]
    tests: tuple[str, ...]
    by_graph: bool
    is_proved: bool = False
    leave: tuple[str, ...] = ()

    def edits(self) -> list[Edit]:
        """Return all mutants, in the order of the text."""
        return list(edits_of(SPEC / f"{self.module}.tla", self.until, self.leave))


def read_expected() -> list[ModelRun]:
    """Return the models of the quicker profiles: those without violation first, then by time."""
    tables = tomllib.loads((MODELS / "expected.toml").read_text("utf-8"))
    runs = [
        ModelRun(
            name=name,
            module=table.get("module", name),
            verdict=table["verdict"],
            violated=table.get("property", ""),
            distinct=table.get("distinct"),
            depth=table.get("depth"),
            seconds=table["seconds"],
        )
        for name, table in tables.items()
        if table["profile"] in {"ci", "models"}
    ]
    return sorted(runs, key=lambda run: (run.verdict != "success", run.seconds, run.distinct or 0))


def modules_below(module: str) -> set[str]:
    """Return the modules of spec/ that a module extends or instantiates, itself included."""
    found: set[str] = set()
    left = [module]
    while left:
        name = left.pop()
        paths = [folder / f"{name}.tla" for folder in (MODELS, SPEC)]
        path = next((path for path in paths if path.is_file()), None)
        if name in found or path is None:
            continue
        found.add(name)
        text = path.read_text("utf-8")
        for names in re.findall(r"^\s*EXTENDS\s+([\w\s,]+?)\n\s*\n", text, re.MULTILINE):
            left += re.split(r"[,\s]+", names.strip())
        left += re.findall(r"\bINSTANCE\s+(\w+)", text)
    return found


def read_subjects() -> dict[str, Subject]:
    """Return the modules to mutate by name, as subjects.toml lists them."""
    tables = tomllib.loads((HERE / "subjects.toml").read_text("utf-8"))
    runs = read_expected()
    subjects = {
        module: Subject(
            module=module,
            until=table.get("until"),
            models=_in_order(
                table.get("first", []),
                [run for run in runs if module in modules_below(run.module)],
            ),
            tests=tuple(table.get("tests", ())),
            by_graph=table.get("by_graph", True),
            is_proved=table.get("is_proved", False),
            leave=tuple(table.get("leave", ())),
        )
        for module, table in tables.items()
    }
    for subject in subjects.values():
        assert subject.models or subject.tests or subject.is_proved, (
            f"nothing judges {subject.module}"
        )
    return subjects


def _in_order(first: list[str], runs: list[ModelRun]) -> tuple[ModelRun, ...]:
    """Return the runs, those named ahead of the others."""
    unknown = set(first) - {run.name for run in runs}
    assert not unknown, f"no such models: {unknown}"
    return tuple(sorted(runs, key=lambda run: [*first, run.name].index(run.name)))
