"""Polling: the loop stays awake while there is progress, and only then."""

import asyncio
from pathlib import Path

import pytest

from speckeeper.net import polling
from speckeeper.net.polling import LIVELY, Polling
from speckeeper.net.wakefulness import LONE, Vigil, Wakefulness


class Turns:
    """Counts the turns of the loop that polling asks for, with a clock of its own."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, processors: int = 2) -> None:
        monkeypatch.setattr(polling, "processors", lambda: processors)
        monkeypatch.setattr(polling, "monotonic_ns", lambda: self.now_ns)
        self.now_ns = 1
        self.progress = 0

    async def make(self) -> Polling:
        return Polling(asyncio.get_running_loop(), lambda: self.progress)


async def turns(count: int = 3) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


def test_it_polls_while_requests_follow_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario() -> None:
        world = Turns(monkeypatch)
        it = await world.make()
        world.progress = LIVELY
        it.tick()
        for _ in range(10):
            world.progress += 1
            world.now_ns += polling.PATIENCE_NS
            await turns()
            assert it.active
        world.now_ns += polling.PATIENCE_NS + 1
        await turns()
        assert not it.active
        world.progress += LIVELY
        it.tick()
        assert it.active

    asyncio.run(scenario())


def test_processors_are_kept_awake_while_a_client_alone_writes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    device = tmp_path / "latency"
    device.write_bytes(b"")

    async def scenario() -> None:
        world = Turns(monkeypatch)
        await world.make()
        awake, lone = Wakefulness(device), 0
        vigil = Vigil(lambda: lone, awake)
        it = Polling(asyncio.get_running_loop(), lambda: world.progress, vigil)
        it.tick()
        assert not awake.held
        world.progress += LIVELY
        it.tick()  # others ask
        assert it.active
        assert not awake.held
        for _ in range(3):
            world.progress += LONE
            lone += LONE
            await turns()
            it.tick()
            assert awake.held
        assert device.read_bytes() == bytes(4)
        lone += LONE - 1
        it.tick()
        assert not awake.held
        lone += LONE
        it.tick()
        assert awake.held
        it.stop()
        assert not awake.held
        await turns()
        assert not it.active

    asyncio.run(scenario())


def test_without_the_permission_processors_sleep(tmp_path: Path) -> None:
    awake = Wakefulness(tmp_path / "no such device")
    for _ in range(2):
        awake.hold()
        assert not awake.held
        awake.release()


def test_a_quiet_server_sleeps(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario() -> None:
        world = Turns(monkeypatch)
        it = await world.make()
        for _ in range(3):
            world.progress += LIVELY - 1
            it.tick()
            assert not it.active

    asyncio.run(scenario())


def test_one_processor_is_left_to_the_client(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario() -> None:
        world = Turns(monkeypatch, processors=1)
        it = await world.make()
        world.progress = LIVELY
        it.tick()
        assert not it.active

    asyncio.run(scenario())
