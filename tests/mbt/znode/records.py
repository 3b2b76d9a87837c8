"""From values of the specification to records of the wire, the way back of znode/values.py.

Nothing is decided here.
"""

from typing import Any

from tests.model.znode import values as v

from speckeeper.wire.codes import CreateFlag, OpCode, Perms
from speckeeper.wire.records import ACL, Id
from speckeeper.wire.requests import (
    CheckVersionRequest,
    CreateRequest,
    DeleteRequest,
    MultiRequest,
    SetACLRequest,
    SetDataRequest,
)

OPERATIONS = {v.operation(code): int(code) for code in OpCode}


def path(value: Any) -> str:
    """Return a path; one whose first name is "/" does not begin with a slash."""
    names = value.values_
    if names and names[0] == "/":
        return "/".join(names[1:])
    return "/" + "/".join(names)


def identity(value: Any) -> Id:
    """Return an id of a client or of an ACL entry."""
    return Id(value["scheme"], value["id"])


def acl(value: Any) -> tuple[ACL, ...]:
    """Return an ACL list."""
    return tuple(
        ACL(sum(Perms[name] for name in entry["perms"]), identity(entry["id"]))
        for entry in value.values_
    )


def flags(name: str) -> int:
    """Return the flags of a CreateMode; a name that is none says its number."""
    return int(name.removeprefix("flags ")) if name.startswith("flags ") else int(CreateFlag[name])


def create(of: Any, data: Any, entries: Any, mode: str, ttl: int = -1) -> CreateRequest:
    """Return the request of any create."""
    return CreateRequest(path(of), v.bytes_of(data), acl(entries), flags(mode), ttl)


def delete(of: Any, version: int) -> DeleteRequest:
    """Return the request of delete."""
    return DeleteRequest(path(of), version)


def set_data(of: Any, data: Any, version: int) -> SetDataRequest:
    """Return the request of setData."""
    return SetDataRequest(path(of), v.bytes_of(data), version)


def set_acl(of: Any, entries: Any, version: int) -> SetACLRequest:
    """Return the request of setACL."""
    return SetACLRequest(path(of), acl(entries), version)


def multi(ops: Any) -> MultiRequest:
    """Return the request of a multi."""
    return MultiRequest(tuple(_part(op) for op in ops.values_))


def _part(op: Any) -> tuple[int, Any]:
    kind, record = op["type"], op["record"]
    of = record["path"]
    if kind == "delete":
        made: Any = delete(of, record["version"])
    elif kind == "setData":
        made = set_data(of, record["data"], record["version"])
    elif kind == "check":
        made = CheckVersionRequest(path(of), record["version"])
    else:
        made = create(of, record["data"], record["acl"], record["flags"])
    return OPERATIONS[kind], made
