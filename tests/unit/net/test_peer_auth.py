"""Servers that authenticate to each other before a port hears of the connection."""

import asyncio

import pytest
from tests.unit.net.harness import run

from speckeeper.net.listening import listen
from speckeeper.net.peer_auth import PeerAuth
from speckeeper.net.peer_line import PeerLine
from speckeeper.wire.quorum_auth import AuthPacket, AuthStatus, encode_auth_packet

USERS = {"member": "secret"}


class Heard(asyncio.Protocol):
    """The real protocol behind a line."""

    def __init__(self):
        self.data = b""
        self.transport = None

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.data += data


def size_of_first(data):
    """The first message is four bytes."""
    return 4 if len(data) >= 4 else None


class World:
    """One server that is called."""

    def __init__(self, auth, prefix=None):
        sock = listen("port", "127.0.0.1", 0, -1, False)
        self.port = sock.getsockname()[1]
        self.heard = []
        arguments = () if prefix is None else (prefix,)
        self.acceptor = PeerLine(auth=auth).accept("quorum port", sock, self._made, *arguments)

    def _made(self):
        self.heard.append(Heard())
        return self.heard[-1]

    async def settled(self, ready):
        async with asyncio.timeout(5):
            while not ready():
                await asyncio.sleep(0.001)


async def call(world, auth, greeting=b""):
    """Call the server; return the protocol behind our end."""
    return await PeerLine(auth=auth).dial(Heard, "127.0.0.1", world.port, greeting)


def test_who_knows_the_password_gets_through_with_what_comes_ahead_and_after():
    async def scenario():
        world = World(PeerAuth(USERS, None, True), size_of_first)
        ours = await call(world, PeerAuth({}, ("member", "secret")), b"abcd")
        ours.transport.write(b"efgh")
        await world.settled(lambda: world.heard and world.heard[0].data == b"abcdefgh")
        world.heard[0].transport.write(b"back")
        await world.settled(lambda: ours.data == b"back")
        ours.transport.close()
        world.acceptor.close()

    run(scenario())


@pytest.mark.parametrize("user", ["member", "stranger"])
def test_who_does_not_is_turned_away(user, caplog):
    async def scenario():
        world = World(PeerAuth(USERS, None, True))
        with pytest.raises(ConnectionError, match="does not accept our name and password"):
            await call(world, PeerAuth({}, (user, "guess")))
        assert world.heard == []
        world.acceptor.close()

    run(scenario())
    assert f"wrong password, or no user '{user}'" in caplog.text


def test_a_server_that_does_not_know_the_password_is_not_followed():
    class Impostor(asyncio.Protocol):
        def connection_made(self, transport):
            self.transport = transport
            self.sent = 0

        def data_received(self, data):
            token = (b'nonce="abc",realm="x"', b"rspauth=" + b"0" * 32)[self.sent]
            status = (AuthStatus.IN_PROGRESS, AuthStatus.SUCCESS)[self.sent]
            self.sent += 1
            self.transport.write(encode_auth_packet(AuthPacket(status, token)))

    async def scenario():
        sock = listen("port", "127.0.0.1", 0, -1, False)
        acceptor = PeerLine().accept("quorum port", sock, Impostor)
        line = PeerLine(auth=PeerAuth({}, ("member", "secret")))
        with pytest.raises(ConnectionError, match="does not know the password"):
            await line.dial(Heard, *sock.getsockname())
        acceptor.close()

    run(scenario())


@pytest.mark.parametrize("required", [True, False])
def test_who_does_not_authenticate_at_all(required, caplog):
    async def scenario():
        world = World(PeerAuth(USERS, None, required))
        ours = await call(world, None)
        ours.transport.write(b"a plain beginning")
        if required:
            await world.settled(lambda: ours.transport.is_closing() or "must" in caplog.text)
            assert world.heard == []
        else:
            await world.settled(lambda: world.heard and world.heard[0].data)
            assert world.heard[0].data == b"a plain beginning"
        ours.transport.close()
        world.acceptor.close()

    run(scenario())


def test_who_fails_may_go_on_where_it_is_not_required():
    async def scenario():
        world = World(PeerAuth(USERS, None, False))
        with pytest.raises(ConnectionError):
            await call(world, PeerAuth({}, ("member", "guess")))
        await world.settled(lambda: len(world.heard) == 1)
        world.acceptor.close()

    run(scenario())


def test_rubbish_ends_the_connection(caplog):
    async def scenario():
        world = World(PeerAuth(USERS, None, True))
        ours = await call(world, None)
        first = encode_auth_packet(AuthPacket(AuthStatus.IN_PROGRESS, b""))
        ours.transport.write(first + b"x" * 40)
        await world.settled(lambda: "no authentication packet" in caplog.text)
        assert world.heard == []
        ours.transport.close()
        world.acceptor.close()

    run(scenario())
