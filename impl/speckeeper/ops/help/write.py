"""A page as text for a terminal, and as roff for man."""

import textwrap

from speckeeper import __version__
from speckeeper.ops.help.pages import HelpPage

_INDENT = " " * 7
_LEAST_WIDTH = 40


def as_text(page: HelpPage, width: int) -> str:
    """Return a page as man lays it out, lines of at most `width`."""
    width = max(width, _LEAST_WIDTH)
    lines: list[str] = []
    for section in page.sections:
        lines += [section.heading]
        for paragraph in section.paragraphs:
            lines += [*_wrapped(paragraph, width, _INDENT), ""]
        for term, meaning in section.terms:
            lines += [_INDENT + term, *_wrapped(meaning, width, _INDENT * 2), ""]
    return "\n".join(lines).rstrip() + "\n"


def _wrapped(text: str, width: int, indent: str) -> list[str]:
    return textwrap.wrap(
        text,
        width,
        initial_indent=indent,
        subsequent_indent=indent,
        break_on_hyphens=False,
        break_long_words=False,
    )


def as_roff(page: HelpPage) -> str:
    """Return a page in the language of man, for section 1."""
    lines = [f'.TH "{_escaped(page.name.upper())}" "1" "" "SpecKeeper {__version__}" ""']
    for section in page.sections:
        lines.append(f'.SH "{section.heading}"')
        for paragraph in section.paragraphs:
            lines += [".PP", _line(paragraph)]
        for term, meaning in section.terms:
            lines += [".TP", f"\\fB{_escaped(term)}\\fR", _line(meaning)]
    return "\n".join(lines) + "\n"


def _line(text: str) -> str:
    """Return a text that begins no request: a dot or a quote at its beginning would."""
    escaped = _escaped(text)
    return f"\\&{escaped}" if escaped[:1] in (".", "'") else escaped


def _escaped(text: str) -> str:
    return text.replace("\\", "\\e").replace("-", "\\-").replace('"', "\\(dq")
