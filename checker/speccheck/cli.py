"""The command line: ``speccheck check SPEC``."""

import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from speccheck.evaluate.errors import EvaluationError
from speccheck.evaluate.stdlib.tlc import printed
from speccheck.explore.config import read_config
from speccheck.explore.model import ConfigError, load_model
from speccheck.explore.printing import (
    as_data,
    coverage_lines,
    headline,
    idle_actions,
    loop_line,
    summary,
    trace_lines,
)
from speccheck.explore.result import Result
from speccheck.explore.search import Search
from speccheck.tla.errors import TlaError
from speccheck.tlc import TlcMissing, TlcResult, run_tlc

app = typer.Typer(no_args_is_help=True, add_completion=False)

# An operator that recurses over a long sequence needs more than Python's default of 1,000.
_DEEPEST_RECURSION = 20_000

_VIOLATED, _BROKEN = 1, 2


class Engine(StrEnum):
    """Which checker runs the model."""

    speccheck = "speccheck"
    tlc = "tlc"
    both = "both"


@app.callback()
def _app() -> None:
    """TLA+ in Python: model checking."""


@app.command()
def check(
    spec: Annotated[Path, typer.Argument(help="The .tla file.")],
    config: Annotated[
        Path | None, typer.Option(help="The .cfg file; by default the one beside SPEC.")
    ] = None,
    engine: Annotated[Engine, typer.Option(help="Which checker runs.")] = Engine.speccheck,
    max_states: Annotated[
        int | None, typer.Option(help="Stop at this many distinct states.")
    ] = None,
    library: Annotated[
        list[Path] | None, typer.Option(help="A folder with more modules; may be repeated.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Explore every reachable state of SPEC.

    The exit code is 0 if nothing is violated, 1 if something is, 2 if the model cannot be run.
    """
    sys.setrecursionlimit(_DEEPEST_RECURSION)
    config = config or spec.with_suffix(".cfg")
    for path in (spec, config):
        if not path.is_file():
            _refuse(f"{path}: there is no such file")
    ours = None if engine is Engine.tlc else _run(spec, config, library or [], max_states, as_json)
    theirs = None if engine is Engine.speccheck else _run_tlc(spec, config, library or [], as_json)
    if ours is not None and theirs is not None:
        _compare(ours, theirs)
    verdict = ours.verdict if ours is not None else theirs.verdict if theirs is not None else ""
    if verdict == "error":
        raise typer.Exit(_BROKEN)
    if verdict not in {"success", "unfinished"}:
        raise typer.Exit(_VIOLATED)


def _refuse(message: str) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(_BROKEN)


def _run(
    spec: Path, config: Path, folders: list[Path], max_states: int | None, as_json: bool
) -> Result:
    def progress(result: Result) -> None:
        if sys.stderr.isatty():
            counts = f"{result.generated:,} generated, {result.distinct:,} distinct"
            typer.echo(f"\r{counts}, {result.queued:,} queued", err=True, nl=False)

    printed.clear()
    try:
        model = load_model(spec, read_config(config), folders)
        result = Search(model, max_states, progress).run()
    except (TlaError, ConfigError, EvaluationError, OSError, UnicodeDecodeError) as error:
        _refuse(str(error))
    if as_json:
        typer.echo(json.dumps(as_data(model, result), indent=2))
        return result
    for line in printed:
        typer.echo(line)
    typer.echo(headline(result))
    for line in trace_lines(model.variables, result.trace):
        typer.echo(line)
    if (going_on := loop_line(result)) is not None:
        typer.echo(going_on)
    typer.echo(summary(result))
    if result.taken:
        typer.echo("Steps of each action, and those to new states:")
        for line in coverage_lines(result):
            typer.echo(line)
    idle = idle_actions(result)
    if result.verdict == "success" and idle:
        typer.echo(f"Never enabled: {', '.join(idle)}")
    for name in result.unchecked:
        typer.echo(f"Not checked, it speaks of infinite behaviours: {name}")
    return result


def _run_tlc(spec: Path, config: Path, folders: list[Path], as_json: bool) -> TlcResult:
    try:
        result = run_tlc(spec, config, folders=folders)
    except TlcMissing as error:
        _refuse(str(error))
    counts = f"{result.generated:,} states generated, {result.distinct:,} distinct"
    line = f"TLC: {result.verdict} {result.violated}, {counts}, depth {result.depth}"
    typer.echo(f"{line}, {result.seconds:.1f} s", err=as_json)
    return result


def _compare(ours: Result, theirs: TlcResult) -> None:
    """Refuse results that differ. Counts are compared where both have gone to the end."""
    differences = []
    if ours.verdict != theirs.verdict:
        differences.append(f"verdict {ours.verdict} and {theirs.verdict}")
    elif ours.verdict == "success":
        for what, left, right in (
            ("distinct states", ours.distinct, theirs.distinct),
            ("depth", ours.depth, theirs.depth),
        ):
            if left != right:
                differences.append(f"{what} {left:,} and {right:,}")
    if differences:
        _refuse(f"speccheck and TLC differ: {'; '.join(differences)}")


def main() -> None:
    """Run the command line."""
    app()


if __name__ == "__main__":
    main()
