"""Hints: which instances of assumed facts a proof may need, in a TOML file beside the module.

A hint selects instances of what is assumed or proved anyway. A wrong one can make a proof fail, but
never succeed wrongly. ``docs/proofs.md`` describes the file.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from speccheck.prove.errors import ProofError

# By the name of a type, texts of terms of that type.
Terms = dict[str, tuple[str, ...]]


class Lemma(NamedTuple):
    """A theorem to be used in an action's obligations, and what for its quantified names."""

    theorem: str
    arguments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Extra:
    """More for the obligations of one action, conjunct or theorem.

    ``terms`` are written with the names bound there; ``under`` limits a conjunct's to some actions;
    ``by`` names the theorem whose invariant a theorem follows from. ``patterns`` of a conjunct: Z3
    makes an instance of it where all of these terms are.
    """

    terms: Terms = field(default_factory=dict)
    lemmas: tuple[Lemma, ...] = ()
    under: tuple[str, ...] = ()
    by: str = ""
    patterns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Hints:
    """The hints of a module.

    ``instantiated`` conjuncts are given as instances; ``assumption`` is given as instances with
    witnesses, over the terms of ``witnesses``. Texts of ``terms`` and ``witnesses`` are written
    with the names of types, for which every term of that type is put. ``sizes`` are those of the
    instance in which counterexamples are looked for. ``start`` names a module that extends this one
    and defines ``Start``: what of a state is on the disks of servers (``speccheck.hunt.system``).
    """

    path: Path = Path()
    instantiated: frozenset[str] = frozenset()
    terms: Terms = field(default_factory=dict)
    assumption: str = ""
    witnesses: Terms = field(default_factory=dict)
    sizes: Mapping[str, int] = field(default_factory=dict)
    start: str = ""
    actions: Mapping[str, Extra] = field(default_factory=dict)
    conjuncts: Mapping[str, Extra] = field(default_factory=dict)
    theorems: Mapping[str, Extra] = field(default_factory=dict)

    def error(self, message: str, about: str) -> ProofError:
        """Return the error for a hint, with its place: the line that has ``about`` in quotes."""
        lines = self.path.read_text("utf-8").splitlines() if self.path.is_file() else []
        quoted = (f'"{about}"', f"'{about}'", about)
        found = (n for q in quoted for n, line in enumerate(lines, 1) if q in line)
        number = next(found, 0)
        return ProofError(f"{self.path}{f':{number}' if number else ''}: {message}")


_NO_EXTRA = Extra()


def extra(table: Mapping[str, Extra], name: str) -> Extra:
    """Return what a table of hints says of a name, nothing where it is silent."""
    return table.get(name.partition("#")[0], _NO_EXTRA)


def hints_path(module: Path) -> Path:
    """Return where the hints of a module are: ``ZabCore.hints.toml`` beside ``ZabCore.tla``."""
    return module.with_suffix(".hints.toml")


def read_hints(path: Path) -> Hints:
    """Return the hints in a file, none where there is no file. Raises ProofError."""
    if not path.is_file():
        return Hints()
    try:
        data = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ProofError(f"{path}: {error}") from None
    try:
        return replace(_hints(data), path=path)
    except (TypeError, AttributeError, KeyError, ValueError) as error:
        raise ProofError(f"{path}: this is not how hints are written: {error}") from None


def _hints(data: dict[str, object]) -> Hints:
    known = {"instances", "witnesses", "sizes", "start", "actions", "conjuncts", "theorems"}
    if set(data) - known:
        raise ValueError(f"unknown: {', '.join(sorted(set(data) - known))}")
    instances = _table(data.get("instances"))
    witnesses = _table(data.get("witnesses"))
    return Hints(
        instantiated=frozenset(_texts(instances.get("conjuncts", []))),
        terms=_terms(instances.get("terms")),
        assumption=str(witnesses.get("assumption", "")),
        witnesses=_terms(witnesses.get("terms")),
        sizes={name: _number(size) for name, size in _table(data.get("sizes")).items()},
        start=_name(data.get("start", "")),
        actions=_extras(data.get("actions")),
        conjuncts=_extras(data.get("conjuncts")),
        theorems=_extras(data.get("theorems")),
    )


def _extras(data: object) -> dict[str, Extra]:
    found: dict[str, Extra] = {}
    for name, value in _table(data).items():
        table = _table(value)
        if set(table) - {"terms", "lemmas", "under", "by", "patterns"}:
            raise ValueError(f"{name} says more than terms, lemmas, under, by, patterns")
        lemmas = table.get("lemmas", [])
        if not isinstance(lemmas, list):
            raise TypeError(f"the lemmas of {name} are no list")
        found[name] = Extra(
            terms=_terms(table.get("terms")),
            lemmas=tuple(Lemma(str(one["theorem"]), _texts(one["with"])) for one in lemmas),
            under=_texts(table.get("under", [])),
            by=str(table.get("by", "")),
            patterns=_texts(table.get("patterns", [])),
        )
    return found


def _table(data: object) -> dict[str, object]:
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise TypeError(f"{data!r} is no table")
    return data


def _texts(data: object) -> tuple[str, ...]:
    if not isinstance(data, list) or not all(isinstance(one, str) for one in data):
        raise TypeError(f"{data!r} is no list of texts")
    return tuple(data)


def _terms(data: object) -> Terms:
    return {name: _texts(texts) for name, texts in _table(data).items()}


def _name(data: object) -> str:
    if not isinstance(data, str):
        raise TypeError(f"{data!r} is no name of a module")
    return data


def _number(data: object) -> int:
    if not isinstance(data, int) or data < 1:
        raise TypeError(f"{data!r} is no size")
    return data
