"""Sorts and symbols: of any size, or of a few elements where a counterexample is looked for."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import count
from typing import NamedTuple

import z3

from speccheck.prove.types import (
    AtomType,
    BoolType,
    FunctionType,
    IntType,
    RecordType,
    SetType,
    TupleType,
    Type,
)
from speccheck.prove.values import (
    FunctionValue,
    RecordValue,
    Scalar,
    SetValue,
    Term,
    TupleValue,
    Unfit,
    Value,
    describe,
    scalar_types,
    terms_of,
)

_LABEL = re.compile(r"[^\s()|]+![0-9]+")


@dataclass(frozen=True, slots=True)
class Shape:
    """The domain of a function, and the shape of its values where these are functions."""

    domain: SetValue
    inside: "Shape | None" = None


def shape_of(functions: SetValue) -> Shape | None:
    """Return the shape of what is in a set ``[S -> T]``, None for another set."""
    if functions.functions is None:
        return None
    domain, codomain = functions.functions
    return Shape(domain, shape_of(codomain))


class Bound(NamedTuple):
    """A fresh value for a bound name and the constants that it is made of."""

    value: Value
    constants: list[Term]


class World:
    """Sorts and symbols of one specification.

    Without ``sizes`` every type may be of any size. With them, a type of that name has so many
    values (an alias of Int: 0 up to the size), and quantifiers over it are written out. With
    ``all_numbers`` only types without numbers have so many: that is an instance of the
    specification, while one whose numbers end is none.
    """

    _made = count()

    def __init__(self, sizes: Mapping[str, int] | None = None, all_numbers: bool = False) -> None:
        self.sizes = dict(sizes or {})
        self._all_numbers = all_numbers
        self.cut = False  # whether numbers have been left out somewhere
        self.numbers: set[str] = set()  # symbols that stand for, or give, numbers with a size
        self._sorts: dict[str, Term] = {}
        self._elements: dict[str, list[Term]] = {}
        self._symbols: dict[str, Term] = {}
        self._fresh = count(1000)  # Z3 gives a!1, a!2, ... to what it prints several times.
        self._bound: dict[int, Term] = {}  # all constants for bound names, by identity
        self._labels: set[str] = set()
        self._limits: dict[int, Term] = {}
        self._axioms: dict[str, Term] = {}  # what is known of a value of CHOOSE, by its name
        # Types of which some constant is assumed to have all values there are.
        self.whole: frozenset[Type] = frozenset()
        self._suffix = f"!{next(World._made)}" if self.sizes else ""

    def sort(self, type_: Type) -> Term:
        """Return the sort of the terms of a type. Raises Unfit for types without terms."""
        match type_:
            case BoolType():
                return z3.BoolSort()
            case IntType():
                return z3.IntSort()
            case AtomType(name=name):
                return self._named(name)
            case SetType(name=name) if name:
                return self._named(name)
        raise Unfit("only numbers, atoms and sets with a type alias can be terms")

    def _named(self, name: str) -> Term:
        sort = self._sorts.get(name)
        if sort is None:
            size = self.sizes.get(name)
            if size is None:
                sort = z3.DeclareSort(name)
            else:
                labels = [f"{name.lower()[0]}{n}{self._suffix}" for n in range(1, size + 1)]
                sort, self._elements[name] = z3.EnumSort(f"{name}{self._suffix}", labels)
            self._sorts[name] = sort
        return sort

    def last_number(self, type_: Type) -> int | None:
        """Return where the numbers of a type end, None where they do not or it has none."""
        if self._all_numbers or not isinstance(type_, IntType) or type_.name not in self.sizes:
            return None
        self.cut = True
        return self.sizes[type_.name]

    def elements(self, type_: Type) -> list[Value] | None:
        """Return all values of a type, None where it is of any size."""
        match type_:
            case BoolType():
                return [Scalar(z3.BoolVal(b), type_) for b in (False, True)]
            case IntType() if (last := self.last_number(type_)) is not None:
                return [Scalar(z3.IntVal(n), type_) for n in range(last + 1)]
            case AtomType(name=name) | SetType(name=name) if name in self.sizes:
                self._named(name)
                return [Scalar(term, type_) for term in self._elements[name]]
            case TupleType(items=items):
                found: list[tuple[Value, ...]] = [()]
                for item in items:
                    values = self.elements(item)
                    if values is None:
                        return None
                    found = [(*before, value) for before in found for value in values]
                return [TupleValue(values) for values in found]
        return None

    def symbol(
        self,
        name: str,
        type_: Type,
        arguments: tuple[Term, ...] = (),
        shape: Shape | None = None,
    ) -> Value:
        """Return the value that a name stands for, one symbol a leaf of its type.

        ``shape`` tells the domain of a function, of which nothing is known without it.
        """
        match type_:
            case FunctionType(domain=domain, codomain=codomain):
                scalar_types(domain)
                inside = None if shape is None else shape.inside
                return FunctionValue(
                    lambda x: self.symbol(
                        name, codomain, (*arguments, *self._given(name, domain, x)), inside
                    ),
                    None if shape is None else shape.domain,
                )
            case SetType(element=element, name=alias) if not alias:
                scalar_types(element)
                return SetValue(
                    lambda x: self._apply(
                        name, (*arguments, *self._given(name, element, x)), z3.BoolSort()
                    ),
                    element,
                )
            case TupleType(items=items):
                return TupleValue(
                    tuple(
                        self.symbol(f"{name}.{n}", item, arguments)
                        for n, item in enumerate(items, 1)
                    )
                )
            case RecordType(fields=fields):
                return RecordValue(
                    {n: self.symbol(f"{name}.{n}", one, arguments) for n, one in fields}
                )
        term = self._apply(name, arguments, self.sort(type_))
        self._note(term, type_)
        return Scalar(term, type_)

    def _given(self, name: str, type_: Type, x: Value) -> list[Term]:
        """Return the terms of what a symbol is given, which has to be of the annotated type."""
        terms = terms_of(x)
        if [one.sort() for one in terms] != [self.sort(one) for one in scalar_types(type_)]:
            raise Unfit(f"{name} is not for values of this type, a {describe(x)}")
        return terms

    def _note(self, term: Term, type_: Type) -> None:
        if isinstance(type_, IntType) and type_.name in self.sizes:
            self.numbers.add(term.decl().name())

    def _apply(self, name: str, arguments: tuple[Term, ...], sort: Term) -> Term:
        symbol = self._symbols.get(name)
        if not arguments:
            if symbol is None:
                symbol = self._symbols[name] = z3.Const(name + self._suffix, sort)
            return symbol
        if symbol is None:
            sorts = [argument.sort() for argument in arguments]
            symbol = self._symbols[name] = z3.Function(name + self._suffix, *sorts, sort)
        fits = symbol.arity() == len(arguments) and all(
            argument.sort() == symbol.domain(n) for n, argument in enumerate(arguments)
        )
        if not fits:
            raise Unfit(f"{name.removeprefix('in ')} is not for values of this type")
        return symbol(*arguments)

    def universe(self, type_: Type) -> SetValue:
        """Return the set of all values of a type that has terms."""

        def has(x: Value) -> Term:
            if not isinstance(x, Scalar) or x.term.sort() != self.sort(type_):
                raise Unfit(f"a {describe(x)} is not of the type of the elements of this set")
            return z3.BoolVal(True)

        return SetValue(has, type_, universe=True)

    def within(self, name: str, domain: SetValue) -> tuple[Bound, Term]:
        """Return a fresh value and that it is in a set, to be assumed wherever it stands.

        Raises Unfit for what is no term.
        """
        made = self.bound(name, domain.type)
        limit = domain.has(made.value)
        own = {constant.get_id() for constant in made.constants}
        for part in limit.children() if z3.is_and(limit) else [limit]:
            if own & {constant.get_id() for constant in self.bound_in([part])}:
                self._limits[part.get_id()] = part
        return made, limit

    def is_limit(self, fact: Term) -> bool:
        """Tell whether a fact holds of constants for bound names wherever they stand."""
        parts = fact.children() if z3.is_and(fact) else [fact]
        return all(z3.is_true(z3.simplify(p)) or p.get_id() in self._limits for p in parts)

    def names_in(self, term: Term, own: set[int]) -> set[str]:
        """Return the names that a term speaks of, but for its ``own`` constants."""
        found: set[str] = set()
        pending = [term]
        while pending:
            inside = pending.pop()
            if z3.is_quantifier(inside):
                pending.append(inside.body())
                continue
            pending.extend(inside.children())
            is_name = z3.is_app(inside) and inside.decl().kind() == z3.Z3_OP_UNINTERPRETED
            if is_name and inside.get_id() not in own:
                name = inside.decl().name().removesuffix(self._suffix)
                if not name.startswith("in "):
                    found.add(name.partition(".")[0])
        return found

    def unspecified(self, like: Value, arguments: list[Term]) -> Value:
        """Return a value of which nothing is known but what it depends on."""
        label = f"unspecified!{next(self._fresh)}"

        def made(like: Value, name: str, arguments: tuple[Term, ...]) -> Value:
            match like:
                case Scalar():
                    return self.symbol(name, like.type, arguments)
                case FunctionValue():
                    return FunctionValue(
                        lambda x: made(like.at(x), name, (*arguments, *terms_of(x)))
                    )
                case TupleValue(items=items):
                    parts = enumerate(items, 1)
                    return TupleValue(
                        tuple(made(item, f"{name}.{n}", arguments) for n, item in parts)
                    )
                case RecordValue(fields=fields):
                    return RecordValue(
                        {n: made(one, f"{name}.{n}", arguments) for n, one in fields.items()}
                    )
                case SetValue():
                    scalar_types(like.type)
                    return SetValue(
                        lambda x: self._apply(name, (*arguments, *terms_of(x)), z3.BoolSort()),
                        like.type,
                    )

        return made(like, label, tuple(arguments))

    def refuse_unknown(self, value: Value, why: str) -> None:
        """Raise Unfit where TLA+ says nothing of a value that has no way but to be in a set."""
        match value:
            case Scalar(type=type_) if type_ in self.whole:
                raise Unfit(f"{why}, and is taken for one of that type: say what it is")
            case TupleValue(items=items):
                for item in items:
                    self.refuse_unknown(item, why)
            case RecordValue(fields=fields):
                for one in fields.values():
                    self.refuse_unknown(one, why)

    def as_set(self, value: Value) -> SetValue:
        """Return a set as a set, also one that is a term. Raises Unfit for what is no set."""
        if isinstance(value, SetValue):
            return value
        if isinstance(value, Scalar) and isinstance(value.type, SetType):
            element, name, term = value.type.element, value.type.name, value.term
            return SetValue(
                lambda x: self._apply(f"in {name}", (term, *terms_of(x)), z3.BoolSort()), element
            )
        raise Unfit("this is no set that proofs know")

    def bound(self, name: str, type_: Type, *, numbered: bool = True) -> Bound:
        """Return a fresh value of a type. Raises Unfit for what is no term."""
        if isinstance(type_, TupleType):
            parts = [self.bound(name, item) for item in type_.items]
            return Bound(
                TupleValue(tuple(part.value for part in parts)),
                [constant for part in parts for constant in part.constants],
            )
        label = f"{name}!{next(self._fresh)}" if numbered else name
        constant = z3.Const(label, self.sort(type_))
        self._bound[constant.get_id()] = constant
        self._note(constant, type_)
        if numbered:
            self._labels.add(label)
        return Bound(Scalar(constant, type_), [constant])

    def bound_in(self, terms: list[Term]) -> list[Term]:
        """Return the constants for bound names that stand in some terms, each once."""
        found: dict[int, Term] = {}
        seen: set[int] = set()
        pending = list(terms)
        while pending:
            term = pending.pop()
            if term.get_id() in seen:
                continue
            seen.add(term.get_id())
            if term.get_id() in self._bound:
                found[term.get_id()] = term
            pending.extend(term.body().children() if z3.is_quantifier(term) else term.children())
        return [found[key] for key in sorted(found)]

    def chosen(
        self,
        name: str,
        type_: Type,
        arguments: list[Term],
        axiom: Callable[[Value], Term],
    ) -> tuple[str, Value]:
        """Return a fresh value that depends on some terms, as that of CHOOSE does, and its name.

        ``axiom`` is what is known of it; see :meth:`axioms_for`.
        """
        label = f"{name}!{next(self._fresh)}"
        value = self.symbol(label, type_, tuple(arguments))
        self._axioms[label + self._suffix] = axiom(value)
        return label, value

    def alpha(self, term: Term, own: list[Term]) -> tuple[str, list[Term]]:
        """Return a text of a term that does not depend on the names of what is bound.

        With it come the constants for bound names that it speaks of, in order, but for its ``own``.
        """
        mine = {str(constant): f"own!{n}" for n, constant in enumerate(own)}
        given = {str(one): one for one in self.bound_in([term])}
        seen: dict[str, str] = {}

        def renamed(found: "re.Match[str]") -> str:
            name = found[0]
            if name in mine:
                return mine[name]
            if name not in self._labels:
                return name
            return seen.setdefault(name, f"bound!{len(seen)}")

        text = _LABEL.sub(renamed, term.sexpr())
        return text, [given[name] for name in seen if name in given]

    def axioms_for(self, terms: list[Term]) -> list[Term]:
        """Return what is known of the values of CHOOSE that stand in some terms."""
        return [self._axioms[name] for name in sorted(self.choices_in(terms))]

    def choices_in(self, terms: list[Term]) -> set[str]:
        """Return the names of values of CHOOSE in some terms, and in what is known of these."""
        found: set[str] = set()
        if not self._axioms:
            return found
        seen: set[int] = set()
        pending = list(terms)
        while pending:
            term = pending.pop()
            if term.get_id() in seen:
                continue
            seen.add(term.get_id())
            if z3.is_quantifier(term):
                pending.append(term.body())
                continue
            name = term.decl().name() if z3.is_app(term) else ""
            if name in self._axioms and name not in found:
                found.add(name)
                pending.append(self._axioms[name])
            pending.extend(term.children())
        return found

    def witness(self, name: str, type_: Type, arguments: list[Term]) -> Value:
        """Return an element named by a Skolem function of some terms."""
        return self.symbol(name, type_, tuple(arguments))
