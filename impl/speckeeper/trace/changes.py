"""Which variables of the specification have changed at a server since it was told last.

What is kept here is what the trace has said: a change is found by comparison with it, so what a
server changes outside of any action shows up too. Growing values are compared at their ends only;
a step costs the same however long the log is.

Source: traces/README.md, "What of the server is told".
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

from speckeeper.trace.text import COUNTER, int_set, txn, zxid_text
from speckeeper.wire.election import ServerState
from speckeeper.wire.quorum import PacketType
from speckeeper.zab.effects import Append, Replay
from speckeeper.zab.leader import Leader
from speckeeper.zab.learner import Learner
from speckeeper.zab.peer import Peer
from speckeeper.zab.state import Stage

NO_SERVER = -1
"""``NullPoint``."""
UNKNOWN = '{"#unknown":true}'
"""What has changed, or may have, to what is not known."""
_NO_SCALARS = ("LOOKING", "ELECTION", 0, NO_SERVER, "NONE", "NONE")
_LOOKING = ServerState.LOOKING


class Changes:
    """What was told of one server, and what is new."""

    def __init__(self, peer: Peer) -> None:
        self._peer = peer
        self._accepted = peer.accepted_epoch
        self._current = peer.current_epoch
        self._committed = peer.last_committed
        self._scalars: tuple[Any, ...] = _NO_SCALARS
        self._queue: deque[tuple[int, str]] = deque()  # queuedRequests
        self._leads = False
        self._stages: dict[int, str] = {}  # handler, without NONE
        self._peer_zxids: dict[int, int] = {}
        self._counted = [0, 0, 0]  # how many in cepochRecv, ackeRecv, ackldRecv
        self._proposals: dict[int, tuple[str, int]] = {}  # outstanding, and how many ACKs
        self._not_logged = _Ends(lambda entry: entry[0], lambda entry: txn(*entry))
        self._commits = _Ends(lambda zxid: zxid, zxid_text)
        self._database = False
        self._syncing = False
        """Between DIFF, TRUNC or SNAP and currentEpoch."""
        self._last = self._recovered()

    def _recovered(self) -> int | None:
        """Return the zxid of the last transaction on the disk; None where that is not known."""
        peer = self._peer
        if peer.last_zxid & COUNTER or not peer.last_zxid:
            return peer.last_zxid
        entries = peer.committed_log.entries
        return entries[-1][0] if entries else None

    def start(self) -> str:
        """Return what a server knows that has just been started."""
        said = [
            f'"status":"ONLINE","acceptedEpoch":{self._accepted},"currentEpoch":{self._current}'
        ]
        said.append(f'"history":{_last(self._last)}')
        return ",".join(said)

    def is_new_epoch(self) -> bool:
        """Tell whether a leader proposes another epoch than was told last."""
        leader = self._peer.leader
        return leader is not None and leader.new_epoch != self._scalars[2]

    def flushed(self) -> int:
        """Return how many queued transactions have become durable and were not told yet."""
        durable = self._peer.last_durable
        n = 0
        for zxid, _ in self._queue:
            if zxid > durable:
                break
            n += 1
        return n

    def of(
        self,
        action: str,
        args: tuple[Any, ...],
        appended: Iterable[Append],
        replayed: Iterable[Replay],
    ) -> str:
        """Return what has changed with an action, as the inside of a JSON object."""
        peer = self._peer
        said: list[str] = []
        closing = peer.closing
        leader = None if closing else peer.leader
        learner = None if closing else peer.learner
        if peer.accepted_epoch != self._accepted:
            self._accepted = peer.accepted_epoch
            said.append(f'"acceptedEpoch":{self._accepted}')
        if peer.current_epoch != self._current:
            self._current = peer.current_epoch
            said.append(f'"currentEpoch":{self._current}')
        self._log(action, said, appended)
        if peer.last_committed != self._committed:
            self._committed = peer.last_committed
            zxid = self._real(self._committed)
            known = UNKNOWN if zxid is None else f"[{zxid >> 32},{zxid & COUNTER}]"
            said.append(f'"lastCommitted":{known}')
        self._role(said, leader, learner)
        if leader is not None:
            self._leading(said, action, args, leader)
        elif self._leads:
            self._not_leading(said)
        if learner is not None:
            self._syncing = learner.sync_mode in _REWRITES
            if self._syncing or self._database:
                self._sync(said, action, learner, replayed)
            self._not_logged.told(said, "packetsNotLogged", learner.packets_not_logged)
            self._commits.told(said, "packetsCommitted", learner.packets_committed)
        elif self._syncing or self._database or self._not_logged.length or self._commits.length:
            self._not_learning(said)
        return ",".join(said)

    # -- log

    def _log(self, action: str, said: list[str], appended: Iterable[Append]) -> None:
        """Tell queuedRequests and history: what was logged, and what of it is durable."""
        new = []
        for zxid, entry in appended:
            text = txn(zxid, entry)
            self._queue.append((zxid, text))
            new.append(text)
            self._last = zxid
        durable = self._peer.last_durable
        flushed = []
        if self._queue and "Flushed" in action:
            while self._queue and self._queue[0][0] <= durable:
                flushed.append(self._queue.popleft()[1])
        if flushed:
            said.append(f'"history":{{"#append":[{",".join(flushed)}]}}')
            said.append(f'"queuedRequests":{{"#drop":{len(flushed)}}}')
        elif new:
            said.append(f'"queuedRequests":{{"#append":[{",".join(new)}]}}')
        elif action == "FollowerTakeSnapshot":
            self._replaced(said)

    def _replaced(self, said: list[str]) -> None:
        """Tell a history of which only the end is known."""
        zxid = self._peer.last_processed
        self._last = zxid if zxid & COUNTER or not zxid else None
        said.append(f'"history":{_last(self._last)}')

    def _real(self, zxid: int) -> int | None:
        """Return the last transaction of a history that is named by a zxid, None if not known."""
        if zxid & COUNTER or not zxid:
            return zxid
        return self._last if self._last is not None and self._last < zxid else None

    # -- roles

    def _role(self, said: list[str], leader: Leader | None, learner: Learner | None) -> None:
        peer = self._peer
        if leader is not None:
            scalars: tuple[Any, ...] = (
                peer.state._name_,
                peer.zab_state._name_,
                leader.new_epoch,
                NO_SERVER,
                "NONE",
                "NONE",
            )
        elif learner is not None:
            mode = learner.sync_mode
            synced = learner.learner_stage in _KEEPS_MODE
            scalars = (
                peer.state._name_,
                peer.zab_state._name_,
                learner.new_epoch,
                learner.leader,
                learner.learner_stage._name_,
                mode._name_ if mode is not None and synced else "NONE",
            )
        else:
            scalars = _NO_SCALARS
        told = self._scalars
        if scalars != told:
            self._scalars = scalars
            for name, old, new in zip(_SCALARS, told, scalars, strict=True):
                if old != new:
                    said.append(f'"{name}":{new}' if type(new) is int else f'"{name}":"{new}"')

    def _leading(self, said: list[str], action: str, args: tuple[Any, ...], leader: Leader) -> None:
        self._leads = True
        stages = self._stages
        changed: list[str] = []
        known = 0
        for handler in leader.handler.values():
            server_id = handler.server_id
            if server_id < 0 or handler.observer:
                continue
            known += 1
            stage = handler.stage._name_
            if stages.get(server_id) != stage:
                stages[server_id] = stage
                changed.append(f'[{server_id},"{stage}"]')
        if known != len(stages):
            there = {handler.server_id for handler in leader.handler.values()}
            for server_id in [sid for sid in stages if sid not in there]:
                del stages[server_id]
                changed.append(f'[{server_id},"NONE"]')
        if changed:
            said.append(f'"handler":{{"#at":[{",".join(changed)}]}}')
            self._peer_last_zxids(said, leader)
        counted = self._counted
        for index, servers in enumerate((leader.cepoch_recv, leader.acke_recv, leader.ackld_recv)):
            if len(servers) != counted[index]:
                counted[index] = len(servers)
                said.append(f'"{_COUNTED[index]}":{int_set(servers)}')
        self._outstanding(said, action, args, leader)

    def _peer_last_zxids(self, said: list[str], leader: Leader) -> None:
        """Tell peerLastZxid, which is of interest between ACKEPOCH and the synchronization."""
        now = {
            handler.server_id: handler.peer_last_zxid
            for handler in leader.handler.values()
            if handler.stage is Stage.ACKEPOCH and not handler.observer
        }
        changed = [
            f"[{server_id},{zxid_text(zxid) if zxid & COUNTER or not zxid else UNKNOWN}]"
            for server_id, zxid in now.items()
            if self._peer_zxids.get(server_id, 0) != zxid
        ]
        changed += [f"[{sid},[0,0]]" for sid in self._peer_zxids if sid not in now]
        self._peer_zxids = now
        if changed:
            said.append(f'"peerLastZxid":{{"#at":[{",".join(changed)}]}}')

    def _outstanding(
        self, said: list[str], action: str, args: tuple[Any, ...], leader: Leader
    ) -> None:
        """Tell outstandingProposals. ACKs are looked for where an action may have changed them."""
        told, now = self._proposals, leader.outstanding_proposals
        if action == "LeaderProcessRequest":
            zxid, entry = args
            told[zxid] = text, _ = txn(zxid, entry), 0
            new = f'{{"txn":{text},"ackSet":{{"#set":[]}}}}'
            said.append(f'"outstandingProposals":{{"#append":[{new}]}}')
        elif action == "LeaderProcessACK":
            self._acked(said, leader, self._acknowledged_by(args[1]))
        elif len(told) != len(now) or (told and action in _MAY_ACK):
            self._acked(said, leader, [*told])

    def _acknowledged_by(self, zxid: int) -> Iterable[int]:
        """Return which transactions an ACK may count for."""
        return (zxid,)

    def _acked(self, said: list[str], leader: Leader, zxids: Iterable[int]) -> None:
        told, now = self._proposals, leader.outstanding_proposals
        dropped = 0
        for zxid in [*told] if len(now) < len(told) else ():
            if zxid in now:
                break
            del told[zxid]
            dropped += 1
        parts = [f'"#drop":{dropped}'] if dropped else []
        at: list[str] = []
        first = next(iter(told), 0)
        for zxid in zxids:
            if zxid not in told:
                continue
            text, acks = told[zxid]
            ack_set = now[zxid].ack_set
            if len(ack_set) != acks:
                told[zxid] = text, len(ack_set)
                position = zxid - first + 1
                at.append(f'[{position},{{"txn":{text},"ackSet":{int_set(ack_set)}}}]')
        if at:
            parts.append(f'"#at":[{",".join(at)}]')
        if parts:
            said.append(f'"outstandingProposals":{{{",".join(parts)}}}')

    def _not_leading(self, said: list[str]) -> None:
        """Tell what a leader leaves behind. Of handlers all: some may have had no name so far."""
        self._leads = False
        voters = sorted(self._peer.membership.configs[0].members)
        items = ",".join(f'[{sid},"NONE"]' for sid in voters)
        said.append(f'"handler":{{"#map":[{items}]}}')
        self._stages.clear()
        if self._peer_zxids:
            items = ",".join(f"[{sid},[0,0]]" for sid in self._peer_zxids)
            said.append(f'"peerLastZxid":{{"#at":[{items}]}}')
            self._peer_zxids = {}
        for index, count in enumerate(self._counted):
            if count:
                said.append(f'"{_COUNTED[index]}":{{"#set":[]}}')
        self._counted = [0, 0, 0]
        if self._proposals:
            said.append('"outstandingProposals":[]')
            self._proposals.clear()

    # -- synchronization

    def _sync(
        self, said: list[str], action: str, learner: Learner, replayed: Iterable[Replay]
    ) -> None:
        """Tell the tree that a TRUNC or SNAP builds."""
        if action == "FollowerProcessSyncMessage" and learner.sync_mode is not PacketType.DIFF:
            self._database = True
            zxid = self._peer.last_processed
            said.append(f'"database":{_last(zxid if zxid & COUNTER or not zxid else None)}')
            if learner.sync_mode is PacketType.TRUNC:
                self._replaced(said)
        elif self._database and action == "FollowerPersistCurrentEpoch":
            self._database = False
            said.append('"database":[]')
        elif self._database and action == "FollowerProcessCOMMITInSync":
            items = ",".join(txn(zxid, entry) for zxid, entry in replayed)
            if items:
                said.append(f'"database":{{"#append":[{items}]}}')

    def _not_learning(self, said: list[str]) -> None:
        if self._database:
            said.append('"database":[]')
            self._database = False
        self._syncing = False
        self._not_logged.told(said, "packetsNotLogged", deque())
        self._commits.told(said, "packetsCommitted", deque())


class _Ends:
    """What was told of a sequence that grows at one end and shrinks at the other."""

    def __init__(self, zxid: Callable[[Any], int], text: Callable[[Any], str]) -> None:
        self._zxid = zxid
        self._text = text
        self.length = 0
        self._last = 0

    def told(self, said: list[str], name: str, now: deque[Any]) -> None:
        """Add what is new of the sequence."""
        if not now:
            if self.length:
                said.append(f'"{name}":[]')
                self.length = 0
            return
        new: list[str] = []
        if not self.length or self._zxid(now[-1]) != self._last:
            for item in reversed(now):
                if self.length and self._zxid(item) <= self._last:
                    break
                new.append(self._text(item))
            new.reverse()
        dropped = self.length + len(new) - len(now)
        self.length, self._last = len(now), self._zxid(now[-1])
        parts = [f'"#drop":{dropped}'] if dropped else []
        if new:
            parts.append(f'"#append":[{",".join(new)}]')
        if parts:
            said.append(f'"{name}":{{{",".join(parts)}}}')


def _last(zxid: int | None) -> str:
    if zxid is None:
        return UNKNOWN
    return f'{{"#last":{{"zxid":{zxid_text(zxid)}}}}}' if zxid else '{"#last":null}'


_SCALARS = ("state", "zabState", "newEpoch", "leader", "learnerStage", "syncMode")
_COUNTED = ("cepochRecv", "ackeRecv", "ackldRecv")
_MAY_ACK = ("LeaderLogFlushed", "LeaderSyncFollower")
_REWRITES = (PacketType.TRUNC, PacketType.SNAP)
_KEEPS_MODE = (Stage.SYNC, Stage.NEWLEADER)
