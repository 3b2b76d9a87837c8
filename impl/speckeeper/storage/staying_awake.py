"""Whether to wait for a sync awake: if that is the quicker way on this machine at this moment.

The kernel syncs on a thread of its own while the loop looks whether it is done. This saves the loop
from being put to sleep and woken, but costs a change of threads more than to sync by oneself. Which
of the two is quicker depends on the machine and changes with what else it does, so both are tried
and the quicker one is taken.

There is one of these for each processor that the loop may be on (``placement.py``).
"""

# So many syncs at first go one way and the other in turns.
LEARNING = 16
# After that one sync in so many goes the other way, to see whether it is the quicker one now.
TRY_EVERY = 32
# What is known of either way moves by this for each new time. Four steps up weigh as much as one
# down: that finds the time which four of five syncs keep to, whatever the few take that were held
# up. If it were the half of them, to wait asleep among processes that take the processor for
# milliseconds could pass for quick. The first times move it further, to be near it soon.
STEP_S = 1e-6
_UP = 4
_FIRST_STEPS = 32


class StayingAwake:
    """Compares the times of syncs waited for awake with those of syncs slept through."""

    __slots__ = ("_possible", "_syncs", "_ways")

    def __init__(self, possible: bool = True) -> None:
        """``possible``: whether one can stay awake at all."""
        self._possible = possible
        self._syncs = 0
        self._ways = {False: _Times(), True: _Times()}

    def next_awake(self) -> bool:
        """Whether to wait awake for the next sync. To be asked once for each."""
        if not self._possible:
            return False
        self._syncs += 1
        if self._syncs <= LEARNING:
            return self._syncs % 2 == 0
        quicker = self._ways[True].most_s <= self._ways[False].most_s
        return quicker if self._syncs % TRY_EVERY else not quicker

    def waited(self, awake: bool, elapsed_s: float) -> None:
        """Take note of how long a sync took, one way or the other."""
        self._ways[awake].add(elapsed_s)

    @property
    def typical_s(self) -> float:
        """What four of five syncs by the quicker way take at most; 0 before any."""
        return min((way.most_s for way in self._ways.values() if way.most_s), default=0.0)


class _Times:
    """What most syncs take at most, as it is now."""

    __slots__ = ("_steps", "most_s")

    def __init__(self) -> None:
        self.most_s = 0.0
        self._steps = _FIRST_STEPS

    def add(self, elapsed_s: float) -> None:
        steps = self._steps
        if steps == _FIRST_STEPS:
            self.most_s = elapsed_s
        elif elapsed_s > self.most_s:
            self.most_s += steps * _UP * STEP_S
        else:
            self.most_s = max(self.most_s - steps * STEP_S, STEP_S)
        if steps > 1:
            self._steps = steps - 1
