"""SASL DIGEST-MD5 with clients that nobody here wrote, against Apache's server and ours."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from conftest import need
from kazoo.client import KazooClient
from kazoo.exceptions import AuthFailedError, NoAuthError
from kazoo.handlers.threading import KazooTimeoutError
from kazoo.security import ACL, Id
from peers import APACHE_38, APACHE_39, JVM_FLAGS, SPECKEEPER, Kind, Peer
from trio import Trio

SERVERS = [APACHE_38, APACHE_39, SPECKEEPER]
MODULE = "org.apache.zookeeper.server.auth.DigestLoginModule"
PROVIDER = "org.apache.zookeeper.server.auth.SASLAuthenticationProvider"
SERVER_JAAS = f"""
Server {{
    {MODULE} required
    user_super="adminsecret"
    user_jaasuser="jaas_password";
}};
"""
CLIENT_JAAS = f"""
Client {{
    {MODULE} required
    username="jaasuser" password="jaas_password";
}};
"""
USERS = ACL(31, Id("sasl", "jaasuser"))


@contextmanager
def server(kind: Kind, folder: Path, **config: object) -> Iterator[Peer]:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "jaas.conf").write_text(SERVER_JAAS)
    properties = {"java.security.auth.login.config": str(folder / "jaas.conf")}
    peer = Peer(need(kind), folder, {"authProvider.1": PROVIDER, **config}, properties)
    try:
        yield peer.start()
    finally:
        peer.kill()


@contextmanager
def client(
    peer: Peer, user: str = "", password: str = "", timeout: float = 20
) -> Iterator[KazooClient]:
    options = {"mechanism": "DIGEST-MD5", "username": user, "password": password}
    made = KazooClient(peer.address, sasl_options=options if user else None)
    try:
        made.start(timeout)
        yield made
    finally:
        made.stop()
        made.close()


@pytest.mark.parametrize("kind", SERVERS, ids=lambda kind: kind.name)
def test_kazoo_is_who_it_has_proven_to_be(kind: Kind, tmp_path: Path) -> None:
    with server(kind, tmp_path / "server") as peer:
        with client(peer, "jaasuser", "jaas_password") as user:
            user.create("/mine", b"1", acl=[USERS])
            assert user.get("/mine")[0] == b"1"
        with client(peer) as stranger, pytest.raises(NoAuthError):
            stranger.get("/mine")
        with client(peer, "super", "adminsecret") as root:
            assert root.get("/mine")[0] == b"1"


@pytest.mark.parametrize("kind", SERVERS, ids=lambda kind: kind.name)
def test_a_wrong_password_is_refused(kind: Kind, tmp_path: Path) -> None:
    with server(kind, tmp_path / "server") as peer:
        with (
            pytest.raises((AuthFailedError, KazooTimeoutError)),
            client(peer, "jaasuser", "guess", 5) as guesser,
        ):
            guesser.get("/")
        if not kind.is_apache:
            assert "wrong password, or no user 'jaasuser'" in peer.log_file.read_text()


@pytest.mark.parametrize("kind", SERVERS, ids=lambda kind: kind.name)
def test_the_java_client(kind: Kind, tmp_path: Path) -> None:
    class_path = need(APACHE_39).class_path()
    assert class_path is not None
    (tmp_path / "client.conf").write_text(CLIENT_JAAS)
    with server(kind, tmp_path / "server", sessionRequireClientSASLAuth="true") as peer:
        done = subprocess.run(
            [
                "java",
                "-cp",
                os.pathsep.join((str(tmp_path), class_path)),
                *JVM_FLAGS,
                f"-Djava.security.auth.login.config={tmp_path}/client.conf",
                "org.apache.zookeeper.ZooKeeperMain",
                "-server",
                peer.address,
                "whoami",
            ],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert "sasl: jaasuser" in done.stdout, done.stdout + done.stderr


PEERS_JAAS = """
QuorumServer {{
    {module} required
    user_member="member_password";
}};
QuorumLearner {{
    {module} required
    username="member" password="{password}";
}};
"""
TRIOS = {
    "ours": (SPECKEEPER, SPECKEEPER, SPECKEEPER),
    "one of ours": (APACHE_39, SPECKEEPER, APACHE_39),
    "two of ours beside 3.8": (SPECKEEPER, APACHE_38, SPECKEEPER),
}
REQUIRED = {
    "quorum.auth.enableSasl": "true",
    "quorum.auth.learnerRequireSasl": "true",
    "quorum.auth.serverRequireSasl": "true",
}


def members(kinds: Kind | tuple[Kind, ...], folder: Path, stranger: int = 0) -> Trio:
    """Three servers that authenticate to each other; the stranger has a wrong password."""
    trio = Trio(kinds, folder, REQUIRED)
    for sid, peer in trio.members.items():
        password = "guess" if sid == stranger else "member_password"
        path = peer.folder / "jaas.conf"
        path.write_text(PEERS_JAAS.format(module=MODULE, password=password))
        peer.properties = {"java.security.auth.login.config": str(path)}
    return trio


def created(peer: Peer, path: str) -> set[str]:
    """Create a node at a server; return the children of the root."""
    with client(peer) as kazoo:
        kazoo.create(path, b"")
        return set(kazoo.get_children("/"))


@pytest.mark.parametrize("kinds", TRIOS.values(), ids=TRIOS.keys())
def test_servers_authenticate_to_each_other(kinds: tuple[Kind, ...], tmp_path: Path) -> None:
    with members(kinds, tmp_path) as trio:
        trio.start()
        created(trio.members[1], "/first")
        leader = trio.leader()
        trio.members[leader].kill()
        others = [sid for sid in trio.members if sid != leader]
        trio.wait_for("leader", *others)
        created(trio.members[others[0]], "/second")
        trio.start(leader)
        assert created(trio.members[leader], "/third") >= {"first", "second", "third"}


def test_a_server_with_a_wrong_password_stays_out(tmp_path: Path) -> None:
    with members(SPECKEEPER, tmp_path, stranger=3) as trio:
        trio.members[3].launch()
        trio.start(1, 2)
        created(trio.members[1], "/without")
        assert trio.mode(3) == ""
        said = "".join(trio.members[sid].log_file.read_text() for sid in (1, 2))
        assert "wrong password, or no user 'member'" in said
        assert "does not accept our name and password" in trio.members[3].log_file.read_text()
