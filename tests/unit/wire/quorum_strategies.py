"""Hypothesis strategies for what servers say to each other."""

from hypothesis import strategies as st
from tests.unit.wire.strategies import data, ids, ints, longs

from speckeeper.wire import election
from speckeeper.wire.quorum import PacketType, QuorumPacket
from speckeeper.wire.quorum_config import ConfiguredServer, Endpoint, QuorumConfig

authinfo = st.one_of(st.none(), st.lists(ids, max_size=3).map(tuple))
packets = st.builds(QuorumPacket, st.sampled_from(PacketType), longs, data, authinfo)
plain_packets = packets.filter(lambda packet: packet.type is not PacketType.SNAP)

hosts = st.one_of(
    st.sampled_from(["localhost", "127.0.0.1", "::1", "fe80::1", "zoo-1.example.org"]),
    st.text("abcxyz019-.", min_size=1, max_size=12),
)
ports = st.integers(0, 65535)
addresses = st.tuples(hosts, ports)
initial_messages = st.one_of(
    st.builds(
        election.InitialMessage,
        longs,
        st.lists(addresses, min_size=1, max_size=3).map(tuple),
        st.sampled_from([election.PROTOCOL_V1, election.PROTOCOL_V2]),
    ),
    st.builds(election.InitialMessage, st.integers(0, 2**63 - 1), st.just(()), st.just(None)),
)
states = st.sampled_from(election.ServerState)
notifications = st.one_of(
    st.builds(election.Notification, states, longs, longs, longs, longs, st.just(2), st.binary()),
    st.builds(election.Notification, states, longs, longs, longs, longs, st.just(0), st.just(b"")),
)

endpoints = st.builds(Endpoint, hosts, ports, ports).filter(
    lambda e: e.quorum_port != e.election_port
)
server_ids = st.integers(0, 300)
optional_address = st.one_of(st.none(), addresses)


@st.composite
def configs(draw: st.DrawFn) -> QuorumConfig:
    """Configurations in the form that decoding gives."""
    sids = sorted(draw(st.sets(server_ids, min_size=1, max_size=5)))
    servers = tuple(
        ConfiguredServer(
            sid,
            tuple(sorted(draw(st.lists(endpoints, min_size=1, max_size=2)))),
            draw(st.booleans()),
            draw(optional_address),
            draw(optional_address),
        )
        for sid in sids
    )
    version = draw(st.integers(0, 2**63 - 1))
    if draw(st.booleans()):
        return QuorumConfig(servers, version)
    group_of = {sid: draw(st.integers(1, 2)) for sid in sids}
    groups = {g: tuple(s for s in sids if group_of[s] == g) for g in sorted({*group_of.values()})}
    weights = {sid: draw(st.integers(0, 3)) for sid in sids}
    kept = tuple((sid, weight) for sid, weight in weights.items() if weight != 1)
    return QuorumConfig(servers, version, tuple(groups.items()), kept)


__all__ = ["configs", "initial_messages", "ints", "notifications", "packets", "plain_packets"]
