"""Clients that come by TLS to a real server: who is let in, as whom, what is said of the rest."""

import asyncio
import socket
import ssl
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from tests.unit.net.harness import run, serving
from tests.unit.net.tls.authority import Authority

from speckeeper.net.listening import listen
from speckeeper.net.tls.context import TlsContexts
from speckeeper.net.tls.opening import TlsOpening
from speckeeper.net.tls.settings import ClientAuth, StoreSettings, TlsSettings
from speckeeper.server.reasons import CloseReason
from speckeeper.tree.policy import DEFAULT_SCHEMES, Policy
from speckeeper.tree.schemes import X509Scheme
from speckeeper.wire.records import Id

X509 = Policy(schemes={**DEFAULT_SCHEMES, "x509": X509Scheme("CN=root,O=org")})
RUOK = b"ruok"


class World:
    """An authority, a server's stores, and a server that uses them."""

    def __init__(self, path):
        self.path = path
        self.authority = Authority()
        self.trusted = self.authority.write(path / "trusted.pem")
        self.key_store = self.authority.make("server").write(path / "server.pem")
        self.settings = TlsSettings(
            "TLS for clients",
            StoreSettings(self.key_store, "PEM"),
            StoreSettings(self.trusted, "PEM"),
        )

    @asynccontextmanager
    async def served(self, policy=X509, secure=True, **changes):
        """Yield (service, opening, port)."""
        opening = TlsOpening(TlsContexts(replace(self.settings, **changes)))
        async with serving(
            self.path / "data", policy=policy, commands=lambda word: b"imok" * (word == "ruok")
        ) as service:
            sock = listen("secure client port", "127.0.0.1", 0, -1, False)
            service.listen(sock, opening, secure)
            yield service, opening, sock.getsockname()[1]

    def client(self, common_name=None, authority=None, **made):
        """The context of a client with a certificate, or without."""
        context = ssl.create_default_context(cafile=str(self.trusted))
        if common_name is not None:
            own = (authority or self.authority).make(common_name, **made)
            context.load_cert_chain(own.write(self.path / f"{common_name}.pem"))
        return context


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)


async def ask(port, context, word=RUOK):
    """Send a four-letter word by TLS, or plainly with ``context`` None; return the answer."""
    host = "localhost" if context else None
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", port, ssl=context, server_hostname=host
    )
    try:
        writer.write(word)
        return await asyncio.wait_for(reader.read(), 5)
    finally:
        writer.close()


async def refused(port, context):
    """Whether nothing but an end comes of a connection."""
    try:
        return await ask(port, context) == b""
    except (OSError, asyncio.IncompleteReadError):
        return True


def test_a_client_with_a_certificate_has_its_subject_for_an_identity(world):
    async def scenario():
        async with world.served() as (service, _, port):
            for name in ("alice", "root"):
                _, writer = await asyncio.open_connection(
                    "127.0.0.1", port, ssl=world.client(name), server_hostname="localhost"
                )
                while not service.port.protocols:
                    await asyncio.sleep(0.001)
                (connection,) = service.server.core.connections
                assert connection.secure
                yield_ids = connection.auth_ids
                writer.close()
                while service.port.protocols:
                    await asyncio.sleep(0.001)
                own = Id("x509", f"CN={name},O=org")
                expected = {Id("ip", "127.0.0.1"), own}
                if name == "root":
                    expected.add(Id("super", "CN=root,O=org"))
                assert set(yield_ids) == expected

    run(scenario())


@pytest.mark.parametrize("kind", ["none", "stranger", "expired", "plain"])
def test_who_is_not_to_come_in_is_refused_and_counted(world, kind, caplog):
    context = {
        "none": lambda: world.client(),
        "stranger": lambda: world.client("alice", Authority("stranger")),
        "expired": lambda: world.client("alice", days=-1),
        "plain": lambda: None,
    }[kind]()
    said = {
        "none": "peer did not return a certificate",
        "stranger": "unable to get local issuer certificate",
        "expired": "certificate has expired",
        "plain": "TLS handshake",
    }[kind]

    async def scenario():
        async with world.served() as (service, opening, port):
            assert await refused(port, context)
            assert await ask(port, world.client("bob")) == b"imok"  # others do not notice
            assert opening.failed == 1
            assert opening.handshakes == 0
            assert service.server.stats.closed[CloseReason.FAILED_HANDSHAKE] == 1

    run(scenario())
    (line,) = [each for each in caplog.messages if "failed_handshake" in each]
    assert said in line


def test_a_certificate_may_be_missing_where_it_is_only_wanted(world):
    async def scenario():
        async with world.served(client_auth=ClientAuth.WANT) as (_, _, port):
            assert await ask(port, world.client()) == b"imok"
            assert await refused(port, world.client("alice", Authority("stranger")))

    run(scenario())


def test_a_certificate_without_its_scheme_lets_nobody_in(world):
    async def scenario():
        async with world.served(policy=Policy()) as (service, _, port):
            assert await refused(port, world.client("alice"))
            assert service.server.stats.auth_failed == 1

    run(scenario())


def test_one_port_takes_tls_and_plain(world):
    async def scenario():
        async with world.served(plain_too=True, secure=False) as (_, _, port):
            assert await ask(port, None) == b"imok"
            assert await ask(port, world.client("alice")) == b"imok"

    run(scenario())


def test_who_says_nothing_holds_nobody_up(world):
    async def scenario():
        async with world.served(plain_too=True, detection_s=0.2) as (_, opening, port):
            silent = [socket.create_connection(("127.0.0.1", port)) for _ in range(5)]
            try:
                assert await ask(port, world.client("alice")) == b"imok"
                while opening.handshakes:
                    await asyncio.sleep(0.01)
            finally:
                for each in silent:
                    each.close()

    run(scenario())


def test_handshakes_at_a_time_are_limited(world):
    async def scenario():
        async with world.served(most_handshakes=1) as (service, opening, port):
            silent = socket.create_connection(("127.0.0.1", port))
            try:
                while not opening.handshakes:
                    await asyncio.sleep(0.001)
                assert await refused(port, world.client("alice"))
                assert service.server.stats.closed[CloseReason.TOO_MANY_HANDSHAKES] == 1
            finally:
                silent.close()

    run(scenario())


def test_the_address_of_who_comes_must_be_in_its_certificate_if_asked_for(world):
    async def scenario():
        async with world.served(verify_client=True) as (_, _, port):
            assert await ask(port, world.client("alice")) == b"imok"
            assert await refused(port, world.client("far", addresses=("10.0.0.1",)))

    run(scenario())


def test_changed_stores_are_used_and_bad_ones_are_not(world, caplog):
    async def scenario():
        async with world.served() as (_, opening, port):
            other = Authority("other")
            assert await refused(port, world.client("new", other))
            trusted = world.trusted.read_bytes()
            world.trusted.write_bytes(trusted + other.write(world.path / "o.pem").read_bytes())
            opening.contexts.look()
            context = world.client("new", other)
            assert await ask(port, context) == b"imok"
            world.trusted.write_bytes(b"nonsense")
            opening.contexts.look()
            assert await ask(port, context) == b"imok"

    run(scenario())
    assert any("the changed store is not used" in each for each in caplog.messages)


def test_only_the_versions_and_suites_that_are_asked_for(world):
    async def scenario():
        suites = ("TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",)
        async with world.served(ciphers=suites) as (_, _, port):
            newest = world.client("alice")
            newest.minimum_version = ssl.TLSVersion.TLSv1_3
            assert await refused(port, newest)  # none of the suites is one of TLS 1.3
            reader, writer = await asyncio.open_connection(
                "127.0.0.1", port, ssl=world.client("alice"), server_hostname="localhost"
            )
            assert writer.get_extra_info("cipher")[0] == "ECDHE-ECDSA-AES256-GCM-SHA384"
            writer.close()
            del reader

    run(scenario())
