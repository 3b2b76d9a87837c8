"""Makes servers and kazoo clients that are started from now on record what they do.

Servers are other processes: `speckeeper serve` and `speckeeper ensemble` take the folder from the
environment. Clients of kazoo are recorded within this process, from their first start on.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from kazoo.client import KazooClient
from kazoo.protocol.states import KeeperState

from speckeeper.history.kazoo_clients import finish as finish_histories
from speckeeper.history.kazoo_clients import record
from speckeeper.ops.serve import TRACE_ENVIRONMENT

_MARK = "_speckeeper_recorded"
_original = KazooClient.start_async
_current: list[Path] = []
_groups: dict[Path, dict[str, Path]] = {}
"""By folder: where the histories of those go that connect to an address."""
_ensembles: dict[str, frozenset[str]] = {}
"""Addresses that are known to belong to one ensemble."""


def know_ensemble(addresses: Iterable[str]) -> None:
    """Say that these addresses are of one ensemble: clients of any of them are judged together."""
    together = frozenset(addresses)
    for address in together:
        _ensembles[address] = together


@contextmanager
def recording(folder: Path) -> Iterator[None]:
    """Record below a folder what is started while this is entered, and no deeper one is."""
    before = os.environ.get(TRACE_ENVIRONMENT)
    _current.append(folder)
    os.environ[TRACE_ENVIRONMENT] = str((folder / "traces").absolute())
    KazooClient.start_async = _start_async
    try:
        yield
    finally:
        _current.pop()
        if not _current:
            KazooClient.start_async = _original
        if before is None:
            os.environ.pop(TRACE_ENVIRONMENT, None)
        else:
            os.environ[TRACE_ENVIRONMENT] = before


def finish(folder: Path) -> None:
    """Write the last lines of the histories below a folder."""
    for histories in {*_groups.pop(folder, {}).values()}:
        finish_histories(histories)


def _start_async(client: KazooClient) -> Any:
    if (
        _current
        and client.client_state == KeeperState.CLOSED
        and not client.__dict__.get(_MARK, False)
    ):
        client.__dict__[_MARK] = True
        record(client, _histories(_current[-1], client))
    return _original(client)


def _histories(folder: Path, client: KazooClient) -> Path:
    """Return where a client's history goes: with those that share an address with it."""
    groups = _groups.setdefault(folder, {})
    hosts = {f"{host}:{port}" for host, port in client.hosts}
    for host in [*hosts]:
        hosts |= _ensembles.get(host, frozenset())
    found = next((groups[host] for host in sorted(hosts) if host in groups), None)
    if found is None:
        found = folder / "histories" / min(hosts).replace(":", "-").replace("/", "-")
    for host in hosts:
        groups.setdefault(host, found)
    return found
