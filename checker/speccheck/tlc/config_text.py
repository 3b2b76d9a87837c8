"""The text of a configuration as TLC of 2020 reads it: without comments and newer keywords."""

import re
from collections.abc import Iterator

_NEW_KEYWORDS = re.compile(r"\b(CHECK_DEADLOCK|ALIAS|POSTCONDITION)\s+(\w+)")
_SKIPPED = re.compile(r"\\\*[^\n]*|\(\*|\"[^\"\n]*\"")
_EDGE = re.compile(r"\(\*|\*\)")


def for_old_tlc(text: str) -> tuple[str, dict[str, str]]:
    """Return the text for TLC of 2020, and what the keywords that it does not know were given."""
    plain = without_comments(text)
    return _NEW_KEYWORDS.sub("", plain), dict(_NEW_KEYWORDS.findall(plain))


def without_comments(text: str) -> str:
    """Return the text with a blank for each comment; one without an end stays, for TLC to refuse.

    Comments in ``(* *)`` nest, and there are none in a string.
    """
    return "".join(_pieces(text))


def _pieces(text: str) -> Iterator[str]:
    position = 0
    while match := _SKIPPED.search(text, position):
        yield text[position : match.start()]
        position = match.end()
        if match.group().startswith('"'):
            yield match.group()
            continue
        if match.group() == "(*":
            end = _end_of_comment(text, position)
            if end is None:
                position = match.start()
                break
            position = end
        yield " "
    yield text[position:]


def _end_of_comment(text: str, position: int) -> int | None:
    depth = 1
    for edge in _EDGE.finditer(text, position):
        depth += 1 if edge.group() == "(*" else -1
        if not depth:
            return edge.end()
    return None
