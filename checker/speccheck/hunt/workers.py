"""Where runs are made: processes of this machine, or a Dask cluster.

Both give a ``concurrent.futures.Executor``.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import socket
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from typing import Any, ParamSpec, Protocol, TypeVar

from speccheck.hunt.system import Unusable

_CONNECT_S = 10.0

P = ParamSpec("P")
T = TypeVar("T")


class Place(Protocol):
    """Where an executor comes from."""

    workers: int

    def open(self) -> Executor:
        """Return a new executor."""
        ...

    def kill(self) -> None:
        """Make an end of workers that do not answer."""
        ...


def _end_with_parent() -> None:
    """See to it that this process ends when the one that began it is killed."""
    parent = multiprocessing.parent_process()
    assert parent is not None, "a worker has a parent"
    sentinel = parent.sentinel

    def watch() -> None:
        wait([sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


class _Pool(ProcessPoolExecutor):
    """Processes that Ctrl-C does not reach: they inherit that it is blocked when they begin."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            return super().submit(fn, *args, **kwargs)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


class LocalProcesses:
    """Processes of this machine."""

    def __init__(self, workers: int | None = None) -> None:
        self.workers = workers or os.cpu_count() or 1
        self._others: list[BaseProcess] = []

    def open(self) -> Executor:
        """Start a pool; Ctrl-C is for this process alone."""
        self._others = [*multiprocessing.active_children()]
        return _Pool(
            self.workers,
            mp_context=multiprocessing.get_context("spawn"),
            initializer=_end_with_parent,
        )

    def kill(self) -> None:
        """Kill the processes that have come since the pool was opened."""
        for child in multiprocessing.active_children():
            if child not in self._others:
                child.kill()


class DaskCluster:
    """The workers of a Dask cluster, named as ``dask://HOST:PORT`` (its scheduler)."""

    def __init__(self, url: str) -> None:
        try:
            import distributed
        except ImportError:
            raise Unusable("dask:// needs: pip install 'speckeeper[cluster]'") from None
        host, _, port = url.removeprefix("dask://").rpartition(":")
        if not host or not port.isdecimal():
            raise Unusable(f"{url}: dask://HOST:PORT is expected")
        address = f"{host}:{port}"
        try:
            # Dask itself goes on trying as long as it has time.
            socket.create_connection((host.strip("[]"), int(port)), _CONNECT_S).close()
            client: Any = distributed.Client  # it has no types
            self._client = client(f"tcp://{address}", timeout=_CONNECT_S, set_as_default=False)
        except OSError as error:
            what = error.strerror or error
            raise Unusable(f"no Dask scheduler answers at {address}: {what}") from None
        threads = self._client.nthreads()
        if not threads:
            raise Unusable(f"the Dask scheduler at {address} has no workers; start some")
        self.workers = sum(threads.values())

    def open(self) -> Executor:
        """Return an executor that runs every task anew, and none twice."""
        executor: Executor = self._client.get_executor(pure=False, retries=0)
        return executor

    def kill(self) -> None:
        """Leave the cluster's workers alone: they are not ours."""
        self._client.close()


def place(executor: str | None, workers: int | None) -> Place:
    """Return where the command line wants runs to be made. Raises Unusable."""
    if executor is None:
        return LocalProcesses(workers)
    if not executor.startswith("dask://"):
        raise Unusable(f"--executor {executor}: only dask://HOST:PORT is known")
    return DaskCluster(executor)
