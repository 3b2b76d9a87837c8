"""Breadth-first search in several processes, with the results of one.

Small models end before any process is started. From a level with enough states on, each worker has
a stretch of the level. It keeps the states that it finds first; only their fingerprints (64 bits)
go to the one process that knows what was met, which answers which of them are new. Stretches and
answers are in the order of the search in one process, so that the counts and the counterexample
are the same. Two states with the same fingerprint would be taken for one: for n states that has a
probability of about n * n / 2 ** 65.
"""

import multiprocessing
import os
import signal
import time
from array import array
from collections.abc import Callable
from multiprocessing.connection import Connection, wait
from typing import Any, NamedTuple, NoReturn

from speccheck.evaluate.compiler import State
from speccheck.evaluate.errors import EvaluationError
from speccheck.evaluate.stdlib.tlc import STATISTICS, registers, set_registers
from speccheck.explore.engine import Ended, Progress, Unfinished, Violation
from speccheck.explore.model import Model
from speccheck.explore.result import TraceStep
from speccheck.explore.search import Search
from speccheck.explore.transport import Fingerprints, teach_pickle

# A level of fewer states is explored faster than it is shared out.
_LEAST_LEVEL = 1000
_UNEVEN = 1.2
COUNTS_WARNING = (
    "counts are those of all workers, each up to the end of its share of a level; "
    "those of one process, which ends at once, are smaller"
)


class _Event(NamedTuple):
    """What ends a search, found by a worker at the state with its number ``parent``."""

    moment: int
    verdict: str
    name: str
    parent: int
    action: str | None
    state: State | None
    error: EvaluationError | None = None


class ParallelSearch(Search):
    """One breadth-first search of a model by ``workers`` processes."""

    def __init__(
        self,
        model: Model,
        most_states: int | None = None,
        progress: Progress | None = None,
        *,
        workers: int,
        least_level: int = _LEAST_LEVEL,
    ) -> None:
        super().__init__(model, most_states, progress)
        self._workers = workers
        self._least_level = least_level
        self._result.workers = workers
        # The way to what ended the search, where workers have found it.
        self.way: list[TraceStep] | None = None
        # How many states there are, where workers have searched.
        self.distinct = 0

    def _steps_to(self, number: int) -> list[TraceStep]:
        return super()._steps_to(number) if self.way is None else list(self.way)

    def _distinct(self) -> int:
        return self.distinct or super()._distinct()

    def _explore_level(self, begin: int, end: int) -> bool:
        if end - begin < self._least_level:
            return super()._explore_level(begin, end)
        _Coordinator(self, begin, end).run()
        return False


class _Coordinator:
    """Runs the workers of a search from one level on, to the end."""

    def __init__(self, search: ParallelSearch, begin: int, end: int) -> None:
        self._search = search
        self._begin = begin
        teach_pickle()
        self._prints = _fingerprint(search._model)
        self._seen = {self._prints(state) for state in search._states}
        self._known_before = len(self._seen)
        self._generated_before = search._result.generated
        context = multiprocessing.get_context("fork")
        self._generated = context.RawArray("q", search._workers)
        marks = 0 if search._model.marks is None else len(search._model.marks.counts)
        length = 2 * len(search._steps) + marks
        # What each worker has counted: steps and new states by action, and marks.
        self._counts = [context.RawArray("q", length) for _ in range(search._workers)]
        self._links: list[Connection] = []
        self._processes = []
        count = search._workers
        bounds = [begin + (end - begin) * n // count for n in range(count + 1)]
        for number in range(count):
            ours, theirs = context.Pipe()
            worker = _Worker(
                search,
                number,
                theirs,
                self._prints,
                self._seen,
                self._generated,
                self._counts[number],
            )
            process = context.Process(
                target=worker.run, args=(bounds[number], bounds[number + 1], [*self._links, ours])
            )
            process.start()
            theirs.close()
            self._links.append(ours)
            self._processes.append(process)

    def run(self) -> None:
        """Explore all levels; raises what the search in one process would raise."""
        is_whole = False
        try:
            self._explore()
            is_whole = True
        except (EOFError, ConnectionResetError, BrokenPipeError):
            message = "a worker process has ended too early, perhaps for want of memory"
            raise EvaluationError(f"{message}: try fewer --workers") from None
        finally:
            for link in self._links:
                link.close()
            for process in self._processes:
                process.terminate()
                process.join()
            self._take_counts()
            if not is_whole:
                self._search._result.warnings.append(COUNTS_WARNING)

    def _take_counts(self) -> None:
        """Take over what the workers have counted, however the search ended."""
        search = self._search
        counts = [sum(column) for column in zip(*self._counts, strict=True)]
        actions = len(search._steps)
        steps, new, marks = counts[:actions], counts[actions : 2 * actions], counts[2 * actions :]
        search._steps = [a + b for a, b in zip(search._steps, steps, strict=True)]
        search._new = [a + b for a, b in zip(search._new, new, strict=True)]
        if search._model.marks is not None:
            before = search._model.marks.counts
            before[:] = [a + b for a, b in zip(before, marks, strict=True)]
        search._result.generated = self._generated_before + sum(steps)
        search.distinct = self._known_before + sum(new)

    def _explore(self) -> None:
        search, result = self._search, self._search._result
        limit, most = False, search._most_states
        while True:
            events: list[tuple[int, _Event]] = []
            sizes: list[int] = []
            for number, prints in enumerate(self._gathered()):
                is_new = bytearray(len(prints))
                for position, fingerprint in enumerate(prints):
                    if fingerprint in self._seen or limit:
                        continue
                    is_new[position] = 1
                    self._seen.add(fingerprint)
                    limit = most is not None and len(self._seen) >= most
                self._links[number].send_bytes(is_new)
            for number, link in enumerate(self._links):
                size, event = link.recv()
                sizes.append(size)
                if event is not None:
                    events.append((number, event))
            result.generated = self._generated_before + sum(self._generated)
            if events:
                self._fail(*events[0])
            if not sum(sizes) or limit:
                break
            result.depth += 1
            self._share(sizes)
        self._finish()
        if limit:
            raise Unfinished

    def _gathered(self) -> "list[array[int]]":
        """Return what each worker asks about, showing progress meanwhile."""
        found: dict[int, array[int]] = {}
        while len(found) < len(self._links):
            waiting = [link for n, link in enumerate(self._links) if n not in found]
            for link in wait(waiting, timeout=1):
                number = self._links.index(link)  # type: ignore[arg-type]
                prints = array("q")
                prints.frombytes(self._links[number].recv_bytes())
                found[number] = prints
            self._tell()
        return [found[number] for number in range(len(found))]

    def _tell(self) -> None:
        search = self._search
        if search._progress is not None and time.monotonic() - search._told > 1:
            search._told = time.monotonic()
            result = search._result
            result.distinct = len(self._seen)
            search._progress(result)

    def _share(self, sizes: list[int]) -> None:
        """Tell the workers to go on; where their stretches are uneven, who gives what to whom."""
        count, total = len(sizes), sum(sizes)
        if max(sizes) <= _UNEVEN * total / count + 16:
            for link in self._links:
                link.send(None)
            return
        bounds = [total * n // count for n in range(count + 1)]
        starts = [sum(sizes[:n]) for n in range(count)]
        pieces: list[list[list[Any]]] = [[[], []] for _ in sizes]
        for giver, link in enumerate(self._links):
            cuts = [
                (max(bounds[n], starts[giver]), min(bounds[n + 1], starts[giver] + sizes[giver]))
                for n in range(count)
            ]
            link.send([(max(0, b - starts[giver]), max(0, e - starts[giver])) for b, e in cuts])
            for taker, piece in enumerate(link.recv()):
                if taker != giver:
                    pieces[taker][giver > taker].append(piece)
        for link, piece in zip(self._links, pieces, strict=True):
            link.send(piece)

    def _fail(self, number: int, event: _Event) -> NoReturn:
        # The way is asked for while the workers are there.
        self._search.way = self._way(number, event.parent)
        if event.error is not None:
            self._search._at = (event.parent, event.action, event.state)
            raise event.error
        raise Violation(event.verdict, event.name, event.parent, event.action, event.state)

    def _way(self, number: int, index: int) -> list[TraceStep]:
        way: list[TraceStep] = []
        while True:
            self._links[number].send(("way", index))
            steps, origin = self._links[number].recv()
            way = [*steps, *way]
            if origin is None:
                return way
            number, index = origin

    def _finish(self) -> None:
        """Take over the states that the workers have found, and their registers."""
        search = self._search
        for link in self._links:
            link.send(("end", 0))
        ends = [link.recv() for link in self._links]
        _take_registers([end[-1] for end in ends])
        first = self._begin
        del search._states[first:]
        rows: list[array[int]] = []
        levels = max(len(sizes) for sizes, *_ in ends)
        for level in range(levels):
            for sizes, states, their_rows, _ in ends:
                if level >= len(sizes):
                    continue
                begin, end = sum(sizes[:level]), sum(sizes[: level + 1])
                search._states.extend(states[begin:end])
                rows.extend(their_rows[begin:end])
        if search._graph is not None:
            numbers = {self._prints(state): n for n, state in enumerate(search._states)}
            for state, row in enumerate(rows, first):
                search._graph.add_row(state, [numbers[p] for p in row if p in numbers])


class _Worker:
    """One process; it inherits the search as it was when the processes were started."""

    def __init__(
        self,
        search: ParallelSearch,
        number: int,
        link: Connection,
        prints: Callable[[State], int],
        known: set[int],
        generated: Any,
        counts: Any,
    ) -> None:
        self._search = search
        self._model = search._model
        self._number = number
        self._link = link
        self._prints = prints
        self._known = known
        self._generated = generated
        self._counts = counts
        self._counted_before = self._counted()
        # Where a state came from that another worker gave; its parent is -2 minus the place here.
        self._origins: list[tuple[int, int]] = []
        self._event: _Event | None = None
        self._moment = 0
        self._found: list[tuple[int, State, int, int]] = []
        self._sizes: list[int] = []
        self._expanded: list[State] = []
        self._rows: list[array[int]] = []

    def run(self, begin: int, end: int, others: list[Connection]) -> None:
        """Work until told to stop; ``others`` are ends of pipes that are not this process's."""
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        for link in others:
            link.close()
        try:
            self._work(list(range(begin, end)))
        except (EOFError, BrokenPipeError, ConnectionResetError):
            pass
        finally:
            # Nothing of what the parent process had to do at its end is for this one.
            os._exit(0)

    def _work(self, stretch: list[int]) -> None:
        search = self._search
        level = search._result.depth
        while True:
            STATISTICS["level"] = STATISTICS["diameter"] = level
            level += 1
            self._guarded(self._expand_all, stretch)
            self._link.send_bytes(array("q", [found[0] for found in self._found]))
            is_new = self._link.recv_bytes()
            stretch = []
            self._guarded(self._keep, is_new, stretch)
            self._counts[:] = [
                now - before
                for now, before in zip(self._counted(), self._counted_before, strict=True)
            ]
            self._link.send((len(stretch), self._event))
            asked = self._link.recv()
            while isinstance(asked, tuple):
                what, index = asked
                if what == "way":
                    self._link.send(self._way(index))
                else:
                    self._link.send(
                        (
                            [*self._sizes, len(stretch)],
                            [*self._expanded, *(search._states[n] for n in stretch)],
                            self._rows,
                            registers(),
                        )
                    )
                asked = self._link.recv()
            if asked is not None:
                stretch = self._exchange(stretch, asked)

    def _counted(self) -> list[int]:
        marks = self._model.marks.counts if self._model.marks is not None else []
        return [*self._search._steps, *self._search._new, *marks]

    def _guarded(self, work: Callable[..., None], *arguments: Any) -> None:
        """Do work; what it raises becomes an event, unless there was one before."""
        try:
            work(*arguments)
        except Violation as found:
            self._happen(found.verdict, found.name, found.parent, found.action, found.state)
        except Ended:
            alone = EvaluationError('TLCSet("exit", TRUE) can end a run of one process only')
            self._happen("error", "", *self._search._at, error=alone)
        except Exception as error:  # noqa: BLE001  # Whatever generated code raises.
            explained = self._model.explain(error)
            self._happen("error", "", *self._search._at, error=explained)

    def _happen(
        self,
        verdict: str,
        name: str,
        parent: int,
        action: str | None,
        state: State | None,
        error: EvaluationError | None = None,
    ) -> None:
        if self._event is None or self._moment < self._event.moment:
            self._event = _Event(self._moment, verdict, name, parent, action, state, error)

    # --- expanding -------------------------------------------------------------------------------

    def _expand_all(self, stretch: list[int]) -> None:
        search, generated = self._search, self._generated
        self._found.clear()
        self._sizes.append(len(stretch))
        before = search._result.generated
        done = generated[self._number]
        for index in stretch:
            self._expand(index)
            generated[self._number] = done + search._result.generated - before

    def _expand(self, index: int) -> None:
        search, model = self._search, self._model
        state = search._states[index]
        successors: list[State] = []
        row = array("q")
        alive = False
        search._at = (index, None, None)
        self._expanded.append(state)
        self._rows.append(row)
        for number, action in enumerate(model.actions):
            # After all that was found so far, ahead of what may be found next.
            self._moment = 2 * len(self._found) - 1
            action.step(state, successors.append)
            if successors:
                alive = True
                search._steps[number] += len(successors)
                search._result.generated += len(successors)
                for successor in successors:
                    self._arrive(index, number, state, successor, row)
                successors.clear()
        self._moment = 2 * len(self._found) - 1
        if not alive and model.check_deadlock:
            raise Violation("deadlock", "", index, None, None)

    def _arrive(
        self, parent: int, number: int, state: State, successor: State, row: "array[int]"
    ) -> None:
        search, model = self._search, self._model
        name = model.actions[number].name
        search._at = (parent, name, successor)
        self._moment = 2 * len(self._found) - 1
        if all(check.holds(successor) for check in model.constraints) and all(
            check.holds(state, successor) for check in model.action_constraints
        ):
            fingerprint = self._prints(successor)
            if fingerprint not in self._known:
                self._known.add(fingerprint)
                self._found.append((fingerprint, successor, parent, number))
                self._moment = 2 * len(self._found) - 1
            if search._graph is not None:
                row.append(fingerprint)
        else:
            search._check_state(parent, name, successor)
        search._check_step(parent, name, state, successor)
        search._at = (parent, None, None)

    def _keep(self, is_new: bytes, stretch: list[int]) -> None:
        """Add the states that nobody has found before to the next level."""
        search = self._search
        for position, (_, state, parent, number) in enumerate(self._found):
            if not is_new[position]:
                continue
            name = self._model.actions[number].name
            self._moment = 2 * position
            search._at = (parent, name, state)
            search._check_state(parent, name, state)
            stretch.append(len(search._states))
            search._states.append(state)
            search._parents.append(parent)
            search._actions.append(number)
            search._new[number] += 1

    # --- exchange --------------------------------------------------------------------------------

    def _exchange(self, stretch: list[int], cuts: list[tuple[int, int]]) -> list[int]:
        """Give away stretches of the level and take others in; return what is to be expanded."""
        search = self._search
        given = [
            []
            if taker == self._number
            else [(self._number, index, search._states[index]) for index in stretch[begin:end]]
            for taker, (begin, end) in enumerate(cuts)
        ]
        self._link.send(given)
        begin, end = cuts[self._number]
        ahead, behind = self._link.recv()
        return [*self._taken(ahead), *stretch[begin:end], *self._taken(behind)]

    def _taken(self, pieces: list[list[tuple[int, int, State]]]) -> list[int]:
        search = self._search
        numbers = []
        for piece in pieces:
            for owner, index, state in piece:
                numbers.append(len(search._states))
                search._states.append(state)
                search._parents.append(-2 - len(self._origins))
                search._actions.append(-1)
                self._origins.append((owner, index))
        return numbers

    def _way(self, index: int) -> tuple[list[TraceStep], tuple[int, int] | None]:
        """Return the steps to a state, and the worker and number where those before them are."""
        search = self._search
        steps: list[TraceStep] = []
        while index >= 0:
            parent = search._parents[index]
            if parent < -1:
                return steps[::-1], self._origins[-2 - parent]
            action = search._actions[index]
            name = None if action < 0 else self._model.actions[action].name
            steps.append(TraceStep(name, search._states[index]))
            index = parent
        return steps[::-1], None


def _take_registers(theirs: list[dict[int, Any]]) -> None:
    """Take over registers: TLCSet sets those of a worker; the first one that has set one counts."""
    before = registers()
    taken = dict(before)
    for values in reversed(theirs):
        taken.update({n: v for n, v in values.items() if n not in before or v != before[n]})
    set_registers(taken)


def _fingerprint(model: Model) -> Callable[[State], int]:
    """Return the function that gives states that are one the same number, in every process."""
    prints = Fingerprints()
    if model.view is not None:
        view = model.view
        if model.symmetry is not None:
            least = model.symmetry.least
            return lambda state: prints[view(least(state))]
        return lambda state: prints[view(state)]
    if model.symmetry is not None:
        symmetry = model.symmetry
        return lambda state: min(map(prints.of_state, symmetry.orbit(state)))
    return prints.of_state
