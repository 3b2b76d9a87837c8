"""Traces as ITF JSON, Apalache's Informal Trace Format: writing and reading.

Integers are ``{"#bigint": "1"}``, sequences lists, sets ``{"#set": [...]}``, records objects,
other functions ``{"#map": [[argument, value], ...]}``. A model value ``s1`` is the string
``s1_OF_MODEL``, which is how Apalache writes values of an uninterpreted type. What the format has
no room for, an action and its arguments, stands in the ``#meta`` of the state that it led to,
with the action that it was put in the place of, if it was (``stands-for``).

Source: Apalache, ADR 015, "Informal Trace Format in JSON".
"""

import json
import re
from dataclasses import dataclass, field
from typing import Any

from speccheck.evaluate.order import ordered
from speccheck.evaluate.show import show
from speccheck.evaluate.stdlib.tlc import model_value
from speccheck.evaluate.values import (
    FALSE,
    SEQUENCES,
    TRUE,
    Fn,
    ModelValue,
    Value,
    as_boolean,
    force,
    function_of,
)
from speccheck.report.trace import Move, Trace

_UNINTERPRETED = re.compile(r"(?P<name>.+)_OF_(?P<type>[A-Z_][A-Z0-9_]*)")
_DESCRIPTION = "https://apalache-mc.org/docs/adr/015adr-trace.html"


class ItfError(Exception):
    """The text is not a trace in this format; the message says where."""


@dataclass(slots=True)
class ItfState:
    """A state that was read: values by variable, and the action that led to it, if it is said.

    ``stands_for``: the action that this one was put in the place of, as in a variant.
    """

    values: dict[str, Value]
    action: str | None = None
    stands_for: str | None = None
    arguments: dict[str, Value] = field(default_factory=dict)


@dataclass(slots=True)
class ItfTrace:
    """A trace that was read. After the last state the one at index ``loop`` comes again."""

    variables: list[str]
    states: list[ItfState]
    loop: int | None = None
    source: str = ""


# --- writing -------------------------------------------------------------------------------------


def write_itf(trace: Trace, *, source: str, description: str = "") -> str:
    """Return a trace as ITF JSON; ``source`` is the file of the module."""
    variables = list(trace.steps[0].values) if trace.steps else list(trace.variables)
    states = []
    for position, step in enumerate(trace.steps):
        values = {name: encode(value) for name, value in step.values.items()}
        states.append({"#meta": {"index": position, **_meta(step.move)}, **values})
    data: dict[str, Any] = {
        "#meta": {
            "format": "ITF",
            "format-description": _DESCRIPTION,
            "source": source,
            "description": description,
        },
        "params": [],
        "vars": variables,
        "states": states,
    }
    if trace.loop is not None:
        data["loop"] = trace.loop
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def _meta(move: Move | None) -> dict[str, Any]:
    if move is None:
        return {}
    pairs = (*move.parameters, *move.bound)
    stands_for = {} if move.stands_for is None else {"stands-for": move.stands_for}
    arguments = {name: encode(value) for name, value in pairs}
    return {"action": move.action, **stands_for, "arguments": arguments}


def encode(value: Value) -> Any:
    """Return a value as JSON data."""
    value = force(value)
    if value is TRUE or value is FALSE:
        return value is TRUE
    if isinstance(value, int):
        return {"#bigint": str(value)}
    if isinstance(value, str):
        return value
    if isinstance(value, ModelValue):
        return f"{value.name}_OF_MODEL"
    if isinstance(value, frozenset):
        return {"#set": [encode(item) for item in ordered(value)]}
    if isinstance(value, Fn):
        if value.table is SEQUENCES:
            return [encode(item) for item in value.values_]
        keys = value.domain.keys_
        if all(isinstance(key, str) and key.isidentifier() for key in keys):
            return {key: encode(value[key]) for key in keys}
        return {"#map": [[encode(key), encode(value[key])] for key in keys]}
    return {"#unserializable": show(value)}


# --- reading -------------------------------------------------------------------------------------


def read_itf(text: str) -> ItfTrace:
    """Return the trace that a text is. Raises ItfError."""
    try:
        data = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        raise ItfError(f"this is no JSON: {error}") from None
    if not isinstance(data, dict):
        raise ItfError("a trace is a JSON object")
    variables, states, loop = data.get("vars"), data.get("states"), data.get("loop")
    if not isinstance(variables, list) or not all(isinstance(name, str) for name in variables):
        raise ItfError('"vars" is to be a list of names')
    if not isinstance(states, list):
        raise ItfError('"states" is to be a list')
    if loop is not None and not (type(loop) is int and 0 <= loop < len(states)):
        raise ItfError(f'"loop" is {loop!r}; it is to be the index of a state')
    meta = data.get("#meta")
    source = meta.get("source", "") if isinstance(meta, dict) else ""
    read = [_state(state, number, variables) for number, state in enumerate(states)]
    return ItfTrace(variables, read, loop, source if isinstance(source, str) else "")


def _state(data: Any, number: int, variables: list[str]) -> ItfState:
    where = f"state {number}"
    if not isinstance(data, dict):
        raise ItfError(f"{where} is no JSON object")
    missing = [name for name in variables if name not in data]
    if missing:
        raise ItfError(f"{where} has no value for {', '.join(missing)}")
    state = ItfState({name: decode(data[name], f"{where}, {name}") for name in variables})
    meta = data.get("#meta")
    if isinstance(meta, dict):
        action, arguments = meta.get("action"), meta.get("arguments")
        if isinstance(action, str):
            state.action = action
        if isinstance(meta.get("stands-for"), str):
            state.stands_for = meta["stands-for"]
        if isinstance(arguments, dict):
            inside = f"{where}, arguments"
            state.arguments = {name: decode(value, inside) for name, value in arguments.items()}
    return state


def decode(data: Any, where: str = "value") -> Value:
    """Return the value that JSON data is. Raises ItfError, whose text begins with ``where``."""
    if isinstance(data, bool):
        return as_boolean(data)
    if isinstance(data, int):
        return data
    if isinstance(data, str):
        named = _UNINTERPRETED.fullmatch(data)
        return data if named is None else model_value(named["name"])
    if isinstance(data, list):
        return SEQUENCES[tuple(decode(item, where) for item in data)]
    if not isinstance(data, dict):
        raise ItfError(f"{where}: {data!r} is no value")
    if not any(key.startswith("#") for key in data):
        return function_of({key: decode(item, where) for key, item in data.items()})
    if len(data) != 1:
        raise ItfError(f"{where}: an object with {', '.join(data)} is no value")
    ((tag, content),) = data.items()
    return _tagged(tag, content, where)


def _tagged(tag: str, content: Any, where: str) -> Value:
    if tag == "#bigint" and isinstance(content, str) and re.fullmatch(r"-?\d+", content):
        return int(content)
    if isinstance(content, list):
        if tag == "#set":
            return frozenset(decode(item, where) for item in content)
        if tag == "#tup":
            return SEQUENCES[tuple(decode(item, where) for item in content)]
        if tag == "#map" and all(isinstance(pair, list) and len(pair) == 2 for pair in content):
            return function_of({decode(k, where): decode(v, where) for k, v in content})
    raise ItfError(f"{where}: {tag} with {json.dumps(content)[:60]} is no value")
