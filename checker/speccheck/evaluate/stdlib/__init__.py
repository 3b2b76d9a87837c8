"""The operators of the standard modules as Python functions of values.

``FUNCTIONS`` has them by name; those in ``PREDICATES`` return a Python bool. An operator argument
arrives as a Python function of values. What fits in one Python expression is not here but in the
code generator.
"""

from collections.abc import Callable
from typing import Any

from speccheck.evaluate.stdlib import (
    bags,
    bits,
    clocks,
    dyadic,
    functions,
    graphs,
    json_text,
    sequences,
    sets,
    tlc,
)

FUNCTIONS: dict[str, Callable[..., Any]] = {
    **bags.FUNCTIONS,
    **bits.FUNCTIONS,
    **clocks.FUNCTIONS,
    **dyadic.FUNCTIONS,
    **functions.FUNCTIONS,
    **graphs.FUNCTIONS,
    **json_text.FUNCTIONS,
    **sequences.FUNCTIONS,
    **sets.FUNCTIONS,
    **tlc.FUNCTIONS,
}
PREDICATES = frozenset(
    name
    for module in (bags, clocks, dyadic, functions, graphs, sequences, tlc)
    for name in module.PREDICATES
)
