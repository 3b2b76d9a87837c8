"""Rows of the zoo.cfg table: what a member of an ensemble goes by (QuorumPeerConfig)."""

from speckeeper.ops.config.key import Key, core, prop
from speckeeper.ops.config.kinds import (
    LONG_MAX,
    LONG_MIN,
    TRUE_FALSE,
    Choice,
    Decimal,
    Flag,
    Integer,
    Text,
)

_TICKS = Integer(0, unit="ticks")
_MS = Integer(1, unit="ms", decode=True)

QUORUM: tuple[Key, ...] = (
    core(
        "initLimit",
        _TICKS,
        0,
        "time for a follower to connect and to be synchronized; an ensemble needs it",
        "zab.init_limit",
        default_text="none",
    ),
    core(
        "syncLimit",
        _TICKS,
        0,
        "how long a follower, or its leader, may be silent; an ensemble needs it",
        "zab.sync_limit",
        default_text="none",
    ),
    core(
        "connectToLearnerMasterLimit",
        _TICKS,
        0,
        "time to connect to the leader",
        "zab.connect_to_leader_limit",
        default_text="initLimit",
    ),
    core("electionAlg", Integer(3, 3), 3, "the election; only 3", "quorum.election_alg"),
    core(
        "peerType",
        Choice("participant", "observer"),
        "participant",
        "role of this server; what its server.N line says counts",
        "quorum.peer_type",
    ),
    core(
        "localSessionsEnabled",
        TRUE_FALSE,
        False,
        "sessions begin as known to one server only, without a transaction",
        "server.local_sessions_enabled",
    ),
    core(
        "localSessionsUpgradingEnabled",
        TRUE_FALSE,
        False,
        "make a local session global when it wants an ephemeral node; else the node is refused",
        "server.local_sessions_upgrading_enabled",
    ),
    core(
        "quorumListenOnAllIPs",
        TRUE_FALSE,
        False,
        "bind quorum port and election port to all addresses",
        "quorum.listen_on_all",
    ),
    core(
        "group.N",
        Text("ids as in 1:2:3"),
        None,
        "members of a group of a hierarchical quorum",
        "quorum.groups",
    ),
    core(
        "weight.N",
        Integer(LONG_MIN, LONG_MAX),
        1,
        "weight of server N in its group; no server starts with one below 0",
        "quorum.weights",
    ),
    prop(
        "commitLogCount",
        Integer(1, decode=True),
        500,
        "committed transactions kept in memory to bring learners up to date",
        "zab.commit_log_count",
    ),
    prop(
        "forceSnapshotSync",
        TRUE_FALSE,
        False,
        "bring learners up to date by snapshot, always",
        "zab.force_snapshot_sync",
    ),
    prop(
        "snapshotSizeFactor",
        Decimal(-1, 1e9),
        0.33,
        "how much log a learner is sent, as a part of a snapshot's size; negative: none",
        "storage.snapshot_size_factor",
    ),
    prop(
        "leaderServes",
        Flag("yes", "no"),
        True,
        "whether the leader takes clients; no leaves them to the others",
        "quorum.leader_serves",
    ),
    prop("cnxTimeout", _MS, 5000, "time to call another election port", "quorum.connect_timeout"),
    prop(
        "observer.election.DelayMs",
        Integer(0, unit="ms", decode=True),
        200,
        "an observer without a leader waits up to so long before it looks for one",
        "zab.observer_election_delay_ms",
    ),
    prop(
        "fastleader.minNotificationInterval",
        _MS,
        200,
        "shortest wait for votes before ours is sent again",
        "zab.min_notification_interval_ms",
    ),
    prop(
        "fastleader.maxNotificationInterval",
        _MS,
        60000,
        "longest wait for votes before ours is sent again",
        "zab.max_notification_interval_ms",
    ),
)
