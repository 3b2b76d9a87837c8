"""The liveness checker against brute force, on random graphs and random formulas."""

from array import array
from itertools import pairwise

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st
from tests.unit.checker.explore.liveness.semantics import Raw, built, lassos, satisfies

from speccheck.explore.graph import StateGraph
from speccheck.explore.liveness.check import witness
from speccheck.explore.liveness.translate import Atom
from speccheck.explore.liveness.valuation import Valuation
from speccheck.tla.errors import Span
from speccheck.tla.meaning import Place

_PLACE = Place("M.tla", Span(1, 1, 1, 1))
_ATOMS = 4  # The first two are on states, the others on steps.


def _combined(inner: st.SearchStrategy[Raw]) -> st.SearchStrategy[Raw]:
    one = st.tuples(st.sampled_from(["not", "[]", "<>"]), inner)
    two = st.tuples(st.sampled_from(["and", "or", "~>"]), inner, inner)
    return one | two


formulas = st.recursive(
    st.tuples(st.just("atom"), st.integers(0, _ATOMS - 1)), _combined, max_leaves=6
)


@st.composite
def graphs(draw: st.DrawFn, most: int) -> tuple[list[list[int]], int]:
    """Successors of each state, and how many are initial."""
    size = draw(st.integers(1, most))
    rows = draw(
        st.lists(
            st.lists(st.integers(0, size - 1), max_size=3, unique=True),
            min_size=size,
            max_size=size,
        )
    )
    return rows, draw(st.integers(1, size))


def _boolean(inner: st.SearchStrategy[Raw]) -> st.SearchStrategy[Raw]:
    return st.tuples(st.just("not"), inner) | st.tuples(
        st.sampled_from(["and", "or"]), inner, inner
    )


_often = st.integers(0, _ATOMS - 1).map(lambda n: ("[]", ("<>", ("atom", n))))
limits = st.recursive(_often, _boolean, max_leaves=6)
# The atom with this number holds of steps that change the state.
_MOVES = 3

truths = st.tuples(
    st.lists(st.booleans(), min_size=8, max_size=8),
    st.lists(st.booleans(), min_size=16, max_size=16),
)


@settings(max_examples=100, deadline=None)
@given(graphs(4), formulas, truths)
def test_checker_and_brute_force_agree(
    graph: tuple[list[list[int]], int], raw: Raw, truth: tuple[list[bool], list[bool]]
) -> None:
    _compare(graph, raw, truth, longest=5)


@settings(max_examples=150, deadline=None)
@given(graphs(3), limits, truths)
def test_fairness_of_behaviours_that_go_on(
    graph: tuple[list[list[int]], int], raw: Raw, truth: tuple[list[bool], list[bool]]
) -> None:
    goes_on = ("[]", ("<>", ("atom", _MOVES)))
    _compare(graph, ("and", goes_on, raw), truth, longest=6)


def _compare(
    graph: tuple[list[list[int]], int],
    raw: Raw,
    truth: tuple[list[bool], list[bool]],
    longest: int,
) -> None:
    rows, initial = graph
    on_states, on_steps = truth

    def holds(atom: int, i: int, j: int) -> bool:
        if atom < 2:
            return on_states[4 * atom + i]
        return i != j if atom == _MOVES else on_steps[4 * i + j]

    made = StateGraph([(n,) for n in range(len(rows))], initial)
    for state, row in enumerate(rows):
        made.add_row(state, row)
    atoms = [Atom(_PLACE, lambda s, n=n: holds(n, s[0], s[0]), None) for n in range(2)] + [
        Atom(_PLACE, None, lambda s, t, n=n: holds(n, s[0], t[0])) for n in range(2, 4)
    ]
    found = witness(made, Valuation(made, atoms), built(raw))
    if found is None:
        event("none")
        for walk, loop in lassos(rows, initial, longest):
            assert not satisfies(raw, walk, loop, holds), (walk, loop)
    else:
        event("found")
        prefix, cycle = found
        assert prefix[0] < initial
        for i, j in pairwise([*prefix, *cycle]):
            assert i == j or j in rows[i]
        assert cycle[-1] == prefix[-1]
        assert satisfies(raw, [*prefix, *cycle[:-1]], len(prefix) - 1, holds)


def test_rows_leave_out_repetitions() -> None:
    graph = StateGraph([(0,), (1,)], 1)
    graph.add_row(0, [1, 0, 1])
    graph.add_row(1, [])
    assert (graph.targets, graph.offsets) == (array("i", [1]), array("q", [0, 1, 1]))


def _at(state: int) -> Raw:
    return ("[]", ("<>", ("atom", state)))


_GOES_ON: Raw = ("[]", ("<>", ("atom", 9)))
_NOT = "not"


@pytest.mark.parametrize(
    "raw",
    [
        # Both circles, again and again.
        ("and", _at(1), _at(2)),
        # Every circle goes through 0, one leaves out 2: either part may be the one that holds.
        ("and", _GOES_ON, ("or", (_NOT, _at(0)), (_NOT, _at(2)))),
        ("and", _GOES_ON, ("or", (_NOT, _at(2)), (_NOT, _at(0)))),
        ("and", ("and", _GOES_ON, ("or", (_NOT, _at(0)), _at(1))), (_NOT, _at(2))),
    ],
)
def test_two_circles(raw: Raw) -> None:
    graph = StateGraph([(0,), (1,), (2,)], 1)
    for state, row in enumerate([[1, 2], [0], [0]]):
        graph.add_row(state, row)

    def holds(atom: int, i: int, j: int) -> bool:
        return i != j if atom == 9 else i == atom

    atoms = [Atom(_PLACE, lambda s, n=n: s[0] == n, None) for n in range(9)]
    atoms.append(Atom(_PLACE, None, lambda s, t: s != t))
    found = witness(graph, Valuation(graph, atoms), built(raw))
    assert found is not None
    prefix, cycle = found
    assert satisfies(raw, [*prefix, *cycle[:-1]], len(prefix) - 1, holds)
    nowhere = ("and", raw, ("and", _GOES_ON, (_NOT, _at(0))))
    assert witness(graph, Valuation(graph, atoms), built(nowhere)) is None
