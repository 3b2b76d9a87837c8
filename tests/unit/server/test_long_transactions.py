"""A transaction that no ZooKeeper could read from its log again is never logged."""

import pytest
from tests.unit.server.world import World

from speckeeper.server.auth import MOST_IDENTITY_BYTES
from speckeeper.server.reasons import CloseReason
from speckeeper.server.settings import ServerSettings
from speckeeper.wire.codes import CreateFlag, ErrorCode, OpCode
from speckeeper.wire.records import ACL, Id
from speckeeper.wire.requests import (
    AuthRequest,
    CloseSessionRequest,
    CreateRequest,
    MultiRequest,
)
from speckeeper.wire.txns import CloseSessionTxn, decode_txn

AUTH_ACL = (ACL(31, Id("auth", "")),)


def creates(number):
    record = [CreateRequest(f"/n{each}", b"", AUTH_ACL, 0) for each in range(number)]
    return MultiRequest(tuple((int(OpCode.CREATE), each) for each in record))


def client_with_ids(world, number):
    client = world.client()
    for each in range(number):
        name = b"%03d" % each + bytes(b"u" * 200)
        client.call(OpCode.AUTH, AuthRequest(0, "digest", name + b":p"), xid=-4)
    return client


def test_a_multi_that_grows_beyond_what_can_be_read_again_changes_nothing():
    world = World(jute_max_buffer=20_000)
    client = client_with_ids(world, 20)  # 5 kB of ACL for each node

    reply = client.call(OpCode.MULTI, creates(9))

    assert reply.err == ErrorCode.INVALID_ACL
    assert "/n0" not in world.server.tree.nodes
    assert client.call(OpCode.MULTI, creates(7)).err == 0
    assert "/n6" in world.server.tree.nodes


def test_a_multi_is_given_up_before_all_of_it_has_grown():
    """Or the memory were full before anybody looks at the size."""
    world = World(jute_max_buffer=20_000)
    client = client_with_ids(world, 20)
    before = len(world.server.pipeline.appends)

    client.send(OpCode.MULTI, creates(400))
    world.finish_large()

    assert [len(entry) for _, entry in world.server.pipeline.appends[before:]] == [36]
    assert world.server.pipeline.kept_short == 1


@pytest.mark.parametrize(
    ("access", "err"),
    [(AUTH_ACL, ErrorCode.INVALID_ACL), ((), ErrorCode.MARSHALLING_ERROR)],
)
def test_a_write_beyond_the_limit_is_an_error(access, err):
    """As from a member that allows more; a client's own request would have been too long."""
    world = World(jute_max_buffer=2_000)
    client = client_with_ids(world, 1)
    server = world.server
    access = access or (ACL(31, Id("world", "anyone")),)
    request = CreateRequest("/long", bytes(5_000), access, 0)
    body = client.frame(OpCode.CREATE, request)[12:]

    server.pipeline.write(
        None, client.session.session_id, 1, OpCode.CREATE, body, 0, len(body),
        client.connection.auth_ids, world.now_ms,
    )  # fmt: skip
    entry = server.pipeline.appends[-1][1]

    assert decode_txn(entry).record.err == err
    assert server.pipeline.kept_short == 1
    world.persist()
    assert "/long" not in server.tree.nodes


def test_a_session_with_too_many_nodes_ends_without_their_names():
    world = World(jute_max_buffer=2_000)
    client = world.client()
    for each in range(50):
        client.create(f"/{each}" + "e" * 100, flags=CreateFlag.EPHEMERAL)

    client.send(OpCode.CLOSE_SESSION, CloseSessionRequest())
    entry = world.server.pipeline.appends[-1][1]
    world.persist()

    assert decode_txn(entry).record == CloseSessionTxn(None)
    assert not [path for path in world.server.tree.nodes if path.endswith("e" * 100)]
    assert client.closed is CloseReason.CLIENT_CLOSED_SESSION


def test_the_identities_of_a_client_are_limited_in_bytes():
    world = World()
    client = world.client()
    name = b"u" * (MOST_IDENTITY_BYTES // 2)

    assert client.call(OpCode.AUTH, AuthRequest(0, "digest", b"1" + name + b":p"), xid=-4).err == 0
    reply = client.call(OpCode.AUTH, AuthRequest(0, "digest", b"2" + name + b":p"), xid=-4)

    assert reply.err == ErrorCode.AUTH_FAILED
    assert client.closed is CloseReason.TOO_MANY_IDENTITIES


@pytest.mark.parametrize(
    ("longest", "extra", "limit"),
    [
        (0xFFFFF, None, 2_097_150),
        (0xFFFFF, 0, 0xFFFFF + 1024),
        (100, None, 1124),
        (2**31 - 1, None, 2**31 - 1),
    ],
)
def test_the_limit_is_that_of_apaches_reader(longest, extra, limit):
    settings = ServerSettings(jute_max_buffer=longest, jute_max_buffer_extra=extra)
    assert settings.largest_transaction == limit
