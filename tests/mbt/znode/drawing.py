"""Which requests are ordinary: most are drawn from these, so that trees grow and watches fire."""

from collections.abc import Callable, Mapping
from typing import Any

from tests.model.znode import values as v

WEIGHTS: Mapping[str, float] = {
    "Receive": 20,
    **dict.fromkeys(("Create", "Delete", "SetData", "Exists", "GetData"), 5),
    **dict.fromkeys(("Create2", "GetChildren2", "Multi", "AddWatch", "Reconnect"), 2),
    **dict.fromkeys(("CloseSession", "ExpireSession", "Tick"), 0.25),
}

_PATHS = frozenset(map(v.path, ("/a", "/a/b", "/a/b/c", "/b", "/full/s", "/box")))
_FLAGS = frozenset({"PERSISTENT", "EPHEMERAL", "PERSISTENT_SEQUENTIAL", "EPHEMERAL_SEQUENTIAL"})


def _is_granted(acl: Any) -> bool:
    """An ACL list that anybody may store."""
    return bool(acl.values_) and all(
        entry["id"]["scheme"] != "auth" and entry["id"]["id"] != "nocolon" for entry in acl.values_
    )


USUAL: Mapping[str, Callable[[Any], bool]] = {
    "path": lambda path: path in _PATHS,
    "acl": _is_granted,
    "flags": lambda flags: flags in _FLAGS,
    "version": lambda version: version == -1,
    "ops": lambda ops: bool(ops.values_),
}
