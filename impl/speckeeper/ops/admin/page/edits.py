"""Changes that the page asks for: set a node's data, create one, delete one.

The caller must be named by the ACL (`guard.may`); then the change goes the way of a client's
(`inner_client`), which checks everything again. A node is changed and deleted in the version that
the caller has seen. A new one has the ACL of its parent, so that the page opens nothing.
"""

import base64
import binascii
from collections.abc import Callable, Mapping

from speckeeper.net.client_port import ClientPort
from speckeeper.ops.admin.page.guard import Caller, Refused, may
from speckeeper.ops.admin.page.inner_client import Unanswered, carry_out, name_of
from speckeeper.ops.admin.page.tree_view import BAD_REQUEST, FORBIDDEN, NOT_FOUND, checked_path
from speckeeper.ops.running import Running
from speckeeper.tree.acl import CREATE, DELETE, WRITE
from speckeeper.tree.paths import parent_of
from speckeeper.wire.codes import ErrorCode, OpCode
from speckeeper.wire.requests import CreateRequest, DeleteRequest, Request, SetDataRequest

CONFLICT, UNAVAILABLE = 409, 503
_INT_MAX = (1 << 31) - 1

_SENTENCES = {
    ErrorCode.NO_NODE: (NOT_FOUND, "the node does not exist (any more)"),
    ErrorCode.NO_AUTH: (FORBIDDEN, "you may not do that"),
    ErrorCode.BAD_VERSION: (CONFLICT, "somebody has changed the node meanwhile; look at it again"),
    ErrorCode.NODE_EXISTS: (CONFLICT, "there is a node of that name"),
    ErrorCode.NOT_EMPTY: (CONFLICT, "the node has children"),
    ErrorCode.NO_CHILDREN_FOR_EPHEMERALS: (CONFLICT, "an ephemeral node has no children"),
    ErrorCode.QUOTA_EXCEEDED: (CONFLICT, "that is more than the quota allows"),
    ErrorCode.NOT_READ_ONLY: (UNAVAILABLE, "this server is in read-only mode now"),
    ErrorCode.THROTTLED_OP: (UNAVAILABLE, "the server has too much to do; try again"),
}


async def change(running: Running, caller: Caller, asked: Mapping[str, object]) -> None:
    """Carry out a change. Raises `Refused`."""
    prepare = _CHANGES.get(str(asked.get("op")))
    if prepare is None:
        raise Refused(BAD_REQUEST, f"op: one of {', '.join(_CHANGES)}")
    path = checked_path(asked.get("path"))
    if path == "/":
        raise Refused(BAD_REQUEST, "path: the root stays as it is")
    op, request = prepare(running, caller, path, asked)
    port = running.service.port
    if not isinstance(port, ClientPort):
        raise Refused(UNAVAILABLE, "this server serves no clients now; ask another member")
    assert caller.credentials is not None  # `guard.require_change`
    try:
        peer = (caller.host, caller.port)
        error, _ = await carry_out(port, peer, caller.credentials, op, request)
    except Unanswered as why:
        raise Refused(UNAVAILABLE, f"{why}; whether it was changed is not known") from None
    if error != ErrorCode.OK:
        status, text = next(
            (found for code, found in _SENTENCES.items() if code == error),
            (BAD_REQUEST, f"the server refuses: {name_of(error)}"),
        )
        raise Refused(status, f"{path}: {text}")


def _set(
    running: Running, caller: Caller, path: str, asked: Mapping[str, object]
) -> tuple[OpCode, Request]:
    _require(running, caller, path, WRITE, path)
    return OpCode.SET_DATA, SetDataRequest(path, _data(asked), _version(asked))


def _create(
    running: Running, caller: Caller, path: str, asked: Mapping[str, object]
) -> tuple[OpCode, Request]:
    parent = parent_of(path)
    _require(running, caller, parent, CREATE, path)
    acl = running.server.tree.nodes[parent].acl
    return OpCode.CREATE, CreateRequest(path, _data(asked), acl, 0)


def _delete(
    running: Running, caller: Caller, path: str, asked: Mapping[str, object]
) -> tuple[OpCode, Request]:
    _require(running, caller, parent_of(path), DELETE, path)
    return OpCode.DELETE, DeleteRequest(path, _version(asked))


_Prepare = Callable[[Running, Caller, str, Mapping[str, object]], tuple[OpCode, Request]]
_CHANGES: Mapping[str, _Prepare] = {"set": _set, "create": _create, "delete": _delete}


def _require(running: Running, caller: Caller, judged: str, perm: int, path: str) -> None:
    """Raise `Refused` unless the ACL of the node `judged` names the caller for the change."""
    server = running.server
    node = server.tree.nodes.get(judged)
    if node is None:
        raise Refused(NOT_FOUND, f"{judged or '/'} does not exist")
    if not may(server.settings.policy, node, perm, caller):
        text = f"the ACL of {judged or '/'} does not name you for that"
        raise Refused(FORBIDDEN, f"{path}: {text}; the super user may do everything")


def _data(asked: Mapping[str, object]) -> bytes:
    text = asked.get("data", "")
    try:
        return base64.b64decode(text, validate=True)  # type: ignore[arg-type]  # refused below
    except (TypeError, ValueError, binascii.Error):
        raise Refused(BAD_REQUEST, "data: give base64") from None


def _version(asked: Mapping[str, object]) -> int:
    version = asked.get("version")
    if isinstance(version, bool) or not isinstance(version, int) or abs(version) > _INT_MAX:
        raise Refused(BAD_REQUEST, "version: give the one that you have seen")
    return version
