"""The network between the members of an ensemble: each directed link can be held, cut and healed.

A member finds its peers at ports of this network, which passes the bytes on. The link (a, b) is all
that a sends to b, on connections that either of the two has opened. What comes on a held link waits
in the network, the end of a connection too, and goes on when the link is healed; a cut link breaks
the connections between the two and lets no new ones through.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from typing import NamedTuple

Link = tuple[int, int]

_TRIES, _RETRY_S = 25, 0.02
_CLOSING_S = 0.1  # for the loop to close the sockets


class Passage(Enum):
    """What happens to bytes on a link."""

    OPEN = "open"
    HELD = "held"
    CUT = "cut"


class Ports(NamedTuple):
    """Where a server listens for its peers."""

    quorum: int
    election: int


class Network:
    """All links between servers; its methods may be called on any thread.

    ``targets``: where each server listens. ``addresses[a, b]``: where a finds b.
    """

    def __init__(self, targets: Mapping[int, Ports]) -> None:
        self._links = [(a, b) for a in targets for b in targets if a != b]
        self._passage = dict.fromkeys(self._links, Passage.OPEN)
        self._flowing: dict[Link, asyncio.Event] = {}
        self._writers: dict[Link, set[asyncio.StreamWriter]] = {pair: set() for pair in self._links}
        self._tasks: set[asyncio.Task[None]] = set()
        self._servers: list[asyncio.Server] = []
        self.addresses: dict[Link, Ports] = {}
        self.names: dict[str, str] = {}
        """Of connections: what who opened it calls it, by what the other end calls it."""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="network", daemon=True)
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(targets), self._loop).result(10)

    def passage(self, link: Link) -> Passage:
        """What a link does now."""
        return self._passage[link]

    def put(self, links: Iterable[Link], passage: Passage) -> None:
        """Hold, cut or open links; returns when that is done."""
        self._do(lambda: [self._put(link, passage) for link in links])

    def heal(self) -> None:
        """Open all links."""
        self.put(self._links, Passage.OPEN)

    def close(self) -> None:
        """End everything."""
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    # -- on the loop

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    def _do(self, action: Callable[[], object]) -> None:
        async def act() -> None:
            action()

        asyncio.run_coroutine_threadsafe(act(), self._loop).result(10)

    async def _listen(self, targets: Mapping[int, Ports]) -> None:
        for link in self._links:
            self._flowing[link] = asyncio.Event()
            self._flowing[link].set()
        for link in self._links:
            own = []
            for port in targets[link[1]]:
                server = await asyncio.start_server(self._accepting(link, port), "127.0.0.1", 0)
                self._servers.append(server)
                own.append(server.sockets[0].getsockname()[1])
            self.addresses[link] = Ports(*own)

    async def _close(self) -> None:
        for server in self._servers:
            server.close()
        tasks = [*self._tasks]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for writers in self._writers.values():
            for writer in [*writers]:
                writer.transport.abort()
        await asyncio.sleep(_CLOSING_S)

    def _put(self, link: Link, passage: Passage) -> None:
        self._passage[link] = passage
        if passage is Passage.HELD:
            self._flowing[link].clear()
            return
        if passage is Passage.CUT:
            for writer in [*self._writers[link], *self._writers[link[::-1]]]:
                writer.transport.abort()
        self._flowing[link].set()

    def _accepting(
        self, link: Link, port: int
    ) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], None]:
        def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self._writers[link[::-1]].add(writer)
            task = self._loop.create_task(self._serve(link, port, reader, writer))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

        return accept

    async def _serve(
        self, link: Link, port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Pass on a connection that ``link[0]`` has opened to ``link[1]``."""
        back = link[::-1]
        onward: asyncio.StreamWriter | None = None
        try:
            answers, onward = await self._open(link, port)
            self.names[_name(onward, "sockname", "peername")] = _name(
                writer, "peername", "sockname"
            )
            self._writers[link].add(onward)
            async with asyncio.TaskGroup() as pumps:
                pumps.create_task(self._pump(link, reader, onward))
                pumps.create_task(self._pump(back, answers, writer))
        except* (OSError, _Ended):
            pass
        finally:
            for end, direction in ((writer, back), (onward, link)):
                if end is not None:
                    self._writers[direction].discard(end)
                    end.transport.abort()

    async def _open(
        self, link: Link, port: int
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connect to the target. Raises OSError.

        Who has connected to us cannot be told any more that nobody listens there, so it has to
        wait for a moment, where without us it would have to try again.
        """
        patience = _TRIES
        while True:
            # As for the packets that open a connection, there and back.
            await self._flowing[link].wait()
            await self._flowing[link[::-1]].wait()
            if Passage.CUT in (self._passage[link], self._passage[link[::-1]]):
                raise ConnectionRefusedError
            try:
                return await asyncio.open_connection("127.0.0.1", port)
            except ConnectionRefusedError:
                patience -= 1
                if not patience:
                    raise
            await asyncio.sleep(_RETRY_S)

    async def _pump(
        self, link: Link, source: asyncio.StreamReader, sink: asyncio.StreamWriter
    ) -> None:
        data = b"?"
        while data:
            data = await source.read(65536)
            while not self._flowing[link].is_set():
                await self._flowing[link].wait()
            if data:
                sink.write(data)
                await sink.drain()
        # The other end hears of it, after what it has been sent.
        with contextlib.suppress(OSError, RuntimeError):
            sink.close()
            await sink.wait_closed()
        raise _Ended


def _name(end: asyncio.StreamWriter, *ends: str) -> str:
    """Return what a connection is called in traces: who opened it, then who took it."""
    addresses = (end.get_extra_info(which) or ("", 0) for which in ends)
    return "-".join(f"{host}:{port}" for host, port in addresses)


class _Ended(Exception):
    """A connection has come to its end on one side."""
