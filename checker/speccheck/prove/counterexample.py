"""A solution of Z3 as values of TLA+: a state, what the action makes of it, the names bound."""

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from itertools import chain, count, islice
from typing import TypeGuard

import z3

from speccheck.prove.conditions import Condition, Conditions
from speccheck.prove.types import (
    AtomType,
    FunctionType,
    IntType,
    RecordType,
    SetType,
    TupleType,
    Type,
)
from speccheck.prove.universes import parts_of
from speccheck.prove.values import (
    FunctionValue,
    RecordValue,
    Scalar,
    SetValue,
    Term,
    TupleValue,
    Value,
)
from speccheck.tla import meaning as m

# Numbers that are looked at for a set of numbers: up to so much.
_FAR = 64


class _Shower:
    """Says values in TLA+; ``finite`` is whether all that was said is finite."""

    def __init__(self, conditions: Conditions, model: z3.ModelRef) -> None:
        self._world = conditions.world
        self._model = model
        self._taken = frozenset(conditions.module.resolved.scope.names)
        self._elements: dict[str, list[Value]] = {}
        self.atoms: list[str] = []
        self.names: dict[str, str] = {}  # of atoms and numbers, by what Z3 calls them
        self.finite = True
        self._free: list[Term] = []  # the numbers of _any
        self._name_atoms(conditions.module.types.values())

    def _name_atoms(self, types: Iterable[Type]) -> None:
        named = {part.name: part for type_ in types for part in parts_of(type_) if _is_named(part)}
        for name in sorted(named):
            type_ = named[name]
            if name in self._world.sizes:
                listed = self._world.elements(type_) or []
            else:
                sort = self._world.sort(type_)
                terms = self._model.get_universe(sort) or [
                    self._model.eval(z3.Const("any", sort), model_completion=True)
                ]
                listed = [Scalar(term, type_) for term in sorted(terms, key=str)]
            self._elements[name] = listed
        atoms = {n: len(self._elements[n]) for n, one in named.items() if isinstance(one, AtomType)}
        for name, labels in atom_names(atoms, self._taken).items():
            for value, label in zip(self._elements[name], labels, strict=True):
                assert isinstance(value, Scalar), "an atom"
                self.names[str(value.term)] = label
                self.atoms.append(label)

    def text(self, value: Value, type_: Type | None) -> str:
        return self._text(value, type_, 0)

    def _text(self, value: Value, type_: Type | None, depth: int) -> str:
        match value:
            case Scalar():
                return self._scalar(value, depth)
            case TupleValue(items=items):
                types = type_.items if isinstance(type_, TupleType) else [None] * len(items)
                shown = [self._text(v, t, depth) for v, t in zip(items, types, strict=True)]
                return f"<<{', '.join(shown)}>>"
            case RecordValue(fields=fields):
                of = dict(type_.fields) if isinstance(type_, RecordType) else {}
                told = (f"{n} |-> {self._text(v, of.get(n), depth)}" for n, v in fields.items())
                return f"[{', '.join(told)}]"
            case FunctionValue() if isinstance(type_, FunctionType) or value.domain is not None:
                of_, codomain = _parts(value, type_)
                elements = self._among(of_, value.domain)
                if elements is None:
                    x, name = self._any(depth)
                    domain = "Int" if value.domain is None else self._numbers(value.domain, depth)
                    inside = self._text(value.at(x), codomain, depth + 1)
                    return f"[{name} \\in {domain} |-> {inside}]"
                pairs = [
                    f"{self._text(x, None, depth)} :> {self._text(value.at(x), codomain, depth)}"
                    for x in elements
                ]
                return f"({' @@ '.join(pairs)})" if pairs else "<< >>"
            case SetValue():
                elements = self._among(value.type, value)
                if elements is None:
                    return self._numbers(value, depth)
                return f"{{{', '.join(self._text(x, None, depth) for x in elements)}}}"
        self.finite = False
        return "?"

    def _any(self, depth: int) -> tuple[Scalar, str]:
        """Return a number of which nothing is said, and its name."""
        self.finite = False
        names = (f"{letter}{n}" for n in ("", *range(1, 99)) for letter in "ijkmnpqr")
        free = [name for name in islice(names, 99) if name not in self._taken]
        x = z3.Int(f"{free[depth]}!any")
        self.names[str(x)] = free[depth]
        self._free.append(x)
        return Scalar(x, IntType()), free[depth]

    def _numbers(self, among: SetValue, depth: int) -> str:
        """Return an infinite set of numbers, or tuples of them, in TLA+."""
        if not isinstance(among.type, IntType):
            self.finite = False
            return "?"
        x, name = self._any(depth)
        inside = z3.simplify(self._eval(among.has(x)))
        if z3.is_true(inside):
            return "Int"
        if inside.eq(z3.simplify(x.term >= 0)):
            return "Nat"
        return f"{{{name} \\in Int : {self._expression(inside)}}}"

    def _values(self, type_: Type) -> list[Value] | None:
        """Return the values of a type, None where they cannot be listed."""
        if _is_named(type_):
            return self._elements.get(type_.name)
        if isinstance(type_, TupleType):
            found: list[tuple[Value, ...]] = [()]
            for item in type_.items:
                values = self._values(item)
                if values is None:
                    return None
                found = [(*before, value) for before in found for value in values]
            return [TupleValue(values) for values in found]
        return self._world.elements(type_)

    def _among(self, type_: Type, among: SetValue | None) -> list[Value] | None:
        """Return the values of a type that are in a set, None where they cannot be listed."""
        elements = self._values(type_)
        if elements is None and among is not None and isinstance(type_, IntType):
            numbers = [Scalar(z3.IntVal(n), type_) for n in range(-_FAR, _FAR + 1)]
            if not any(self._may_hold(among.has(end)) for end in (numbers[0], numbers[-1])):
                elements = [*numbers]
        if elements is None or among is None:
            return elements
        if any(not _is_decided(self._eval(among.has(x))) for x in elements):
            return None
        return [x for x in elements if z3.is_true(self._eval(among.has(x)))]

    def _may_hold(self, term: Term) -> bool:
        return not z3.is_false(self._eval(term))

    def _eval(self, term: Term) -> Term:
        if not self._free:
            return self._model.eval(term, model_completion=True)
        # What the model does not speak of gets a value, but for the numbers of _any.
        zeros = [(one, z3.IntVal(0)) for one in self._free]
        self._model.eval(z3.substitute(term, *zeros), model_completion=True)
        return self._model.eval(term)

    def _scalar(self, value: Scalar, depth: int) -> str:
        if isinstance(value.type, SetType):
            return self._text(self._world.as_set(value), None, depth)
        return self._expression(z3.simplify(self._eval(value.term)))

    def _expression(self, term: Term) -> str:
        """Return what Z3 says of a value as an expression of TLA+."""
        if z3.is_true(term) or z3.is_false(term):
            return str(term).upper()
        if z3.is_int_value(term):
            return str(term)
        if not z3.is_app(term):
            self.finite = False
            return "?"
        if str(term) in self.names:
            return self.names[str(term)]
        parts = [self._expression(part) for part in term.children()]
        kind = term.decl().kind()
        if kind == z3.Z3_OP_ITE:
            return f"IF {parts[0]} THEN {parts[1]} ELSE {parts[2]}"
        if kind == z3.Z3_OP_NOT:
            return f"~({parts[0]})"
        if kind in _SIGNS and len(parts) > 1:
            return _SIGNS[kind].join(
                f"({part})" if inner.num_args() else part
                for part, inner in zip(parts, term.children(), strict=True)
            )
        self.finite = False
        return "?"


_SIGNS = {
    z3.Z3_OP_AND: " /\\ ",
    z3.Z3_OP_OR: " \\/ ",
    z3.Z3_OP_EQ: " = ",
    z3.Z3_OP_LE: " <= ",
    z3.Z3_OP_GE: " >= ",
    z3.Z3_OP_LT: " < ",
    z3.Z3_OP_GT: " > ",
    z3.Z3_OP_ADD: " + ",
    z3.Z3_OP_SUB: " - ",
    z3.Z3_OP_MUL: " * ",
}


def _parts(value: FunctionValue, type_: Type | None) -> tuple[Type, Type | None]:
    """Return the types of arguments and values of a function."""
    if isinstance(type_, FunctionType):
        return type_.domain, type_.codomain
    assert value.domain is not None, "one of them is known"
    return value.domain.type, None


def _is_named(type_: Type) -> TypeGuard[AtomType | SetType]:
    return isinstance(type_, AtomType | SetType) and bool(type_.name)


def _is_decided(term: Term) -> bool:
    return bool(z3.is_true(term) or z3.is_false(term))


def atom_names(sizes: Mapping[str, int], taken: Container[str]) -> dict[str, list[str]]:
    """Return names for the values of types: a few letters of the type's and a number.

    ``sizes`` tells how many values a type has; no name is among those ``taken``, and no two are
    the same.
    """
    found: dict[str, list[str]] = {}
    used: set[str] = set()
    for name in sorted(sizes):
        letters = [name.lower()[:n] for n in range(1, len(name) + 1)]
        longer = (f"{name.lower()}{'_' * n}" for n in count(1))
        for prefix in chain(letters, longer):
            labels = [f"{prefix}{n}" for n in range(1, sizes[name] + 1)]
            if not any(label in taken or label in used for label in labels):
                break
        used |= set(labels)
        found[name] = labels
    return found


@dataclass(frozen=True, slots=True)
class Counterexample:
    """A solution as texts: constants and the state before by name, and the lines that tell it.

    ``atoms`` are the model values that stand in it; ``is_written_out`` tells that all of it is
    finite, so that a model checker can take it.
    """

    constants: dict[str, str]
    state: dict[str, str]
    lines: list[str]
    atoms: tuple[str, ...]
    is_written_out: bool


def counterexample(
    conditions: Conditions, condition: Condition, model: z3.ModelRef
) -> Counterexample:
    """Return a solution in the words of TLA+."""
    shower = _Shower(conditions, model)
    lines: list[str] = []
    for title, named in (("with", condition.parameters), ("for", condition.names)):
        if named:
            shown = ", ".join(f"{n} = {shower.text(v, None)}" for n, v in named.items())
            lines.append(f"{title} {shown}")
    types = conditions.module.types
    constants: dict[str, str] = {}
    for constant in conditions.module.resolved.constants:
        if constant in types:
            value = conditions.translator.constant(constant)
            constants[constant.name] = shower.text(value, types[constant])
    lines += [f"  {name} = {text}" for name, text in constants.items()]
    before: dict[m.Variable, str] = {}
    for variable, value in condition.before.items():
        before[variable] = shower.text(value, types[variable])
        lines.append(f"  /\\ {variable.name} = {before[variable]}")
    finite = shower.finite
    for variable, value in (condition.after or {}).items():
        text = shower.text(value, types[variable])
        if text != before[variable]:
            lines.append(f"  /\\ {variable.name}' = {text}")
    state = {variable.name: text for variable, text in before.items()}
    atoms = tuple(shower.atoms)
    return Counterexample(constants, state, lines, atoms, finite)
