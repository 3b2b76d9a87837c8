"""Whether the files of a specification stay as they are while several runs read them.

Two runs on texts that differ may well find different numbers of states, which says nothing of the
engines.
"""

from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import TypeAlias

Texts: TypeAlias = dict[Path, bytes]


def texts_of(folders: Iterable[Path], *more: Path) -> Texts:
    """Return what the modules in folders, and more files, have in them, by a digest."""
    paths = {path for folder in folders for path in folder.glob("*.tla")} | set(more)
    return {path: sha256(path.read_bytes()).digest() for path in paths if path.is_file()}


def changed(before: Texts, after: Texts) -> list[Path]:
    """Return the files that are not as they were, in order."""
    return sorted(path for path in before | after if before.get(path) != after.get(path))
