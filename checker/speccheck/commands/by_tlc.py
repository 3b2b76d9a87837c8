"""Runs a model in TLC: shows what it found as what our own engine finds, and compares the two."""

import json
import re
from pathlib import Path

import typer

from speccheck.commands.refusal import refuse
from speccheck.evaluate.compiler import State
from speccheck.evaluate.errors import EvaluationError
from speccheck.explore.config import read_config
from speccheck.explore.engines import Mode, Settings
from speccheck.explore.model import ConfigError, Model, load_model
from speccheck.explore.postcondition import holds_after
from speccheck.explore.result import Result, TraceStep
from speccheck.explore.search import SYMMETRY_WARNING
from speccheck.report.data import as_data
from speccheck.report.exports import ExportError, Exports, export
from speccheck.report.pipes import Terminal
from speccheck.report.terminal import trace_lines
from speccheck.report.trace import trace_of
from speccheck.tla.errors import TlaError
from speccheck.tlc import TlcMissing, TlcResult, run_tlc
from speccheck.tlc.values import UnreadableValue


def check_for_tlc(engine: str, settings: Settings) -> None:
    """Refuse what TLC is not asked for: it explores breadth-first, and to the end."""
    given = [f"--mode {settings.mode}"] if settings.mode is not Mode.bfs else []
    for name, value in settings._asdict().items():
        if name not in {"mode", "workers"} and value is not None:
            given.append(f"--{name.replace('_', '-')}")
    if given:
        listed = ", ".join(given)
        refuse(f"{listed}: not with --engine {engine}, which has TLC explore all, breadth-first")


def check_for_tlc_alone(strict: bool, dot: Path | None) -> None:
    """Refuse what only our own engine can tell: TLC gives no states and no parts of properties."""
    given = [name for name, is_given in (("--strict", strict), ("--dot", dot)) if is_given]
    if given:
        refuse(f"{', '.join(given)}: not with --engine tlc, for TLC does not tell what it takes")


def run_by_tlc(
    spec: Path,
    config: Path,
    folders: list[Path],
    *,
    quietly: bool = False,
    with_printed: bool = False,
) -> TlcResult:
    """Run TLC and print its verdict and counts in one line; ``quietly``: on standard error.

    ``with_printed``: what Print and PrintT wrote comes first.
    """
    try:
        result = run_tlc(spec, config, folders=folders)
    except (TlcMissing, OSError, UnicodeDecodeError) as error:
        refuse(str(error))
    except UnreadableValue as error:
        refuse(f"what TLC printed cannot be read: {error}")
    if result.verdict == "success":
        _check_postcondition(spec, config, folders, result)
    if with_printed:
        for text in result.printed:
            typer.echo(text)
    counts = f"{result.generated:,} states generated, {result.distinct:,} distinct"
    verdict = f"{result.verdict} {result.violated}".strip()
    line = f"TLC: {verdict}, {counts}, depth {result.depth}"
    typer.echo(f"{line}, {result.seconds:.1f} s", err=quietly)
    if result.verdict == "error":
        for text in result.errors or [result.output[-2000:]]:
            typer.echo(text, err=True)
    for text in result.warnings:
        typer.echo(text, err=True)
    return result


def tell(
    found: TlcResult,
    spec: Path,
    config: Path,
    folders: list[Path],
    files: Exports,
    *,
    as_json: bool,
) -> None:
    """Show TLC's counterexample as one of ours, and write the files that are asked for."""
    if not (found.trace or as_json or files.itf or files.html):
        return
    try:
        model = load_model(spec, read_config(config), folders)
    except (TlaError, ConfigError, EvaluationError, OSError, UnicodeDecodeError) as error:
        if as_json or files.itf or files.html:
            refuse(str(error))
        typer.echo(f"The counterexample is not shown: {error}", err=True)
        return
    model.marks = None  # Nothing was counted.
    result = as_result(model, found)
    trace = trace_of(model, result)
    for text in result.warnings[len(found.warnings) :]:
        typer.echo(text, err=True)
    if as_json:
        data = {"engine": "tlc", **as_data(model, result, trace), "errors": found.errors}
        typer.echo(json.dumps(data, indent=2))
    else:
        terminal = Terminal()
        for shown in trace_lines(trace):
            terminal.print(shown, soft_wrap=True, markup=False, highlight=False)
    try:
        said = export(files, spec, model, result, trace, None, ())
    except ExportError as error:
        refuse(str(error))
    for line in said:
        typer.echo(line, err=as_json)


def as_result(model: Model, found: TlcResult) -> Result:
    """Return what TLC found as a result of ours.

    TLC names a step by a place, or by an operator around the action: here it has the name of the
    action of the model that takes it.
    """
    states = [tuple(state.values[name] for name in model.variables) for state in found.trace]
    result = Result(
        verdict=found.verdict,
        violated=found.violated,
        generated=found.generated,
        distinct=found.distinct,
        depth=found.depth,
        seconds=found.seconds,
        warnings=list(found.warnings),
        loop=found.loop,
    )
    for number, (state, given) in enumerate(zip(states, found.trace, strict=True)):
        name = _taken(model, given.action, states[number - 1], state) if number else None
        result.trace.append(TraceStep(name, state))
    if found.loop is not None and found.loop < len(states) - 1:
        result.back = _taken(model, None, states[-1], states[found.loop])
    return result


def _taken(model: Model, named: str | None, state: State, successor: State) -> str | None:
    """Return the name of an action that leads from one state to the other."""
    actions = sorted(model.actions, key=lambda action: action.name != named)
    for action in actions:
        if action.arguments(state, successor) is not None:
            return action.name
    return named


def _check_postcondition(spec: Path, config: Path, folders: list[Path], result: TlcResult) -> None:
    """Evaluate what TLC of 2020 knows nothing of, on the numbers that it has found."""
    try:
        read = read_config(config)
        if read.postcondition is None:
            return
        model = load_model(spec, read, folders)
        holds = holds_after(
            model,
            generated=result.generated,
            distinct=result.distinct,
            depth=result.depth,
            seconds=result.seconds,
        )
    except (TlaError, ConfigError, EvaluationError, OSError, UnicodeDecodeError) as error:
        result.warnings.append(f"POSTCONDITION is not checked after TLC: {error}")
        return
    if not holds:
        result.verdict, result.violated = "property", model.postcondition_name


# What TLC says of formulas that it has no algorithm for. Source: tlc2.tool.liveness.Liveness.
_BEYOND_TLC = (
    "Temporal formulas containing actions must be of forms",
    "TLC cannot handle the temporal formula",
)


# What TLC of 2020 says of modules that it has not, and of what it cannot evaluate.
_MODULE_LACKING = re.compile(r"Cannot find source file for module (?P<name>\w+)")
_NO_COMPOSITION = "does not support action composition"


def _beyond_tlc(theirs: TlcResult) -> str:
    """Return what of a model is beyond TLC, by its errors; "" if nothing is."""
    for text in theirs.errors:
        lacking = _MODULE_LACKING.search(text)
        if lacking:
            return f"TLC lacks module {lacking['name']}"
        if _NO_COMPOSITION in text:
            return "TLC cannot compose actions (\\cdot)"
        if any(phrase in text for phrase in _BEYOND_TLC):
            return "TLC cannot check a formula of this model"
    return ""


_ORBITS = " (with SYMMETRY, TLC takes cycles of orbits for cycles of states)"


def compare_with_tlc(spec: Path, ours: Result, theirs: TlcResult) -> None:
    """Refuse results that differ.

    Counts are compared where both have gone to the end, counterexamples by what they violate and,
    if they are finite, by their length: both engines find shortest ones. Where TLC has no
    algorithm for a formula, or lacks a module or the composition of actions, there is nothing to
    compare.
    """
    if theirs.verdict == "error" and ours.verdict != "error":
        beyond = _beyond_tlc(theirs)
        if beyond:
            typer.echo(f"{beyond}: nothing to compare", err=True)
            return
    pairs: list[tuple[str, object, object]] = [("verdict", ours.verdict, theirs.verdict)]
    if ours.verdict == theirs.verdict == "success":
        pairs.append(("distinct states", ours.distinct, theirs.distinct))
        if theirs.distinct:  # Without states, as for assumptions alone, TLC's depth is 1.
            pairs.append(("depth", ours.depth, theirs.depth))
    elif ours.verdict == theirs.verdict != "error":
        if ours.verdict == "invariant":
            pairs.append(("violated", ours.violated, theirs.violated))
        if ours.loop is None and theirs.loop is None and ours.trace and theirs.trace:
            lengths = len(ours.trace), len(theirs.trace)
            pairs.append(("length of the counterexample", *lengths))
    differences = [f"{what} {left} and {right}" for what, left, right in pairs if left != right]
    if differences:
        why = ""
        if any("Attempted to check equality" in text for text in theirs.errors):
            why = " (the model compares values of different types, which TLC refuses)"
        elif SYMMETRY_WARNING in ours.warnings and "liveness" in {ours.verdict, theirs.verdict}:
            why = _ORBITS
        elif 'TLCGet("level")' in spec.read_text("utf-8"):
            why = ' (in an invariant, TLC 2.15 takes TLCGet("level") of the state before)'
        elif SYMMETRY_WARNING in ours.warnings:
            why = _ORBITS
        elif any("Overflow when computing" in text for text in theirs.errors):
            why = " (TLC's numbers have 32 bits, and it stops where one needs more; here none does)"
        refuse(f"speccheck and TLC differ: {'; '.join(differences)}{why}")
