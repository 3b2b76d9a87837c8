"""Judges the histories of a simulated run, where runs are made: named to the hunt, not imported."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from speccheck.conform.history.check import NO_VERDICT, find_spec
from speccheck.conform.history.facts import SETTINGS, Policy
from speccheck.conform.history.judge import Judge
from speccheck.conform.history.operators import Operators
from speccheck.conform.history.reading import files_of
from speccheck.conform.history.survey import survey

NAME = f"{__name__}:history_violation"


@lru_cache(maxsize=4)
def _operators(policy: Policy) -> Operators:
    return Operators(find_spec(), policy)


def history_violation(folder: Path, settings: Mapping[str, Any]) -> str | None:
    """Return what the data model does not allow of a run's histories, None if it allows all.

    ``settings``: of the servers, by their names in zoo.cfg. All clients are in the histories, and
    the tree was empty at first. The text begins with the operator that does not hold.
    """
    named = {SETTINGS[name]: value for name, value in settings.items() if name in SETTINGS}
    policy = replace(Policy(), **named)
    try:
        files = files_of([folder])
        found = survey(files, lambda _: None, has_local_sessions=policy.local_sessions_enabled)
        judge = Judge(_operators(policy), files, found, is_complete=True, is_fresh=True)
        divergence = judge.run(lambda _: None).divergence
    except NO_VERDICT as error:
        return f"NoVerdict: {error}"
    if divergence is None:
        return None
    return (
        f"{divergence.operator}: {divergence.operation} at zxid {divergence.zxid:#x}, "
        f"{divergence.file.name}:{divergence.line}: {divergence.reason}"
    )
