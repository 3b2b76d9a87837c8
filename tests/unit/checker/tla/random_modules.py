"""Random syntax trees of modules, for properties of the printer and the parser."""

from functools import partial

from hypothesis import strategies as st

from speccheck.tla import syntax as ast
from speccheck.tla.errors import Span
from speccheck.tla.operators import INFIX, POSTFIX, PREFIX

NOWHERE = Span(1, 1, 1, 1)
names = st.sampled_from(["a", "b", "x", "y2", "Op", "N", "long_name", "IFx"])
fields = st.sampled_from(["f", "mtype", "val"])
_infix = sorted({operator.name for operator in INFIX.values()} - {"\\X"})
_prefix = sorted({operator.name for operator in PREFIX.values()})
_postfix = sorted({operator.name for operator in POSTFIX.values()})
_texts = st.text(st.sampled_from('abc "\\\n\t*()'), max_size=4)


def _several(items: st.SearchStrategy, least: int = 1, most: int = 3) -> st.SearchStrategy:
    return st.lists(items, min_size=least, max_size=most).map(tuple)


def _node(kind: type, *parts: st.SearchStrategy) -> st.SearchStrategy:
    return st.builds(partial(kind, NOWHERE), *parts)


def _apply(symbols: list[str], count: int, inner: st.SearchStrategy) -> st.SearchStrategy:
    return _node(ast.Apply, st.sampled_from(symbols), _several(inner, count, count))


_names = _several(names).map(lambda found: tuple(dict.fromkeys(found)))


def _fields(inner: st.SearchStrategy) -> st.SearchStrategy:
    return _several(st.tuples(fields, inner)).map(lambda found: tuple(dict(found).items()))


def _bounds(inner: st.SearchStrategy) -> st.SearchStrategy:
    return _node(ast.Bound, _names, inner) | _node(ast.Bound, _names, inner, st.just(True))


def _larger(inner: st.SearchStrategy) -> st.SearchStrategy:
    """Return expressions with parts from ``inner``."""
    bound = _bounds(inner)
    unbounded = _node(ast.Bound, _names, st.none())
    # A set of {x \in S : ...} has one bound, with a single name or a tuple.
    filtered = bound.filter(lambda b: b.is_tuple or len(b.names) == 1)
    step = _node(ast.InstanceStep, names, _several(inner, 0, 2))
    update = _node(
        ast.Update,
        _several(_several(inner, 1, 2) | fields.map(lambda f: (ast.String(NOWHERE, f),)), 1, 2),
        inner,
    )
    definition = _definitions(inner)
    subscript = _node(ast.Apply, names) | _node(ast.Tuple, _several(_node(ast.Apply, names)))
    return st.one_of(
        _apply(_infix, 2, inner),
        _apply(_infix, 2, inner),
        _apply(_prefix, 1, inner),
        _apply(_postfix, 1, inner),
        _node(ast.Apply, names, _several(inner | _operator_argument(inner))),
        _node(ast.Apply, names, _several(inner, 0, 2), _several(step, 1, 2)),
        _node(ast.Junction, st.sampled_from(["/\\", "\\/"]), _several(inner)),
        _node(ast.Junction, st.sampled_from(["/\\", "\\/"]), _several(inner)),
        _node(ast.Product, _several(inner, 2, 3)),
        _node(ast.Tuple, _several(inner, 0)),
        _node(ast.SetEnumeration, _several(inner, 0)),
        _node(ast.Index, inner, _several(inner, 1, 2)),
        _node(ast.Field, inner, fields),
        _node(ast.Quantifier, st.sampled_from(["\\A", "\\E"]), _several(bound, 1, 2), inner),
        _node(ast.Quantifier, st.sampled_from(["\\A", "\\EE"]), _several(unbounded, 1, 1), inner),
        _node(ast.Choose, filtered, inner),
        _node(ast.SetFilter, filtered, inner),
        _node(ast.SetMap, inner, _several(bound, 1, 2)),
        _node(ast.FunctionLiteral, _several(bound, 1, 2), inner),
        _node(ast.FunctionSet, inner, inner),
        _node(ast.Record, _fields(inner)),
        _node(ast.RecordSet, _fields(inner)),
        _node(ast.Except, inner, _several(update, 1, 2)),
        _node(ast.If, inner, inner, inner),
        _node(ast.Case, _several(st.tuples(inner, inner)), st.none() | inner),
        _node(ast.Let, _several(definition, 1, 2), inner),
        _node(ast.Box, inner, subscript),
        _node(ast.Angle, inner, subscript),
        _node(ast.Fairness, st.sampled_from(["WF", "SF"]), subscript, inner),
    )


def _operator_argument(inner: st.SearchStrategy) -> st.SearchStrategy:
    return _node(ast.Lambda, _names, inner) | _node(ast.Apply, st.sampled_from(_infix))


def _declared(name: str, arity: int) -> ast.Declaration:
    return ast.Declaration(NOWHERE, name, arity)


_parameters = _names.map(lambda found: tuple(_declared(name, 0) for name in found))


def _definitions(inner: st.SearchStrategy) -> st.SearchStrategy:
    """Return definitions as they may stand in a LET."""
    pair = st.tuples(names, names).map(lambda p: tuple(_declared(name, 0) for name in p))
    single = names.map(lambda name: (_declared(name, 0),))
    higher = _parameters.map(lambda given: (*given, _declared("F", 2)))
    instance = _node(
        ast.Instance, st.just("M"), _several(_node(ast.Substitution, names, inner), 0, 2)
    )
    return st.one_of(
        _node(ast.OperatorDefinition, names, st.just(()) | _parameters | higher, inner),
        _node(ast.OperatorDefinition, st.sampled_from(_infix), pair, inner),
        _node(ast.OperatorDefinition, st.sampled_from(_postfix), single, inner),
        _node(ast.OperatorDefinition, st.sampled_from(_prefix), single, inner),
        _node(ast.FunctionDefinition, names, _several(_bounds(inner), 1, 2), inner),
        _node(ast.InstanceDefinition, names, st.just(()) | _parameters, instance),
    )


_leaves = st.one_of(
    _node(ast.Apply, names),
    _node(ast.Number, st.integers(0, 99)),
    _node(ast.String, _texts),
)
expressions = st.recursive(_leaves, _larger, max_leaves=12)


_declarations = _several(
    st.builds(_declared, names, st.integers(0, 2)) | st.builds(_declared, st.just("++"), st.just(2))
)
units = st.one_of(
    _definitions(expressions),
    _node(ast.Constants, _declarations),
    _node(ast.Variables, _names.map(lambda found: tuple(_declared(n, 0) for n in found))),
    _node(ast.Recursive, _declarations),
    _node(ast.Assume, st.none() | names, expressions),
    _node(ast.Theorem, st.none() | names, expressions),
    _node(
        ast.Instance,
        st.just("M"),
        _several(_node(ast.Substitution, names, expressions), 0, 2),
        st.booleans(),
    ),
)
modules = st.builds(
    lambda extends, found: ast.Module(NOWHERE, "M", extends, found, "M.tla"),
    _several(st.sampled_from(["Naturals", "Sequences"]), 0, 2),
    _several(units, 0, 4),
)
