"""Judges what a simulated run recorded, where runs are made: named to the hunt, not imported.

All of a run is recorded: of every server from an empty disk on, of every client from an empty tree
on. What a judge rejects is a violation; its text begins with the name of what does not hold: an
invariant or an action of spec/Zab.tla, an operator of spec/ZNode.tla.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from speccheck.conform.data import label
from speccheck.conform.history.check import NO_VERDICT, NoSpecification, find_spec
from speccheck.conform.history.facts import SETTINGS, Policy
from speccheck.conform.history.judge import Judge
from speccheck.conform.history.operators import Operators
from speccheck.conform.history.reading import files_of
from speccheck.conform.history.survey import survey
from speccheck.conform.history.verdict import Verdict as HistoryVerdict
from speccheck.conform.judge import Fault, Plan, Verdict, find_config, judge_tracks
from speccheck.conform.reading import Header, Unusable, tracks_in_memory
from speccheck.conform.specification import specification_of
from speccheck.evaluate.forgetting import no_collection
from speccheck.explore.model import Model
from speccheck.hunt.system import Finding

TRACES = f"{__name__}:judge_traces"
HISTORIES = f"{__name__}:judge_histories"
SPECS = {TRACES: "Zab.tla", HISTORIES: "ZNode.tla"}
"""By judge the module that it needs."""


def missing_spec(judge: str) -> str | None:
    """Return in a line which specification a judge does not find here, None if it finds it."""
    try:
        find_spec(SPECS[judge])
    except NoSpecification as error:
        return str(error)
    return None


# -- traces

_models: dict[str, Model] = {}


def judge_traces(files: Mapping[str, bytes]) -> Finding:
    """Judge the traces of a run's servers, by the names of files what these would hold."""
    try:
        verdict = trace_verdict(files)
    except (Unusable, NoSpecification) as error:
        return Finding(f"NoVerdict: {error}", {})
    if verdict is None:
        return Finding(None, {})
    figures = {"trace events judged": verdict.checked}
    if verdict.checked < verdict.events and verdict.fault is None:
        figures["trace events not judged"] = verdict.events - verdict.checked
    return Finding(None if verdict.fault is None else _told(verdict.fault), figures)


def trace_verdict(files: Mapping[str, bytes]) -> Verdict | None:
    """Return the verdict on what files of traces would hold; None: there is no event in any.

    Raises Unusable, NoSpecification.
    """
    tracks = tracks_in_memory(files)
    if not tracks:
        return None
    model = _model(tracks[0].parts[0].header)
    return judge_tracks(tracks, model, Plan())


def _model(header: Header) -> Model:
    """Return the specification for the configuration of a header; it takes long to make."""
    key = json.dumps([header.spec, header.config, header.constants])
    model = _models.get(key)
    if model is None:
        if len(_models) > _MOST_MODELS:
            _models.clear()
        spec = find_spec(f"{header.spec}.tla").absolute()
        model = specification_of(header, spec, find_config(Plan(spec), header.spec))
        _models[key] = model
    return model


_MOST_MODELS = 16


def _told(fault: Fault) -> str:
    rule = fault.violated or fault.event.action
    parts = [f"{rule}: {fault.event.place}: {label(fault.event)}: {fault.reason}"]
    if fault.conjunct is not None:
        place = fault.conjunct.place
        parts.append(f"{fault.conjunct.text} at {Path(place.path).name}:{place.span.line}")
    return "; ".join(parts)


# -- histories


@lru_cache(maxsize=4)
def _operators(policy: Policy) -> Operators:
    return Operators(_znode(), policy)


@cache
def _znode() -> Path:
    return find_spec()


def judge_histories(folder: Path, settings: Mapping[str, Any]) -> Finding:
    """Judge the histories of a run's clients. ``settings``: of servers, by names in zoo.cfg."""
    try:
        verdict = history_verdict(folder, settings)
    except NO_VERDICT as error:
        return Finding(f"NoVerdict: {error}", {})
    figures = {"replies and watch events judged": verdict.total}
    divergence = verdict.divergence
    if divergence is None:
        return Finding(None, figures)
    return Finding(
        f"{divergence.operator}: {divergence.operation} at zxid {divergence.zxid:#x}, "
        f"{divergence.file.name}:{divergence.line}: {divergence.reason}",
        figures,
    )


def history_verdict(folder: Path, settings: Mapping[str, Any]) -> HistoryVerdict:
    """Return the verdict on the histories in a folder. Raises one of ``NO_VERDICT``."""
    named = {SETTINGS[name]: value for name, value in settings.items() if name in SETTINGS}
    policy = replace(Policy(), **named)
    files = files_of([folder])
    found = survey(files, lambda _: None, has_local_sessions=policy.local_sessions_enabled)
    judge = Judge(_operators(policy), files, found, is_complete=True, is_fresh=True)
    with no_collection():
        return judge.run(lambda _: None)
