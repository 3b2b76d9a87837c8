"""The files that a run writes: ITF, DOT, HTML."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from speccheck.evaluate.compiler import State
from speccheck.explore.exercise.findings import Exercise
from speccheck.explore.model import Model
from speccheck.explore.result import Result
from speccheck.report.channels import ChannelError, annotations, parse_channel
from speccheck.report.terminal import headline
from speccheck.report.trace import Trace

# What makes the files is imported where it is needed: most runs write none, and start faster.
if TYPE_CHECKING:
    from speccheck.report.messages import Diagram


class ExportError(Exception):
    """A file could not be made; the message says which and why."""


class Exports(NamedTuple):
    """The files that are asked for; ``channels`` describe where messages are kept."""

    itf: Path | None = None
    dot: Path | None = None
    html: Path | None = None
    channels: tuple[str, ...] = ()

    def check(self) -> None:
        """Raise ExportError for a channel that is no description of one."""
        for text in self.channels:
            try:
                parse_channel(text)
            except ChannelError as error:
                raise ExportError(f"--channel: {error}") from None


def export(
    asked: Exports,
    spec: Path,
    model: Model,
    result: Result,
    trace: Trace,
    exercise: Exercise | None,
    reached: Sequence[State],
) -> list[str]:
    """Write the files. Returns what is to be said about them. Raises ExportError."""
    said: list[str] = []
    if asked.itf is not None:
        if trace.steps:
            from speccheck.report.itf import write_itf

            text = write_itf(trace, source=spec.name, description=headline(result))
            said.append(_write(asked.itf, text))
        else:
            said.append(f"{asked.itf} is not written: there is no counterexample")
    if asked.dot is not None:
        from speccheck.report.dot import DotError, write_dot

        try:
            said.append(_write(asked.dot, write_dot(model, reached, trace)))
        except DotError as error:
            raise ExportError(f"{asked.dot}: {error}") from None
    if asked.html is not None:
        from speccheck.report.html import write_html

        diagram = _diagram(asked, spec, model, trace)
        said.append(_write(asked.html, write_html(model, result, trace, exercise, diagram)))
    return said


def _write(path: Path, text: str) -> str:
    try:
        path.write_text(text, "utf-8")
    except OSError as error:
        raise ExportError(f"{path} cannot be written: {error.strerror}") from None
    return f"Written: {path}"


def _diagram(asked: Exports, spec: Path, model: Model, trace: Trace) -> "Diagram | None":
    from speccheck.report.messages import diagram_of

    described = list(asked.channels)
    if not described:
        paths = dict.fromkeys([str(spec), *(action.place.path for action in model.actions)])
        described = [text for path in paths for text in _annotated(path)]
    try:
        return diagram_of(trace, described)
    except ChannelError as error:
        raise ExportError(f"@channel: {error}") from None


def _annotated(path: str) -> Iterable[str]:
    file = Path(path)
    return annotations(file.read_text("utf-8")) if file.is_file() else ()
