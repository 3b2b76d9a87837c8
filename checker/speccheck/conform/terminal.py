"""A verdict for people at a terminal."""

from __future__ import annotations

from collections import Counter

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from speccheck.conform.data import explanation, headline
from speccheck.conform.judge import Fault, Verdict
from speccheck.conform.past import past_lines
from speccheck.report.sources import excerpt, text_of


def report(console: Console, verdict: Verdict, *, coverage: bool) -> None:
    """Print a verdict; with ``coverage``, a row for each action."""
    style = "green" if verdict.conforms else "bold red"
    if verdict.conforms and verdict.checked < verdict.events:
        style = "yellow"
    console.print(f"[{style}]{escape(headline(verdict))}[/]", highlight=False, soft_wrap=True)
    if verdict.fault is not None:
        _fault(console, verdict, verdict.fault)
    for note in verdict.notes:
        console.print(
            f"note: {note}", style="yellow", markup=False, highlight=False, soft_wrap=True
        )
    inferred = Counter(one.action for one in verdict.inferred)
    if inferred:
        told = ", ".join(f"{count} {name}" for name, count in inferred.items())
        console.print(f"found out from what followed: {told}", highlight=False, soft_wrap=True)
    console.print(
        f"{len(verdict.invariants)} invariants in {verdict.invariant_states:,} states; at most "
        f"{verdict.candidates} candidate states at a time",
        highlight=False,
    )
    _coverage(console, verdict, every=coverage)


def _fault(console: Console, verdict: Verdict, fault: Fault) -> None:
    for line in explanation(fault):
        console.print(f"  {line}", markup=False, highlight=False, soft_wrap=True)
    if fault.conjunct is not None:
        for line in excerpt(fault.conjunct.place):
            console.print(f"    {line}", markup=False, highlight=False, soft_wrap=True)
    console.print()
    for line in past_lines(fault.past, verdict.servers):
        console.print(f"  {line}", markup=False, highlight=False, soft_wrap=True)
    console.print()


def _coverage(console: Console, verdict: Verdict, *, every: bool) -> None:
    seen = sum(1 for name in verdict.actions if verdict.taken.get(name))
    branches = sum(1 for branch in verdict.branches if branch.taken)
    console.print(
        f"{seen} of {len(verdict.actions)} actions, {branches} of {len(verdict.branches)} branches "
        "within them",
        highlight=False,
    )
    if not every:
        return
    table = Table("action", "taken", box=None)
    for name in verdict.actions:
        count = verdict.taken.get(name, 0)
        table.add_row(name, f"{count:,}", style="" if count else "yellow")
    console.print(table)
    for branch in verdict.branches:
        if not branch.taken:
            text = f"not taken: {branch.action}: {text_of(branch.place)} ({branch.place})"
            console.print(text, style="yellow", markup=False, highlight=False, soft_wrap=True)
