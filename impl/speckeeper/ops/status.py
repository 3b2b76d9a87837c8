"""`speckeeper status`: ask servers how they are, by `srvr`, `mntr` or the AdminServer.

Works on any ZooKeeper server. A host is `host`, `host:port`, `[v6]:port`, a connect string with
commas and a chroot, or `http://host:8080` for the AdminServer.
"""

import asyncio
import json
import os
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from speckeeper.ops.hosts import bracketed

if TYPE_CHECKING:
    import ssl

    from rich.text import Text

DEFAULT_PORT = 2181
_LAST_PORT = 65535
_LATENCY = re.compile(r"([\d.]+)/([\d.]+)/([\d.]+)")


@dataclass
class ServerStatus:
    """What one server said; `error` is why it said nothing, otherwise None. Latencies are ms."""

    host: str
    error: str | None = None
    mode: str | None = None
    version: str | None = None
    zxid: str | None = None
    min_latency: float | None = None
    avg_latency: float | None = None
    max_latency: float | None = None
    connections: int | None = None
    outstanding: int | None = None
    nodes: int | None = None
    received: int | None = None
    sent: int | None = None


def split_hosts(texts: Iterable[str]) -> list[str]:
    """Return the single hosts of arguments that may be connect strings (`a:1,b:2/chroot`)."""
    hosts: list[str] = []
    for text in texts:
        if "://" in text:
            hosts.append(text)
        else:
            hosts.extend(host for part in text.split("/")[0].split(",") if (host := part.strip()))
    return hosts


def ask_all(
    hosts: list[str], timeout_s: float, tls: "ssl.SSLContext | None" = None
) -> list[ServerStatus]:
    """Ask all hosts at once; answers come in the order of the hosts. Never raises for a host.

    ``tls``: what to connect with, None for plain connections.
    """

    async def gather() -> list[ServerStatus]:
        return await asyncio.gather(*(ask(host, timeout_s, tls) for host in hosts))

    return asyncio.run(gather())


async def ask(host: str, timeout_s: float, tls: "ssl.SSLContext | None" = None) -> ServerStatus:
    """Ask one host; never raises for what is wrong with it."""
    try:
        async with asyncio.timeout(timeout_s):
            if "://" in host:
                return await asyncio.to_thread(_ask_admin, host, timeout_s, tls)
            answer = await _four_letter(host, "srvr", tls)
            if tls is not None and not answer:
                return ServerStatus(host, _hung_up())
            if "Mode:" in answer:
                return parse_srvr(host, answer)
            monitor = await _four_letter(host, "mntr", tls)
            if "zk_server_state" in monitor:
                return parse_mntr(host, monitor)
            return ServerStatus(host, " ".join(answer.split()) or "no answer to srvr")
    except TimeoutError:
        return ServerStatus(host, f"no answer within {timeout_s:g} s")
    except (OSError, ValueError) as error:
        return ServerStatus(host, _reason(error))


def _hung_up() -> str:
    from speckeeper.ops.tls_trouble import HUNG_UP

    return HUNG_UP


def _reason(error: OSError | ValueError) -> str:
    cause = getattr(error, "reason", None)  # what urllib wraps
    if isinstance(cause, OSError):
        error = cause
    if type(error).__module__ == "ssl":  # which is not imported without TLS
        from speckeeper.ops.tls_trouble import tls_trouble

        return tls_trouble(error)  # type: ignore[arg-type]  # an ssl.SSLError, by its module
    number = getattr(error, "errno", None)
    if isinstance(number, int) and number > 0:
        text = os.strerror(number)
    else:  # errors of name resolution have negative numbers and a good text of their own
        text = getattr(error, "strerror", None) or str(error) or "the server hung up"
    return text[:1].lower() + text[1:]


async def _four_letter(host: str, word: str, tls: "ssl.SSLContext | None") -> str:
    name, port = _address(host)
    reader, writer = await asyncio.open_connection(name, port, ssl=tls)
    try:
        writer.write(word.encode())
        return (await reader.read(-1)).decode("utf-8", "replace")
    except ConnectionError:
        if tls is None:
            raise
        return ""  # the word reached a closed connection: the same end without a word
    finally:
        writer.close()


def _address(host: str) -> tuple[str, int]:
    match = re.fullmatch(r"\[([^\]]+)\](?::(\d+))?|([^:]+)(?::(\d+))?", bracketed(host))
    if not match:
        raise ValueError(f"{host!r} is neither host:port nor [IPv6 address]:port")
    name, port = match[1] or match[3], match[2] or match[4]
    number = int(port) if port else DEFAULT_PORT
    if not 1 <= number <= _LAST_PORT:
        raise ValueError(f"port {port} is out of range, 1 to {_LAST_PORT}")
    return name, number


def parse_srvr(host: str, answer: str) -> ServerStatus:
    """Read the answer to `srvr`, or to `stat`."""
    fields = {
        name.strip(): value.strip()
        for name, colon, value in (line.partition(":") for line in answer.splitlines())
        if colon
    }
    status = ServerStatus(host, mode=fields.get("Mode"), zxid=fields.get("Zxid"))
    status.version = _short(fields.get("Zookeeper version"))
    latency = _LATENCY.fullmatch(fields.get("Latency min/avg/max", ""))
    if latency:
        status.min_latency, status.avg_latency, status.max_latency = map(float, latency.groups())
    status.connections = _number(fields.get("Connections"))
    status.outstanding = _number(fields.get("Outstanding"))
    status.nodes = _number(fields.get("Node count"))
    status.received = _number(fields.get("Received"))
    status.sent = _number(fields.get("Sent"))
    return status


def parse_mntr(host: str, answer: str) -> ServerStatus:
    """Read the answer to `mntr`, which has no zxid."""
    fields = dict(line.split("\t", 1) for line in answer.splitlines() if "\t" in line)
    status = ServerStatus(host, mode=fields.get("zk_server_state"))
    status.version = _short(fields.get("zk_version"))
    status.min_latency = _decimal(fields.get("zk_min_latency"))
    status.avg_latency = _decimal(fields.get("zk_avg_latency"))
    status.max_latency = _decimal(fields.get("zk_max_latency"))
    status.connections = _number(fields.get("zk_num_alive_connections"))
    status.outstanding = _number(fields.get("zk_outstanding_requests"))
    status.nodes = _number(fields.get("zk_znode_count"))
    status.received = _number(fields.get("zk_packets_received"))
    status.sent = _number(fields.get("zk_packets_sent"))
    return status


def _ask_admin(url: str, timeout_s: float, tls: "ssl.SSLContext | None") -> ServerStatus:
    from http.client import HTTPException  # slow to import, and seldom needed
    from urllib.request import urlopen

    base = url.rstrip("/")
    if not base.endswith("/commands"):
        base += "/commands"
    try:
        with urlopen(f"{base}/server_stats", timeout=timeout_s, context=tls) as response:
            answer = json.load(response)
    except (HTTPException, OverflowError) as error:  # no HTTP; a port that cannot be one
        raise ValueError(str(error) or type(error).__name__) from error
    if not isinstance(answer, dict):
        raise ValueError("the answer is not a JSON object")
    return parse_admin(url, answer)


def parse_admin(host: str, answer: dict[str, Any]) -> ServerStatus:
    """Read the JSON of the AdminServer's command `server_stats`."""
    stats = answer.get("server_stats")
    if not isinstance(stats, dict):
        return ServerStatus(host, answer.get("error") or "no server_stats in the answer")
    zxid = stats.get("last_processed_zxid")
    return ServerStatus(
        host,
        mode=stats.get("server_state"),
        version=_short(answer.get("version")),
        zxid=None if zxid is None else f"{zxid:#x}",
        min_latency=stats.get("min_latency"),
        avg_latency=stats.get("avg_latency"),
        max_latency=stats.get("max_latency"),
        connections=stats.get("num_alive_client_connections"),
        outstanding=stats.get("outstanding_requests"),
        nodes=answer.get("node_count"),
        received=stats.get("packets_received"),
        sent=stats.get("packets_sent"),
    )


def _short(version: str | None) -> str | None:
    return version.partition(",")[0] if version else None


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() else None


def _decimal(text: str | None) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        return None


def as_json(statuses: list[ServerStatus]) -> str:
    """Return a JSON list with one object per server."""
    return json.dumps([asdict(status) for status in statuses], indent=2)


def print_table(statuses: list[ServerStatus]) -> None:
    """Print a table, one row per server, and below it why a server did not answer."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("HOST", "MODE", "VERSION", "ZXID"):
        table.add_column(heading, overflow="fold")
    for heading in ("LATENCY min/avg/max ms", "CONNECTIONS", "NODES", "OUTSTANDING"):
        table.add_column(heading, justify="right")
    for status in statuses:
        host = Text(status.host)
        if status.error is not None:
            table.add_row(host, Text("no answer", style="red"))
            continue
        table.add_row(
            host,
            _shown(status.mode),
            _shown(status.version),
            _shown(status.zxid),
            "/".join(
                "-" if value is None else f"{value:g}"
                for value in (status.min_latency, status.avg_latency, status.max_latency)
            ),
            _shown(status.connections),
            _shown(status.nodes),
            _shown(status.outstanding),
        )
    console = Console()
    if not console.is_terminal:
        console.width = max(console.width, 200)  # a pipe has no edge to wrap at
    console.print(table)
    for status in statuses:
        if status.error is not None:
            console.print(Text(f"{status.host}: {status.error}"))


def _shown(value: object) -> "Text":
    from rich.text import Text

    # A Text is printed as it is; in a str rich looks for markup and the names of emoji.
    return Text("-" if value is None else str(value))
