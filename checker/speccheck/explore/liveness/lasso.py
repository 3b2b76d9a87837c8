"""Counterexamples: a way into an accepted part of the product, and a cycle there."""

from collections import deque
from itertools import pairwise
from typing import NamedTuple

from speccheck.explore.liveness.emptiness import Cycles
from speccheck.explore.liveness.product import Product
from speccheck.explore.liveness.valuation import Test


class Lasso(NamedTuple):
    """Numbers of states: ``prefix`` ends where the cycle begins; ``cycle`` follows, and ends there.

    The same number twice in a row is a stuttering step.
    """

    prefix: list[int]
    cycle: list[int]

    def without_stuttering(self) -> "Lasso":
        """Return it without stuttering steps; an empty cycle stays where the prefix ends."""
        prefix = [n for before, n in pairwise([-1, *self.prefix]) if n != before]
        whole = [self.prefix[-1], *self.cycle]
        return Lasso(prefix, [n for before, n in pairwise(whole) if n != before])

    def shortest(self) -> "Lasso":
        """Return the same behaviour with its cycle begun as early, and as short, as can be."""
        if not self.cycle:
            return self
        way, around = self.prefix[:-1], [self.prefix[-1], *self.cycle[:-1]]
        for length in range(1, len(around) + 1):
            if around == around[:length] * (len(around) // length):
                around = around[:length]
                break
        while way and way[-1] == around[-1]:
            around = [way.pop(), *around[:-1]]
        return Lasso([*way, around[0]], [*around[1:], around[0]])


def lasso(product: Product, cycles: Cycles, all_accepting: int) -> Lasso:
    """Return a behaviour that goes through all that is wanted, again and again."""
    return _Maker(product, cycles, all_accepting).make()


class _Maker:
    def __init__(self, product: Product, cycles: Cycles, all_accepting: int) -> None:
        self._product = product
        self._members = set(cycles.nodes)
        self._nodes = sorted(cycles.nodes)
        self._forbidden = cycles.forbidden
        self._goals: list[Test] = list(cycles.wanted)
        bits = [1 << k for k in range(all_accepting.bit_length())]
        self._bits = bits

    def make(self) -> Lasso:
        """Return the lasso: one that stutters where there is such a one."""
        product = self._product
        for node in self._nodes:
            for target, index in self._edges(node):
                if target == node and not any(self._left(node, index, self._goals, self._bits)):
                    return Lasso(self._prefix(node), [product.states[node]])
        start = self._nodes[0]
        walk = [start]
        goals, bits = self._goals, self._bits
        while goals or bits or walk[-1] != start or len(walk) == 1:
            for node, index in self._nearest(walk[-1], goals, bits, start):
                goals, bits = self._left(node, index, goals, bits)
                walk.append(product.targets[index])
        return Lasso(self._prefix(start), [product.states[node] for node in walk[1:]])

    def _edges(self, node: int) -> list[tuple[int, int]]:
        """Return the edges within the part that may be taken, as targets and indices."""
        product = self._product
        found = []
        for index in range(product.offsets[node], product.offsets[node + 1]):
            target = product.targets[index]
            i, e, j = product.states[node], product.edges[index], product.states[target]
            if target in self._members and not any(test(i, e, j) for test in self._forbidden):
                found.append((target, index))
        return found

    def _left(
        self, node: int, index: int, goals: list[Test], bits: list[int]
    ) -> tuple[list[Test], list[int]]:
        """Return the goals and bits that an edge does not meet."""
        product = self._product
        i, e, j = product.states[node], product.edges[index], product.states[product.targets[index]]
        left = [test for test in goals if not test(i, e, j)]
        missing = [bit for bit in bits if not product.accepting[index] & bit]
        return left, missing

    def _nearest(
        self, start: int, goals: list[Test], bits: list[int], end: int
    ) -> list[tuple[int, int]]:
        """Return the shortest walk to an edge that meets some goal, without any to ``end``."""
        came: dict[int, tuple[int, int]] = {}
        waiting = deque([start])
        while waiting:
            node = waiting.popleft()
            for target, index in self._edges(node):
                left, missing = self._left(node, index, goals, bits)
                meets = len(left) + len(missing) < len(goals) + len(bits)
                if meets or (target == end and not goals and not bits):
                    return [*self._back(came, start, node), (node, index)]
                if target != start and target not in came:
                    came[target] = (node, index)
                    waiting.append(target)
        raise AssertionError("a component is strongly connected")

    @staticmethod
    def _back(came: dict[int, tuple[int, int]], start: int, node: int) -> list[tuple[int, int]]:
        walk = []
        while node != start:
            walk.append(came[node])
            node = came[node][0]
        return walk[::-1]

    def _prefix(self, node: int) -> list[int]:
        """Return the states on a shortest way to a node."""
        product = self._product
        states: list[int] = []
        while node >= 0:
            states.append(product.states[node])
            node = product.parents[node]
        return states[::-1]
