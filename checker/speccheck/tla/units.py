"""The units of a module: declarations, definitions, instances, theorems, modules within."""

from lark import Token

from speccheck.tla import syntax as ast
from speccheck.tla.errors import Refuse
from speccheck.tla.expressions import ExpressionBuilder, Parsed, tree_span, trees
from speccheck.tla.operators import INFIX, POSTFIX, PREFIX
from speccheck.tla.precedence import span_of


def _tokens(tree: Parsed, *kinds: str) -> list[Token]:
    return [t for t in tree.children if isinstance(t, Token) and t.type in kinds]


class UnitBuilder:
    """Builds modules from parse trees. ``refuse`` makes an error, ``path`` goes into the
    modules.
    """

    def __init__(self, refuse: Refuse, path: str) -> None:
        self._refuse = refuse
        self._path = path
        self._expressions = ExpressionBuilder(refuse, self._local_definitions)

    def module(self, tree: Parsed) -> ast.Module:
        """Return the module of a ``module`` tree."""
        name = str(_tokens(tree, "IDENT")[0])
        extends: tuple[str, ...] = ()
        units: list[ast.Unit] = []
        for part in trees(tree):
            if part.data == "extends":
                extends = tuple(map(str, _tokens(part, "IDENT")))
            else:
                units.append(self._unit(part))
        return ast.Module(tree_span(tree), name, extends, tuple(units), self._path)

    def _unit(self, tree: Parsed) -> ast.Unit:
        span = tree_span(tree)
        match tree.data:
            case "module":
                return self.module(tree)
            case "variables":
                names = _tokens(tree, "IDENT")
                declared = tuple(ast.Declaration(span_of(t), str(t)) for t in names)
                return ast.Variables(span, declared)
            case "constants":
                return ast.Constants(span, self._declarations(tree))
            case "recursive":
                return ast.Recursive(span, self._declarations(tree))
            case "assume":
                condition = self._expressions.expression(trees(tree)[0])
                return ast.Assume(span, self._optional_name(tree), condition)
            case "theorem":
                return ast.Theorem(span, self._optional_name(tree), self._statement(trees(tree)[0]))
            case "instance_unit":
                return self._instance(trees(tree)[0], local=bool(_tokens(tree, "LOCAL")))
            case _:
                return self._definition(tree)

    @staticmethod
    def _optional_name(tree: Parsed) -> str | None:
        names = _tokens(tree, "DEF")
        return str(names[0]) if names else None

    # --- declarations ----------------------------------------------------------------------------

    def _declarations(self, tree: Parsed) -> tuple[ast.Declaration, ...]:
        return tuple(map(self._declaration, trees(tree)))

    def _declaration(self, tree: Parsed) -> ast.Declaration:
        span = tree_span(tree)
        if tree.data == "declare":
            return ast.Declaration(span, str(tree.children[0]))
        if tree.data == "declare_operator":
            return ast.Declaration(span, str(tree.children[0]), len(_tokens(tree, "UNDERSCORE")))
        symbol = _tokens(tree, "OP", "EQ")[0]
        table, arity = {
            "declare_infix": (INFIX, 2),
            "declare_postfix": (POSTFIX, 1),
            "declare_prefix": (PREFIX, 1),
        }[str(tree.data)]
        if symbol.value not in table:
            raise self._refuse(f"{symbol} is not that kind of operator", span)
        return ast.Declaration(span, table[symbol.value].name, arity)

    # --- definitions -----------------------------------------------------------------------------

    def _local_definitions(self, parts: list[Parsed]) -> tuple[ast.Definition | ast.Recursive, ...]:
        for part in parts:
            if _tokens(part, "LOCAL"):
                raise self._refuse("LOCAL cannot stand in a LET", tree_span(part))
        return tuple(
            ast.Recursive(tree_span(part), self._declarations(part))
            if part.data == "recursive"
            else self._definition(part)
            for part in parts
        )

    def _definition(self, tree: Parsed) -> ast.Definition:
        span = tree_span(tree)
        local = bool(_tokens(tree, "LOCAL"))
        parts = trees(tree)
        if tree.data == "define_function":
            name = str(_tokens(tree, "DEF")[0])
            bounds = self._expressions.bounds(parts[0])
            body = self._expressions.expression(parts[1])
            return ast.FunctionDefinition(span, name, bounds, body, local)
        name, parameters = self._head(tree)
        right = parts[-1]
        if right.data == "instance":
            instance = self._instance(right)
            return ast.InstanceDefinition(span, name, parameters, instance, local)
        body = self._expressions.expression(right)
        return ast.OperatorDefinition(span, name, parameters, body, local)

    def _head(self, tree: Parsed) -> tuple[str, tuple[ast.Declaration, ...]]:
        """Return the name and the parameters on the left of ``==``."""
        if tree.data == "define":
            return str(_tokens(tree, "DEF")[0]), ()
        if tree.data == "define_operator":
            return str(_tokens(tree, "DEF")[0]), self._declarations(trees(tree)[0])
        operands = [ast.Declaration(span_of(t), str(t)) for t in _tokens(tree, "DEF", "IDENT")]
        symbol = _tokens(tree, "OP", "EQ", "DEFOP")[0]
        table = {"define_infix": INFIX, "define_postfix": POSTFIX, "define_prefix": PREFIX}[
            str(tree.data)
        ]
        if symbol.value not in table:
            raise self._refuse(f"{symbol} is not that kind of operator", span_of(symbol))
        return table[symbol.value].name, tuple(operands)

    def _instance(self, tree: Parsed, *, local: bool = False) -> ast.Instance:
        substitutions: list[ast.Substitution] = []
        for part in trees(tree):
            target = part.children[0]
            assert isinstance(target, Token), "the grammar says so"
            name = str(target)
            if target.type != "IDENT":
                found = INFIX.get(name) or PREFIX.get(name) or POSTFIX.get(name)
                name = found.name if found else name
            by = self._expressions.argument(trees(part)[0])
            substitutions.append(ast.Substitution(span_of(target), name, by))
        module = str(_tokens(tree, "IDENT")[0])
        return ast.Instance(tree_span(tree), module, tuple(substitutions), local)

    # --- theorems --------------------------------------------------------------------------------

    def _statement(self, tree: Parsed) -> ast.Expression | ast.AssumeProve:
        if tree.data == "assume_prove":
            *hypotheses, goal = trees(tree)
            return ast.AssumeProve(
                tree_span(tree),
                tuple(map(self._hypothesis, hypotheses)),
                self._expressions.expression(goal),
            )
        return self._expressions.expression(tree)

    def _hypothesis(self, tree: Parsed) -> ast.Expression | ast.Fresh | ast.AssumeProve:
        if tree.data != "fresh":
            return self._statement(tree)
        levels = _tokens(tree, "CONSTANT", "VARIABLE", "STATE", "ACTION", "TEMPORAL")
        declaration, *domain = trees(tree)
        return ast.Fresh(
            tree_span(tree),
            str(levels[0]) if levels else "CONSTANT",
            self._declaration(declaration),
            self._expressions.expression(domain[0]) if domain else None,
        )
