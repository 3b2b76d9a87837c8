"""Recorded runs of the implementation with a strategy, judged by the variant that names it."""

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from speccheck.commands.variants import judged
from speccheck.variants.findings import Findings, Method, Verdict
from speccheck.variants.header import Variant, find_variants
from speccheck.variants.hunts import CONFORMANCE, conformance
from speccheck.variants.table import unexpected

FOLDER = Path(__file__).parents[2] / "spec" / "variants"
KEPT = [one for one in find_variants(FOLDER) if one.strategy and not one.fails]


@pytest.fixture(autouse=True)
def deep_recursion() -> Iterator[None]:
    usual = sys.getrecursionlimit()
    sys.setrecursionlimit(20_000)
    yield
    sys.setrecursionlimit(usual)


def test_there_are_some() -> None:
    assert {one.name for one in KEPT} >= {"CumulativeAcks", "FlexibleQuorums"}


@pytest.mark.parametrize("variant", [pytest.param(one, id=one.name) for one in KEPT])
def test_what_runs_is_what_the_variant_says(variant: Variant) -> None:
    findings = Findings(variant.name)

    conformance(variant, findings, judge=judged, seeds=1)

    (row,) = findings.rows
    assert (row.property, row.method, row.verdict) == (CONFORMANCE, Method.hunt, Verdict.open)
    assert unexpected(variant, findings) == []


def test_the_strategy_of_another_variant_is_noticed() -> None:
    (flexible,) = find_variants(FOLDER, ["FlexibleQuorums"])
    variant = replace(flexible, strategy="cumulative-acks")
    findings = Findings(variant.name)

    conformance(variant, findings, judge=judged, seeds=1)

    (row,) = findings.rows
    assert row.verdict is Verdict.violated
    assert row.note.startswith("seed 0: Leader")
    assert unexpected(variant, findings) == ["Conformance was expected to hold and is violated"]
