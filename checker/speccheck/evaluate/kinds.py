"""What kind of value an expression has, as far as its text tells: which checks can be left out.

Python would evaluate some applications of operators that TLA+ gives no meaning: ``"a" + "b"``,
``{1, 2} - {1}``, ``1 \\cup 2``, ``"b" \\in "abc"``. TLC refuses them, and so does the code for
them here. Where an operand is known to be an integer or a set, Python's own operation refuses any
other operand of another kind, and the check costs nothing.
"""

from speccheck.evaluate.analysis import actual
from speccheck.evaluate.emit import Context, Deferred, Local
from speccheck.evaluate.values import LazySet, Value
from speccheck.evaluate.workshop import Workshop
from speccheck.tla import meaning as m

INTEGER, SET, STRING, OTHER, UNKNOWN = "integer", "set", "string", "other", ""

_INTEGERS = frozenset(["+", "-", "*", "^", "-.", "\\div", "%", "Len", "Cardinality"])
_SETS = frozenset(["..", "\\cup", "\\cap", "\\", "SUBSET", "UNION", "DOMAIN", "Seq"])
_MOST_CALLS = 8

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
    "\\cap": ("({0} & {1})", "common({0}, {1})"),
    "\\": ("({0} - {1})", "without({0}, {1})"),
    "\\subseteq": ("({0} <= {1})", "is_subset({0}, {1})"),
}
_OF_INTEGERS = frozenset(["*", "^", "-.", "\\div", "%", ".."])
CHECKED = frozenset([*_NUMERIC, *_OF_SETS, "*"])


def kind_of_value(value: Value) -> str:
    """Return the kind of a value."""
    if type(value) is int:
        return INTEGER
    if type(value) is str:
        return STRING
    return SET if isinstance(value, frozenset | LazySet) else OTHER


def kind_of_items(values: Value) -> str:
    """Return the kind that all elements of a listed set have, UNKNOWN if they differ."""
    kinds = set(map(kind_of_value, values))
    return kinds.pop() if len(kinds) == 1 else UNKNOWN


class Kinds(Workshop):
    """Tells kinds of expressions and makes code for operators that need them."""

    def kind(self, node: m.Argument, ctx: Context, calls: int = 0) -> str:
        """Return INTEGER, SET, STRING, OTHER (none of these) or UNKNOWN."""
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
                return SET if builtin.name in _SETS else UNKNOWN
            case m.Items(kind="set" | "product") | m.Filtered() | m.Mapped() | m.Functions():
                return SET
            case m.Fields():
                return OTHER if node.kind == "record" else SET
            case m.Items(kind="tuple") | m.Function() | m.Changed():
                return OTHER
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
            return f"a_function({function})[{index}]"
        is_number = len(node.arguments) == 1 and self.kind(node.arguments[0], ctx) in {
            INTEGER,
            UNKNOWN,
        }
        if not is_number or self.kind(node.function, ctx) not in {STRING, UNKNOWN}:
            return f"({function})[{index}]"
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

    def operation(
        self, name: str, nodes: tuple[m.Argument, ...], codes: list[str], ctx: Context
    ) -> str:
        """Return code for an operator of CHECKED; ``codes`` are those of the operands."""
        kinds = [self.kind(node, ctx) for node in nodes]
        if self.fine:
            codes = self.as_operands(name, codes)
        if name == "*":
            plain = kinds == [INTEGER, INTEGER]
            return ("({0} * {1})" if plain else "(-{0} * -{1})").format(*codes)
        if name in _NUMERIC:
            return _NUMERIC[name][INTEGER not in kinds].format(*codes)
        return _OF_SETS[name][SET not in kinds].format(*codes)
