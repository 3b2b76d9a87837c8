"""Apalache and Variants, the modules that specifications for Apalache extend.

``:=`` is "=" (speccheck.tla.standard). What Apalache solves symbolically has no value here: Gen.
Source: Apalache.tla and Variants.tla of apalache-mc.
"""

from collections.abc import Callable
from typing import Any

from speccheck.evaluate.errors import EvaluationError
from speccheck.evaluate.order import ordered
from speccheck.evaluate.runtime import nothing_chosen, sequence
from speccheck.evaluate.show import show
from speccheck.evaluate.values import SEQUENCES, Fn, Value, force, function_of


def _fold_set(operator: Callable[[Any, Any], Any], base: Value, values: Value) -> Value:
    result = base
    for value in ordered(values):
        result = operator(result, value)
    return result


def _fold_sequence(operator: Callable[[Any, Any], Any], base: Value, values: Value) -> Value:
    result = base
    for value in sequence(values):
        result = operator(result, value)
    return result


def _guess(values: Value) -> Value:
    items = ordered(values)
    if not items:
        nothing_chosen(values)
    return items[0]


def _made_sequence(length: int, operator: Callable[[Any], Any]) -> Fn:
    return SEQUENCES[tuple(force(operator(place)) for place in range(1, length + 1))]


def _as_sequence(function: Value, length: int, longest: int) -> Fn:
    values = force(function)
    return SEQUENCES[tuple(values[place] for place in range(1, min(length, longest) + 1))]


def _as_function(pairs: Value) -> Fn:
    made: dict[Any, Any] = {}
    for pair in ordered(pairs):
        key, value = sequence(pair)
        made.setdefault(key, value)
    return function_of(made)


def _repeat(operator: Callable[[Any, Any], Any], times: int, base: Value) -> Value:
    result = base
    for number in range(1, times + 1):
        result = operator(result, number)
    return result


def _variant(tag: str, value: Value) -> Fn:
    return function_of({"tag": tag, "value": value})


def _unwrapped(tag: str, variant: Value) -> Value:
    if variant["tag"] != tag:
        raise EvaluationError(f"{show(variant)} is no variant of {show(tag)}")
    return variant["value"]


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "ApaFoldSet": _fold_set,
    "ApaFoldSeqLeft": _fold_sequence,
    "Guess": _guess,
    "MkSeq": _made_sequence,
    "FunAsSeq": _as_sequence,
    "SetAsFun": _as_function,
    "Repeat": _repeat,
    "Skolem": lambda value: value,
    "Expand": lambda value: value,
    "ConstCardinality": lambda value: value,
    "UNIT": lambda: _variant("UNIT", "U_OF_UNIT"),
    "Variant": _variant,
    "VariantTag": lambda variant: variant["tag"],
    "VariantGetUnsafe": _unwrapped,
    "VariantGetOrElse": lambda tag, variant, other: (
        variant["value"] if variant["tag"] == tag else other
    ),
    "VariantFilter": lambda tag, variants: frozenset(
        variant["value"] for variant in ordered(variants) if variant["tag"] == tag
    ),
}
