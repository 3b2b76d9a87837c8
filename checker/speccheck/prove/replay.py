"""A counterexample to induction as a module of its own: a state to start a model checker from.

``ZabCore_cti.tla`` has the state as an initial predicate and the finite instance in which it was
found. Two configurations ask what can be known of it: is what the theorem is for broken by what
follows the state, and is the state reached from Init?
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from speccheck.prove.counterexample import Counterexample
from speccheck.prove.errors import ProofError
from speccheck.prove.module import ProofModule, parts_of_spec, unfolded
from speccheck.prove.obligations import Goal, Obligation
from speccheck.prove.types import (
    FunctionType,
    IntType,
    RecordType,
    SetType,
    Type,
    is_set_of_atoms,
)
from speccheck.tla import meaning as m
from speccheck.tla.errors import read_text


class Replay(NamedTuple):
    """Texts of the module and of its configurations.

    ``step`` starts in the state and asks for the conjunct that breaks, ``past`` starts there and
    asks whether the numbers suffice, ``onward`` asks for what is proved by the invariant,
    ``reached`` starts in Init and asks for the state, or for any that breaks the conjunct.
    ``beyond`` does so with variables that take numbers which the instance lacks, ``broken`` asks
    only for the latter; ``cut`` says that sets of numbers end in the instance, ``asked`` that
    something is proved by the invariant. ``chosen`` are the constants
    that are sets of atoms, as they are in this instance.
    """

    name: str
    module: str
    step: str
    past: str
    onward: str
    reached: str
    beyond: str
    broken: str
    cut: bool
    asked: bool
    chosen: str


def replay(
    module: ProofModule,
    goal: Goal,
    obligation: Obligation,
    found: Counterexample,
    sizes: dict[str, int],
    consequences: list[str],
    redefines: Iterable[tuple[str, str]] = (),
    what: str = "A state of the invariant from which a step breaks it",
) -> Replay:
    """Return the texts for a counterexample, or other state, in the instance of ``sizes``.

    ``consequences`` name state predicates that hold wherever the invariant does; ``redefines`` says
    what stands for what, ``what`` what the state is. Raises ProofError where the specification
    has no names for its parts.
    """
    initial, step = _parts(module, goal)
    name = f"{module.name}_cti"
    atoms = sorted(found.atoms)
    replaced = dict(found.constants)
    numbers: dict[str, str] = {}
    for operator in module.resolved.operators.values():
        type_ = module.types.get(operator)
        if isinstance(type_, SetType) and isinstance(type_.element, IntType):
            size = sizes.get(type_.element.name)
            if size is not None:
                numbers[operator.name] = f"0..{size}"
    variables = [variable.name for variable in module.resolved.variables]
    bounds = [
        bound
        for variable in module.resolved.variables
        for bound in _bounds(variable.name, module.types[variable], sizes, 0)
    ]
    lines = [
        f"---- MODULE {name} ----",
        f"(* {what}: {obligation}.",
        "   Written by speccheck prove --replay. *)",
        f"EXTENDS {module.name}, TLC",
        "",
        *([f"CONSTANTS {', '.join(atoms)}", ""] if atoms else []),
        *(f"Cti{n} == {text}" for n, text in (replaced | numbers).items()),
        "",
        "CtiState ==",
        *(f"    /\\ {n} = {found.state[n]}" for n in variables),
        "",
        "(* The instance has no larger numbers. *)",
        "InSizes ==",
        *([f"    /\\ {bound}" for bound in bounds] or ["    TRUE"]),
        "",
        f"CtiNext == {step} /\\ InSizes'",
        f"FromState == CtiState /\\ [][CtiNext]_<<{', '.join(variables)}>>",
        f"FromStateOn == CtiState /\\ [][{step}]_<<{', '.join(variables)}>>",
        f"FromInitOn == {initial} /\\ [][{step}]_<<{', '.join(variables)}>>",
        f"FromInit == {initial} /\\ [][CtiNext]_<<{', '.join(variables)}>>",
        "",
        *_breaks(module, goal, obligation),
        "NotReached == ~CtiState",
        "====",
    ]
    constants = [
        "CONSTANTS",
        *(f"    {atom} = {atom}" for atom in atoms),
        *(f"    {n} <- Cti{n}" for n in replaced | numbers),
        *(f"    {old} <- {new}" for old, new in redefines),
    ]

    def configuration(specification: str, invariants: list[str]) -> str:
        asked = ["INVARIANTS", *(f"    {one}" for one in invariants)] if invariants else []
        head = f"SPECIFICATION {specification}"
        return "\n".join([head, *constants, "CHECK_DEADLOCK FALSE", *asked, ""])

    return Replay(
        name,
        "\n".join(lines) + "\n",
        configuration("FromState", ["Breaks"]),
        configuration("FromStateOn", ["InSizes"]),
        configuration("FromState", consequences),
        configuration("FromInit", ["NotReached", "Breaks"]),
        # A set of numbers that ends would be left there, which is no break.
        configuration("FromInitOn", ["NotReached", *([] if numbers else ["Breaks"])]),
        configuration("FromInit" if numbers else "FromInitOn", ["Breaks"]),
        bool(numbers),
        bool(consequences),
        ", ".join(
            f"{constant.name} = {found.constants[constant.name]}"
            for constant in module.resolved.constants
            if constant in module.types and is_set_of_atoms(module.types[constant])
        ),
    )


def _parts(module: ProofModule, goal: Goal) -> tuple[str, str]:
    assert goal.behaviour is not None, "a step has been broken"
    initial = goal.behaviour.initial
    if not isinstance(initial, m.Call) or initial.arguments:
        raise ProofError("a replay needs a specification whose initial predicate has a name")
    statement = goal.theorem.statement
    assert isinstance(statement, m.CallBuiltin), "Spec => []P"
    spec = statement.arguments[0]
    assert not isinstance(spec, m.OperatorValue), "a formula"
    for part in parts_of_spec(module, spec):
        inside = unfolded(part)
        if isinstance(inside, m.CallBuiltin) and inside.builtin.name == "[]":
            (box,) = inside.arguments
            step = unfolded(box) if not isinstance(box, m.OperatorValue) else box
            if isinstance(step, m.Step) and isinstance(step.action, m.Call):
                return initial.operator.name, step.action.operator.name
    raise ProofError("a replay needs a specification whose next-state relation has a name")


def _breaks(module: ProofModule, goal: Goal, obligation: Obligation) -> list[str]:
    """Return the definition of what breaks: the definition of that name, or the conjunct's text."""
    name = obligation.conjunct.partition(".")[0]
    if name != goal.theorem.name and name in module.resolved.operators:
        return [f"Breaks == {name}"]
    node = goal.goals[obligation.conjunct]
    place = node.place
    if Path(place.path) != module.path:
        raise ProofError(f"what breaks at {place} has no name in {module.path}; define one there")
    last: m.Argument = node
    while isinstance(last, m.Items) and last.kind in {"/\\", "\\/"}:
        last = last.items[-1]  # A list of junctions ends with its last item, not with what follows.
    span = place.span.to(last.place.span)
    lines = read_text(module.path).splitlines()[span.line - 1 : span.end_line]
    lines[-1] = lines[-1][: span.end_column - 1]
    lines[0] = " " * (span.column - 1) + lines[0][span.column - 1 :]
    return ["Breaks ==", *(f"  {line}" for line in lines)]


def _bounds(text: str, type_: Type, sizes: dict[str, int], depth: int) -> Iterator[str]:
    match type_:
        case IntType(name=name) if name in sizes:
            yield f"{text} <= {sizes[name]}"
        case FunctionType(codomain=codomain):
            bound = f"x{depth}"
            for inner in _bounds(f"{text}[{bound}]", codomain, sizes, depth + 1):
                yield f"\\A {bound} \\in DOMAIN {text} : {inner}"
        case RecordType(fields=fields):
            for name, one in fields:
                yield from _bounds(f"{text}.{name}", one, sizes, depth)
        case _:
            return
