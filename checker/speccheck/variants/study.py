"""Every method on a variant, one after the other."""

from collections.abc import Callable

from speccheck.explore.engine import Progress
from speccheck.variants.checks import check, plain, random_behaviours
from speccheck.variants.findings import Findings, Method
from speccheck.variants.header import Variant
from speccheck.variants.hunts import Judge, conformance, costs, hunt
from speccheck.variants.plan import Plan
from speccheck.variants.proofs import refute


def study(
    variant: Variant,
    plan: Plan,
    tell: Callable[[str], None] = lambda text: None,
    progress: Progress | None = None,
    judge: Judge | None = None,
) -> Findings:
    """Return what the methods of a plan find.

    A variant of the prover's module has no model; what a variant is no subject for is left out.
    ``judge`` judges recorded runs of the implementation by the variant's own specification.
    Raises VariantError, TlaError, ConfigError, EvaluationError, ProofError, OSError.
    """
    findings = Findings(variant.name)
    seconds = plan.processor_s
    if Method.check in plan.methods:
        tell("all states")
        check(
            variant,
            findings,
            processor_s=seconds,
            to_the_end=plan.to_the_end or variant.is_right,
            progress=progress,
        )
    if Method.simulate in plan.methods:
        tell("random behaviours")
        random_behaviours(variant, findings, processor_s=seconds / 4, seed=plan.seed)
    if Method.prove in plan.methods:
        tell("obligations")
        refute(variant, findings)
    if Method.hunt in plan.methods:
        tell("the implementation")
        hunt(variant, findings, processor_s=seconds, seeds=plan.seeds, workers=plan.workers)
        costs(variant, findings)
        if judge is not None:
            tell("its recorded runs")
            conformance(variant, findings, judge=judge, seeds=plan.judged)
    if Method.plain in plan.methods:
        tell("the same without it")
        plain(variant, findings, processor_s=seconds)
    return findings
