"""The audit log: who changed what, with what result (audit.enable; ZooKeeper AuditHelper,
AuditEvent).

Records go to the logger `audit` with Apache's fields in Apache's order, separated by tabs:
`session=0x100… user=alice ip=10.0.0.1 operation=create znode=/a znode_type=persistent
result=success`. Refused changes are logged as errors. Reads are not audited.
"""

import logging
from collections.abc import Iterator

from speckeeper.ops.environment import user_name
from speckeeper.ops.logs import AUDIT_LOGGER
from speckeeper.server.auth import client_infos
from speckeeper.server.pipeline import Queued
from speckeeper.server.server import Server
from speckeeper.tree.applied import Applied
from speckeeper.tree.policy import Policy
from speckeeper.wire.codes import EventType, OpCode, Perms
from speckeeper.wire.errors import WireError
from speckeeper.wire.records import ACL
from speckeeper.wire.requests import (
    CreateRequest,
    MultiRequest,
    Request,
    SetACLRequest,
    decode_request,
)

log = logging.getLogger(AUDIT_LOGGER)

_OPERATIONS: dict[int, str] = {
    OpCode.CREATE: "create",
    OpCode.CREATE2: "create",
    OpCode.CREATE_CONTAINER: "create",
    OpCode.CREATE_TTL: "create",
    OpCode.DELETE: "delete",
    OpCode.DELETE_CONTAINER: "delete",
    OpCode.SET_DATA: "setData",
    OpCode.SET_ACL: "setAcl",
    OpCode.MULTI: "multiOperation",
    OpCode.RECONFIG: "reconfig",
}
_EPHEMERAL_GONE = "ephemeralZNodeDeletionOnSessionCloseOrExpire"
#: CreateMode by the flags of a create request.
_CREATE_MODES = (
    "persistent",
    "ephemeral",
    "persistent_sequential",
    "ephemeral_sequential",
    "container",
    "persistent_with_ttl",
    "persistent_sequential_with_ttl",
)
_PERMISSIONS = (
    (Perms.CREATE, "c"),
    (Perms.DELETE, "d"),
    (Perms.READ, "r"),
    (Perms.WRITE, "w"),
    (Perms.ADMIN, "a"),
)


class AuditLog:
    """Audits a process: its start, what clients change in the servers that it has, its end."""

    def __init__(self) -> None:
        self._policy = Policy()
        self._server_user = user_name()
        self._write(user=self._server_user, operation="serverStart", result="success")

    def audit(self, server: Server) -> None:
        """Audit the writes of a server's own clients from now on, and the ends of sessions.

        A member of an ensemble has another server each time that it serves.
        """
        self._policy = server.settings.policy
        finish = server.pipeline.finish

        def audited(queued: Queued, applied: Applied | None) -> int:
            if applied is not None:
                for fields in self._events(queued, applied):
                    self._write(**fields)
            return finish(queued, applied)

        server.pipeline.keep_bodies = True
        server.pipeline.finish = audited

    def stopped(self) -> None:
        """Note that the server is stopping."""
        self._write(user=self._server_user, operation="serverStop", result="invoked")

    def _write(self, **fields: str) -> None:
        text = "\t".join(f"{name}={_printable(value)}" for name, value in fields.items() if value)
        log.log(logging.ERROR if fields["result"] == "failure" else logging.INFO, "%s", text)

    def _events(self, queued: Queued, applied: Applied) -> Iterator[dict[str, str]]:
        """Yield the fields of the records that one transaction is worth."""
        connection = queued.connection
        if queued.op == OpCode.CLOSE_SESSION:
            yield from self._ephemerals(queued, applied)
            return
        operation = _OPERATIONS.get(queued.op)
        if operation is None or connection is None:
            return
        caller = {
            "session": f"{connection.session_id & 0xFFFFFFFFFFFFFFFF:#x}",
            "user": ",".join(
                info.user for info in client_infos(self._policy, queued.auth_ids) if info.user
            ),
            "ip": connection.host,
        }
        request = _request(queued)
        if applied.err:
            path = getattr(request, "path", "")
            yield {**caller, **_details(operation, path, request), "result": "failure"}
        elif isinstance(request, MultiRequest):
            modes = {
                part.path: _create_mode(part)
                for _, part in request.ops
                if isinstance(part, CreateRequest)
            }
            for part in applied.results:
                name = _OPERATIONS.get(part.type)
                if name in ("create", "delete", "setData"):
                    path = part.path or ""
                    details = {"operation": name, "znode": path, "znode_type": modes.get(path, "")}
                    yield {**caller, **details, "result": "success"}
        else:
            yield {
                **caller,
                **_details(operation, applied.path or "", request),
                "result": "success",
            }

    def _ephemerals(self, queued: Queued, applied: Applied) -> Iterator[dict[str, str]]:
        assert queued.txn is not None
        session = f"{queued.txn.header.client_id & 0xFFFFFFFFFFFFFFFF:#x}"
        for event in applied.events:
            if event.type == EventType.NODE_DELETED:
                yield {
                    "session": session,
                    "user": self._server_user,
                    "operation": _EPHEMERAL_GONE,
                    "znode": event.path,
                    "result": "success",
                }


def _request(queued: Queued) -> Request | None:
    try:
        return decode_request(queued.op, queued.body, 0, len(queued.body))
    except WireError:
        return None


def _details(operation: str, path: str, request: Request | None) -> dict[str, str]:
    details = {"operation": operation, "znode": path}
    if isinstance(request, CreateRequest):
        details["znode_type"] = _create_mode(request)
    elif isinstance(request, SetACLRequest):
        details["acl"] = acl_text(request.acl or ())
    return details


def _create_mode(request: CreateRequest) -> str:
    return _CREATE_MODES[request.flags] if 0 <= request.flags < len(_CREATE_MODES) else ""


def acl_text(acl: tuple[ACL, ...]) -> str:
    """Return `scheme:id:cdrwa` of each entry, one after the other (ZKUtil.aclToString)."""
    return "".join(f"{entry.id.scheme}:{entry.id.id}:{_letters(entry.perms)}" for entry in acl)


def _letters(perms: int) -> str:
    return "".join(letter for bit, letter in _PERMISSIONS if perms & bit)


def _printable(text: str) -> str:
    """Escape what would end a field or a line: a path is what a client makes it."""
    return text if text.isprintable() else text.encode("unicode_escape").decode("ascii")
