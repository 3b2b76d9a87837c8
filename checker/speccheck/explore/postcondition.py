"""POSTCONDITION after a run of another checker: it asks for the numbers of that run."""

import time

from speccheck.evaluate.errors import EvaluationError
from speccheck.evaluate.stdlib.tlc import STATISTICS, set_registers
from speccheck.explore.model import Model


def holds_after(
    model: Model, *, generated: int, distinct: int, depth: int, seconds: float = 0.0
) -> bool:
    """Tell whether the postcondition of a model holds after a run with these numbers.

    Registers that actions set are not known here. Raises EvaluationError where it has no value.
    """
    assert model.postcondition is not None, "the caller has seen one"
    set_registers({})
    began = time.perf_counter() - seconds
    STATISTICS.clear()
    STATISTICS.update(
        level=0,
        diameter=depth,
        distinct=distinct,
        generated=generated,
        queue=0,
        worker=0,
        duration=lambda: int(time.perf_counter() - began),
    )
    try:
        for _, assumption in model.assumptions:
            assumption()  # It may set registers.
        return model.postcondition()
    except Exception as error:
        if isinstance(error, EvaluationError) and error.frames:
            raise
        raise model.explain(error) from error
