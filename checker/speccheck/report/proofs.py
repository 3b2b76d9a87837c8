"""Proofs on the terminal: how far a run is, what failed and how, a line for each theorem."""

import os
import time
from collections import Counter

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from speccheck.prove.discharge import Status, Verdict
from speccheck.prove.obligations import Kind
from speccheck.prove.run import (
    Plan,
    Task,
    TheoremResult,
    plan,
    prove,
    selected,
    standing,
    with_what_they_rest_on,
)
from speccheck.report.replays import Wanted, replay_all

_STYLES = {Status.PROVED: "green", Status.REFUTED: "bold red", Status.UNKNOWN: "bold yellow"}
_SECONDS_BETWEEN_PLAIN_LINES = 10.0


class ProofReport:
    """Where a run of proofs is told: results on ``out``, progress on ``err``.

    ``every``: also a line for each obligation that is proved.
    """

    def __init__(self, out: Console, err: Console, *, every: bool = False) -> None:
        self._out = out
        self._err = err
        self._every = every

    def verdict(self, verdict: Verdict) -> None:
        """Tell what came of one obligation, if that is of interest."""
        if verdict.status is Status.PROVED and not self._every:
            return
        how = "nothing to ask" if verdict.unchanged else f"{verdict.seconds:.1f} s"
        if verdict.remembered:
            how = "proved before"
        if verdict.within:
            how += f", in the instance of {verdict.within}"
        self._line(verdict.status, f"{verdict.obligation} ({how})")
        for line in verdict.lines:
            self._out.print(f"    {line}", markup=False, highlight=False, soft_wrap=True)

    def theorem(self, result: TheoremResult, total: int, lost: str = "") -> None:
        """Tell how a theorem has ended, which has so many obligations in ``total``.

        ``lost`` is a theorem that it rests on and that is not proved.
        """
        count = len(result.verdicts)
        unchanged = sum(
            verdict.unchanged and verdict.obligation.kind is not Kind.DEFINED
            for verdict in result.verdicts
        )
        remembered = sum(verdict.remembered for verdict in result.verdicts)
        seconds = sum(verdict.seconds for verdict in result.verdicts)
        parts = [f"{count:,} obligation{'' if count == 1 else 's'}"]
        if count < total:
            parts = [f"{count:,} of {total:,} obligations"]
        if unchanged:
            parts.append(f"{unchanged:,} by the frame rule")
        if remembered:
            parts.append(f"{remembered:,} proved before")
        parts.append(f"{seconds:.1f} s")
        given = f" given {' and '.join(result.by)}" if result.by else ""
        if lost:
            what = f"THEOREM {result.name}: it rests on {lost}, which is not proved"
            self._line(Status.UNKNOWN, f"{what}; of itself {', '.join(parts)}")
            return
        what = f"of THEOREM {result.name}" if count < total else f"THEOREM {result.name}"
        self._line(result.status, f"{what}{given}: {', '.join(parts)}")

    def summary(self, planned: Plan, results: list[TheoremResult], seconds: float) -> None:
        """Tell how the run as a whole has ended."""
        if planned.annotated:
            line = f"assumed, as annotated: {'; '.join(planned.annotated)}"
            self._out.print(line, markup=False, highlight=False, soft_wrap=True)
        proved = sum(status is Status.PROVED for status, _ in standing(results).values())
        obligations = sum(len(result.verdicts) for result in results)
        line = f"{planned.module}: {proved} of {len(results)} theorems proved, "
        left = len(planned.obligations) - obligations
        if left:
            line = f"{planned.module}: {left:,} other obligations were not asked for, "
        self._out.print(f"{line}{obligations:,} obligations, {seconds:.1f} s", highlight=False)
        within = [v.within for result in results for v in result.verdicts if v.within]
        if within:
            what = f"shown possible only where numbers end, in the instance of {within[0]}"
            line = f"{what}: {len(within):,}"
            self._out.print(line, markup=False, highlight=False, soft_wrap=True)
        asked = {result.name for result in results}
        for name in sorted({name for result in results for name in result.by} - asked):
            self._out.print(f"given, and not asked for here: THEOREM {name}", highlight=False)
        for line in planned.unproved:
            self._line(Status.UNKNOWN, line)

    def lines(self, lines: list[str]) -> None:
        """Print lines as they are."""
        for line in lines:
            self._out.print(line, markup=False, highlight=False, soft_wrap=True)

    def _line(self, status: Status, text: str) -> None:
        self._out.print(f"[{_STYLES[status]}]{status.value:<8}[/]", end="", highlight=False)
        self._out.print(f" {text}", markup=False, highlight=False, soft_wrap=True)

    def progress(self) -> Progress:
        """Return a bar that goes away when the run ends."""
        return Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=self._err,
            transient=True,
        )

    @property
    def is_live(self) -> bool:
        """Tell whether progress can be drawn."""
        return self._err.is_terminal

    def plain(self, done: int, total: int) -> None:
        """Tell how far a run is where nothing can be drawn."""
        self._err.print(f"{done:,} of {total:,} obligations", highlight=False)


def run_proofs(
    task: Task,
    report: ProofReport,
    *,
    workers: int | None = None,
    replays: Wanted | None = None,
    only: str = "",
) -> bool:
    """Prove what a task says, and what that rests on; return whether all of it is proved.

    ``replays``: what is to be done with counterexamples; ``only``: with what the names of
    obligations begin that are asked for, of the theorems of the task alone. Raises TlaError,
    ProofError, OSError, and what ``replay_all`` raises.
    """
    started = last = time.monotonic()
    planned = plan(task) if only else with_what_they_rest_on(task)
    wanted = selected(planned, lambda one: str(one).startswith(only))
    task.workers = workers or (os.cpu_count() or 1 if len(wanted) >= 50 else 1)
    total = len(wanted)
    totals = Counter(one.theorem for one in planned.obligations)
    done = 0
    with report.progress() as progress:
        bar = progress.add_task(planned.module, total=total, visible=report.is_live)

        def tell(verdict: Verdict) -> None:
            nonlocal done, last
            done += 1
            progress.advance(bar)
            report.verdict(verdict)
            now = time.monotonic()
            if not report.is_live and now - last > _SECONDS_BETWEEN_PLAIN_LINES:
                report.plain(done, total)
                last = now

        results = prove(task, tell, planned, lambda one: str(one).startswith(only))
    results = [result for result in results if result.verdicts]
    stands = standing(results)
    for result in results:
        report.theorem(result, totals[result.name], stands[result.name][1])
    report.summary(planned, results, time.monotonic() - started)
    if replays is not None:
        refuted = [v for result in results for v in result.verdicts if v.status is Status.REFUTED]
        report.lines(replay_all(task, refuted, replays))
    return not planned.unproved and all(s is Status.PROVED for s, _ in stands.values())
