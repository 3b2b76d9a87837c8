"""Records as plain data (what JSON has) and back, with every field checked on the way in.

For named tuples and dataclasses whose fields are numbers, texts, truth values, tuples of one type,
or such records.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from types import UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

R = TypeVar("R")


class PlainError(ValueError):
    """Data do not fit a record; the text says where and what is expected."""


def to_plain(value: Any) -> Any:
    """Return a record, or what a field of one holds, as what JSON has."""
    if is_dataclass(value):
        return {field.name: to_plain(getattr(value, field.name)) for field in fields(value)}
    if hasattr(value, "_asdict"):
        return {name: to_plain(field) for name, field in value._asdict().items()}
    if isinstance(value, tuple):
        return [to_plain(each) for each in value]
    return value


def from_plain(record: type[R], data: object, where: str) -> R:
    """Read a record; fields with a default may be missing. Raises PlainError."""
    if not isinstance(data, Mapping):
        raise PlainError(f"{where}: an object is expected")
    hints, defaults = _fields(record)
    for name in data:
        if name not in hints:
            raise PlainError(f"{where}.{name}: there is no such field; {_known(hints)}")
    for name in hints:
        if name not in data and name not in defaults:
            raise PlainError(f"{where}.{name} is missing")
    return record(**{n: _read(hints[n], value, f"{where}.{n}") for n, value in data.items()})


def _fields(record: type[Any]) -> tuple[dict[str, Any], set[str]]:
    """Return the types of a record's fields, and which of them have a default."""
    hints = get_type_hints(record)
    if is_dataclass(record):
        with_default = {f.name for f in fields(record) if f.default is not MISSING}
        return {f.name: hints[f.name] for f in fields(record)}, with_default
    return {name: hints[name] for name in record._fields}, set(record._field_defaults)


def _read(wanted: Any, value: object, where: str) -> Any:
    if get_origin(wanted) is tuple:
        if not isinstance(value, list):
            raise PlainError(f"{where}: a list is expected")
        (element, _) = get_args(wanted)
        return tuple(_read(element, each, f"{where}[{i}]") for i, each in enumerate(value))
    if hasattr(wanted, "_fields") or is_dataclass(wanted):
        return from_plain(wanted, value, where)
    allowed = get_args(wanted) if get_origin(wanted) in (Union, UnionType) else (wanted,)
    if not any(_is(each, value) for each in allowed):
        raise PlainError(f"{where}: {value!r} is no {' or '.join(map(_name, allowed))}")
    return value


def _is(wanted: Any, value: object) -> bool:
    if get_origin(wanted) is Literal:
        return value in get_args(wanted)
    # Many tools write 2.0 as 2; and a truth value is no number.
    return type(value) is wanted or (wanted is float and type(value) is int)


def _name(wanted: Any) -> str:
    if get_origin(wanted) is Literal:
        return " or ".join(map(repr, get_args(wanted)))
    return str(wanted.__name__)


def _known(hints: Mapping[str, object]) -> str:
    return "there are " + ", ".join(hints)
