"""JSON text as the AdminServer of Apache lays it out (Jackson's DefaultPrettyPrinter).

`"key" : value`, objects on lines of their own, arrays in one line: scripts grep for `"error" :
null`.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from heapq import merge
from itertools import islice

_INDENT = "  "
_text = json.JSONEncoder(ensure_ascii=False, default=str).encode
_RUN = 1000


class Wait:
    """Stands between members or items, where a long preparation lets others have their turn."""


WAIT = Wait()


class Members:
    """An object whose members are made when their turn comes."""

    def __init__(self, pairs: Iterable[tuple[object, object] | Wait]) -> None:
        self.pairs = pairs


class Items:
    """An array whose items are made when their turn comes."""

    def __init__(self, items: Iterable[object]) -> None:
        self.items = items


def in_order(strings: Iterable[str]) -> Iterator[str | Wait]:
    """Yield strings in their order; those given may change meanwhile."""
    left = iter(list(strings))
    runs: list[list[str]] = []
    while run := sorted(islice(left, _RUN)):
        runs.append(run)
        yield WAIT
    yield from runs[0] if len(runs) == 1 else merge(*runs)


def pieces(value: object, depth: int = 0) -> Iterator[str]:
    """Yield the text that `pretty` returns, bit by bit, of a value that may hold `Members` and
    `Items`.
    """
    if isinstance(value, Mapping) and depth == 0:
        value = Members(value.items())
    if isinstance(value, Members):
        inner, before = _INDENT * (depth + 1), "{\n"
        for pair in value.pairs:
            if isinstance(pair, Wait):
                yield ""
                continue
            yield f"{before}{inner}{_text(str(pair[0]))} : "
            yield from pieces(pair[1], depth + 1)
            before = ",\n"
        yield "{ }" if before == "{\n" else f"\n{_INDENT * depth}}}"
    elif isinstance(value, Items):
        before = "[ "
        for item in value.items:
            if isinstance(item, Wait):
                yield ""
                continue
            yield before + pretty(item, depth)
            before = ", "
        yield "[ ]" if before == "[ " else " ]"
    else:
        yield pretty(value, depth)


def pretty(value: object, depth: int = 0) -> str:
    """Return the text of a value made of mappings, sequences, strings, numbers, booleans and None.

    Keys that are not strings are written as Java writes map keys, by their text.
    """
    if isinstance(value, Mapping):
        return _object(value, depth)
    if isinstance(value, list | tuple):
        items = ", ".join(pretty(item, depth) for item in value)
        return f"[ {items} ]" if items else "[ ]"
    return _text(value)


def _object(value: Mapping[object, object], depth: int) -> str:
    if not value:
        return "{ }"
    inner = _INDENT * (depth + 1)
    members = ",\n".join(
        f"{inner}{_text(str(key))} : {pretty(item, depth + 1)}" for key, item in value.items()
    )
    return f"{{\n{members}\n{_INDENT * depth}}}"
