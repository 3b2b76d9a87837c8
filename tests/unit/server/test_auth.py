"""auth, sasl, and authentication that is enforced (reference section 10)."""

import pytest
from tests.unit.server.world import World

from speckeeper.server.auth import MOST_IDENTITIES
from speckeeper.server.connection import State
from speckeeper.server.reasons import CloseReason
from speckeeper.tree.policy import DEFAULT_SCHEMES, Policy
from speckeeper.tree.schemes import digest_id
from speckeeper.wire.codes import ErrorCode, OpCode
from speckeeper.wire.records import ACL, Id
from speckeeper.wire.replies import decode_client_infos
from speckeeper.wire.requests import (
    AuthRequest,
    ExistsRequest,
    GetDataRequest,
    SaslRequest,
    SetDataRequest,
)

BOB = AuthRequest(0, "digest", b"bob:secret")
BOBS_ONLY = (ACL(31, Id("digest", digest_id("bob:secret"))),)


def test_auth_is_answered_with_zxid_zero_and_adds_an_id(world):
    client = world.client()

    reply = client.call(OpCode.AUTH, BOB, xid=-4)
    infos = decode_client_infos(client.call(OpCode.WHO_AM_I, body=b"").reader)

    assert (reply.xid, reply.zxid, reply.err, reply.body) == (-4, 0, 0, b"")
    assert infos == [("ip", "10.0.0.1"), ("digest", "bob")]


def test_the_same_credentials_twice_are_one_id(world):
    client = world.client()

    client.call(OpCode.AUTH, BOB, xid=-4)
    client.call(OpCode.AUTH, BOB, xid=-4)

    assert len(client.connection.auth_ids) == 2


def test_a_client_with_too_many_identities_is_turned_away(world):
    client = world.client()
    frames = [
        client.frame(OpCode.AUTH, AuthRequest(0, "digest", b"u%d:p" % number), xid=-4)
        for number in range(MOST_IDENTITIES - 1)
    ]
    client.feed(b"".join(frames))
    client.feed(frames[0])

    assert [reply.err for reply in client.frames()] == [0] * MOST_IDENTITIES
    assert len(client.connection.auth_ids) == MOST_IDENTITIES

    reply = client.call(OpCode.AUTH, BOB, xid=-4)

    assert reply.err == ErrorCode.AUTH_FAILED
    assert client.closed is CloseReason.TOO_MANY_IDENTITIES
    assert world.server.stats.auth_failed == 1


@pytest.mark.parametrize(
    "request_",
    [
        AuthRequest(0, "kerberos", b"x"),
        AuthRequest(0, "", b"x"),
        AuthRequest(0, "world", b"anyone"),
        AuthRequest(0, "super", b""),
        AuthRequest(0, "digest", None),
    ],
)
def test_failed_auth_is_answered_and_ends_the_connection(world, request_):
    client = world.client()

    client.send(OpCode.AUTH, request_, xid=-4)
    client.send(OpCode.EXISTS, ExistsRequest("/", False))

    (reply,) = client.frames()
    assert (reply.xid, reply.zxid, reply.err) == (-4, 0, ErrorCode.AUTH_FAILED)
    assert client.closed is CloseReason.AUTH_FAILED
    assert world.server.stats.auth_failed == 1


def test_digest_can_be_switched_off():
    schemes = {name: scheme for name, scheme in DEFAULT_SCHEMES.items() if name != "digest"}
    client = World(policy=Policy(schemes=schemes)).client()

    assert client.call(OpCode.AUTH, BOB, xid=-4).err == ErrorCode.AUTH_FAILED


def test_auth_counts_for_requests_after_it_not_before(world):
    client = world.client()
    client.create("/bobs", b"x", acl=BOBS_ONLY)

    client.send(OpCode.SET_DATA, SetDataRequest("/bobs", b"", -1))
    client.send(OpCode.GET_DATA, GetDataRequest("/bobs", False))  # waits behind the write
    client.send(OpCode.AUTH, BOB, xid=-4)
    client.send(OpCode.GET_DATA, GetDataRequest("/bobs", False))
    client.send(OpCode.SET_DATA, SetDataRequest("/bobs", b"", -1))
    world.persist()

    auth, *rest = client.frames()
    assert auth.xid == -4  # answered at once, ahead of what waits for the log
    assert [reply.err for reply in rest] == [ErrorCode.NO_AUTH, ErrorCode.NO_AUTH, 0, 0]


def test_auth_counts_for_a_request_in_the_same_packet(world):
    client = world.client()
    client.create("/bobs", b"x", acl=BOBS_ONLY)
    read = GetDataRequest("/bobs", False)

    client.feed(
        client.frame(OpCode.GET_DATA, read)
        + client.frame(OpCode.AUTH, BOB, xid=-4)
        + client.frame(OpCode.GET_DATA, read)
    )

    assert [reply.err for reply in client.frames()] == [ErrorCode.NO_AUTH, 0, 0]


def test_super_passes_everything():
    world = World(policy=Policy(super_digest=digest_id("super:test")))
    client, boss = world.client(), world.client()
    client.create("/bobs", b"x", acl=BOBS_ONLY)

    boss.call(OpCode.AUTH, AuthRequest(0, "digest", b"super:test"), xid=-4)

    assert boss.call(OpCode.GET_DATA, GetDataRequest("/bobs", False)).err == 0
    infos = decode_client_infos(boss.call(OpCode.WHO_AM_I, body=b"").reader)
    assert ("super", "") in infos


def test_a_cached_reply_is_not_shown_to_who_may_not_read(world):
    from speckeeper.wire.requests import SetACLRequest

    client = world.client()
    client.create("/a", b"x")
    assert client.call(OpCode.GET_DATA, GetDataRequest("/a", False)).err == 0

    client.call(OpCode.SET_ACL, SetACLRequest("/a", BOBS_ONLY, -1))

    assert client.call(OpCode.GET_DATA, GetDataRequest("/a", False)).err == ErrorCode.NO_AUTH


def test_sasl_without_a_login_context_succeeds_with_a_null_token(world):
    # ZooKeeperServer.processSasl: no saslServer, logged, answered Ok
    client = world.client()

    reply = client.call(OpCode.SASL, SaslRequest(b""), xid=3)

    assert (reply.xid, reply.zxid, reply.err, reply.body) == (3, 0, 0, b"\xff\xff\xff\xff")
    assert client.closed is None


def test_a_null_sasl_token_ends_the_connection(world):
    client = world.client()

    client.send(OpCode.SASL, SaslRequest(None))

    assert client.closed is CloseReason.MALFORMED_FRAME


def test_enforced_authentication_refuses_everything_but_auth():
    world = World(enforce_auth_schemes=("digest",))
    client = world.client()
    assert client.connection.state == State.UNAUTHENTICATED

    client.send(OpCode.PING, body=b"", xid=-2)

    (reply,) = client.frames()
    assert (reply.xid, reply.zxid) == (-2, 0)
    assert reply.err == ErrorCode.SESSION_CLOSED_REQUIRE_SASL_AUTH
    assert client.closed is CloseReason.AUTH_FAILED


def test_enforced_authentication_is_paid_once_in_the_same_breath():
    world = World(enforce_auth_schemes=("digest",))
    client = world.client()

    client.feed(
        client.frame(OpCode.AUTH, BOB, xid=-4)
        + client.frame(OpCode.EXISTS, ExistsRequest("/", False))
        + client.frame(OpCode.PING, body=b"", xid=-2)
    )

    assert [reply.err for reply in client.frames()] == [0, 0, 0]
    assert client.connection.state == State.OPEN


def test_ensemble_names():
    world = World(ensemble_auth_names=("prod", "test"))
    right, none, wrong = world.client(), world.client(), world.client()

    assert right.call(OpCode.AUTH, AuthRequest(0, "ensemble", b"prod"), xid=-4).err == 0
    assert none.call(OpCode.AUTH, AuthRequest(0, "ensemble", None), xid=-4).err == 0
    wrong.send(OpCode.AUTH, AuthRequest(0, "ensemble", b"other"), xid=-4)

    assert wrong.take() == []
    assert wrong.closed is CloseReason.WRONG_ENSEMBLE
    assert len(right.connection.auth_ids) == 1
