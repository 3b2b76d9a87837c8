"""What clients ask for: few nodes, so that they collide; drawn for each client apart."""

from __future__ import annotations

from random import Random

from speckeeper.sim.judge_facts import PAIR, SEQUENCE
from speckeeper.wire.codes import CreateFlag, OpCode
from speckeeper.wire.records import OPEN_ACL_UNSAFE
from speckeeper.wire.requests import (
    CheckVersionRequest,
    CloseSessionRequest,
    CreateRequest,
    DeleteRequest,
    ExistsRequest,
    GetChildrenRequest,
    GetDataRequest,
    MultiRequest,
    Request,
    SetDataRequest,
    SyncRequest,
)

_NODES = ("/a", "/b", "/a/x", "/e1", "/e2")
_WEIGHTS = {
    "set": 12,
    "get": 12,
    "exists": 8,
    "children": 6,
    "create": 8,
    "ephemeral": 8,
    "sequential": 6,
    "delete": 6,
    "pair": 5,
    "multi": 3,
    "sync": 4,
    "unsequence": 3,
    "close": 1,
}
_WATCHED = 0.4

_Op = tuple[int, Request]


class ClientWorkload:
    """The requests of one client. ``rest_ms``: how long it rests between two, on average."""

    def __init__(self, rng: Random, number: int, rest_ms: int) -> None:
        self._rng = rng
        self._number = number
        self._rest_ms = rest_ms
        self._count = 0
        self._kinds = [*_WEIGHTS]
        self._weights = [*_WEIGHTS.values()]

    def pause_ms(self) -> int:
        """Return how long the client rests now."""
        return int(self._rng.expovariate(1) * self._rest_ms)

    def next(self) -> _Op:
        """Return the next operation and its request."""
        self._count += 1
        rng = self._rng
        kind = rng.choices(self._kinds, self._weights)[0]
        path = rng.choice(_NODES)
        watch = rng.random() < _WATCHED
        data = b"%d.%d" % (self._number, self._count)
        if kind == "set":
            return OpCode.SET_DATA, SetDataRequest(path, data, rng.choice((-1, -1, -1, 0, 1)))
        if kind == "get":
            return OpCode.GET_DATA, GetDataRequest(rng.choice((*_NODES, *PAIR)), watch)
        if kind == "exists":
            return OpCode.EXISTS, ExistsRequest(path, watch)
        if kind == "children":
            return OpCode.GET_CHILDREN2, GetChildrenRequest(
                rng.choice(("/", "/a", SEQUENCE)), watch
            )
        if kind == "create":
            flags = CreateFlag.PERSISTENT
            return OpCode.CREATE, _create(rng.choice((*_NODES[:3], SEQUENCE)), data, flags)
        if kind == "ephemeral":
            return OpCode.CREATE, _create(path, data, CreateFlag.EPHEMERAL)
        if kind == "sequential":
            flags = rng.choice((CreateFlag.PERSISTENT_SEQUENTIAL, CreateFlag.EPHEMERAL_SEQUENTIAL))
            return OpCode.CREATE, _create(f"{SEQUENCE}/n", data, flags)
        if kind == "delete":
            return OpCode.DELETE, DeleteRequest(path, -1)
        if kind == "pair":
            return OpCode.MULTI, self._pair(data)
        if kind == "multi":
            return OpCode.MULTI, self._multi(path, data)
        if kind == "sync":
            return OpCode.SYNC, SyncRequest("/")
        if kind == "unsequence":
            name = f"{SEQUENCE}/n{rng.randint(0, 20):010}"
            return OpCode.DELETE, DeleteRequest(name, -1)
        return OpCode.CLOSE_SESSION, CloseSessionRequest()

    def _pair(self, data: bytes) -> MultiRequest:
        """Write both of the pair, whether they are there or not; or one of both and fail."""
        draw = self._rng.random()
        ops: list[_Op]
        if draw < 0.3:
            ops = [(OpCode.CREATE, _create(path, data, CreateFlag.PERSISTENT)) for path in PAIR]
        elif draw < 0.4:
            ops = [(OpCode.DELETE, DeleteRequest(path, -1)) for path in PAIR]
        else:
            ops = [(OpCode.SET_DATA, SetDataRequest(path, data, -1)) for path in PAIR]
        if draw > 0.9:
            ops.insert(1, (OpCode.CHECK, CheckVersionRequest(SEQUENCE, 77)))
        return MultiRequest(tuple(ops))

    def _multi(self, path: str, data: bytes) -> MultiRequest:
        """Replace a node, or fail."""
        return MultiRequest(
            (
                (OpCode.DELETE, DeleteRequest(path, -1)),
                (OpCode.CREATE, _create(path, data, self._rng.choice((0, 1)))),
                (OpCode.SET_DATA, SetDataRequest(path, data + b"'", 0)),
            )
        )


def _create(path: str, data: bytes, flags: int) -> CreateRequest:
    return CreateRequest(path, data, OPEN_ACL_UNSAFE, int(flags))
