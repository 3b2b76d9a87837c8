"""Prepare: a request becomes a transaction, or an error that is a transaction too.

One function for each operation, a list of checks in ZooKeeper's order: the first that fails decides
the error. They look at a :class:`TreeView`, so at the tree with everything in it that is already on
its way. Nothing is changed here and nothing raises: who calls lays the transaction over the view
(``TreeView.stage``) and logs it.

Refused requests take a zxid like any other. Sessions have moved before this: the server has dropped
a request that came over a connection which is no longer its session's.

Versions grow as in 3.9: by one, wrapping; 3.10 skips -1 (ZOOKEEPER-4743). Unknown sessions are
answered SessionExpired as by the leader of an ensemble, where a standalone ZooKeeper drops the
request. createTTL with flags that are not a TTL mode is BadArguments; ZooKeeper logs a transaction
that it cannot apply.

Source: ZooKeeper ``PrepRequestProcessor.pRequest2Txn``, ``pRequest2TxnCreate``, ``pRequestHelper``.
"""

from collections.abc import Callable, Generator
from typing import Any, NamedTuple

from speckeeper.tree import quota
from speckeeper.tree.acl import (
    ADMIN,
    CREATE,
    DELETE,
    READ,
    WRITE,
    check_acl,
    fix_up_acl,
    stored_bytes,
)
from speckeeper.tree.ephemeral import is_ephemeral, is_valid_ttl
from speckeeper.tree.node import int32
from speckeeper.tree.paths import CONFIG, SPECIAL_PATHS, parent_of, validate_path
from speckeeper.tree.policy import Policy
from speckeeper.tree.view import TreeView
from speckeeper.wire.codes import CreateFlag, ErrorCode, OpCode
from speckeeper.wire.records import OPEN_ACL_UNSAFE, Id
from speckeeper.wire.txns import (
    CheckTxn,
    CloseSessionTxn,
    CreateContainerTxn,
    CreateSessionTxn,
    CreateTTLTxn,
    CreateTxn,
    DeleteTxn,
    ErrorTxn,
    MultiTxn,
    Record,
    SetACLTxn,
    SetDataTxn,
    SubTxn,
    Txn,
    TxnHeader,
)


class Request(NamedTuple):
    """A write that a client or the server itself asks for, with the zxid and time it gets.

    ``op`` is an OpCode, ``record`` the request record of that operation (None for closeSession will
    do), ``auth_ids`` who the client has proven to be. A ``local_session`` is known to one server
    only.
    """

    session_id: int
    cxid: int
    op: int
    record: Any
    auth_ids: tuple[Id, ...]
    zxid: int
    time_ms: int
    local_session: bool = False


Outcome = Record | ErrorCode

_SESSION_EXPIRED = ErrorCode.SESSION_EXPIRED
_EPHEMERAL = frozenset((int(CreateFlag.EPHEMERAL), int(CreateFlag.EPHEMERAL_SEQUENTIAL)))
_SEQUENTIAL = frozenset(
    int(flag)
    for flag in (
        CreateFlag.PERSISTENT_SEQUENTIAL,
        CreateFlag.EPHEMERAL_SEQUENTIAL,
        CreateFlag.PERSISTENT_SEQUENTIAL_WITH_TTL,
    )
)
_TTL = frozenset(
    (int(CreateFlag.PERSISTENT_WITH_TTL), int(CreateFlag.PERSISTENT_SEQUENTIAL_WITH_TTL))
)
_FLAGS = frozenset(int(flag) for flag in CreateFlag)
_CREATE_CONTAINER = int(OpCode.CREATE_CONTAINER)
_CREATE_TTL = int(OpCode.CREATE_TTL)
_ERROR = int(OpCode.ERROR)
_ANY_VERSION = -1
_NO_TTL = -1

# A step of a multi: about a millisecond.
_PARTS_OF_A_STEP = 256

_CREATES = (CreateTxn, CreateContainerTxn, CreateTTLTxn)

_new = tuple.__new__  # makes a NamedTuple in half the time of its own constructor


def prepare(view: TreeView, request: Request, policy: Policy) -> Txn:
    """Return the transaction for a request, of type ERROR where it is refused.

    A refused multi is of type MULTI all the same, with errors in it. The view is not changed.
    """
    session_id, cxid, op, _, _, zxid, time_ms, _ = request
    check = _PREPARE.get(op)
    outcome = ErrorCode.UNIMPLEMENTED if check is None else check(view, request, policy)
    if type(outcome) is ErrorCode:
        return refuse(request, outcome)
    header = _new(TxnHeader, (session_id, cxid, zxid, time_ms, op))
    return _new(Txn, (header, outcome, None))


def prepare_in_steps(
    view: TreeView, request: Request, policy: Policy
) -> Generator[None, None, Txn]:
    """Do the same for a multi a part at a time; nothing may be staged on the view meanwhile.

    What is staged already may be applied.
    """
    outcome = yield from _parts_in_steps(view, request, policy)
    if isinstance(outcome, ErrorCode):
        return refuse(request, outcome)
    header = TxnHeader(request.session_id, request.cxid, request.zxid, request.time_ms, request.op)
    return Txn(header, outcome, None)


def refuse(request: Request, code: int) -> Txn:
    """Return the transaction that stands for a refused request.

    The server needs it for what it refuses itself, such as a body that cannot be decoded
    (MARSHALLING_ERROR).
    """
    header = TxnHeader(request.session_id, request.cxid, request.zxid, request.time_ms, _ERROR)
    return Txn(header, ErrorTxn(int(code)))


def keep_readable(request: Request, txn: Txn) -> Txn:
    """Return what to log instead of a transaction that no ZooKeeper could read from its log again.

    A session ends all the same: without the names of its nodes, as ``closeSessionTxn.enabled=no``
    has it. Anything else is refused, as InvalidACL where an ``auth`` entry made it long.
    """
    if isinstance(txn.record, CloseSessionTxn):
        return txn._replace(record=CloseSessionTxn(None))
    record = request.record
    parts = [part for _, part in record.ops] if request.op == OpCode.MULTI else [record]
    lists = [getattr(part, "acl", ()) for part in parts]
    grew = any(entry.id.scheme == "auth" for acl in lists for entry in acl)
    return refuse(request, ErrorCode.INVALID_ACL if grew else ErrorCode.MARSHALLING_ERROR)


def _create(view: TreeView, request: Request, policy: Policy) -> Outcome:
    session_id, _, op, record, auth_ids, _, _, is_local = request
    path, data, acl, flags, ttl = record
    if flags not in _FLAGS:
        return ErrorCode.BAD_ARGUMENTS
    if flags in _TTL and not policy.extended_types_enabled:
        return ErrorCode.UNIMPLEMENTED
    if not is_valid_ttl(ttl) if flags in _TTL else ttl >= 0 or op == _CREATE_TTL:
        return ErrorCode.BAD_ARGUMENTS
    if not (view.session_lives(session_id) or is_local):
        return ErrorCode.SESSION_EXPIRED
    is_for_session = flags in _EPHEMERAL
    if is_for_session and is_local:
        return ErrorCode.EPHEMERAL_ON_LOCAL_SESSION
    if "/" not in path or "\0" in path:
        return ErrorCode.BAD_ARGUMENTS
    fixed_acl = acl if acl is OPEN_ACL_UNSAFE else fix_up_acl(policy, auth_ids, acl)
    if fixed_acl is None:
        return ErrorCode.INVALID_ACL
    parent = view.find(path[: path.rfind("/")])
    if parent is None:
        return ErrorCode.NO_NODE
    if parent.acl is not OPEN_ACL_UNSAFE and not check_acl(
        policy, parent.acl, CREATE, auth_ids, view.decided
    ):
        return ErrorCode.NO_AUTH
    if flags in _SEQUENTIAL:
        path = f"{path}{parent.staged_cversion:010d}"
    if validate_path(path) is not None:
        return ErrorCode.BAD_ARGUMENTS
    if view.find(path) is not None:
        return ErrorCode.NODE_EXISTS
    if parent.ephemeral_owner and is_ephemeral(parent.ephemeral_owner):
        return ErrorCode.NO_CHILDREN_FOR_EPHEMERALS
    if policy.enforce_quota:
        quota_error = _quota_error(view, path, 1, len(data or b""))
        if quota_error is not None:
            return quota_error
    cversion = int32(parent.staged_cversion + 1)
    if op == _CREATE_CONTAINER:
        return CreateContainerTxn(path, data, fixed_acl, cversion)
    if op == _CREATE_TTL:
        return CreateTTLTxn(path, data, fixed_acl, cversion, ttl)
    return _new(CreateTxn, (path, data, fixed_acl, is_for_session, cversion))


def _delete(view: TreeView, request: Request, policy: Policy) -> Outcome:
    path, version = request.record
    if not _session_lives(view, request):
        return ErrorCode.SESSION_EXPIRED
    if not _may_be_deleted(path):
        return ErrorCode.BAD_ARGUMENTS
    parent = view.find(parent_of(path))
    if parent is None:
        return ErrorCode.NO_NODE
    if not check_acl(policy, parent.acl, DELETE, request.auth_ids, view.decided):
        return ErrorCode.NO_AUTH
    node = view.find(path)
    if node is None:
        return ErrorCode.NO_NODE
    if version not in (_ANY_VERSION, node.version):
        return ErrorCode.BAD_VERSION
    if node.num_children > 0:
        return ErrorCode.NOT_EMPTY
    return DeleteTxn(path)


def _delete_container(view: TreeView, request: Request, policy: Policy) -> Outcome:
    """Delete what the sweeper found unused; it asks without a session and for everybody."""
    path = request.record.path
    if not _may_be_deleted(path):
        return ErrorCode.BAD_ARGUMENTS
    node = view.find(path)
    if node is None:
        return ErrorCode.NO_NODE
    if node.num_children > 0:
        return ErrorCode.NOT_EMPTY
    if is_ephemeral(node.ephemeral_owner):
        return ErrorCode.BAD_VERSION
    return DeleteTxn(path)


def _set_data(view: TreeView, request: Request, policy: Policy) -> Outcome:
    session_id, _, _, record, auth_ids, _, _, is_local = request
    path, data, version = record
    if not (view.session_lives(session_id) or is_local):
        return ErrorCode.SESSION_EXPIRED
    node = view.find(path)
    if node is None or not path:
        return _why_no_node(path)
    if node.acl is not OPEN_ACL_UNSAFE and not check_acl(
        policy, node.acl, WRITE, auth_ids, view.decided
    ):
        return ErrorCode.NO_AUTH
    if policy.enforce_quota:
        quota_error = _quota_error(view, path, 0, len(data or b"") - len(node.data or b""))
        if quota_error is not None:
            return quota_error
    if version not in (_ANY_VERSION, node.version):
        return ErrorCode.BAD_VERSION
    return _new(SetDataTxn, (path, data, int32(node.version + 1)))


def _set_acl(view: TreeView, request: Request, policy: Policy) -> Outcome:
    path, acl, version = request.record
    if not _session_lives(view, request):
        return ErrorCode.SESSION_EXPIRED
    if validate_path(path) is not None:
        return ErrorCode.BAD_ARGUMENTS
    fixed_acl = fix_up_acl(policy, request.auth_ids, acl)
    if fixed_acl is None:
        return ErrorCode.INVALID_ACL
    node = view.find(path)
    if node is None:
        return ErrorCode.NO_NODE
    if not check_acl(policy, node.acl, ADMIN, request.auth_ids, view.decided):
        return ErrorCode.NO_AUTH
    if version not in (_ANY_VERSION, node.aversion):
        return ErrorCode.BAD_VERSION
    return SetACLTxn(path, fixed_acl, int32(node.aversion + 1))


def _check(view: TreeView, request: Request, policy: Policy) -> Outcome:
    path, version = request.record
    if not _session_lives(view, request):
        return ErrorCode.SESSION_EXPIRED
    if validate_path(path) is not None:
        return ErrorCode.BAD_ARGUMENTS
    node = view.find(path)
    if node is None:
        return ErrorCode.NO_NODE
    if not check_acl(policy, node.acl, READ, request.auth_ids, view.decided):
        return ErrorCode.NO_AUTH
    if version not in (_ANY_VERSION, node.version):
        return ErrorCode.BAD_VERSION
    return CheckTxn(path, int32(node.version + 1))


def _reconfig(view: TreeView, request: Request, policy: Policy) -> Outcome:
    """Let those who know the ensemble judge; a standalone server has none to change.

    The node's permission is looked at last, as in ZooKeeper.
    """
    if not policy.reconfig_enabled:
        return ErrorCode.RECONFIG_DISABLED
    if not _session_lives(view, request):
        return ErrorCode.SESSION_EXPIRED
    if view.reconfigure is None:
        return ErrorCode.UNIMPLEMENTED
    text = view.reconfigure(request.record, request.zxid)
    if isinstance(text, ErrorCode):
        return text
    node = view.find(CONFIG)
    if node is None:
        return ErrorCode.NO_NODE
    if not check_acl(policy, node.acl, WRITE, request.auth_ids, view.decided):
        return ErrorCode.NO_AUTH
    return SetDataTxn(CONFIG, text, _ANY_VERSION)


def _create_session(view: TreeView, request: Request, policy: Policy) -> Outcome:
    return CreateSessionTxn(request.record.timeout)


def _close_session(view: TreeView, request: Request, policy: Policy) -> Outcome:
    """Name the nodes that go with the session; expiry asks for this too, so it need not live."""
    if not policy.close_session_txn_enabled:
        return CloseSessionTxn(None)
    return CloseSessionTxn(tuple(view.ephemerals_of(request.session_id)))


def _multi(view: TreeView, request: Request, policy: Policy) -> Outcome:
    steps = _parts_in_steps(view, request, policy)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            outcome: Outcome = end.value
            return outcome


def _parts_in_steps(
    view: TreeView, request: Request, policy: Policy
) -> Generator[None, None, Outcome]:
    """Prepare the parts one after the other, each on top of those before it; one error fails all.

    Parts before the one that fails stay what they are, so that apply can tell them from those after
    it, which are RuntimeInconsistency.
    """
    session_id, cxid, op, record, auth_ids, zxid, time_ms, local = request
    header = TxnHeader(session_id, cxid, zxid, time_ms, op)
    fork = view.fork()
    room = policy.largest_transaction
    parts: list[SubTxn] = []
    failed = False
    for sub_op, sub_record in record.ops:
        if len(parts) % _PARTS_OF_A_STEP == _PARTS_OF_A_STEP - 1:
            yield
        if failed:
            parts.append(SubTxn(_ERROR, ErrorTxn(int(ErrorCode.RUNTIME_INCONSISTENCY))))
            continue
        check = _PREPARE_IN_MULTI.get(sub_op)
        if check is None:
            return ErrorCode.MARSHALLING_ERROR
        part = Request(session_id, cxid, sub_op, sub_record, auth_ids, zxid, time_ms, local)
        outcome = check(fork, part, policy)
        if outcome is ErrorCode.MARSHALLING_ERROR:
            return outcome
        if isinstance(outcome, ErrorCode):
            failed = True
            parts.append(SubTxn(_ERROR, ErrorTxn(int(outcome))))
        else:
            if isinstance(outcome, _CREATES) and outcome.acl is not sub_record.acl:
                # All else is about as long as the request is.
                room -= sum(stored_bytes(entry.id) for entry in outcome.acl)
                if room < 0:
                    return ErrorCode.INVALID_ACL
            fork.stage_record(sub_op, outcome, header)
            parts.append(SubTxn(sub_op, outcome))
    return MultiTxn(tuple(parts))


def _session_lives(view: TreeView, request: Request) -> bool:
    return view.session_lives(request.session_id) or request.local_session


def _why_no_node(path: str) -> ErrorCode:
    """Return the error for a path without a node.

    The rules for paths come before the look for the node, but a path that has a node obeys them
    (all but ``""``, which is the root's other name), so nothing is lost by looking first.
    """
    return ErrorCode.NO_NODE if validate_path(path) is None else ErrorCode.BAD_ARGUMENTS


def _may_be_deleted(path: str) -> bool:
    """Whether a path has a parent and is not the server's own (``getParentPathAndValidate``)."""
    return "/" in path and "\0" not in path and path not in SPECIAL_PATHS


def _quota_error(
    view: TreeView, path: str, count_change: int, bytes_change: int
) -> ErrorCode | None:
    """Ask the nearest quota, where quotas are enforced (``ZooKeeperServer.checkQuota``)."""
    prefix = quota.nearest_quota(view.tree.quotas, path)
    if prefix is None:
        return None
    crossed = quota.excesses(view.tree.nodes, prefix, count_change, bytes_change)
    if crossed is None:
        return ErrorCode.MARSHALLING_ERROR
    return ErrorCode.QUOTA_EXCEEDED if any(excess.is_hard for excess in crossed) else None


_Prepare = Callable[[TreeView, Request, Policy], Outcome]

_PREPARE_IN_MULTI: dict[int, _Prepare] = {
    OpCode.CREATE: _create,
    OpCode.CREATE2: _create,
    OpCode.CREATE_CONTAINER: _create,
    OpCode.CREATE_TTL: _create,
    OpCode.DELETE: _delete,
    OpCode.SET_DATA: _set_data,
    OpCode.CHECK: _check,
}

_PREPARE: dict[int, _Prepare] = {
    **_PREPARE_IN_MULTI,
    OpCode.DELETE_CONTAINER: _delete_container,
    OpCode.SET_ACL: _set_acl,
    OpCode.RECONFIG: _reconfig,
    OpCode.CREATE_SESSION: _create_session,
    OpCode.CLOSE_SESSION: _close_session,
    OpCode.MULTI: _multi,
}
del _PREPARE[OpCode.CHECK]  # only a part of a multi can be a check
