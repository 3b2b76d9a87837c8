"""Bound names: reads ``x, y \\in S, <<a, b>> \\in T`` off the flat runs that the grammar leaves."""

from collections.abc import Callable, Sequence

from lark import Token, Tree

from speccheck.tla import syntax as ast
from speccheck.tla.errors import Refuse, Span
from speccheck.tla.precedence import span_of

Items = list[Token | Tree[Token]]
BuildItems = Callable[[Items, Span], ast.Expression]


def names_of(item: Token | Tree[Token]) -> tuple[str, ...] | None:
    """Return the names of ``<<x, y>>``, or None if that is not what ``item`` is."""
    if not isinstance(item, Tree) or item.data != "tuple":
        return None
    names: list[str] = []
    for run_list in item.children:
        if not isinstance(run_list, Tree):
            continue
        for run in run_list.children:
            if isinstance(run, Token):
                continue
            if len(run.children) != 1 or not _is_name(run.children[0]):
                return None
            names.append(str(run.children[0]))
    return tuple(names)


def _is_name(item: object) -> bool:
    return isinstance(item, Token) and item.type == "IDENT"


def looks_bound(items: Items) -> bool:
    """Tell whether a run begins like ``x \\in S`` or ``<<x, y>> \\in S``."""
    if len(items) < 3 or not (isinstance(items[1], Token) and items[1] == "\\in"):
        return False
    return _is_name(items[0]) or names_of(items[0]) is not None


def read_bounds(
    runs: Sequence[tuple[Items, Span]],
    build: BuildItems,
    refuse: Refuse,
    *,
    unbounded: bool = False,
) -> tuple[ast.Bound, ...]:
    """Return the bounds of a comma list; ``unbounded`` allows names without a set.

    ``build`` makes the expression of the items right of ``\\in``; what is no bound raises
    ``refuse``.
    """
    bounds: list[ast.Bound] = []
    waiting: list[str] = []
    started: Span | None = None
    for items, span in runs:
        started = started or span
        if len(items) == 1 and isinstance(items[0], Token) and _is_name(items[0]):
            waiting.append(str(items[0]))
            continue
        if not looks_bound(items):
            raise refuse("a bound such as x \\in S is expected here", span)
        symbol = items[1]
        assert isinstance(symbol, Token), "looks_bound has seen \\in there"
        domain = build(items[2:], span_of(symbol))
        pattern = names_of(items[0])
        if pattern is not None:
            if not pattern:
                raise refuse("a tuple of bound names has at least one name", span)
            if waiting:
                raise refuse("a tuple of names needs a set of its own", span)
            bounds.append(ast.Bound(span, pattern, domain, is_tuple=True))
        else:
            waiting.append(str(items[0]))
            bounds.append(ast.Bound(started.to(span), tuple(waiting), domain))
            waiting = []
        started = None
    if waiting:
        assert started is not None, "a waiting name has a place"
        if not unbounded or bounds:
            raise refuse(f"the set that {waiting[-1]} ranges over is missing", started)
        bounds.append(ast.Bound(started, tuple(waiting), None))
    return tuple(bounds)
