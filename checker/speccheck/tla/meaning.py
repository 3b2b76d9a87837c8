"""What the names of a module mean: entities, and expressions whose names are entities.

`resolve.py` makes these from syntax. An instance of a module has entities of its own, in which the
module's constants and variables are already what the substitution says.
"""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple, TypeAlias

from speccheck.tla.errors import Span


class Place(NamedTuple):
    """Where something stands: the file and the stretch of its text."""

    path: str
    span: Span

    def __str__(self) -> str:
        return f"{self.path}:{self.span.line}:{self.span.column}"


# --- entities ------------------------------------------------------------------------------------


@dataclass(slots=True, eq=False)
class Variable:
    """A declared variable."""

    name: str
    place: Place


@dataclass(slots=True, eq=False)
class Constant:
    """A declared constant; a configuration sets ``value``, or ``definition`` to an operator."""

    name: str
    arity: int
    place: Place
    value: object = None
    definition: "Operator | None" = None


@dataclass(slots=True, eq=False)
class Parameter:
    """A parameter of an operator or a bound name; ``arity`` 0 unless it stands for an operator."""

    name: str
    arity: int = 0


@dataclass(slots=True, eq=False)
class Operator:
    """A definition. ``override``, set by a configuration, stands in its place everywhere.

    ``implicit`` are the first of ``parameters``: those of the instance that it belongs to.

    ``stands_for`` is set where this is what an instance, made in the file ``instance_path``, puts
    in the place of a variable of the instantiated module.

    ``labels`` are parts of it with names; they take its parameters first, as ``implicit`` ones.
    """

    name: str
    parameters: tuple[Parameter, ...]
    place: Place
    body: "Expression | None" = None
    recursive: bool = False
    module: str = ""
    override: "Operator | Literal | None" = None
    implicit: tuple[Parameter, ...] = ()
    stands_for: Variable | None = None
    instance_path: str = ""
    labels: "dict[str, Operator]" = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Builtin:
    """An operator of the language (``module`` empty) or of a standard module.

    ``arities`` has one number per parameter: 0 for a value, n for an operator of n parameters.
    """

    name: str
    arities: tuple[int, ...]
    module: str = ""
    override: "Operator | Literal | None" = None


# --- expressions ---------------------------------------------------------------------------------


@dataclass(slots=True, eq=False)
class Node:
    """Any expression, with its place."""

    place: Place


@dataclass(slots=True, eq=False)
class Literal(Node):
    """A number, string or boolean; a configuration may put any value here."""

    value: object


@dataclass(slots=True, eq=False)
class Decimals(Node):
    """A number with a decimal point."""

    value: Decimal


@dataclass(slots=True, eq=False)
class Use(Node):
    """The value of a parameter or bound name."""

    parameter: Parameter


@dataclass(slots=True, eq=False)
class UseVariable(Node):
    """A variable."""

    variable: Variable


@dataclass(slots=True, eq=False)
class UseConstant(Node):
    """A constant, applied if it is an operator."""

    constant: Constant
    arguments: "tuple[Argument, ...]" = ()


@dataclass(slots=True, eq=False)
class Call(Node):
    """A defined operator, applied."""

    operator: Operator
    arguments: "tuple[Argument, ...]" = ()


@dataclass(slots=True, eq=False)
class CallParameter(Node):
    """A parameter that stands for an operator, applied."""

    parameter: Parameter
    arguments: "tuple[Argument, ...]"


@dataclass(slots=True, eq=False)
class CallBuiltin(Node):
    """A built-in operator, applied: ``=``, ``'``, ``\\cup``, ``Len`` ..."""

    builtin: Builtin
    arguments: "tuple[Argument, ...]"


@dataclass(slots=True, eq=False)
class OperatorValue(Node):
    """An operator as an argument."""

    target: Operator | Builtin | Parameter | Constant


@dataclass(slots=True, eq=False)
class Old(Node):
    """``@`` in EXCEPT."""


class Bound(NamedTuple):
    """Bound names and their domain; with ``is_tuple`` they name the parts of one element."""

    parameters: tuple[Parameter, ...]
    domain: "Expression | None"
    is_tuple: bool = False


@dataclass(slots=True, eq=False)
class Quantified(Node):
    """``\\A``, ``\\E``, ``\\AA``, ``\\EE``."""

    kind: str
    bounds: tuple[Bound, ...]
    body: "Expression"


@dataclass(slots=True, eq=False)
class Chosen(Node):
    """CHOOSE."""

    bound: Bound
    body: "Expression"


@dataclass(slots=True, eq=False)
class Items(Node):
    """``{a, b}`` (kind "set"), ``<<a, b>>`` ("tuple"), ``S \\X T`` ("product"), or a list by
    conjunction (``/\\``) or disjunction (``\\/``).
    """

    kind: str
    items: "tuple[Expression, ...]"


@dataclass(slots=True, eq=False)
class Filtered(Node):
    """``{x \\in S : P}``."""

    bound: Bound
    body: "Expression"


@dataclass(slots=True, eq=False)
class Mapped(Node):
    """``{e : x \\in S}``."""

    bounds: tuple[Bound, ...]
    body: "Expression"


@dataclass(slots=True, eq=False)
class Function(Node):
    """``[x \\in S |-> e]``; ``itself`` is the function's own name if it is used in e."""

    bounds: tuple[Bound, ...]
    body: "Expression"
    itself: Parameter | None = None


@dataclass(slots=True, eq=False)
class Functions(Node):
    """``[S -> T]``."""

    domain: "Expression"
    codomain: "Expression"


@dataclass(slots=True, eq=False)
class Fields(Node):
    """``[a |-> e]`` (kind "record") or ``[a : S]`` ("records")."""

    kind: str
    fields: "tuple[tuple[str, Expression], ...]"


@dataclass(slots=True, eq=False)
class Applied(Node):
    """``f[x]``, ``f[x, y]``, ``r.name``."""

    function: "Expression"
    arguments: "tuple[Expression, ...]"


class Change(NamedTuple):
    """One ``!.a[i] = e`` of EXCEPT; several arguments in one bracket are one step."""

    path: "tuple[tuple[Expression, ...], ...]"
    value: "Expression"
    place: Place


@dataclass(slots=True, eq=False)
class Changed(Node):
    """``[f EXCEPT ...]``."""

    function: "Expression"
    changes: tuple[Change, ...]


@dataclass(slots=True, eq=False)
class Branches(Node):
    """IF and CASE: guarded values in order, then the value of ELSE or OTHER (None: no such arm)."""

    arms: "tuple[tuple[Expression, Expression], ...]"
    other: "Expression | None"


@dataclass(slots=True, eq=False)
class Where(Node):
    """LET."""

    definitions: tuple[Operator, ...]
    body: "Expression"


@dataclass(slots=True, eq=False)
class Step(Node):
    """``[A]_v`` (kind "box"), ``<<A>>_v`` ("angle"), ``WF_v(A)``, ``SF_v(A)`` ("WF", "SF")."""

    kind: str
    action: "Expression"
    subscript: "Expression"


Expression: TypeAlias = (
    Literal
    | Decimals
    | Use
    | UseVariable
    | UseConstant
    | Call
    | CallParameter
    | CallBuiltin
    | Old
    | Quantified
    | Chosen
    | Items
    | Filtered
    | Mapped
    | Function
    | Functions
    | Fields
    | Applied
    | Changed
    | Branches
    | Where
    | Step
)
Argument: TypeAlias = Expression | OperatorValue


@dataclass(slots=True, eq=False)
class Namespace:
    """A named instance, ``I(x) == INSTANCE M``: its names take ``parameters`` first."""

    name: str
    parameters: tuple[Parameter, ...]
    scope: "Scope"


Meaning: TypeAlias = Variable | Constant | Parameter | Operator | Builtin | Namespace


@dataclass(slots=True, eq=False)
class Scope:
    """Names and what they mean; what is not here is looked up in ``outer``.

    ``implicit`` are parameters of the instance that this scope belongs to: every operator defined
    here takes them first. ``hidden`` names are LOCAL. ``passed_on`` are those of basic modules that
    are here only because a community module extends these.
    """

    outer: "Scope | None" = None
    names: dict[str, Meaning] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)
    implicit: tuple[Parameter, ...] = ()
    passed_on: set[str] = field(default_factory=set)

    def gives_way(self, name: str) -> bool:
        """Tell whether a name may get another meaning although it has one here."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.names:
                return name in scope.passed_on
            scope = scope.outer
        return True

    def find(self, name: str) -> Meaning | None:
        """Return what ``name`` means, or None."""
        scope: Scope | None = self
        while scope is not None:
            found = scope.names.get(name)
            if found is not None:
                return found
            scope = scope.outer
        return None

    def all_names(self) -> set[str]:
        """Return every name in sight."""
        seen: set[str] = set()
        scope: Scope | None = self
        while scope is not None:
            seen.update(scope.names)
            scope = scope.outer
        return seen


@dataclass(slots=True, eq=False)
class ResolvedModule:
    """A module with its names resolved: what it shows, its variables in order, its assumptions.

    ``everything`` has all operators defined anywhere, those of instances included; ``builtins``
    the operators of the language and of the standard modules in use. ``substituted`` says of each
    thing put in the place of a declared name of an instance: where, which name, the highest level
    that it may have, and what it is.
    """

    name: str
    scope: Scope
    variables: list[Variable] = field(default_factory=list)
    constants: list[Constant] = field(default_factory=list)
    assumptions: list[Expression] = field(default_factory=list)
    operators: dict[str, Operator] = field(default_factory=dict)
    everything: list[Operator] = field(default_factory=list)
    builtins: dict[str, Meaning] = field(default_factory=dict)
    substituted: list[tuple[Place, str, int, Meaning]] = field(default_factory=list)
