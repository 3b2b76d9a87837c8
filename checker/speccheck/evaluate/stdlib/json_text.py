"""Json, of the community modules: values to JSON and back."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from speccheck.evaluate.errors import EvaluationError
from speccheck.evaluate.order import ordered
from speccheck.evaluate.runtime import sequence
from speccheck.evaluate.show import show
from speccheck.evaluate.values import (
    FALSE,
    SEQUENCES,
    TRUE,
    Fn,
    Value,
    as_boolean,
    force,
    function_of,
)


def to_plain(value: Value) -> Any:
    """Return what stands for a value in JSON; sets are arrays, functions are objects."""
    value = force(value)
    if value is TRUE or value is FALSE:
        return value is TRUE
    if isinstance(value, Fn):
        if value.table is SEQUENCES:
            return [to_plain(item) for item in value.values_]
        pairs = zip(value.domain.keys_, value.values_, strict=True)
        return {k if isinstance(k, str) else show(k): to_plain(item) for k, item in pairs}
    if isinstance(value, frozenset):
        return [to_plain(item) for item in ordered(value)]
    return value if isinstance(value, int | str) else show(value)


def from_plain(value: Any) -> Value:
    """Return the value that JSON stands for. Raises EvaluationError for null and fractions."""
    if isinstance(value, bool):
        return as_boolean(value)
    if isinstance(value, int | str):
        return value
    if isinstance(value, list):
        return SEQUENCES[tuple(map(from_plain, value))]
    if isinstance(value, dict):
        return function_of({key: from_plain(item) for key, item in value.items()})
    raise EvaluationError(f"the JSON value {value!r} has no TLA+ value")


def _text(value: Value) -> str:
    return json.dumps(to_plain(value), separators=(",", ":"))


def _write(path: str, value: Value) -> Value:
    Path(path).write_text(_text(value), "utf-8")
    return TRUE


def _write_lines(path: str, value: Value) -> Value:
    Path(path).write_text("".join(f"{_text(item)}\n" for item in sequence(value)), "utf-8")
    return TRUE


def _read(path: str) -> Value:
    return from_plain(json.loads(Path(path).read_text("utf-8")))


def _read_lines(path: str) -> Value:
    lines = Path(path).read_text("utf-8").splitlines()
    return SEQUENCES[tuple(from_plain(json.loads(line)) for line in lines if line.strip())]


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "ToJson": _text,
    "ToJsonArray": _text,
    "ToJsonObject": _text,
    "JsonSerialize": _write,
    "JsonDeserialize": _read,
    "ndJsonSerialize": _write_lines,
    "ndJsonDeserialize": _read_lines,
}
