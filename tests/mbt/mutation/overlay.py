"""Loads one module of a package from another text, before anything has loaded it."""

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder, SourceLoader
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_loader
from types import ModuleType


class Overlay(MetaPathFinder, SourceLoader):
    """Has one module: ``name``, with a text of its own."""

    def __init__(self, name: str, path: str, text: str) -> None:
        self._name = name
        self._path = path
        self._text = text.encode()

    def install(self) -> None:
        """Come ahead of all others. Raises RuntimeError if the module is loaded already."""
        if self._name in sys.modules:
            raise RuntimeError(f"{self._name} is loaded already")
        sys.meta_path.insert(0, self)

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        """Return the module's specification."""
        del path, target
        return spec_from_loader(fullname, self) if fullname == self._name else None

    def get_filename(self, fullname: str) -> str:
        """Return where the module stands, for tracebacks."""
        del fullname
        return self._path

    def get_data(self, path: str) -> bytes:
        """Return the text."""
        if path != self._path:
            raise OSError(path)
        return self._text
