"""Phases of a server and stages of a connection, by the specification's names (spec/Zab.tla).

Source: ZooKeeper ``QuorumPeer.ZabState``; the stages are places in the code of ``Learner`` and
``LearnerHandler``.
"""

from __future__ import annotations

from enum import Enum


class ZabState(Enum):
    """Where a server is between an election and serving."""

    ELECTION = "ELECTION"
    DISCOVERY = "DISCOVERY"
    SYNCHRONIZATION = "SYNCHRONIZATION"
    BROADCAST = "BROADCAST"


class Stage(Enum):
    """How far a connection has come: the message that was sent or received last.

    Both ends keep count for themselves, a leader from CONNECTED on. ACKLD is the ACK of NEWLEADER,
    SYNC stands for DIFF, TRUNC or SNAP.
    """

    NONE = "NONE"
    CONNECTED = "CONNECTED"
    FOLLOWERINFO = "FOLLOWERINFO"
    LEADERINFO = "LEADERINFO"
    ACKEPOCH = "ACKEPOCH"
    SYNC = "SYNC"
    NEWLEADER = "NEWLEADER"
    ACKLD = "ACKLD"
    UPTODATE = "UPTODATE"


FORWARDING = (Stage.NEWLEADER, Stage.ACKLD, Stage.UPTODATE)
"""Stages in which a learner gets every new PROPOSAL and COMMIT."""
