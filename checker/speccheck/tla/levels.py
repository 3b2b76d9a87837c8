"""Levels: refuses what no state, step or behaviour can be asked, as SANY does.

A constant has level 0, a state 1, an action 2, a temporal formula 3. Each operator says what most
it takes: ``'`` takes a state, ``+`` an action. A definition asks of its parameters what it does
with them, and a call is measured by that. Source: "Specifying Systems", section 17.2; SANY's
``OpApplNode``, whose decisions these are, also where the form of a formula decides: ``[]`` over an
action is ``[][A]_v``.

More is accepted than SANY does in two places: an operator that is given as an argument is not
measured by what it takes, and a recursive operator may prime its parameters.
"""

from collections.abc import Iterable
from typing import NamedTuple

from speccheck.tla import meaning as m

CONSTANT, STATE, ACTION, TEMPORAL = range(4)
_KINDS = ("a constant", "an expression of one state", "an action", "a temporal formula")
_AT_MOST = {
    CONSTANT: "a constant",
    STATE: "a constant or an expression of one state",
    ACTION: "a constant, an expression of states or an action",
}

_ANY_LEVEL = frozenset(["/\\", "\\/", "~", "=>", "<=>", "[]", "<>", "~>", "-+->"])
_TAKES_STATE = frozenset(["'", "UNCHANGED"])
_MIXED = frozenset(["/\\", "\\/", "=>", "<=>"])
_GIVES = {"'": ACTION, "UNCHANGED": ACTION, "ENABLED": STATE}
_TEMPORAL = frozenset(["[]", "<>", "~>", "-+->"])
_BASIC = frozenset(["", "Naturals", "Integers", "Reals", "Sequences", "FiniteSets", "Bags"])

_Parameters = frozenset[m.Parameter]
_NO_PARAMETERS: _Parameters = frozenset()


class _Level(NamedTuple):
    """A level, and the parameters whose levels add to it."""

    level: int
    of: _Parameters = _NO_PARAMETERS


class _Summary(NamedTuple):
    """What a definition amounts to; ``limits`` are the highest levels of its parameters."""

    level: _Level
    limits: dict[m.Parameter, int]


class LevelError(Exception):
    """Something of too high a level: what is wrong, and where."""

    def __init__(self, place: m.Place, message: str) -> None:
        super().__init__(message)
        self.place = place
        self.message = message


def check_levels(module: m.ResolvedModule) -> None:
    """Check all definitions, assumptions and substitutions of a module. Raises LevelError."""
    levels = _Levels()
    for place, name, limit, meaning in module.substituted:
        found = levels.entity(meaning)
        if found.level > limit:
            message = f"what stands for {name} in this instance has to be {_AT_MOST[limit]}"
            raise LevelError(place, message)
    for operator in module.everything:
        levels.summary(operator)
    for assumption in module.assumptions:
        levels.at_most(CONSTANT, assumption, "an assumption")


class _Levels:
    def __init__(self) -> None:
        self._summaries: dict[m.Operator, _Summary] = {}
        self._open: set[m.Operator] = set()
        self._limits: dict[m.Parameter, int] = {}

    def summary(self, operator: m.Operator) -> _Summary:
        """Return what a definition amounts to; one that is being looked at asks nothing."""
        known = self._summaries.get(operator)
        if known is not None:
            return known
        if operator.body is None or operator in self._open:
            return _Summary(_Level(CONSTANT, frozenset(operator.parameters)), {})
        self._open.add(operator)
        around, self._limits = self._limits, {}
        level = self.of(operator.body)
        if operator.stands_for is not None and level.level < STATE:
            level = level._replace(level=STATE)
        made = self._summaries[operator] = _Summary(level, self._limits)
        self._limits = around
        self._open.discard(operator)
        return made

    def entity(self, found: m.Meaning) -> _Level:
        """Return the level of what a name stands for."""
        if isinstance(found, m.Variable):
            return _Level(STATE)
        if isinstance(found, m.Operator):
            return self.summary(found).level
        return _Level(CONSTANT)

    def of(self, node: m.Argument) -> _Level:
        """Return the level of an expression. Raises LevelError."""
        match node:
            case m.Literal() | m.Decimals() | m.Old():
                return _Level(CONSTANT)
            case m.Use(parameter=parameter):
                return _Level(CONSTANT, frozenset((parameter,)))
            case m.UseVariable():
                return _Level(STATE)
            case m.CallBuiltin():
                return self._built_in(node)
            case m.Call():
                return self._call(node)
            case m.Items(kind=kind):
                if kind in _MIXED:
                    return self._logical(kind, node, node.items)
                return self._all(node.items)
            case m.Quantified():
                return self._quantified(node)
            case m.Branches():
                arms = [part for arm in node.arms for part in arm]
                parts = arms if node.other is None else [*arms, node.other]
                return _join([self.of(part) for part in parts])
            case m.Where():
                for operator in node.definitions:
                    self.summary(operator)
                return self.of(node.body)
            case m.Step():
                self.at_most(STATE, node.subscript, "a subscript")
                self.at_most(ACTION, node.action, "what stands here")
                return _Level(TEMPORAL if node.kind in {"WF", "SF"} else ACTION)
            case m.OperatorValue(target=target):
                if isinstance(target, m.Operator):
                    return self._passed(target)
                free = (target,) if isinstance(target, m.Parameter) else ()
                return _Level(CONSTANT, frozenset(free))
            case m.CallParameter(parameter=parameter):
                given = [self.of(argument) for argument in node.arguments]
                return _join([*given, _Level(CONSTANT, frozenset((parameter,)))])
            case m.UseConstant():
                return _join([self.of(argument) for argument in node.arguments])
            case _:
                return self._value(node)

    def _value(self, node: m.Expression) -> _Level:
        """Return the level of what has a value: a set, a function, a record, a choice."""
        match node:
            case m.Chosen(bound=bound) | m.Filtered(bound=bound):
                domains = [] if bound.domain is None else [bound.domain]
                return self._all([*domains, node.body])
            case m.Mapped() | m.Function():
                return self._all([*_domains(node.bounds), node.body])
            case m.Functions():
                return self._all([node.domain, node.codomain])
            case m.Fields():
                return self._all([value for _, value in node.fields])
            case m.Applied():
                return self._all([node.function, *node.arguments])
            case m.Changed():
                parts = [node.function]
                for change in node.changes:
                    parts += [index for step in change.path for index in step]
                    parts.append(change.value)
                return self._all(parts)
            case _:
                return _Level(CONSTANT)

    def _passed(self, operator: m.Operator) -> _Level:
        found = self.summary(operator)
        for parameter, limit in found.limits.items():
            if parameter not in operator.parameters:
                self._limit(parameter, limit)
        return found.level._replace(of=found.level.of - frozenset(operator.parameters))

    def at_most(self, limit: int, node: m.Argument, what: str) -> _Level:
        """Return the level of what may have no more than a limit. Raises LevelError."""
        found = self.of(node)
        if found.level > limit:
            message = f"{what} has to be {_AT_MOST[limit]}, this is {_KINDS[found.level]}"
            raise LevelError(node.place, message)
        for parameter in found.of:
            self._limit(parameter, limit)
        return found

    def _limit(self, parameter: m.Parameter, limit: int) -> None:
        if limit < self._limits.get(parameter, TEMPORAL):
            self._limits[parameter] = limit

    def _all(self, nodes: Iterable[m.Argument]) -> _Level:
        return _join([self.at_most(ACTION, node, "what stands here") for node in nodes])

    def _built_in(self, node: m.CallBuiltin) -> _Level:
        name, arguments = node.builtin.name, node.arguments
        if name in _MIXED:
            return self._logical(name, node, arguments)
        if name in _ANY_LEVEL:
            parts = [self.of(argument) for argument in arguments]
            self._check_form(name, node, parts)
            return _Level(TEMPORAL) if name in _TEMPORAL else _join(parts)
        if node.builtin.module in _BASIC:
            limit = STATE if name in _TAKES_STATE else ACTION
            what = f"the operand of {name}" if len(arguments) == 1 else f"an operand of {name}"
            parts = [
                self.of(argument)
                if isinstance(argument, m.OperatorValue)
                else self.at_most(limit, argument, what)
                for argument in arguments
            ]
        else:
            parts = [self.of(argument) for argument in arguments]
        return _Level(_GIVES[name]) if name in _GIVES else _join(parts)

    def _check_form(self, name: str, node: m.CallBuiltin, parts: list[_Level]) -> None:
        if name == "~" or all(part.level != ACTION for part in parts):
            return
        if name in {"~>", "-+->"}:
            raise LevelError(node.place, f"an action cannot be an operand of {name}")
        kind, form = ("box", "[A]_v") if name == "[]" else ("angle", "<<A>>_v")
        inner = node.arguments[0]
        if not (isinstance(inner, m.Step) and inner.kind == kind):
            raise LevelError(node.place, f"an action under {name} has to be of the form {form}")

    def _logical(self, name: str, node: m.Expression, parts: Iterable[m.Argument]) -> _Level:
        found = [self.of(part) for part in parts]
        levels = {part.level for part in found}
        if ACTION in levels and TEMPORAL in levels:
            message = f"{name} cannot join an action and a temporal formula: is [][A]_v meant?"
            raise LevelError(node.place, message)
        return _join(found)

    def _quantified(self, node: m.Quantified) -> _Level:
        domains = self._all(_domains(node.bounds))
        body = self.of(node.body)
        if body.level == TEMPORAL and domains.level == ACTION:
            message = "a temporal formula cannot be quantified over a set of the next state"
            raise LevelError(node.place, message)
        found = _join([domains, body])
        return _Level(TEMPORAL) if node.kind in {"\\AA", "\\EE"} else found

    def _call(self, node: m.Call) -> _Level:
        operator = node.operator
        found = self.summary(operator)
        if not operator.parameters and not found.limits:
            return found.level
        level = found.level.level
        of: set[m.Parameter] = set(found.level.of)
        limits = dict(found.limits)
        for parameter, argument in zip(operator.parameters, node.arguments, strict=False):
            limit = limits.pop(parameter, TEMPORAL)
            if limit < TEMPORAL and not isinstance(argument, m.OperatorValue):
                what = f"the argument {parameter.name} of {operator.name}"
                given = self.at_most(limit, argument, what)
            else:
                given = self.of(argument)
            if parameter in of:
                of.discard(parameter)
                of |= given.of
                level = max(level, given.level)
        for parameter, limit in limits.items():
            self._limit(parameter, limit)
        return _Level(level, frozenset(of))


def _domains(bounds: Iterable[m.Bound]) -> list[m.Argument]:
    return [bound.domain for bound in bounds if bound.domain is not None]


def _join(parts: list[_Level]) -> _Level:
    level = max((part.level for part in parts), default=CONSTANT)
    return _Level(level, _NO_PARAMETERS.union(*(part.of for part in parts)))
