"""Judges what was recorded in a folder: the traces and the histories of one test."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path

from rich.console import Console

from speccheck.conform import terminal
from speccheck.conform.history import telling
from speccheck.conform.history.check import NO_VERDICT, NoSpecification, check_histories, find_spec
from speccheck.conform.judge import Plan, find_config, judge_tracks
from speccheck.conform.reading import Unusable, read_tracks
from speccheck.conform.specification import specification_of
from speccheck.explore.model import Model

_WIDTH = 120


@dataclass(slots=True)
class Findings:
    """What became of a folder. ``divergences`` are whole verdicts, ``unjudged`` reasons."""

    events: int = 0
    operations: int = 0
    divergences: list[str] = field(default_factory=list)
    unjudged: list[str] = field(default_factory=list)


class Judging:
    """Judges folders by the specifications in ``specs``; None: those of ``speccheck`` itself."""

    def __init__(self, specs: Path | None = None) -> None:
        self._specs = specs
        self._models: dict[str, Model] = {}

    def judge(self, folder: Path, *, is_complete: bool = False) -> Findings:
        """Return what is to be said of a folder's traces and histories.

        ``is_complete``: no client has written that was not recorded.
        """
        found = Findings()
        for one in _folders(folder / "traces"):
            self._traces(one, found)
        for one in _folders(folder / "histories"):
            self._histories(one, found, is_complete)
        return found

    def _spec(self, name: str) -> Path:
        if self._specs is None:
            return find_spec(name)
        path = self._specs / name
        if not path.is_file():
            raise NoSpecification(
                f"{path}: there is no such file; set conformance_spec to its folder"
            )
        return path

    def _traces(self, folder: Path, found: Findings) -> None:
        try:
            tracks = read_tracks([folder])
            header = tracks[0].parts[0].header
            spec = self._spec(f"{header.spec}.tla")
            plan = Plan(spec=spec)
            key = json.dumps([header.spec, header.config, header.constants])
            model = self._models.get(key)
            if model is None:
                config = find_config(plan, header.spec)
                model = self._models[key] = specification_of(header, spec, config)
            verdict = judge_tracks(tracks, model, plan)
        except (Unusable, NoSpecification) as error:
            found.unjudged.append(str(error))
            return
        found.events += verdict.checked
        if not verdict.conforms:
            console = _console()
            terminal.report(console, verdict, coverage=False)
            found.divergences.append(_text(console))

    def _histories(self, folder: Path, found: Findings, is_complete: bool) -> None:
        try:
            verdict = check_histories([folder], self._spec("ZNode.tla"), is_complete=is_complete)
        except NO_VERDICT as error:
            found.unjudged.append(str(error))
            return
        found.operations += verdict.total
        if verdict.divergence is not None:
            console = _console()
            telling.tell(console, verdict)
            found.divergences.append(_text(console))


def _folders(parent: Path) -> Iterable[Path]:
    """Return the folders in a folder that have anything in them."""
    if not parent.is_dir():
        return ()
    return sorted(one for one in parent.iterdir() if one.is_dir() and any(one.iterdir()))


def _console() -> Console:
    return Console(file=StringIO(), width=_WIDTH, color_system=None)


def _text(console: Console) -> str:
    assert isinstance(console.file, StringIO), "made by _console"
    return console.file.getvalue().rstrip()
