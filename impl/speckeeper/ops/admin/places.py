"""Where the HTTP sites listen: known, and bound, before the HTTP server is imported."""

from speckeeper.net.listening import Place
from speckeeper.ops.config.zoo_cfg import Config

ADMIN_SERVER = "AdminServer (admin.serverAddress, admin.serverPort)"
METRICS = "metrics (metricsProvider.httpHost, metricsProvider.httpPort)"

_PROMETHEUS_PROVIDER = "org.apache.zookeeper.metrics.prometheus.PrometheusMetricsProvider"


def places_of(config: Config) -> tuple[Place, ...]:
    """Return the places that the configuration asks for."""
    places: list[Place] = []
    if config.values["admin.enableServer"]:
        host, port = config.string("admin.serverAddress"), config.number("admin.serverPort")
        places.append(Place(ADMIN_SERVER, host, port))
    if config.values["metricsProvider.className"] == _PROMETHEUS_PROVIDER:
        host = config.string("metricsProvider.httpHost")
        places.append(Place(METRICS, host, config.number("metricsProvider.httpPort")))
    return tuple(places)
