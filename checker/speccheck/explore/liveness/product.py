"""The product of a state graph and an automaton, as far as it can be reached."""

from array import array
from dataclasses import dataclass, field

from speccheck.explore.graph import StateGraph
from speccheck.explore.liveness.automaton import Automaton
from speccheck.explore.liveness.formula import TRUE
from speccheck.explore.liveness.valuation import Test, Valuation


@dataclass(slots=True)
class Product:
    """Nodes by number, in breadth-first order; the parent of those that behaviours start in is -1.

    Node n is the state ``states[n]`` with the state of the automaton ``places[n]``. Its edges are
    the indices ``offsets[n]`` to ``offsets[n + 1]`` of ``targets`` (nodes), ``edges`` (numbers of
    the graph's edges) and ``accepting`` (bits).
    """

    states: "array[int]" = field(default_factory=lambda: array("i"))
    places: "array[int]" = field(default_factory=lambda: array("i"))
    parents: "array[int]" = field(default_factory=lambda: array("i"))
    offsets: "array[int]" = field(default_factory=lambda: array("q", [0]))
    targets: "array[int]" = field(default_factory=lambda: array("i"))
    edges: "array[int]" = field(default_factory=lambda: array("i"))
    accepting: "array[int]" = field(default_factory=lambda: array("Q"))


def product(graph: StateGraph, automaton: Automaton, valuation: Valuation) -> Product:
    """Return the part of the product that behaviours from the initial states reach."""
    made = Product()
    width = len(automaton.transitions)
    rows: list[list[tuple[Test | None, int, int]]] = [
        [
            (None if t.condition == TRUE else valuation.test(t.condition), t.target, t.accepting)
            for t in row
        ]
        for row in automaton.transitions
    ]
    numbers = array("i", [-1]) * (len(graph.states) * width)
    states, places, parents = made.states, made.places, made.parents
    targets, edges, accepting = made.targets, made.edges, made.accepting
    for state in range(graph.initial):
        numbers[state * width] = len(states)
        states.append(state)
        places.append(0)
        parents.append(-1)
    offsets, followers = graph.offsets, graph.targets
    expanded, loops = len(offsets) - 1, len(followers)
    node = 0
    while node < len(states):
        state = states[node]
        row = rows[places[node]]
        begin, end = (offsets[state], offsets[state + 1]) if state < expanded else (0, 0)
        for edge in (*range(begin, end), loops + state):
            follower = state if edge >= loops else followers[edge]
            for test, place, bits in row:
                if test is not None and not test(state, edge, follower):
                    continue
                key = follower * width + place
                number = numbers[key]
                if number < 0:
                    number = numbers[key] = len(states)
                    states.append(follower)
                    places.append(place)
                    parents.append(node)
                targets.append(number)
                edges.append(edge)
                accepting.append(bits)
        made.offsets.append(len(targets))
        node += 1
    return made
