"""Solutions with all numbers, from solutions with a few: found in small, then checked in full.

Z3 seldom finds by itself a state in which formulas hold for all numbers. It does find one where the
numbers are a few and one that stands for all that are larger: the functions of such a solution are
taken to go on as they are at that one. That this is a solution of the formulas as they are, whose
quantifiers range over all numbers, is then shown by Z3; how it was found does not matter.
"""

from collections.abc import Container
from itertools import product

import z3

from speccheck.prove.values import Term

# So many numbers, from 0, are told apart; LARGE stands for all others, and -1 for all below 0.
_APART = 3
_LARGE = 1000
_GRID = (-1, *range(_APART), _LARGE)
# Millions of Z3's steps for the search of a solution, and for the check of each formula in it.
_SEARCH, _CHECK = 50.0, 2.0


class Extensions:
    """Looks for solutions of formulas over a few atoms, which have names, and all numbers."""

    def __init__(self) -> None:
        self._small: dict[int, tuple[Term, Term]] = {}  # with the formula, so that no id is reused
        self._cut: dict[str, tuple[Term, Term]] = {}  # symbols, and what stands for them in small

    def has_solution(self, formulas: list[Term], numbers: Container[str]) -> bool:
        """Tell whether a solution was found and checked; False says nothing.

        ``numbers`` are the symbols whose numbers are to be among the few.
        """
        try:
            small = [self._in_small(formula) for formula in formulas]
        except _Endless:
            return False
        symbols = self._symbols(formulas)
        solver = _solver(_SEARCH)
        try:
            solver.add(small)
            solver.add([_bounds(stands) for of, stands in symbols if of.name() in numbers])
        except _Endless:
            return False
        if solver.check() != z3.sat:
            return False
        model = solver.model()
        functions, constants = [], []
        for symbol, stands in symbols:
            if symbol.arity():
                functions.append((symbol, _continued(model, stands)))
            else:
                constants.append((symbol(), model.eval(symbol(), model_completion=True)))
        return all(_holds(formula, functions, constants) for formula in formulas)

    def _symbols(self, formulas: list[Term]) -> list[tuple[Term, Term]]:
        found: dict[str, Term] = {}
        seen: set[int] = set()
        pending = list(formulas)
        while pending:
            term = pending.pop()
            if term.get_id() in seen:
                continue
            seen.add(term.get_id())
            if z3.is_quantifier(term):
                pending.append(term.body())
                continue
            if z3.is_app_of(term, z3.Z3_OP_UNINTERPRETED):
                found[term.decl().name()] = term.decl()
            pending.extend(term.children())
        pairs = []
        for name in sorted(found):
            if name not in self._cut:
                decl = found[name]
                sorts = [decl.domain(n) for n in range(decl.arity())]
                stands = z3.Function(f"{name} in small", *sorts, decl.range())
                self._cut[name] = (decl, stands if sorts else decl)
            pairs.append(self._cut[name])
        return pairs

    def _in_small(self, formula: Term) -> Term:
        found = self._small.get(formula.get_id())
        if found is None:
            functions = [
                (decl, stands(*[_clamped(x) for x in _places(decl)]))
                for decl, stands in self._symbols([formula])
                if decl.arity()
            ]
            cut = z3.substitute_funs(formula, *functions) if functions else formula
            found = self._small[formula.get_id()] = (formula, z3.simplify(_written_out(cut, {})))
        return found[1]


class _Endless(Exception):
    """A quantifier ranges over what is neither numbers nor named."""


def _elements(sort: Term) -> list[Term]:
    if sort == z3.IntSort():
        return [z3.IntVal(n) for n in _GRID]
    if sort == z3.BoolSort():
        return [z3.BoolVal(False), z3.BoolVal(True)]
    if not isinstance(sort, z3.DatatypeSortRef):
        raise _Endless
    return [sort.constructor(n)() for n in range(sort.num_constructors())]


def _bounds(decl: Term) -> Term:
    """Return that what a function gives is none of the numbers that stand for others."""
    ranges = [_elements(decl.domain(n)) for n in range(decl.arity())]
    values = [decl(*point) for point in product(*ranges)]
    return z3.And([z3.And(value >= -1, value < _APART) for value in values])


def _places(decl: Term) -> list[Term]:
    return [z3.Var(n, decl.domain(n)) for n in range(decl.arity())]


def _clamped(x: Term) -> Term:
    if x.sort() != z3.IntSort():
        return x
    return z3.If(x < 0, z3.IntVal(-1), z3.If(x >= _APART, z3.IntVal(_LARGE), x))


def _written_out(term: Term, done: dict[int, tuple[Term, Term]]) -> Term:
    """Return a formula without quantifiers, which range over the grid instead."""
    found = done.get(term.get_id())
    if found is not None:
        return found[1]
    made = term
    if z3.is_quantifier(term):
        if term.is_lambda():
            raise _Endless
        ranges = [_elements(term.var_sort(n)) for n in range(term.num_vars())]
        parts = []
        for point in product(*ranges):
            inside = z3.simplify(z3.substitute_vars(term.body(), *reversed(point)))
            parts.append(_written_out(inside, done))
        made = z3.And(parts) if term.is_forall() else z3.Or(parts)
    elif term.num_args() and z3.is_bool(term):
        made = term.decl()(*[_written_out(part, done) for part in term.children()])
    done[term.get_id()] = (term, made)
    return made


def _continued(model: z3.ModelRef, decl: Term) -> Term:
    """Return what a function gives at z3.Var 0, 1, ...: what it gives for what stands for these."""
    places = [_clamped(x) for x in _places(decl)]
    interpretation = model[decl]
    anywhere = decl(*[_elements(x.sort())[0] for x in places])
    if interpretation is None:
        return model.eval(anywhere, model_completion=True)
    try:
        made = interpretation.else_value()
    except z3.Z3Exception:  # the model says nothing elsewhere: any value will do, for it is checked
        made = model.eval(anywhere, model_completion=True)
    for n in range(interpretation.num_entries()):
        entry = interpretation.entry(n)
        here = [places[k] == entry.arg_value(k) for k in range(entry.num_args())]
        made = z3.If(z3.And(here), entry.value(), made)
    return made


def _holds(
    formula: Term,
    functions: list[tuple[Term, Term]],
    constants: list[tuple[Term, Term]],
) -> bool:
    """Tell whether a formula holds, all its symbols replaced by what they are."""
    closed = z3.substitute(formula, *constants) if constants else formula
    closed = z3.substitute_funs(closed, *functions) if functions else closed
    closed = z3.simplify(closed)
    if z3.is_true(closed):
        return True
    solver = _solver(_CHECK)
    solver.add(z3.Not(closed))
    return bool(solver.check() == z3.unsat)


def _solver(steps: float) -> z3.Solver:
    solver = z3.Solver()
    solver.set("rlimit", int(steps * 1_000_000))
    solver.set("random_seed", 0)
    return solver
