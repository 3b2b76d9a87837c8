"""The shipped variants: what each is said to break is found broken, the rest holds.

A variant is only as good as this: the property that its header names is violated within a minute
of one processor, in the model that it names, and not without it.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from speccheck.tlc import run_tlc
from speccheck.variants.checks import check, plain
from speccheck.variants.compose import compose
from speccheck.variants.findings import Findings, Method, Verdict
from speccheck.variants.header import Variant, find_variants
from speccheck.variants.table import unexpected

FOLDER = Path(__file__).parents[2] / "spec" / "variants"
VARIANTS = [one for one in find_variants(FOLDER) if one.kind not in {"core", "grain"}]
PUBLISHED = {"2845", "3023", "3911", "4394", "4643", "4646", "4685", "4712"}

# What takes more than five seconds of a processor; `make models` runs these.
SLOW = {
    "AcksOfAnotherEpoch",
    "CommitLdOfLeader",
    "CommitPiggybacked",
    "CumulativeAcks",
    "LeaderLeaseReads",
    "LeaseForgotten",
    "LeaseFromLeader",
    "LeaseReadsHonoured",
    "NewleaderWithoutPromise",
    "ProposalSaysNothing",
    "WeightedQuorums",
    "Zk4394",
}
PROCESSOR_S = 60.0


@pytest.fixture(autouse=True)
def deep_recursion() -> Iterator[None]:
    usual = sys.getrecursionlimit()
    sys.setrecursionlimit(20_000)
    yield
    sys.setrecursionlimit(usual)


def each(variants: list[Variant]) -> list[object]:
    """Return them as parameters, the slow ones for `make models`."""
    return [
        pytest.param(one, id=one.name, marks=pytest.mark.models if one.name in SLOW else ())
        for one in variants
    ]


def test_the_published_bugs_and_the_questions_are_there() -> None:
    names = {one.name for one in VARIANTS}
    assert {f"Zk{number}" for number in PUBLISHED} <= names
    assert {one.name for one in VARIANTS if one.kind == "published"} == {
        f"Zk{number}" for number in PUBLISHED
    }
    assert len([one for one in VARIANTS if one.kind == "mistake"]) >= 12
    assert len([one for one in VARIANTS if one.kind == "paper"]) >= 3


@pytest.mark.timeout(900)
@pytest.mark.parametrize("variant", each([one for one in VARIANTS if one.fails]))
def test_what_a_variant_breaks_is_found_within_a_minute(variant: Variant) -> None:
    findings = Findings(variant.name)

    check(variant, findings, processor_s=PROCESSOR_S, to_the_end=False)

    assert unexpected(variant, findings) == []
    assert {*variant.fails} <= findings.violated()
    for name in variant.fails:
        shown = [one.breach for one in findings.shown if one.breach.property == name]
        assert shown
        assert all(breach.trace[0].action is None for breach in shown)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("variant", each([one for one in VARIANTS if not one.fails]))
def test_what_a_variant_keeps_holds(variant: Variant) -> None:
    findings = Findings(variant.name)

    check(variant, findings, processor_s=5 * PROCESSOR_S, to_the_end=True)

    assert findings.problems == []
    assert unexpected(variant, findings) == []
    kept = {row.property for row in findings.rows if row.verdict is Verdict.holds}
    assert kept >= {*variant.holds} - {"all"}
    assert kept, "it was looked at to the end"


@pytest.mark.parametrize(
    "variant", each([one for one in VARIANTS if one.kind in {"published", "paper"} and one.fails])
)
def test_without_it_nothing_is_broken(variant: Variant) -> None:
    findings = Findings(variant.name)

    plain(variant, findings, processor_s=5 * PROCESSOR_S)

    control = [row for row in findings.rows if row.method is Method.plain]
    assert {row.property for row in control} == {*variant.fails}
    assert {row.verdict for row in control} == {Verdict.holds}


@pytest.mark.long
@pytest.mark.timeout(1200)
@pytest.mark.parametrize(
    "variant", [pytest.param(one, id=one.name) for one in VARIANTS if one.fails]
)
def test_tlc_finds_it_too(variant: Variant, tmp_path: Path) -> None:
    findings = Findings(variant.name)
    check(variant, findings, processor_s=5 * PROCESSOR_S, to_the_end=False)

    verdicts = set()
    for number, line in enumerate(variant.models, 1):
        made = compose(variant, line, tmp_path, number=number)
        result = run_tlc(made.module, made.config, folders=made.folders)
        assert result.verdict != "error", result.output[-2000:]
        if result.verdict != "success":
            assert result.violated in findings.violated()
        verdicts.add(result.verdict)
    assert verdicts - {"success"}, "one of its models breaks a property"
