"""What kind of value an expression has, as far as its text tells: which checks can be left out.

Python would evaluate some applications of operators that TLA+ gives no meaning: ``"a" + "b"``,
``{1, 2} - {1}``, ``1 \\cup 2``, ``"b" \\in "abc"``. TLC refuses them, and so does the code for
them here. Where an operand is known to be an integer or a set, Python's own operation refuses any
other operand of another kind, and the check costs nothing.
"""

import re

from speccheck.evaluate.analysis import actual, is_boolean
from speccheck.evaluate.emit import Context, Deferred, Local
from speccheck.evaluate.values import Boolean, LazySet, ModelValue, Value
from speccheck.evaluate.workshop import Workshop
from speccheck.tla import meaning as m

INTEGER, SET, STRING, BOOLEAN, UNKNOWN = "integer", "set", "string", "Boolean", ""
# MODEL: a model value without a type, which compares with everything. OTHER: a function, mostly.
MODEL, OTHER = "model value", "other"

_INTEGERS = frozenset(["+", "-", "*", "^", "-.", "\\div", "%", "Len", "Cardinality"])
_SETS = frozenset(["..", "\\cup", "\\cap", "\\", "SUBSET", "UNION", "DOMAIN", "Seq"])
_MOST_CALLS = 8
_KINDS = {int: INTEGER, str: STRING, Boolean: BOOLEAN, frozenset: SET}
# The Python types of what is compared at a glance.
_ATOMS = {INTEGER: "int", STRING: "str", BOOLEAN: "Boolean"}
# The kinds of which any two values compare, and a model value with any of them.
COMPARED = frozenset([*_ATOMS, MODEL])
# Code that can be repeated at little cost: names, constants, what a function has for these.
_CHEAP = re.compile(r"(\w+|'[^']*')(\[(\w+|'[^']*')\])*|-\d+")

# With at least one operand of a kind known, and with none: ``-`` is defined for integers only.
_NUMERIC = {
    "+": ("({0} + {1})", "({0} - -{1})"),
    "-": ("({0} - {1})", "({0} + -{1})"),
    "<": ("({0} < {1})", "(-{0} > -{1})"),
    ">": ("({0} > {1})", "(-{0} < -{1})"),
    "<=": ("({0} <= {1})", "(-{0} >= -{1})"),
    ">=": ("({0} >= {1})", "(-{0} <= -{1})"),
}
_OF_SETS = {
    "\\cup": ("({0} | {1})", "united({0}, {1})"),
    "\\cap": ("common({0}, {1})", "common({0}, {1})"),
    "\\": ("({0} - {1})", "without({0}, {1})"),
    "\\subseteq": ("({0} <= {1})", "is_subset({0}, {1})"),
}
_OF_INTEGERS = frozenset(["*", "^", "-.", "\\div", "%", ".."])
CHECKED = frozenset([*_NUMERIC, *_OF_SETS, "*"])


def kind_of_value(value: Value) -> str:
    """Return the kind of a value."""
    if type(value) is ModelValue and not value.type_:
        return MODEL
    found = _KINDS.get(type(value))
    return found or (SET if isinstance(value, LazySet) else OTHER)


def kind_of_items(values: Value) -> str:
    """Return the kind that all elements of a listed set have, UNKNOWN if they differ."""
    kinds = set(map(kind_of_value, values))
    return kinds.pop() if len(kinds) == 1 else UNKNOWN


def is_cheap(code: str) -> bool:
    """Tell whether code can be repeated at little cost and without effects."""
    return _CHEAP.fullmatch(code) is not None


class Kinds(Workshop):
    """Tells kinds of expressions and makes code for operators that need them."""

    def kind(self, node: m.Argument, ctx: Context, calls: int = 0) -> str:
        """Return the kind of the value, UNKNOWN if the text does not tell."""
        if isinstance(node, m.OperatorValue):
            return UNKNOWN
        folded = self.folded(node)
        if folded is not None:
            return kind_of_value(folded)
        match node:
            case m.Use():
                bound = ctx.env.get(node.parameter)
                if isinstance(bound, Local):
                    return bound.kind if bound.constant is None else kind_of_value(bound.constant)
                if isinstance(bound, Deferred):
                    return self.kind(bound.node, ctx.with_env(bound.env), calls)
            case m.CallBuiltin(builtin=builtin) if builtin.override is None:
                if builtin.name == "'":
                    return self.kind(node.arguments[0], ctx, calls)
                if builtin.name in _INTEGERS:
                    return INTEGER
                if builtin.name in _SETS:
                    return SET
                return BOOLEAN if is_boolean(node) else UNKNOWN
            case m.Items(kind="set" | "product") | m.Filtered() | m.Mapped() | m.Functions():
                return SET
            case m.Fields():
                return OTHER if node.kind == "record" else SET
            case m.Items(kind="tuple") | m.Function() | m.Changed():
                return OTHER
            case m.Quantified() | m.Items(kind="/\\" | "\\/"):
                return BOOLEAN
            case m.Branches():
                values = [value for _, value in node.arms]
                values += [] if node.other is None else [node.other]
                kinds = {self.kind(value, ctx, calls) for value in values}
                return kinds.pop() if len(kinds) == 1 else UNKNOWN
            case m.Call():
                return self._kind_of_call(node, ctx, calls)
        return UNKNOWN

    def _kind_of_call(self, node: m.Call, ctx: Context, calls: int) -> str:
        operator = actual(node.operator)
        if isinstance(operator, m.Literal) or operator.recursive or operator.body is None:
            return UNKNOWN
        bound = ctx.env.get(operator)
        if isinstance(bound, Deferred):
            return self.kind(bound.node, ctx.with_env(bound.env), calls)
        if bound is not None or operator.parameters or calls > _MOST_CALLS:
            return UNKNOWN
        return self.kind(operator.body, ctx, calls + 1)

    def applied(self, function: str, node: m.Applied, index: str, ctx: Context) -> str:
        """Return code for ``f[i]``: Python would take the letter of a string at a number."""
        if self.fine:
            return f"item_of({function}, {index})"
        is_number = len(node.arguments) == 1 and self.kind(node.arguments[0], ctx) in {
            INTEGER,
            UNKNOWN,
        }
        if not is_number or self.kind(node.function, ctx) not in {STRING, UNKNOWN}:
            return f"{function if is_cheap(function) else f'({function})'}[{index}]"
        name = self.atom(function, ctx, node.place)
        return f"({name}[{index}] if {name}.__class__ is not str else a_function({name}))"

    @staticmethod
    def as_operands(name: str, codes: list[str]) -> list[str]:
        """Return code for operands that are checked first, for the words of the error."""
        if name in _OF_SETS:
            return [f"a_set({code})" for code in codes]
        if name in _NUMERIC or name in _OF_INTEGERS:
            return [f"an_integer({code}, {name!r})" for code in codes]
        return [f"a_function({code})" for code in codes] if name == "DOMAIN" else codes

    def equality(
        self, name: str, nodes: tuple[m.Argument, ...], codes: list[str], ctx: Context
    ) -> str:
        """Return code for ``=`` or ``/=``, which refuses values of different types as TLC does.

        Where they are equal, nothing more is asked; where they are not, their types are.
        """
        kinds = [self.kind(node, ctx) for node in nodes]
        left, right = codes
        sign = "==" if name == "=" else "!="
        if MODEL in kinds or (kinds[0] == kinds[1] and kinds[0] in _ATOMS):
            return f"({left} {sign} {right})"
        are_known = UNKNOWN not in kinds and kinds[0] != kinds[1]
        if self.fine or are_known or not (is_cheap(left) and is_cheap(right)):
            code = f"equal({left}, {right})"
            return code if name == "=" else f"(not {code})"
        asked = f"different({left}, {right})"
        for kind, code in ((kinds[0], right), (kinds[1], left)):
            if kind in _ATOMS:
                is_like = f"{code}.__class__ is {_ATOMS[kind]}"
                if name == "=":
                    return f"({left} == {right} or not ({is_like} or {asked}))"
                return f"({left} != {right} and ({is_like} or {asked}))"
        if name == "=":
            return f"({left} == {right} or not {asked})"
        return f"({left} != {right} and {asked})"

    def membership(self, code: str, kind: str, values: str, elements: str, *, listed: bool) -> str:
        """Return code for ``e \\in S``; ``kind`` is that of e, ``elements`` that of all elements.

        ``listed`` says that S is no lazy set: these refuse by themselves.
        """
        if MODEL in (kind, elements) or (kind == elements and kind in _ATOMS):
            return f"({code} in {values})"
        are_known = UNKNOWN not in (kind, elements)
        if self.fine or are_known or not (is_cheap(code) and is_cheap(values)):
            return f"contains({values}, {code})"
        asked = f"lacks({values}, {code})"
        if listed and elements in _ATOMS:
            is_like = f"{code}.__class__ is {_ATOMS[elements]}"
            return f"({code} in {values} or not ({is_like} or {asked}))"
        return f"({code} in {values} or not {asked})"

    def inclusion(self, codes: list[str], are_sets: bool) -> str:
        """Return code for ``S \\subseteq T``; ``are_sets``: one of the two is known to be one."""
        if are_sets and not self.fine and all(map(is_cheap, codes)):
            return "({0} <= {1} or not strays({0}, {1}))".format(*codes)
        return f"is_subset({codes[0]}, {codes[1]})"

    def operation(
        self, name: str, nodes: tuple[m.Argument, ...], codes: list[str], ctx: Context
    ) -> str:
        """Return code for an operator of CHECKED; ``codes`` are those of the operands."""
        kinds = [self.kind(node, ctx) for node in nodes]
        if self.fine:
            codes = self.as_operands(name, codes)
        if name == "\\cap" and not self.fine and SET in kinds and all(map(is_cheap, codes)):
            return "({0} & {1} or apart({0}, {1}))".format(*codes)
        if name == "\\subseteq":
            return self.inclusion(codes, SET in kinds)
        if name == "*":
            plain = kinds == [INTEGER, INTEGER]
            return ("({0} * {1})" if plain else "(-{0} * -{1})").format(*codes)
        if name in _NUMERIC:
            return _NUMERIC[name][INTEGER not in kinds].format(*codes)
        return _OF_SETS[name][SET not in kinds].format(*codes)
