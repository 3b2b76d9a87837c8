"""Large answers of the AdminServer: in turns, one at a time, shared, for whoever is still there."""

import asyncio
import http.client
import time
from collections.abc import Callable, Iterator

import pytest
from tests.unit.ops.live import PATIENCE_S, Live

from speckeeper.ops.admin.commands import COMMANDS
from speckeeper.ops.admin.jackson import WAIT, Items, Members, in_order, pieces, pretty
from speckeeper.ops.admin.turns import Abandoned, Blocks, Busy, Turns
from speckeeper.tree.watches import WatchTable

pytestmark = pytest.mark.xdist_group("ops-server")

BUSY_S = 0.1


def here() -> bool:
    return False


def busy(begun: list[int]) -> Callable[[], Iterator[str]]:
    """Return what makes a text in `BUSY_S` of work."""

    def made() -> Iterator[str]:
        begun.append(1)
        ends = time.perf_counter() + BUSY_S
        while time.perf_counter() < ends:
            yield "x"

    return made


def test_others_have_their_turn() -> None:
    async def run() -> int:
        turns, count = Turns(), 0
        answer = asyncio.create_task(turns.make("a", busy([]), here))
        while not answer.done():
            await asyncio.sleep(0)
            count += 1
        assert b"".join(await answer).strip(b"x") == b""
        return count

    assert asyncio.run(run()) > 10


def test_who_asks_the_same_meanwhile_shares_an_answer() -> None:
    async def run() -> tuple[int, list[Blocks]]:
        turns, begun = Turns(), []
        first = asyncio.create_task(turns.make("a", busy(begun), here))
        await asyncio.sleep(BUSY_S / 10)
        # Not the one that is half made: it may lack what they have just done.
        later = await asyncio.gather(*(turns.make("a", busy(begun), here) for _ in range(50)))
        return len(begun), [await first, *later]

    count, answers = asyncio.run(run())
    assert count == 2
    assert all(each is answers[1] for each in answers[1:])
    assert answers[0] is not answers[1]


def test_nothing_is_made_for_who_has_hung_up() -> None:
    async def run() -> None:
        turns, begun, gone = Turns(), [], False
        first = asyncio.create_task(turns.make("a", busy([]), lambda: gone))
        second = asyncio.create_task(turns.make("b", busy(begun), lambda: gone))
        await asyncio.sleep(BUSY_S / 10)
        gone = True
        for each in (first, second):
            with pytest.raises(Abandoned):
                await each
        assert begun == []
        await turns.make("b", busy(begun), here)
        assert begun == [1]

    asyncio.run(run())


def test_so_many_wait_and_no_more() -> None:
    async def run() -> None:
        turns, left = Turns(2), [False, False]
        waiting = [
            asyncio.create_task(turns.make("ab"[n], busy([]), lambda n=n: left[n]))  # type: ignore[misc]
            for n in range(2)
        ]
        await asyncio.sleep(BUSY_S / 10)
        with pytest.raises(Busy):
            await turns.make("a", busy([]), here)
        left[1] = True
        await turns.make("c", busy([]), here)
        await waiting[0]

    asyncio.run(run())


def test_a_fault_reaches_all_who_wait_and_no_other() -> None:
    def fails() -> Iterator[str]:
        yield "x"
        raise LookupError

    async def run() -> None:
        turns = Turns()
        found = await asyncio.gather(
            turns.make("a", fails, here),
            turns.make("a", fails, here),
            turns.make("b", busy([]), here),
            return_exceptions=True,
        )
        assert [type(each) for each in found] == [LookupError, LookupError, tuple]

    asyncio.run(run())


def test_text_by_pieces_is_the_whole_text() -> None:
    value = {"a": {1: ["x", "ü"], 2: []}, "b": [{"c": 1}, {}], "d": {}, "e": [], "f": None}
    lazy = {
        "a": Members([WAIT, (1, Items([WAIT, "x", "ü"])), (2, Items([WAIT]))]),
        "b": Items([{"c": 1}, {}]),
        "d": Members([]),
        "e": Items([]),
        "f": None,
    }
    assert "".join(pieces(lazy)) == "".join(pieces(value)) == pretty(value)


@pytest.mark.parametrize("count", [0, 1, 999, 1000, 1001, 5000])
def test_strings_are_sorted_while_they_change(count: int) -> None:
    strings = {f"/{number * 7919 % 5003}" for number in range(count)}
    expected, waits = sorted(strings), 0
    found = []
    for each in in_order(strings):
        strings.clear()
        if each is WAIT:
            waits += 1
        else:
            found.append(each)
    assert (found, waits) == (expected, -(-count // 1000))


def test_watches_may_change_while_they_are_told() -> None:
    table: WatchTable[str] = WatchTable()
    for number in range(9):
        table.add(f"/{number}", "a")
        table.add(f"/{number}", "b" if number else "c")
    told = table.by_path()
    assert next(told) == ("/0", ["a", "c"])
    table.remove_watcher("b")
    table.trigger("/1")
    table.add("/new", "a")
    assert [path for path, _ in told] == [f"/{number}" for number in range(2, 9)]
    watchers = table.sets_by_watcher()
    assert next(watchers)[0] == "a"
    table.remove_watcher("c")
    assert list(watchers) == []


def test_which_commands_are_made_in_turns(server: Live) -> None:
    large = {command.names[0] for command in COMMANDS if command.large}
    assert large == {"connections", "dump", "stats", "watches", "watches_by_path"}
    connection = http.client.HTTPConnection("127.0.0.1", server.admin_port, timeout=PATIENCE_S)
    for name in large:  # on one connection: each is as long as it says
        for method in ("GET", "HEAD", "GET"):
            connection.request(method, f"/commands/{name}")
            response = connection.getresponse()
            length = int(response.headers["Content-Length"])
            assert response.headers["Content-Type"] == "application/json; charset=utf-8"
            assert len(response.read()) == (0 if method == "HEAD" else length)
    connection.close()
