"""``speccheck trace --follow``: judges traces while they are written, and serves metrics of it.

The metrics have a port of their own: that an ensemble diverges is no property of one server, and
who judges may run elsewhere than the servers do, and does not know them.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import typer

from speccheck.conform.follow import Follower, Progress
from speccheck.conform.judge import Plan, Verdict, judge
from speccheck.conform.reading import Unusable


class Metrics:
    """What Prometheus is told. Raises Unusable where the address cannot be had."""

    def __init__(self, host: str, port: int) -> None:
        from prometheus_client import CollectorRegistry, Counter, Gauge, start_http_server

        registry = CollectorRegistry()
        self._events = Counter(
            "speccheck_trace_events", "Events that the specification allows", registry=registry
        )
        self._behind = Gauge(
            "speccheck_trace_events_behind", "Events that wait to be judged", registry=registry
        )
        self._rejudged = Counter(
            "speccheck_trace_rejudged", "How often all was judged anew", registry=registry
        )
        self._diverged = Gauge(
            "speccheck_trace_diverged", "1 once the traces diverge", registry=registry
        )
        self._told = Progress()
        try:
            start_http_server(port, host, registry)
        except OSError as error:
            what = (error.strerror or str(error)).lower()
            raise Unusable(f"--metrics {host}:{port}: {what}") from None

    def tell(self, progress: Progress) -> None:
        """Bring the metrics up to date."""
        self._events.inc(progress.events - self._told.events)
        self._rejudged.inc(progress.rejudged - self._told.rejudged)
        self._behind.set(progress.behind)
        self._diverged.set(progress.verdict is not None)
        self._told = Progress(progress.events, progress.behind, progress.rejudged)


def follow(
    folder: Path,
    plan: Plan,
    lag_s: float,
    metrics: tuple[str, int] | None,
    write: Callable[[Verdict], None],
) -> Verdict:
    """Follow until the traces diverge or a signal comes; return the verdict on all there is then.

    With metrics a divergence is written at once, and is to be seen there until a signal comes.
    Raises Unusable.
    """
    told = Metrics(*metrics) if metrics is not None else None
    follower = Follower(folder, plan, lag_s, told.tell if told is not None else lambda _: None)
    ended = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        ended.set()
        follower.stop()

    before = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        verdict = follower.run()
        if verdict is None:
            typer.echo(f"followed {follower.progress.events:,} events; judging the files", err=True)
            verdict = judge([folder], plan)
            write(verdict)
        else:
            write(verdict)
            if told is not None:
                ended.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return verdict
