"""Numbers that operators read: latencies, packets, bytes, and what was refused and why.

Everything is plain integer arithmetic, bumped once per batch of requests where it can be.
Latencies are whole milliseconds, as ZooKeeper's are (ServerStats, AvgMinMaxCounter, BufferStats).
"""

from collections import Counter

from speckeeper.server.reasons import CloseReason
from speckeeper.wire.codes import EventType

_EVENTS = (
    EventType.NODE_CREATED,
    EventType.NODE_DELETED,
    EventType.NODE_DATA_CHANGED,
    EventType.NODE_CHILDREN_CHANGED,
)


class Summary:
    """Count, sum, smallest and largest of the values added (ZooKeeper AvgMinMaxCounter)."""

    __slots__ = ("_max", "_min", "count", "total")

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget every value."""
        self.count = 0
        self.total = 0
        self._min: int | None = None
        self._max: int | None = None

    def add(self, value: int, times: int = 1) -> None:
        """Add one value, ``times`` times."""
        self.count += times
        self.total += value * times
        if self._min is None or value < self._min:
            self._min = value
        if self._max is None or value > self._max:
            self._max = value

    @property
    def min(self) -> int:
        """Smallest value, 0 if there is none."""
        return self._min or 0

    @property
    def max(self) -> int:
        """Largest value, 0 if there is none."""
        return self._max or 0

    @property
    def average(self) -> float:
        """Mean rounded to four places, 0 if there is none."""
        return round(self.total / self.count, 4) if self.count else 0.0

    def reset_max(self) -> None:
        """Bring the largest value down to the smallest one."""
        self._max = self._min


class Distribution(Summary):
    """A summary that also knows quantiles, because it counts how often each value came.

    ZooKeeper AvgMinMaxPercentileCounter keeps a random sample instead; here nothing is drawn, so
    that one run is like another. From 1000 on a value counts as its first two digits, which bounds
    the table.
    """

    __slots__ = ("_times",)

    def reset(self) -> None:
        """Forget every value."""
        super().reset()
        self._times: dict[int, int] = {}

    def add(self, value: int, times: int = 1) -> None:
        """Add one value, ``times`` times."""
        self.count += times
        self.total += value * times
        if self._min is None or value < self._min:
            self._min = value
        if self._max is None or value > self._max:
            self._max = value
        if value >= 1000:
            value -= value % 10 ** (len(str(value)) - 2)
        counted = self._times
        counted[value] = counted.get(value, 0) + times

    def plus(self, other: "Distribution") -> "Distribution":
        """Return the distribution of the values of both."""
        both = Distribution()
        for each in (self, other):
            for value, times in each._times.items():
                both._times[value] = both._times.get(value, 0) + times
            if each.count:
                both.count += each.count
                both.total += each.total
                both._min = each.min if both._min is None else min(both._min, each.min)
                both._max = max(both.max, each.max)
        return both

    def quantile(self, part: float) -> float:
        """Value below which ``part`` of the values lie (0..1), 0 if there is none.

        Between two neighbours it is interpolated as com.codahale.metrics.UniformSnapshot does.
        """
        if not self.count:
            return 0.0
        values = sorted(self._times.items())
        position = part * (self.count + 1)
        lower = _nth(values, int(position))
        return lower + (position - int(position)) * (_nth(values, int(position) + 1) - lower)


def _nth(values: list[tuple[int, int]], rank: int) -> int:
    """Return the value of a rank, from 1, in sorted (value, times); beyond the ends, the end."""
    for value, times in values:
        rank -= times
        if rank <= 0:
            return value
    return values[-1][0]


class ServerStats:
    """What one server has counted since it started or since the last reset."""

    def __init__(self, now_ms: int) -> None:
        self.started_ms = now_ms
        self.packets_received = 0
        self.packets_sent = 0
        self.bytes_received = 0
        self.instant_reads = 0  # answered at once, not yet among the latencies: see settle
        self.latency = Summary()
        self.read_latency = Distribution()
        self.update_latency = Distribution()
        self.batch_size = Summary()
        # Size of the replies sent, header included; -1 until there is one (BufferStats).
        self.last_response_size = -1
        self.min_response_size = -1
        self.max_response_size = -1
        self.auth_failed = 0
        self.connection_requests = 0
        self.connections_dropped = 0
        self.connections_rejected = 0
        self.connections_revalidated = 0
        self.sessionless_expired = 0
        self.sessions_expired = 0
        self.throttled_ops = 0
        self.throttle_waits = 0
        self.stale_requests_dropped = 0
        self.large_requests_rejected = 0
        self.closed: Counter[CloseReason] = Counter()
        self.ops: Counter[int] = Counter()  # requests answered, by opcode
        # Watchers told of one event, by event type (WatchManager.triggerWatch).
        self.events = {int(kind): Summary() for kind in _EVENTS}

    def stretch_response_sizes(self, size: int) -> None:
        """Let the smallest and the largest size of a reply include this one."""
        if size > self.max_response_size:
            self.max_response_size = size
        if size < self.min_response_size or self.min_response_size == -1:
            self.min_response_size = size

    def settle(self) -> None:
        """Enter the reads that were answered at once as latencies of 0 ms."""
        count, self.instant_reads = self.instant_reads, 0
        if count:
            self.latency.add(0, count)
            self.read_latency.add(0, count)

    def reset(self) -> None:
        """Start over what the four-letter word ``srst`` resets (ServerStats.reset)."""
        self.instant_reads = 0
        for summary in (
            self.latency,
            self.read_latency,
            self.update_latency,
            self.batch_size,
            *self.events.values(),
        ):
            summary.reset()
        self.packets_received = 0
        self.packets_sent = 0
        self.last_response_size = -1
        self.min_response_size = -1
        self.max_response_size = -1
