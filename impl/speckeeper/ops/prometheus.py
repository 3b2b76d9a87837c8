"""The Prometheus endpoint: the metrics in the exposition format, under Apache's names.

Counters keep their names without `_total`, as Apache 3.9 exports them, and summaries have
quantiles; therefore the text is made here. What the process itself uses (process_*, python_*) comes
from prometheus-client.
"""

from collections.abc import Iterator

from speckeeper.ops.metrics import METRICS, Counter, CounterSet, Gauge, SummaryMetric
from speckeeper.ops.running import NotServing, Running
from speckeeper.server.stats import Distribution

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

#: Apache 3.9 has 0.5, 0.9 and 0.99 for latencies, 3.10 0.95 for 0.9; other summaries have 0.5.
_ADVANCED, _BASIC = (0.5, 0.9, 0.95, 0.99), (0.5,)


class Exposition:
    """Renders the metrics of one server."""

    def __init__(self, running: Running, with_process: bool) -> None:
        """`with_process`: add what the process uses (metricsProvider.exportJvmInfo)."""
        self._running = running
        self._process = None
        if with_process:
            from prometheus_client import (
                CollectorRegistry,
                GCCollector,
                PlatformCollector,
                ProcessCollector,
            )

            self._process = CollectorRegistry(auto_describe=True)
            for collector in (ProcessCollector, PlatformCollector, GCCollector):
                collector(registry=self._process)

    def render(self) -> bytes:
        """Return the text for one scrape; without a server only what the process uses."""
        try:
            text = "".join(_server_lines(self._running)).encode()
        except NotServing:
            text = b""
        if self._process is None:
            return text
        from prometheus_client import generate_latest

        return text + generate_latest(self._process)


def _server_lines(running: Running) -> Iterator[str]:
    for metric in METRICS:
        name = metric.name
        kind = _KINDS[type(metric)]
        yield f"# HELP {name} {metric.help}\n# TYPE {name} {kind}\n"
        if isinstance(metric, Gauge | Counter):
            yield f"{name} {float(metric.read(running))}\n"
        elif isinstance(metric, CounterSet):
            for key, value in metric.read(running).items():
                yield f'{name}{{key="{key}"}} {float(value)}\n'
        else:
            yield from _summary_lines(metric, running)


def _summary_lines(metric: SummaryMetric, running: Running) -> Iterator[str]:
    summary = metric.read(running)
    if isinstance(summary, Distribution):
        for part in _ADVANCED if metric.advanced else _BASIC:
            value = float(summary.quantile(part)) if summary.count else "NaN"
            yield f'{metric.name}{{quantile="{part}"}} {value}\n'
    yield f"{metric.name}_count {float(summary.count)}\n"
    yield f"{metric.name}_sum {float(summary.total)}\n"


_KINDS: dict[type, str] = {
    Gauge: "gauge",
    Counter: "counter",
    CounterSet: "counter",
    SummaryMetric: "summary",
}
