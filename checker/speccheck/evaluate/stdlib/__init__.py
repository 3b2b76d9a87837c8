"""The operators of the standard modules as Python functions of values.

``FUNCTIONS`` has them by name; those in ``PREDICATES`` return a Python bool. An operator argument
arrives as a Python function of values. What fits in one Python expression is not here but in the
code generator. Where two modules have an operator of the same name, one is here as ``MODULE!NAME``.
"""

from collections.abc import Callable
from typing import Any

from speccheck.evaluate.stdlib import (
    apalache,
    bags,
    bits,
    clocks,
    digraphs,
    dyadic,
    files,
    functions,
    graphs,
    json_text,
    pictures,
    processes,
    relations,
    sequences,
    sets,
    statistics,
    tlc,
)

FUNCTIONS: dict[str, Callable[..., Any]] = {
    **apalache.FUNCTIONS,
    **bags.FUNCTIONS,
    **bits.FUNCTIONS,
    **clocks.FUNCTIONS,
    **digraphs.FUNCTIONS,
    **dyadic.FUNCTIONS,
    **files.FUNCTIONS,
    **functions.FUNCTIONS,
    **graphs.FUNCTIONS,
    **json_text.FUNCTIONS,
    **pictures.FUNCTIONS,
    **processes.FUNCTIONS,
    **relations.FUNCTIONS,
    **sequences.FUNCTIONS,
    **sets.FUNCTIONS,
    **statistics.FUNCTIONS,
    **tlc.FUNCTIONS,
}
PREDICATES = frozenset(
    name
    for module in (
        *(bags, clocks, digraphs, dyadic, functions, graphs, relations, sequences, statistics, tlc),
    )
    for name in module.PREDICATES
)


def library_name(module: str, name: str) -> str:
    """Return the name under which an operator of a module is in ``FUNCTIONS``, if it is there."""
    qualified = f"{module}!{name}"
    return qualified if qualified in FUNCTIONS else name
