"""A solution of Z3 as values of TLA+: a state, what the action makes of it, the names bound."""

import re
from dataclasses import dataclass

import z3

from speccheck.prove.conditions import Condition, Conditions
from speccheck.prove.types import (
    FunctionType,
    RecordType,
    SetType,
    Type,
)
from speccheck.prove.values import (
    FunctionValue,
    RecordValue,
    Scalar,
    SetValue,
    TupleValue,
    Value,
)
from speccheck.tla import meaning as m

_SUFFIX = re.compile(r"!\d+")


class _Shower:
    def __init__(self, conditions: Conditions, model: z3.ModelRef) -> None:
        self._world = conditions.world
        self._model = model

    def text(self, value: Value, type_: Type | None) -> str:
        match value:
            case Scalar():
                return self._scalar(value)
            case TupleValue(items=items):
                return f"<<{', '.join(self.text(item, None) for item in items)}>>"
            case RecordValue(fields=fields):
                types = dict(type_.fields) if isinstance(type_, RecordType) else {}
                shown = (f"{n} |-> {self.text(v, types.get(n))}" for n, v in fields.items())
                return f"[{', '.join(shown)}]"
            case FunctionValue() if isinstance(type_, FunctionType):
                elements = self._world.elements(type_.domain)
                if elements is None:
                    return "a function"
                pairs = (
                    f"{self.text(x, None)} :> {self.text(value.at(x), type_.codomain)}"
                    for x in elements
                )
                return f"({' @@ '.join(pairs)})"
            case SetValue():
                elements = self._world.elements(value.type)
                if elements is None:
                    return "a set"
                inside = (x for x in elements if self._is_true(value.has(x)))
                return f"{{{', '.join(self.text(x, None) for x in inside)}}}"
        return "?"

    def _is_true(self, term: object) -> bool:
        return bool(z3.is_true(self._model.eval(term, model_completion=True)))

    def _scalar(self, value: Scalar) -> str:
        if isinstance(value.type, SetType) and value.type.name in self._world.sizes:
            return self.text(self._world.as_set(value), None)
        found = self._model.eval(value.term, model_completion=True)
        if z3.is_true(found) or z3.is_false(found):
            return str(found).upper()
        return _SUFFIX.sub("", str(found)) if self._world.sizes else str(found)


@dataclass(frozen=True, slots=True)
class Counterexample:
    """A solution as texts: constants and the state before by name, and the lines that tell it."""

    constants: dict[str, str]
    state: dict[str, str]
    lines: list[str]


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
            if not isinstance(value, SetValue) or conditions.world.elements(value.type) is not None:
                constants[constant.name] = shower.text(value, types[constant])
    lines += [f"  {name} = {text}" for name, text in constants.items()]
    before: dict[m.Variable, str] = {}
    for variable, value in condition.before.items():
        before[variable] = shower.text(value, types[variable])
        lines.append(f"  /\\ {variable.name} = {before[variable]}")
    for variable, value in (condition.after or {}).items():
        text = shower.text(value, types[variable])
        if text != before[variable]:
            lines.append(f"  /\\ {variable.name}' = {text}")
    state = {variable.name: text for variable, text in before.items()}
    return Counterexample(constants, state, lines)
