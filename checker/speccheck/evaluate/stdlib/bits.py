"""Bitwise."""

from collections.abc import Callable
from typing import Any

FUNCTIONS: dict[str, Callable[..., Any]] = {
    "&": lambda a, b: a & b,
    "|": lambda a, b: a | b,
    "^^": lambda a, b: a ^ b,
    "shiftR": lambda a, n: a >> n,
    "Not": lambda a: ~a,
}
