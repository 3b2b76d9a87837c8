"""Tables that stand in documents between two marks, where a command puts them anew."""

import sys
from collections.abc import Iterable
from pathlib import Path


def put_between(path: Path, begin: str, lines: Iterable[str], end: str) -> None:
    """Put lines between the marks of a document; end with a line if it has none."""
    before, _, rest = path.read_text().partition(begin)
    _, _, after = rest.partition(end)
    if not after:
        sys.exit(f"{path} has no {begin} and {end}")
    path.write_text("\n".join((before + begin, *lines, end + after)))
