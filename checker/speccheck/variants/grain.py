"""What each action of a specification reads and writes, computed from its text.

The modules of a specification are the disjuncts of its next-state relation. What one writes and
another reads is how they interact; what a module alone touches is its own affair, and may be done
in another grain as long as nobody can tell (Ouyang et al., "Multi-Grained Specifications for
Distributed System Model Checking and Verification", EuroSys 2025).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from speccheck.evaluate.analysis import actual, children
from speccheck.tla import meaning as m
from speccheck.tla.modules import Library
from speccheck.tla.resolve import resolve
from speccheck.variants.header import VariantError


class Footprint(NamedTuple):
    """An action, the variables that its step depends on, and those that it may change.

    A variable of which the action only says that its new value is the old one but for some places
    is written, not read.
    """

    name: str
    place: m.Place
    reads: frozenset[str]
    writes: frozenset[str]


class _Touched(NamedTuple):
    reads: frozenset[str] = frozenset()
    writes: frozenset[str] = frozenset()

    def __or__(self, other: "_Touched") -> "_Touched":
        return _Touched(self.reads | other.reads, self.writes | other.writes)


@dataclass(frozen=True)
class Module:
    """A disjunct of the next-state relation with its actions."""

    name: str
    actions: tuple[Footprint, ...]

    @property
    def reads(self) -> frozenset[str]:
        """What some action reads."""
        return frozenset().union(*(one.reads for one in self.actions))

    @property
    def writes(self) -> frozenset[str]:
        """What some action writes."""
        return frozenset().union(*(one.writes for one in self.actions))


class Grain:
    """The modules of a specification, and what they have to do with each other."""

    def __init__(self, modules: Iterable[Module], variables: Iterable[str]) -> None:
        self.modules = tuple(modules)
        self.variables = tuple(variables)

    def interaction(self, one: Module, other: Module) -> frozenset[str]:
        """Return what one module writes and the other reads."""
        return one.writes & other.reads

    def internal(self, names: Iterable[str]) -> frozenset[str]:
        """Return what some modules touch and no other reads; others may still write it."""
        wanted = {*names}
        own = [each for each in self.modules if each.name in wanted]
        others = [each for each in self.modules if each.name not in wanted]
        touched = frozenset[str]().union(*(each.reads | each.writes for each in own))
        return touched - frozenset[str]().union(*(each.reads for each in others))


def grain_of(
    path: Path,
    folders: Iterable[Path] = (),
    relation: str = "Next",
    redefines: Iterable[tuple[str, str]] = (),
) -> Grain:
    """Return the grain of the specification in a file, of a variant with what it redefines.

    Raises VariantError, TlaError, OSError.
    """
    if not path.is_file():
        raise VariantError(f"{path}: there is no such file")
    library = Library(folders)
    resolved = resolve(library, library.main(path))
    for old, new in redefines:
        one, by = resolved.scope.find(old), resolved.scope.find(new)
        if not isinstance(one, m.Operator) or not isinstance(by, m.Operator):
            raise VariantError(f"{path}: {old} <- {new}: one of them is no definition")
        one.override = by
    found = resolved.scope.find(relation)
    if not isinstance(found, m.Operator) or found.body is None:
        raise VariantError(f"{path}: there is no definition of {relation}; --next names another")
    reader = _Reader()
    modules = [
        Module(name, tuple(reader.footprint(leaf) for leaf in _leaves(node)))
        for name, node in _modules(found.body, relation)
    ]
    return Grain(modules, (variable.name for variable in resolved.variables))


def _modules(node: m.Expression, name: str) -> Iterator[tuple[str, m.Expression]]:
    parts = _disjuncts(node)
    if parts:
        for part in parts:
            yield from _modules(part, name)
        return
    if isinstance(node, m.Call) and not node.arguments:
        body = actual(node.operator)
        if isinstance(body, m.Operator) and body.body is not None:
            yield node.operator.name, body.body
            return
    yield next((leaf.operator.name for leaf in _leaves(node)), name), node


def _leaves(node: m.Expression) -> Iterator[m.Call]:
    """Yield the named actions below disjunctions and quantifiers."""
    if isinstance(node, m.Quantified) and node.kind == "\\E":
        yield from _leaves(node.body)
        return
    parts = _disjuncts(node)
    if parts:
        for part in parts:
            yield from _leaves(part)
    elif isinstance(node, m.Call):
        body = actual(node.operator)
        inner = body.body if isinstance(body, m.Operator) else None
        if not node.arguments and inner is not None and (_disjuncts(inner) or _is_exists(inner)):
            yield from _leaves(inner)
        else:
            yield node
    elif isinstance(node, m.Items | m.CallBuiltin):
        for inside in children(node):
            if isinstance(inside, m.Call):
                yield from _leaves(inside)


def _is_exists(node: m.Expression) -> bool:
    return isinstance(node, m.Quantified) and node.kind == "\\E"


def _disjuncts(node: m.Expression) -> tuple[m.Expression, ...]:
    parts: tuple[m.Argument, ...] = ()
    if isinstance(node, m.Items) and node.kind == "\\/":
        parts = node.items
    elif isinstance(node, m.CallBuiltin) and node.builtin.name == "\\/":
        parts = node.arguments
    return tuple(part for part in parts if not isinstance(part, m.OperatorValue))


class _Reader:
    """Reads footprints; what a definition touches is found once."""

    def __init__(self) -> None:
        self._known: dict[int, _Touched] = {}

    def footprint(self, call: m.Call) -> Footprint:
        """Return the footprint of an action."""
        touched = self._of(call)
        return Footprint(call.operator.name, call.operator.place, touched.reads, touched.writes)

    def _of(self, node: m.Argument) -> _Touched:
        match node:
            case m.UseVariable(variable=variable):
                return _Touched(frozenset({variable.name}))
            case m.CallBuiltin(builtin=builtin) if builtin.name == "UNCHANGED":
                return _Touched()
            case m.CallBuiltin(builtin=builtin, arguments=(m.UseVariable() as inner,)) if (
                builtin.name == "'"
            ):
                return _Touched(writes=frozenset({inner.variable.name}))
            case m.CallBuiltin(builtin=builtin, arguments=(left, right)) if (
                builtin.name == "=" and _primed(left) is not None
            ):
                return self._assigned(str(_primed(left)), right)
            case m.OperatorValue(target=m.Operator() as target):
                return self._body(target)
            case m.Call(operator=operator):
                return self._body(operator) | self._all(node.arguments)
            case _:
                return self._all(children(node))

    def _all(self, nodes: Iterable[m.Argument]) -> _Touched:
        touched = _Touched()
        for node in nodes:
            touched |= self._of(node)
        return touched

    def _assigned(self, name: str, value: m.Argument) -> _Touched:
        """``v' = e``: reads what e does, but for v itself where only parts of it change."""
        if isinstance(value, m.UseVariable) and value.variable.name == name:
            return _Touched()
        if isinstance(value, m.Changed):
            base = value.function
            if isinstance(base, m.UseVariable) and base.variable.name == name:
                inner = [part for part in children(value) if part is not base]
                return self._all(inner) | _Touched(writes=frozenset({name}))
        return self._of(value) | _Touched(writes=frozenset({name}))

    def _body(self, operator: m.Operator) -> _Touched:
        body = actual(operator)
        if isinstance(body, m.Literal) or body.body is None:
            return _Touched()
        known = self._known.get(id(body))
        if known is None:
            self._known[id(body)] = _Touched()  # a recursive one adds nothing to itself
            known = self._known[id(body)] = self._of(body.body)
        return known


def _primed(node: m.Argument) -> str | None:
    if isinstance(node, m.CallBuiltin) and node.builtin.name == "'":
        (inner,) = node.arguments
        if isinstance(inner, m.UseVariable):
            return inner.variable.name
    return None
