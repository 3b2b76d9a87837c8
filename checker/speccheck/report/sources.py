"""Lines of the specification, to be shown beside what is said about them."""

from functools import lru_cache
from pathlib import Path

from speccheck.tla.meaning import Place


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
    """Return the text at a place on one line, cut after ``most`` characters."""
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
        text = " ".join([lines[span.line - 1][span.column - 1 :], *rest, last])
    text = " ".join(text.split())
    for bullet in (" /\\", " \\/"):
        text = text.removesuffix(bullet)  # of the next item, where a list ends in a list
    return text if len(text) <= most else f"{text[: most - 1]}…"
