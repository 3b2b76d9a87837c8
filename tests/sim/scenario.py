"""Stories as text: commands to a world, and below a line of dashes what the servers do then.

A file has blocks with an empty line between them. A block is comments (``#``), commands, a line
``----``, and the transcript that is expected. Everything takes the same time in these worlds: a
message 5 ms, the disk 2 ms. The form is that of etcd's raft (rafttest, "interaction" tests).

    world voters=3 observers=0 commit_log_count=500     build it and start all servers
    settle                      until all serve and have all that was written
    run 500ms                   let time pass
    until 1 Append 1.4          until a server does this (also if it is not shown)
    write 3                     write three times at the leader
    crash 1 2, restart 1 2      servers lose all but their disks, and come again
    cut 1 2, cut 1 -> 2         cut two off from each other, or one direction
    isolate 1, heal             cut a server off from all; mend all cuts
    reset 1 2                   break the connections between two
    checkpoint 3                take a snapshot and purge the log
    show vote PING, hide Deliver    what is told, by the word that says what it is
    ... quietly                 tell nothing of what happens during this command
    state                       tell what each server is and has
    expect leader=3 committed=5     fails if it is not so

With ``world clients=2`` there are clients 101 and 102, which do as they are told:

    connect 101 1               connect to a server, and have a session
    ask 101 create /a           also ephemeral, get, set, delete, each with its path; and sync
    disconnect 101              break its connection; it looks for another server
    isolate 101, cut 101 3      as for servers
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from speckeeper.sim.client import Client
from speckeeper.sim.disk import Latency
from speckeeper.sim.network import Delays
from speckeeper.sim.node import Node
from speckeeper.sim.options import Options
from speckeeper.sim.schedule import Schedule
from speckeeper.sim.transcript import dotted
from speckeeper.sim.world import World
from speckeeper.wire.codes import CreateFlag, OpCode
from speckeeper.wire.records import OPEN_ACL_UNSAFE
from speckeeper.wire.requests import (
    CreateRequest,
    DeleteRequest,
    GetDataRequest,
    Request,
    SetDataRequest,
    SyncRequest,
)

_EVEN = Options(delays=Delays(5, 5, slow_share=0), latency=Latency(2, 2, stall_share=0), writes=0)
_PATIENCE_MS = 20_000
_SEPARATOR = "----"
_PINGED = " gets -2 at "  # a client's ping is answered
_BYTES = re.compile(r" \d+ bytes [0-9a-f]{8}$")  # what is within some packets

# What a reader need not see to follow a story: it follows from what is shown.
_HIDDEN = {
    "<-", "vote", "PING", "Start", "Propose", "ConnectAll", "ConnectToLeader", "LearnerConnected",
    "LeaderConnected", "ConnectFailed", "Disconnected", "Close", "LogPersisted", "done:", "ReadLog",
    "LogRead", "SnapshotReceived", "Reloaded",
    "ToLeader", "FromLearner", "ToLearner", "FromLeader",
}  # fmt: skip


def _create(path: str, flag: CreateFlag) -> tuple[int, Request]:
    return OpCode.CREATE, CreateRequest(path, b"", OPEN_ACL_UNSAFE, flag)


_REQUESTS: dict[str, Callable[..., tuple[int, Request]]] = {
    "create": lambda path: _create(path, CreateFlag.PERSISTENT),
    "ephemeral": lambda path: _create(path, CreateFlag.EPHEMERAL),
    "get": lambda path: (OpCode.GET_DATA, GetDataRequest(path, True)),
    "set": lambda path: (OpCode.SET_DATA, SetDataRequest(path, b"new", -1)),
    "delete": lambda path: (OpCode.DELETE, DeleteRequest(path, -1)),
    "sync": lambda: (OpCode.SYNC, SyncRequest("/")),
}


class ScenarioError(AssertionError):
    """A command is none, or what it waits for does not happen; the text says which line."""


class Block(NamedTuple):
    """Some commands and what is expected of them."""

    line: int
    head: tuple[str, ...]  # comments and commands, as they are written
    expected: tuple[str, ...]

    def text(self, transcript: Iterator[str] | tuple[str, ...]) -> str:
        """Return the block with a transcript."""
        return "\n".join((*self.head, _SEPARATOR, *transcript))


def read_blocks(path: Path) -> list[Block]:
    """Read a file; a block without ``----`` is one whose transcript is still to be written."""
    blocks = []
    lines = path.read_text().splitlines()
    start = 0
    for end in (*(i for i, line in enumerate(lines) if not line), len(lines)):
        block = lines[start:end]
        if block:
            cut = block.index(_SEPARATOR) if _SEPARATOR in block else len(block)
            blocks.append(Block(start + 1, tuple(block[:cut]), tuple(block[cut + 1 :])))
        start = end + 1
    return blocks


class Scenario:
    """A world that is told what to do, and what it did."""

    def __init__(self) -> None:
        self._world: World | None = None
        self._hidden = {*_HIDDEN}
        self._quiet = False
        self._expected = 0
        self._told: list[str] = []
        self._awaited: str | None = None
        self._seen = False
        self._commands: dict[str, Callable[[list[str]], None]] = {
            name.removeprefix("_do_"): getattr(self, name)
            for name in dir(self)
            if name.startswith("_do_")
        }

    def run(self, block: Block) -> tuple[str, ...]:
        """Carry out a block's commands; return the transcript. Raises ScenarioError."""
        self._told = []
        for number, line in enumerate(block.head, block.line):
            if line.startswith("#"):
                continue
            command, *arguments = line.removesuffix(" quietly").split()
            self._quiet = line.endswith(" quietly")
            try:
                self._commands[command](arguments)
            except (KeyError, ValueError, IndexError, ScenarioError) as error:
                raise ScenarioError(
                    f"line {number}: {line}: {error or 'no such command'}"
                ) from None
        return tuple(self._told)

    # -- what is told

    def _log(self, line: str) -> None:
        line = line.partition(" ")[2]
        if self._awaited is not None and line.startswith(self._awaited):
            self._seen = True
        if self._quiet or _PINGED in line:
            return
        if line.startswith("client ") or self._hidden.isdisjoint(line.split()[1:4]):
            self._told.append(_BYTES.sub("", line))

    @property
    def world(self) -> World:
        if self._world is None:
            raise ScenarioError("there is no world yet")
        return self._world

    def _nodes(self, arguments: list[str]) -> list[Node]:
        return [self.world.nodes[int(argument)] for argument in arguments]

    def _pass(self, time_ms: int, done: Callable[[], bool] = lambda: False) -> bool:
        clock = self.world.clock
        return clock.run_until(clock.now_ms + time_ms, done)

    # -- commands

    def _do_world(self, arguments: list[str]) -> None:
        pairs = (argument.split("=") for argument in arguments)
        options = _EVEN._replace(**{name: int(value) for name, value in pairs})
        self._world = World(Schedule(1, options), log=self._log)
        self._world.start()

    def _do_settle(self, arguments: list[str]) -> None:
        world = self.world
        if not self._pass(
            _PATIENCE_MS, lambda: len(world.judge.order) >= self._expected and world.settled()
        ):
            raise ScenarioError(f"not settled within {_PATIENCE_MS} ms")

    def _do_run(self, arguments: list[str]) -> None:
        (time,) = arguments
        self._pass(int(time.removesuffix("ms")))

    def _do_until(self, arguments: list[str]) -> None:
        self._awaited, self._seen = " ".join(arguments), False
        if not self._pass(_PATIENCE_MS, lambda: self._seen):
            raise ScenarioError(f"it does not happen within {_PATIENCE_MS} ms")
        self._awaited = None

    def _do_write(self, arguments: list[str]) -> None:
        (count,) = arguments
        self._expected = max(self._expected, len(self.world.judge.order)) + int(count)
        for _ in range(int(count)):
            if self.world.write() is None:
                raise ScenarioError("there is no leader")

    def _do_crash(self, arguments: list[str]) -> None:
        self._expected = 0  # what is written may be lost
        for node in self._nodes(arguments):
            self.world.crash(node)

    def _do_restart(self, arguments: list[str]) -> None:
        for node in self._nodes(arguments):
            node.ensure_running()

    def _do_cut(self, arguments: list[str]) -> None:
        one, *arrow, other = arguments
        self.world.network.cut(int(one), int(other))
        if not arrow:
            self.world.network.cut(int(other), int(one))

    def _do_isolate(self, arguments: list[str]) -> None:
        self._expected = 0
        for number in map(int, arguments):
            for other in self.world.nodes:
                if other != number:
                    self._do_cut([str(number), str(other)])

    def _do_heal(self, arguments: list[str]) -> None:
        self._expected = 0
        self.world.heal()

    def _do_reset(self, arguments: list[str]) -> None:
        one, other = self._nodes(arguments)
        if not one.ports.reset_links(other):
            raise ScenarioError("there is no connection")

    def _do_checkpoint(self, arguments: list[str]) -> None:
        for node in self._nodes(arguments):
            node.checkpoint()

    def _do_show(self, arguments: list[str]) -> None:
        self._hidden -= {*arguments}

    def _do_hide(self, arguments: list[str]) -> None:
        self._hidden |= {*arguments}

    def _do_state(self, arguments: list[str]) -> None:
        for node in self.world.nodes.values():
            disk = node.disk
            does = "down" if node.peer is None else node.peer.state.name
            applied = 0 if node.peer is None else self.world.judge.applied_by(node)
            if node.peer is not None and node.serving is None:
                does += ", not serving"
            self._told.append(
                f"{node.id} {does}: {applied} transactions, disk to {dotted(disk.end)}, "
                f"epochs {disk.accepted_epoch}/{disk.current_epoch}"
            )

    def _client(self, number: str) -> Client:
        return next(client for client in self.world.clients if client.id == int(number))

    def _do_connect(self, arguments: list[str]) -> None:
        number, server = arguments
        network, client = self.world.network, self._client(number)
        others = [sid for sid in self.world.nodes if sid != int(server)]
        for sid in others:  # It tries servers in an order of its own.
            network.cut(client.id, sid)
        client.resting = True
        client.start()
        self._do_until(["client", number, "<- session"])
        for sid in others:
            network.mend(client.id, sid)

    def _do_disconnect(self, arguments: list[str]) -> None:
        (number,) = arguments
        if not self._client(number).disconnect():
            raise ScenarioError("there is no connection")

    def _do_ask(self, arguments: list[str]) -> None:
        number, what, *path = arguments
        self._client(number).ask(*_REQUESTS[what](*path))

    def _do_expect(self, arguments: list[str]) -> None:
        leader = self.world.leader()
        facts = {
            "leader": "none" if leader is None else str(leader.id),
            "committed": str(len(self.world.judge.order)),
        }
        for argument in arguments:
            name, value = argument.split("=")
            if facts[name] != value:
                raise ScenarioError(f"{name} is {facts[name]}")
