"""A specification of mixed grain: some modules coarse, the others as they are, and what that keeps.

Three things are checked. By the text: the coarse actions touch nothing that the modules they stand
for do not touch. By looking at all states of a model: each coarse step is a run of steps of these
modules, so that whatever is found in the mixed specification is a behaviour of the fine one. And
what the other modules can see of states in which the coarse modules are at rest is the same in
both, so that nothing is missed in that model.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from speccheck.evaluate.compiler import State
from speccheck.explore.config import read_config
from speccheck.explore.engine import Progress
from speccheck.explore.model import Model, load_model
from speccheck.explore.search import Search
from speccheck.variants.compose import compose, folders_of
from speccheck.variants.grain import Grain, grain_of
from speccheck.variants.header import ModelLine, Variant, VariantError

# How many states between the beginning and the end of a coarse step are looked at.
_MOST_BETWEEN = 20_000


@dataclass
class Mixed:
    """What composing came to; ``foreign``, ``unmatched`` and ``missed`` are what is wrong."""

    variant: Variant
    model: str
    internal: tuple[str, ...] = ()
    foreign: tuple[str, ...] = ()
    fine_states: int = 0
    mixed_states: int = 0
    coarse_steps: int = 0
    unmatched: list[str] = field(default_factory=list)
    at_rest: int = 0
    missed: int = 0
    invented: int = 0
    violated: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def is_preserved(self) -> bool:
        """Tell whether the interaction with the other modules is preserved."""
        return not (self.foreign or self.unmatched or self.missed or self.invented)


def mix(variant: Variant, line: ModelLine, progress: Progress | None = None) -> Mixed:
    """Compose a coarse variant with the rest of what it extends, and check it in one model.

    Raises VariantError, TlaError, ConfigError, EvaluationError, OSError.
    """
    if not variant.replaces:
        raise VariantError(f"{variant.path}: say with @replaces which modules it stands for")
    began = time.perf_counter()
    folders = folders_of(variant)
    base = next(f / f"{variant.base}.tla" for f in folders if (f / f"{variant.base}.tla").is_file())
    fine_grain = grain_of(base, folders)
    _check_modules(variant, fine_grain)
    mixed = Mixed(variant, line.name, tuple(sorted(fine_grain.internal(variant.replaces))))
    mixed.foreign = _foreign(
        variant, fine_grain, grain_of(variant.path, folders, redefines=variant.redefines)
    )
    with TemporaryDirectory(prefix="mixed-") as folder:
        made = compose(variant, line, Path(folder))
        coarse = load_model(made.module, read_config(made.config), made.folders)
        fine_made = compose(variant, line, Path(folder), plain=True)
        fine = load_model(fine_made.module, read_config(fine_made.config), fine_made.folders)
        rest_config = read_config(made.config)
        rest_config.invariants = [variant.quiescent] if variant.quiescent else []
        rest_config.properties = []
        rest = load_model(made.module, rest_config, made.folders)
        _explore(mixed, fine_grain, coarse, fine, rest, progress)
    mixed.seconds = time.perf_counter() - began
    return mixed


def _check_modules(variant: Variant, grain: Grain) -> None:
    names = {module.name for module in grain.modules}
    for name in variant.replaces:
        if name not in names:
            known = ", ".join(sorted(names))
            raise VariantError(f"{variant.path}: @replaces {name} is no module; there are {known}")


def _foreign(variant: Variant, fine: Grain, coarse: Grain) -> tuple[str, ...]:
    """Return what the coarse modules write that the fine ones do not touch."""
    own = [module for module in fine.modules if module.name in variant.replaces]
    touched = frozenset[str]().union(*(one.reads | one.writes for one in own))
    written = frozenset[str]().union(
        *(one.writes for one in coarse.modules if one.name in variant.replaces)
    )
    return tuple(sorted(written - touched))


def _explore(
    mixed: Mixed,
    grain: Grain,
    coarse: Model,
    fine: Model,
    rest: Model,
    progress: Progress | None,
) -> None:
    replaced = {
        action.name
        for module in grain.modules
        if module.name in mixed.variant.replaces
        for action in module.actions
    }
    search = Search(coarse, progress=progress)
    result = search.run()
    mixed.mixed_states = result.distinct
    if result.verdict != "success":
        mixed.violated = (result.violated or result.verdict,)
    whole = Search(fine, progress=progress)
    mixed.fine_states = whole.run().distinct
    _match_steps(mixed, coarse, fine, replaced, search.reached)
    if rest.invariants:
        _compare(mixed, coarse, rest, search.reached, whole.reached)


def _match_steps(
    mixed: Mixed, coarse: Model, fine: Model, replaced: set[str], reached: Iterable[State]
) -> None:
    """See for each coarse step whether steps of the replaced modules lead to the same state."""
    redefined = {new for old, new in mixed.variant.redefines if old in replaced}
    steps = [action for action in coarse.actions if action.name in replaced | redefined]
    own = [action for action in fine.actions if action.name in replaced]
    for state in reached:
        wanted: dict[State, str] = {}
        for action in steps:
            found: list[State] = []
            action.step(state, found.append)
            wanted.update((each, action.name) for each in found if each != state)
        if not wanted:
            continue
        mixed.coarse_steps += len(wanted)
        missing = _unreached(state, {*wanted}, [action.step for action in own])
        mixed.unmatched += [f"{wanted[each]} is no run of fine steps" for each in missing]


def _unreached(
    state: State,
    wanted: set[State],
    steps: list[Callable[[State, Callable[[State], None]], None]],
) -> set[State]:
    seen = {state}
    frontier = [state]
    while frontier and wanted and len(seen) < _MOST_BETWEEN:
        following: list[State] = []
        for one in frontier:
            for step in steps:
                step(one, following.append)
        frontier = [*({*following} - seen)]
        seen.update(frontier)
        wanted = wanted - seen
    return wanted


def _compare(
    mixed: Mixed,
    coarse: Model,
    rest: Model,
    reached: Iterable[State],
    all_of_fine: Iterable[State],
) -> None:
    """Compare what others can see of the states at rest, in the mixed and in the fine model."""
    (at_rest,) = rest.invariants
    places = {n for n, name in enumerate(coarse.variables) if name not in mixed.internal}

    def seen(states: Iterable[State]) -> set[tuple[object, ...]]:
        key = coarse.symmetry.key if coarse.symmetry is not None else tuple
        return {
            key(tuple(value if n in places else 0 for n, value in enumerate(state)))
            for state in states
            if at_rest.holds(state)
        }

    ours, theirs = seen(reached), seen(all_of_fine)
    mixed.at_rest = len(theirs)
    mixed.missed = len(theirs - ours)
    mixed.invented = len(ours - theirs)
