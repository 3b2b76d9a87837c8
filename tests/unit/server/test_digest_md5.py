"""DIGEST-MD5 against the RFC's own example and a client that nobody here wrote (pure-sasl)."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st
from puresasl.client import SASLClient

from speckeeper.server.digest_md5 import DigestMd5, SaslError

USERS = {"alice": "secret", "bob": 'with "quotes" and \\'}
WORDS = st.text(string.ascii_letters + string.digits + " !$%&/()=?", min_size=1, max_size=20)
EXAMPLE = (
    b'charset=utf-8,username="chris",realm="elwood.innosoft.com",nonce="OA6MG9tEQGm2hh",'
    b'nc=00000001,cnonce="OA6MHXh6VqTrRk",digest-uri="imap/elwood.innosoft.com",'
    b"response=d388dad90d4bbd760a152321f2143af7,qop=auth"
)


def negotiation(users=USERS, nonce="OA6MG9tEQGm2hh"):
    return DigestMd5(users, "zookeeper", "zk-sasl-md5", nonce)


def client(user, password):
    return SASLClient(
        host="zk-sasl-md5",
        service="zookeeper",
        mechanism="DIGEST-MD5",
        username=user,
        password=password,
    )


def test_the_example_of_rfc_2831():
    server = DigestMd5({"chris": "secret"}, "imap", "elwood.innosoft.com", "OA6MG9tEQGm2hh")
    challenge = server.step(b"")
    assert b'realm="elwood.innosoft.com",nonce="OA6MG9tEQGm2hh"' in challenge
    assert server.step(EXAMPLE) == b"rspauth=ea40f60335c427b5527b84dbabcdfffd"
    assert server.user == "chris"


@given(WORDS, WORDS, st.text("0123456789abcdef", min_size=8, max_size=48))
def test_who_knows_the_password_is_let_in_and_the_proof_is_good(user, password, nonce):
    server, peer = negotiation({user: password}, nonce), client(user, password)
    proof = server.step(peer.process(server.step(b"")))
    peer.process(proof)
    assert peer.complete
    assert server.user == user


@given(WORDS, WORDS)
def test_who_does_not_is_not(right, wrong):
    server, peer = negotiation({"alice": right}), client("alice", wrong)
    response = peer.process(server.step(b""))
    if right == wrong:
        server.step(response)
    else:
        with pytest.raises(SaslError, match="wrong password, or no user 'alice'"):
            server.step(response)
        assert server.user is None


def test_an_unknown_user_with_an_empty_password_is_not_let_in():
    server = negotiation()
    response = client("mallory", "").process(server.step(b""))
    with pytest.raises(SaslError):
        server.step(response)


def test_a_negotiation_is_for_once():
    server, peer = negotiation(), client("alice", "secret")
    response = peer.process(server.step(b""))
    server.step(response)
    with pytest.raises(SaslError, match="is over"):
        server.step(response)


def test_a_response_to_another_challenge_is_refused():
    first, second = negotiation(nonce="one"), negotiation(nonce="two")
    response = client("alice", "secret").process(first.step(b""))
    second.step(b"")
    with pytest.raises(SaslError, match="nonce"):
        second.step(response)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (b"nc=00000001", b"nc=00000002", "nc is not"),
        (b"qop=auth", b"qop=auth-int", "only authentication"),
        (b'digest-uri="imap/elwood', b'digest-uri="smtp/elwood', "digest-uri"),
        (b"cnonce=", b"other=", "cnonce is missing"),
        (b"charset=utf-8,", b"charset=utf-8,charset=utf-8,", "charset is said twice"),
        (b'username="chris"', b'username="chris', "cannot be read"),
        (b'username="chris"', b'username="\xff"', "not UTF-8"),
        (b"response=d", b"response=e", "wrong password"),
        (b"qop=auth", b"qop=auth," + b"x" * 5000, "5[0-9]+ bytes"),
    ],
)
def test_what_is_wrong_with_a_response_is_said(old, new, said):
    server = DigestMd5({"chris": "secret"}, "imap", "elwood.innosoft.com", "OA6MG9tEQGm2hh")
    server.step(b"")
    with pytest.raises(SaslError, match=said):
        server.step(EXAMPLE.replace(old, new))
    assert server.user is None


def test_a_first_token_is_empty():
    with pytest.raises(SaslError, match="empty token"):
        negotiation().step(EXAMPLE)


@given(st.binary(max_size=300))
def test_rubbish_is_refused_as_such(token):
    server = negotiation()
    server.step(b"")
    with pytest.raises(SaslError):
        server.step(token)
