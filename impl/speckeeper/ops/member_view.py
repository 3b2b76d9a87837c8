"""What operators see of a server's place in its ensemble, by Apache's names.

ZooKeeper: QuorumPeer.getServerState, getDetailedPeerState, QuorumZooKeeperServer.dumpConf,
LeaderZooKeeperServer.registerMetrics.
"""

from collections.abc import Iterator

from speckeeper.net.member import Member
from speckeeper.net.member_clock import now_ms
from speckeeper.ops.running import Running
from speckeeper.wire.election import ServerState
from speckeeper.wire.quorum_config import encode_config
from speckeeper.zab.state import ZabState

_MODES = {
    ServerState.LEADING: "leader",
    ServerState.FOLLOWING: "follower",
    ServerState.OBSERVING: "observer",
}


def mode(running: Running) -> str:
    """`Mode` of srvr: standalone, leader, follower, observer or read-only."""
    member = running.member
    if member is None:
        return "standalone"
    if member.read_only:
        return "read-only"
    return _MODES.get(member.serving or ServerState.LOOKING, "leaderelection")


def is_read_only(running: Running) -> bool:
    """Whether only readers are served, for there is no leader."""
    return running.member is not None and running.member.read_only


def is_learner(running: Running) -> bool:
    """Whether others decide on the life of the ensemble's sessions."""
    member = running.member
    return member is not None and member.serving is not ServerState.LEADING


def shown_server_id(running: Running) -> int:
    """The server's id; 0 for a standalone server."""
    return 0 if running.member is None else running.member.peer.settings.server_id


def peer_state(member: Member) -> str:
    """State, phase and way of synchronization, as in `following - broadcast - diff`."""
    peer = member.peer
    parts = [peer.state.name.lower()]
    if peer.zab_state is not ZabState.ELECTION:
        parts.append(peer.zab_state.name.lower())
    if peer.learner is not None and peer.learner.sync_mode is not None:
        parts.append(peer.learner.sync_mode.name.lower())
    return " - ".join(parts)


def leader_id(member: Member) -> int:
    """The id of the leader, -1 where there is none."""
    peer = member.peer
    if peer.leader is not None:
        return peer.settings.server_id
    return -1 if peer.learner is None else peer.learner.leader


def configuration_lines(running: Running) -> str:
    """What `conf` says of an ensemble, the membership last; empty for a standalone server.

    ReadOnlyZooKeeperServer.dumpConf leaves out the membership.
    """
    member = running.member
    if member is None:
        return ""
    settings = member.peer.settings
    own = member.own
    election = "|".join(str(each.election_port) for each in own.endpoints)
    quorum = "|".join(str(each.quorum_port) for each in own.endpoints)
    lines = (
        f"initLimit={settings.init_limit}\n"
        f"syncLimit={settings.sync_limit}\n"
        "electionAlg=3\n"
        f"electionPort={election}\n"
        f"quorumPort={quorum}\n"
        f"peerType={int(own.observer)}\n"
    )
    if member.read_only:
        return lines
    return lines + "membership: \n" + encode_config(member.peer.membership.active).decode()


def proposal_sizes(running: Running) -> tuple[int, int, int] | None:
    """Last, smallest and largest size in bytes of proposals; None if the server does not lead."""
    member = running.member
    if member is None or member.serving is not ServerState.LEADING:
        return None
    counts = member.counts
    return counts.last_proposal_size, counts.min_proposal_size, counts.max_proposal_size


def quorum_values(running: Running) -> Iterator[tuple[str, str | int]]:
    """Yield the keys of `mntr` that only a member of an ensemble has."""
    member = running.member
    if member is None or member.read_only:
        return
    yield "peer_state", peer_state(member)
    yield "quorum_size", len(member.peer.membership.active.voters)
    leader = member.peer.leader
    if member.serving is ServerState.OBSERVING:
        yield "observer_master_id", leader_id(member)
        return
    if leader is None:
        return
    followers = leader.followers
    votes = member.peer.membership.votes
    counts = member.counts
    yield "learners", len(leader.handler)
    yield "synced_followers", len(followers)
    yield "synced_non_voting_followers", sum(not votes(each.server_id) for each in followers)
    yield "synced_observers", len(leader.observers)
    yield "pending_syncs", leader.pending_syncs
    yield "leader_uptime", now_ms() - counts.serving_since_ms
    yield "last_proposal_size", counts.last_proposal_size
    yield "max_proposal_size", counts.max_proposal_size
    yield "min_proposal_size", counts.min_proposal_size
