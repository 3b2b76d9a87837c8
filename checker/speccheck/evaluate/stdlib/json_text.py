"""Json, of the community modules: values to JSON and back."""

import json
from collections.abc import Callable
from math import isfinite
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
    """Return the value that JSON stands for; a fraction loses what is behind the point, as in TLC.

    Raises EvaluationError for null.
    """
    if isinstance(value, bool):
        return as_boolean(value)
    if isinstance(value, float) and isfinite(value):
        return int(value)
    if isinstance(value, int | str):
        return value
    if isinstance(value, list):
        return SEQUENCES[tuple(map(from_plain, value))]
    if isinstance(value, dict):
        return function_of({key: from_plain(item) for key, item in value.items()})
    raise EvaluationError(f"the JSON value {json.dumps(value)} has no TLA+ value")


def _text(value: Value) -> str:
    return json.dumps(to_plain(value), separators=(",", ":"))


def _array(value: Value) -> str:
    value = force(value)
    if isinstance(value, Fn) and value.table is not SEQUENCES:
        raise EvaluationError(f"ToJsonArray takes a sequence or a set, not {show(value)}")
    return _text(value)


def _object(value: Value) -> str:
    """Return an object; a sequence has its places as keys, from 0, as the Java class counts."""
    value = force(value)
    if not isinstance(value, Fn):
        raise EvaluationError(f"ToJsonObject takes a function, not {show(value)}")
    if value.table is SEQUENCES:
        return json.dumps(dict(enumerate(to_plain(value))), separators=(",", ":"))
    return _text(value)


def _write(path: str, value: Value) -> Value:
    return _put(path, _text(value))


def _write_lines(path: str, value: Value) -> Value:
    return _put(path, "".join(f"{_text(item)}\n" for item in sequence(value)))


def _put(path: str, text: str) -> Value:
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(text, "utf-8")
    except OSError as error:
        raise EvaluationError(f"{path} cannot be written: {error.strerror}") from None
    return TRUE


def _get(path: str) -> str:
    try:
        return Path(path).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no UTF-8"
        raise EvaluationError(f"{path} cannot be read: {reason}") from None


def _parsed(text: str, where: str) -> Value:
    try:
        return from_plain(json.loads(text))
    except ValueError as error:
        raise EvaluationError(f"{where} is no JSON: {error}") from None


def _read(path: str) -> Value:
    return _parsed(_get(path), path)


def _read_lines(path: str) -> Value:
    lines = enumerate(_get(path).splitlines(), 1)
    return SEQUENCES[
        tuple(_parsed(line, f"{path}:{number}") for number, line in lines if line.strip())
    ]


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "ToJson": _text,
    "ToJsonArray": _array,
    "ToJsonObject": _object,
    "JsonSerialize": _write,
    "JsonDeserialize": _read,
    "ndJsonSerialize": _write_lines,
    "ndJsonDeserialize": _read_lines,
}
