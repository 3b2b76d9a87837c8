"""Names to meanings, in expressions and in the definitions of operators and functions."""

from collections.abc import Callable, Sequence
from difflib import get_close_matches
from typing import TypeAlias

from speccheck.tla import meaning as m
from speccheck.tla import syntax as ast
from speccheck.tla.errors import Refuse, Span
from speccheck.tla.labels import Labels, parts_of
from speccheck.tla.standard import is_basic

Define: TypeAlias = Callable[["ast.Definition | ast.Recursive", m.Scope], "m.Operator | None"]


def _counted(count: int, thing: str) -> str:
    return f"{count} {thing}{'' if count == 1 else 's'}"


def _gives_way(name: str, found: m.Meaning, scope: m.Scope) -> bool:
    """Tell whether a meaning is one of the community modules', or one that they brought along."""
    if not isinstance(found, m.Builtin):
        return False
    return not is_basic(found.module) or scope.gives_way(name)


def _is_announced(found: m.Meaning | None) -> bool:
    """Tell whether a name has only a RECURSIVE declaration yet."""
    return isinstance(found, m.Operator) and found.recursive and found.body is None


def _known(found: m.Meaning) -> str:
    """Say what a name is already, and where it was made."""
    match found:
        case m.Variable() | m.Constant():
            return f"is declared at {found.place}"
        case m.Operator():
            return f"is defined at {found.place}"
        case m.Builtin(module=module):
            return f"is defined by {module}" if module else "is part of the language"
        case m.Namespace():
            return "is an instance"
        case _:
            return "is bound around here"


class ExpressionResolver:
    """Resolves expressions of the module at ``path``.

    ``define`` resolves a definition of a LET into a scope; ``refuse`` makes an error.
    """

    def __init__(self, path: str, define: Define, refuse: Refuse) -> None:
        self._path = path
        self._define = define
        self._refuse = refuse
        self._changes = 0  # how many EXCEPT the expression stands in, whose @ it may use
        self._labels: Labels | None = None
        self._announced: list[m.Operator] = []  # by RECURSIVE, in the scopes that are open

    def _place(self, span: Span) -> m.Place:
        return m.Place(self._path, span)

    # --- definitions -----------------------------------------------------------------------------

    def claim(self, name: str, scope: m.Scope, span: Span) -> None:
        """Refuse a name that already has a meaning here, as SANY does. Raises TlaError.

        RECURSIVE announces a definition. The community modules are not one version for all: what
        one of them defines here gives way to the specification's own.
        """
        found = scope.find(name)
        if found is None or _gives_way(name, found, scope):
            return
        if _is_announced(found) and scope.names.get(name) is found:
            return
        what = f"{name} {_known(found)}: it cannot be given another meaning"
        if name == "[]":
            what += "; it is read as the name of this definition where a CASE above lacks an arm"
        raise self._refuse(what, span)

    def check_new(self, names: Sequence[str], scope: m.Scope, span: Span) -> None:
        """Refuse parameters or bound names that have a meaning already, or occur twice."""
        self._check_distinct(names, span)
        for name in names:
            found = scope.find(name)
            if found is not None and not _gives_way(name, found, scope):
                message = f"{name} {_known(found)}: it cannot be bound to another value"
                raise self._refuse(message, span)

    def declare_recursive(self, declaration: ast.Declaration, scope: m.Scope) -> None:
        """Make a RECURSIVE name known before its definition. Raises TlaError."""
        if _is_announced(scope.names.get(declaration.name)):
            message = f"RECURSIVE declares {declaration.name} twice: once is enough"
            raise self._refuse(message, declaration.span)
        self.claim(declaration.name, scope, declaration.span)
        parameters = tuple(m.Parameter(f"_{n}") for n in range(declaration.arity))
        announced = m.Operator(
            declaration.name,
            (*scope.implicit, *parameters),
            self._place(declaration.span),
            recursive=True,
            implicit=scope.implicit,
        )
        scope.names[declaration.name] = announced
        self._announced.append(announced)

    def check_defined(self, known: int = 0) -> None:
        """Refuse a name that RECURSIVE declared, after the first ``known``, and nothing defines.

        Raises TlaError.
        """
        for operator in self._announced[known:]:
            if operator.body is None:
                message = f"RECURSIVE declares {operator.name}, which is not defined"
                remedy = "define it in the same module or LET, or take the declaration out"
                raise self._refuse(f"{message}: {remedy}", operator.place.span)
        del self._announced[known:]

    def define(
        self, unit: ast.OperatorDefinition | ast.FunctionDefinition, scope: m.Scope
    ) -> m.Operator:
        """Resolve a definition and put it into ``scope``."""
        around, labels = self._labels, Labels()
        self._labels = labels
        operator = self._defined(unit, scope)
        operator.labels = labels.operators(operator.parameters)
        self._labels = around
        return operator

    def _defined(
        self, unit: ast.OperatorDefinition | ast.FunctionDefinition, scope: m.Scope
    ) -> m.Operator:
        declared = scope.names.get(unit.name)
        if isinstance(unit, ast.OperatorDefinition):
            names = [p.name for p in unit.parameters]
            if unit.name in names:
                message = f"{unit.name} cannot be the name of its own parameter"
                raise self._refuse(message, unit.span)
            self.check_new(names, scope, unit.span)
        place = self._place(unit.span)
        body: m.Expression
        if isinstance(unit, ast.FunctionDefinition):
            parameters: tuple[m.Parameter, ...] = ()
            body = self._function(unit, scope)
        else:
            parameters = tuple(m.Parameter(p.name, p.arity) for p in unit.parameters)
            inside = self._inside(scope, parameters)
            body = self.expression(unit.body, inside)
        if isinstance(declared, m.Operator) and _is_announced(declared):
            if len(declared.parameters) != len(parameters) + len(scope.implicit):
                what = _counted(len(declared.parameters), "parameter")
                raise self._refuse(f"RECURSIVE declared {unit.name} with {what}", unit.span)
            operator = declared
            operator.parameters = (*scope.implicit, *parameters)
            operator.body, operator.place = body, place
        else:
            operator = m.Operator(
                unit.name, (*scope.implicit, *parameters), place, body, implicit=scope.implicit
            )
        scope.names[unit.name] = operator
        return operator

    def _function(self, unit: ast.FunctionDefinition, scope: m.Scope) -> m.Expression:
        bounds, inside = self._bounds(unit.bounds, scope)
        if unit.name in inside.names:
            raise self._refuse(f"{unit.name} cannot be the name of its own argument", unit.span)
        itself = m.Parameter(unit.name)
        inside.names[unit.name] = itself
        body = self._below(unit.bounds, unit.body, inside)
        return m.Function(self._place(unit.span), bounds, body, itself)

    def anonymous(self, node: ast.Lambda, scope: m.Scope) -> m.Operator:
        """Return the operator that a LAMBDA is."""
        self.check_new(node.parameters, scope, node.span)
        parameters = tuple(m.Parameter(name) for name in node.parameters)
        body = self._below(node.parameters, node.body, self._inside(scope, parameters))
        return m.Operator("LAMBDA", parameters, self._place(node.span), body)

    def _check_distinct(self, names: Sequence[str], span: Span) -> None:
        for position, name in enumerate(names):
            if name in names[:position]:
                raise self._refuse(f"{name} is bound twice here", span)

    @staticmethod
    def _inside(scope: m.Scope, parameters: Sequence[m.Parameter]) -> m.Scope:
        names: dict[str, m.Meaning] = {p.name: p for p in parameters}
        return m.Scope(outer=scope, names=names, implicit=scope.implicit)

    # --- names -----------------------------------------------------------------------------------

    def _unknown(self, name: str, scope: m.Scope, span: Span) -> Exception:
        near = get_close_matches(name, sorted(scope.all_names()), n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        return self._refuse(f"{name} is not known here{hint}", span)

    def _find(
        self, node: ast.Apply, scope: m.Scope
    ) -> tuple[m.Meaning, dict[m.Parameter, m.Argument]]:
        """Return what the name means and what the parameters of its instances are."""
        given: dict[m.Parameter, m.Argument] = {}
        looked = scope
        for step in node.through:
            found = looked.find(step.name) if looked is scope else looked.names.get(step.name)
            if found is None:
                raise self._unknown(step.name, looked, step.span)
            parameters, looked = self._within(found, step)
            if len(step.arguments) != len(parameters):
                what = _counted(len(parameters), "argument")
                raise self._refuse(f"{step.name} takes {what}", step.span)
            for parameter, argument in zip(parameters, step.arguments, strict=True):
                given[parameter] = self._argument(argument, parameter.arity, scope)
        found = looked.find(node.operator) if looked is scope else looked.names.get(node.operator)
        if found is None or (node.through and node.operator in looked.hidden):
            raise self._unknown(node.operator, looked, node.span)
        return found, given

    def _within(
        self, found: m.Meaning, step: ast.InstanceStep
    ) -> tuple[tuple[m.Parameter, ...], m.Scope]:
        """Return the parameters of an instance, or of a definition with labels, and its names."""
        if isinstance(found, m.Namespace):
            return found.parameters, found.scope
        if isinstance(found, m.Operator) and found.labels:
            return found.parameters[len(found.implicit) :], m.Scope(names={**found.labels})
        raise self._refuse(f"{step.name} is no instance", step.span)

    def bare_name(self, node: ast.Apply, scope: m.Scope) -> m.Meaning | None:
        """Return the entity that a name alone stands for, None if it needs an expression."""
        found, given = self._find(node, scope)
        if given or isinstance(found, m.Namespace):
            return None
        return None if _is_announced(found) else found

    def _implicit(
        self, operator: m.Operator, given: dict[m.Parameter, m.Argument], span: Span
    ) -> tuple[m.Argument, ...]:
        place = self._place(span)
        return tuple(
            given[p] if p in given else m.OperatorValue(place, p) if p.arity else m.Use(place, p)
            for p in operator.implicit
        )

    def _apply(self, node: ast.Apply, scope: m.Scope) -> m.Expression:
        place = self._place(node.span)
        if node.operator in {"TRUE", "FALSE"} and not node.through:
            return m.Literal(place, node.operator == "TRUE")
        found, given = self._find(node, scope)
        name, span = node.operator, node.span
        if isinstance(found, m.Namespace):
            raise self._refuse(f"{name} is an instance, no expression", span)
        if isinstance(found, m.Operator):
            explicit = found.parameters[len(found.implicit) :]
            arguments = self._arguments(node, [p.arity for p in explicit], scope)
            return m.Call(place, found, (*self._implicit(found, given, span), *arguments))
        if isinstance(found, m.Builtin):
            return m.CallBuiltin(place, found, self._arguments(node, found.arities, scope))
        if isinstance(found, m.Constant):
            arguments = self._arguments(node, (0,) * found.arity, scope)
            return m.UseConstant(place, found, arguments)
        if isinstance(found, m.Variable):
            self._arguments(node, (), scope)
            return m.UseVariable(place, found)
        arguments = self._arguments(node, (0,) * found.arity, scope)
        if found.arity == 0:
            if found in given:
                value = given[found]
                assert not isinstance(value, m.OperatorValue), "arity 0"
                return value
            return m.Use(place, found)
        return m.CallParameter(place, found, arguments)

    def _arguments(
        self, node: ast.Apply, arities: Sequence[int], scope: m.Scope
    ) -> tuple[m.Argument, ...]:
        if len(node.arguments) != len(arities):
            takes = _counted(len(arities), "argument")
            message = f"{node.operator} takes {takes}, not {len(node.arguments)}"
            raise self._refuse(message, node.span)
        return tuple(
            self._argument(argument, arity, scope)
            for argument, arity in zip(node.arguments, arities, strict=True)
        )

    def _argument(self, node: ast.Expression, arity: int, scope: m.Scope) -> m.Argument:
        if arity == 0:
            return self.expression(node, scope)
        place = self._place(node.span)
        if isinstance(node, ast.Lambda):
            if len(node.parameters) != arity:
                raise self._refuse(f"a LAMBDA of {arity} is expected here", node.span)
            return m.OperatorValue(place, self.anonymous(node, scope))
        if isinstance(node, ast.Apply) and not node.arguments:
            found, given = self._find(node, scope)
            if not isinstance(found, m.Namespace | m.Variable):
                if isinstance(found, m.Operator) and found.implicit:
                    return self._partial(found, given, place)
                takes = (
                    len(found.parameters)
                    if isinstance(found, m.Operator)
                    else len(found.arities)
                    if isinstance(found, m.Builtin)
                    else found.arity
                )
                if takes == arity:
                    return m.OperatorValue(place, found)
        what = _counted(arity, "parameter")
        raise self._refuse(f"an operator of {what} is expected here", node.span)

    def _partial(
        self, operator: m.Operator, given: dict[m.Parameter, m.Argument], place: m.Place
    ) -> m.OperatorValue:
        """Return an operator of an instance with the instance's parameters filled in."""
        explicit = operator.parameters[len(operator.implicit) :]
        fresh = tuple(m.Parameter(p.name, p.arity) for p in explicit)
        arguments = (
            *self._implicit(operator, given, place.span),
            *(m.Use(place, p) for p in fresh),
        )
        wrapper = m.Operator(operator.name, fresh, place, m.Call(place, operator, arguments))
        return m.OperatorValue(place, wrapper)

    # --- expressions -----------------------------------------------------------------------------

    def _bounds(
        self, bounds: Sequence[ast.Bound], scope: m.Scope
    ) -> tuple[tuple[m.Bound, ...], m.Scope]:
        resolved: list[m.Bound] = []
        names: dict[str, m.Meaning] = {}
        for bound in bounds:
            domain = None if bound.domain is None else self.expression(bound.domain, scope)
            parameters = tuple(m.Parameter(name) for name in bound.names)
            names.update((p.name, p) for p in parameters)
            resolved.append(m.Bound(parameters, domain, bound.is_tuple))
        given = [name for bound in bounds for name in bound.names]
        self.check_new(given, scope, bounds[0].span)
        return tuple(resolved), m.Scope(outer=scope, names=names, implicit=scope.implicit)

    def statement(self, node: ast.Expression, scope: m.Scope, *, is_named: bool) -> m.Expression:
        """Resolve what an assumption or a theorem says; one with a name may have labels."""
        self._labels = Labels() if is_named else None
        found = self.expression(node, scope)
        self._labels = None
        return found

    def _below(
        self,
        bound: "Sequence[ast.Bound] | Sequence[str]",
        body: ast.Expression,
        scope: m.Scope,
    ) -> m.Expression:
        """Return an expression below the place where names are bound."""
        labels = self._labels
        if labels is None:
            return self.expression(body, scope)
        known = len(labels.bound)
        for one in bound:
            labels.bound.extend([one] if isinstance(one, str) else one.names)
        found = self.expression(body, scope)
        del labels.bound[known:]
        return found

    def _labelled(self, node: ast.Label, scope: m.Scope) -> m.Expression:
        """Return what a label stands at; it names all that is bound since the one around it."""
        labels, name = self._labels, node.name
        if labels is None:
            raise self._refuse(f"the label {name} is not in a definition", node.span)
        if name in labels.found:
            raise self._refuse(f"{name} is a label twice in this definition", node.span)
        self._check_distinct(node.parameters, node.span)
        missing = [one for one in labels.bound if one not in node.parameters]
        others = [one for one in node.parameters if one not in labels.bound]
        if missing:
            raise self._refuse(f"the label {name} lacks the bound {missing[0]}", node.span)
        if others:
            problem = f"{others[0]}, a parameter of the label {name}, is not bound below"
            raise self._refuse(f"{problem} the definition or the label around it", node.span)
        below = self._labels = Labels()
        found = self.expression(node.body, scope)
        self._labels = labels
        meanings = [scope.find(one) for one in node.parameters]
        own = tuple(one for one in meanings if isinstance(one, m.Parameter))
        labels.found[name] = (own, found, below)
        return found

    def expressions(
        self, nodes: Sequence[ast.Expression], scope: m.Scope
    ) -> tuple[m.Expression, ...]:
        """Resolve several."""
        return tuple(self.expression(node, scope) for node in nodes)

    def expression(self, node: ast.Expression, scope: m.Scope) -> m.Expression:
        """Return the expression with its names resolved. Raises TlaError."""
        place = self._place(node.span)
        match node:
            case ast.Apply():
                return self._apply(node, scope)
            case ast.Number() | ast.String():
                return m.Literal(place, node.value)
            case ast.DecimalNumber():
                return m.Decimals(place, node.value)
            case ast.At():
                if not self._changes:
                    raise self._refuse("@ has no meaning outside of EXCEPT", node.span)
                return m.Old(place)
            case ast.Quantifier():
                bounds, inside = self._bounds(node.bounds, scope)
                return m.Quantified(
                    place, node.kind, bounds, self._below(node.bounds, node.body, inside)
                )
            case ast.Choose():
                bounds, inside = self._bounds((node.bound,), scope)
                body = self._below((node.bound,), node.body, inside)
                return m.Chosen(place, bounds[0], body)
            case ast.SetFilter():
                bounds, inside = self._bounds((node.bound,), scope)
                body = self._below((node.bound,), node.condition, inside)
                return m.Filtered(place, bounds[0], body)
            case ast.SetMap():
                bounds, inside = self._bounds(node.bounds, scope)
                return m.Mapped(place, bounds, self._below(node.bounds, node.body, inside))
            case ast.FunctionLiteral():
                bounds, inside = self._bounds(node.bounds, scope)
                return m.Function(place, bounds, self._below(node.bounds, node.body, inside))
            case ast.SetEnumeration():
                return m.Items(place, "set", self.expressions(node.items, scope))
            case ast.Tuple():
                return m.Items(place, "tuple", self.expressions(node.items, scope))
            case ast.Product():
                return m.Items(place, "product", self.expressions(node.factors, scope))
            case ast.Junction():
                return m.Items(place, node.operator, self.expressions(node.items, scope))
            case ast.FunctionSet():
                domain, codomain = self.expressions((node.domain, node.codomain), scope)
                return m.Functions(place, domain, codomain)
            case ast.Record() | ast.RecordSet():
                kind = "record" if isinstance(node, ast.Record) else "records"
                fields = tuple((name, self.expression(e, scope)) for name, e in node.fields)
                return m.Fields(place, kind, fields)
            case _:
                return self._other(node, place, scope)

    def _other(self, node: ast.Expression, place: m.Place, scope: m.Scope) -> m.Expression:
        match node:
            case ast.Index():
                function = self.expression(node.function, scope)
                return m.Applied(place, function, self.expressions(node.arguments, scope))
            case ast.Field():
                record = self.expression(node.record, scope)
                return m.Applied(place, record, (m.Literal(place, node.name),))
            case ast.Except():
                return self._except(node, place, scope)
            case ast.If():
                arm = self.expression(node.condition, scope), self.expression(node.then, scope)
                return m.Branches(place, (arm,), self.expression(node.otherwise, scope))
            case ast.Case():
                arms = tuple(
                    (self.expression(guard, scope), self.expression(value, scope))
                    for guard, value in node.arms
                )
                other = None if node.other is None else self.expression(node.other, scope)
                return m.Branches(place, arms, other)
            case ast.Let():
                inside = m.Scope(outer=scope, implicit=scope.implicit)
                known = len(self._announced)
                made = [self._define(definition, inside) for definition in node.definitions]
                self.check_defined(known)
                definitions = tuple(operator for operator in made if operator is not None)
                return m.Where(place, definitions, self.expression(node.body, inside))
            case ast.Box() | ast.Angle():
                kind = "box" if isinstance(node, ast.Box) else "angle"
                action, subscript = self.expressions((node.action, node.subscript), scope)
                return m.Step(place, kind, action, subscript)
            case ast.Fairness():
                action, subscript = self.expressions((node.action, node.subscript), scope)
                return m.Step(place, node.kind, action, subscript)
            case ast.Label():
                return self._labelled(node, scope)
            case ast.Lambda():
                raise self._refuse("a LAMBDA can only be an argument", node.span)
            case ast.Part():
                return self._part(node, scope)
            case _:
                raise self._refuse("this is no expression", node.span)

    def _part(self, node: ast.Part, scope: m.Scope) -> m.Expression:
        """Return the conjunct, disjunct or operand that ``Op!2`` names."""
        whole = self.expression(node.whole, scope)
        call: m.Call | None = None
        if isinstance(whole, m.Call) and whole.operator.body is not None:
            call, whole = whole, whole.operator.body
        parts: tuple[m.Argument, ...] = (whole,)
        for selector in node.selectors:
            if selector == ":":
                continue
            parts = parts_of(parts[0]) if len(parts) == 1 else parts
            if not 0 < int(selector) <= len(parts):
                raise self._refuse(f"there is no part {selector} here", node.span)
            part = parts[int(selector) - 1]
            if isinstance(part, m.OperatorValue):
                raise self._refuse(f"part {selector} is an operator", node.span)
            parts = (part,)
        (found,) = parts
        assert not isinstance(found, m.OperatorValue), "refused above"
        if call is None or not call.arguments:
            return found
        operator = call.operator
        part_of = m.Operator(operator.name, operator.parameters, found.place, found)
        return m.Call(self._place(node.span), part_of, call.arguments)

    def _except(self, node: ast.Except, place: m.Place, scope: m.Scope) -> m.Expression:
        self._changes += 1
        changes = tuple(
            m.Change(
                tuple(self.expressions(step, scope) for step in update.path),
                self.expression(update.value, scope),
                self._place(update.span),
            )
            for update in node.updates
        )
        self._changes -= 1
        return m.Changed(place, self.expression(node.function, scope), changes)
