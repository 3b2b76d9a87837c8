"""The questions to Z3 as files of SMT-LIB 2, for other solvers."""

import re
from collections.abc import Callable
from pathlib import Path

from speccheck.prove.discharge import Limits, Prover
from speccheck.prove.obligations import Kind, Obligation
from speccheck.prove.run import Task, plan, selected


def write_questions(
    task: Task, folder: Path, only: Callable[[Obligation], bool] = lambda _: True
) -> tuple[int, int]:
    """Write a file for each obligation; return how many there are, and how many need none.

    ``only`` selects obligations.

    The latter hold by the frame rule. Each file says by ``:status`` what it is to be answered by:
    ``unsat`` for what is to be proved, ``sat`` where an action is to be possible. Raises TlaError,
    ProofError, OSError.
    """
    planned = plan(task)
    wanted = selected(planned, only)
    prover = Prover(task.module(), task.hints(), Limits())
    folder.mkdir(parents=True, exist_ok=True)
    written = 0
    for obligation in wanted:
        question = prover.question(obligation)
        if question is None:
            continue
        written += 1
        status = "sat" if obligation.kind is Kind.POSSIBLE else "unsat"
        name = re.sub(r"[^\w.]+", "-", str(obligation))
        head = f"; {planned.module}: {obligation}\n(set-logic ALL)\n"
        body = question.replace("(set-info :status unknown)", f"(set-info :status {status})")
        (folder / f"{planned.module}-{name}.smt2").write_text(head + body)
    return written, len(wanted) - written
