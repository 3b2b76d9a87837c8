"""A result as one HTML page: the trace as a table and as a space-time diagram, and coverage.

The page needs nothing but itself. All text from a specification is escaped, and a content security
policy lets only the page's own style and script run.
"""

import hashlib
from base64 import b64encode
from collections.abc import Iterator
from html import escape
from importlib.resources import files

from speccheck.evaluate.show import show
from speccheck.explore.exercise.findings import Exercise
from speccheck.explore.model import Model
from speccheck.explore.result import Result
from speccheck.report.coverage import coverage_of
from speccheck.report.messages import Diagram
from speccheck.report.sources import text_of
from speccheck.report.spacetime import spacetime_svg
from speccheck.report.terminal import headline, summary
from speccheck.report.trace import Step, Trace

_MOST_COLUMNS = 6


def write_html(
    model: Model,
    result: Result,
    trace: Trace,
    exercise: Exercise | None,
    diagram: Diagram | None,
) -> str:
    """Return the page."""
    body = "\n".join(_body(model, result, trace, exercise, diagram))
    return page(f"{model.name}: {headline(result)}", body)


def page(heading: str, body: str) -> str:
    """Return a page with a title and a body that is HTML."""
    style, script = resource("page.css"), resource("page.js")
    policy = policy_of(style, script)
    title = escape(heading)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>{style}</style>\n</head>\n<body>\n<main>\n{body}\n"
        f"</main>\n<script>{script}</script>\n</body>\n</html>\n"
    )


def policy_of(style: str, script: str = "") -> str:
    """Return a content security policy that lets this style and this script alone be used."""
    policy = f"default-src 'none'; style-src '{_hash(style)}'"
    return f"{policy}; script-src '{_hash(script)}'" if script else policy


def resource(name: str) -> str:
    """Return the text of a file beside this module: the pages' style or script."""
    return (files("speccheck.report") / name).read_text("utf-8")


def _hash(text: str) -> str:
    return "sha256-" + b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _body(
    model: Model,
    result: Result,
    trace: Trace,
    exercise: Exercise | None,
    diagram: Diagram | None,
) -> Iterator[str]:
    good = result.verdict in {"success", "unfinished", "interrupted"}
    hollow = exercise is not None and bool(exercise.vacuous)
    kind = "warn" if hollow else "good" if good else "bad"
    yield f'<h1>{escape(model.name)}: <span class="{kind}">{escape(headline(result))}</span></h1>'
    yield f'<p class="faint">{escape(summary(result))}</p>'
    if result.error is not None:
        yield f"<pre>{escape(str(result.error))}</pre>"
    if trace.steps:
        if diagram is not None:
            yield "<h2>Who did what, and who told whom</h2>"
            yield f'<div class="scroll">\n{spacetime_svg(trace, diagram)}\n</div>'
        yield from _table(trace)
    yield from _coverage(model, result)
    if exercise is not None:
        yield from _exercise(exercise)


def _table(trace: Trace) -> Iterator[str]:
    shown = [name for name in trace.steps[0].values if _changes_ever(trace, name)]
    still = [name for name in trace.steps[0].values if name not in shown]
    yield "<h2>Counterexample</h2>"
    yield (
        '<p class="faint"><kbd>j</kbd> <kbd>k</kbd> or the arrow keys go from state to state, '
        "<kbd>o</kbd> opens one.</p>"
    )
    if len(shown) > _MOST_COLUMNS:
        still, shown = [], []
    columns = shown or ["What changed"]
    heads = "".join(f'<th scope="col">{escape(name)}</th>' for name in columns)
    yield '<div class="scroll"><table>'
    yield f'<thead><tr><th scope="col">#</th><th scope="col">Action</th>{heads}</tr></thead><tbody>'
    for step in trace.steps:
        yield from _row(step, shown)
    yield "</tbody></table></div>"
    if trace.ending is not None:
        yield f'<p class="warn">{escape(trace.ending)}.</p>'
    if still:
        values = trace.steps[0].values
        listed = "\n".join(f"{name} = {show(values[name])}" for name in still)
        yield f"<p>Never changed:</p><pre>{escape(listed)}</pre>"


def _changes_ever(trace: Trace, name: str) -> bool:
    return any(change.keys[0] == name for step in trace.steps for change in step.changes)


def _row(step: Step, shown: list[str]) -> Iterator[str]:
    number = step.number
    yield f'<tr id="step-{number}" data-step="{number}"><th scope="row">{number}</th>'
    place = ""
    if step.move is not None and step.move.place is not None:
        place = f'<div class="faint">{escape(str(step.move.place))}</div>'
    yield (
        f"<td><details><summary>{escape(step.label)}</summary>{place}"
        f"<pre>{escape(_state(step))}</pre></details></td>"
    )
    yield from _cells(step, shown)
    yield "</tr>"


def _cells(step: Step, shown: list[str]) -> Iterator[str]:
    """Yield a cell for each variable in ``shown``; one for all that changed if there is none."""
    if step.number == 1:
        for name in shown:
            yield f"<td><code>{escape(show(step.values[name]))}</code></td>"
        if not shown:
            yield f"<td><pre>{escape(_state(step))}</pre></td>"
        return
    cells = [[change for change in step.changes if change.keys[0] == name] for name in shown]
    for changes in cells if shown else [step.changes]:
        if changes:
            lines = "".join(f'<li class="change">{escape(str(change))}</li>' for change in changes)
            yield f'<td class="changed"><ul>{lines}</ul></td>'
        else:
            yield '<td class="same">·</td>'


def _state(step: Step) -> str:
    return "\n".join(f"{name} = {show(value)}" for name, value in step.values.items())


def _coverage(model: Model, result: Result) -> Iterator[str]:
    rows = coverage_of(model, result)
    if not rows:
        return
    yield '<h2>Actions</h2><div class="scroll"><table><thead><tr><th scope="col">Action</th>'
    yield '<th scope="col">taken</th><th scope="col">new states</th><th scope="col">at</th></tr>'
    yield "</thead><tbody>"
    for row in rows:
        idle = "never enabled" if result.verdict == "success" else "not taken so far"
        note = "" if row.taken else f' <span class="warn">{idle}</span>'
        yield f'<tr><th scope="row">{escape(row.label)}{note}</th>'
        new = "" if row.new is None else f"{row.new:,}"
        yield f'<td class="count">{row.taken:,}</td><td class="count">{new}</td>'
        yield f'<td class="faint">{escape(str(row.place))}</td></tr>'
    yield "</tbody></table></div>"


def _exercise(exercise: Exercise) -> Iterator[str]:
    if exercise.parts:
        yield "<h2>Parts of properties</h2>"
        yield f"<p>{exercise.decisive:,} of {len(exercise.parts):,} made a difference.</p>"
    for title, kind, findings in (
        ("Never put to the test", "warn", exercise.vacuous),
        ("Notes", "faint", [f for f in exercise.findings if f.is_weak and not f.reason]),
        ("Expected by the configuration", "faint", [f for f in exercise.findings if f.reason]),
    ):
        if not findings:
            continue
        yield f'<h2 class="{kind}">{title}</h2><ul>'
        for found in findings:
            quoted = escape(text_of(found.place))
            said = escape(f"{found.name}: {found.message}")
            reason = f" ({escape(found.reason)})" if found.reason else ""
            where = f'<span class="faint">{escape(str(found.place))}</span>'
            yield f"<li>{said}{reason} <code>{quoted}</code> {where}</li>"
        yield "</ul>"
