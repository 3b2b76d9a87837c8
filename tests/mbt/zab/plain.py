"""What systems show, in plain data, as values of the specification."""

from collections.abc import Mapping
from typing import Any

from speccheck.evaluate.values import Value
from speccheck.report.itf import decode


class Decoder:
    """Decodes variables, and remembers the last value of each: most do not change in a step."""

    def __init__(self) -> None:
        self._plain: dict[str, Any] = {}
        self._values: dict[str, Value] = {}

    def __call__(self, seen: Mapping[str, Any]) -> dict[str, Value]:
        for name, plain in seen.items():
            if name not in self._plain or self._plain[name] != plain:
                self._plain[name], self._values[name] = plain, decode(plain)
        return {**self._values}
