"""Records tests/unit/wire/data: what a real Apache ZooKeeper writes and answers.

Not a test. Run it by hand, with Debian's `zookeeper` and `default-jre-headless` installed:

    python tests/unit/wire/record_corpus.py

It starts servers of its own on 127.0.0.1, has them carry out every kind of transaction, and keeps
their log, snapshot and the frames of the conversation, all gzipped.
"""

import contextlib
import gzip
import json
import pathlib
import shutil
import socket
import struct
import subprocess
import tempfile
import time
from collections.abc import Iterator

from speckeeper.wire.codes import CreateFlag, OpCode, Perms
from speckeeper.wire.handshake import (
    ConnectRequest,
    decode_connect_response,
    encode_connect_request,
)
from speckeeper.wire.records import ACL, CREATOR_ALL, OPEN_ACL_UNSAFE, READ_ACL_UNSAFE, Id
from speckeeper.wire.replies import REPLY_HEADER
from speckeeper.wire.requests import (
    REQUEST_HEADER,
    AddWatchRequest,
    AuthRequest,
    CheckVersionRequest,
    CheckWatchesRequest,
    CloseSessionRequest,
    CreateRequest,
    DeleteRequest,
    ExistsRequest,
    GetACLRequest,
    GetAllChildrenNumberRequest,
    GetChildrenRequest,
    GetDataRequest,
    GetEphemeralsRequest,
    MultiRequest,
    PingRequest,
    ReconfigRequest,
    RemoveWatchesRequest,
    Request,
    SetACLRequest,
    SetDataRequest,
    SetWatchesRequest,
    SyncRequest,
    WhoAmIRequest,
    encode_request,
)

DATA = pathlib.Path(__file__).parent / "data"
CLASS_PATH = "/usr/share/java/zookeeper.jar:/usr/share/java/*"
PORT = 27181
XIDS = {OpCode.PING: -2, OpCode.AUTH: -4, OpCode.SET_WATCHES: -8, OpCode.SET_WATCHES2: -8}

DIGEST_ACL = (
    ACL(int(Perms.ALL), Id("digest", "fred:8BSOFyrYpyhIN+XWEYYSDDSbZ1U=")),
    ACL(int(Perms.READ | Perms.CREATE), Id("ip", "127.0.0.1/8")),
)


@contextlib.contextmanager
def apache(folder: pathlib.Path, config: str, *properties: str) -> Iterator[None]:
    """Run a server on ``folder`` until the block ends; ``config`` is added to its zoo.cfg."""
    folder.mkdir(parents=True, exist_ok=True)
    cfg = folder / "zoo.cfg"
    cfg.write_text(f"dataDir={folder}\ntickTime=2000\nadmin.enableServer=false\n{config}")
    server = subprocess.Popen(
        [
            "java",
            "-Xmx256m",
            "-cp",
            CLASS_PATH,
            "-Dzookeeper.preAllocSize=64",
            "-Dznode.container.checkIntervalMs=200",
            *(f"-Dzookeeper.{name}" for name in properties),
            "org.apache.zookeeper.server.quorum.QuorumPeerMain",
            str(cfg),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        server.kill()
        server.wait()


class Client:
    """A connection that keeps every frame it sends and receives."""

    def __init__(self, frames: list[dict[str, object]]) -> None:
        self.frames = frames
        self.xid = 0
        deadline = time.monotonic() + 60
        while True:
            try:
                self.socket = socket.create_connection(("127.0.0.1", PORT), 10)
                hello = encode_connect_request(ConnectRequest(0, 0, 30000, 0, bytes(16), False))
                self.send(hello)
                answer = self.receive()
                break
            except (OSError, struct.error):
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)
        frames.append({"op": 0, "request": hello.hex(), "reply": answer.hex()})
        self.session_id = decode_connect_response(answer).session_id

    def send(self, payload: bytes) -> None:
        self.socket.sendall(struct.pack(">i", len(payload)) + payload)

    def receive(self) -> bytes:
        (length,) = struct.unpack(">i", self.read(4))
        return self.read(length)

    def read(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            more = self.socket.recv(size - len(data))
            if not more:
                raise ConnectionError("closed")
            data += more
        return data

    def call(self, op: int, request: Request) -> int:
        """Send a request, wait for its reply, and return the reply's error code."""
        self.xid += 1
        xid = XIDS.get(OpCode(op), self.xid)
        frame = REQUEST_HEADER.pack(xid, op) + encode_request(op, request)
        self.send(frame)
        while True:
            reply = self.receive()
            answered, _zxid, err = REPLY_HEADER.unpack_from(reply)
            if answered != -1:
                break
            self.frames.append({"op": -1, "request": "", "reply": reply.hex()})
        assert answered == xid, (answered, xid, op)
        self.frames.append({"op": op, "request": frame.hex(), "reply": reply.hex()})
        return int(err)


def create(path: str, data: bytes | None = b"data", flags: int = 0, ttl: int = -1) -> CreateRequest:
    return CreateRequest(path, data, OPEN_ACL_UNSAFE, flags, ttl)


def converse(client: Client) -> None:
    """Ask for everything that a standalone server can do."""
    call = client.call
    assert call(OpCode.PING, PingRequest()) == 0
    assert call(OpCode.AUTH, AuthRequest(0, "digest", b"fred:secret")) == 0
    assert call(OpCode.WHO_AM_I, WhoAmIRequest()) == 0
    assert call(OpCode.CREATE, create("/plain")) == 0
    assert call(OpCode.CREATE, create("/null", None)) == 0
    assert call(OpCode.CREATE, create("/empty", b"")) == 0
    assert call(OpCode.CREATE2, create("/two", b"2")) == 0
    assert call(OpCode.CREATE2, create("/pl\u00e4in-\u20ac", b"utf-8")) == 0
    assert call(OpCode.CREATE_CONTAINER, create("/box", b"", CreateFlag.CONTAINER)) == 0
    assert call(OpCode.CREATE, create("/box/seq-", b"", CreateFlag.PERSISTENT_SEQUENTIAL)) == 0
    ttl = CreateFlag.PERSISTENT_WITH_TTL
    assert call(OpCode.CREATE_TTL, create("/brief", b"ttl", ttl, 3_600_000)) == 0
    assert call(OpCode.CREATE, create("/mine", b"e", CreateFlag.EPHEMERAL)) == 0
    assert call(OpCode.CREATE, create("/mine-", b"e", CreateFlag.EPHEMERAL_SEQUENTIAL)) == 0
    assert call(OpCode.CREATE, CreateRequest("/secret", b"s", DIGEST_ACL, 0)) == 0
    assert call(OpCode.CREATE, CreateRequest("/own", b"s", CREATOR_ALL, 0)) == 0
    assert call(OpCode.CREATE, create("/gone")) == 0
    assert call(OpCode.DELETE, DeleteRequest("/gone", 0)) == 0
    assert call(OpCode.CREATE, create("/plain")) == -110
    assert call(OpCode.CREATE, create("/plain", b"", 99)) == -8
    assert call(OpCode.CREATE, create("/big", b"x" * 3000)) == 0
    assert call(OpCode.GET_DATA, GetDataRequest("/plain", True)) == 0
    assert call(OpCode.SET_DATA, SetDataRequest("/plain", b"new data", 0)) == 0
    assert call(OpCode.SET_DATA, SetDataRequest("/plain", b"newer data", 0)) == -103
    assert call(OpCode.SET_DATA, SetDataRequest("/null", None, -1)) == 0
    assert call(OpCode.SET_ACL, SetACLRequest("/two", READ_ACL_UNSAFE, 0)) == 0
    assert call(OpCode.GET_DATA, GetDataRequest("/null", False)) == 0
    assert call(OpCode.GET_ACL, GetACLRequest("/secret")) == 0
    assert call(OpCode.EXISTS, ExistsRequest("/brief", False)) == 0
    assert call(OpCode.EXISTS, ExistsRequest("/later", True)) == -101
    assert call(OpCode.GET_CHILDREN, GetChildrenRequest("/", True)) == 0
    assert call(OpCode.CREATE, create("/later")) == 0
    assert call(OpCode.GET_CHILDREN2, GetChildrenRequest("/zookeeper", False)) == 0
    assert call(OpCode.SYNC, SyncRequest("/plain")) == 0
    assert call(OpCode.GET_EPHEMERALS, GetEphemeralsRequest("/")) == 0
    assert call(OpCode.GET_ALL_CHILDREN_NUMBER, GetAllChildrenNumberRequest("/")) == 0
    assert call(OpCode.ADD_WATCH, AddWatchRequest("/plain", 1)) == 0
    assert call(OpCode.CHECK_WATCHES, CheckWatchesRequest("/plain", 3)) == 0
    assert call(OpCode.REMOVE_WATCHES, RemoveWatchesRequest("/plain", 3)) == 0
    assert call(OpCode.REMOVE_WATCHES, RemoveWatchesRequest("/plain", 3)) == -121
    watches = SetWatchesRequest(1, ("/plain",), ("/none",), ("/",))
    assert call(OpCode.SET_WATCHES, watches) == 0
    watches = SetWatchesRequest(10**6, (), (), (), ("/plain",), ("/box",))
    assert call(OpCode.SET_WATCHES2, watches) == 0
    good = (
        (OpCode.CREATE, create("/multi")),
        (OpCode.CREATE2, create("/multi/two")),
        (OpCode.CREATE_CONTAINER, create("/multi/box", b"", CreateFlag.CONTAINER)),
        (OpCode.CREATE_TTL, create("/multi/brief", b"", ttl, 5_000_000)),
        (OpCode.SET_DATA, SetDataRequest("/multi", b"m", 0)),
        (OpCode.CHECK, CheckVersionRequest("/multi", 1)),
        (OpCode.DELETE, DeleteRequest("/multi/two", -1)),
    )
    assert call(OpCode.MULTI, MultiRequest(good)) == 0
    bad = (
        (OpCode.CREATE, create("/multi/never")),
        (OpCode.CHECK, CheckVersionRequest("/multi", 77)),
        (OpCode.DELETE, DeleteRequest("/plain", -1)),
    )
    assert call(OpCode.MULTI, MultiRequest(bad)) == 0
    assert call(OpCode.MULTI, MultiRequest(())) == 0
    reads = (
        (OpCode.GET_DATA, GetDataRequest("/plain", False)),
        (OpCode.GET_CHILDREN, GetChildrenRequest("/multi", False)),
        (OpCode.GET_DATA, GetDataRequest("/none", False)),
    )
    assert call(OpCode.MULTI_READ, MultiRequest(reads)) == 0
    mixed = (good[0], reads[0])
    assert call(OpCode.MULTI, MultiRequest(mixed)) == -5
    # The sweeper deletes a container that has had a child and has none.
    assert call(OpCode.CREATE_CONTAINER, create("/hive", b"", CreateFlag.CONTAINER)) == 0
    assert call(OpCode.CREATE, create("/hive/bee")) == 0
    assert call(OpCode.DELETE, DeleteRequest("/hive/bee")) == 0
    while call(OpCode.EXISTS, ExistsRequest("/hive", False)) == 0:
        client.frames.pop()
        time.sleep(0.05)
    assert call(OpCode.RECONFIG, ReconfigRequest(None, "7", None, -1)) != 0


def keep(folder: pathlib.Path, prefix: str, name: str) -> None:
    """Store the newest file of that prefix as data/``name``.gz."""
    files = sorted((folder / "version-2").glob(prefix + ".*"), key=lambda p: int(p.suffix[1:], 16))
    (DATA / f"{name}.gz").write_bytes(gzip.compress(files[-1].read_bytes(), 9, mtime=0))


def main() -> None:
    """Record everything."""
    DATA.mkdir(exist_ok=True)
    base = pathlib.Path(tempfile.mkdtemp(prefix="record-corpus-"))
    standalone = f"clientPort={PORT}\nclientPortAddress=127.0.0.1\nsnapCount=100000\n"
    options = "extendedTypesEnabled=true"

    for name, more in (
        ("default", ()),
        ("no-digest", ("digest.enabled=false", "closeSessionTxn.enabled=false")),
    ):
        frames: list[dict[str, object]] = []
        with apache(base / name, standalone, options, *more):
            client = Client(frames)
            other = Client([])
            converse(client)
            other.call(OpCode.CREATE, create("/other-", b"o", CreateFlag.EPHEMERAL_SEQUENTIAL))
            client.call(OpCode.CLOSE_SESSION, CloseSessionRequest())
        keep(base / name, "log", f"log-{name}")
        # On a new start the server writes a snapshot of all it has; a session is still open in it.
        with apache(base / name, standalone, options, *more):
            Client([])
        keep(base / name, "snapshot", f"snapshot-{name}")
        if name == "default":
            lines = "".join(json.dumps(frame) + "\n" for frame in frames)
            (DATA / "frames.jsonl.gz").write_bytes(gzip.compress(lines.encode(), 9, mtime=0))

    ensemble = (
        "initLimit=10\nsyncLimit=5\nreconfigEnabled=true\nstandaloneEnabled=false\n"
        f"server.1=127.0.0.1:{PORT + 1}:{PORT + 2}:participant;127.0.0.1:{PORT}\n"
    )
    (base / "reconfig").mkdir()
    (base / "reconfig" / "myid").write_text("1\n")
    with apache(base / "reconfig", ensemble, "skipACL=yes"):
        client = Client([])
        observer = "server.2=127.0.0.1:27190:27191:observer;127.0.0.1:27192"
        assert client.call(OpCode.RECONFIG, ReconfigRequest(observer, None, None, -1)) == 0
        client.call(OpCode.CLOSE_SESSION, CloseSessionRequest())
    keep(base / "reconfig", "log", "log-reconfig")
    shutil.rmtree(base)


if __name__ == "__main__":
    main()
