"""Syntax tree to text: what ``parse_module`` reads back as the same tree.

Parentheses stand only where the precedence ranges ask for them. A list by alignment is printed by
alignment, an item a line; everything else of an expression stays on its line.
"""

from collections.abc import Callable, Sequence

from speccheck.tla import syntax as ast
from speccheck.tla.expressions import escape
from speccheck.tla.operators import INFIX, POSTFIX, PREFIX, Operator

_OPEN = (ast.Quantifier, ast.Choose, ast.Lambda, ast.If, ast.Case, ast.Let, ast.Label)
# Quantifiers and lists are closed by whatever encloses them; an arm of a CASE is not such a thing.
_INDENT = 2


def print_module(module: ast.Module) -> str:
    """Return the text of a module; ``parse_module`` makes an equal tree of it."""
    printer = _Printer()
    printer.module(module)
    return printer.text()


def print_expression(expression: ast.Expression, column: int = 0) -> str:
    """Return the text of an expression; ``column`` is where its first line will stand."""
    printer = _Printer()
    printer.column = column
    printer.expression(expression)
    return printer.text()


class _Printer:
    """Collects text and knows the column that it has come to."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self.column = 0

    def text(self) -> str:
        return "".join(self._parts)

    def put(self, text: str) -> None:
        self._parts.append(text)
        self.column += len(text)

    def line(self, column: int = 0) -> None:
        self._parts.append("\n" + " " * column)
        self.column = column

    def several(self, items: Sequence[object], put: Callable[..., None]) -> None:
        """Put items with commas between them."""
        for position, item in enumerate(items):
            if position:
                self.put(", ")
            put(item)

    # --- units -----------------------------------------------------------------------------------

    def module(self, module: ast.Module) -> None:
        self.put(f"---- MODULE {module.name} ----")
        if module.extends:
            self.line()
            self.put(f"EXTENDS {', '.join(module.extends)}")
        for unit in module.units:
            self.line()
            self.unit(unit)
        self.line()
        self.put("====")

    def unit(self, unit: ast.Unit) -> None:
        match unit:
            case ast.Module():
                self.module(unit)
            case ast.Constants(declarations=declarations):
                self.put("CONSTANTS ")
                self.several(declarations, self.declaration)
            case ast.Variables(names=names):
                self.put("VARIABLES ")
                self.several(names, self.declaration)
            case ast.Recursive():
                self.recursive(unit)
            case ast.Assume(name=name, condition=condition):
                self.put("ASSUME " if name is None else f"ASSUME {name} == ")
                self.expression(condition)
            case ast.Theorem(name=name, statement=statement):
                self.put("THEOREM " if name is None else f"THEOREM {name} == ")
                self.hypothesis(statement)
            case ast.Instance():
                self.put("LOCAL " if unit.local else "")
                self.instance(unit)
            case _:
                self.definition(unit)

    def recursive(self, unit: ast.Recursive) -> None:
        self.put("RECURSIVE ")
        self.several(unit.declarations, self.declaration)

    def declaration(self, declaration: ast.Declaration) -> None:
        name, arity = declaration.name, declaration.arity
        if arity == 0:
            self.put(name)
        elif arity == 2 and name in INFIX:
            self.put(f"_ {name} _")
        elif arity == 1 and name in PREFIX:
            self.put(f"{name} _")
        elif arity == 1 and name in POSTFIX:
            self.put(f"_ {name}")
        else:
            self.put(f"{name}({', '.join('_' * arity)})")

    def definition(self, unit: ast.Definition) -> None:
        if unit.local:
            self.put("LOCAL ")
        if isinstance(unit, ast.FunctionDefinition):
            self.put(f"{unit.name}[")
            self.bounds(unit.bounds)
            self.put("] == ")
            self.expression(unit.body)
            return
        self.head(unit.name, unit.parameters)
        self.put(" == ")
        if isinstance(unit, ast.InstanceDefinition):
            self.instance(unit.instance)
        else:
            self.expression(unit.body)

    def head(self, name: str, parameters: tuple[ast.Declaration, ...]) -> None:
        names = [parameter.name for parameter in parameters]
        if len(names) == 2 and name in INFIX:
            self.put(f"{names[0]} {name} {names[1]}")
        elif len(names) == 1 and name in PREFIX:
            self.put(f"{name} {names[0]}")
        elif len(names) == 1 and name in POSTFIX:
            self.put(f"{names[0]} {name}")
        elif names:
            self.put(f"{name}(")
            self.several(parameters, self.declaration)
            self.put(")")
        else:
            self.put(name)

    def instance(self, instance: ast.Instance) -> None:
        self.put(f"INSTANCE {instance.module}")
        for position, substitution in enumerate(instance.substitutions):
            self.put(", " if position else " WITH ")
            self.put(f"{substitution.name} <- ")
            self.expression(substitution.expression)

    def hypothesis(self, node: "ast.Expression | ast.Fresh | ast.AssumeProve") -> None:
        match node:
            case ast.Fresh(level=level, declaration=declaration, domain=domain):
                self.put(f"NEW {level} ")
                self.declaration(declaration)
                if domain is not None:
                    self.put(" \\in ")
                    self.closed(domain)
            case ast.AssumeProve(hypotheses=hypotheses, goal=goal):
                self.put("ASSUME ")
                self.several(hypotheses, self.hypothesis)
                self.put(" PROVE ")
                self.expression(goal)
            case _:
                self.expression(node)

    # --- expressions -----------------------------------------------------------------------------

    def grouped(self, node: ast.Expression) -> None:
        self.put("(")
        self.expression(node)
        self.put(")")

    def closed(self, node: ast.Expression) -> None:
        """Put an expression that ends where it ends, whatever follows."""
        if isinstance(node, (*_OPEN, ast.Junction)):
            self.grouped(node)
        else:
            self.expression(node)

    def several_expressions(self, items: Sequence[ast.Expression]) -> None:
        self.several(items, self.expression)

    def enclosed(self, left: str, items: Sequence[ast.Expression], right: str) -> None:
        self.put(left)
        self.several_expressions(items)
        self.put(right)

    def expression(self, node: ast.Expression) -> None:
        match node:
            case ast.Apply():
                self.apply(node)
            case ast.Junction(operator=operator, items=items):
                column = self.column
                for position, item in enumerate(items):
                    if position:
                        self.line(column)
                    self.put(f"{operator} ")
                    self.expression(item)
            case ast.Number(value=number):
                self.put(str(number))
            case ast.DecimalNumber(value=decimal):
                self.put(f"{decimal:f}")
            case ast.String(value=text):
                self.put(f'"{escape(text)}"')
            case ast.At():
                self.put("@")
            case ast.Tuple(items=items):
                self.enclosed("<<", items, ">>")
            case ast.SetEnumeration(items=items):
                self.enclosed("{", items, "}")
            case ast.Product(factors=factors):
                self.product(factors)
            case ast.Part(whole=whole, selectors=selectors):
                self.expression(whole)
                self.put("".join(f"!{selector}" for selector in selectors))
            case ast.Index(function=function, arguments=arguments):
                self.indexed(function)
                self.enclosed("[", arguments, "]")
            case ast.Field(record=record, name=name):
                self.indexed(record)
                self.put(f".{name}")
            case _:
                self.bracketed(node)

    def bracketed(self, node: ast.Expression) -> None:
        match node:
            case ast.SetFilter(bound=bound, condition=condition):
                self.put("{")
                self.bounds((bound,))
                self.put(" : ")
                self.expression(condition)
                self.put("}")
            case ast.SetMap(body=body, bounds=bounds):
                self.put("{")
                # {x \in S : ...} would be the elements of S.
                looks_bound = isinstance(body, ast.Apply) and body.operator == "\\in"
                (self.grouped if looks_bound else self.closed)(body)
                self.put(" : ")
                self.bounds(bounds)
                self.put("}")
            case ast.FunctionLiteral(bounds=bounds, body=body):
                self.put("[")
                self.bounds(bounds)
                self.put(" |-> ")
                self.expression(body)
                self.put("]")
            case ast.FunctionSet(domain=domain, codomain=codomain):
                self.put("[")
                self.closed(domain)
                self.put(" -> ")
                self.expression(codomain)
                self.put("]")
            case ast.Record(fields=fields) | ast.RecordSet(fields=fields):
                symbol = " |-> " if isinstance(node, ast.Record) else ": "
                self.put("[")
                for position, (name, value) in enumerate(fields):
                    self.put(", " if position else "")
                    self.put(f"{name}{symbol}")
                    self.expression(value)
                self.put("]")
            case ast.Except(function=function, updates=updates):
                self.put("[")
                self.closed(function)
                self.put(" EXCEPT ")
                self.several(updates, self.update)
                self.put("]")
            case ast.Box(action=action, subscript=subscript):
                self.enclosed("[", (action,), "]_")
                self.subscript(subscript)
            case ast.Angle(action=action, subscript=subscript):
                self.enclosed("<<", (action,), ">>_")
                self.subscript(subscript)
            case ast.Fairness(kind=kind, subscript=subscript, action=action):
                self.put(f"{kind}_")
                self.subscript(subscript)
                self.enclosed("(", (action,), ")")
            case _:
                self.open(node)

    def open(self, node: ast.Expression) -> None:
        match node:
            case ast.Quantifier(kind=kind, bounds=bounds, body=body):
                self.put(f"{kind} ")
                self.bounds(bounds)
                self.put(" : ")
                self.expression(body)
            case ast.Choose(bound=bound, body=body):
                self.put("CHOOSE ")
                self.bounds((bound,))
                self.put(" : ")
                self.expression(body)
            case ast.Lambda(parameters=parameters, body=body):
                self.put(f"LAMBDA {', '.join(parameters)} : ")
                self.expression(body)
            case ast.If(condition=condition, then=then, otherwise=otherwise):
                for word, part in (("IF", condition), (" THEN", then), (" ELSE", otherwise)):
                    self.put(f"{word} ")
                    self.expression(part)
            case ast.Case(arms=arms, other=other):
                for position, (guard, value) in enumerate(arms):
                    self.put(" [] " if position else "CASE ")
                    self.closed(guard)
                    self.put(" -> ")
                    self.closed(value)
                if other is not None:
                    self.put(" [] OTHER -> ")
                    self.closed(other)
            case ast.Let(definitions=definitions, body=body):
                column = self.column + _INDENT
                self.put("LET")
                for unit in definitions:
                    self.line(column)
                    self.recursive(unit) if isinstance(unit, ast.Recursive) else self.definition(
                        unit
                    )
                self.line(column)
                self.put("IN ")
                self.expression(body)
            case ast.Label(name=name, parameters=parameters, body=body):
                self.put(f"{name}({', '.join(parameters)}):: " if parameters else f"{name}:: ")
                self.expression(body)
            case _:
                raise TypeError(f"{type(node).__name__} is no expression")

    def bounds(self, bounds: Sequence[ast.Bound]) -> None:
        self.several(bounds, self.bound)

    def bound(self, bound: ast.Bound) -> None:
        names = ", ".join(bound.names)
        self.put(f"<<{names}>>" if bound.is_tuple else names)
        if bound.domain is not None:
            self.put(" \\in ")
            self.closed(bound.domain)

    def update(self, update: ast.Update) -> None:
        self.put("!")
        for step in update.path:
            self.enclosed("[", step, "]")
        self.put(" = ")
        self.expression(update.value)

    def subscript(self, node: ast.Expression) -> None:
        is_name = isinstance(node, ast.Apply) and not node.arguments and not node.through
        if is_name or isinstance(node, ast.Tuple):
            self.expression(node)
        else:
            self.grouped(node)

    # --- operators -------------------------------------------------------------------------------

    def apply(self, node: ast.Apply) -> None:
        symbol, arguments = node.operator, node.arguments
        if not node.through:
            if len(arguments) == 2 and symbol in INFIX:
                self.infix(INFIX[symbol], *arguments)
                return
            if len(arguments) == 1 and symbol in PREFIX:
                self.put("-" if symbol == "-." else symbol)
                self.put(" ")
                self.operand(arguments[0], PREFIX[symbol])
                return
            if len(arguments) == 1 and symbol in POSTFIX:
                self.indexed(arguments[0])
                self.put(symbol)
                return
        if self._parts and self._parts[-1].endswith("(") and not symbol[0].isalnum():
            self.put(" ")  # (*) begins a comment, (+) is another operator.
        for step in node.through:
            self.put(step.name)
            if step.arguments:
                self.enclosed("(", step.arguments, ")")
            self.put("!")
        self.put(symbol)
        if arguments:
            self.enclosed("(", arguments, ")")

    def infix(self, operator: Operator, left: ast.Expression, right: ast.Expression) -> None:
        self.operand(left, operator, is_left=True)
        self.put(f" {operator.name} ")
        self.operand(right, operator)

    def product(self, factors: Sequence[ast.Expression]) -> None:
        for position, factor in enumerate(factors):
            self.put(" \\X " if position else "")
            self.operand(factor, INFIX["\\X"])

    def operand(self, node: ast.Expression, parent: Operator, *, is_left: bool = False) -> None:
        """Put an operand, in parentheses where its own operator does not bind tighter."""
        own = _operator_of(node)
        if own is None:
            self.closed(node)
            return
        same = is_left and own.name == parent.name and own.left_associative
        if own.low > parent.high or (same and own.fix is parent.fix):
            self.expression(node)
        else:
            self.grouped(node)

    def indexed(self, node: ast.Expression) -> None:
        """Put what an index, a field or a postfix operator follows."""
        own = _operator_of(node)
        if (own is None or own.name in POSTFIX) and not isinstance(node, ast.Part):
            self.closed(node)
        else:
            self.grouped(node)


def _operator_of(node: ast.Expression) -> Operator | None:
    """Return the operator that a printed expression shows outside brackets, if there is one."""
    if isinstance(node, ast.Product):
        return INFIX["\\X"]
    if isinstance(node, ast.Index | ast.Field):
        inner = _operator_of(node.function if isinstance(node, ast.Index) else node.record)
        return inner if inner is not None and inner.name in POSTFIX else None
    if not isinstance(node, ast.Apply) or node.through:
        return None
    table = {1: {**PREFIX, **POSTFIX}, 2: INFIX}.get(len(node.arguments), {})
    return table.get(node.operator)
