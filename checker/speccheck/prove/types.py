r"""Types of constants and variables, as texts such as ``Set(Int)`` say them.

The syntax is that of Apalache's type system (ADR-002): ``Int``, ``Bool``, ``SERVER`` (a type of
values of which nothing is known), ``Set(T)``, ``S -> T``, ``<<S, T>>``, ``{ name: T }``, ``$alias``
with ``@typeAlias: alias = T;``. An alias of ``Int`` or of a set type is kept as a name of its own:
quantifiers are instantiated by these names, and sets of an aliased set type are values that
quantifiers may range over.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple, TypeAlias


class BoolType(NamedTuple):
    """TRUE and FALSE."""


class IntType(NamedTuple):
    """The integers; ``name`` is the alias under which they go, or ``int``."""

    name: str = "int"


class AtomType(NamedTuple):
    """Values of which nothing is known but that they are equal or not."""

    name: str


class SetType(NamedTuple):
    """Sets; ``name`` is the alias, empty where there is none."""

    element: "Type"
    name: str = ""


class FunctionType(NamedTuple):
    """Functions of one argument."""

    domain: "Type"
    codomain: "Type"


class TupleType(NamedTuple):
    """Tuples of a fixed length."""

    items: "tuple[Type, ...]"


class RecordType(NamedTuple):
    """Records, fields in the order of the text."""

    fields: "tuple[tuple[str, Type], ...]"


Type: TypeAlias = BoolType | IntType | AtomType | SetType | FunctionType | TupleType | RecordType


def alike(one: Type, other: Type) -> bool:
    """Tell whether types are the same, but for the names of aliases of Int."""
    match one, other:
        case TupleType(items=these), TupleType(items=those):
            return len(these) == len(those) and all(map(alike, these, those))
        case SetType(), SetType():
            return one.name == other.name and alike(one.element, other.element)
        case FunctionType(), FunctionType():
            return alike(one.domain, other.domain) and alike(one.codomain, other.codomain)
        case RecordType(), RecordType():
            mine, its = dict(one.fields), dict(other.fields)
            return set(mine) == set(its) and all(alike(mine[n], its[n]) for n in mine)
    return type(one) is type(other) and (one == other or not _has_sort_of_its_own(one))


def _has_sort_of_its_own(type_: Type) -> bool:
    return isinstance(type_, AtomType)


def assumes(type_: Type) -> bool:
    """Tell whether TLA+ values need not be of a type: all but atoms, and sets of these, assume."""
    match type_:
        case AtomType():
            return False
        case SetType(element=element):
            return assumes(element)
    return True


def is_set_of_atoms(type_: Type) -> bool:
    """Tell whether a type is that of sets of atoms, such as ``Set(SERVER)``."""
    return isinstance(type_, SetType) and isinstance(type_.element, AtomType)


def type_text(type_: Type) -> str:
    """Return a type as an annotation says it, without aliases."""
    match type_:
        case IntType():
            return "Int"
        case BoolType():
            return "Bool"
        case AtomType(name=name):
            return name
        case SetType(element=element):
            return f"Set({type_text(element)})"
        case FunctionType(domain=domain, codomain=codomain):
            left = (
                f"({type_text(domain)})" if isinstance(domain, FunctionType) else type_text(domain)
            )
            return f"{left} -> {type_text(codomain)}"
        case TupleType(items=items):
            return f"<<{', '.join(map(type_text, items))}>>"
        case RecordType(fields=fields):
            return "{ " + ", ".join(f"{name}: {type_text(one)}" for name, one in fields) + " }"


_TOKEN = re.compile(r"\s*(->|<<|>>|[(){}:,$]|[A-Za-z_][A-Za-z0-9_]*)")


class TypeSyntaxError(Exception):
    """A type annotation cannot be read; the message says what is wrong."""


def read_type(text: str, aliases: Mapping[str, str]) -> Type:
    """Return the type that a text says. Raises TypeSyntaxError."""
    return _Reader(text, aliases, ()).whole()


class _Reader:
    def __init__(self, text: str, aliases: Mapping[str, str], open_: tuple[str, ...]) -> None:
        self._text = text
        self._aliases = aliases
        self._open = open_
        self._tokens: list[str] = []
        position = 0
        stripped = text.rstrip()
        while position < len(stripped):
            token = _TOKEN.match(stripped, position)
            if token is None:
                raise TypeSyntaxError(f"{stripped[position:].strip()!r} is no part of a type")
            self._tokens.append(token[1])
            position = token.end()

    def whole(self) -> Type:
        found = self._type()
        if self._tokens:
            raise TypeSyntaxError(f"{self._tokens[0]!r} is one too many in the type {self._text}")
        return found

    def _next(self) -> str:
        if not self._tokens:
            raise TypeSyntaxError(f"the type {self._text!r} ends too early")
        return self._tokens.pop(0)

    def _expect(self, token: str) -> None:
        found = self._next()
        if found != token:
            raise TypeSyntaxError(f"{token!r} is expected, not {found!r}, in the type {self._text}")

    def _at(self, token: str) -> bool:
        return bool(self._tokens) and self._tokens[0] == token

    def _type(self) -> Type:
        left = self._plain()
        if self._at("->"):
            self._next()
            return FunctionType(left, self._type())
        return left

    def _list(self, close: str) -> list[Type]:
        items = [self._type()]
        while self._at(","):
            self._next()
            items.append(self._type())
        self._expect(close)
        return items

    def _plain(self) -> Type:
        token = self._next()
        match token:
            case "Int":
                return IntType()
            case "Bool":
                return BoolType()
            case "Set":
                self._expect("(")
                return SetType(self._list(")")[0])
            case "(":
                items = self._list(")")
                return items[0] if len(items) == 1 else TupleType(tuple(items))
            case "<<":
                return TupleType(tuple(self._list(">>")))
            case "{":
                return self._record()
            case "$":
                return self._alias(self._next())
            case _ if token[0].isalpha() and token == token.upper():
                if token in self._aliases:
                    message = f"{token} is a type and a @typeAlias; give the alias another name"
                    raise TypeSyntaxError(message)
                return AtomType(token)
        raise TypeSyntaxError(f"{token!r} is no type that proofs know")

    def _record(self) -> Type:
        fields: list[tuple[str, Type]] = []
        while True:
            name = self._next()
            self._expect(":")
            fields.append((name, self._type()))
            if not self._at(","):
                break
            self._next()
        self._expect("}")
        return RecordType(tuple(fields))

    def _alias(self, name: str) -> Type:
        if name not in self._aliases:
            raise TypeSyntaxError(f"there is no @typeAlias {name}")
        if name in self._open:
            raise TypeSyntaxError(f"the @typeAlias {name} needs itself")
        meant = _Reader(self._aliases[name], self._aliases, (*self._open, name)).whole()
        if isinstance(meant, IntType):
            return IntType(name)
        if isinstance(meant, SetType):
            return SetType(meant.element, name)
        return meant
