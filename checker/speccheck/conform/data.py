"""A verdict as plain data, and in the formats of CI: JSON, JUnit XML, SARIF, GitHub annotations."""

from __future__ import annotations

import json
from typing import Any
from xml.etree import ElementTree

from speccheck.conform.judge import Fault, Verdict
from speccheck.conform.reading import Event
from speccheck.tla.meaning import Place

_SARIF = "https://json.schemastore.org/sarif-2.1.0.json"


def place_data(place: Place) -> dict[str, Any]:
    """Return file, line and column of a place in a specification."""
    return {"file": place.path, "line": place.span.line, "column": place.span.column}


def label(event: Event) -> str:
    """Return an event as people name it: ``LeaderProcessACK(2, 1)``."""
    return f"{event.action}({', '.join(map(str, event.args))})"


def headline(verdict: Verdict) -> str:
    """Say in one line what became of the traces."""
    of = f"{verdict.checked:,} of {verdict.events:,} events of {len(verdict.servers)} servers"
    if verdict.fault is not None:
        return f"{verdict.module}: diverges at {verdict.fault.event.place}, after {of}"
    if verdict.checked < verdict.events:
        return f"{verdict.module}: conforms as far as it could be checked, {of}"
    return f"{verdict.module}: conforms, {of}"


def as_data(verdict: Verdict) -> dict[str, Any]:
    """Return all of a verdict."""
    return {
        "verdict": "conforms" if verdict.conforms else "diverges",
        "complete": verdict.checked == verdict.events,
        "module": verdict.module,
        "servers": verdict.servers,
        "events": verdict.events,
        "checked": verdict.checked,
        "candidates": verdict.candidates,
        "fault": None if verdict.fault is None else _fault(verdict.fault),
        "notes": verdict.notes,
        "inferred": [
            {"action": one.action, "arguments": [*map(str, one.arguments)], "at": one.event.place}
            for one in verdict.inferred
        ],
        "invariants": {"names": verdict.invariants, "states": verdict.invariant_states},
        "actions": {name: verdict.taken.get(name, 0) for name in verdict.actions},
        "branches": [
            {"action": one.action, "at": place_data(one.place), "taken": one.taken}
            for one in verdict.branches
        ],
    }


def _fault(fault: Fault) -> dict[str, Any]:
    event, conjunct, closest = fault.event, fault.conjunct, fault.closest
    return {
        "event": _event(event),
        "reason": fault.reason,
        "conjunct": None
        if conjunct is None
        else {
            "text": conjunct.text,
            "at": place_data(conjunct.place),
            "values": [{"of": of, "is": value} for of, value in conjunct.values],
        },
        "differences": [
            {"variable": one.variable, "trace": one.told, "specification": one.has}
            for one in fault.differences
        ],
        "closest": None
        if closest is None
        else {
            "action": closest.action,
            "arguments": closest.arguments,
            "differs_in": [one.variable for one in closest.differences],
        },
        "past": [_event(one) for one in fault.past],
        "candidates": fault.candidates,
    }


def _event(event: Event) -> dict[str, Any]:
    return {
        "server": event.server,
        "n": event.n,
        "action": event.action,
        "arguments": event.args,
        "file": str(event.file),
        "line": event.line,
    }


def explanation(fault: Fault) -> list[str]:
    """Return why an event diverges, line by line, without marks of any format."""
    lines = [f"{label(fault.event)} of server {fault.event.server}: {fault.reason}"]
    conjunct = fault.conjunct
    if conjunct is not None:
        lines.append(f"conjunct at {conjunct.place}: {conjunct.text}")
        lines += [f"  {of} is {value}" for of, value in conjunct.values]
    for one in fault.differences:
        lines.append(f"{one.variable}: trace {one.told}; specification {one.has}")
    if fault.closest is not None:
        differs = ", ".join(one.variable for one in fault.closest.differences) or "nothing told"
        closest = f"{fault.closest.action}({fault.closest.arguments})"
        lines.append(f"closest possible action: {closest}, which differs in {differs}")
    return lines


def as_json(verdict: Verdict) -> str:
    """Return a verdict as JSON."""
    return json.dumps(as_data(verdict), indent=2, default=str) + "\n"


def as_junit(verdict: Verdict) -> str:
    """Return a verdict as JUnit XML: a case for each server."""
    fault = verdict.fault
    suite = ElementTree.Element(
        "testsuite",
        name=f"speccheck trace {verdict.module}",
        tests=str(len(verdict.servers)),
        failures=str(int(fault is not None)),
    )
    for server in verdict.servers:
        case = ElementTree.SubElement(
            suite, "testcase", classname=verdict.module, name=f"server {server}"
        )
        if fault is not None and fault.event.server == server:
            failure = ElementTree.SubElement(case, "failure", message=explanation(fault)[0])
            failure.text = "\n".join([fault.event.place, *explanation(fault)])
    ElementTree.SubElement(suite, "system-out").text = "\n".join(
        [headline(verdict), *verdict.notes]
    )
    return ElementTree.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"


def as_sarif(verdict: Verdict) -> str:
    """Return a verdict as SARIF 2.1.0: what diverges is a result at its line of the trace."""
    results = []
    fault = verdict.fault
    if fault is not None:
        result: dict[str, Any] = {
            "ruleId": fault.event.action,
            "level": "error",
            "message": {"text": "\n".join(explanation(fault))},
            "locations": [_location(str(fault.event.file), fault.event.line, 1)],
        }
        if fault.conjunct is not None:
            span = fault.conjunct.place.span
            result["relatedLocations"] = [
                _location(fault.conjunct.place.path, span.line, span.column)
            ]
        results.append(result)
    rules = [{"id": name} for name in verdict.actions]
    tool = {"driver": {"name": "speccheck", "rules": rules}}
    log = {"$schema": _SARIF, "version": "2.1.0", "runs": [{"tool": tool, "results": results}]}
    return json.dumps(log, indent=2) + "\n"


def _location(path: str, line: int, column: int) -> dict[str, Any]:
    region = {"startLine": line, "startColumn": column}
    return {"physicalLocation": {"artifactLocation": {"uri": path}, "region": region}}


def as_github(verdict: Verdict) -> str:
    """Return a verdict as workflow commands, which GitHub shows at the lines they name."""
    lines = [f"::notice title=speccheck trace::{_escaped(headline(verdict))}"]
    lines += [f"::warning title=speccheck trace::{_escaped(note)}" for note in verdict.notes]
    fault = verdict.fault
    if fault is not None:
        text = _escaped("\n".join(explanation(fault)))
        at = f"file={fault.event.file},line={fault.event.line}"
        lines.append(f"::error {at},title={fault.event.action} is not possible here::{text}")
    return "\n".join(lines) + "\n"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
