"""TLC, TLCExt and what there is of IOUtils: printing, assertions, registers, permutations."""

import os
import time
from collections import deque
from collections.abc import Callable
from itertools import permutations
from math import comb, factorial
from typing import Any

from speccheck.evaluate.errors import EvaluationError
from speccheck.evaluate.runtime import is_true
from speccheck.evaluate.sets import NATURALS, Infinite, Sequences, is_finite
from speccheck.evaluate.show import show
from speccheck.evaluate.stdlib.sequences import sort_sequence
from speccheck.evaluate.values import (
    DOMAINS,
    TRUE,
    LazyFunction,
    ModelValue,
    Value,
    force,
    function_of,
)

# What TLCGet("level") and its like return, or a function that says it; the checker keeps it up to
# date. "level" is that of the state that is explored; 0 where there is none.
STATISTICS: dict[str, Any] = {}
_STATS = ("diameter", "distinct", "duration", "generated", "initial", "queue", "worker")
_registers: dict[int, Any] = {}
_model_values: dict[str, ModelValue] = {}
# The last lines that Print and PrintT wrote.
printed: deque[str] = deque(maxlen=1000)


def _text(value: Value) -> str:
    """Return a value as it is printed: Nat and its like by name, as in TLC."""
    by_name = isinstance(value, Infinite) or (isinstance(value, Sequences) and not is_finite(value))
    return show(value if by_name else force(value))


def _print(message: Value, value: Value) -> Value:
    printed.append(f"{_text(message)}  {_text(value)}")
    return value


def _print_true(message: Value) -> bool:
    printed.append(_text(message))
    return True


def _assert(condition: Value, message: Value) -> bool:
    if is_true(condition):
        return True
    text = message if isinstance(message, str) else show(force(message))
    raise EvaluationError(f"an Assert failed: {text}")


def _get(name: Value) -> Value:
    if name == "stats":
        return function_of({key: _get(key) for key in _STATS if key in STATISTICS})
    found = (STATISTICS if isinstance(name, str) else _registers).get(name)
    if found is None:
        raise EvaluationError(f"TLCGet({show(name)}) has no value")
    return found() if callable(found) else found


def get_after(name: Value) -> Value:
    """Return TLCGet(name)': the level of the next state is one more."""
    return _get(name) + 1 if name == "level" else _get(name)


def on_successors(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function for states that the one being explored leads to, one level below."""

    def evaluate(*arguments: Any) -> Any:
        level = STATISTICS.get("level", 0)
        STATISTICS["level"] = level + 1
        try:
            return function(*arguments)
        finally:
            STATISTICS["level"] = level

    return evaluate


def registers() -> dict[int, Any]:
    """Return what TLCSet has set, by its number."""
    return dict(_registers)


def set_registers(values: dict[int, Any]) -> None:
    """Set what TLCGet returns, all of it."""
    _registers.clear()
    _registers.update(values)


def _set(name: Value, value: Value) -> bool:
    if name == "exit":
        STATISTICS["exit"] = is_true(value)
    elif isinstance(name, int):
        _registers[name] = force(value)
    else:
        raise EvaluationError(f'TLCSet takes a number or "exit", not {show(name)}')
    return True


def is_to_end() -> bool:
    """Tell whether TLCSet("exit", TRUE) was evaluated since the run began."""
    return bool(STATISTICS.get("exit"))


def _get_or_default(name: Value, default: Value) -> Value:
    return _registers.get(name, default)


def _get_and_set(
    name: Value, operator: Callable[[Any, Any], Any], value: Value, default: Value
) -> Value:
    old = _registers.get(name, default)
    _registers[name] = force(operator(old, value))
    return old


def _assert_equal(left: Value, right: Value) -> bool:
    if left == right:
        return True
    printed.append(f"{show(force(left))} is not {show(force(right))}")
    return False


def _permutations(values: Value) -> frozenset[Any]:
    domain = DOMAINS[force(values)]
    return frozenset(domain[order] for order in permutations(domain.keys_))


def model_value(name: str) -> ModelValue:
    """Return the model value of that name; there is only one."""
    found = _model_values.get(name)
    if found is None:
        found = _model_values[name] = ModelValue(name)
    return found


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "Print": _print,
    "PrintT": _print_true,
    "Assert": _assert,
    "JavaTime": lambda: int(time.time()) & 0x7FFFFFFF,
    "TLCGet": _get,
    "TLCGetAfter": get_after,
    "TLCSet": _set,
    "TLCGetOrDefault": _get_or_default,
    "Permutations": _permutations,
    "SortSeq": sort_sequence,
    "ToString": lambda value: show(force(value)),
    "TLCEval": force,
    "TLCModelValue": model_value,
    "AssertEq": _assert_equal,
    "TLCNoOp": lambda value: value,
    "TLCCache": lambda value, _closure: value,
    "TLCDefer": lambda _value: TRUE,
    "TLCGetAndSet": _get_and_set,
    "factorial": lambda: LazyFunction(NATURALS, factorial),
    "choose": comb,
    "zeroPadN": lambda number, width: str(number).zfill(width),
    "IOEnv": lambda: function_of(dict(os.environ)),
    "atoi": int,
}
PREDICATES = ("PrintT", "Assert", "TLCSet", "AssertEq")
