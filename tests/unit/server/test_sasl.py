"""SASL on a connection: identities, super users, and clients that fail."""

import pytest
from puresasl.client import SASLClient
from tests.unit.server.world import World

from speckeeper.server.connection import State
from speckeeper.server.reasons import CloseReason
from speckeeper.server.settings import SaslSettings
from speckeeper.tree.policy import DEFAULT_SCHEMES, Policy
from speckeeper.tree.schemes import SaslScheme
from speckeeper.wire.codes import ErrorCode, OpCode
from speckeeper.wire.jute import Reader
from speckeeper.wire.records import ACL, Id
from speckeeper.wire.requests import GetDataRequest, SaslRequest

USERS = SaslSettings({"alice": "secret", "root": "toor"}, frozenset({"root"}))
SASL = Policy(schemes={**DEFAULT_SCHEMES, "sasl": SaslScheme()})
ALICES = (ACL(31, Id("sasl", "alice")),)


def authenticate(client, user, password):
    """Negotiate as a client does; return the last reply."""
    peer = SASLClient(
        host="zk-sasl-md5",
        service="zookeeper",
        mechanism="DIGEST-MD5",
        username=user,
        password=password,
    )
    challenge = Reader(client.call(OpCode.SASL, SaslRequest(b"")).body).buffer()
    reply = client.call(OpCode.SASL, SaslRequest(peer.process(challenge)))
    if reply.err == 0 and reply.body != b"\xff\xff\xff\xff":
        peer.process(Reader(reply.body).buffer())
        assert peer.complete
    return reply


def test_a_user_is_known_by_name_and_acls_go_by_it():
    world = World(sasl=USERS, policy=SASL)
    alice, stranger, root = world.client(), world.client(), world.client()
    assert authenticate(alice, "alice", "secret").err == 0
    assert alice.create("/hers", b"1", acl=ALICES).err == 0
    assert alice.call(OpCode.GET_DATA, GetDataRequest("/hers", False)).err == 0
    denied = stranger.call(OpCode.GET_DATA, GetDataRequest("/hers", False))
    assert denied.err == ErrorCode.NO_AUTH
    authenticate(root, "root", "toor")
    assert root.connection.auth_ids[-2:] == (Id("sasl", "root"), Id("super", ""))
    assert root.call(OpCode.GET_DATA, GetDataRequest("/hers", False)).err == 0


def test_a_wrong_password_ends_the_connection_and_is_counted():
    world = World(sasl=USERS, policy=SASL)
    client = world.client()
    reply = authenticate(client, "alice", "guess")
    assert (reply.err, reply.zxid, reply.body) == (ErrorCode.AUTH_FAILED, 0, b"\xff\xff\xff\xff")
    assert client.closed is CloseReason.SASL_AUTH_FAILED
    assert "wrong password" in client.connection.refused_because
    assert world.server.stats.auth_failed == 1


def test_who_fails_may_go_on_if_that_is_allowed():
    sasl = SaslSettings(USERS.users, allow_failed_clients=True)
    world = World(sasl=sasl, policy=SASL)
    client = world.client()
    reply = authenticate(client, "alice", "guess")
    assert (reply.err, reply.body) == (0, b"\xff\xff\xff\xff")
    assert client.closed is None
    assert all(auth.scheme != "sasl" for auth in client.connection.auth_ids)


@pytest.mark.parametrize("allowed", [False, True])
def test_where_sasl_is_required_nobody_else_is_served(allowed):
    sasl = SaslSettings(USERS.users, allow_failed_clients=allowed)
    world = World(sasl=sasl, policy=SASL, enforce_auth_schemes=("sasl",))
    good, bad, silent = world.client(), world.client(), world.client()
    assert good.connection.state == State.UNAUTHENTICATED
    authenticate(good, "alice", "secret")
    assert good.create("/a").err == 0
    reply = authenticate(bad, "alice", "guess")
    assert reply.err == ErrorCode.SESSION_CLOSED_REQUIRE_SASL_AUTH
    assert bad.closed is CloseReason.SASL_AUTH_FAILED
    reply = silent.call(OpCode.GET_DATA, GetDataRequest("/a", False))
    assert reply.err == ErrorCode.SESSION_CLOSED_REQUIRE_SASL_AUTH
    assert silent.closed is CloseReason.AUTH_FAILED


@pytest.mark.parametrize(
    ("acl_id", "valid"),
    [("bob", True), ("", True), ("zk/host@REALM", True), ("a@b@c", False), ("a/b/c@d", False)],
)
def test_which_names_may_stand_in_an_acl(acl_id, valid):
    assert SaslScheme().is_valid(acl_id) is valid


def test_super_and_the_reader_of_all():
    assert SaslScheme().matches("super", "alice")
    assert not SaslScheme().matches("bob", "alice")
    assert SaslScheme("alice").matches("bob", "alice")
