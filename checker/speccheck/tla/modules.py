"""Finds and reads modules: beside the file that names them, then along a search path."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from speccheck.tla import syntax as ast
from speccheck.tla.cache import kept
from speccheck.tla.errors import Span, TlaError, read_text
from speccheck.tla.standard import is_standard
from speccheck.tla.standard_names import STANDARD_NAMES


def module_of(text: str, path: str) -> ast.Module:
    """Return the first module in ``text``, from the cache if it is there. Raises TlaError."""

    def parse() -> ast.Module:
        # Here, since the parser takes longer to load than most modules to check.
        from speccheck.tla.parse import parse_module

        return parse_module(text, path)

    return kept("module", f"{path}\n{text}", parse)


def read_module(path: Path) -> ast.Module:
    """Return the module in a file. Raises TlaError, OSError."""
    text = read_text(path)
    module = module_of(text, str(path))
    if module.name != path.stem:
        message = f"the file is named {path.name}, but its module {module.name}"
        line, column, _, _ = module.span
        raise TlaError(message, path=str(path), text=text, line=line, column=column)
    return module


def _instances(module: ast.Module) -> Iterator[str]:
    """Yield the modules that a module instantiates, not those in LET."""
    for unit in module.units:
        match unit:
            case ast.Instance(module=name):
                yield name
            case ast.InstanceDefinition(instance=ast.Instance(module=name)):
                yield name


class Library:
    """Modules by name, each read once.

    ``folders`` are searched in order after the folder of the main module. A file there comes
    before a standard module of the same name, except for the basic ones that TLC has built in.
    ``paths`` are the files read so far.
    """

    _ALWAYS_BUILT_IN = frozenset(
        {"Naturals", "Integers", "Reals", "Sequences", "FiniteSets", "Bags", "TLC"}
        | {"TLCExt", "Json", "Randomization", "TLAPS"}
    )

    def __init__(self, folders: Iterable[Path] = ()) -> None:
        self._folders = list(folders)
        self._modules: dict[str, ast.Module] = {}
        self._main: Path | None = None
        self.paths: list[Path] = []

    def main(self, path: Path) -> ast.Module:
        """Read the main module; its folder becomes the first of the search path.

        Raises TlaError, OSError.
        """
        self._folders.insert(0, path.parent)
        self._main = path
        self.paths.append(path)
        module = read_module(path)
        self._modules[module.name] = module
        return module

    def add(self, module: ast.Module) -> None:
        """Make a module known that was not read from a file."""
        self._modules[module.name] = module

    @property
    def modules(self) -> list[ast.Module]:
        """The modules known so far."""
        return list(self._modules.values())

    def texts(self) -> Iterator[str]:
        """Yield identifiers and strings in the order in which SANY meets them.

        Reading a module it meets the identifiers; the strings follow when all are read, those of
        extended modules first.
        """
        for name in self._as_sany_reads():
            module, standard = self._modules.get(name), STANDARD_NAMES.get(name)
            if module is not None:
                yield from module.words
            elif standard is not None:
                yield from standard.names
        modules = list(self._modules.values())
        for module in modules:
            yield from module.words
        for module in reversed(modules):
            yield from module.texts

    def _as_sany_reads(self) -> Iterable[str]:
        """Return the modules as SANY reads them: what is extended before what is instantiated.

        It reads all that one module extends, or instantiates, before it looks into the first.
        """
        main = next(iter(self._modules))
        read = {main: None}
        visited: set[str] = set()

        def extended(name: str) -> None:
            extends, _ = self._asked_for(name)
            new = [one for one in extends if one not in read]
            read.update(dict.fromkeys(new))
            for one in new:
                extended(one)

        def instantiated(name: str) -> None:
            if name in visited:
                return
            visited.add(name)
            extends, instances = self._asked_for(name)
            for one in instances:
                if one not in read:
                    read[one] = None
                    extended(one)
            for one in (*extends, *instances):
                instantiated(one)

        extended(main)
        instantiated(main)
        return read

    def _asked_for(self, name: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return what a module extends, and what it instantiates."""
        module, standard = self._modules.get(name), STANDARD_NAMES.get(name)
        if module is not None:
            return module.extends, tuple(_instances(module))
        return ((), ()) if standard is None else (standard.extends, standard.instances)

    def find(self, name: str) -> ast.Module | None:
        """Return the module, or None where it is a standard one or there is none."""
        known = self._modules.get(name)
        if known is not None:
            return known
        if name in self._ALWAYS_BUILT_IN:
            return None
        module = self._in_main_file(name)
        if module is not None:
            self._modules[name] = module
            return module
        for folder in self._folders:
            path = folder / f"{name}.tla"
            if path.is_file():
                self.paths.append(path)
                module = read_module(path)
                self._modules[name] = module
                return module
        return None

    def _in_main_file(self, name: str) -> ast.Module | None:
        """Return a module that stands after another in the main file."""
        if self._main is None:
            return None
        text = read_text(self._main)
        header = re.search(rf"^-{{4,}}[ \t]*MODULE[ \t]+{re.escape(name)}\b", text, re.MULTILINE)
        if header is None:
            return None
        above = "\n" * text.count("\n", 0, header.start())
        return module_of(above + text[header.start() :], str(self._main))

    def missing(self, name: str, path: str, text: str, span: Span) -> TlaError:
        """Return the error for a module that is nowhere."""
        looked = ", ".join(map(str, self._folders)) or "no folder"
        return TlaError(
            f"there is no module {name} in {looked}",
            path=path,
            text=text,
            line=span.line,
            column=span.column,
        )


def is_built_in(name: str) -> bool:
    """Tell whether speccheck knows the module without a file."""
    return is_standard(name)
