r"""What a variant says of itself, in comments ``\* @key value`` of its module.

A variant is a TLA+ module that extends another and defines operators to stand for some of it. TLA+
has no overriding, so that the header names what stands for what, and models do it in their
configuration (``Op <- NewOp``), which TLC takes as well. ``docs/variants.md`` lists the keys.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from speccheck.tla.errors import read_text

_LINE = re.compile(r"^\\\*\s*@(?P<key>[a-z]+)\b[ \t]*(?P<value>.*?)\s*$", re.MULTILINE)
_MODULE = re.compile(r"^-{4,}\s*MODULE\s+(\w+)\s*-{4,}", re.MULTILINE)
_BASES = re.compile(r"^EXTENDS\s+(\w+(?:\s*,\s*\w+)*)", re.MULTILINE)
_ABOUT = re.compile(r"\(\*(.*?)\*\)\s*$", re.DOTALL | re.MULTILINE)
_REDEFINES = re.compile(r"^(\w+)\s*<-\s*(\w+)$")
_SETTING = re.compile(r"^(\w+)\s*(=|<-)\s*(.+)$", re.DOTALL)

KEYS = {
    "claim": "why somebody would want it; may be repeated",
    "kind": "published, paper, question, mistake, core or grain",
    "redefines": "OP <- NEWOP: what stands for what; may be repeated",
    "model": "MODULE CONFIG.cfg; CONSTANT = VALUE; ...: where it is looked at; may be repeated",
    "specification": "the specification in place of the configuration's",
    "invariant": "predicates of its own, to be checked too",
    "property": "temporal properties of its own, to be checked too",
    "symmetry": "the symmetry of its models",
    "drops": "keywords of the configuration that do not fit it, SYMMETRY for example",
    "replaces": "of kind grain: the modules of the specification that it stands for",
    "quiescent": "of kind grain: a predicate of states in which these modules are at rest",
    "fails": "properties that do not hold",
    "holds": "properties that do; 'all' for every one",
    "strategy": "what the implementation can be run with, to do as the variant does",
    "core": "the variant of ZabCore.tla with the same change, for the prover",
    "obligation": "the obligation that the prover refutes",
    "sizes": "NAME = NUMBER; ...: of the instance in which the prover looks for a counterexample",
    "run": "what a run from Init breaks, of a variant for the prover",
}
KINDS = ("published", "paper", "question", "mistake", "core", "grain")
ALL = "all"


class VariantError(Exception):
    """A variant cannot be run; the text says which, where and what to do."""


class Setting(NamedTuple):
    """A constant of a model with another value: ``name = value`` or ``name <- value``."""

    name: str
    sign: str
    value: str


class ModelLine(NamedTuple):
    """A model that a variant is looked at in."""

    module: str
    config: str
    settings: tuple[Setting, ...]

    @property
    def name(self) -> str:
        """The name of the configuration, and what is different in it."""
        changes = ", ".join(f"{one.name} {one.sign} {one.value}" for one in self.settings)
        name = self.config.removesuffix(".cfg")
        return f"{name} ({changes})" if changes else name


@dataclass(frozen=True)
class Variant:
    """A variant: its module, and what its header says."""

    name: str
    path: Path
    base: str
    about: str
    claim: str
    kind: str
    redefines: tuple[tuple[str, str], ...]
    models: tuple[ModelLine, ...] = ()
    specification: str = ""
    invariants: tuple[str, ...] = ()
    properties: tuple[str, ...] = ()
    symmetry: str = ""
    drops: tuple[str, ...] = ()
    replaces: tuple[str, ...] = ()
    quiescent: str = ""
    fails: tuple[str, ...] = ()
    holds: tuple[str, ...] = ()
    strategy: str = ""
    core: str = ""
    obligation: str = ""
    sizes: tuple[tuple[str, int], ...] = ()
    run: str = ""
    texts: dict[str, tuple[str, ...]] = field(default_factory=dict, compare=False)

    @property
    def is_right(self) -> bool:
        """Whether nothing is expected to fail."""
        return not self.fails and not self.obligation


def is_variant(path: Path) -> bool:
    """Tell whether a module has the header of a variant; others may stand beside them."""
    return any(match["key"] == "kind" for match in _LINE.finditer(read_text(path)))


def read_variant(path: Path) -> Variant:
    """Return the variant in a file. Raises VariantError, OSError."""
    if not path.is_file():
        raise VariantError(
            f"{path}: there is no such file; 'speccheck variants new NAME' makes one"
        )
    text = read_text(path)
    found: dict[str, list[str]] = {}
    for match in _LINE.finditer(text):
        key = match["key"]
        where = f"{path}:{text.count(chr(10), 0, match.start()) + 1}"
        if key not in KEYS:
            raise VariantError(f"{where}: @{key} is none of {', '.join(KEYS)}")
        if not match["value"]:
            raise VariantError(f"{where}: @{key} says nothing; it is for {KEYS[key]}")
        found.setdefault(key, []).append(match["value"])
    module, extended = _MODULE.search(text), _BASES.search(text)
    if module is None or extended is None:
        raise VariantError(f"{path}: a variant is a module that EXTENDS the one it changes")
    bases = re.split(r"\s*,\s*", extended.group(1))
    return _variant(path, module.group(1), bases, _about(text), found)


def _variant(
    path: Path, name: str, bases: list[str], about: str, found: dict[str, list[str]]
) -> Variant:
    def words(key: str) -> tuple[str, ...]:
        return tuple(re.split(r"[\s,]+", " ".join(found.get(key, ()))) if key in found else ())

    def once(key: str) -> str:
        values = found.get(key, [""])
        if len(values) > 1:
            raise VariantError(f"{path}: @{key} is given twice")
        return values[0]

    kind = once("kind")
    if kind not in KINDS:
        raise VariantError(f"{path}: @kind {kind} is none of {', '.join(KINDS)}")
    if not any(key in found for key in ("fails", "holds", "obligation")):
        raise VariantError(f"{path}: say with @fails or @holds what is expected of it")
    above = [path.with_name(f"{base}.tla") for base in bases]
    parents = [read_variant(one) for one in above if one.is_file() and is_variant(one)]
    redefines = {old: new for parent in parents for old, new in parent.redefines}
    redefines |= dict(_redefined(path, text) for text in found.get("redefines", ()))
    if (
        not parents
        and "redefines" not in found
        and not any(";" in text for text in found.get("model", ()))
    ):
        raise VariantError(f"{path}: there is no line '\\* @redefines OP <- NEWOP'")
    return Variant(
        name=name,
        path=path,
        base=bases[0],
        about=about,
        claim=" ".join(found.get("claim", ())),
        kind=kind,
        redefines=tuple(redefines.items()),
        models=tuple(_model(path, text) for text in found.get("model", ())),
        specification=once("specification"),
        invariants=(*(one for each in parents for one in each.invariants), *words("invariant")),
        properties=words("property"),
        symmetry=once("symmetry"),
        drops=words("drops"),
        replaces=words("replaces"),
        quiescent=once("quiescent"),
        fails=words("fails"),
        holds=words("holds"),
        strategy=once("strategy"),
        core=once("core"),
        obligation=once("obligation"),
        sizes=tuple(_size(path, part) for part in once("sizes").split(";") if part.strip()),
        run=once("run"),
        texts={key: tuple(values) for key, values in found.items()},
    )


def _redefined(path: Path, text: str) -> tuple[str, str]:
    match = _REDEFINES.match(text)
    if match is None:
        raise VariantError(f"{path}: @redefines {text}: OP <- NEWOP is expected")
    return match.group(1), match.group(2)


def _model(path: Path, text: str) -> ModelLine:
    first, *rest = (part.strip() for part in text.split(";"))
    names = first.split()
    if len(names) != 2 or not names[1].endswith(".cfg"):
        raise VariantError(
            f"{path}: @model {text}: MODULE CONFIG.cfg; CONSTANT = VALUE is expected"
        )
    settings = []
    for part in filter(None, rest):
        match = _SETTING.match(part)
        if match is None:
            raise VariantError(f"{path}: @model ... {part}: CONSTANT = VALUE is expected")
        settings.append(Setting(*match.groups()))
    return ModelLine(names[0], names[1], tuple(settings))


def _size(path: Path, text: str) -> tuple[str, int]:
    name, _, number = (part.strip() for part in text.partition("="))
    if not number.isdecimal():
        raise VariantError(f"{path}: @sizes {text.strip()}: NAME = NUMBER is expected")
    return name, int(number)


def _about(text: str) -> str:
    """Return the first comment of a module as prose."""
    lines: list[str] = []
    for line in text.splitlines()[1:]:
        if not line.startswith("(*"):
            if lines:
                break
            continue
        inner = line.removeprefix("(*").removesuffix("*)").strip()
        if inner.strip("*"):
            lines.append(inner)
        elif len(lines) > 1:
            break
    return " ".join(lines)


def find_variants(folder: Path, names: Iterable[str] = ()) -> list[Variant]:
    """Return the variants of a folder, those named if any are. Raises VariantError, OSError."""
    wanted = [name.removesuffix(".tla") for name in names]
    if wanted:
        return [
            read_variant(Path(f"{name}.tla") if "/" in name else folder / f"{name}.tla")
            for name in wanted
        ]
    if not folder.is_dir():
        raise VariantError(f"{folder}: there is no such folder; --folder names another")
    return [read_variant(path) for path in sorted(folder.glob("*.tla")) if is_variant(path)]
