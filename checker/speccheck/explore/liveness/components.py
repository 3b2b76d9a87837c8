"""Strongly connected components of a part of a graph."""

from array import array
from collections.abc import Callable, Iterable, Iterator


def components(
    nodes: Iterable[int],
    size: int,
    offsets: "array[int]",
    targets: "array[int]",
    may_take: Callable[[int, int], bool] | None = None,
) -> Iterator[list[int]]:
    """Yield the components of the part that ``nodes`` are, those that a walk ends in first.

    The edges of node n of ``size`` are the indices ``offsets[n]`` to ``offsets[n + 1]`` of
    ``targets``; ``may_take(n, index)`` tells which of them count. Source: R. Tarjan, Depth-first
    search and linear graph algorithms, 1972; without recursion.
    """
    # 0: not a part; -1: not visited; otherwise the number of the visit, or DONE.
    nodes = list(nodes)
    done = size + 2
    is_small = 8 * len(nodes) < size
    low: array[int] | _Zeros = _Zeros() if is_small else array("q", [0]) * size
    for node in nodes:
        low[node] = -1
    visits = 0
    stack: list[int] = []
    for root in nodes:
        if low[root] != -1:
            continue
        visits += 1
        low[root] = visits
        stack.append(root)
        path = [(root, visits, offsets[root])]
        while path:
            node, visit, index = path.pop()
            end = offsets[node + 1]
            lowest = low[node]
            while index < end:
                target = targets[index]
                seen = low[target]
                if seen and seen != done and (may_take is None or may_take(node, index)):
                    if seen == -1:
                        low[node] = lowest
                        path.append((node, visit, index))
                        visits += 1
                        low[target] = visits
                        stack.append(target)
                        path.append((target, visits, offsets[target]))
                        break
                    if seen < lowest:
                        lowest = seen
                index += 1
            else:
                low[node] = lowest
                if lowest == visit:
                    found = []
                    while True:
                        member = stack.pop()
                        low[member] = done
                        found.append(member)
                        if member == node:
                            break
                    yield found


class _Zeros(dict[int, int]):
    """Numbers that are 0 until they are set."""

    def __missing__(self, key: int) -> int:
        return 0
