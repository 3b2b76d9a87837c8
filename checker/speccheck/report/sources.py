"""Lines of the specification, to be shown beside what is said about them."""

import re
from functools import lru_cache
from pathlib import Path

from speccheck.tla.meaning import Place

_STRING = re.compile(r'"(?:\\.|[^"\\])*"')
_COMMENT = re.compile(_STRING.pattern + r"|\\\*[^\n]*|\(\*(?:(?!\(\*).)*?\*\)", re.DOTALL)
_BRACKET = re.compile(r"[()]")


@lru_cache(maxsize=64)
def _lines(path: str) -> tuple[str, ...]:
    try:
        return tuple(Path(path).read_text("utf-8").splitlines())
    except (OSError, UnicodeDecodeError):
        return ()


def source_line(place: Place) -> str:
    """Return the line that a place begins in; "" if the file cannot be read."""
    lines = _lines(place.path)
    return lines[place.span.line - 1] if 0 < place.span.line <= len(lines) else ""


def excerpt(place: Place) -> list[str]:
    """Return the line that a place begins in and a line that marks it; [] without the file."""
    line = source_line(place)
    if not line:
        return []
    start = place.span.column - 1
    end = place.span.end_column - 1 if place.span.end_line == place.span.line else len(line)
    lead = "".join("\t" if character == "\t" else " " for character in line[:start])
    return [line, lead + "^" * max(1, min(end, len(line)) - start)]


def text_of(place: Place, most: int = 60) -> str:
    """Return the text at a place on one line, without comments, cut after ``most`` characters.

    Brackets around its first or last part, which have no place of their own, are given back.
    """
    lines = _lines(place.path)
    span = place.span
    if not 0 < span.line <= len(lines):
        return ""
    if span.line == span.end_line:
        text = lines[span.line - 1][span.column - 1 : span.end_column - 1]
    else:
        rest = lines[span.line : span.end_line - 1]
        last = (
            lines[span.end_line - 1][: span.end_column - 1] if span.end_line <= len(lines) else ""
        )
        text = "\n".join([lines[span.line - 1][span.column - 1 :], *rest, last])
    while True:  # Comments are nested; the innermost go first.
        without = _COMMENT.sub(_without_comment, text)
        if without == text:
            break
        text = without
    text = " ".join(text.split())
    opened, missing = 0, 0
    for bracket in _BRACKET.findall(_STRING.sub("", text)):
        opened += 1 if bracket == "(" else -1
        if opened < 0:
            opened, missing = 0, missing + 1
    text = f"{'(' * missing}{text}{')' * opened}"
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _without_comment(found: re.Match[str]) -> str:
    return found[0] if found[0].startswith('"') else " "
