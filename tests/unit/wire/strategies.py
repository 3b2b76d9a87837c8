"""Hypothesis strategies for the records of speckeeper.wire, and for bytes that are almost right."""

from collections.abc import Callable

from hypothesis import strategies as st

from speckeeper.wire import records, replies, requests, txns
from speckeeper.wire.codes import OpCode

ints = st.integers(-(2**31), 2**31 - 1)
longs = st.integers(-(2**63), 2**63 - 1)
texts = st.text(max_size=20)
paths = st.one_of(
    st.sampled_from(["/", "/a", "/a/b", "", "/caf\u00e9", "/\U0001f600"]), st.text(max_size=30)
)
data = st.one_of(st.none(), st.binary(max_size=40))
ids = st.builds(records.Id, texts, texts)
acls = st.one_of(
    st.sampled_from(
        [records.OPEN_ACL_UNSAFE, records.READ_ACL_UNSAFE, records.CREATOR_ALL, ()],
    ),
    st.lists(st.builds(records.ACL, ints, ids), max_size=3).map(tuple),
)
stats = st.builds(
    records.Stat, longs, longs, longs, longs, ints, ints, ints, longs, ints, ints, longs
)
path_lists = st.lists(paths, max_size=4).map(tuple)

creates = st.builds(requests.CreateRequest, paths, data, acls, ints, st.just(-1))
deletes = st.builds(requests.DeleteRequest, paths, ints)
set_datas = st.builds(requests.SetDataRequest, paths, data, ints)
checks = st.builds(requests.CheckVersionRequest, paths, ints)
get_children = st.builds(requests.GetChildrenRequest, paths, st.booleans())


def _with_flags(*flags: int) -> st.SearchStrategy[requests.CreateRequest]:
    return st.builds(requests.CreateRequest, paths, data, acls, st.sampled_from(flags), st.just(-1))


multi_writes = st.one_of(
    st.tuples(st.sampled_from([OpCode.CREATE, OpCode.CREATE2]), _with_flags(0, 1, 2, 3)),
    st.tuples(st.just(OpCode.CREATE_CONTAINER), _with_flags(4)),
    st.tuples(
        st.just(OpCode.CREATE_TTL),
        st.builds(requests.CreateRequest, paths, data, acls, st.sampled_from([5, 6]), longs),
    ),
    st.tuples(st.just(OpCode.DELETE), deletes),
    st.tuples(st.just(OpCode.SET_DATA), set_datas),
    st.tuples(st.just(OpCode.CHECK), checks),
)
multi_reads = st.one_of(
    st.tuples(st.just(OpCode.GET_DATA), st.builds(requests.GetDataRequest, paths, st.just(False))),
    st.tuples(
        st.just(OpCode.GET_CHILDREN),
        st.builds(requests.GetChildrenRequest, paths, st.just(False)),
    ),
)


def _multis(ops: st.SearchStrategy[object]) -> st.SearchStrategy[requests.MultiRequest]:
    return st.builds(requests.MultiRequest, st.lists(ops, max_size=4).map(tuple))


#: What a client may send, for each operation that has a request.
REQUESTS: dict[OpCode, st.SearchStrategy[requests.Request]] = {
    OpCode.CREATE: creates,
    OpCode.CREATE2: creates,
    OpCode.CREATE_CONTAINER: creates,
    OpCode.CREATE_TTL: st.builds(requests.CreateRequest, paths, data, acls, ints, longs),
    OpCode.DELETE: deletes,
    OpCode.DELETE_CONTAINER: st.builds(requests.DeleteRequest, paths, st.just(-1)),
    OpCode.EXISTS: st.builds(requests.ExistsRequest, paths, st.booleans()),
    OpCode.GET_DATA: st.builds(requests.GetDataRequest, paths, st.booleans()),
    OpCode.GET_CHILDREN: get_children,
    OpCode.GET_CHILDREN2: get_children,
    OpCode.SET_DATA: set_datas,
    OpCode.GET_ACL: st.builds(requests.GetACLRequest, paths),
    OpCode.SET_ACL: st.builds(requests.SetACLRequest, paths, acls, ints),
    OpCode.SYNC: st.builds(requests.SyncRequest, st.none() | paths),
    OpCode.CHECK: checks,
    OpCode.MULTI: _multis(multi_writes),
    OpCode.MULTI_READ: _multis(multi_reads),
    OpCode.SET_WATCHES: st.builds(
        requests.SetWatchesRequest,
        longs,
        path_lists,
        path_lists,
        path_lists,
        st.just(()),
        st.just(()),
    ),
    OpCode.SET_WATCHES2: st.builds(
        requests.SetWatchesRequest,
        longs,
        path_lists,
        path_lists,
        path_lists,
        path_lists,
        path_lists,
    ),
    OpCode.ADD_WATCH: st.builds(requests.AddWatchRequest, paths, ints),
    OpCode.CHECK_WATCHES: st.builds(requests.CheckWatchesRequest, paths, ints),
    OpCode.REMOVE_WATCHES: st.builds(requests.RemoveWatchesRequest, paths, ints),
    OpCode.GET_EPHEMERALS: st.builds(requests.GetEphemeralsRequest, st.none() | paths),
    OpCode.GET_ALL_CHILDREN_NUMBER: st.builds(requests.GetAllChildrenNumberRequest, paths),
    OpCode.WHO_AM_I: st.builds(requests.WhoAmIRequest),
    OpCode.PING: st.builds(requests.PingRequest),
    OpCode.AUTH: st.builds(requests.AuthRequest, ints, texts, data),
    OpCode.SASL: st.builds(requests.SaslRequest, data),
    OpCode.RECONFIG: st.builds(
        requests.ReconfigRequest,
        st.none() | texts,
        st.none() | texts,
        st.none() | texts,
        longs,
    ),
    OpCode.CREATE_SESSION: st.builds(requests.CreateSessionRequest, ints),
    OpCode.CLOSE_SESSION: st.builds(requests.CloseSessionRequest),
}

requests_with_op = st.one_of(
    [st.tuples(st.just(op), strategy) for op, strategy in REQUESTS.items()]
)

_create_txns = st.builds(txns.CreateTxn, paths, data, acls, st.booleans(), ints)
_set_data_txns = st.builds(txns.SetDataTxn, paths, data, ints)
_delete_txns = st.builds(txns.DeleteTxn, paths)

SUB_RECORDS: dict[OpCode, st.SearchStrategy[txns.Record]] = {
    OpCode.CREATE: _create_txns,
    OpCode.CREATE2: _create_txns,
    OpCode.CREATE_CONTAINER: st.builds(txns.CreateContainerTxn, paths, data, acls, ints),
    OpCode.CREATE_TTL: st.builds(txns.CreateTTLTxn, paths, data, acls, ints, longs),
    OpCode.DELETE: _delete_txns,
    OpCode.DELETE_CONTAINER: _delete_txns,
    OpCode.SET_DATA: _set_data_txns,
    OpCode.RECONFIG: _set_data_txns,
    OpCode.SET_ACL: st.builds(txns.SetACLTxn, paths, acls, ints),
    OpCode.CHECK: st.builds(txns.CheckTxn, paths, ints),
    OpCode.ERROR: st.builds(txns.ErrorTxn, ints),
}
#: The record that goes with each type of transaction.
RECORDS: dict[OpCode, st.SearchStrategy[txns.Record]] = {
    **SUB_RECORDS,
    OpCode.CREATE_SESSION: st.builds(txns.CreateSessionTxn, ints),
    OpCode.CLOSE_SESSION: st.builds(
        txns.CloseSessionTxn,
        st.none() | st.lists(st.text(min_size=2, max_size=9), max_size=3).map(tuple),
    ),
    OpCode.MULTI: st.builds(
        txns.MultiTxn,
        st.lists(
            st.one_of(
                [st.builds(txns.SubTxn, st.just(op), record) for op, record in SUB_RECORDS.items()]
            ),
            max_size=4,
        ).map(tuple),
    ),
}
digests = st.none() | st.builds(txns.TxnDigest, st.just(2), st.integers(0, 2**64 - 1))
transactions = st.one_of(
    [
        st.builds(
            txns.Txn,
            st.builds(txns.TxnHeader, longs, ints, longs, longs, st.just(op)),
            record,
            digests,
        )
        for op, record in RECORDS.items()
    ]
)

results = st.one_of(
    st.builds(replies.CreateResult, paths),
    st.builds(replies.Create2Result, paths, stats),
    st.builds(replies.DeleteResult),
    st.builds(replies.CheckResult),
    st.builds(replies.SetDataResult, stats),
    st.builds(replies.GetDataResult, data, stats),
    st.builds(replies.GetChildrenResult, path_lists),
    st.builds(replies.ErrorResult, ints),
)


def mutated(valid: st.SearchStrategy[bytes]) -> st.SearchStrategy[bytes]:
    """Return valid bytes with a few bytes changed, put in or left out, or with the end missing."""
    position = st.integers(0, 10**6)
    value = st.one_of(st.sampled_from([0x00, 0x01, 0x7F, 0x80, 0xFF]), st.integers(0, 255))

    def edit(kind: int, at: int, byte: int) -> Callable[[bytes], bytes]:
        def apply(raw: bytes) -> bytes:
            where = at % (len(raw) + 1)
            if kind == 0:
                return raw[:where] + bytes([byte]) + raw[where + 1 :]
            if kind == 1:
                return raw[:where] + bytes([byte]) + raw[where:]
            if kind == 2:
                return raw[:where] + raw[where + 1 :]
            return raw[:where]

        return apply

    edits = st.lists(st.builds(edit, st.integers(0, 3), position, value), min_size=1, max_size=3)

    def run(raw: bytes, steps: list[Callable[[bytes], bytes]]) -> bytes:
        for step in steps:
            raw = step(raw)
        return raw

    return st.builds(run, valid, edits)
