"""Judges files of histories: the one call that commands, tests and plugins make."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from speccheck.conform.history.facts import Policy
from speccheck.conform.history.judge import Judge
from speccheck.conform.history.operators import Operators, SpecificationError
from speccheck.conform.history.reading import HistoryError, files_of
from speccheck.conform.history.survey import survey
from speccheck.conform.history.verdict import Verdict
from speccheck.evaluate.errors import EvaluationError
from speccheck.evaluate.forgetting import no_collection
from speccheck.tla.errors import TlaError


class NoSpecification(Exception):
    """spec/ZNode.tla was not found; ``str()``: one line with the remedy."""


NO_VERDICT = (
    HistoryError,
    NoSpecification,
    SpecificationError,
    TlaError,
    EvaluationError,
    OSError,
)
"""What :func:`check_histories` raises where it comes to no verdict; ``str()`` is one line."""


def find_spec(name: str = "ZNode.tla") -> Path:
    """Return the module below ``spec`` here, or that of the checkout that speccheck runs from."""
    for folder in (Path(), Path(__file__).parents[4]):
        found = folder / "spec" / name
        if found.is_file():
            return found
    raise NoSpecification(f"spec/{name}: there is no such file here; name it with --spec")


def check_histories(
    paths: Iterable[Path],
    spec: Path | None = None,
    policy: Policy | None = None,
    library: Iterable[Path] = (),
    *,
    is_complete: bool = False,
    is_fresh: bool | None = None,
    progress: Callable[[str, int], None] = lambda what, count: None,
) -> Verdict:
    """Judge histories by a specification; ``progress`` gets a word and how many more were done.

    ``is_complete``: all clients that write were recorded, so that a transaction of nobody is wrong.
    ``is_fresh``: the tree was empty at first; None: if the zxids allow it.

    Raises HistoryError for files that are no histories, TlaError and SpecificationError for a
    specification that is none, EvaluationError where its text cannot be evaluated.
    """
    files = files_of(paths)
    policy = policy or Policy()
    found = survey(
        files,
        lambda count: progress("read", count),
        has_local_sessions=policy.local_sessions_enabled,
    )
    if found.uses_ttl:
        policy = replace(policy, extended_types_enabled=True)
    operators = Operators(spec or find_spec(), policy, library)
    judge = Judge(operators, files, found, is_complete=is_complete, is_fresh=is_fresh)
    try:
        with no_collection():
            return judge.run(lambda count: progress("judged", count))
    except (HistoryError, EvaluationError):
        raise
    except (ArithmeticError, LookupError, TypeError, AttributeError) as error:
        explained = operators.explain(error)
        if not explained.places:
            raise
        path, line = judge.at
        said = str(explained).replace("\n", " ")
        raise HistoryError(path, line, f"the specification cannot be evaluated: {said}") from error
