"""DyadicRationals, of the community modules: [num |-> n, den |-> a power of two]."""

from collections.abc import Callable
from math import gcd
from typing import Any

from speccheck.evaluate.values import Fn, Value, function_of


def _rational(numerator: int, denominator: int) -> Fn:
    common = gcd(numerator, denominator)
    return function_of({"num": numerator // common, "den": denominator // common})


def _plus(p: Value, q: Value) -> Fn:
    return _rational(p["num"] * q["den"] + q["num"] * p["den"], p["den"] * q["den"])


def _is_dyadic(r: Value) -> bool:
    denominator = r["den"]
    return bool(denominator > 0 and denominator & (denominator - 1) == 0)


def _text(p: Value) -> str:
    return str(p["num"]) if p["den"] == 1 else f"{p['num']}/{p['den']}"


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "Zero": lambda: _rational(0, 1),
    "One": lambda: _rational(1, 1),
    "Add": _plus,
    "Half": lambda p: _rational(p["num"], p["den"] * 2),
    "IsDyadicRational": _is_dyadic,
    "PrettyPrint": _text,
}
PREDICATES = ("IsDyadicRational",)
