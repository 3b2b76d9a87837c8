"""What stands in a history as values of the specification, and back for people to read.

Nothing is decided here. A path is the names between its slashes (spec/ZNodeTree.tla), data a text,
permission bits are their names.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from operator import itemgetter
from typing import Any

from speccheck.evaluate.stdlib.tlc import model_value
from speccheck.evaluate.values import (
    FALSE,
    SEQUENCES,
    TRUE,
    Boolean,
    Domain,
    Fn,
    Value,
    record_domain,
)

NULL = model_value("Null")
NO_IDS = SEQUENCES[()]
_PERMS = ("READ", "WRITE", "CREATE", "DELETE", "ADMIN")


_domains: dict[tuple[str, ...], tuple[Domain, Callable[[dict[str, Value]], Any]]] = {}


def record(fields: dict[str, Value]) -> Fn:
    """Return a record."""
    names = tuple(fields)
    found = _domains.get(names)
    if found is None:
        domain = record_domain(names)
        pick: Callable[[dict[str, Value]], Any] = _alone
        if len(names) > 1:
            pick = itemgetter(*domain.keys_)
        found = _domains[names] = domain, pick
    domain, pick = found
    return domain[pick(fields)]


def _alone(fields: dict[str, Value]) -> Any:
    return tuple(fields.values())


def sequence(items: Any) -> Fn:
    """Return a sequence."""
    return SEQUENCES[tuple(items)]


def names_of(text: str) -> tuple[str, ...]:
    """Return the names of a path: ``/a/b`` is a, b. What is no path has a place too."""
    if text == "/":
        return ()
    if text.startswith("/"):
        return tuple(text[1:].split("/"))
    return ("/", *text.split("/"))


@lru_cache(maxsize=100_000)
def path(text: str | None) -> Value:
    """Return a path."""
    return NULL if text is None else SEQUENCES[names_of(text)]


def text_of(value: Value) -> str:
    """Return a path as text."""
    if value is NULL:
        return "null"
    names = value.values_
    if names[:1] == ("/",):
        return "/".join(names[1:])
    return "/" + "/".join(names)


def identity(scheme: str, name: str) -> Fn:
    """Return an id."""
    return record({"scheme": scheme, "id": name})


@lru_cache(maxsize=256)
def _perms(bits: int) -> frozenset[str]:
    return frozenset(
        _PERMS[i] if i < len(_PERMS) else f"BIT{i}" for i in range(32) if bits >> i & 1
    )


def acl(entries: list[dict[str, Any]]) -> Fn:
    """Return an ACL list."""
    return sequence(
        record({"perms": _perms(one["perms"]), "id": identity(one["scheme"], one["id"])})
        for one in entries
    )


def data(text: str | None) -> Value:
    """Return data."""
    return NULL if text is None else text


def boolean(value: bool) -> Boolean:
    """Return TRUE or FALSE."""
    return TRUE if value else FALSE


def _paths(texts: list[str]) -> Fn:
    return sequence(path(text) for text in texts)


_FIELDS: dict[str, Any] = {
    "path": path,
    "data": data,
    "acl": acl,
    "flags": str,
    "ttl": int,
    "version": int,
    "watch": boolean,
    "mode": str,
    "type": str,
    "relativeZxid": int,
    "dataWatches": _paths,
    "existWatches": _paths,
    "childWatches": _paths,
    "persistentWatches": _paths,
    "persistentRecursiveWatches": _paths,
}


def request_record(fields: dict[str, Any]) -> Fn:
    """Return the record of a request. Raises KeyError for a field that is none."""
    if "ops" in fields:
        ops = (
            record({"type": one["type"], "record": request_record(one["record"])})
            for one in fields["ops"]
        )
        return record({"ops": sequence(ops)})
    return record({name: _FIELDS[name](value) for name, value in fields.items()})


def stat(fields: dict[str, int]) -> Fn:
    """Return a Stat."""
    return record(fields)


def _client_info(infos: list[dict[str, str]]) -> Fn:
    return sequence(map(record, infos))


_ANSWERS: dict[str, Any] = {
    "path": path,
    "data": data,
    "stat": stat,
    "acl": acl,
    "children": frozenset,
    "ephemerals": lambda texts: frozenset(map(path, texts)),
    "totalNumber": int,
    "clientInfo": _client_info,
}


def answer(err: str, fields: dict[str, Any]) -> Fn:
    """Return an answer as the specification has it: err, and the fields of the reply."""
    made: dict[str, Value] = {"err": err}
    for name, value in fields.items():
        if name == "results":
            made[name] = sequence(answer(one["err"], _of_part(one)) for one in value)
        else:
            made[name] = _ANSWERS[name](value)
    return record(made)


def _of_part(result: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in result.items() if name not in {"err", "type"}}


def plain(value: Value) -> Any:
    """Return a value as plain data, for JSON and for people: a path is a text."""
    if isinstance(value, Boolean):
        return value is TRUE
    if isinstance(value, frozenset):
        return sorted(map(plain, value), key=str)
    if isinstance(value, Fn):
        if value.domain.is_record and len(value):
            return {
                key: text_of(value[key]) if key == "path" else plain(value[key])
                for key in sorted(value.domain.keys_)
            }
        if value.domain.is_sequence:
            items = value.values_
            if items and all(type(item) is str for item in items):
                return text_of(value)
            return [plain(item) for item in items]
        return {str(plain(key)): plain(value[key]) for key in value.domain.keys_}
    return value if isinstance(value, int | str) else str(value)
