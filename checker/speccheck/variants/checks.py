"""The specification of a variant, explored: all states of its models, and random behaviours."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from speccheck.explore.config import Config, read_config
from speccheck.explore.engine import Progress
from speccheck.explore.model import Model, load_model
from speccheck.variants.compose import Composed, compose
from speccheck.variants.findings import Counterexample, Findings, Method, Row, Verdict
from speccheck.variants.header import ModelLine, Variant
from speccheck.variants.survey import Breach, Survey, simulate

_DEPTH = 100


@contextmanager
def _loaded(
    variant: Variant, line: ModelLine, *, plain: bool = False
) -> Iterator[tuple[Model, Config]]:
    with TemporaryDirectory(prefix="variant-") as folder:
        made: Composed = compose(variant, line, Path(folder), plain=plain)
        config = read_config(made.config)
        yield load_model(made.module, config, made.folders), config


def check(
    variant: Variant,
    findings: Findings,
    *,
    processor_s: float,
    to_the_end: bool,
    progress: Progress | None = None,
) -> None:
    """Look at all states of the variant's models.

    Unless ``to_the_end``, a model is left as soon as all that should fail has failed.
    Raises VariantError, TlaError, ConfigError, EvaluationError, OSError.
    """

    def enough(broken: set[str]) -> bool:
        return bool(variant.fails) and not to_the_end and {*variant.fails} <= broken

    for line in variant.models:
        with _loaded(variant, line) as (model, config):
            _survey(findings, model, config, line, processor_s, enough, progress)


def _survey(
    findings: Findings,
    model: Model,
    config: Config,
    line: ModelLine,
    processor_s: float,
    enough: Callable[[set[str]], bool],
    progress: Progress | None,
) -> None:
    began = time.process_time()
    survey = Survey(model, None, progress, processor_s=processor_s, enough=enough)
    result = survey.run()
    seconds = time.process_time() - began
    whole = result.verdict in {"success", "liveness", "deadlock"}
    if result.verdict == "error":
        findings.problems.append(f"{line.name}: {result.error}")
    names = [*config.invariants, *config.properties]
    for name in [*names, *(one for one in survey.breaches if one not in names)]:
        breach = survey.breaches.get(name)
        if breach is not None:
            findings.rows.append(_violated(name, Method.check, breach, line.name))
            findings.shown.append(Counterexample(breach, model))
            continue
        verdict = Verdict.holds if whole else Verdict.open
        states = f"{result.distinct:,} states"
        depth = result.depth - 1
        findings.rows.append(Row(name, Method.check, verdict, seconds, line.name, depth, states))


def _violated(name: str, method: Method, breach: Breach, where: str) -> Row:
    states = f"{breach.distinct:,} states"
    length = breach.length
    return Row(name, method, Verdict.violated, breach.seconds, where, length, states, length)


def random_behaviours(
    variant: Variant, findings: Findings, *, processor_s: float, seed: int
) -> None:
    """Follow random behaviours of the variant's models. Raises what :func:`check` does."""
    for line in variant.models:
        with _loaded(variant, line) as (model, config):
            names = [*config.invariants, *config.properties]
            wanted = variant.fails or names
            began = time.process_time()
            breaches, behaviours = simulate(model, wanted, seed, _DEPTH, processor_s)
            seconds = time.process_time() - began
            for name in names:
                breach = breaches.get(name)
                if breach is not None:
                    row = _violated(name, Method.simulate, breach, line.name)
                    findings.rows.append(row._replace(amount=f"seed {seed}"))
                    continue
                what = f"{behaviours:,} behaviours"
                row = Row(name, Method.simulate, Verdict.open, seconds, line.name, None, what)
                findings.rows.append(row)


def plain(variant: Variant, findings: Findings, *, processor_s: float) -> None:
    """Look at the same models without the variant: what it breaks has to hold there."""
    for line in variant.models:
        with _loaded(variant, line, plain=True) as (model, config):
            survey = Survey(model, processor_s=processor_s)
            began = time.process_time()
            result = survey.run()
            seconds = time.process_time() - began
            verdict = Verdict.holds if result.verdict == "success" else Verdict.open
            states = f"{result.distinct:,} states"
            for name in variant.fails or (*config.invariants, *config.properties):
                broken = survey.breaches.get(name)
                findings.rows.append(
                    Row(name, Method.plain, verdict, seconds, line.name, result.depth - 1, states)
                    if broken is None
                    else _violated(name, Method.plain, broken, line.name)
                )
