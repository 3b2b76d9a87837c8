"""What was read once is kept on disk: the parser's tables, and modules by their content.

The folder is ``SPECCHECK_CACHE``, or ``speccheck`` in the user's cache folder; with ``off``,
nothing is kept. An entry belongs to one state of this package's own files, so that a changed parser
never meets old entries. The cache can be deleted at any time; where it cannot be written, nothing
is kept.
"""

import os
import pickle
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

_Kept = TypeVar("_Kept")
_MOST_ENTRIES = 2000


def cache_folder() -> Path | None:
    """Return the folder of the cache, None where there is to be none."""
    named = os.environ.get("SPECCHECK_CACHE")
    if named == "off":
        return None
    if named:
        return Path(named)
    base = os.environ.get("XDG_CACHE_HOME")
    home = os.path.expanduser("~")
    return Path(base) / "speccheck" if base else Path(home) / ".cache" / "speccheck"


@cache
def _stamp() -> bytes:
    """Return what changes whenever this package or Python does."""
    found = [f"{sys.version}\n"]
    for entry in sorted(os.scandir(Path(__file__).parent), key=lambda entry: entry.name):
        if entry.name.endswith((".py", ".lark")):
            seen = entry.stat()
            found.append(f"{entry.path} {seen.st_mtime_ns} {seen.st_size}\n")
    return "".join(found).encode()


def kept(kind: str, content: str, make: Callable[[], _Kept]) -> _Kept:
    """Return what was made of ``content`` before, or make it and keep it.

    ``kind`` tells apart what different makers make of one content. Raises what ``make`` raises.
    """
    folder = cache_folder()
    if folder is None:
        return make()
    key = sha256(_stamp() + kind.encode() + b"\0" + content.encode("utf-8", "surrogatepass"))
    path = folder / f"{kind}-{key.hexdigest()[:40]}.pickle"
    try:
        found: _Kept = pickle.loads(path.read_bytes())
    except (OSError, pickle.PickleError, EOFError, AttributeError, ImportError, ValueError):
        pass  # Not there, or not whole: made again.
    else:
        return found
    made = make()
    _keep(path, made)
    return made


def _keep(path: Path, made: object) -> None:
    temporary = path.with_suffix(f".{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_bytes(pickle.dumps(made, pickle.HIGHEST_PROTOCOL))
        temporary.replace(path)
        _prune(path.parent)
    except (OSError, RecursionError, pickle.PickleError):
        with suppress(OSError):
            temporary.unlink()


def _prune(folder: Path) -> None:
    """Drop the older half when there are too many entries."""
    entries = list(folder.glob("*.pickle"))
    if len(entries) > _MOST_ENTRIES:
        entries.sort(key=lambda entry: entry.stat().st_mtime)
        for entry in entries[: _MOST_ENTRIES // 2]:
            entry.unlink(missing_ok=True)
