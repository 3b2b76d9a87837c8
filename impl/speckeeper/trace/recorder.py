"""The recorder of one run of a server: a line for each step that the specification has.

A :class:`Recorder` is the ``trace`` of a :class:`Peer`, which calls it behind each handler. What
the step has sent and logged it reads from the effects that the handler left; what has changed is
found in ``changes.py`` by comparing with what was told last.

Source: traces/README.md.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from zlib import crc32

from speckeeper.trace.changes import Changes
from speckeeper.trace.text import COUNTER, quoted, zxid_text
from speckeeper.wire.quorum import PacketType
from speckeeper.zab.effects import Append, Effect, Link, Replay, Send, SendSnapshot
from speckeeper.zab.learner_handler import LearnerHandler
from speckeeper.zab.peer import Peer

_COUNTED = frozenset(
    {
        PacketType.FOLLOWERINFO,
        PacketType.LEADERINFO,
        PacketType.ACKEPOCH,
        PacketType.DIFF,
        PacketType.TRUNC,
        PacketType.NEWLEADER,
        PacketType.ACK,
        PacketType.UPTODATE,
        PacketType.PROPOSAL,
        PacketType.COMMIT,
    }
)
"""Packets that the specification has. SNAP is an effect of its own."""


class Recorder:
    """Writes the steps of one peer with ``write``, a line each, without its end.

    ``name``: what a link is called at both of its ends.
    """

    def __init__(
        self,
        peer: Peer,
        write: Callable[[str], None],
        name: Callable[[Link], str],
        clock: Callable[[], int] | None = None,
    ) -> None:
        """Begin with NodeStart: what the server has found on its disk.

        ``clock``: what to take for the time, if not what the peer takes for it.
        """
        self._peer = peer
        self._id = peer.settings.server_id
        self._write = write
        self._name = name
        self._clock = clock
        self._n = 0
        self._effects: list[Effect] = peer.out
        self._seen = len(peer.out)
        self._names: dict[Link, str] = {}
        self._sent: dict[Link, int] = {}
        self._received: dict[Link, int] = {}
        self._changes = Changes(peer)
        self._membership = peer.membership
        self._servers = peer.membership.active._replace(version=0)
        self.votes = peer.membership.votes(self._id) and not peer.membership.was_reconfigured
        """Whether there is anything to record: the specification has neither observers nor
        configurations that change."""
        if self.votes:
            self._line("NodeStart", f"[{self._id}]", "", f'"vars":{{{self._changes.start()}}}')

    def stopped(self) -> None:
        """Write that the server is stopped in order, if the disk is not in the middle of something.

        Nothing comes after that.
        """
        peer = self._peer
        if self.votes and peer.is_idle and peer.log_is_durable:
            self._line("NodeCrash", f"[{self._id}]", "", '"vars":{"status":"OFFLINE"}')

    def __call__(self, action: str, args: tuple[Any, ...]) -> None:
        """Write a step of the specification that a handler has just made."""
        if not self.votes:
            return
        if self._membership is not self._peer.membership:
            self._membership = membership = self._peer.membership
            same = membership.newest._replace(version=0) == self._servers
            if not same or membership.was_reconfigured:
                self._ends()
                return
        if action == "LeaderProcessACKEPOCH" and self._ends_in_empty_epoch(*args):
            action, args = "LeaderRemoveLearner", args[:1]
        told = _TOLD.get(action)
        if told is None:
            return
        sent, appended, replayed = self._effects_since()
        step = told(self, *args)
        if step is None:
            return
        arguments, more = step
        changed = self._changes.of(action, args, appended, replayed)
        if sent:
            more += f'"sent":{{{",".join(sent)}}},'
        self._line(action, arguments, more, f'"vars":{{{changed}}}')

    def _line(self, action: str, arguments: str, more: str, changed: str) -> None:
        self._n += 1
        time_ms = self._peer.now_ms if self._clock is None else self._clock()
        self._write(
            f'{{"n":{self._n},"t":{time_ms},"action":"{action}","args":{arguments},'
            f"{more}{changed}}}"
        )

    def _effects_since(self) -> tuple[list[str], list[Append], list[Replay]]:
        """Return what was sent on which links, what was logged, and what the tree was given."""
        effects = self._peer.out
        if effects is not self._effects:
            self._effects, self._seen = effects, 0
        appended: list[Append] = []
        replayed: list[Replay] = []
        touched: dict[Link, None] = {}
        for effect in effects[self._seen :] if self._seen else effects:
            if isinstance(effect, Send):
                if effect.packet.type not in _COUNTED:
                    continue
            elif isinstance(effect, Append):
                appended.append(effect)
                continue
            elif isinstance(effect, Replay):
                replayed.append(effect)
                continue
            elif not isinstance(effect, SendSnapshot):
                continue
            link = effect.link
            self._sent[link] = self._sent.get(link, 0) + 1
            touched[link] = None
        self._seen = len(effects)
        leader = self._peer.leader
        if leader is None:
            sent = [f"{self._called(link)}:{self._sent[link]}" for link in touched]
        else:  # what observers are sent is not told
            handlers = leader.handler
            sent = [
                f"{self._called(link)}:{self._sent[link]}"
                for link in touched
                if link not in handlers or not handlers[link].observer
            ]
        return sent, appended, replayed

    def _called(self, link: Link) -> str:
        """Return the name of a link as JSON; it is asked for while the link is there."""
        found = self._names.get(link)
        if found is None:
            found = self._names[link] = quoted(self._name(link))
        return found

    # -- what each action is told with: its arguments, and the message that it reads

    def _recv(self, link: Link, message: str) -> str:
        k = self._received[link] = self._received.get(link, 0) + 1
        return f'"recv":[{self._called(link)},{k},{{{message}}}],'

    def _alone(self, *_: Any) -> tuple[str, str]:
        return f"[{self._id}]", ""

    def _shutdown(self, *_: Any) -> tuple[str, str]:
        learner = self._peer.learner
        if learner is None or learner.link is None:
            return f"[{self._id}]", ""
        return f"[{self._id}]", f'"link":{self._called(learner.link)},'

    def _following(self, *_: Any) -> tuple[str, str]:
        learner = self._peer.learner
        assert learner is not None, "it has just become one"
        return f"[{self._id},{learner.leader}]", ""

    def _connected(self, *_: Any) -> tuple[str, str]:
        learner = self._peer.learner
        assert learner is not None, "only a learner connects"
        assert learner.link is not None, "it has just been made"
        link = self._called(learner.link)
        return f"[{self._id},{learner.leader}]", f'"link":{link},'

    def _from_leader(self, message: str) -> tuple[str, str]:
        learner = self._peer.learner
        assert learner is not None, "only a learner reads what a leader sends"
        assert learner.link is not None, "packets come on links"
        return f"[{self._id},{learner.leader}]", self._recv(learner.link, message)

    def _leaderinfo(self, epoch: int) -> tuple[str, str]:
        return self._from_leader(f'"mtype":"LEADERINFO","mzxid":[{epoch},0]')

    def _sync_message(self) -> tuple[str, str]:
        learner = self._peer.learner
        assert learner is not None, "only a learner reads what a leader sends"
        assert learner.sync_mode is not None, "set by this message"
        kind, zxid = learner.sync_mode, self._peer.last_processed
        if kind is PacketType.DIFF or (zxid and not zxid & COUNTER):
            return self._from_leader(f'"mtype":"{kind.name}"')
        return self._from_leader(f'"mtype":"{kind.name}","mzxid":{zxid_text(zxid)}')

    def _proposal(self, zxid: int, entry: bytes) -> tuple[str, str]:
        zxid_ = f"[{zxid >> 32},{zxid & COUNTER}]"
        return self._from_leader(f'"mtype":"PROPOSAL","mzxid":{zxid_},"mvalue":{crc32(entry)}')

    def _commit(self, zxid: int) -> tuple[str, str]:
        return self._from_leader(f'"mtype":"COMMIT","mzxid":[{zxid >> 32},{zxid & COUNTER}]')

    def _newleader(self) -> tuple[str, str]:
        learner = self._peer.learner
        assert learner is not None, "only a learner reads what a leader sends"
        return self._from_leader(f'"mtype":"NEWLEADER","mzxid":[{learner.new_epoch},0]')

    def _uptodate(self) -> tuple[str, str]:
        return self._from_leader('"mtype":"UPTODATE"')

    def _flushed(self, *_: Any) -> tuple[str, str] | None:
        n = self._changes.flushed()
        return (f"[{self._id},{n}]", "") if n else None

    def _from_learner(self, handler: LearnerHandler, message: str) -> tuple[str, str] | None:
        if handler.observer:
            return None
        return f"[{self._id},{handler.server_id}]", self._recv(handler.link, message)

    def _ends_in_empty_epoch(self, handler: LearnerHandler, epoch: int, zxid: int) -> bool:
        """Tell whether a learner was sent away only for the zxid ``<<epoch, 0>>`` of its history.

        It has what our epoch began with, and so have we: to the specification, which ends a history
        with a transaction, it is not ahead.
        """
        leader = self._peer.leader
        is_gone = leader is not None and handler.link not in leader.handler
        is_same_epoch = epoch == self._peer.current_epoch
        return is_gone and is_same_epoch and zxid == epoch << 32 != 0

    def _ends(self) -> None:
        """Write that from here on the server does what the specification has not."""
        self._line("Unrecorded", f"[{self._id}]", "", '"vars":{}')
        self.votes = False

    def _followerinfo(self, handler: LearnerHandler, epoch: int) -> tuple[str, str] | None:
        if handler.observer and self._changes.is_new_epoch():
            self._ends()  # the epoch of an observer, which the specification has not, decides
        return self._from_learner(handler, f'"mtype":"FOLLOWERINFO","mzxid":[{epoch},0]')

    def _ackepoch(self, handler: LearnerHandler, epoch: int, zxid: int) -> tuple[str, str] | None:
        of = f',"mzxid":{zxid_text(zxid)}' if not zxid or zxid & COUNTER else ""
        return self._from_learner(handler, f'"mtype":"ACKEPOCH","mepoch":{epoch}{of}')

    def _sync(self, handler: LearnerHandler, plan: Any) -> tuple[str, str] | None:
        if handler.observer:
            return None
        return f'[{self._id},{handler.server_id},"{plan.kind.name}"]', ""

    def _ack(self, handler: LearnerHandler, zxid: int) -> tuple[str, str] | None:
        return self._from_learner(handler, f'"mtype":"ACK","mzxid":[{zxid >> 32},{zxid & COUNTER}]')

    def _remove(self, handler: LearnerHandler) -> tuple[str, str] | None:
        if handler.observer or handler.server_id < 0:
            return None  # nobody the specification knows, or nobody that has said who it is
        link = f'"link":{self._called(handler.link)},'
        return f"[{self._id},{handler.server_id}]", link

    def _request(self, zxid: int, entry: bytes) -> tuple[str, str]:
        return f"[{self._id},{crc32(entry)}]", ""


_TOLD: dict[str, Callable[..., tuple[str, str] | None]] = {
    "ZabTurnToLeading": Recorder._alone,
    "ZabTurnToFollowing": Recorder._following,
    "ConnectAndFollowerSendFOLLOWERINFO": Recorder._connected,
    "LeaderProcessFOLLOWERINFO": Recorder._followerinfo,
    "LeaderPersistAcceptedEpoch": Recorder._alone,
    "FollowerProcessLEADERINFO": Recorder._leaderinfo,
    "FollowerPersistAcceptedEpoch": Recorder._alone,
    "LeaderProcessACKEPOCH": Recorder._ackepoch,
    "LeaderPersistCurrentEpoch": Recorder._alone,
    "LeaderSyncFollower": Recorder._sync,
    "FollowerProcessSyncMessage": Recorder._sync_message,
    "FollowerProcessPROPOSALInSync": Recorder._proposal,
    "FollowerProcessCOMMITInSync": Recorder._commit,
    "FollowerProcessNEWLEADER": Recorder._newleader,
    "FollowerTakeSnapshot": Recorder._alone,
    "FollowerPersistCurrentEpoch": Recorder._alone,
    "LeaderProcessACKLD": Recorder._ack,
    "LeaderStartServing": Recorder._alone,
    "FollowerProcessUPTODATE": Recorder._uptodate,
    "LeaderProcessRequest": Recorder._request,
    "FollowerProcessPROPOSAL": Recorder._proposal,
    "FollowerLogFlushed": Recorder._flushed,
    "LeaderLogFlushed": Recorder._flushed,
    "ShutdownLogFlushed": Recorder._flushed,
    "LeaderProcessACK": Recorder._ack,
    "FollowerProcessCOMMIT": Recorder._commit,
    "FollowerShutdown": Recorder._shutdown,
    "LeaderShutdown": Recorder._alone,
    "LeaderRemoveLearner": Recorder._remove,
}
"""How an action of spec/Zab.tla is told. Those of FastLeaderElection.tla are not here."""
