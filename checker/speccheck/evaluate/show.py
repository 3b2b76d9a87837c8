"""Values as TLA+ text, as TLC prints them."""

from typing import Any

from speccheck.evaluate.errors import EvaluationError
from speccheck.evaluate.order import ordered
from speccheck.evaluate.values import SEQUENCES, Fn, LazyFunction, LazySet, Value

_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"})


def show(value: Value) -> str:
    """Return the text of a value."""
    if isinstance(value, str):
        return f'"{value.translate(_ESCAPES)}"'
    if isinstance(value, Fn):
        return _function(value)
    if isinstance(value, frozenset):
        return "{" + ", ".join(map(show, _listed(value))) + "}"
    if isinstance(value, LazyFunction):
        return f"[x \\in {show(value.domain_set)} |-> ...]"
    if isinstance(value, LazySet):
        return repr(value)
    return str(value)


def _listed(values: frozenset[Any]) -> tuple[Any, ...]:
    try:
        return ordered(values)
    except EvaluationError:
        return tuple(sorted(values, key=show))


def _function(value: Fn) -> str:
    if value.table is SEQUENCES:
        return "<<" + ", ".join(map(show, value.values_)) + ">>"
    keys = value.domain.keys_
    pairs = zip(keys, value.values_, strict=True)
    if all(isinstance(key, str) for key in keys):
        return "[" + ", ".join(f"{key} |-> {show(item)}" for key, item in pairs) + "]"
    return "(" + " @@ ".join(f"{show(key)} :> {show(item)}" for key, item in pairs) + ")"
