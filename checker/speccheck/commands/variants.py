"""``speccheck variants``: what a change of the protocol breaks, by every method, in one table."""

import json
import sys
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from speccheck.conform import judge as conform
from speccheck.conform.reading import Unusable
from speccheck.evaluate.errors import EvaluationError
from speccheck.explore.model import ConfigError
from speccheck.explore.result import Result
from speccheck.prove.errors import ProofError
from speccheck.report.progress import Progress
from speccheck.tla.errors import TlaError
from speccheck.variants.compose import compose, folders_of
from speccheck.variants.findings import Findings, Method
from speccheck.variants.header import Variant, VariantError, find_variants
from speccheck.variants.hunts import Judged
from speccheck.variants.plan import ALL_METHODS, Plan
from speccheck.variants.scaffold import scaffold
from speccheck.variants.table import COST_HEADS, HEADS, cost_lines, lines, markdown, unexpected

_DIFFERENT, _BROKEN, _INTERRUPTED = 1, 2, 130
_DEEPEST_RECURSION = 20_000
# Looked at when they are named: by the prover alone, by speccheck compose.
_NOT_ALONE = ("core", "grain")
_ERRORS = (VariantError, TlaError, ConfigError, EvaluationError, ProofError, OSError)
_BEGIN, _END = "<!-- variants: begin -->", "<!-- variants: end -->"


class Format(StrEnum):
    """How the table is written."""

    text = "text"
    markdown = "markdown"
    json = "json"
    html = "html"


def variants(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            help="Variants by name; all of the folder if none is named. 'new NAME' makes one.",
            show_default=False,
        ),
    ] = None,
    folder: Annotated[Path, typer.Option(help="Where variants are.")] = Path("spec/variants"),
    method: Annotated[
        list[Method] | None,
        typer.Option(help="Only this method; may be repeated.", show_default=False),
    ] = None,
    seconds: Annotated[
        float, typer.Option(help="Of the processor, for each method and model.", min=0.1)
    ] = 60.0,
    whole: Annotated[
        bool,
        typer.Option(
            "--whole", help="Look at all states, also when all that should fail has failed."
        ),
    ] = False,
    every: Annotated[
        bool, typer.Option("--all", help="A row for each property that holds, too.")
    ] = False,
    kind: Annotated[
        str | None, typer.Option(help="Only published, paper, question, mistake, core or grain.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of random behaviours.", min=0)] = 7,
    seeds: Annotated[int, typer.Option(help="The most for the implementation.", min=1)] = 1000,
    workers: Annotated[int, typer.Option(help="Processes for the implementation.", min=1)] = 2,
    format_: Annotated[
        Format, typer.Option("--format", help="How the table is written.")
    ] = Format.text,
    out: Annotated[
        Path | None,
        typer.Option(help="A file for it; in Markdown, what is between its marks is replaced."),
    ] = None,
    write: Annotated[
        Path | None,
        typer.Option(help="Write the models into this folder, for TLC too, and run nothing."),
    ] = None,
    extends: Annotated[str, typer.Option(help="With new: the module to extend.")] = "Zab",
    operator: Annotated[
        str, typer.Option(help="With new: the definition to start from.")
    ] = "LeaderProcessACK",
    model: Annotated[
        str, typer.Option(help="With new: the model to look at it in.")
    ] = "MCZabFirstEpoch",
) -> None:
    r"""Run every method on variants of the protocol.

    A variant is a small module in FOLDER: its header (\* @key value) says what it redefines, where
    to look at it, what is expected to hold and to fail. docs/variants.md describes it.

    Exit codes:

    - 0: everything is as the headers say
    - 1: something is not
    - 2: a variant cannot be run, or speccheck itself failed
    - 130: interrupted
    """
    sys.setrecursionlimit(_DEEPEST_RECURSION)
    wanted = names or []
    try:
        if wanted[:1] == ["new"]:
            if len(wanted) != 2:
                raise VariantError("say 'speccheck variants new NAME'")
            path = scaffold(wanted[1], folder, extends, operator, model)
            typer.echo(f"{path}: change it, then 'speccheck variants {wanted[1]}'")
            return
        found = [
            one
            for one in find_variants(folder, wanted)
            if (kind is None and (wanted or one.kind not in _NOT_ALONE)) or one.kind == kind
        ]
        if not found:
            raise VariantError(f"{folder} has no variants{f' of kind {kind}' if kind else ''}")
        if write is not None:
            _write(found, write)
            return
        methods = frozenset(method) if method else ALL_METHODS
        plan = Plan(methods, seconds, whole, seed, seeds, workers)
        different = _study(found, plan, format_, out, every=every)
    except _ERRORS as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(_BROKEN) from None
    except KeyboardInterrupt:
        typer.echo("Interrupted", err=True)
        raise typer.Exit(_INTERRUPTED) from None
    if different:
        raise typer.Exit(_DIFFERENT)


def _write(found: list[Variant], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for variant in found:
        for number, line in enumerate(variant.models, 1):
            made = compose(variant, line, folder, number=number)
            paths = " ".join(f"--library {each}" for each in made.folders)
            typer.echo(f"speccheck check {made.module} {paths} --engine both")


def _study(
    found: list[Variant], plan: Plan, format_: Format, out: Path | None, *, every: bool
) -> bool:
    # Here, since loading Z3 takes longer than most models to check.
    from speccheck.variants.study import study

    studied: list[tuple[Variant, Findings]] = []
    said: list[str] = []
    with Progress(Console(stderr=True)) as progress:
        for number, variant in enumerate(found, 1):
            where = f"{number} of {len(found)}: {variant.name}"

            def tell(what: str, where: str = where) -> None:
                progress.say(f"{where}, {what}")

            def show(result: Result) -> None:
                progress(result)

            findings = study(variant, plan, tell, show, judged)
            studied.append((variant, findings))
            said += [f"{variant.name}: {text}" for text in unexpected(variant, findings)]
            said += [f"{variant.name}: {text}" for text in findings.problems]
    _tell(studied, format_, out, every=every)
    for text in said:
        typer.echo(text, err=True)
    return bool(said)


def judged(variant: Variant, folder: Path) -> Judged:
    """Judge recorded runs by a variant: its text, with what it redefines."""
    lines = "".join(f"    {old} <- {new}\n" for old, new in variant.redefines)
    config = folder / "Variant.cfg"
    config.write_text(f"SPECIFICATION Spec\n{f'CONSTANTS{chr(10)}{lines}' if lines else ''}")
    files = [*folder.glob("*.ndjson*")]
    try:
        verdict = conform.judge(
            files, conform.Plan(variant.path, config, library=folders_of(variant)[1:])
        )
    except Unusable as error:
        raise VariantError(f"{variant.path}: {error}") from None
    fault = verdict.fault
    if fault is None:
        return Judged(verdict.checked, "")
    event = fault.event
    return Judged(verdict.checked, f"{event.action} of server {event.server}: {fault.reason}")


def _tell(
    studied: list[tuple[Variant, Findings]], format_: Format, out: Path | None, *, every: bool
) -> None:
    rows = [line for variant, found in studied for line in lines(variant, found, every=every)]
    if format_ is Format.text:
        table = Table(*HEADS)
        before = ""
        for row in rows:
            table.add_row(row.variant if row.variant != before else "", *row[1:])
            before = row.variant
        console = Console(width=None if sys.stdout.isatty() else 160)
        console.print(table)
        costs = [*cost_lines(found for _, found in studied)]
        if costs:
            table = Table(*COST_HEADS)
            for cells in costs:
                table.add_row(*cells)
            console.print(table)
        return
    if format_ is Format.html:
        from speccheck.variants.page import write_page

        _put(out, write_page(studied, every=every))
        return
    if format_ is Format.json:
        data = [
            {
                "variant": variant.name,
                "rows": [row._asdict() for row in found.rows],
                "costs": [cost._asdict() for cost in found.costs],
                "notes": found.notes,
            }
            for variant, found in studied
        ]
        _put(out, json.dumps(data, indent=2) + "\n")
        return
    text = "\n".join(markdown(rows)) + "\n"
    costs = [*cost_lines(found for _, found in studied)]
    if costs:
        text += "\n" + "\n".join(markdown(costs, COST_HEADS)) + "\n"
    _put(out, text)


def _put(out: Path | None, text: str) -> None:
    if out is None:
        typer.echo(text, nl=False)
        return
    if out.is_file() and _BEGIN in (before := out.read_text("utf-8")):
        text = "".join(_between(before, text))
    out.write_text(text, "utf-8")
    typer.echo(f"Written: {out}")


def _between(page: str, text: str) -> Iterator[str]:
    before, _, rest = page.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    yield from (before, _BEGIN, "\n", text, _END, after)
