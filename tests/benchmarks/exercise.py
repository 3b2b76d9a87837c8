"""What it costs to say what a run exercised: processor time with and without, in one process.

    python -m tests.benchmarks.exercise [--most STATES] [--library FOLDER] SPEC[:CONFIG]...

Each model is searched in turns without and with marks in its actions, three times each; the best of
each counts. Then its questions are asked, with the limit of time that they have by default.
"""

import gc
import sys
import time
from pathlib import Path
from unittest.mock import patch

import typer

from speccheck.explore.config import read_config
from speccheck.explore.exercise.actions import Marks
from speccheck.explore.exercise.findings import Exercise
from speccheck.explore.exercise.judge import judge
from speccheck.explore.model import load_model
from speccheck.explore.search import Search
from speccheck.tla import meaning as m

_ROUNDS = 3


def _unmarked(_marks: Marks, node: m.Expression, _name: str = "Next") -> m.Expression:
    return node


def _search(
    spec: Path, config: Path, folders: list[Path], most: int, *, ask: bool = False
) -> tuple[float, float, int, Exercise | None]:
    """Return seconds for loading and searching, seconds for asking, states, what was exercised."""
    began = time.process_time()
    model = load_model(spec, read_config(config), folders)
    search = Search(model, most)
    result = search.run()
    searched = time.process_time()
    exercise = judge(model, result, search.reached) if ask else None
    asked = time.process_time()
    states = result.distinct
    del model, search, result
    gc.collect()
    return searched - began, asked - searched, states, exercise


def main(models: list[str], most: int = 50_000, library: list[Path] | None = None) -> None:
    """Measure the models and print a row for each."""
    sys.setrecursionlimit(20_000)
    print(f"{'model':32} {'states':>8} {'plain s':>8} {'marks':>7} {'questions':>9}  settled")
    for name in models:
        spec, _, config = name.partition(":")
        path = Path(spec)
        chosen = Path(config) if config else path.with_suffix(".cfg")
        arguments = (path, chosen, library or [path.parent], most)
        plain, marked = [], []
        for _ in range(_ROUNDS):
            with patch.object(Marks, "mark", _unmarked):
                plain.append(_search(*arguments)[0])
            marked.append(_search(*arguments)[0])
        _, asking, states, exercise = _search(*arguments, ask=True)
        assert exercise is not None, "asked for"
        base = min(plain)
        print(
            f"{chosen.stem:32} {states:8,} {base:8.2f} {min(marked) / base - 1:+7.1%} "
            f"{asking / base:+9.1%}  {'yes' if exercise.is_complete else 'no'}",
            flush=True,
        )


if __name__ == "__main__":
    typer.run(main)
