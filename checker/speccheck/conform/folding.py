"""Forgetting what all servers have in common, so that a long trace costs no more than a short one.

The logs of an ensemble share a prefix that nobody will look at again: every server has it on its
disk, it is committed, whoever has delivered anything has delivered it, and no message or note names
a transaction within it. Such a prefix is cut off, but for its last transaction, from every log of
the state alike. A step leads from the folded state to the folded successor: actions compare, extend
and cut logs behind that transaction only, and positions in different logs stay aligned.

What is needed for that is looked at in :func:`_base`; where it does not hold nothing is folded.
That states are folded is no part of a verdict: with and without it, it is the same.
"""

from __future__ import annotations

from typing import Any

from speccheck.conform.specification import State
from speccheck.evaluate.values import SEQUENCES, Fn, Value

_SHORTEST = 4
"""Shared prefixes that are shorter are not worth it."""
_ZERO = (0, 0)
_FREE = frozenset({"ACK", "FOLLOWERINFO", "LEADERINFO", "NEWLEADER", "UPTODATE"})
"""Messages whose zxid names no transaction that the receiver will look for in its log."""


class ZabFolding:
    """Folds states of Zab. ``positions``: of the variables in a state."""

    def __init__(self, positions: dict[str, int]) -> None:
        self._at = positions

    def fold(self, state: State) -> State:
        """Return the folded state; the same one if there is nothing to fold."""
        at = self._at
        histories = state[at["history"]].values_
        shortest = min([len(history.values_) for history in histories])
        if shortest < _SHORTEST:
            return state
        committed = state[at["committed"]].values_
        length = _common(committed, [history.values_ for history in histories])
        cut = self._base(state, committed, length) - 1
        if cut < 1:
            return state
        return self._cut(state, cut, committed[:cut])

    def _base(self, state: State, committed: tuple[Value, ...], length: int) -> int:
        """Return how much of a shared prefix nobody will look at again, with its last one."""
        at = self._at
        if any(database.values_ for database in state[at["database"]].values_):
            return 0
        lowest = self._lowest(state)
        if lowest is None:
            return 0
        while length and lowest < committed[length - 1]["zxid"].values_:
            length -= 1
        prefix = committed[:length]
        for leadership in state[at["epochLeader"]]:
            items = leadership["history"].values_
            if items[:length] != prefix[: len(items)]:
                return 0
        return length

    def _lowest(self, state: State) -> tuple[Value, ...] | None:
        """Return the lowest zxid that somebody may look for; None if a snapshot is under way."""
        at = self._at
        named = [z.values_ for z in state[at["lastCommitted"]].values_]
        for zxids in state[at["peerLastZxid"]].values_:
            named += [z.values_ for z in zxids.values_]
        for packets in state[at["packetsCommitted"]].values_:
            named += [z.values_ for z in packets.values_]
        for name in ("packetsNotLogged", "queuedRequests"):
            for txns in state[at[name]].values_:
                named += [txn["zxid"].values_ for txn in txns.values_]
        for proposals in state[at["outstandingProposals"]].values_:
            named += [one["txn"]["zxid"].values_ for one in proposals.values_]
        for channels in state[at["msgs"]].values_:
            for channel in channels.values_:
                for message in channel.values_:
                    if message["mtype"] == "SNAP":
                        return None
                    if message["mtype"] not in _FREE:
                        named.append(message["mzxid"].values_)
        return min([z for z in named if z != _ZERO], default=(1 << 62, 0))

    def _cut(self, state: State, cut: int, gone: tuple[Value, ...]) -> State:
        at = self._at
        folded: list[Any] = list(state)
        folded[at["history"]] = _each(state[at["history"]], cut)
        folded[at["committed"]] = SEQUENCES[state[at["committed"]].values_[cut:]]
        folded[at["epochLeader"]] = frozenset(
            [
                one.domain[
                    tuple(
                        [
                            SEQUENCES[one[key].values_[cut:]] if key == "history" else one[key]
                            for key in one.domain.keys_
                        ]
                    )
                ]
                for one in state[at["epochLeader"]]
            ]
        )
        left = set(gone)
        folded[at["proposalMsgsLog"]] = frozenset(
            [one for one in state[at["proposalMsgsLog"]] if one["txn"] not in left]
        )
        return tuple(folded)


def _each(logs: Fn, cut: int) -> Fn:
    return logs.domain[tuple([SEQUENCES[log.values_[cut:]] for log in logs.values_])]


def _common(first: tuple[Value, ...], others: list[tuple[Value, ...]]) -> int:
    """Return the length of the longest prefix that all share."""
    length = min([len(first), *map(len, others)])
    for other in others:
        if first[:length] == other[:length]:
            continue
        length = next(k for k in range(length) if first[k] != other[k])
    return length


FOLDINGS = {"Zab": ZabFolding}
"""By module; states of others are kept as they are."""
