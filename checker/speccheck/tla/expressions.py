"""The expressions of the parse tree, as syntax nodes."""

from collections.abc import Callable
from decimal import Decimal
from typing import TypeAlias

from lark import Token, Tree

from speccheck.tla import syntax as ast
from speccheck.tla.bounds import Items, looks_bound, names_of, read_bounds
from speccheck.tla.errors import Refuse, Span
from speccheck.tla.operators import INFIX, POSTFIX, PREFIX
from speccheck.tla.precedence import PrecedenceParser, span_of

Parsed: TypeAlias = Tree[Token]

_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "f": "\f"}
_BASES = {"b": 2, "o": 8, "h": 16}
_QUANTIFIERS = {"\\forall": "\\A", "\\exists": "\\E"}


def trees(tree: Parsed) -> list[Parsed]:
    """Return the subtrees of ``tree``, its punctuation left out."""
    return [child for child in tree.children if isinstance(child, Tree)]


def tree_span(tree: Parsed) -> Span:
    """Return where a parse tree stands."""
    meta = tree.meta
    return Span(meta.line, meta.column, meta.end_line, meta.end_column)


def unescape(literal: str) -> str:
    """Return the value of a string literal, quotes off and escapes resolved."""
    body = literal[1:-1]
    if "\\" not in body:
        return body
    out: list[str] = []
    characters = iter(body)
    for character in characters:
        if character == "\\":
            escaped = next(characters)
            character = _ESCAPES.get(escaped, escaped)
        out.append(character)
    return "".join(out)


def escape(text: str) -> str:
    """Return a string's value as the inside of a literal."""
    escapes = {ord(value): f"\\{letter}" for letter, value in _ESCAPES.items()}
    return text.translate({**escapes, ord("\\"): "\\\\", ord('"'): '\\"'})


def number(token: Token) -> ast.Number:
    """Return an integer literal's node: decimal, or ``\\b``, ``\\o``, ``\\h`` digits."""
    text = token.value
    value = int(text[2:], _BASES[text[1].lower()]) if text[0] == "\\" else int(text)
    return ast.Number(span_of(token), value)


class ExpressionBuilder:
    """Builds expressions. ``refuse`` makes an error; ``definitions`` builds those of a LET."""

    def __init__(
        self,
        refuse: Refuse,
        definitions: Callable[[list[Parsed]], tuple[ast.Definition | ast.Recursive, ...]],
    ) -> None:
        self._refuse = refuse
        self._definitions = definitions

    # --- runs ------------------------------------------------------------------------------------

    def expression(self, tree: Parsed) -> ast.Expression:
        """Return the node of an ``expression`` tree."""
        return self._run(tree.children, tree_span(tree))

    def argument(self, tree: Parsed) -> ast.Expression:
        """Return the node of an argument: an expression, or the symbol of an operator."""
        only = tree.children[0]
        if len(tree.children) == 1 and isinstance(only, Token) and only.type in {"OP", "EQ"}:
            return self._operator_argument(only)
        return self.expression(tree)

    def _run(self, items: Items, place: Span) -> ast.Expression:
        """Resolve a flat run; ``place`` is where to point if it is empty."""
        if not items:
            raise self._refuse("an expression is missing here", place)
        parser = PrecedenceParser(self._refuse)
        index = 0
        while index < len(items):
            item = items[index]
            index += 1
            if isinstance(item, Token) and item.type in {"OP", "EQ"}:
                if parser.operand is None and self._is_applied(items, index, item):
                    node, index = self._name(items, index - 1)
                    parser.put_operand(node)
                else:
                    parser.put_symbol(item)
            elif isinstance(item, Token) and item.type == "DOT":
                index = self._field(parser, items, index, item)
            elif isinstance(item, Tree) and item.data == "index" and parser.operand is not None:
                function = parser.operand
                arguments = self._run_list(trees(item)[0])
                span = function.span.to(tree_span(item))
                parser.operand = ast.Index(span, function, arguments)
            elif isinstance(item, Token) and item.type == "IDENT":
                label = self._label(items[index - 1 :]) if parser.operand is None else None
                if label is not None:
                    self._check_label(parser, items[index - 1 :])
                    parser.put_operand(label)
                    return parser.finish(label.span)
                node, index = self._name(items, index - 1)
                parser.put_operand(node)
            else:
                parser.put_operand(self._operand(item))
        last = items[-1]
        return parser.finish(tree_span(last) if isinstance(last, Tree) else span_of(last))

    def _check_label(self, parser: PrecedenceParser, labelled: Items) -> None:
        """Refuse a label without which the text would be another expression: a + l:: b + c."""
        before = parser.last_pending
        if before is None:
            return
        operand_done = False
        for item in labelled[2:]:
            if not (isinstance(item, Token) and item.type in {"OP", "EQ"}):
                operand_done = True
                continue
            after = INFIX.get(item.value) if operand_done else None
            if after is not None and before.high >= after.low:
                message = f"the label hides that {item} does not bind tighter than {before.name}"
                raise self._refuse(f"{message}; parentheses are needed", span_of(item))
            operand_done = item.value in POSTFIX

    @staticmethod
    def _is_applied(items: Items, index: int, symbol: Token) -> bool:
        """Tell whether a symbol is applied like a name: ``+(a, b)``, or begins ``\\o!Op``."""
        after = items[index] if index < len(items) else None
        if isinstance(after, Token):
            return after.type == "BANG"
        if not (isinstance(after, Tree) and after.data == "group"):
            return False
        given = len(trees(trees(after)[0]))
        return symbol.value in (POSTFIX if given == 1 else INFIX) and given in {1, 2}

    def _operator_argument(self, symbol: Token) -> ast.Expression:
        """A lone symbol stands for the operator itself, as an argument: ``Fold(+, 0, S)``."""
        text = symbol.value
        found = INFIX.get(text) or PREFIX.get(text) or POSTFIX.get(text)
        assert found is not None, "the lexer knows all operators"
        return ast.Apply(span_of(symbol), found.name)

    def _label(self, items: Items) -> ast.Label | None:
        """``name:: e`` and ``name(x, y):: e``."""
        for index in (1, 2):
            if len(items) <= index:
                return None
            mark = items[index]
            if isinstance(mark, Token) and mark.type == "COLONCOLON":
                break
        else:
            return None
        name = items[0]
        if not (isinstance(name, Token) and name.type == "IDENT"):
            raise self._refuse("a label is a name", span_of(mark))
        parameters: tuple[str, ...] = ()
        if index == 2:
            group = items[1]
            if not (isinstance(group, Tree) and group.data == "group"):
                raise self._refuse("a label is a name, or a name with parameters", span_of(mark))
            parameters = tuple(str(run.children[0]) for run in trees(trees(group)[0]))
        body = self._run(items[index + 1 :], span_of(mark))
        return ast.Label(span_of(name).to(body.span), str(name), parameters, body)

    def _field(self, parser: PrecedenceParser, items: Items, index: int, dot: Token) -> int:
        record = parser.operand
        name = items[index] if index < len(items) else None
        if record is None or not (isinstance(name, Token) and name.type == "IDENT"):
            raise self._refuse("a field is written record.name", span_of(dot))
        parser.operand = ast.Field(record.span.to(span_of(name)), record, str(name))
        return index + 1

    def _name(self, items: Items, index: int) -> tuple[ast.Expression, int]:
        """Read ``Name``, ``Op(a, b)``, ``M(a)!Op(b)``, ``M!+(a, b)`` from ``items[index]`` on."""
        through: list[ast.InstanceStep] = []
        while True:
            token = items[index]
            assert isinstance(token, Token), "callers have seen a name or a symbol there"
            index += 1
            span = span_of(token)
            arguments: tuple[ast.Expression, ...] = ()
            if index < len(items):
                group = items[index]
                if isinstance(group, Tree) and group.data == "group":
                    arguments = tuple(map(self.argument, trees(trees(group)[0])))
                    span = span.to(tree_span(group))
                    index += 1
            after = items[index] if index < len(items) else None
            if not (isinstance(after, Token) and after.type == "BANG"):
                name = self._canonical(token, len(arguments))
                start = through[0].span if through else span
                return ast.Apply(start.to(span), name, arguments, tuple(through)), index
            through.append(ast.InstanceStep(span, str(token), arguments))
            index += 1
            follower = items[index] if index < len(items) else None
            if not (isinstance(follower, Token) and follower.type in {"IDENT", "OP", "EQ"}):
                return self._part(items, index, through, span_of(after))

    def _part(
        self, items: Items, index: int, through: list[ast.InstanceStep], bang: Span
    ) -> tuple[ast.Expression, int]:
        """Read the selectors of ``Op!1!2`` or ``Name!:``; ``index`` is past the first ``!``."""
        last = through.pop()
        start = through[0].span if through else last.span
        whole = ast.Apply(start.to(last.span), last.name, last.arguments, tuple(through))
        selectors: list[str] = []
        span = bang
        while index < len(items):
            selector = items[index]
            if not (isinstance(selector, Token) and selector.type in {"NUMBER", "COLON"}):
                raise self._refuse("this way of naming a sub-expression is not supported", span)
            selectors.append(str(selector))
            span = span_of(selector)
            index += 1
            after = items[index] if index < len(items) else None
            if not (isinstance(after, Token) and after.type == "BANG"):
                break
            index += 1
        return ast.Part(start.to(span), whole, tuple(selectors)), index

    @staticmethod
    def _canonical(token: Token, arity: int) -> str:
        if token.type == "IDENT":
            return str(token)
        tables = (INFIX, PREFIX, POSTFIX) if arity == 2 else (PREFIX, POSTFIX, INFIX)
        for table in tables:
            if token.value in table:
                return table[token.value].name
        return str(token)

    def _run_list(self, tree: Parsed) -> tuple[ast.Expression, ...]:
        return tuple(map(self.expression, trees(tree)))

    def _runs(self, tree: Parsed) -> list[tuple[Items, Span]]:
        return [(run.children, tree_span(run)) for run in trees(tree)]

    def bounds(self, tree: Parsed, *, unbounded: bool = False) -> tuple[ast.Bound, ...]:
        """Return the bounds that a ``run_list`` tree spells."""
        return read_bounds(self._runs(tree), self._run, self._refuse, unbounded=unbounded)

    # --- operands --------------------------------------------------------------------------------

    def _operand(self, item: Token | Parsed) -> ast.Expression:
        if isinstance(item, Token):
            span = span_of(item)
            if item.type == "NUMBER":
                return number(item)
            if item.type == "DECIMAL":
                return ast.DecimalNumber(span, Decimal(item.value))
            if item.type == "STRING":
                return ast.String(span, unescape(item.value))
            if item.type == "AT":
                return ast.At(span)
            raise self._refuse(f"{item} cannot stand here", span)
        if item.data == "open":
            item = trees(item)[0]
        build: Callable[[Parsed, Span], ast.Expression] = getattr(self, f"_{item.data}")
        return build(item, tree_span(item))

    def _group(self, tree: Parsed, span: Span) -> ast.Expression:
        inside = self._run_list(trees(tree)[0])
        if len(inside) != 1:
            raise self._refuse("parentheses hold one expression; a tuple is <<a, b>>", span)
        return inside[0]

    def _tuple(self, tree: Parsed, span: Span) -> ast.Expression:
        inside = trees(tree)
        return ast.Tuple(span, self._run_list(inside[0]) if inside else ())

    def _angle_action(self, tree: Parsed, span: Span) -> ast.Expression:
        action, subscript = trees(tree)
        return ast.Angle(span, self.expression(action), self._subscript(subscript))

    def _box_action(self, tree: Parsed, span: Span) -> ast.Expression:
        action, subscript = trees(tree)
        return ast.Box(span, self.expression(action), self._subscript(subscript))

    def _fairness(self, tree: Parsed, span: Span) -> ast.Expression:
        subscript, action = trees(tree)
        kind = str(tree.children[0])[:2]
        return ast.Fairness(span, kind, self._subscript(subscript), self.expression(action))

    def _subscript(self, tree: Parsed) -> ast.Expression:
        return self._run(tree.children, tree_span(tree))

    def _set_enumeration(self, tree: Parsed, span: Span) -> ast.Expression:
        inside = trees(tree)
        return ast.SetEnumeration(span, self._run_list(inside[0]) if inside else ())

    def _set_constructor(self, tree: Parsed, span: Span) -> ast.Expression:
        left, right = trees(tree)
        filtered, conditions = self._runs(left), self._runs(right)
        if len(filtered) == 1 and len(conditions) == 1 and looks_bound(filtered[0][0]):
            (bound,) = self.bounds(left)
            return ast.SetFilter(span, bound, self.expression(trees(right)[0]))
        if len(filtered) != 1:
            raise self._refuse("one expression stands left of the colon of a set", filtered[1][1])
        return ast.SetMap(span, self.expression(trees(left)[0]), self.bounds(right))

    def _index(self, tree: Parsed, span: Span) -> ast.Expression:
        raise self._refuse("a bracket after no function; a record needs |-> or :", span)

    def _maplets(self, tree: Parsed, span: Span) -> ast.Expression:
        parts = trees(tree)
        runs = self._runs(parts[0])
        if len(parts) == 2 and (len(runs) > 1 or looks_bound(runs[0][0])):
            return ast.FunctionLiteral(span, self.bounds(parts[0]), self.expression(parts[1]))
        return ast.Record(span, self._fields(parts))

    def _record_set(self, tree: Parsed, span: Span) -> ast.Expression:
        return ast.RecordSet(span, self._fields(trees(tree)))

    def _fields(self, parts: list[Parsed]) -> tuple[tuple[str, ast.Expression], ...]:
        """Return the fields of a record, or of a set of records, from names and expressions."""
        fields: dict[str, ast.Expression] = {}
        for tree, value in zip(parts[::2], parts[1::2], strict=True):
            name = self._field_name(tree)
            if name in fields:
                message = f"the field {name} is given twice: a record has each field once"
                raise self._refuse(message, tree_span(tree))
            fields[name] = self.expression(value)
        return tuple(fields.items())

    def _field_name(self, tree: Parsed) -> str:
        run = trees(tree)[0] if tree.data == "run_list" else tree
        only = run.children[0]
        if len(run.children) != 1 or not (isinstance(only, Token) and only.type == "IDENT"):
            raise self._refuse("a field name is expected here", tree_span(tree))
        return str(only)

    def _function_set(self, tree: Parsed, span: Span) -> ast.Expression:
        domain, codomain = trees(tree)
        return ast.FunctionSet(span, self.expression(domain), self.expression(codomain))

    def _except_(self, tree: Parsed, span: Span) -> ast.Expression:
        function, *updates = trees(tree)
        return ast.Except(span, self.expression(function), tuple(map(self._update, updates)))

    def _update(self, tree: Parsed) -> ast.Update:
        *selectors, value = trees(tree)
        path: list[tuple[ast.Expression, ...]] = []
        for selector in selectors:
            if selector.data == "field_selector":
                name = selector.children[1]
                assert isinstance(name, Token), "the grammar says so"
                path.append((ast.String(span_of(name), str(name)),))
            else:
                path.append(self._run_list(trees(selector)[0]))
        return ast.Update(tree_span(tree), tuple(path), self.expression(value))

    def _junction(self, tree: Parsed, span: Span) -> ast.Expression:
        opened = str(tree.children[0])
        return ast.Junction(span, opened, tuple(map(self.expression, trees(tree))))

    # --- what extends to the right ---------------------------------------------------------------

    def _quantifier(self, tree: Parsed, span: Span) -> ast.Expression:
        bounds, body = trees(tree)
        symbol = str(tree.children[0])
        kind = _QUANTIFIERS.get(symbol, symbol)
        return ast.Quantifier(
            span, kind, self.bounds(bounds, unbounded=True), self.expression(body)
        )

    def _choose(self, tree: Parsed, span: Span) -> ast.Expression:
        chosen, body = trees(tree)
        items = chosen.children
        pattern = names_of(items[0]) if len(items) == 1 else None
        if pattern is not None:
            bound = ast.Bound(tree_span(chosen), pattern, None, is_tuple=True)
        else:
            runs = [(items, tree_span(chosen))]
            (bound,) = read_bounds(runs, self._run, self._refuse, unbounded=True)
        return ast.Choose(span, bound, self.expression(body))

    def _lambda_(self, tree: Parsed, span: Span) -> ast.Expression:
        names = [str(t) for t in tree.children if isinstance(t, Token) and t.type == "IDENT"]
        return ast.Lambda(span, tuple(names), self.expression(trees(tree)[0]))

    def _if_(self, tree: Parsed, span: Span) -> ast.Expression:
        condition, then, otherwise = map(self.expression, trees(tree))
        return ast.If(span, condition, then, otherwise)

    def _case(self, tree: Parsed, span: Span) -> ast.Expression:
        arms: list[tuple[ast.Expression, ast.Expression]] = []
        other: ast.Expression | None = None
        for arm in trees(tree):
            if other is not None:
                raise self._refuse("OTHER is the last arm of a CASE", tree_span(arm))
            if arm.data == "other":
                other = self.expression(trees(arm)[0])
            else:
                guard, value = trees(arm)
                arms.append((self.expression(guard), self.expression(value)))
        if not arms:
            raise self._refuse("a CASE has an arm besides OTHER", span)
        return ast.Case(span, tuple(arms), other)

    def _let(self, tree: Parsed, span: Span) -> ast.Expression:
        *definitions, body = trees(tree)
        return ast.Let(span, self._definitions(definitions), self.expression(body))
