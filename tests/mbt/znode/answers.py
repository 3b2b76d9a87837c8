"""From frames of a server to what the specification says travels to a client.

A frame says less than a message of the specification, which repeats what the client asked for: the
path, and the watch that the request was to leave. That is taken from the request.
"""

from typing import Any, NamedTuple

from tests.mbt.znode.numbers import Numbers
from tests.model.znode import values as v

from speccheck.evaluate.values import Value
from speckeeper.wire import replies as w
from speckeeper.wire.codes import ErrorCode, OpCode
from speckeeper.wire.jute import Reader
from speckeeper.wire.requests import MultiRequest

ROOT = v.path("/")
_EVENT_XID = -1


class Asked(NamedTuple):
    """A request that waits for its reply; ``watches`` has the kind of watch for each error."""

    op: int
    record: Any
    path: Value = ROOT
    watches: dict[str, str] = {}  # noqa: RUF012  (read only)


def is_event(frame: bytes) -> bool:
    """Tell whether a frame is a watch event."""
    return w.decode_reply_header(Reader(frame)).xid == _EVENT_XID


def event(frame: bytes, numbers: Numbers) -> Value:
    """Return the message that a watch event is."""
    reader = Reader(frame)
    zxid = w.decode_reply_header(reader).zxid
    told = w.decode_watch_event(reader)
    return v.record(
        kind="event",
        type=v.event_type(told.type),
        path=v.path(told.path),
        zxid=zxid if zxid == -1 else numbers.zxid(zxid),
    )


def reply(frame: bytes, asked: Asked, numbers: Numbers) -> Value:
    """Return the message that a reply is."""
    reader = Reader(frame)
    header = w.decode_reply_header(reader)
    err = v.error(header.err)
    body = _body(asked, reader, numbers) if header.err == ErrorCode.OK else {}
    return message(asked, numbers.zxid(header.zxid), v.record(err=err, **body))


def message(asked: Asked, zxid: int, answer: Any) -> Value:
    """Return a reply with everything that the specification says of it."""
    return v.record(
        kind="reply",
        type=_TYPES.get(asked.op) or v.operation(asked.op),
        path=asked.path,
        zxid=zxid,
        answer=answer,
        watch=asked.watches.get(answer["err"], "none"),
    )


_TYPES = {int(OpCode.SET_WATCHES2): "setWatches"}


def _body(asked: Asked, reader: Reader, numbers: Numbers) -> dict[str, Any]:
    """Return the fields of the body of a reply without an error."""
    match asked.op:
        case OpCode.CREATE:
            return {"path": v.path(reader.text("path"))}
        case OpCode.CREATE2 | OpCode.CREATE_CONTAINER | OpCode.CREATE_TTL:
            path, stat = w.decode_create2_reply(reader)
            return {"path": v.path(path), "stat": numbers.stat(stat)}
        case OpCode.SET_DATA | OpCode.SET_ACL | OpCode.EXISTS:
            return {"stat": numbers.stat(w.decode_stat(reader))}
        case OpCode.GET_DATA:
            data, stat = w.decode_data_reply(reader)
            return {"data": v.data(data), "stat": numbers.stat(stat)}
        case OpCode.GET_CHILDREN:
            return {"children": frozenset(w.decode_children_reply(reader))}
        case OpCode.GET_CHILDREN2:
            children, stat = w.decode_children2_reply(reader)
            return {"children": frozenset(children), "stat": numbers.stat(stat)}
        case OpCode.GET_ACL:
            entries, stat = w.decode_acl_reply(reader)
            return {"acl": numbers.acl_shown(entries), "stat": numbers.stat(stat)}
        case OpCode.GET_ALL_CHILDREN_NUMBER:
            return {"totalNumber": reader.int()}
        case OpCode.GET_EPHEMERALS:
            return {"ephemerals": frozenset(map(v.path, w.decode_children_reply(reader)))}
        case OpCode.WHO_AM_I:
            infos = w.decode_client_infos(reader)
            if not numbers.keeps_order:
                infos.sort(key=lambda info: info.auth_scheme != "ip")
            return {
                "clientInfo": v.sequence(
                    v.record(authScheme=info.auth_scheme, user=info.user) for info in infos
                )
            }
        case OpCode.MULTI:
            results = zip(w.decode_multi_reply(reader), _parts(asked.record), strict=True)
            return {"results": v.sequence(_part(one, op, numbers) for one, op in results)}
        case OpCode.MULTI_READ:
            reads = w.decode_multi_reply(reader)
            return {"results": v.sequence(_read(one, numbers) for one in reads)}
    return {}


def _parts(request: MultiRequest) -> list[tuple[int, Any]]:
    return list(request.ops)


def _part(result: Any, asked: tuple[int, Any], numbers: Numbers) -> Value:
    op, record = asked
    path, stat = v.path(record.path), v.NULL
    match result:
        case w.ErrorResult(err=err):
            return v.record(type="error", err=v.error(err), path=v.NULL, stat=v.NULL)
        case w.CreateResult(path=made):
            path = v.path(made)
        case w.Create2Result(path=made, stat=shown):
            path, stat = v.path(made), numbers.stat(shown)
        case w.SetDataResult(stat=shown):
            stat = numbers.stat(shown)
    return v.record(type=v.operation(op), err="Ok", path=path, stat=stat)


def _read(result: Any, numbers: Numbers) -> Value:
    match result:
        case w.GetDataResult(data=data, stat=stat):
            return v.record(err="Ok", data=v.data(data), stat=numbers.stat(stat))
        case w.GetChildrenResult(children=children):
            return v.record(err="Ok", children=frozenset(children))
    return v.record(err=v.error(result.err))
