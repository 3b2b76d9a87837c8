"""What is seen of cores, disks and connections, as the variables of spec/Zab.tla.

| variable | seen as |
| --- | --- |
| history, queuedRequests | the durable log; what the core has logged and the disk not synced |
| handler[i][j] | the stage of the newest connection from j, as long as the leader i keeps it |
| peerLastZxid[i][j] | what j said in ACKEPOCH, until it is synchronized or has said it anew |
| database | the tree, while a TRUNC or SNAP is taken in |
| msgs[i][j] | what j has still to read of what i sent on the newest connection |
| the others | attributes of the core of that name |

A zxid <<e, 0>> at the end of a history, which ZooKeeper gives an epoch without transactions, is
seen as the zxid of the last transaction; UPTODATE, which has no zxid, is seen with its epoch. A
role that is over counts as over when the disk has done what was asked for it, as ZooKeeper's
threads notice nothing while they write.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from speckeeper.sim.stepwise.links import Connection, Item
from speckeeper.sim.stepwise.names import Names, Plain, transaction, transactions, value_of, zxid_of
from speckeeper.sim.stepwise.seat import Seat
from speckeeper.wire.quorum import PacketType
from speckeeper.wire.quorum_data import decode_epoch
from speckeeper.zab.leader import Leader
from speckeeper.zab.learner import Learner
from speckeeper.zab.state import Stage

_BEFORE_SYNC = (Stage.CONNECTED, Stage.FOLLOWERINFO, Stage.LEADERINFO, Stage.ACKEPOCH)
_SYNCING = (Stage.SYNC, Stage.NEWLEADER)


class Seen(Protocol):
    """Whom to look at."""

    @property
    def seats(self) -> Mapping[int, Seat]:
        """The servers."""
        ...

    def newest(self, learner: int, leader: int) -> Connection | None:
        """The newest connection between two servers."""
        ...


def observe(seen: Seen, names: Names) -> dict[str, Plain]:
    """Return the variables with their values, but for those that only properties read."""
    view = _View(seen, names)
    return {
        name: names.function({number: look(number) for number in seen.seats})
        for name, look in view.variables.items()
    }


def peer_last_zxid(seen: Seen, leader: int, learner: int) -> int:
    """Return what a leader knows of the end of a learner's history, 0 if nothing."""
    link = seen.newest(learner, leader)
    stage = stage_of(seen, leader, learner)
    if link is None or stage not in _BEFORE_SYNC:
        return 0
    return link.last_zxid if stage is Stage.ACKEPOCH else link.left_over


def stage_of(seen: Seen, leader: int, learner: int) -> Stage:
    """Return how far a leader is with the newest connection of a learner."""
    link, role = seen.newest(learner, leader), role_of(seen.seats[leader])
    if link is None or not isinstance(role, Leader) or link.number not in role.handler:
        return Stage.NONE
    return role.handler[link.number].stage


def role_of(seat: Seat) -> Leader | Learner | None:
    """Return as what a server is busy, None if it is LOOKING or down."""
    if seat.peer is None or seat.peer.closing:
        return None
    return seat.peer.leader or seat.peer.learner


class _View:
    def __init__(self, seen: Seen, names: Names) -> None:
        self._seen = seen
        self._names = names
        self._seats = seen.seats
        self.variables: dict[str, Callable[[int], Plain]] = {
            "acceptedEpoch": lambda i: self._epoch(i, "accepted_epoch"),
            "currentEpoch": lambda i: self._epoch(i, "current_epoch"),
            "history": lambda i: transactions(self._seats[i].store.history),
            "status": lambda i: "OFFLINE" if self._seats[i].peer is None else "ONLINE",
            "state": self._state,
            "zabState": self._zab_state,
            "newEpoch": self._new_epoch,
            "queuedRequests": lambda i: transactions(self._seats[i].store.queue),
            "lastCommitted": self._last_committed,
            "handler": lambda i: self._by_learner(i, lambda j: stage_of(seen, i, j).name),
            "peerLastZxid": lambda i: self._by_learner(
                i, lambda j: zxid_of(peer_last_zxid(seen, i, j))
            ),
            "cepochRecv": lambda i: self._counted(i, "cepoch_recv"),
            "ackeRecv": lambda i: self._counted(i, "acke_recv"),
            "ackldRecv": lambda i: self._counted(i, "ackld_recv"),
            "outstandingProposals": self._outstanding,
            "leader": self._leader,
            "learnerStage": self._learner_stage,
            "syncMode": self._sync_mode,
            "packetsNotLogged": self._not_logged,
            "packetsCommitted": self._packets_committed,
            "database": self._database,
            "msgs": lambda i: self._by_learner(i, lambda j: self._messages(i, j)),
        }

    # -- the server

    def _epoch(self, i: int, name: str) -> Plain:
        seat = self._seats[i]
        durable = getattr(seat.store, name)
        if seat.peer is not None and getattr(seat.peer, name) != durable:
            return ["on the disk", durable, "in memory", getattr(seat.peer, name)]
        return durable

    def _role(self, i: int) -> Leader | Learner | None:
        return role_of(self._seats[i])

    def _leads(self, i: int) -> Leader | None:
        role = self._role(i)
        return role if isinstance(role, Leader) else None

    def _learns(self, i: int) -> Learner | None:
        role = self._role(i)
        return role if isinstance(role, Learner) else None

    def _state(self, i: int) -> Plain:
        role = self._role(i)
        return "LOOKING" if role is None else self._seats[i].core.state.name

    def _zab_state(self, i: int) -> Plain:
        return "ELECTION" if self._role(i) is None else self._seats[i].core.zab_state.name

    def _new_epoch(self, i: int) -> Plain:
        role = self._role(i)
        return 0 if role is None else role.new_epoch

    def _last_committed(self, i: int) -> Plain:
        seat = self._seats[i]
        return zxid_of(0 if seat.peer is None else seat.last_transaction(seat.peer.last_committed))

    # -- as a leader

    def _by_learner(self, i: int, value: Callable[[int], Plain]) -> Plain:
        return self._names.function({j: value(j) for j in self._seats})

    def _counted(self, i: int, name: str) -> Plain:
        leader = self._leads(i)
        return self._names.set_of(() if leader is None else getattr(leader, name))

    def _outstanding(self, i: int) -> Plain:
        leader = self._leads(i)
        proposals = {} if leader is None else leader.outstanding_proposals
        return [
            {
                "txn": transaction((zxid, proposal.entry)),
                "ackSet": self._names.set_of(proposal.ack_set),
            }
            for zxid, proposal in proposals.items()
        ]

    # -- as a follower

    def _leader(self, i: int) -> Plain:
        learner = self._learns(i)
        return self._names.server(None if learner is None else learner.leader)

    def _learner_stage(self, i: int) -> Plain:
        learner = self._learns(i)
        return Stage.NONE.name if learner is None else learner.learner_stage.name

    def _sync_mode(self, i: int) -> Plain:
        learner = self._learns(i)
        syncs = learner is not None and learner.learner_stage in _SYNCING
        mode = learner.sync_mode if syncs and learner is not None else None
        return Stage.NONE.name if mode is None else mode.name

    def _not_logged(self, i: int) -> Plain:
        learner = self._learns(i)
        return [] if learner is None else transactions(learner.packets_not_logged)

    def _packets_committed(self, i: int) -> Plain:
        learner = self._learns(i)
        return [] if learner is None else [zxid_of(zxid) for zxid in learner.packets_committed]

    def _database(self, i: int) -> Plain:
        builds = self._sync_mode(i) in ("TRUNC", "SNAP")
        return transactions(self._seats[i].store.tree) if builds else []

    # -- the network

    def _messages(self, i: int, j: int) -> Plain:
        """Return what j has to read; of two servers only one leads the other."""
        found = []
        for learner, leader in ((i, j), (j, i)):
            link = self._seen.newest(learner, leader)
            if link is not None:
                found += [self._message(item, leader) for item in link.under_way(j)]
        return found

    def _message(self, item: Item, leader: int) -> Plain:
        packet = item.packet
        kind, zxid = packet.type, packet.zxid
        if item.ends is not None:
            zxid = item.ends
        if kind is PacketType.UPTODATE:
            leads = self._leads(leader)
            zxid = 0 if leads is None else leads.new_epoch << 32
        message: dict[str, Plain] = {"mtype": kind.name, "mzxid": zxid_of(zxid)}
        if kind is PacketType.ACKEPOCH:
            message["mepoch"] = decode_epoch(packet.data)
        elif kind is PacketType.PROPOSAL:
            message["mvalue"] = value_of(packet.data or b"")
        elif item.snapshot is not None:
            message["msnapshot"] = transactions(item.snapshot)
        return message
