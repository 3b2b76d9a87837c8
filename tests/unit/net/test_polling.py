"""Polling: the loop stays awake while there is progress, and only then."""

import asyncio

import pytest

from speckeeper.net import polling
from speckeeper.net.polling import LIVELY, Polling


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
