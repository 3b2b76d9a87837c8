"""One server for all tests that only look at it."""

from collections.abc import Iterator

import pytest
from tests.unit.ops.live import Live, live


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A server with every word allowed, an AdminServer and a Prometheus endpoint."""
    provider = "org.apache.zookeeper.metrics.prometheus.PrometheusMetricsProvider"
    with live(
        tmp_path_factory.mktemp("server"),
        "4lw.commands.whitelist=*",
        f"metricsProvider.className={provider}",
        "metricsProvider.httpPort=METRICS_PORT",
        "admin.rateLimiterIntervalInMS=0",
    ) as running:
        yield running
