"""The short way of ordinary writes and the general way come to the same, byte by byte."""

from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.unit.server.world import World

from speckeeper.server.reasons import CloseReason
from speckeeper.tree.policy import Policy
from speckeeper.tree.view import TreeView
from speckeeper.wire.codes import OpCode
from speckeeper.wire.jute import INT
from speckeeper.wire.records import ACL, CREATOR_ALL, OPEN_ACL_UNSAFE, READ_ACL_UNSAFE, Id
from speckeeper.wire.requests import (
    AddWatchRequest,
    AuthRequest,
    CheckVersionRequest,
    CreateRequest,
    DeleteRequest,
    ExistsRequest,
    GetChildrenRequest,
    GetDataRequest,
    MultiRequest,
    SetACLRequest,
    SetDataRequest,
    encode_request,
)
from speckeeper.wire.txns import decode_txn

QUOTA = "/zookeeper/quota"
ODD = ["/", "", "//", "//x", "/a/", "/a//b", "/a/.", "/a/..", "a", "/a\0", "/a/\x7f", "/a/\ufff0"]
paths = st.one_of(
    st.sampled_from(["/a", "/a", "/a/b", "/a/b", "/a/b/c", "/a/d", "/é", "/a/é"]),
    st.sampled_from(["/a", "/a", "/a/b", "/a/b", "/a/b/c", "/a/d"]),
    st.sampled_from(ODD),
    st.sampled_from(["/zookeeper/x", "/zookeeperx", f"{QUOTA}/a", f"{QUOTA}/a/zookeeper_limits"]),
    st.just(f"{QUOTA}/a/zookeeper_stats"),
)
data = st.sampled_from([None, b"", b"x", b"longer than that", b"count=1,bytes=3"])
versions = st.sampled_from([-1, -1, -1, -1, 0, 1, 2, -2])
lists = st.sampled_from(
    [OPEN_ACL_UNSAFE] * 5
    + [READ_ACL_UNSAFE, CREATOR_ALL, (), (ACL(31, Id("ip", "10.0.0.1")), *OPEN_ACL_UNSAFE)]
)
flags = st.sampled_from([0] * 8 + [1, 2, 3, 4, 5, 7, -1])


def asks(op: int, *parts: st.SearchStrategy[object], record: type) -> st.SearchStrategy[object]:
    return st.tuples(st.just(op), st.builds(record, *parts).map(lambda made: encoded(op, made)))


def encoded(op: int, record: object) -> bytes:
    return encode_request(op, record)


sets = asks(OpCode.SET_DATA, paths, data, versions, record=SetDataRequest)
creates = asks(OpCode.CREATE, paths, data, lists, flags, record=CreateRequest)
others = st.one_of(
    asks(OpCode.CREATE2, paths, data, lists, flags, record=CreateRequest),
    asks(OpCode.DELETE, paths, versions, record=DeleteRequest),
    asks(OpCode.SET_ACL, paths, lists, st.just(-1), record=SetACLRequest),
    asks(OpCode.EXISTS, paths, st.booleans(), record=ExistsRequest),
    asks(OpCode.GET_DATA, paths, st.booleans(), record=GetDataRequest),
    asks(OpCode.GET_CHILDREN2, paths, st.booleans(), record=GetChildrenRequest),
    asks(OpCode.ADD_WATCH, paths, st.sampled_from([0, 1]), record=AddWatchRequest),
    st.just((OpCode.AUTH, encoded(OpCode.AUTH, AuthRequest(0, "digest", b"bob:secret")))),
    st.just((OpCode.CLOSE_SESSION, b"")),
    st.just(
        (
            OpCode.MULTI,
            encoded(
                OpCode.MULTI,
                MultiRequest(
                    (
                        (OpCode.CHECK, CheckVersionRequest("/a", 1)),
                        (OpCode.SET_DATA, SetDataRequest("/a", b"m", -1)),
                    )
                ),
            ),
        )
    ),
)


@st.composite
def damaged(draw: st.DrawFn, whole: st.SearchStrategy[tuple[int, bytes]]) -> tuple[int, bytes]:
    """A request with bytes cut off, put on, or changed."""
    op, body = draw(whole)
    how = draw(st.integers(0, 2))
    place = draw(st.integers(0, len(body)))
    if how == 0:
        return op, body[:place]
    if how == 1:
        return op, body + draw(st.binary(min_size=1, max_size=14))
    return op, body[:place] + draw(st.binary(max_size=5)) + body[place + 1 :]


plain = st.one_of(sets, sets, creates, creates)
requests = st.one_of(plain, plain, others, damaged(plain))
# (client, xid is special, requests in one chunk), or how much of the log becomes durable.
steps = st.lists(
    st.one_of(
        st.tuples(st.integers(0, 1), st.sampled_from([False] * 9 + [True]), requests),
        st.tuples(st.integers(0, 1), st.just(False), requests, requests),
        st.integers(1, 5),
        st.just(1000),
    ),
    max_size=40,
)
policies = st.sampled_from(
    [Policy()] * 4
    + [Policy(enforce_quota=True), Policy(skip_acl=True), Policy(extended_types_enabled=True)]
)


class Way:
    """A server that goes one of the two ways, and all that can be seen of it."""

    def __init__(self, ordinary: bool, policy: Policy, roots: int) -> None:
        self.world = World(policy=policy)
        ways = self.world.server._ordinary
        ways._possible = ways._possible and ordinary
        self.taken = self.ahead = 0
        take = ways.take

        def counted(*arguments: object) -> bool:
            taken = take(*arguments)
            self.taken += taken
            return taken

        ways.take = counted
        self.entries: list[tuple[int, bytes]] = []  # all that was ever logged
        take_appends = self.world.server.take_appends

        def kept() -> list[tuple[int, bytes]]:
            taken = take_appends()
            self.entries += taken
            return taken

        self.world.server.take_appends = kept
        self.clients = [self.world.client(), self.world.client()]
        self.log: list[tuple[int, bytes]] = []
        self.said: list[object] = []
        for number in range(roots):
            self.clients[0].create("/a/b"[: 2 * number + 2], b"first")
        self.clients[0].take()

    def step(self, step: object) -> None:
        world = self.world
        world.now_ms += 3
        if isinstance(step, int):
            if world.pending():
                upto = world.log[0][0] + step - 1 if step < 1000 else world.log[-1][0]
                self.answer_ahead(upto)
                world.persist(upto)
        else:
            number, is_special, *asked = step
            client = self.clients[number]
            if not asked:
                world.server.disconnect(client.connection, CloseReason.IO_ERROR)
            # What is asked together arrives together.
            xid = -8 if is_special else None
            client.feed(b"".join(client.frame(op, body=body, xid=xid) for op, body in asked))
            self.log += [entry for entry in world.pending() if entry not in self.log]
        self.said.append([client.take() for client in self.clients])

    def answer_ahead(self, upto: int) -> None:
        """Send the reply that a driver could send as soon as the log is durable."""
        server = self.world.server
        ahead = server.reply_ahead()
        if ahead is not None and server.pipeline.queue[0][0] <= upto:
            connection, frame = ahead.connection, ahead.frame
            for client in self.clients:
                if client.connection is connection:
                    client._inbox += frame
                    server.sent_ahead(ahead)
                    self.ahead += 1

    def seen(self) -> dict[str, object]:
        """Everything that a client, an operator or the disk could tell the two ways apart by."""
        server, tree = self.world.server, self.world.tree
        stats, view = server.stats, server.pipeline.view
        return {
            "said": self.said,
            "log": self.log,
            "tree": sorted(tree.walk()),
            "children": {path: node.children for path, node in tree.nodes.items()},
            "order": list(tree.nodes),
            "sizes": (tree.data_size, tree.last_processed_zxid, len(tree.acls)),
            "digest": (tree.digest, list(tree.digests.log)),
            "ephemerals": (tree.ephemerals, tree.containers, tree.ttls, tree.quotas),
            "view": (sorted(view._changes), view.staged_count, view._sessions, view._ephemerals),
            "watches": (len(server.watches.data), len(server.watches.child)),
            "kept": server.core.cache.bodies,
            "queue": [queued[0] for queued in server.pipeline.queue],
            "stats": (
                dict(stats.ops),
                (stats.packets_received, stats.packets_sent, stats.bytes_received),
                (stats.last_response_size, stats.min_response_size, stats.max_response_size),
                (stats.latency.count, stats.latency.total, stats.latency.max, stats.latency.min),
                (stats.update_latency._times, stats.read_latency._times),
                (stats.batch_size.count, stats.batch_size.total),
            ),
            "snapshot": (
                server.pipeline.snapshot_log_txns,
                server.pipeline.snapshot_log_bytes,
                server.pipeline.large_bytes,
            ),
            "clients": [
                [
                    getattr(client.connection, name)
                    for name in type(client.connection).__slots__
                    if name not in ("driver", "session", "output")
                ]
                for client in self.clients
            ],
        }


SET_A = (0, False, (OpCode.SET_DATA, encoded(OpCode.SET_DATA, SetDataRequest("/a", b"y", -1))))
CREATE_D = (
    1,
    False,
    (OpCode.CREATE, encoded(OpCode.CREATE, CreateRequest("/a/d", b"y", OPEN_ACL_UNSAFE, 0))),
)
WATCH_A = (1, False, (OpCode.ADD_WATCH, encoded(OpCode.ADD_WATCH, AddWatchRequest("/a", 1))))


READ_A, READ_D = (
    (0, False, (OpCode.GET_DATA, encoded(OpCode.GET_DATA, GetDataRequest(path, False))))
    for path in ("/a", "/a/d")
)
LONG_SET = (0, False, (OpCode.SET_DATA, SET_A[2][1] + b"behind"))
SHORT_SET = (0, False, (OpCode.SET_DATA, SET_A[2][1][:-1]))
GONE = (0, False)
CUT_OFF = (0, False, SHORT_SET[2], SET_A[2])
# Data that reaches beyond the frame, up to where the next one has its version.
BEYOND = INT.pack(2) + b"/a" + INT.pack(2 + 12 + len(SET_A[2][1]) - 4) + b"zz"
REACHING = (0, False, (OpCode.SET_DATA, BEYOND), SET_A[2])
QUOTA_STEPS = [
    (
        0,
        False,
        (OpCode.CREATE, encoded(OpCode.CREATE, CreateRequest(path, text, OPEN_ACL_UNSAFE, 0))),
    )
    for path, text in (
        (f"{QUOTA}/a", b""),
        (f"{QUOTA}/a/zookeeper_limits", b"count=-1,bytes=-1;byteHardLimit=-1;countHardLimit=2"),
        (f"{QUOTA}/a/zookeeper_stats", b"count=2,bytes=10"),
    )
]
KEPT = [READ_A, SET_A, 1000, READ_A, CREATE_D, 1000, READ_A, READ_D, SET_A, 1000, READ_A]


@settings(max_examples=60, deadline=None)
@given(steps, policies, st.integers(0, 2))
@example([*KEPT, LONG_SET, SHORT_SET, CREATE_D, 1, SET_A, 1000, READ_A], Policy(), 2)
@example([SET_A, CREATE_D] * 150, Policy(), 2)
@example([SET_A, CREATE_D, GONE, 1000, SET_A], Policy(), 2)
@example([(0, False, SET_A[2], SET_A[2]), 1000], Policy(), 2)
@example([REACHING, 1000], Policy(), 2)
@example([CUT_OFF, 1000, CREATE_D, CUT_OFF], Policy(), 2)
@example([*QUOTA_STEPS, 1000, CREATE_D, 1000], Policy(enforce_quota=True), 2)
@example([*QUOTA_STEPS, 1000, CREATE_D, SET_A, 1000], Policy(), 2)
@example([SET_A, CREATE_D, WATCH_A, SET_A, 1000], Policy(), 2)
@example([SET_A, CREATE_D, CREATE_D, SET_A, SET_A, 2, 1000], Policy(), 2)
def test_both_ways_come_to_the_same(steps: list[object], policy: Policy, roots: int) -> None:
    short, general = Way(True, policy, roots), Way(False, policy, roots)
    for step in [*steps, 1000, 1000]:
        short.step(step)
        general.step(step)
    assert general.taken == general.ahead == 0
    expected = general.seen()
    for what, value in short.seen().items():
        assert value == expected[what], what
    for _, entry in short.log:
        decode_txn(entry)


def test_ordinary_writes_do_go_the_short_way() -> None:
    way = Way(True, Policy(), 2)
    for step in (SET_A, CREATE_D, 1000):
        way.step(step)
    assert way.taken == 1 + 2  # /a/b was created below /a


def test_the_reply_of_the_only_write_is_ready_ahead() -> None:
    way = Way(True, Policy(), 2)
    for step in (SET_A, 1000, CREATE_D, 1000):
        way.step(step)
    assert way.ahead == 2
    for step in (SET_A, CREATE_D, 1000):  # two
        way.step(step)
    for step in (SET_A, WATCH_A, 1000):  # somebody else has to be told first
        way.step(step)
    assert way.ahead == 2


def test_a_watch_that_was_set_meanwhile_is_told() -> None:
    """Prepared as ordinary, finished in general."""
    way = Way(True, Policy(), 2)
    for step in (SET_A, WATCH_A, CREATE_D, 1000):
        way.step(step)
    events = [frame for _, frames in way.said for frame in frames if frame[:4] == INT.pack(-1)]
    assert way.taken == 3
    assert len(events) == 2


def test_a_log_with_digests_has_no_ordinary_writes() -> None:
    world = World()
    view = TreeView(world.tree, txn_digests=True)
    world.server.pipeline.view = view
    ways = type(world.server._ordinary)(world.server.core, world.server.pipeline)
    client = world.client()
    body = encoded(OpCode.SET_DATA, SetDataRequest("/zookeeper", b"", -1))
    assert not ways.take(
        client.connection, client.connection.session_id, 1, OpCode.SET_DATA, body, 0, len(body), 0
    )


def test_the_audit_log_sees_every_write() -> None:
    way = Way(True, Policy(), 1)
    before = way.taken
    way.world.server.pipeline.keep_bodies = True
    way.step(SET_A)
    assert way.taken == before
    assert way.world.server.pipeline.queue[0].body == SET_A[2][1]


def test_no_reply_goes_ahead_of_a_write_that_is_not_ordinary() -> None:
    """It would be answered twice: nodes under /zookeeper go the general way when applied."""
    world = World()
    client = world.client()
    for path in ("/a", "/a/b", "/zookeeper/quota/a"):
        client.send(OpCode.CREATE, CreateRequest(path, b"x", OPEN_ACL_UNSAFE, 0))
        ahead = world.server.reply_ahead()
        assert (ahead is not None) == (path == "/a/b")  # those of the root go the general way too
        world.persist()
        assert len(client.frames()) == 1
