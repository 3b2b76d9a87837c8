"""Metrics: names as Apache's, and an exposition that Prometheus can read."""

import math

import pytest
from kazoo.client import KazooClient
from prometheus_client.parser import text_string_to_metric_families
from tests.unit.ops.live import Live

from speckeeper.ops.config.zoo_cfg import standalone_config
from speckeeper.ops.metrics import METRICS, Counter, CounterSet, Gauge, SummaryMetric
from speckeeper.ops.prometheus import Exposition
from speckeeper.ops.running import Running

pytestmark = pytest.mark.xdist_group("ops-server")


def scrape(server: Live) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    status, headers, body = server.http("/metrics", port=server.metrics_port)
    assert status == 200
    assert headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    families = list(text_string_to_metric_families(body.decode()))
    samples = [sample for family in families for sample in family.samples]
    # This parser shows every counter as OpenMetrics would name it; Prometheus itself does not.
    found = {
        (each.name.removesuffix("_total"), frozenset(each.labels.items())): each.value
        for each in samples
    }
    assert len(found) == len(samples)
    return found


def value(server: Live, name: str, **labels: str) -> float:
    return scrape(server)[name, frozenset(labels.items())]


def test_names_are_unique_and_explained() -> None:
    names = [metric.name for metric in METRICS]
    assert len(set(names)) == len(names)
    assert all(metric.help for metric in METRICS)


def test_prometheus_reads_every_metric_under_its_name(server: Live) -> None:
    found = {name for name, _ in scrape(server)}
    for metric in METRICS:
        if isinstance(metric, Counter):
            assert metric.name.removesuffix("_total") in found
        elif isinstance(metric, SummaryMetric):
            assert {f"{metric.name}_count", f"{metric.name}_sum"} <= found
        else:
            assert metric.name in found


def test_types_are_announced(server: Live) -> None:
    text = server.http("/metrics", port=server.metrics_port)[2].decode()
    kinds = {Gauge: "gauge", Counter: "counter", CounterSet: "counter", SummaryMetric: "summary"}
    for metric in METRICS:
        assert f"# TYPE {metric.name} {kinds[type(metric)]}\n" in text


def test_a_write_shows_in_counters_and_latencies(server: Live) -> None:
    before = scrape(server)
    client = KazooClient(server.hosts)
    client.start()
    client.create("/metrics-test", b"12345")
    client.delete("/metrics-test")
    client.stop()
    client.close()
    after = scrape(server)

    def risen(name: str) -> float:
        return after[name, frozenset()] - before[name, frozenset()]

    assert risen("op_count_create") == 1
    assert risen("op_count_delete") == 1
    assert risen("op_count_create_session") == 1
    assert risen("updatelatency_count") == 4
    assert risen("connection_request_count") == 1
    assert risen("fsynctime_count") >= 1
    assert risen("op_count") >= 4
    labels = frozenset({("quantile", "0.99")})
    assert after["updatelatency", labels] >= 0


def test_reasons_of_closed_connections_are_labels(server: Live) -> None:
    count = value(server, "connections_closed", key="info_probe")
    server.word("ruok")
    assert value(server, "connections_closed", key="info_probe") == count + 1


def test_process_metrics_have_the_names_of_the_java_client(server: Live) -> None:
    assert value(server, "process_open_fds") > 0
    assert value(server, "process_resident_memory_bytes") > 1_000_000


def test_quantiles_of_nothing_are_not_numbers(server: Live) -> None:
    assert math.isnan(value(server, "restore_time", quantile="0.5")) or value(
        server, "restore_time_count"
    )


def test_without_a_server_only_the_process_is_described() -> None:
    running = Running(standalone_config([], [], {}))
    assert Exposition(running, with_process=False).render() == b""
    assert b"process_" in Exposition(running, with_process=True).render()


def test_other_pages_are_not_there(server: Live) -> None:
    assert server.http("/", port=server.metrics_port)[0] == 404
