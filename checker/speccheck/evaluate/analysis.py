"""What an expression depends on: its level, the parameters free in it, the variables it reads.

Levels are those of "Specifying Systems", section 17.2: 0 constant, 1 state, 2 action, 3 temporal.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from speccheck.tla import meaning as m

CONSTANT, STATE, ACTION, TEMPORAL = range(4)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_IMPURE = _words(
    "Print PrintT Assert JavaTime TLCGet TLCSet TLCGetOrDefault TLCGetAndSet JsonSerialize "
    "ndJsonSerialize Serialize Deserialize IOExec IOEnvExec IOExecTemplate IOEnvExecTemplate "
    "SVGSerialize PickSuccessor CSVWrite CSVWriteRecord CSVRead "
    "CSVRecords Trace"
)
# What these do is done once where a definition without parameters is a constant, as in TLC.
_DONE_ONCE = _words(
    "Print PrintT Assert JavaTime Deserialize IOExec IOEnvExec IOExecTemplate IOEnvExecTemplate"
)
_RANDOM = _words("RandomElement RandomSubset RandomSetOfSubsets RandomSubsetSet")
_TEMPORAL = _words("[] <> ~> -+->")
_BOOLEAN = _words(
    r"= /= /\ \/ ~ => <=> \in \notin \subseteq ENABLED UNCHANGED < > <= >= [] <> ~> -+-> ' \cdot "
    r"IsFiniteSet IsABag BagIn \sqsubseteq Contains IsPrefix IsInjective IsStrictPrefix IsSuffix "
    "IsStrictSuffix Assert PrintT TLCSet IsUndirectedGraph IsLoopFreeUndirectedGraph "
    "AreConnectedIn IsStronglyConnected IsDyadicRational IsSorted IsRestriction AssertEq ChiSquare "
    "IsCausalOrder IsReflexive IsIrreflexive IsSymmetric IsAntiSymmetric IsAsymmetric IsTransitive "
    "IsStrictlyPartiallyOrdered IsPartiallyOrdered IsStrictlyTotallyOrdered IsTotallyOrdered "
    "IsReflexiveUnder IsIrreflexiveUnder IsSymmetricUnder IsAntiSymmetricUnder IsAsymmetricUnder "
    "IsTransitiveUnder IsStrictlyPartiallyOrderedUnder IsPartiallyOrderedUnder "
    "IsStrictlyTotallyOrderedUnder IsTotallyOrderedUnder IsConnected IsDirectedGraph "
    "IsTreeWithRoot IsBipartiteWithPartitions HasCycle IsDag"
)


class Facts(NamedTuple):
    """What :func:`facts` finds; ``reads`` and ``reads_next`` are variables without and with '.

    ``pure``: evaluation does nothing else; ``random``: the value may differ from time to time;
    ``once``: what else it does, if anything, is done once in a constant definition.
    """

    level: int
    free: frozenset[m.Parameter]
    pure: bool
    reads: frozenset[m.Variable]
    reads_next: frozenset[m.Variable]
    size: int
    random: bool = False
    once: bool = True

    @property
    def is_closed(self) -> bool:
        """Tell whether the value is the same everywhere and always."""
        return self.level == CONSTANT and not self.free and self.pure and not self.random


# What @ stands for; EXCEPT binds it.
OLD = m.Parameter("@")

_NOTHING = Facts(CONSTANT, frozenset(), True, frozenset(), frozenset(), 0)


def actual(operator: m.Operator) -> m.Operator | m.Literal:
    """Return the operator, or what a configuration puts in its place."""
    seen = operator
    while seen.override is not None:
        if isinstance(seen.override, m.Literal):
            return seen.override
        seen = seen.override
    return seen


def children(node: m.Argument) -> Iterator[m.Argument]:
    """Yield the parts of an expression; definitions that it calls are no parts."""
    match node:
        case m.UseConstant() | m.Call() | m.CallParameter() | m.CallBuiltin():
            yield from node.arguments
        case m.Quantified() | m.Mapped() | m.Function():
            yield from (b.domain for b in node.bounds if b.domain is not None)
            yield node.body
        case m.Chosen() | m.Filtered():
            if node.bound.domain is not None:
                yield node.bound.domain
            yield node.body
        case m.Items():
            yield from node.items
        case m.Functions():
            yield node.domain
            yield node.codomain
        case m.Fields():
            yield from (value for _, value in node.fields)
        case m.Applied():
            yield node.function
            yield from node.arguments
        case m.Changed():
            yield node.function
            for change in node.changes:
                for step in change.path:
                    yield from step
                yield change.value
        case m.Branches():
            for guard, value in node.arms:
                yield guard
                yield value
            if node.other is not None:
                yield node.other
        case m.Where():
            yield node.body
        case m.Step():
            yield node.action
            yield node.subscript
        case _:
            return


def bound_here(node: m.Argument) -> Iterator[m.Parameter]:
    """Yield the parameters that the expression itself binds."""
    match node:
        case m.Quantified() | m.Mapped():
            for bound in node.bounds:
                yield from bound.parameters
        case m.Function():
            for bound in node.bounds:
                yield from bound.parameters
            if node.itself is not None:
                yield node.itself
        case m.Chosen() | m.Filtered():
            yield from node.bound.parameters
        case _:
            return


class Analyst:
    """Finds facts, each once; recursive operators are taken as what their other parts say."""

    def __init__(self) -> None:
        self._facts: dict[int, Facts] = {}
        self._keep: list[object] = []
        self._operators: dict[m.Operator, Facts] = {}
        self._open: set[m.Operator] = set()
        self._cut: set[m.Operator] = set()

    def operator(self, operator: m.Operator | m.Literal) -> Facts:
        """Return the facts of an operator's body, its own parameters not counted as free."""
        if isinstance(operator, m.Literal):
            return _NOTHING
        known = self._operators.get(operator)
        if known is not None:
            return known
        if operator in self._open or operator.body is None:
            self._cut.add(operator)
            return _NOTHING
        self._open.add(operator)
        found = self.facts(operator.body)
        self._open.discard(operator)
        found = found._replace(free=found.free - frozenset(operator.parameters))
        if not operator.parameters and found.level == CONSTANT and not found.free and found.once:
            # A definition without parameters has one value; as in TLC, it is found once.
            found = found._replace(random=False, pure=True)
        if operator.stands_for is not None:
            # Within ENABLED it is a variable, whatever is put in its place elsewhere.
            found = found._replace(level=max(found.level, STATE))
        self._cut.discard(operator)
        if not self._cut:
            self._operators[operator] = found
        elif not self._open:
            self._cut.clear()
        return found

    def facts(self, node: m.Argument) -> Facts:
        """Return the facts of an expression or an operator argument."""
        known = self._facts.get(id(node))
        if known is not None:
            return known
        if isinstance(node, m.Changed):
            found = self._changed(node)
        else:
            found = self._own(node, [self.facts(child) for child in children(node)])
        bound = frozenset(bound_here(node))
        if bound:
            found = found._replace(free=found.free - bound)
        if not self._cut:
            self._facts[id(node)] = found
            self._keep.append(node)
        return found

    def _changed(self, node: m.Changed) -> Facts:
        parts = [self.facts(node.function)]
        for change in node.changes:
            parts.extend(self.facts(index) for step in change.path for index in step)
            value = self.facts(change.value)
            parts.append(value._replace(free=value.free - {OLD}))
        return _join(parts)

    def _own(self, node: m.Argument, parts: list[Facts]) -> Facts:
        match node:
            case m.Use(parameter=parameter) | m.OperatorValue(target=m.Parameter() as parameter):
                return _join([_NOTHING._replace(free=frozenset([parameter]))])
            case m.Old():
                return _NOTHING._replace(free=frozenset([OLD]))
            case m.CallParameter(parameter=parameter):
                return _join([*parts, _NOTHING._replace(free=frozenset([parameter]))])
            case m.UseVariable(variable=variable):
                return Facts(STATE, frozenset(), True, frozenset([variable]), frozenset(), 1)
            case (
                m.UseConstant(constant=constant) | m.OperatorValue(target=m.Constant() as constant)
            ):
                if constant.definition is not None:
                    parts = [*parts, self.operator(actual(constant.definition))]
                return _join(parts)
            case m.Call(operator=operator) | m.OperatorValue(target=m.Operator() as operator):
                return _join([*parts, self.operator(actual(operator))])
            case m.Where():
                return _join([*parts, *(_NOTHING for _ in node.definitions)])
            case m.CallBuiltin(builtin=builtin) | m.OperatorValue(target=m.Builtin() as builtin):
                return self._builtin(builtin, parts)
            case m.Step(kind=kind):
                joined = _join(parts)
                if kind in {"WF", "SF"}:
                    return joined._replace(level=TEMPORAL)
                subscript = parts[1]
                return joined._replace(
                    level=max(joined.level, ACTION),
                    reads_next=joined.reads_next | subscript.reads,
                )
            case m.Quantified(kind="\\AA" | "\\EE"):
                return _join(parts)._replace(level=TEMPORAL)
            case _:
                return _join(parts)

    def _builtin(self, builtin: m.Builtin, parts: list[Facts]) -> Facts:
        if builtin.override is not None:
            return _join([*parts, self.operator(_actual_override(builtin.override))])
        joined = _join(parts)
        name = builtin.name
        if name == "'":
            return joined._replace(
                level=max(joined.level, ACTION) if joined.level or joined.free else CONSTANT,
                reads=frozenset(),
                reads_next=joined.reads | joined.reads_next,
            )
        if name == "UNCHANGED":
            return joined._replace(level=ACTION, reads_next=joined.reads | joined.reads_next)
        if name == "ENABLED":
            return joined._replace(
                level=STATE, reads=joined.reads | joined.reads_next, reads_next=frozenset()
            )
        if name in _TEMPORAL:
            return joined._replace(level=TEMPORAL)
        if name in _RANDOM:
            return joined._replace(random=True)
        if name in _IMPURE:
            return joined._replace(pure=False, once=joined.once and name in _DONE_ONCE)
        return joined


def _actual_override(override: m.Operator | m.Literal) -> m.Operator | m.Literal:
    return actual(override) if isinstance(override, m.Operator) else override


def _join(parts: Iterable[Facts]) -> Facts:
    level, pure, size, random, once = CONSTANT, True, 1, False, True
    free: frozenset[m.Parameter] = frozenset()
    reads: frozenset[m.Variable] = frozenset()
    reads_next: frozenset[m.Variable] = frozenset()
    for part in parts:
        level = max(level, part.level)
        pure = pure and part.pure
        random = random or part.random
        once = once and part.once
        size += part.size
        if part.free:
            free |= part.free
        if part.reads:
            reads |= part.reads
        if part.reads_next:
            reads_next |= part.reads_next
    return Facts(level, free, pure, reads, reads_next, size, random, once)


def is_boolean(node: m.Argument) -> bool:
    """Tell whether the form of an expression says that its value is TRUE or FALSE."""
    match node:
        case m.CallBuiltin(builtin=builtin):
            if builtin.name == "'":
                return is_boolean(node.arguments[0])
            return builtin.override is None and builtin.name in _BOOLEAN
        case m.Quantified() | m.Step():
            return True
        case m.Items(kind=kind):
            return kind in {"/\\", "\\/"}
        case m.Literal(value=value):
            return isinstance(value, bool)
        case m.Branches(arms=arms, other=other):
            values = [value for _, value in arms] + ([] if other is None else [other])
            return all(map(is_boolean, values))
        case m.Where(body=body):
            return is_boolean(body)
        case m.Call(operator=operator):
            found = actual(operator)
            if isinstance(found, m.Literal) or found.recursive or found.body is None:
                return False
            return is_boolean(found.body)
        case _:
            return False
