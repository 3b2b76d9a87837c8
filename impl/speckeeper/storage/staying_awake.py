"""Whether to wait for a sync awake: if that is the quicker way on this machine at this moment.

The kernel syncs on a thread of its own while the loop looks whether it is done. With an idle
processor for that thread this saves the loop from being put to sleep and woken; with none it costs
a change of threads more than to sync by oneself. Which of the two it is changes with what else the
machine does, so both are tried and the quicker one is taken.

That is for a client that is alone, or as good as alone: where transactions come several at a time,
the clients themselves can use the processor that a waiting loop leaves.
"""

# Alone is who has caused so many groups of one transaction in a row.
ALONE = 16

# One sync in so many goes the other way, to see whether it is the quicker one now.
TRY_EVERY = 32
# What is known of either way moves by this towards each new time: that finds the median, whatever
# the few syncs take that were held up.
STEP_S = 1e-6


class StayingAwake:
    """Compares the times of syncs waited for awake with those of syncs slept through."""

    __slots__ = ("_alone", "_asleep_s", "_awake_s", "_syncs")

    def __init__(self) -> None:
        self._alone = 0
        self._syncs = 0
        self._awake_s = 0.0
        self._asleep_s = 0.0

    def next_awake(self, transactions: int) -> bool | None:
        """Whether to wait awake for the sync of a group of so many transactions; None if it does
        not matter how. To be asked once for each group.
        """
        if transactions > 1:
            self._alone = 0
            return None
        if self._alone < ALONE:
            self._alone += 1
            return None
        self._syncs += 1
        quicker = self._awake_s <= self._asleep_s
        return quicker if self._syncs % TRY_EVERY else not quicker

    def waited(self, awake: bool, elapsed_s: float) -> None:
        """Take note of how long a sync took, one way or the other."""
        if awake:
            self._awake_s += STEP_S if elapsed_s > self._awake_s else -STEP_S
        else:
            self._asleep_s += STEP_S if elapsed_s > self._asleep_s else -STEP_S
