"""The findings about variants as one table: for a terminal, for a page in Markdown."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from speccheck.variants.findings import Findings, Method, Row, Verdict
from speccheck.variants.header import ALL, Variant
from speccheck.variants.hunts import CONFORMANCE

HEADS = ("variant", "property", "method", "verdict", "steps", "states or seeds", "seconds", "where")


class Line(NamedTuple):
    """A row of the table."""

    variant: str
    property: str
    method: str
    verdict: str
    steps: str
    amount: str
    seconds: str
    where: str


def lines(variant: Variant, findings: Findings, *, every: bool = False) -> Iterator[Line]:
    """Yield the rows about a variant: of what was expected and of what was violated.

    The properties that hold are one row for each model, unless ``every`` one is asked for.
    """
    told = {*variant.fails, *variant.holds, *findings.violated(), CONFORMANCE} - {ALL}
    rest: dict[tuple[str, Method, Verdict], list[Row]] = {}
    for row in findings.rows:
        if every or (row.property in told and row.property not in _quiet(variant, row)):
            yield _line(variant.name, row, row.property)
        else:
            rest.setdefault((row.where, row.method, row.verdict), []).append(row)
    for rows in rest.values():
        names = f"{len(rows)} others" if told and len(rows) > 1 else f"{len(rows)} properties"
        what = rows[0].property if len(rows) == 1 else names
        yield _line(variant.name, rows[0], what)


def _quiet(variant: Variant, row: Row) -> set[str]:
    """Return what is not worth a row: what is not broken on the way to what is."""
    if row.method is Method.simulate and row.verdict is Verdict.open:
        return {row.property} - {*variant.fails}
    return set()


def _line(name: str, row: Row, property_: str) -> Line:
    steps = row.length if row.length is not None else row.depth
    return Line(
        name,
        property_,
        "plain ZAB" if row.method is Method.plain else row.method.value,
        row.verdict.value,
        "" if steps is None else f"{steps:,}",
        row.amount,
        f"{row.seconds:.1f}",
        row.where,
    )


COST_HEADS = (
    "variant",
    "of",
    "plain ZAB: messages",
    "syncs",
    "round trips",
    "variant: messages",
    "syncs",
    "round trips",
)


def cost_lines(findings: Iterable[Findings]) -> Iterator[tuple[str, ...]]:
    """Yield the rows about costs: plain ZAB beside each variant that the implementation can run."""
    for found in findings:
        for what in dict.fromkeys(cost.what for cost in found.costs):
            costs = [cost for cost in found.costs if cost.what == what]
            plain = (f"{cost.plain:.2f}" for cost in costs)
            yield (found.name, what, *plain, *(f"{cost.variant:.2f}" for cost in costs))


def unexpected(variant: Variant, findings: Findings) -> list[str]:
    """Return what was found other than the header says."""
    broken = findings.violated()
    looked = {row.property for row in findings.rows}
    holds = looked - {"every rule"} if ALL in variant.holds else {*variant.holds}
    if not variant.fails:
        holds.add(CONFORMANCE)  # A mistake of the implementation need not be the variant's.
    return [
        *(
            f"{one} was expected to fail and was not found to"
            for one in variant.fails
            if one not in broken
        ),
        *(f"{one} was expected to hold and is violated" for one in sorted(holds & broken)),
        *(
            f"{row.property} is violated without the variant too, in {row.where}"
            for row in findings.rows
            if row.method is Method.plain and row.verdict is Verdict.violated
        ),
    ]


def markdown(table: Iterable[Sequence[str]], heads: Sequence[str] = HEADS) -> Iterator[str]:
    """Yield the lines of a table in Markdown."""
    yield "| " + " | ".join(heads) + " |"
    yield "|" + " --- |" * len(heads)
    for row in table:
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |"
