"""What was found of variants as one HTML page: the table, what they cost, counterexamples drawn.

As the page of ``speccheck check --html`` it needs nothing but itself, escapes all text, and lets
only its own style run.
"""

from collections.abc import Iterable, Iterator, Sequence
from html import escape
from pathlib import Path

from speccheck.explore.result import Result
from speccheck.report.channels import ChannelError, annotations
from speccheck.report.html import policy_of, resource
from speccheck.report.messages import Diagram, diagram_of
from speccheck.report.spacetime import spacetime_svg
from speccheck.report.trace import Trace, trace_of
from speccheck.variants.findings import Cost, Counterexample, Findings
from speccheck.variants.header import Variant
from speccheck.variants.table import HEADS, lines

_BAR_WIDTH, _BAR_HEIGHT, _NAME_WIDTH = 260, 14, 150
_WORDS = {"violated": "bad", "holds": "good"}

Studied = Sequence[tuple[Variant, Findings]]


def write_page(studied: Studied, *, every: bool = False) -> str:
    """Return the page."""
    style = resource("page.css")
    body = "\n".join(_body(studied, every=every))
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy_of(style)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>Variants</title>\n<style>{style}</style>\n</head>\n<body>\n<main>\n{body}\n"
        "</main>\n</body>\n</html>\n"
    )


def _body(studied: Studied, *, every: bool) -> Iterator[str]:
    yield "<h1>Variants</h1>"
    yield '<div class="scroll"><table><thead><tr>'
    yield "".join(f'<th scope="col">{escape(head)}</th>' for head in HEADS)
    yield "</tr></thead><tbody>"
    for variant, found in studied:
        for line in lines(variant, found, every=every):
            yield _row(line)
    yield "</tbody></table></div>"
    for variant, found in studied:
        yield f'<h2 id="{escape(variant.name)}">{escape(variant.name)}</h2>'
        yield f"<p>{escape(variant.about)}</p>"
        if variant.claim:
            yield f'<p class="faint">Claim: {escape(variant.claim)}</p>'
        if found.costs:
            yield from _costs(found.costs)
        for shown in found.shown:
            if shown.breach.property in variant.fails:
                yield from _counterexample(shown)


def _row(line: Sequence[str]) -> str:
    name, *cells = line
    kinds = (_WORDS.get(cell, "") for cell in cells)
    told = "".join(
        f'<td class="{kind}">{escape(cell)}</td>' for kind, cell in zip(kinds, cells, strict=True)
    )
    return f'<tr><th scope="row"><a href="#{escape(name)}">{escape(name)}</a></th>{told}</tr>'


def _costs(costs: Iterable[Cost]) -> Iterator[str]:
    """Yield a picture of bars: plain ZAB above, the variant below, for each figure."""
    listed = [*costs]
    figures = dict.fromkeys(cost.figure for cost in listed)
    for figure in figures:
        own = [cost for cost in listed if cost.figure == figure]
        most = max((max(cost.plain, cost.variant) for cost in own), default=0.0) or 1.0
        height = len(own) * 3 * _BAR_HEIGHT + 4
        width = _NAME_WIDTH + _BAR_WIDTH + 90
        name = escape(figure.replace("_", " "))
        yield f"<h3>{name}</h3>"
        yield (
            f'<svg role="img" aria-label="{name}, plain ZAB and the variant" width="{width}" '
            f'height="{height}" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">'
        )
        for number, cost in enumerate(own):
            top = number * 3 * _BAR_HEIGHT
            yield f'<text x="0" y="{top + _BAR_HEIGHT}" font-size="12">{escape(cost.what)}</text>'
            for row, (value, label) in enumerate(
                ((cost.plain, "plain"), (cost.variant, "variant"))
            ):
                long = max(1.0, _BAR_WIDTH * value / most)
                y = top + row * _BAR_HEIGHT + 2
                shade = "0.35" if label == "plain" else "0.8"
                yield (
                    f'<rect x="{_NAME_WIDTH}" y="{y}" width="{long:.0f}" '
                    f'height="{_BAR_HEIGHT - 3}" fill="currentColor" fill-opacity="{shade}"/>'
                    f'<text x="{_NAME_WIDTH + long + 6:.0f}" y="{y + 10}" font-size="11">'
                    f"{value:.2f} {label}</text>"
                )
        yield "</svg>"


def _counterexample(shown: Counterexample) -> Iterator[str]:
    breach = shown.breach
    result = Result(verdict=breach.verdict, violated=breach.property, trace=[*breach.trace])
    trace = trace_of(shown.model, result)
    yield f"<h3>{escape(breach.property)}: violated after {breach.length} steps</h3>"
    diagram = _diagram(shown, trace)
    if diagram is not None:
        yield f'<div class="scroll">\n{spacetime_svg(trace, diagram)}\n</div>'
    yield "<details><summary>The steps</summary><ol>"
    for step in trace.steps:
        yield f"<li>{escape(step.label)}</li>"
    yield "</ol></details>"


def _diagram(shown: Counterexample, trace: Trace) -> Diagram | None:
    paths = dict.fromkeys(action.place.path for action in shown.model.actions)
    described = [
        text
        for path in paths
        if Path(path).is_file()
        for text in annotations(Path(path).read_text("utf-8"))
    ]
    try:
        return diagram_of(trace, described)
    except ChannelError:
        return None
