"""``speccheck trace``: whether a specification allows what servers have recorded."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from speccheck.conform.data import as_github, as_json, as_junit, as_sarif
from speccheck.conform.judge import Plan, Verdict, judge
from speccheck.conform.page import as_html
from speccheck.conform.reading import Unusable
from speccheck.conform.terminal import report

_DIVERGES, _UNUSABLE, _INTERRUPTED = 1, 2, 130


class Format(StrEnum):
    """How a verdict is printed."""

    text = "text"
    json = "json"
    junit = "junit"
    sarif = "sarif"
    github = "github"
    html = "html"


_WRITERS = {
    Format.json: as_json,
    Format.junit: as_junit,
    Format.sarif: as_sarif,
    Format.github: as_github,
    Format.html: as_html,
}


def trace(
    files: Annotated[
        list[Path], typer.Argument(help="Trace files of one ensemble, or folders with them.")
    ],
    spec: Annotated[
        Path | None,
        typer.Option(help="The .tla file; by default spec/MODULE.tla, as the traces name it."),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(help="A .cfg with invariants; by default traces/MODULE.cfg beside SPEC."),
    ] = None,
    hide: Annotated[
        list[str] | None,
        typer.Option(
            help="Variables that are not compared and actions that were not recorded, with commas."
        ),
    ] = None,
    every: Annotated[
        int, typer.Option(help="Evaluate invariants once in so many events, and at the end.", min=1)
    ] = 1000,
    form: Annotated[
        Format, typer.Option("--format", help="How the verdict is printed.")
    ] = Format.text,
    out: Annotated[
        Path | None, typer.Option(help="Write it to this file, and the text to the terminal.")
    ] = None,
    coverage: Annotated[
        bool, typer.Option("--coverage", help="List every action and the branches not taken.")
    ] = False,
    follow: Annotated[
        bool,
        typer.Option(
            "--follow",
            help="Judge the traces of a folder while they are written, until they diverge or a "
            "signal comes.",
        ),
    ] = False,
    lag: Annotated[
        float,
        typer.Option(help="With --follow: so many seconds an event waits for others.", min=0.1),
    ] = 2.0,
    metrics: Annotated[
        str | None,
        typer.Option(
            metavar="[HOST:]PORT",
            help="With --follow: serve Prometheus metrics here; a divergence stays there to be "
            "seen until a signal comes.",
        ),
    ] = None,
) -> None:
    """Check recorded traces against a specification (traces/README.md).

    Exit codes:

    - 0: the specification allows them, as far as they go
    - 1: it does not
    - 2: a file is of no use, or nothing could be checked
    - 130: interrupted
    """
    hidden = tuple(name.strip() for one in hide or () for name in one.split(",") if name.strip())
    try:
        plan = Plan(spec, config, hidden, every)
        if follow:
            verdict = _follow(files, plan, lag, metrics, partial(_write, form, out, coverage))
        else:
            if metrics is not None:
                raise Unusable("--metrics goes with --follow")
            verdict = judge(files, plan)
            _write(form, out, coverage, verdict)
    except Unusable as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(_UNUSABLE) from None
    except KeyboardInterrupt:
        typer.echo("Interrupted", err=True)
        raise typer.Exit(_INTERRUPTED) from None
    if not verdict.conforms:
        raise typer.Exit(_DIVERGES)
    if not verdict.checked:
        typer.echo("nothing could be checked", err=True)
        raise typer.Exit(_UNUSABLE)


def _follow(
    files: list[Path],
    plan: Plan,
    lag_s: float,
    metrics: str | None,
    write: Callable[[Verdict], None],
) -> Verdict:
    if len(files) != 1 or not files[0].is_dir():
        raise Unusable("--follow: name one folder, the one that the servers write their traces to")
    if plan.hidden:
        raise Unusable("--follow: --hide needs traces that are complete")
    place = None
    if metrics is not None:
        host, _, port = metrics.rpartition(":")
        if not (port.isascii() and port.isdigit() and int(port) < 65536):
            raise Unusable(f"--metrics {metrics}: write [HOST:]PORT, such as 127.0.0.1:9142")
        place = host or "127.0.0.1", int(port)
    from speccheck.commands.follow import follow

    return follow(files[0], plan, lag_s, place, write)


def _write(form: Format, out: Path | None, coverage: bool, verdict: Verdict) -> None:
    if form is Format.text:
        report(Console(), verdict, coverage=coverage)
        return
    text = _WRITERS[form](verdict)
    if out is None:
        typer.echo(text, nl=False)
        return
    try:
        out.write_text(text, "utf-8")
    except OSError as error:
        raise Unusable(f"{out}: {(error.strerror or str(error)).lower()}") from None
    report(Console(), verdict, coverage=coverage)
