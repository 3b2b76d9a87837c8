"""One connection on the quorum port: packets out and in, and a snapshot behind them, bit by bit.

A snapshot can be larger than memory should hold twice, and encoding it takes longer than clients
should wait. So it is taken from its iterator a slice at a time, only while the peer takes what is
sent, and what is sent later waits until it is through.

Source: ZooKeeper ``LearnerHandler`` (queuedPackets, sendPackets, getLearnerHandlerInfo).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol, cast

from speckeeper.net.addresses import java_host
from speckeeper.wire.quorum_stream import SNAPSHOT_SIGNATURE, QuorumStream
from speckeeper.zab.effects import Link

SLICE_S = 0.0005
"""How long the loop may encode a snapshot before it looks at everything else again."""
_UNSENT_BYTES = 1 << 20
_TELL_S = 0.1  # how often it is told that a snapshot gets on


class Owner(Protocol):
    """Who has the links."""

    def made(self, link: QuorumLink, accepted: bool) -> None:
        """A connection is there; number it."""
        ...

    def lost(self, link: QuorumLink) -> None:
        """A connection is gone."""
        ...

    def received(self, link: QuorumLink, data: bytes) -> None:
        """Bytes have come."""
        ...

    def moved(self, link: QuorumLink) -> None:
        """A part of a snapshot has gone out."""
        ...


@dataclass(slots=True)
class LinkCounts:
    """What operators see of a link.

    ``last_zxid``: of the last transaction sent on it, -1 before the first.
    """

    address: str = ""
    established_ms: int = 0
    packets_received: int = 0
    packets_sent: int = 0
    requests: int = 0
    last_zxid: int = -1
    queued_packets: int = 0
    queued_bytes: int = 0

    def reset(self) -> None:
        """Start counting again."""
        self.packets_received = self.packets_sent = self.requests = 0
        self.last_zxid = -1


class QuorumLink(asyncio.Protocol):
    """One link. ``queue``: what :meth:`flush` writes; ``stream``: decodes what comes."""

    def __init__(self, owner: Owner, stream: QuorumStream, accepted: bool) -> None:
        self._owner = owner
        self._accepted = accepted
        self._transport: asyncio.Transport | None = None
        self._snapshot: Iterator[bytes] | None = None
        self._paused = False
        self._told_s = 0.0
        self.number: Link = -1
        self.name = ""
        """The learner's address, then the leader's: the same at both ends."""
        self.stream = stream
        self.counts = LinkCounts()
        self.queue: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(high=_UNSENT_BYTES)
        host, port = (transport.get_extra_info("peername") or ("", 0))[:2]
        own = (transport.get_extra_info("sockname") or ("", 0))[:2]
        ends = ((host, port), own) if self._accepted else (own, (host, port))
        self.name = "-".join(f"{address.removeprefix('::ffff:')}:{at}" for address, at in ends)
        self.counts.address = f"/{java_host(host)}:{port}"
        self.counts.established_ms = time.time_ns() // 1_000_000
        self._owner.made(self, self._accepted)

    def connection_lost(self, error: Exception | None) -> None:
        """End."""
        self._transport = self._snapshot = None
        self._owner.lost(self)

    def data_received(self, data: bytes) -> None:
        """Pass on what has come."""
        self._owner.received(self, data)

    def pause_writing(self) -> None:
        """Wait: the peer does not take what is sent."""
        self._paused = True

    def resume_writing(self) -> None:
        """Go on with a snapshot that waits."""
        self._paused = False
        self._send_slice()

    def flush(self) -> None:
        """Write what is queued, unless a snapshot goes ahead of it."""
        if self._snapshot is not None:
            return
        queue, self.queue = self.queue, []
        if self._transport is not None and queue:
            self._transport.write(b"".join(queue))

    def send_snapshot(self, chunks: Iterator[bytes]) -> None:
        """Send what is queued, then a snapshot and its signature, then what is queued later."""
        self.flush()
        self._snapshot = chunks
        asyncio.get_running_loop().call_soon(self._send_slice)

    def counted(self) -> LinkCounts:
        """Return the numbers, with what waits to be sent now."""
        counts = self.counts
        counts.queued_packets = len(self.queue)
        counts.queued_bytes = sum(map(len, self.queue))
        if self._transport is not None:
            counts.queued_bytes += self._transport.get_write_buffer_size()
        return counts

    def read(self, wanted: bool) -> None:
        """Take nothing from the peer until it is wanted again."""
        if self._transport is not None:
            (self._transport.resume_reading if wanted else self._transport.pause_reading)()

    def close(self) -> None:
        """Close after what was written; at once in the middle of a snapshot."""
        transport, self._transport = self._transport, None
        if transport is None:
            return
        if self._snapshot is None:
            transport.close()
        else:
            self._snapshot = None
            transport.abort()

    def _send_slice(self) -> None:
        transport, chunks = self._transport, self._snapshot
        if transport is None or chunks is None or self._paused:
            return
        now_s = time.perf_counter()
        parts = []
        for chunk in chunks:
            parts.append(chunk)
            if time.perf_counter() - now_s > SLICE_S:
                break
        else:
            parts.append(SNAPSHOT_SIGNATURE)
            self._snapshot = None
        transport.write(b"".join(parts))
        if now_s - self._told_s > _TELL_S:
            self._told_s = now_s
            self._owner.moved(self)
        if self._snapshot is None:
            self.flush()
        else:
            asyncio.get_running_loop().call_soon(self._send_slice)
