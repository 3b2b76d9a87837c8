"""Statistics, of the community modules: the chi-square test.

Source of the test: Statistics.tla, and commons-math's ChiSquareTest behind it; of the distribution:
Abramowitz and Stegun 6.5.29 and 6.5.31.
"""

from collections.abc import Callable
from math import exp, lgamma, log
from typing import Any

from speccheck.evaluate.errors import EvaluationError
from speccheck.evaluate.show import show
from speccheck.evaluate.values import Value, force

_EXACT = 1e-14


def upper_gamma(a: float, x: float) -> float:
    """Return the regularized upper incomplete gamma function Q(a, x)."""
    if x <= 0:
        return 1.0
    scale = exp(-x + a * log(x) - lgamma(a))
    if x < a + 1:  # The series for the lower function converges fast.
        term = total = 1 / a
        while term > total * _EXACT:
            a += 1
            term *= x / a
            total += term
        return 1 - scale * total
    b = x + 1 - a  # A continued fraction for the upper one.
    c, d = 1e300, 1 / b
    fraction = d
    for i in range(1, 10_000):
        factor = -i * (i - a)
        b += 2
        d = 1 / (factor * d + b)
        c = b + factor / c
        fraction *= c * d
        if abs(c * d - 1) < _EXACT:
            break
    return scale * fraction


def _chi_square(expected: Value, actual: Value, alpha: str) -> bool:
    wanted, found = (list(force(counts).values_) for counts in (expected, actual))
    if len(wanted) != len(found) or len(wanted) < 2:
        raise EvaluationError("ChiSquare compares two functions over one set of two or more")
    if min(wanted) <= 0 or min(found) < 0:
        raise EvaluationError(
            "ChiSquare takes positive expected counts and no negative actual ones"
        )
    try:
        level = float(alpha)
    except (TypeError, ValueError):
        level = 0.0
    if not 0 < level <= 0.5:
        raise EvaluationError(
            f"ChiSquare takes a string with a number in (0, 0.5], not {show(alpha)}"
        )
    # Counts of another total are scaled to that of the actual ones.
    ratio = sum(found) / sum(wanted)
    distance = sum((n - ratio * m) ** 2 / (ratio * m) for m, n in zip(wanted, found, strict=True))
    return upper_gamma((len(wanted) - 1) / 2, distance / 2) >= level


FUNCTIONS: dict[str, Callable[..., Any]] = {"ChiSquare": _chi_square}
PREDICATES = ("ChiSquare",)
