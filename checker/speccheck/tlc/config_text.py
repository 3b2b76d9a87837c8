"""The text of a configuration as TLC of 2020 reads it: without comments and newer keywords."""

import re
from collections.abc import Iterator

_NEW_KEYWORDS = re.compile(r"\b(CHECK_DEADLOCK|ALIAS|POSTCONDITION)\s+(\w+)")
_GIVEN = re.compile(r"(?P<name>\b[A-Za-z_]\w*)\s*=\s*(?=-\d|\{)")
_SET = re.compile(r"[\s{},]|-?\d+\b|\"[^\"\n]*\"|TRUE\b|FALSE\b")
_SKIPPED = re.compile(r"\\\*[^\n]*|\(\*|\"[^\"\n]*\"")
_STRING = re.compile(r"\"[^\"\n]*\"")
_EDGE = re.compile(r"\(\*|\*\)")


def for_old_tlc(text: str) -> tuple[str, dict[str, str]]:
    """Return the text for TLC of 2020, and what the keywords that it does not know were given."""
    plain = without_comments(text)
    return _NEW_KEYWORDS.sub("", plain), dict(_NEW_KEYWORDS.findall(plain))


def with_negative_numbers(text: str) -> tuple[str, dict[str, str]]:
    """Return the text with a replacement for each constant whose value has a number below zero.

    No TLC reads such a number in a configuration, though a set of them is a value. The
    dictionary has the definitions that take their place: ``Given_N`` and its expression. A value
    with model values in it stays, for TLC to refuse. Expects a text without comments.
    """
    pieces: list[str] = []
    definitions: dict[str, str] = {}
    position = 0
    while match := _GIVEN.search(text, position):
        value = _value_at(text, match.end())
        if value is None or "-" not in _STRING.sub("", value):
            pieces.append(text[position : match.end()])
            position = match.end()
            continue
        name = f"Given_{match['name']}"
        definitions[name] = value
        pieces += [text[position : match.start()], f"{match['name']} <- {name}"]
        position = match.end() + len(value)
    return "".join([*pieces, text[position:]]), definitions


def _value_at(text: str, begin: int) -> str | None:
    """Return the number or the set of plain values that begins there, if it is one."""
    number = re.compile(r"-\d+").match(text, begin)
    if number is not None:
        return number.group()
    position, depth = begin, 0
    while token := _SET.match(text, position):
        position = token.end()
        depth += {"{": 1, "}": -1}.get(token.group(), 0)
        if not depth:
            return text[begin:position]
    return None


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
