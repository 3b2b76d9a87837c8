"""Requests and replies of the wire as plain data, under the names that the specification has.

Nothing is judged here: a number without a name is called by its number.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from hashlib import sha1
from typing import Any

from speckeeper.wire import replies
from speckeeper.wire.codes import (
    AddWatchMode,
    CreateFlag,
    ErrorCode,
    EventType,
    OpCode,
    WatcherType,
)
from speckeeper.wire.jute import Reader
from speckeeper.wire.records import ACL, Stat
from speckeeper.wire.requests import (
    AuthRequest,
    MultiRequest,
    ReconfigRequest,
    Request,
    SaslRequest,
    SetWatchesRequest,
)

_SPECIAL = {"InvalidAcl": "InvalidACL", "getAcl": "getACL", "setAcl": "setACL"}
_SPECIAL |= {"createTtl": "createTTL"}


def camel(name: str) -> str:
    """Return the name of an error or an event as ZooKeeper writes it, of that of its code."""
    text = name.title().replace("_", "")
    return _SPECIAL.get(text, text)


def lower_camel(name: str) -> str:
    """Return the name of an operation as ZooKeeper writes it, of that of its code."""
    text = camel(name)
    text = text[:1].lower() + text[1:]
    return _SPECIAL.get(text, text)


_ERRORS = {int(code): camel(code.name) for code in ErrorCode}
_OPERATIONS = {int(code): lower_camel(code.name) for code in OpCode}
_EVENTS = {int(code): camel(code.name) for code in EventType}
_FLAGS = {int(flag): flag.name for flag in CreateFlag}
_MODES = {int(mode): mode.name for mode in AddWatchMode}
_WATCHERS = {int(kind): camel(kind.name) for kind in WatcherType}


def error_name(code: int) -> str:
    """Return the name of an error code."""
    return _ERRORS.get(code) or f"error {code}"


def operation_name(code: int) -> str:
    """Return the name of an operation."""
    return _OPERATIONS.get(code) or f"operation {code}"


def event_name(code: int) -> str:
    """Return the name of what happened to a watched node."""
    return _EVENTS.get(code) or f"event {code}"


def _data(raw: bytes | None) -> str | None:
    return None if raw is None else raw.decode("latin-1")


def _acl(entries: tuple[ACL, ...]) -> list[dict[str, Any]]:
    return [{"perms": one.perms, "scheme": one.id.scheme, "id": one.id.id} for one in entries]


def _same(value: Any) -> Any:
    return value


_FIELDS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "path": ("path", _same),
    "prefix": ("path", _same),
    "data": ("data", _data),
    "acl": ("acl", _acl),
    "flags": ("flags", lambda number: _FLAGS.get(number) or f"flags {number}"),
    "ttl": ("ttl", _same),
    "version": ("version", _same),
    "watch": ("watch", _same),
}


def request_fields(op: int, request: Request) -> dict[str, Any]:
    """Return the fields of a request; of a password what it proves, or nothing."""
    if isinstance(request, MultiRequest):
        ops = [
            {"type": operation_name(kind), "record": request_fields(kind, one)}
            for kind, one in request.ops
        ]
        return {"ops": ops}
    if isinstance(request, AuthRequest):
        return _proof(request)
    if isinstance(request, SetWatchesRequest):
        return {
            "relativeZxid": request.relative_zxid,
            "dataWatches": list(request.data),
            "existWatches": list(request.exist),
            "childWatches": list(request.child),
            "persistentWatches": list(request.persistent),
            "persistentRecursiveWatches": list(request.persistent_recursive),
        }
    if isinstance(request, SaslRequest | ReconfigRequest):
        return {}
    if op == OpCode.ADD_WATCH:
        path, mode = request  # type: ignore[misc]
        return {"path": path, "mode": _MODES.get(mode) or f"mode {mode}"}
    if op in (OpCode.CHECK_WATCHES, OpCode.REMOVE_WATCHES):
        path, kind = request  # type: ignore[misc]
        return {"path": path, "type": _WATCHERS.get(kind) or f"type {kind}"}
    fields = {}
    for name, value in request._asdict().items():
        if name == "ttl" and op != OpCode.CREATE_TTL:
            continue
        shown, convert = _FIELDS[name]
        fields[shown] = convert(value)
    return fields


def _proof(request: AuthRequest) -> dict[str, Any]:
    """Return whom a client proved to be; what it proved that with is not told.

    Of a digest that is the id that stands in ACLs, which has a hash of the password.
    """
    if request.scheme != "digest" or request.auth is None:
        return {"scheme": request.scheme}
    user = request.auth.split(b":", 1)[0].decode("utf-8", "replace")
    hashed = b64encode(sha1(request.auth).digest()).decode()
    return {"scheme": request.scheme, "id": f"{user}:{hashed}"}


_STAT = tuple((index, lower_camel(name)) for index, name in enumerate(Stat._fields))


def stat_fields(stat: Stat) -> dict[str, int]:
    """Return a Stat."""
    return {name: stat[index] for index, name in _STAT}


def _create(reader: Reader) -> dict[str, Any]:
    return {"path": reader.text("path")}


def _create2(reader: Reader) -> dict[str, Any]:
    path, stat = replies.decode_create2_reply(reader)
    return {"path": path, "stat": stat_fields(stat)}


def _stat(reader: Reader) -> dict[str, Any]:
    return {"stat": stat_fields(replies.decode_stat(reader))}


def _get_data(reader: Reader) -> dict[str, Any]:
    data, stat = replies.decode_data_reply(reader)
    return {"data": _data(data), "stat": stat_fields(stat)}


def _children(reader: Reader) -> dict[str, Any]:
    return {"children": sorted(replies.decode_children_reply(reader))}


def _children2(reader: Reader) -> dict[str, Any]:
    children, stat = replies.decode_children2_reply(reader)
    return {"children": sorted(children), "stat": stat_fields(stat)}


def _get_acl(reader: Reader) -> dict[str, Any]:
    acl, stat = replies.decode_acl_reply(reader)
    return {"acl": _acl(acl), "stat": stat_fields(stat)}


def _ephemerals(reader: Reader) -> dict[str, Any]:
    return {"ephemerals": sorted(replies.decode_children_reply(reader))}


def _who_am_i(reader: Reader) -> dict[str, Any]:
    infos = replies.decode_client_infos(reader)
    return {"clientInfo": [{"authScheme": one.auth_scheme, "user": one.user} for one in infos]}


def _results(reader: Reader) -> dict[str, Any]:
    return {"results": [_result(one) for one in replies.decode_multi_reply(reader)]}


def _result(result: replies.MultiResult) -> dict[str, Any]:
    if isinstance(result, replies.ErrorResult):
        return {"err": error_name(result.err), "type": "error"}
    shown: dict[str, Any] = {"err": "Ok"}
    for name, value in result._asdict().items():
        if name == "stat":
            shown[name] = stat_fields(value)
        elif name == "data":
            shown[name] = _data(value)
        else:
            shown[name] = sorted(value) if name == "children" else value
    return shown


_REPLIES: dict[int, Callable[[Reader], dict[str, Any]]] = {
    OpCode.CREATE: _create,
    OpCode.CREATE2: _create2,
    OpCode.CREATE_CONTAINER: _create2,
    OpCode.CREATE_TTL: _create2,
    OpCode.EXISTS: _stat,
    OpCode.SET_DATA: _stat,
    OpCode.SET_ACL: _stat,
    OpCode.GET_DATA: _get_data,
    OpCode.GET_CHILDREN: _children,
    OpCode.GET_CHILDREN2: _children2,
    OpCode.GET_ACL: _get_acl,
    OpCode.GET_EPHEMERALS: _ephemerals,
    OpCode.GET_ALL_CHILDREN_NUMBER: lambda reader: {"totalNumber": reader.int()},
    OpCode.WHO_AM_I: _who_am_i,
    OpCode.MULTI: _results,
    OpCode.MULTI_READ: _results,
}


def reply_fields(op: int, frame: bytes, position: int) -> dict[str, Any]:
    """Return the fields of a reply's body, which starts at ``position``; raises WireError."""
    decode = _REPLIES.get(op)
    return {} if decode is None else decode(Reader(frame, position))
