"""Which requests are ordinary: most are drawn from these, so that trees grow and watches fire."""

from collections.abc import Callable, Mapping
from typing import Any

from tests.model.znode import values as v

from speckeeper.wire.records import OPEN_ACL_UNSAFE

WEIGHTS: Mapping[str, float] = {
    "Receive": 20,
    **dict.fromkeys(("Create", "Delete", "SetData", "Exists", "GetData"), 5),
    **dict.fromkeys(("Create2", "GetChildren2", "Multi", "AddWatch", "Reconnect"), 2),
    **dict.fromkeys(("CloseSession", "ExpireSession"), 0.25),
}

_TTL_FLAGS = frozenset({"PERSISTENT_WITH_TTL", "PERSISTENT_SEQUENTIAL_WITH_TTL"})
_PATHS = frozenset(map(v.path, ("/a", "/a/b", "/a/b/c", "/b", "/full/s", "/box")))
_FLAGS = frozenset({"PERSISTENT", "EPHEMERAL", "PERSISTENT_SEQUENTIAL", "EPHEMERAL_SEQUENTIAL"})


def _is_granted(acl: Any) -> bool:
    """An ACL list that anybody may store."""
    return bool(acl.values_) and all(
        entry["id"]["scheme"] != "auth" and entry["id"]["id"] != "nocolon" for entry in acl.values_
    )


USUAL: Mapping[str, Callable[[Any], bool]] = {
    "path": lambda path: path in _PATHS,
    "GetAllChildrenNumber.path": lambda path: path in _PATHS or path == v.path(""),
    "acl": _is_granted,
    "flags": lambda flags: flags in _FLAGS,
    "CreateTTL.flags": lambda flags: flags in _TTL_FLAGS,
    "ttl": lambda ttl: ttl == 1,
    "version": lambda version: version == -1,
    "ops": lambda ops: bool(ops.values_),
}

EXISTING = frozenset(
    f"{action}.path"
    for action in (
        *("Delete", "SetData", "SetACL", "Exists", "GetData", "GetChildren", "GetChildren2"),
        *("GetACL", "GetAllChildrenNumber", "AddWatch"),
    )
)
"""Requests that mostly name a node that is there."""

FREQUENT: Mapping[str, Callable[[Any], bool]] = {
    **USUAL,
    "acl": lambda acl: acl == v.acl(OPEN_ACL_UNSAFE),
    "flags": lambda flags: flags == "PERSISTENT",
}
"""The same where the short way of frequent writes is looked at."""
