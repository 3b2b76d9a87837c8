"""TLS with peers that nobody here wrote: kazoo and Java clients, and Apache's servers as members.

Certificates are made on the spot; what must not come in is a man in the middle with a certificate
of another authority, a member of another ensemble, and who speaks plainly.
"""

from __future__ import annotations

import os
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from conftest import need
from kazoo.client import KazooClient
from kazoo.exceptions import NoAuthError
from kazoo.handlers.threading import KazooTimeoutError
from kazoo.security import ACL, Id
from peers import APACHE_38, APACHE_39, JVM_FLAGS, SPECKEEPER, Kind, Peer
from tests.ports import free_port
from tests.unit.net.tls.authority import Authority
from trio import Trio

# kazoo leaves the socket of a connection that was refused to the garbage collector.
pytestmark = pytest.mark.filterwarnings(
    "ignore:.*SSLSocket:pytest.PytestUnraisableExceptionWarning"
)

NETTY = "org.apache.zookeeper.server.NettyServerCnxnFactory"
ALICE = ACL(31, Id("x509", "CN=alice,O=org"))


@dataclass
class Stores:
    """Key stores in a folder: by name, of one authority."""

    folder: Path
    authority: Authority

    @property
    def trusted(self) -> Path:
        return self.authority.write(self.folder / "trusted.pem")

    def key_store(self, name: str, authority: Authority | None = None) -> Path:
        made = (authority or self.authority).make(name)
        return Path(made.write(self.folder / f"{name}.pem"))

    def config(self, prefix: str, name: str, authority: Authority | None = None) -> dict[str, str]:
        """The keys of zoo.cfg that name the stores of a server."""
        return {
            f"{prefix}keyStore.location": str(self.key_store(name, authority)),
            f"{prefix}keyStore.type": "PEM",
            f"{prefix}trustStore.location": str(self.trusted),
            f"{prefix}trustStore.type": "PEM",
        }


@pytest.fixture
def stores(tmp_path: Path) -> Stores:
    folder = tmp_path / "stores"
    folder.mkdir()
    return Stores(folder, Authority())


@contextmanager
def client(
    stores: Stores, port: int, name: str = "alice", timeout: float = 20
) -> Iterator[KazooClient]:
    """A kazoo client by TLS, started."""
    own = str(stores.key_store(name))
    made = KazooClient(
        f"127.0.0.1:{port}", use_ssl=True, ca=str(stores.trusted), certfile=own, keyfile=own
    )
    try:
        made.start(timeout)
        yield made
    finally:
        made.stop()
        made.close()


def secure(peer_kind: Kind, stores: Stores, port: int) -> dict[str, object]:
    own: dict[str, object] = {"secureClientPort": port, **stores.config("ssl.", f"server-{port}")}
    if peer_kind.is_apache:
        own["serverCnxnFactory"] = NETTY
    return own


@contextmanager
def server(kind: Kind, folder: Path, **config: object) -> Iterator[Peer]:
    peer = Peer(need(kind), folder, config)
    try:
        yield peer.start()
    finally:
        peer.kill()


@pytest.mark.parametrize("kind", [APACHE_39, SPECKEEPER], ids=lambda kind: kind.name)
def test_kazoo_by_tls_is_who_its_certificate_says(
    kind: Kind, stores: Stores, tmp_path: Path
) -> None:
    port = free_port()
    with server(kind, tmp_path / "server", **secure(kind, stores, port)):
        with client(stores, port) as alice:
            alice.create("/mine", b"1", acl=[ALICE])
            assert alice.get("/mine")[0] == b"1"
        with client(stores, port, "bob") as bob, pytest.raises(NoAuthError):
            bob.get("/mine")


@pytest.mark.parametrize("kind", [APACHE_39, SPECKEEPER], ids=lambda kind: kind.name)
def test_the_java_client_by_tls(kind: Kind, stores: Stores, tmp_path: Path) -> None:
    port = free_port()
    own = stores.key_store("alice")
    class_path = need(APACHE_39).class_path()
    assert class_path is not None
    properties = {
        "zookeeper.clientCnxnSocket": "org.apache.zookeeper.ClientCnxnSocketNetty",
        "zookeeper.client.secure": "true",
        "zookeeper.ssl.keyStore.location": str(own),
        "zookeeper.ssl.keyStore.type": "PEM",
        "zookeeper.ssl.trustStore.location": str(stores.trusted),
        "zookeeper.ssl.trustStore.type": "PEM",
    }
    with server(kind, tmp_path / "server", **secure(kind, stores, port)):
        done = subprocess.run(
            [
                "java",
                "-cp",
                os.pathsep.join((str(tmp_path), class_path)),
                *JVM_FLAGS,
                *(f"-D{key}={value}" for key, value in properties.items()),
                "org.apache.zookeeper.ZooKeeperMain",
                "-server",
                f"localhost:{port}",
                "whoami",
            ],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert "CN=alice,O=org" in done.stdout, done.stdout + done.stderr


@pytest.mark.parametrize("kind", [APACHE_39, SPECKEEPER], ids=lambda kind: kind.name)
def test_the_shell_and_status_by_tls(kind: Kind, stores: Stores, tmp_path: Path) -> None:
    """With the file that zkCli takes; without a certificate neither comes in."""
    port = free_port()
    trusting = (
        "zookeeper.clientCnxnSocket=org.apache.zookeeper.ClientCnxnSocketNetty\n"
        "zookeeper.client.secure=true\n"
        f"zookeeper.ssl.trustStore.location={stores.trusted}\n"
    )
    known, unknown = tmp_path / "known.props", tmp_path / "unknown.props"
    known.write_text(f"{trusting}zookeeper.ssl.keyStore.location={stores.key_store('alice')}\n")
    unknown.write_text(trusting)
    at = f"localhost:{port}"
    script = "create /many\n" + "".join(f"create /many/{n}\n" for n in range(100))
    script += "addWatch /many\ndeleteall /many\nwhoami\nquit\n"

    def ours(*arguments: str) -> subprocess.CompletedProcess[str]:
        call = (sys.executable, "-c", "from speckeeper.ops.cli import main; main()", *arguments)
        return subprocess.run(
            call, capture_output=True, input=script, text=True, timeout=60, check=False
        )

    with server(kind, tmp_path / "server", **secure(kind, stores, port)):
        shell = ("-server", at, "-waitforconnection", "-client-configuration")
        done = ours("shell", *shell, str(known))
        assert done.returncode == 0, done.stderr
        assert "x509: CN=alice,O=org" in done.stdout
        assert done.stdout.count("NodeDeleted") == 101
        refused = ours("shell", "-timeout", "2000", *shell, str(unknown))
        assert refused.returncode == 1
        assert f"{at}: TLS: " in refused.stderr
        assert "zookeeper.ssl.keyStore.location" in refused.stderr
        status = ours("status", "--client-configuration", str(known), at)
        assert (status.returncode, "standalone" in status.stdout) == (0, True), status.stdout


@contextmanager
def man_in_the_middle(stores: Stores, upstream: int) -> Iterator[tuple[int, list[bytes]]]:
    """Who reads along: TLS on both sides, by a certificate of another authority.

    Yields its port, and what it has read.
    """
    stranger = Authority("stranger")
    own = stores.key_store("middle", stranger)
    inward = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    inward.load_cert_chain(own)
    outward = ssl.create_default_context(cafile=str(stores.trusted))
    outward.load_cert_chain(own)
    listening = socket.create_server(("127.0.0.1", 0))
    heard: list[bytes] = []

    def relay() -> None:
        with suppress(OSError):
            while True:
                accepted, _ = listening.accept()
                with suppress(OSError), inward.wrap_socket(accepted, server_side=True) as victim:
                    raw = socket.create_connection(("127.0.0.1", upstream))
                    with outward.wrap_socket(raw, server_hostname="localhost") as real:
                        heard.append(victim.recv(4096))
                        real.sendall(heard[-1])
                        victim.sendall(real.recv(4096))

    thread = threading.Thread(target=relay, daemon=True)
    thread.start()
    try:
        yield listening.getsockname()[1], heard
    finally:
        listening.close()


def test_a_man_in_the_middle_hears_nothing(stores: Stores, tmp_path: Path) -> None:
    port = free_port()
    with (
        server(SPECKEEPER, tmp_path / "server", **secure(SPECKEEPER, stores, port)) as peer,
        man_in_the_middle(stores, port) as (middle, heard),
    ):
        with pytest.raises(KazooTimeoutError), client(stores, middle, timeout=3):
            pass
        assert heard == []
        # and with a client that trusts anybody, the server does not trust the one in the middle
        careless = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        careless.check_hostname, careless.verify_mode = False, ssl.CERT_NONE
        with (
            socket.create_connection(("127.0.0.1", middle)) as raw,
            careless.wrap_socket(raw) as victim,
        ):
            victim.sendall(b"ruok")
            with suppress(OSError):
                assert victim.recv(10) == b""
        deadline = time.monotonic() + 10
        while "failed_handshake" not in (log := peer.log_file.read_text()):
            assert time.monotonic() < deadline, log
            time.sleep(0.05)


KINDS = {
    "ours": (SPECKEEPER, SPECKEEPER, SPECKEEPER),
    "one of ours": (APACHE_39, SPECKEEPER, APACHE_39),
    "two of ours": (SPECKEEPER, APACHE_39, SPECKEEPER),
    "one of ours beside 3.8": (APACHE_38, SPECKEEPER, APACHE_38),
}


def quorum_tls(stores: Stores, **more: object) -> Callable[[int], dict[str, object]]:
    def own(sid: int) -> dict[str, object]:
        return {"sslQuorum": "true", **stores.config("ssl.quorum.", f"member-{sid}"), **more}

    return own


@pytest.mark.parametrize("kinds", KINDS.values(), ids=KINDS.keys())
def test_members_by_tls(kinds: tuple[Kind, ...], stores: Stores, tmp_path: Path) -> None:
    own = quorum_tls(stores)
    with Trio(kinds, tmp_path, own={sid: own(sid) for sid in (1, 2, 3)}) as trio:
        trio.start()
        written_at(trio, 1, "/first")
        leader = trio.leader()
        trio.members[leader].kill()
        others = [sid for sid in trio.members if sid != leader]
        trio.wait_for("leader", *others)
        written_at(trio, others[0], "/second")
        trio.start(leader)
        assert names_at(trio, leader) >= {"first", "second"}


def written_at(trio: Trio, sid: int, path: str) -> None:
    kazoo = KazooClient(trio.members[sid].address)
    kazoo.start(30)
    kazoo.create(path, b"")
    kazoo.stop()
    kazoo.close()


def names_at(trio: Trio, sid: int) -> set[str]:
    kazoo = KazooClient(trio.members[sid].address)
    kazoo.start(30)
    kazoo.sync("/")
    names = set(kazoo.get_children("/"))
    kazoo.stop()
    kazoo.close()
    return names


def test_a_member_of_another_authority_stays_out(stores: Stores, tmp_path: Path) -> None:
    own = {sid: quorum_tls(stores)(sid) for sid in (1, 2)}
    own[3] = {
        **quorum_tls(stores)(3),
        **stores.config("ssl.quorum.", "stranger", Authority("stranger")),
    }
    with Trio(SPECKEEPER, tmp_path, own=own) as trio:
        trio.members[3].launch()
        trio.start(1, 2)
        written_at(trio, 1, "/without")
        assert trio.mode(3) == ""
        said = trio.members[1].log_file.read_text() + trio.members[2].log_file.read_text()
        assert "failed_handshake" in said


def test_from_plain_to_tls_server_by_server(stores: Stores, tmp_path: Path) -> None:
    """The administrator's guide: first take both, then speak TLS, then refuse plain."""
    steps: list[dict[str, object]] = [
        {"sslQuorum": "false"},
        {"sslQuorum": "false", "portUnification": "true"},
        {"sslQuorum": "true", "portUnification": "true"},
        {"sslQuorum": "true", "portUnification": "false"},
    ]
    base = {sid: stores.config("ssl.quorum.", f"member-{sid}") for sid in (1, 2, 3)}
    own: dict[int, dict[str, object]] = {sid: {**base[sid], **steps[0]} for sid in base}
    with Trio(SPECKEEPER, tmp_path, own=own) as trio:
        trio.start()
        for number, step in enumerate(steps[1:]):
            for sid, member in trio.members.items():
                member.stop()
                member.config = {**member.config, **step}
                trio.start(sid)
            written_at(trio, 1, f"/step-{number}")
        assert names_at(trio, 3) >= {"step-0", "step-1", "step-2"}
