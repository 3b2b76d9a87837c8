"""Moments of the protocol: what servers do and are told, by name, for faults that wait for one.

A phase by its name, a packet that is sent as ``sends NEWLEADER``, a durable step that is over as
``done TruncateLog``; a leader ``lacks a quorum`` for a proposal that a learner has acknowledged.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, NamedTuple, TypeAlias

from speckeeper.wire.quorum import PacketType
from speckeeper.zab import effects, inputs
from speckeeper.zab.peer import Peer

MomentName: TypeAlias = Literal[
    "DISCOVERY",
    "SYNCHRONIZATION",
    "BROADCAST",
    "done PersistAcceptedEpoch",
    "done PersistCurrentEpoch",
    "done TruncateLog",
    "done InstallSnapshot",
    "done TakeSnapshot",
    "logged",
    "lacks a quorum",
    "sends FOLLOWERINFO",
    "sends LEADERINFO",
    "sends ACKEPOCH",
    "sends DIFF",
    "sends TRUNC",
    "sends SNAP",
    "sends NEWLEADER",
    "sends ACK",
    "sends ACK of NEWLEADER",
    "sends UPTODATE",
    "sends PROPOSAL",
    "sends COMMIT",
]
"""Those that can be waited for."""

Wait = Callable[[int, int | None], bool]
"""Told which server a moment has come to, and which other it is about; True: it waits no longer."""

_COUNTER = 0xFFFFFFFF
_DURABLE = (
    effects.PersistAcceptedEpoch,
    effects.PersistCurrentEpoch,
    effects.TruncateLog,
    effects.InstallSnapshot,
    effects.TakeSnapshot,
)
_DONE = {cls: f"done {cls.__name__}" for cls in _DURABLE}
_SENDS = {kind: f"sends {kind.name}" for kind in PacketType}


class Moment(NamedTuple):
    """``name``, and the link that it came about on, if on one."""

    name: str
    link: int | None = None


def of_input(event: Any) -> Moment | None:
    """Return the moment that an input is; None: it is none."""
    if isinstance(event, inputs.Persisted):
        return Moment(_DONE[type(event.effect)])
    return Moment("logged") if isinstance(event, inputs.LogPersisted) else None


def of_effect(effect: Any) -> Moment | None:
    """Return the moment that an effect is; None: it is none."""
    if isinstance(effect, effects.Send):
        packet = effect.packet
        if packet.type is PacketType.ACK and not packet.zxid & _COUNTER:
            return Moment("sends ACK of NEWLEADER", effect.link)
        return Moment(_SENDS[packet.type], effect.link)
    if isinstance(effect, effects.SendSnapshot):
        return Moment(_SENDS[PacketType.SNAP], effect.link)
    return None


def after_input(event: Any, peer: Peer) -> Moment | None:
    """Return the moment that has come by an input that a server has taken in; None: there is none.

    Not asked for unless somebody waits: it looks into what a leader knows.
    """
    if not isinstance(event, inputs.PacketReceived) or event.packet.type is not PacketType.ACK:
        return None
    leader = peer.leader
    if leader is None or event.packet.zxid not in leader.outstanding_proposals:
        return None
    return Moment("lacks a quorum", event.link)


class Moments:
    """Who waits for which moment."""

    def __init__(self) -> None:
        self._waiting: dict[str, list[Wait]] = {}

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def wait(self, name: str, call: Wait) -> None:
        """Let somebody be told of a moment, until it does not wait any longer."""
        self._waiting.setdefault(name, []).append(call)

    def comes(self, name: str, server_id: int, other: int | None) -> None:
        """Tell those who wait for it that a moment has come to a server."""
        waiting = self._waiting.get(name)
        if waiting is None:
            return
        left = [call for call in waiting if not call(server_id, other)]
        if left:
            self._waiting[name] = left
        else:
            del self._waiting[name]
