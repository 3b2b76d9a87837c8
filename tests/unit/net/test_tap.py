"""The tap relays everything, whatever becomes of the recording."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from speckeeper.net.listening import listen
from speckeeper.net.tap import Tap


class Heard:
    """A recording that keeps all."""

    def __init__(self, address: str, fails: bool = False) -> None:
        self.address = address
        self.fails = fails
        self.out, self.back = b"", b""
        self.is_over = False

    def sent(self, data: bytes, now: int) -> None:
        if self.fails:
            raise ValueError("a mistake of the recorder's")
        self.out += data

    def received(self, data: bytes, now: int) -> None:
        self.back += data

    def ended(self, now: int) -> None:
        self.is_over = True


async def _upper(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(1000):
        writer.write(data.upper())
        await writer.drain()
    writer.close()


async def with_tap(
    use: Callable[[int, list[Heard], list[str]], Awaitable[None]], *, fails: bool = False
) -> None:
    server = await asyncio.start_server(_upper, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    heard: list[Heard] = []
    complaints: list[str] = []

    def recording(address: str) -> Heard:
        heard.append(Heard(address, fails))
        return heard[-1]

    nobody = listen("nobody", "127.0.0.1", 0, 1, False)
    refused = nobody.getsockname()[1]
    nobody.close()
    tap = Tap([("127.0.0.1", refused), ("127.0.0.1", port)], recording, complaints.append)
    socket = listen("tap", "127.0.0.1", 0, -1, False)
    await tap.start(socket)
    try:
        await use(socket.getsockname()[1], heard, complaints)
    finally:
        await tap.close()
        await asyncio.sleep(0.1)  # until all transports have closed
        server.close()
        await server.wait_closed()


def test_bytes_go_through_in_both_directions_and_are_recorded() -> None:
    async def use(port: int, heard: list[Heard], complaints: list[str]) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"hello ")  # perhaps before the tap has found a server
        await asyncio.sleep(0.05)
        writer.write(b"there")
        assert await reader.readexactly(11) == b"HELLO THERE"
        assert heard[0].address == "127.0.0.1"
        writer.write_eof()
        assert await reader.read() == b""
        writer.close()
        await asyncio.sleep(0.05)
        assert (heard[0].out, heard[0].back) == (b"hello there", b"HELLO THERE")
        assert heard[0].is_over
        assert len(complaints) == 1
        assert "does not take connections" in complaints[0]

    asyncio.run(with_tap(use))


def test_a_client_that_does_not_read_holds_up_its_server_and_loses_nothing() -> None:
    async def use(port: int, heard: list[Heard], complaints: list[str]) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1000)
        much = b"abcdefgh" * 8_000_000  # more than all sockets on the way hold
        sending = asyncio.ensure_future(_send(writer, much))
        before = -1
        while not heard or len(heard[0].out) != before:  # until nothing moves any more
            before = len(heard[0].out) if heard else -1
            await asyncio.sleep(0.3)
        assert not sending.done()
        assert len(heard[0].out) < len(much)
        got = bytearray()
        while len(got) < len(much):
            got += await reader.read(1 << 16)
        await sending
        assert got == much.upper()
        assert heard[0].back == much.upper()
        writer.close()

    asyncio.run(with_tap(use))


async def _send(writer: asyncio.StreamWriter, data: bytes) -> None:
    writer.write(data)
    await writer.drain()


def test_a_recorder_that_fails_is_told_of_once_and_the_bytes_go_on() -> None:
    async def use(port: int, heard: list[Heard], complaints: list[str]) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(3):
            writer.write(b"hello")
            assert await reader.readexactly(5) == b"HELLO"
        assert complaints[1:] == [
            "a connection is not recorded any more: a mistake of the recorder's"
        ]
        writer.close()

    asyncio.run(with_tap(use, fails=True))
