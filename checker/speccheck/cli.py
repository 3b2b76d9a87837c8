"""The command line: ``speccheck check SPEC``, ``speccheck prove MODULE``, ``speccheck hunt``."""

import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, NamedTuple

import typer
from rich.console import Console

from speccheck.commands.by_tlc import (
    check_for_tlc,
    check_for_tlc_alone,
    compare_with_tlc,
    run_by_tlc,
    tell,
)
from speccheck.commands.completion import completion
from speccheck.commands.grain import compose, grain
from speccheck.commands.guard import Guard
from speccheck.commands.history import history
from speccheck.commands.hunt import hunt
from speccheck.commands.refusal import BROKEN, refuse
from speccheck.commands.replay import replay
from speccheck.commands.texts import changed, read_for, texts_of
from speccheck.commands.trace import trace
from speccheck.commands.variants import variants
from speccheck.evaluate.errors import EvaluationError
from speccheck.evaluate.stdlib.tlc import printed
from speccheck.explore.config import read_config
from speccheck.explore.engines import Mode, Settings, engine_for
from speccheck.explore.exercise.findings import Exercise
from speccheck.explore.exercise.judge import judge
from speccheck.explore.model import ConfigError, load_model
from speccheck.explore.pinpoint import pinpoint
from speccheck.explore.result import Result
from speccheck.explore.simulate import DEFAULT_DEPTH, DEFAULT_TRACES
from speccheck.hunt.system import Unusable
from speccheck.prove.errors import ProofError
from speccheck.report.data import as_data
from speccheck.report.exports import ExportError, Exports, export
from speccheck.report.pipes import Terminal
from speccheck.report.progress import Progress
from speccheck.report.suite import SuiteError, read_suite
from speccheck.report.terminal import report
from speccheck.report.trace import trace_of
from speccheck.tla.errors import TlaError
from speccheck.tlc import TlcResult

app = typer.Typer(
    cls=Guard, no_args_is_help=True, add_completion=False, rich_markup_mode="markdown"
)

# An operator that recurses over a long sequence needs more than Python's default of 1,000.
_DEEPEST_RECURSION = 20_000

_WRITTEN = "What is written"
_HOW = "How states are explored"

_VIOLATED, _VACUOUS, _INTERRUPTED = 1, 3, 130


class Engine(StrEnum):
    """Which checker runs the model."""

    speccheck = "speccheck"
    tlc = "tlc"
    both = "both"


class Options(NamedTuple):
    """What the command line asks of our own engine."""

    settings: Settings
    strict: bool
    as_json: bool
    files: Exports


class Outcome(NamedTuple):
    """What our own engine found, and what it exercised."""

    result: Result
    exercise: Exercise | None


@app.callback()
def _app() -> None:
    """TLA+ in Python: model checking, proofs for any size, and hunts in simulated systems."""


@app.command()
def check(
    spec: Annotated[Path, typer.Argument(help="The .tla file.")],
    config: Annotated[
        Path | None, typer.Option(help="The .cfg file; by default the one beside SPEC.")
    ] = None,
    engine: Annotated[
        Engine,
        typer.Option(help="Which checker runs; both: their results are compared."),
    ] = Engine.speccheck,
    max_states: Annotated[
        int | None, typer.Option(help="Stop at this many distinct states.", min=1)
    ] = None,
    mode: Annotated[
        Mode,
        typer.Option(
            help="Breadth-first, depth-first, or random behaviours.", rich_help_panel=_HOW
        ),
    ] = Mode.bfs,
    depth: Annotated[
        int | None,
        typer.Option(
            help="The most states of a behaviour, in modes dfs and simulate "
            f"({DEFAULT_DEPTH} there).",
            min=1,
            rich_help_panel=_HOW,
        ),
    ] = None,
    traces: Annotated[
        int | None,
        typer.Option(
            help=f"How many behaviours to simulate; {DEFAULT_TRACES:,} by default.",
            min=1,
            rich_help_panel=_HOW,
        ),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(
            help="Repeats a simulation, with any number of workers.", min=0, rich_help_panel=_HOW
        ),
    ] = None,
    workers: Annotated[
        int,
        typer.Option(
            help="Processes for modes bfs and simulate. More than one pays on models that take "
            "more than some seconds.",
            min=1,
            rich_help_panel=_HOW,
        ),
    ] = 1,
    library: Annotated[
        list[Path] | None, typer.Option(help="A folder with more modules; may be repeated.")
    ] = None,
    strict: Annotated[
        bool,
        typer.Option(
            "--strict",
            help="Fail (exit code 3) if an action was never enabled or a part of a property "
            "never put to the test; ask for every part on all states.",
        ),
    ] = False,
    as_json: Annotated[
        bool,
        typer.Option("--json", help="Print all of the result as JSON.", rich_help_panel=_WRITTEN),
    ] = False,
    html: Annotated[
        Path | None,
        typer.Option(
            help="Write a page with the counterexample as a table and as a space-time diagram.",
            rich_help_panel=_WRITTEN,
        ),
    ] = None,
    itf: Annotated[
        Path | None,
        typer.Option(help="Write the counterexample as ITF JSON.", rich_help_panel=_WRITTEN),
    ] = None,
    dot: Annotated[
        Path | None,
        typer.Option(
            help="Write the graph of states for Graphviz, the counterexample highlighted.",
            rich_help_panel=_WRITTEN,
        ),
    ] = None,
    channel: Annotated[
        list[str] | None,
        typer.Option(
            help="Where the spec keeps messages, for the diagram: 'msgs[from][to]', 'inbox[to]', "
            "'net{src, dst}' with the record fields, or none. May be repeated. By default as "
            "\\* @channel comments say, or found by shape.",
            rich_help_panel=_WRITTEN,
        ),
    ] = None,
) -> None:
    """Explore every reachable state of SPEC.

    A run without error says what it exercised: how often each action and each branch was taken,
    and which parts of the properties could have decided the verdict.

    Exit codes:

    - 0: nothing is violated
    - 1: something is
    - 2: the model cannot be run, evaluation failed, two engines differ, or speccheck itself failed
    - 3: with --strict, nothing is violated, but something was never put to the test
    - 130: interrupted
    """
    sys.setrecursionlimit(_DEEPEST_RECURSION)
    _check_is_file(spec)
    config = config or spec.with_suffix(".cfg")
    _check_is_file(config)
    files = Exports(itf, dot, html, tuple(channel or ()))
    try:
        files.check()
    except ExportError as error:
        refuse(str(error))
    settings = Settings(mode, max_states, depth, traces, seed, workers)
    if engine is not Engine.speccheck:
        check_for_tlc(engine, settings)
    if engine is Engine.tlc:
        check_for_tlc_alone(strict, dot)
    options = Options(settings, strict, as_json, files)
    folders = _folders(library)
    watched = [*read_for(spec, folders), config] if engine is Engine.both else []
    texts = texts_of(watched)
    ours = None if engine is Engine.tlc else _run(spec, config, folders, options)
    theirs = None
    if engine is not Engine.speccheck:
        alone = ours is None and not as_json
        theirs = run_by_tlc(spec, config, folders, quietly=as_json, with_printed=alone)
    if ours is None and theirs is not None:
        tell(theirs, spec, config, folders, files, as_json=as_json)
    if ours is not None and theirs is not None:
        other = changed(texts, texts_of(watched))
        if other:
            refuse(f"{other[0]} changed while the engines ran on it; run them again")
        compare_with_tlc(spec, ours.result, theirs)
    code = _exit_code(ours, theirs, strict)
    if code:
        raise typer.Exit(code)


@app.command()
def coverage(
    results: Annotated[
        list[Path], typer.Argument(help="Files with what speccheck check --json printed.")
    ],
    strict: Annotated[
        bool,
        typer.Option("--strict", help="Fail (exit code 3) if anything is left; branches count."),
    ] = False,
) -> None:
    """Say what several runs have not exercised between them.

    What one model is too small for, another may exercise: an action, a branch within an action, a
    part of a property.
    """
    try:
        suite = read_suite(results)
    except SuiteError as error:
        refuse(str(error))
    idle = suite.idle
    done = len(suite.counts) - len(idle)
    typer.echo(f"{suite.runs} runs exercised {done:,} of {len(suite.counts):,} things")
    for thing in idle:
        typer.echo(f"Not exercised: {thing}: {suite.texts[thing]}")
    if strict and idle:
        raise typer.Exit(_VACUOUS)


app.command()(hunt)
app.command()(completion)
app.command()(history)
app.command()(variants)
app.command()(grain)
app.command()(compose)
app.command()(trace)
app.command()(replay)


@app.command()
def prove(
    module: Annotated[
        str | None,
        typer.Argument(
            help="The .tla file, or FILE.tla!THEOREM for one theorem of it and those it rests on; "
            "by default every module of the folder spec that has theorems with names.",
            show_default=False,
        ),
    ] = None,
    library: Annotated[
        list[Path] | None, typer.Option(help="A folder with more modules; may be repeated.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(help="Processes; by default one for each processor.", min=1)
    ] = None,
    limit: Annotated[
        float, typer.Option(help="Millions of steps of Z3 for one question.", min=0.01)
    ] = 100.0,
    finite_limit: Annotated[
        float, typer.Option(help="Millions of steps to look for one counterexample.", min=0.01)
    ] = 1000.0,
    smt2: Annotated[
        Path | None,
        typer.Option(help="Write the questions to Z3 into this folder, and do not ask them."),
    ] = None,
    replay: Annotated[
        Path | None,
        typer.Option(
            help="Write counterexamples into this folder as modules, and run the checker from each "
            "of them and towards it."
        ),
    ] = None,
    replay_states: Annotated[
        int, typer.Option(help="States that the checker looks at for a counterexample.", min=1)
    ] = 20_000,
    system: Annotated[
        str | None,
        typer.Option(
            help="With --replay: simulated servers that begin with the disks of a counterexample, "
            "such as speckeeper, where the hints name a module that says what is on them."
        ),
    ] = None,
    replay_seeds: Annotated[
        int,
        typer.Option(help="Seeds for them; each is run without faults and with them.", min=1),
    ] = 10,
    every: Annotated[
        bool, typer.Option("--all", help="Print a line for every obligation, proved ones too.")
    ] = False,
    only: Annotated[
        str,
        typer.Option(help="Ask only for obligations whose names begin so, as the output has them."),
    ] = "",
) -> None:
    """Prove the theorems of a module for any number of servers, with Z3.

    A theorem Spec => []P is proved by induction over the conjuncts of P, or from another
    theorem's invariant where the hints beside the module say so. What could not be decided counts
    as a failure. A module without theorems, such as a variant in spec/variants, is asked for those
    of the module that it extends.

    Exit codes:

    - 0: everything that is asked for is proved, and what that rests on (with --only: the
      obligations of these names are)
    - 1: something is refuted, or unknown
    - 2: the module cannot be translated, or speccheck itself failed
    - 130: interrupted
    """
    sys.setrecursionlimit(_DEEPEST_RECURSION)
    # Here, since loading Z3 takes longer than most models to check.
    from speccheck.prove.discharge import Limits
    from speccheck.prove.module import with_theorems
    from speccheck.report.disks import Ensemble
    from speccheck.report.proofs import ProofReport, run_proofs
    from speccheck.report.questions import write_questions
    from speccheck.report.replays import Wanted
    from speccheck.variants.header import VariantError
    from speccheck.variants.proofs import proofs_of

    folders = tuple(_folders(library))
    name, _, theorem = (module or "").partition("!")
    theorems = (theorem,) if theorem else ()
    proved = True
    try:
        if system is not None and replay is None:
            raise Unusable("--system: goes with --replay DIR")
        ensemble = None if system is None else Ensemble(system, replay_seeds)
        if ensemble is not None:
            ensemble.check()
        wanted = None if replay is None else Wanted(replay, replay_states, ensemble)
        paths, others = ([Path(name)], []) if name else with_theorems(Path("spec"))
        for path in paths:
            task = proofs_of(path, folders, theorems, Limits(limit, finite_limit))
            if smt2 is not None:
                written, framed = write_questions(task, smt2, lambda one: str(one).startswith(only))
                typer.echo(f"{written:,} questions in {smt2}; {framed:,} obligations need none")
                continue
            proved &= run_proofs(
                task,
                ProofReport(Terminal(), Console(stderr=True), every=every),
                workers=workers,
                replays=wanted,
                only=only,
            )
        for line in others:
            typer.echo(line)
    except (
        TlaError,
        ProofError,
        VariantError,
        ConfigError,
        EvaluationError,
        Unusable,
        OSError,
        UnicodeDecodeError,
    ) as error:
        refuse(str(error))
    except KeyboardInterrupt:
        typer.echo("Interrupted: nothing is proved as a whole", err=True)
        raise typer.Exit(_INTERRUPTED) from None
    if not proved:
        raise typer.Exit(_VIOLATED)


def _check_is_file(path: Path) -> None:
    """Refuse a path that names no file."""
    if not path.is_file():
        what = "this is a folder, not a file" if path.is_dir() else "there is no such file"
        refuse(f"{path}: {what}")


def _exit_code(ours: Outcome | None, theirs: TlcResult | None, strict: bool) -> int:
    verdict = theirs.verdict if theirs is not None else ""
    exercise = None
    if ours is not None:
        verdict, exercise = ours.result.verdict, ours.exercise
    if verdict == "error":
        return BROKEN
    if verdict == "interrupted":
        return _INTERRUPTED
    if verdict not in {"success", "unfinished"}:
        return _VIOLATED
    if strict and exercise is not None and (exercise.vacuous or not exercise.is_complete):
        return _VACUOUS
    return 0


def _folders(library: list[Path] | None) -> list[Path]:
    """Return the folders of --library; refuse one that is none."""
    for folder in library or []:
        if not folder.is_dir():
            what = "this is a file, not a folder" if folder.exists() else "there is no such folder"
            refuse(f"--library {folder}: {what}")
    return library or []


def _run(spec: Path, config: Path, folders: list[Path], options: Options) -> Outcome:
    """Run our own engine and print what it found."""
    printed.clear()
    try:
        model = load_model(spec, read_config(config), folders)
        with Progress(Console(stderr=True)) as progress:
            search = engine_for(model, options.settings, progress)
            result = search.run()
            exercise = None
            if result.verdict in {"success", "unfinished", "interrupted"}:
                states = () if result.verdict == "interrupted" else search.reached
                exercise = judge(
                    model,
                    result,
                    states,
                    initial=search.initial,
                    checked=search.checked,
                    to_the_end=options.strict,
                    tell=progress.say,
                )
        if result.error is not None:
            fine = load_model(spec, read_config(config), folders, fine=True)
            result.error = pinpoint(result, fine) or result.error
        trace = trace_of(model, result)
    except (TlaError, ConfigError, EvaluationError, OSError, UnicodeDecodeError) as error:
        refuse(str(error))
    except KeyboardInterrupt:
        typer.echo("Interrupted before there was a result", err=True)
        raise typer.Exit(_INTERRUPTED) from None
    if options.as_json:
        typer.echo(json.dumps(as_data(model, result, trace, exercise), indent=2))
    else:
        for line in printed:
            typer.echo(line)
        report(Terminal(), model, result, trace, exercise)
    try:
        said = export(options.files, spec, model, result, trace, exercise, search.reached)
    except ExportError as error:
        refuse(str(error))
    for line in said:
        typer.echo(line, err=options.as_json)
    return Outcome(result, exercise)


def main() -> None:
    """Run the command line."""
    app()


if __name__ == "__main__":
    main()
