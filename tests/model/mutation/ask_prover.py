"""Proves the theorems of a mutated module, until one is refuted."""

from pathlib import Path

from speccheck.prove.discharge import Status, Verdict
from speccheck.prove.errors import ProofError
from speccheck.prove.run import Task, prove
from speccheck.tla.errors import TlaError


class _Refuted(Exception):
    def __init__(self, verdict: Verdict) -> None:
        super().__init__(str(verdict.obligation))


def first_refuted(module: Path) -> tuple[str, str] | None:
    """Return outcome and text of a judgement; None if all theorems of the module are proved.

    The outcome is property for a theorem that is refuted, undecided for one that is neither proved
    nor refuted, invalid for a text that cannot be translated.
    """

    def tell(verdict: Verdict) -> None:
        if verdict.status is Status.REFUTED:
            raise _Refuted(verdict)

    try:
        results = prove(Task(module), tell)
    except _Refuted as refuted:
        return "property", f"{refuted} is refuted"
    except (TlaError, ProofError) as error:
        return "invalid", str(error).splitlines()[0].replace(f"{module.parent}/", "")
    unknown = [result.name for result in results if result.status is Status.UNKNOWN]
    return ("undecided", f"{unknown[0]} is not proved") if unknown else None
