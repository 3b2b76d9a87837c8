"""The syntax tree of a module: frozen nodes, each with the stretch of text that it came from.

Operators of every shape (``Op(a)``, ``a + b``, ``-a``, ``a'``) are one node, :class:`Apply`; so
are the names that go through instances, ``M(x)!Op(y)``. Names are not resolved here.
"""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeAlias

from speccheck.tla.errors import Span


@dataclass(frozen=True, slots=True)
class Node:
    """Any node; ``span`` is where its text stands and takes no part in equality."""

    span: Span = field(compare=False)


# --- expressions ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class InstanceStep(Node):
    """One step of ``M(args)!`` on the way to a name."""

    name: str
    arguments: tuple["Expression", ...] = ()


@dataclass(frozen=True, slots=True)
class Apply(Node):
    """A name, or an operator applied to arguments; infix, prefix and postfix symbols included.

    ``operator`` is the canonical symbol (``\\lnot`` is ``~``, unary minus ``-.``). ``through``
    are the instances that the name is reached through, outermost first.
    """

    operator: str
    arguments: tuple["Expression", ...] = ()
    through: tuple[InstanceStep, ...] = ()


@dataclass(frozen=True, slots=True)
class Part(Node):
    """A sub-expression by position: ``Inv!2``, ``Op(x)!1!2``, or ``Name!:`` for a statement."""

    whole: Apply
    selectors: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Number(Node):
    """An integer, in whatever base it was written."""

    value: int


@dataclass(frozen=True, slots=True)
class DecimalNumber(Node):
    """A number with a decimal point."""

    value: Decimal


@dataclass(frozen=True, slots=True)
class String(Node):
    """A string, escapes resolved."""

    value: str


@dataclass(frozen=True, slots=True)
class At(Node):
    """``@`` inside EXCEPT: the old value at the place being changed."""


@dataclass(frozen=True, slots=True)
class Bound(Node):
    """``x, y \\in S``, ``<<x, y>> \\in S`` (``is_tuple``), or unbounded names (``domain`` None)."""

    names: tuple[str, ...]
    domain: "Expression | None"
    is_tuple: bool = False


@dataclass(frozen=True, slots=True)
class Quantifier(Node):
    """``kind`` is ``\\A``, ``\\E``, ``\\AA`` or ``\\EE``."""

    kind: str
    bounds: tuple[Bound, ...]
    body: "Expression"


@dataclass(frozen=True, slots=True)
class Choose(Node):
    """``CHOOSE x \\in S : P``; an unbounded one has no domain."""

    bound: Bound
    body: "Expression"


@dataclass(frozen=True, slots=True)
class SetEnumeration(Node):
    """``{a, b, c}``."""

    items: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class SetFilter(Node):
    """``{x \\in S : P}``."""

    bound: Bound
    condition: "Expression"


@dataclass(frozen=True, slots=True)
class SetMap(Node):
    """``{e : x \\in S, y \\in T}``."""

    body: "Expression"
    bounds: tuple[Bound, ...]


@dataclass(frozen=True, slots=True)
class FunctionLiteral(Node):
    """``[x \\in S, y \\in T |-> e]``."""

    bounds: tuple[Bound, ...]
    body: "Expression"


@dataclass(frozen=True, slots=True)
class FunctionSet(Node):
    """``[S -> T]``."""

    domain: "Expression"
    codomain: "Expression"


@dataclass(frozen=True, slots=True)
class Record(Node):
    """``[a |-> x, b |-> y]``."""

    fields: tuple[tuple[str, "Expression"], ...]


@dataclass(frozen=True, slots=True)
class RecordSet(Node):
    """``[a : S, b : T]``."""

    fields: tuple[tuple[str, "Expression"], ...]


@dataclass(frozen=True, slots=True)
class Index(Node):
    """``f[x]``, ``f[x, y]``."""

    function: "Expression"
    arguments: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class Field(Node):
    """``r.name``."""

    record: "Expression"
    name: str


@dataclass(frozen=True, slots=True)
class Update(Node):
    """``!.a[i] = e``: a path of field names (``String``) and index lists, and the new value."""

    path: tuple[tuple["Expression", ...], ...]
    value: "Expression"


@dataclass(frozen=True, slots=True)
class Except(Node):
    """``[f EXCEPT ![i] = e, ...]``."""

    function: "Expression"
    updates: tuple[Update, ...]


@dataclass(frozen=True, slots=True)
class Tuple(Node):
    """``<<a, b>>``."""

    items: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class Product(Node):
    """``S \\X T \\X U``: one product of all its factors."""

    factors: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class Junction(Node):
    """A list by alignment; ``operator`` is ``/\\`` or ``\\/``."""

    operator: str
    items: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class If(Node):
    """``IF c THEN a ELSE b``."""

    condition: "Expression"
    then: "Expression"
    otherwise: "Expression"


@dataclass(frozen=True, slots=True)
class Case(Node):
    """``CASE p -> a [] q -> b [] OTHER -> c``."""

    arms: tuple[tuple["Expression", "Expression"], ...]
    other: "Expression | None"


@dataclass(frozen=True, slots=True)
class Let(Node):
    """``LET definitions IN body``."""

    definitions: "tuple[Definition | Recursive, ...]"
    body: "Expression"


@dataclass(frozen=True, slots=True)
class Lambda(Node):
    """``LAMBDA x, y : e``."""

    parameters: tuple[str, ...]
    body: "Expression"


@dataclass(frozen=True, slots=True)
class Box(Node):
    """``[A]_v``."""

    action: "Expression"
    subscript: "Expression"


@dataclass(frozen=True, slots=True)
class Angle(Node):
    """``<<A>>_v``."""

    action: "Expression"
    subscript: "Expression"


@dataclass(frozen=True, slots=True)
class Fairness(Node):
    """``WF_v(A)`` (``kind`` "WF") or ``SF_v(A)``."""

    kind: str
    subscript: "Expression"
    action: "Expression"


@dataclass(frozen=True, slots=True)
class Label(Node):
    """``name(params):: e``; means e."""

    name: str
    parameters: tuple[str, ...]
    body: "Expression"


Expression: TypeAlias = (
    Apply
    | Part
    | Number
    | DecimalNumber
    | String
    | At
    | Quantifier
    | Choose
    | SetEnumeration
    | SetFilter
    | SetMap
    | FunctionLiteral
    | FunctionSet
    | Record
    | RecordSet
    | Index
    | Field
    | Except
    | Tuple
    | Product
    | Junction
    | If
    | Case
    | Let
    | Lambda
    | Box
    | Angle
    | Fairness
    | Label
)

# --- units ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Declaration(Node):
    """A declared constant, variable or parameter; ``arity`` 0 unless it stands for an operator."""

    name: str
    arity: int = 0


@dataclass(frozen=True, slots=True)
class OperatorDefinition(Node):
    """``Op(a, F(_)) == e``; infix, prefix and postfix ones included."""

    name: str
    parameters: tuple[Declaration, ...]
    body: Expression
    local: bool = False


@dataclass(frozen=True, slots=True)
class FunctionDefinition(Node):
    """``f[x \\in S] == e``; f may occur in e."""

    name: str
    bounds: tuple[Bound, ...]
    body: Expression
    local: bool = False


@dataclass(frozen=True, slots=True)
class Substitution(Node):
    """``a <- e``; ``span`` is that of ``a``."""

    name: str
    expression: Expression


@dataclass(frozen=True, slots=True)
class Instance(Node):
    """``INSTANCE M WITH a <- e``, bare or on the right of a definition."""

    module: str
    substitutions: tuple[Substitution, ...]
    local: bool = False


@dataclass(frozen=True, slots=True)
class InstanceDefinition(Node):
    """``I(x) == INSTANCE M WITH a <- e``."""

    name: str
    parameters: tuple[Declaration, ...]
    instance: Instance
    local: bool = False


Definition: TypeAlias = OperatorDefinition | FunctionDefinition | InstanceDefinition


@dataclass(frozen=True, slots=True)
class Constants(Node):
    """CONSTANTS."""

    declarations: tuple[Declaration, ...]


@dataclass(frozen=True, slots=True)
class Variables(Node):
    """VARIABLES."""

    names: tuple[Declaration, ...]


@dataclass(frozen=True, slots=True)
class Recursive(Node):
    """RECURSIVE."""

    declarations: tuple[Declaration, ...]


@dataclass(frozen=True, slots=True)
class Assume(Node):
    """ASSUME; ``name`` None if it has none."""

    name: str | None
    condition: Expression


@dataclass(frozen=True, slots=True)
class Fresh(Node):
    """``NEW x \\in S`` and its like, among the hypotheses of a theorem; ``level`` is the
    keyword.
    """

    level: str
    declaration: Declaration
    domain: Expression | None


@dataclass(frozen=True, slots=True)
class AssumeProve(Node):
    """``ASSUME h1, h2 PROVE e``."""

    hypotheses: "tuple[Expression | Fresh | AssumeProve, ...]"
    goal: Expression


@dataclass(frozen=True, slots=True)
class Theorem(Node):
    """THEOREM; its proof is not kept."""

    name: str | None
    statement: Expression | AssumeProve


Unit: TypeAlias = (
    "Constants | Variables | Recursive | Assume | Theorem | Definition | Instance | Module"
)


@dataclass(frozen=True, slots=True)
class Module(Node):
    """A module; ``path`` is the file it was read from.

    ``words`` and ``texts`` are its identifiers and its strings, each in the order of the text: that
    is the order of strings. A module within another has none.
    """

    name: str
    extends: tuple[str, ...]
    units: tuple[Unit, ...]
    path: str
    words: tuple[str, ...] = field(default=(), compare=False)
    texts: tuple[str, ...] = field(default=(), compare=False)
