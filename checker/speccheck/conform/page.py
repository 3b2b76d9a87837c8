"""A verdict as one HTML page that needs nothing but itself."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from speccheck.conform.data import explanation, headline
from speccheck.conform.judge import Verdict
from speccheck.conform.past import past_svg
from speccheck.report.html import page
from speccheck.report.sources import text_of


def as_html(verdict: Verdict) -> str:
    """Return the page."""
    return page(headline(verdict), "\n".join(_body(verdict)))


def _body(verdict: Verdict) -> Iterator[str]:
    kind = "good" if verdict.conforms else "bad"
    if verdict.conforms and verdict.checked < verdict.events:
        kind = "warn"
    yield f'<h1><span class="{kind}">{escape(headline(verdict))}</span></h1>'
    fault = verdict.fault
    if fault is not None:
        yield "<pre>" + escape("\n".join([fault.event.place, *explanation(fault)])) + "</pre>"
        yield "<h2>How it came to that</h2>"
        diagram = past_svg(fault.past, verdict.servers, fault.sent_before)
        yield f'<div class="scroll">\n{diagram}\n</div>'
        yield '<div class="scroll"><table><thead><tr><th scope="col">#</th>'
        yield '<th scope="col">Server</th><th scope="col">Event</th><th scope="col">at</th></tr>'
        yield "</thead><tbody>"
        for number, event in enumerate(fault.past, 1):
            told = f"{event.action}({', '.join(map(str, event.args))})"
            details = "\n".join(f"{name}: {value}" for name, value in event.vars.items())
            yield f'<tr id="step-{number}" data-step="{number}"><th scope="row">{number}</th>'
            yield f"<td>{escape(str(event.server))}</td><td><details><summary>{escape(told)}"
            yield f"</summary><pre>{escape(details)}</pre></details></td>"
            yield f'<td class="faint">{escape(event.place)}</td></tr>'
        yield "</tbody></table></div>"
    if verdict.notes:
        yield "<h2>Notes</h2><ul>"
        yield from (f'<li class="warn">{escape(note)}</li>' for note in verdict.notes)
        yield "</ul>"
    yield from _coverage(verdict)


def _coverage(verdict: Verdict) -> Iterator[str]:
    yield '<h2>Actions</h2><div class="scroll"><table><thead><tr><th scope="col">Action</th>'
    yield '<th scope="col">taken</th></tr></thead><tbody>'
    for name in verdict.actions:
        count = verdict.taken.get(name, 0)
        note = "" if count else ' <span class="warn">not in these traces</span>'
        yield f'<tr><th scope="row">{escape(name)}{note}</th><td class="count">{count:,}</td></tr>'
    yield "</tbody></table></div>"
    idle = [branch for branch in verdict.branches if not branch.taken]
    if idle:
        yield "<h2>Branches not in these traces</h2><ul>"
        for branch in idle:
            text = escape(text_of(branch.place))
            yield f"<li>{escape(branch.action)}: <code>{text}</code> "
            yield f'<span class="faint">{escape(str(branch.place))}</span></li>'
        yield "</ul>"
