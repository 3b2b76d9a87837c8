"""Whether the files of a specification stay as they are while several runs read them.

Two runs on texts that differ may well find different numbers of states, which says nothing of the
engines.
"""

from collections.abc import Iterable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import TypeAlias

from speccheck.tla.errors import TlaError
from speccheck.tla.modules import Library
from speccheck.tla.resolve import resolve

Texts: TypeAlias = dict[Path, bytes]


def read_for(spec: Path, folders: Iterable[Path]) -> list[Path]:
    """Return the files of a module and of all that it extends or has instances of, at any depth.

    Where one cannot be read, those up to it: whoever runs the module says why.
    """
    library = Library(folders)
    with suppress(TlaError, OSError, UnicodeDecodeError):
        resolve(library, library.main(spec))
    return sorted({spec, *library.paths})


def texts_of(paths: Iterable[Path]) -> Texts:
    """Return what files have in them, by a digest; those that are there."""
    return {path: sha256(path.read_bytes()).digest() for path in paths if path.is_file()}


def changed(before: Texts, after: Texts) -> list[Path]:
    """Return the files that are not as they were, in order."""
    return sorted(path for path in before | after if before.get(path) != after.get(path))
