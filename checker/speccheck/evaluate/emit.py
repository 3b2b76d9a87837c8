"""Generated Python source, line by line, each with the place in the specification behind it."""

from dataclasses import dataclass, field, replace
from typing import NamedTuple, TypeAlias

from speccheck.tla import meaning as m

MOST_LOOPS = 14  # CPython refuses more than 20 nested blocks in one function.
MOST_INDENT = 60  # ... and more than 100 levels of indentation in one file.


class Called(NamedTuple):
    """A call whose operator was copied to where it is called: its name, the place of the call."""

    name: str
    place: m.Place


class Site(NamedTuple):
    """What a line stands for: a place, and the calls that lead there, the innermost last."""

    place: m.Place
    calls: tuple[Called, ...]


class Block:
    """Lines of source; a block within it can be filled later, ahead of lines put before."""

    __slots__ = ("items",)

    def __init__(self) -> None:
        self.items: list[tuple[int, str | Block, Site | None]] = []

    def is_empty(self) -> bool:
        """Tell whether there is no line."""
        return all(isinstance(text, Block) and text.is_empty() for _, text, _ in self.items)

    def lines(self, offset: int = 0) -> list[tuple[str, Site | None]]:
        """Return the lines, indented, with what they stand for."""
        out: list[tuple[str, Site | None]] = []
        for indent, text, site in self.items:
            if isinstance(text, Block):
                out.extend(text.lines(offset + indent))
            else:
                out.append((" " * (offset + indent) + text, site))
        return out


# --- what a parameter is bound to while its operator is compiled ----------------------------------


@dataclass(slots=True, eq=False)
class Local:
    """A Python expression without effects, usually a name; ``lazy`` if it may be a lazy value.

    ``constant`` is its value if that is the same always, else None; ``kind`` is what
    speccheck.evaluate.kinds says of it.
    """

    code: str
    lazy: bool = False
    constant: object = None
    kind: str = ""


@dataclass(slots=True, eq=False)
class Deferred:
    """An argument or definition that is evaluated at its first use and then kept in a name.

    ``function`` and ``loops`` say where it was bound, ``hole`` is the block ahead of everything
    that may use it.
    """

    node: m.Expression
    env: "Environment"
    function: int
    loops: int
    hole: Block
    once: bool = False
    old: str = ""
    names: dict[bool, str] = field(default_factory=dict)
    initialized: set[str] = field(default_factory=set)


@dataclass(slots=True, eq=False)
class Closure:
    """An operator, with the environment that its body belongs to."""

    target: m.Operator | m.Builtin
    env: "Environment"


@dataclass(slots=True, eq=False)
class PythonOperator:
    """An operator that is a Python function of values."""

    code: str


@dataclass(slots=True, eq=False)
class Tally:
    """An operator of a number that is TRUE and counts its evaluations, in a list named ``code``."""

    code: str


Binding: TypeAlias = Local | Deferred | Closure | PythonOperator | Tally
Environment: TypeAlias = dict["m.Parameter | m.Operator", Binding]


@dataclass(slots=True, eq=False)
class Context:
    """Where code is being put, and what is known there.

    ``now`` and ``then`` give the Python names of variables without and with a prime, None for
    one that has no value yet; with ``primed`` set, an expression is read as if primed. ``known``
    maps deferred things, primed or not, to the names that hold them on this path. ``assigning``
    says which of the two is being given values: "now" for an initial state, "then" for a step,
    "" for neither. ``calls`` are those that are being copied, the innermost last. Where both states
    of a step are known, ``same`` has the names of what tells for each variable whether it stayed;
    those of ``settled`` have, on this path. ``leaving`` are names of the innermost loop, as long
    as nothing has been put in it but conditions that do not depend on them.
    """

    block: Block
    indent: int
    env: Environment
    now: dict[m.Variable, str | None]
    then: dict[m.Variable, str | None]
    known: dict[tuple[Deferred, bool], str]
    function: int = 0
    loops: int = 0
    primed: bool = False
    old: str = ""
    assigning: str = ""
    stops: bool = False
    calls: tuple[Called, ...] = ()
    same: dict[m.Variable, str] | None = None
    settled: frozenset[m.Variable] = frozenset()
    leaving: frozenset[str] | None = None

    @property
    def has_stand_ins(self) -> bool:
        """Tell whether there are variables of an instance here: only with a prime."""
        return len(self.then) > len(self.now)

    def put(self, text: str, place: m.Place | None = None) -> None:
        """Add a line."""
        site = None if place is None else Site(place, self.calls)
        self.block.items.append((self.indent, text, site))

    def hole(self) -> Block:
        """Add a block that can be filled later."""
        made = Block()
        self.block.items.append((self.indent, made, None))
        return made

    def splice(self, block: Block) -> None:
        """Add a finished block."""
        self.block.items.append((self.indent, block, None))

    def fork(self, **changes: object) -> "Context":
        """Return a copy for another path; what is learnt there is not known here."""
        made = replace(self, **changes)  # type: ignore[arg-type]
        made.known = dict(self.known)
        return made

    def deeper(self, levels: int = 1) -> "Context":
        """Return a copy for an indented path."""
        return self.fork(indent=self.indent + levels)

    def with_env(self, env: Environment) -> "Context":
        """Return the same path with other bindings; what is learnt there is known here too."""
        return replace(self, env=env)

    def called(self, name: str, place: m.Place, env: Environment) -> "Context":
        """Return the same path within an operator that is copied to the place of a call."""
        return replace(self, env=env, calls=(*self.calls, Called(name, place)))
