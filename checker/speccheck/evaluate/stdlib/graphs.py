"""UndirectedGraphs, of the community modules: [node |-> set, edge |-> set of sets of nodes].

An edge is a set of two nodes, or of one.
"""

from collections.abc import Callable
from typing import Any

from speccheck.evaluate.order import ordered
from speccheck.evaluate.sets import RecordSet, Subsets
from speccheck.evaluate.stdlib.digraphs import parts_of, paths, simple_paths
from speccheck.evaluate.values import Value, force, record_domain


def _is_graph(graph: Value) -> bool:
    return graph.domain is record_domain(("node", "edge"))


def _is_undirected(graph: Value) -> bool:
    return _is_graph(graph) and all(
        0 < len(edge) <= 2 and edge <= graph["node"] for edge in graph["edge"]
    )


def _is_loop_free(graph: Value) -> bool:
    return _is_undirected(graph) and all(len(edge) == 2 for edge in graph["edge"])


def _components(graph: Value) -> frozenset[Any]:
    components = {node: frozenset([node]) for node in graph["node"]}
    for edge in graph["edge"]:
        joined = frozenset().union(*(components[node] for node in edge))
        components.update(dict.fromkeys(joined, joined))
    return frozenset(components.values())


def _are_connected(first: Value, second: Value, graph: Value) -> bool:
    return any(first in part and second in part for part in _components(graph))


def _edge(a: Value, b: Value) -> frozenset[Any]:
    return frozenset([a, b])


def _graphs(nodes: Value) -> RecordSet:
    items = ordered(nodes)
    edges = frozenset(_edge(a, b) for a in items for b in items)
    sets = {"node": frozenset([force(nodes)]), "edge": Subsets(edges)}
    fields = record_domain(("node", "edge"))
    return RecordSet(fields, tuple([sets[key] for key in fields.keys_]))


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "IsUndirectedGraph": _is_undirected,
    "IsLoopFreeUndirectedGraph": _is_loop_free,
    "UndirectedSubgraph": lambda graph: parts_of(graph, lambda nodes, edge: edge <= nodes),
    "Path": lambda graph: paths(graph, _edge),
    "SimplePath": lambda graph: simple_paths(graph, _edge),
    "UndirectedGraphs": _graphs,
    "ConnectedComponents": _components,
    "AreConnectedIn": _are_connected,
    "IsStronglyConnected": lambda graph: len(_components(graph)) == 1,
}
PREDICATES = (
    "IsUndirectedGraph",
    "IsLoopFreeUndirectedGraph",
    "AreConnectedIn",
    "IsStronglyConnected",
)
