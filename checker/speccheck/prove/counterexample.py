"""A solution of Z3 as values of TLA+: a state, what the action makes of it, the names bound."""

import re
from dataclasses import dataclass

import z3

from speccheck.prove.conditions import Condition, Conditions
from speccheck.prove.types import (
    FunctionType,
    IntType,
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
_A_FUNCTION, _A_SET = "a function", "a set"
# Numbers that are looked at for a set of numbers: up to so much.
_FAR = 64


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
                elements = self._elements(type_.domain, value.domain)
                if elements is None:
                    return _A_FUNCTION
                pairs = [
                    f"{self.text(x, None)} :> {self.text(value.at(x), type_.codomain)}"
                    for x in elements
                ]
                return f"({' @@ '.join(pairs)})" if pairs else "<< >>"
            case SetValue():
                elements = self._elements(value.type, value)
                if elements is None:
                    return _A_SET
                return f"{{{', '.join(self.text(x, None) for x in elements)}}}"
        return "?"

    def _elements(self, type_: Type, among: SetValue | None) -> list[Value] | None:
        """Return the values of a type that are in a set, None where they cannot be listed."""
        elements = self._world.elements(type_)
        if elements is None and among is not None and isinstance(type_, IntType):
            numbers = [Scalar(z3.IntVal(n), type_) for n in range(-_FAR, _FAR + 1)]
            if not any(self._is_true(among.has(end)) for end in (numbers[0], numbers[-1])):
                elements = [*numbers]
        if elements is None or among is None:
            return elements
        return [x for x in elements if self._is_true(among.has(x))]

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

    @property
    def is_written_out(self) -> bool:
        """Tell whether all values are texts of TLA+: no infinite set, no element without a name."""
        texts = [*self.constants.values(), *self.state.values()]
        return not any(word in text for text in texts for word in (_A_FUNCTION, _A_SET, "!", "?"))


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
    listed = [(name, text) for name, text in constants.items() if text != _A_SET]
    lines += [f"  {name} = {text}" for name, text in listed]
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
