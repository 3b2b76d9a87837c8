"""Judging a running ensemble: traces are judged while they are written.

Events are merged and replayed as they come. What comes too late to be known in time (a server that
was stopped for long, and then reads what was sent before) can look like a divergence, or like one
that never ends waiting. So whatever looks wrong is judged once more from the files as a whole, and
only that is a verdict.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from speccheck.conform import reading
from speccheck.conform.dialect import DIALECTS, Dialect
from speccheck.conform.folding import FOLDINGS
from speccheck.conform.judge import Plan, Verdict, find_config, find_spec, judge
from speccheck.conform.live import LiveTrack, Taken, Watch, live_connections
from speccheck.conform.merge import Merge, Stall
from speccheck.conform.observation import Observer
from speccheck.conform.reading import Event, Header, Unusable
from speccheck.conform.replay import Divergence, Replay
from speccheck.conform.specification import specification_of
from speccheck.evaluate.errors import EvaluationError

_POLL_S = 0.2
_MOST_AT_ONCE = 2000
_PATIENCE = 4
"""How many times the lag everything may stand still before the files are judged as a whole."""


class _Merge(Merge):
    """A merge that goes on when there is more, and leaves nothing out while there may be."""

    is_patient = True

    def refresh(self) -> None:
        """Look whether lanes that had nothing have something now."""
        for lane in self._lanes:
            if lane.head is None:
                lane.head = next(lane.events, None)

    def _skip(self) -> bool:
        return not self.is_patient and super()._skip()

    def _is_cut_off(self, lane: Any, event: Event) -> bool:
        return True  # who should have sent it may still do so


@dataclass(slots=True)
class Progress:
    """How far it has come. ``verdict`` is there once the traces diverge."""

    events: int = 0
    behind: int = 0
    rejudged: int = 0
    verdict: Verdict | None = None


class Follower:
    """Follows the traces in a folder; ``lag_s``: how long an event waits for others."""

    def __init__(
        self, folder: Path, plan: Plan, lag_s: float, tell: Callable[[Progress], None]
    ) -> None:
        self.progress = Progress()
        self._folder = folder
        self._plan = plan
        self._lag_s = lag_s
        self._tell = tell
        self._stop = threading.Event()

    def stop(self) -> None:
        """Have :meth:`run` end."""
        self._stop.set()

    def run(self) -> Verdict | None:
        """Follow until told to stop, or until the traces diverge: then return the verdict.

        Raises Unusable.
        """
        while not self._stop.is_set():
            header = self._header()
            if header is None:
                self._stop.wait(_POLL_S)
                continue
            verdict = self._follow(header)
            if verdict is not None:
                self.progress.verdict = verdict
                self._tell(self.progress)
                return verdict
        return None

    def _header(self) -> Header | None:
        """Return the header of a file that has one already. Raises Unusable."""
        for path in sorted(self._folder.glob("*.ndjson*")):
            with suppress(FileNotFoundError):
                if not path.stat().st_size:
                    continue
                for _, data in reading._lines(path, []):
                    return reading._header(data, path)
        return None

    def _follow(self, header: Header) -> Verdict | None:
        """Follow from the first event on. None: to be stopped, or to be begun anew."""
        spec = find_spec(self._plan.spec, header.spec)
        model = specification_of(header, spec, find_config(self._plan, header.spec))
        dialect = DIALECTS.get(header.spec, Dialect())
        connections = live_connections(dialect)
        positions = {name: index for index, name in enumerate(model.variables)}
        folding = FOLDINGS.get(header.spec)
        replay = Replay(
            model,
            dialect,
            Observer(model.variables, header.untold),
            self._plan.every,
            (),
            None if folding is None else folding(positions).fold,
            connections,
        )
        watch = Watch(self._folder)
        tracks = [LiveTrack(watch, server) for server in replay.model_servers(replay.states[0])]
        threads = [
            threading.Thread(target=track.read, args=(connections,), daemon=True)
            for track in tracks
        ]
        for thread in threads:
            thread.start()
        taken: list[Any] = [Taken(track, self._lag_s) for track in tracks]
        merge = _Merge(taken, connections, dialect)
        try:
            return self._judge(watch, tracks, merge, replay)
        finally:
            watch.is_over = True
            for thread in threads:
                thread.join()

    def _judge(
        self, watch: Watch, tracks: list[LiveTrack], merge: _Merge, replay: Replay
    ) -> Verdict | None:
        patience = max(self._lag_s, 1.0) * _PATIENCE
        moved = time.monotonic()
        while not self._stop.is_set():
            before = replay.checked
            with watch.lock:
                for track in tracks:
                    if track.failed is not None:
                        raise track.failed
                merge.refresh()
                waits = self._some(merge, replay)
            progress = self.progress
            progress.events = max(progress.events, replay.checked)
            progress.behind = sum(track.seen for track in tracks) - replay.checked
            self._tell(progress)
            if replay.checked > before:
                moved = time.monotonic()
                merge.is_patient = True
                if waits is None:
                    continue
            if isinstance(waits, Divergence):
                # None: something came too late to be known; begin anew with what is known now.
                return self._whole()
            if isinstance(waits, Stall) and time.monotonic() - moved > patience:
                if merge.is_patient:
                    merge.is_patient = False
                else:
                    verdict = self._whole()
                    if verdict is not None:
                        return verdict
                    moved = time.monotonic()
                    patience *= 2
            self._stop.wait(_POLL_S)
        return None

    def _some(self, merge: _Merge, replay: Replay) -> Exception | None:
        """Take the events that may come now; return what was in the way of more."""
        event: Event | None = None
        try:
            for count, event in enumerate(merge):
                replay.take(event)
                if count >= _MOST_AT_ONCE:
                    return None
            if event is not None:
                replay.check_invariants(event)
        except (Divergence, Stall) as error:
            return error
        except EvaluationError as error:
            raise Unusable(str(error)) from None
        return None

    def _whole(self) -> Verdict | None:
        """Judge the files as they are; return the verdict if they diverge."""
        self.progress.rejudged += 1
        for last in (False, False, True):
            try:
                verdict = judge([self._folder], self._plan)
            except Unusable:  # a file may be there before its first line is
                if last:
                    raise
                self._stop.wait(_POLL_S)
            else:
                return None if verdict.conforms else verdict
        return None
