"""A module as the prover reads it: types, initial predicate, actions, theorems."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from speccheck.evaluate.analysis import ACTION, Analyst, actual
from speccheck.prove.annotations import Annotations, annotations
from speccheck.prove.errors import ProofError, outside
from speccheck.prove.types import Type, TypeSyntaxError, assumes, read_type, type_text
from speccheck.tla import meaning as m
from speccheck.tla import syntax as ast
from speccheck.tla.errors import read_text
from speccheck.tla.modules import Library
from speccheck.tla.resolve import resolve


class Leaf(NamedTuple):
    """An action: its name, what it is, and the quantifiers around it, outermost first."""

    name: str
    body: m.Expression
    bounds: tuple[m.Bound, ...]


class Theorem(NamedTuple):
    """A theorem of the module with the operator that its name stands for."""

    name: str
    place: m.Place
    statement: m.Expression


@dataclass(slots=True)
class ProofModule:
    """What the prover needs of a module; ``types`` is keyed by constant, variable or operator."""

    name: str
    path: Path
    resolved: m.ResolvedModule
    types: dict[object, Type]
    theorems: list[Theorem]
    unproved: list[str]
    analyst: Analyst = field(default_factory=Analyst)

    @property
    def annotated(self) -> list[str]:
        """Return what annotations say of constants, where that is an assumption."""
        return [
            f"{one.name}: {type_text(self.types[one])}"
            for one in self.resolved.constants
            if one in self.types and assumes(self.types[one])
        ]

    def reads(self, node: m.Argument) -> frozenset[m.Variable]:
        """Return the variables that an expression reads in this state."""
        return self.analyst.facts(node).reads

    def is_action(self, node: m.Argument) -> bool:
        """Tell whether an expression speaks of the next state."""
        return self.analyst.facts(node).level >= ACTION


def load(
    path: Path,
    folders: Iterable[Path] = (),
    base: str = "",
    redefines: Iterable[tuple[str, str]] = (),
) -> ProofModule:
    """Return the module in a file. Raises TlaError, ProofError, OSError.

    ``base`` names a module that it extends and whose theorems are meant; ``redefines``: the second
    definition of each pair stands for the first, as in a configuration of TLC.
    """
    if not path.is_file():
        raise ProofError(f"{path}: there is no such file")
    library = Library(folders)
    syntax = library.main(path)
    resolved = resolve(library, syntax)
    for old, new in redefines:
        found, by = resolved.scope.find(old), resolved.scope.find(new)
        if not isinstance(found, m.Operator) or not isinstance(by, m.Operator):
            missing = old if not isinstance(found, m.Operator) else new
            raise ProofError(f"{path}: {missing} is no definition that could be redefined")
        if len(found.parameters) != len(by.parameters):
            raise ProofError(f"{path}: {old} and {new} take different numbers of arguments")
        found.override = by
    owner = library.find(base) if base else syntax
    if owner is None:
        raise ProofError(f"{path}: there is no module {base}")
    theorems: list[Theorem] = []
    unproved: list[str] = []
    for unit in owner.units:
        if isinstance(unit, ast.Theorem):
            found = resolved.scope.names.get(unit.name or "")
            if isinstance(found, m.Operator) and found.body is not None:
                theorems.append(Theorem(found.name, found.place, found.body))
            else:
                form = "ASSUME ... PROVE ..." if unit.name else "nameless"
                where = f"{owner.path}:{unit.span.line}:{unit.span.column}"
                remedy = "state it as an implication" if unit.name else "give it one"
                what = f"{unit.name} is {form}" if unit.name else "this theorem has no name"
                unproved.append(f"{where}: {what}, and is not proved; {remedy}")
    types = _types(resolved, library)
    return ProofModule(syntax.name, path, resolved, types, theorems, unproved)


def theorems_from(path: Path, folders: Iterable[Path] = ()) -> Path | None:
    """Return the file of the module whose theorems a module without any has by EXTENDS.

    None where it has theorems itself, or gets none. Raises TlaError, ProofError, OSError.
    """
    if not path.is_file():
        raise ProofError(f"{path}: there is no such file")
    library = Library(folders)
    pending = [library.main(path)]
    while pending:
        module = pending.pop(0)
        if any(isinstance(unit, ast.Theorem) for unit in module.units):
            return None if Path(module.path) == path else Path(module.path)
        pending += [one for name in module.extends if (one := library.find(name)) is not None]
    return None


_THEOREM = re.compile(r"^\s*(?:THEOREM|LEMMA|PROPOSITION|COROLLARY)\b(\s+\w+\s*==)?", re.MULTILINE)


def with_theorems(folder: Path) -> tuple[list[Path], list[str]]:
    """Return the modules of a folder with named theorems, and a line on each with others only.

    Raises ProofError, OSError.
    """
    found: list[Path] = []
    others: list[str] = []
    for path in sorted(folder.glob("*.tla")):
        named = [bool(theorem[1]) for theorem in _THEOREM.finditer(path.read_text())]
        if any(named):
            found.append(path)
        elif named:
            others.append(f"not asked for: {path} has theorems, {len(named)}, none with a name")
    if not found:
        what = "has no module with a named theorem" if folder.is_dir() else "is no folder"
        raise ProofError("\n".join([f"{folder} {what}; say which .tla file to prove", *others]))
    return found, others


def _types(resolved: m.ResolvedModule, library: Library) -> dict[object, Type]:
    read: dict[str, Annotations] = {}
    aliases: dict[str, str] = {}
    origin: dict[str, str] = {}
    declared: list[m.Variable | m.Constant | m.Operator] = [
        *resolved.variables,
        *resolved.constants,
        *(o for o in resolved.operators.values() if not o.parameters),
    ]
    for thing in declared:
        if thing.place.path not in read:
            path = thing.place.path
            try:
                modules = [module for module in library.modules if module.path == path]
                read[path] = annotations(read_text(Path(path)), modules)
            except TypeSyntaxError as error:
                raise ProofError(f"{path}: {error}") from None
            for name, text in read[path].aliases.items():
                if aliases.get(name, text).split() != text.split():
                    what = f"the @typeAlias {name} is {text} here"
                    other = f"{aliases[name]} in {origin[name]}"
                    raise ProofError(f"{path}: {what}, and {other}; give one another name")
                aliases[name] = text
                origin.setdefault(name, path)
    types: dict[object, Type] = {}
    for thing in declared:
        place = thing.place.span
        try:
            said = read[thing.place.path].text_at(place.line, place.column)
            # What follows => is no type, but that of an operator's value.
            type_ = None if said is None or "=>" in said else read_type(said, aliases)
        except TypeSyntaxError as error:
            raise outside(thing.place, f"the type of {thing.name}: {error}") from None
        if type_ is not None:
            types[thing] = type_
        elif isinstance(thing, m.Variable):
            message = f"the variable {thing.name} needs a \\* @type: ...; comment right ahead of it"
            raise outside(thing.place, message)
    return types


def unfolded(node: m.Expression) -> m.Expression:
    """Return what a definition without parameters stands for, down to something else."""
    while isinstance(node, m.Call) and not node.arguments:
        operator = actual(node.operator)
        if isinstance(operator, m.Literal) or operator.body is None:
            break
        node = operator.body
    return node


def conjuncts(node: m.Expression) -> tuple[m.Expression, ...]:
    """Return the parts of a conjunction, one level of it; nothing if it is none."""
    return _parts(node, "/\\")


def disjuncts(node: m.Expression) -> tuple[m.Expression, ...]:
    """Return the parts of a disjunction, one level of it; nothing if it is none."""
    return _parts(node, "\\/")


def _parts(node: m.Expression, kind: str) -> tuple[m.Expression, ...]:
    parts: tuple[m.Argument, ...] = ()
    if isinstance(node, m.Items) and node.kind == kind:
        parts = node.items
    elif isinstance(node, m.CallBuiltin) and node.builtin.name == kind:
        parts = node.arguments
    return tuple(part for part in parts if not isinstance(part, m.OperatorValue))


def named_conjuncts(node: m.Expression, name: str) -> Iterator[tuple[str, m.Expression]]:
    """Yield the conjuncts of a predicate, down through definitions, each with a name.

    A conjunct has the name of the innermost definition around it, with a number where that has
    several.
    """
    if isinstance(node, m.Call) and not node.arguments:
        operator = actual(node.operator)
        if isinstance(operator, m.Operator) and operator.body is not None:
            yield from named_conjuncts(operator.body, operator.name)
            return
    parts = conjuncts(node)
    if not parts:
        yield name, node
        return
    for number, part in enumerate(parts, 1):
        yield from named_conjuncts(part, f"{name}.{number}")


class Behaviour(NamedTuple):
    """``Init /\\ [][Next]_v``: the initial predicate and the actions."""

    initial: m.Expression
    leaves: tuple[Leaf, ...]


def behaviour(module: ProofModule, spec: m.Expression) -> Behaviour:
    """Return what a specification consists of. Raises TlaError where it has another form."""
    initial: m.Expression | None = None
    leaves: tuple[Leaf, ...] | None = None
    for part in parts_of_spec(module, spec):
        inside = unfolded(part)
        if isinstance(inside, m.CallBuiltin) and inside.builtin.name == "[]":
            (argument,) = inside.arguments
            step = unfolded(argument) if not isinstance(argument, m.OperatorValue) else argument
            if isinstance(step, m.Step) and step.kind == "box" and leaves is None:
                _covers_all(module, step.subscript)
                leaves = tuple(_numbered(_leaves(module, step.action, ())))
                continue
        elif isinstance(inside, m.Step) and inside.kind in {"WF", "SF"}:
            continue  # Fairness leaves behaviours out: what holds without it holds with it.
        elif initial is None and not module.is_action(part):
            initial = part
            continue
        raise outside(part.place, "proofs need a specification of the form Init /\\ [][Next]_vars")
    if initial is None or leaves is None:
        raise outside(spec.place, "proofs need a specification of the form Init /\\ [][Next]_vars")
    return Behaviour(initial, leaves)


def parts_of_spec(module: ProofModule, spec: m.Expression) -> Iterator[m.Expression]:
    """Yield the initial predicate, the steps, and what else stands in a specification."""
    for part in conjuncts(unfolded(spec)):
        if conjuncts(part) and module.is_action(part):
            yield from parts_of_spec(module, part)
        else:
            yield part


def _covers_all(module: ProofModule, subscript: m.Expression) -> None:
    """Raise TlaError where steps that the subscript does not see could change a variable."""
    seen: set[m.Variable] = set()

    def take(node: m.Expression) -> None:
        inside = unfolded(node)
        if isinstance(inside, m.UseVariable):
            seen.add(inside.variable)
            return
        if isinstance(inside, m.Items) and inside.kind == "tuple":
            for item in inside.items:
                take(item)
            return
        raise outside(node.place, "the subscript of [Next]_v has to be variables, or a tuple")

    take(subscript)
    left = [v.name for v in module.resolved.variables if v not in seen]
    if left:
        message = f"steps that change {', '.join(left)} only are allowed by this subscript"
        raise outside(subscript.place, f"{message}; name all variables in it")


def _leaves(module: ProofModule, node: m.Expression, bounds: tuple[m.Bound, ...]) -> Iterator[Leaf]:
    if isinstance(node, m.Quantified) and node.kind == "\\E":
        yield from _leaves(module, node.body, (*bounds, *node.bounds))
        return
    parts = disjuncts(node)
    if parts and all(map(module.is_action, parts)):
        for part in parts:
            yield from _leaves(module, part, bounds)
        return
    if isinstance(node, m.Call):
        operator = actual(node.operator)
        if isinstance(operator, m.Operator) and operator.body is not None and not node.arguments:
            inner = operator.body
            while isinstance(inner, m.Quantified) and inner.kind == "\\E":
                inner = inner.body
            inner_parts = disjuncts(inner)
            if inner_parts and all(map(module.is_action, inner_parts)):
                yield from _leaves(module, operator.body, bounds)
                return
            if isinstance(inner, m.Call) and inner is not operator.body:
                yield from _leaves(module, operator.body, bounds)
                return
        yield Leaf(node.operator.name, node, bounds)
        return
    yield Leaf("Next", node, bounds)


def _numbered(leaves: Iterable[Leaf]) -> Iterator[Leaf]:
    seen: dict[str, int] = {}
    for leaf in leaves:
        seen[leaf.name] = seen.get(leaf.name, 0) + 1
        number = seen[leaf.name]
        yield leaf if number == 1 else leaf._replace(name=f"{leaf.name}#{number}")
