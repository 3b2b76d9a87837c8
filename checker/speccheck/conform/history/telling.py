"""The verdict on client histories: on the terminal, as JSON, as JUnit XML."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any
from xml.etree import ElementTree

from rich.console import Console
from rich.table import Table
from rich.text import Text

from speccheck.conform.history.verdict import Divergence, Verdict

_LONGEST = 400


def one_line(verdict: Verdict) -> str:
    """Return the verdict in a sentence."""
    found = verdict.divergence
    if found is not None:
        return f"diverges: {found.file}:{found.line}: {found.operation}: {found.reason}"
    if not verdict.total:
        return "nothing was checked: these files have no reply that can be compared"
    unchecked = verdict.unchecked.total()
    left = f"; {unchecked:,} not compared" if unchecked else ""
    return (
        f"conforms: {verdict.total:,} replies and events of {verdict.sessions:,} sessions, "
        f"zxids {verdict.first_zxid:#x} to {verdict.last_zxid:#x}{left}"
    )


def tell(console: Console, verdict: Verdict) -> None:
    """Print all of a verdict."""
    found = verdict.divergence
    style = "bold red" if found else "bold green" if verdict.total else "bold yellow"
    console.print(Text(one_line(verdict), style=style), soft_wrap=True)
    if found is not None:
        _tell_divergence(console, found)
    elif verdict.total:
        console.print(_table(verdict))
    for reason, count in verdict.unchecked.most_common():
        console.print(Text(f"not compared: {count:,} {reason}"), soft_wrap=True)
    for note in verdict.notes:
        console.print(Text(note), soft_wrap=True)


def _tell_divergence(console: Console, found: Divergence) -> None:
    closest = "at no zxid of the last ones that were looked at"
    if found.closest is not None:
        closest = f"at zxid {found.closest:#x}"
    rows = [
        ("client", f"session {found.session & (1 << 64) - 1:#x}"),
        ("operation", f"{found.operation} {_shown(found.request)}"),
        ("line", f"{found.file}:{found.line}"),
        ("zxid", f"{found.zxid:#x}"),
        ("specification", f"{found.operator}, {found.module}:{found.spec_line}"),
        ("expected", _shown(found.expected)),
        ("seen", _shown(found.seen)),
        ("would be right", closest),
    ]
    table = Table(show_header=False, box=None)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in rows:
        table.add_row(name, Text(value))
    console.print(table)


def _table(verdict: Verdict) -> Table:
    table = Table("operation", "answered", "how often", box=None, header_style="bold")
    table.columns[2].justify = "right"
    for what, count in sorted(verdict.checked.items()):
        operation, _, err = what.partition(": ")
        table.add_row(operation, err, f"{count:,}")
    return table


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False) if not isinstance(value, str) else value
    return text if len(text) <= _LONGEST else text[:_LONGEST] + " ..."


def as_data(verdict: Verdict) -> dict[str, Any]:
    """Return a verdict as plain data."""
    data = asdict(verdict)
    data["verdict"] = "diverges" if verdict.divergence else "conforms"
    if verdict.divergence is None and not verdict.total:
        data["verdict"] = "nothing checked"
    if verdict.divergence is not None:
        data["divergence"]["file"] = str(verdict.divergence.file)
    data["checked"] = dict(sorted(verdict.checked.items()))
    data["unchecked"] = dict(verdict.unchecked)
    return data


def as_junit(verdict: Verdict) -> str:
    """Return a verdict as JUnit XML: one test case."""
    failed = verdict.divergence is not None
    empty = not failed and not verdict.total
    suite = ElementTree.Element(
        "testsuite",
        name="speccheck history",
        tests="1",
        failures=str(int(failed)),
        errors=str(int(empty)),
    )
    case = ElementTree.SubElement(suite, "testcase", classname="ZNode", name="client histories")
    if failed or empty:
        kind = "failure" if failed else "error"
        told = ElementTree.SubElement(case, kind, message=one_line(verdict))
        told.text = json.dumps(as_data(verdict)["divergence"], indent=2, ensure_ascii=True)
    output = ElementTree.SubElement(case, "system-out")
    output.text = "\n".join([one_line(verdict), *verdict.notes])
    return ElementTree.tostring(suite, encoding="unicode", xml_declaration=True)
