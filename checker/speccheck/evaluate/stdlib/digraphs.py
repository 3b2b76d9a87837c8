"""Graphs, of the community modules: directed graphs, [node |-> set, edge |-> set of pairs].

UndirectedGraphs has operators of the same names; here they are ``Graphs!NAME``.
"""

from collections.abc import Callable
from itertools import chain, combinations, pairwise
from typing import Any

from speccheck.evaluate.order import ordered
from speccheck.evaluate.runtime import domain_of
from speccheck.evaluate.sets import Filter, Product, RecordSet, Sequences, Subsets
from speccheck.evaluate.stdlib.relations import reachable
from speccheck.evaluate.values import SEQUENCES, Fn, Value, as_boolean, force, record_domain


def graph_of(nodes: Value, edges: Value) -> Fn:
    """Return the graph with these nodes and edges."""
    fields = record_domain(("node", "edge"))
    return fields[tuple([force({"node": nodes, "edge": edges}[key]) for key in fields.keys_])]


def _is_directed(graph: Value) -> bool:
    if graph.domain is not record_domain(("node", "edge")):
        return False
    pairs = Product((graph["node"], graph["node"]))
    return all(edge in pairs for edge in graph["edge"])


def _is_undirected(graph: Value) -> bool:
    edges = graph["edge"]
    return _is_directed(graph) and all(SEQUENCES[edge.values_[::-1]] in edges for edge in edges)


def parts_of(graph: Value, has_edge: Callable[[Any, Any], bool]) -> frozenset[Any]:
    """Return the subgraphs of a graph: nodes, and edges of the graph between them.

    ``has_edge(nodes, edge)`` tells whether an edge is one between the nodes.
    """
    edges = ordered(graph["edge"])
    found: list[Fn] = []
    for nodes in Subsets(graph["node"]):
        usable = [edge for edge in edges if has_edge(nodes, edge)]
        chosen = chain.from_iterable(combinations(usable, n) for n in range(len(usable) + 1))
        found.extend(graph_of(nodes, frozenset(some)) for some in chosen)
    return frozenset(found)


def _subgraphs(graph: Value) -> frozenset[Any]:
    return parts_of(graph, lambda nodes, edge: nodes.issuperset(edge.values_))


def _transpose(graph: Value) -> Fn:
    return graph_of(
        graph["node"], frozenset(SEQUENCES[edge.values_[::-1]] for edge in graph["edge"])
    )


def has_steps(items: Any, edges: Value, edge_of: Callable[[Any, Any], Any]) -> bool:
    """Tell whether a sequence of nodes goes along edges."""
    return all(edge_of(a, b) in edges for a, b in pairwise(items))


def pair(a: Any, b: Any) -> Fn:
    """Return <<a, b>>."""
    return SEQUENCES[(a, b)]


def paths(graph: Value, edge_of: Callable[[Any, Any], Any] = pair) -> Filter:
    """Return the set of all paths; there may be infinitely many, so it is not listed."""
    nodes, edges = graph["node"], graph["edge"]
    return Filter(
        Sequences(nodes), lambda path: len(path) > 0 and has_steps(path.values_, edges, edge_of)
    )


def simple_paths(graph: Value, edge_of: Callable[[Any, Any], Any] = pair) -> frozenset[Any]:
    """Return the paths that meet no node twice."""
    nodes, edges = ordered(graph["node"]), graph["edge"]
    found: list[Fn] = []
    stack: list[tuple[Any, ...]] = [(node,) for node in nodes]
    while stack:
        path = stack.pop()
        found.append(SEQUENCES[path])
        stack += [
            (*path, node) for node in nodes if node not in path and edge_of(path[-1], node) in edges
        ]
    return frozenset(found)


def _steps(graph: Value) -> Callable[[Any, Any], bool]:
    edges = graph["edge"]
    return lambda a, b: SEQUENCES[(a, b)] in edges


def _reached(graph: Value) -> dict[Any, set[Any]]:
    return reachable(_steps(graph), ordered(graph["node"]))


def _are_connected(first: Value, second: Value, graph: Value) -> bool:
    if first not in graph["node"] or second not in graph["node"]:
        return False
    return bool(first == second) or second in _reached(graph)[first]


def _is_strongly_connected(graph: Value) -> bool:
    nodes = ordered(graph["node"])
    found = _reached(graph)
    return all(a == b or b in found[a] for a in nodes for b in nodes)


def _connections(graph: Value) -> Fn:
    found = _reached(graph)
    domain = domain_of(Product((graph["node"], graph["node"])))
    pairs = (key.values_ for key in domain.keys_)
    return domain[tuple([as_boolean(a == b or b in found[a]) for a, b in pairs])]


def _is_tree(graph: Value, root: Value) -> bool:
    edges = graph["edge"]
    starts = [edge.values_[0] for edge in edges]
    return (
        _is_directed(graph)
        and root in graph["node"]
        and root not in starts
        and len(set(starts)) == len(starts)
        and all(_are_connected(node, root, graph) for node in graph["node"])
    )


def _is_bipartite(graph: Value, left: Value, right: Value) -> bool:
    ends = [edge.values_ for edge in graph["edge"]]
    return (
        not left & right
        and graph["node"] <= (left | right)
        and all((a in left and b in right) or (b in left and a in right) for a, b in ends)
    )


def _has_cycle(graph: Value) -> bool:
    return any(node in seen for node, seen in _reached(graph).items())


def _after(graph: Value, nodes: Value) -> frozenset[Any]:
    edges = graph["edge"]
    return frozenset(
        m for m in graph["node"] if any(SEQUENCES[(n, m)] in edges for n in ordered(nodes))
    )


def _before(graph: Value, nodes: Value) -> frozenset[Any]:
    edges = graph["edge"]
    return frozenset(
        m for m in graph["node"] if any(SEQUENCES[(m, n)] in edges for n in ordered(nodes))
    )


def _one(node: Value) -> frozenset[Any]:
    return frozenset([node])


def _graphs(nodes: Value) -> RecordSet:
    sets = {"node": frozenset([force(nodes)]), "edge": Subsets(force(Product((nodes, nodes))))}
    fields = record_domain(("node", "edge"))
    return RecordSet(fields, tuple([sets[key] for key in fields.keys_]))


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "IsDirectedGraph": _is_directed,
    "DirectedSubgraph": _subgraphs,
    "Transpose": _transpose,
    "Graphs!IsUndirectedGraph": _is_undirected,
    "Graphs!UndirectedSubgraph": lambda g: frozenset(filter(_is_undirected, _subgraphs(g))),
    "Graphs!Path": paths,
    "Graphs!SimplePath": simple_paths,
    "Graphs!AreConnectedIn": _are_connected,
    "Graphs!IsStronglyConnected": _is_strongly_connected,
    "ConnectionsIn": _connections,
    "IsTreeWithRoot": _is_tree,
    "GraphUnion": lambda g, h: graph_of(g["node"] | h["node"], g["edge"] | h["edge"]),
    "IsBipartiteWithPartitions": _is_bipartite,
    "HasCycle": _has_cycle,
    "IsDag": lambda g: _is_directed(g) and not _has_cycle(g),
    "Successors": lambda g, n: _after(g, _one(n)),
    "AllSuccessors": _after,
    "Predecessors": lambda g, n: _before(g, _one(n)),
    "AllPredecessors": _before,
    "Ancestors": lambda g, n: frozenset(m for m, seen in _reached(g).items() if n in seen),
    "Descendants": lambda g, n: frozenset(_reached(g)[n]),
    "InDegree": lambda g, n: len(_before(g, _one(n))),
    "OutDegree": lambda g, n: len(_after(g, _one(n))),
    "Roots": lambda g: frozenset(n for n in g["node"] if not _before(g, _one(n))),
    "Leaves": lambda g: frozenset(n for n in g["node"] if not _after(g, _one(n))),
    "EmptyGraph": lambda: graph_of(frozenset(), frozenset()),
    "Graphs": _graphs,
}
PREDICATES = (
    "IsDirectedGraph",
    "Graphs!IsUndirectedGraph",
    "Graphs!AreConnectedIn",
    "Graphs!IsStronglyConnected",
    "IsTreeWithRoot",
    "IsBipartiteWithPartitions",
    "HasCycle",
    "IsDag",
)
