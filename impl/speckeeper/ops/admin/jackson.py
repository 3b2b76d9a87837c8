"""JSON text as the AdminServer of Apache lays it out (Jackson's DefaultPrettyPrinter).

`"key" : value`, objects on lines of their own, arrays in one line: scripts grep for `"error" :
null`.
"""

import json
from collections.abc import Mapping

_INDENT = "  "


def pretty(value: object, depth: int = 0) -> str:
    """Return the text of a value made of mappings, sequences, strings, numbers, booleans and None.

    Keys that are not strings are written as Java writes map keys, by their text.
    """
    if isinstance(value, Mapping):
        return _object(value, depth)
    if isinstance(value, list | tuple):
        items = ", ".join(pretty(item, depth) for item in value)
        return f"[ {items} ]" if items else "[ ]"
    return json.dumps(value, ensure_ascii=False, default=str)


def _object(value: Mapping[object, object], depth: int) -> str:
    if not value:
        return "{ }"
    inner = _INDENT * (depth + 1)
    members = ",\n".join(
        f"{inner}{json.dumps(str(key), ensure_ascii=False)} : {pretty(item, depth + 1)}"
        for key, item in value.items()
    )
    return f"{{\n{members}\n{_INDENT * depth}}}"
