"""Depth-first search: far down first, with a limit on the depth if one is given.

What is found is found sooner than breadth-first where it is deep, and its counterexample is long.
With a limit, a state that is met again on a shorter way is explored again: all states that a way
within the limit leads to are found.
"""

from array import array

from speccheck.evaluate.stdlib.tlc import STATISTICS
from speccheck.explore.engine import Progress, Unfinished
from speccheck.explore.graph import StateGraph
from speccheck.explore.model import Model
from speccheck.explore.search import Search


class DepthFirst(Search):
    """One depth-first search of a model, of ways with at most ``limit`` states if that is given."""

    mode = "dfs"

    def __init__(
        self,
        model: Model,
        most_states: int | None = None,
        progress: Progress | None = None,
        *,
        limit: int | None = None,
    ) -> None:
        super().__init__(model, most_states, progress)
        self._limit = limit
        self._depths = array("l")
        self._rows: dict[int, array[int]] = {}
        # Those that are met again on a shorter way, while a state is expanded.
        self._nearer: list[int] = []
        if limit is not None:
            self._numbers = {}
            self._seen = self._numbers
            self._is_simple = False

    @property
    def tlc_mode(self) -> str:
        """As in TLC, a queue in another order makes no other mode; specifications of traces ask."""
        return "bfs" if self._limit is None else self.mode

    def _explore(self) -> None:
        result, limit, depths = self._result, self._limit, self._depths
        depths.extend([1] * len(self._states))
        stack = list(range(len(self._states)))[::-1]
        first_new = len(self._states)
        STATISTICS["queue"] = lambda: len(stack) + len(self._states) - first_new
        cut: set[int] = set()
        expanded_at: dict[int, int] = {}
        expansions = 0
        while stack:
            index = stack.pop()
            if expanded_at.get(index) == depths[index]:
                continue
            if limit is not None and depths[index] >= limit:
                cut.add(index)
                continue
            cut.discard(index)
            if limit is not None:
                expanded_at[index] = depths[index]
            first_new = len(self._states)
            STATISTICS.update(level=depths[index], diameter=result.depth)
            self._expand(index)
            depths.extend([depths[index] + 1] * (len(self._states) - first_new))
            if first_new < len(self._states):
                result.depth = max(result.depth, depths[index] + 1)
            for again in self._nearer:
                depths[again] = depths[index] + 1
            stack.extend(range(len(self._states) - 1, first_new - 1, -1))
            if limit is not None:
                stack.extend(self._nearer)
            self._nearer.clear()
            expansions += 1
            if not expansions & 1023:
                self._tell_now_and_then(len(stack))
        result.queued = 0
        if cut:
            raise Unfinished

    def _known(self, parent: int, action: int, number: int) -> None:
        depths = self._depths
        if number < len(depths) and depths[number] > depths[parent] + 1:
            self._parents[number] = parent
            self._actions[number] = action
            self._nearer.append(number)

    def _record(self, index: int, row: list[int]) -> None:
        self._rows[index] = array("i", row)

    def _whole_graph(self) -> StateGraph | None:
        if self._graph is not None:
            for index in range(len(self._states)):
                self._graph.add_row(index, self._rows.get(index, ()))
        return self._graph
