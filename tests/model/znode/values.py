"""The mapping of values: what a record, path or tree of the server is in the specification.

Nothing is decided here. A path is the names between its slashes; data is one character for each
byte; numbers of the protocol become ZooKeeper's names.
"""

import re
from typing import Any

from speccheck.evaluate.stdlib.tlc import model_value
from speccheck.evaluate.values import FALSE, SEQUENCES, TRUE, Fn, Value, function_of
from speccheck.evaluate.values import record_domain as _domain
from speckeeper.history.plain import camel, lower_camel
from speckeeper.tree.applied import Applied, TreeEvent
from speckeeper.tree.datatree import DataTree
from speckeeper.tree.ephemeral import EphemeralType, ephemeral_type, ttl_of
from speckeeper.tree.node import Node
from speckeeper.tree.prepare import Request
from speckeeper.tree.watches import PERSISTENT, PERSISTENT_RECURSIVE, STANDARD, Watches
from speckeeper.wire.codes import CreateFlag, ErrorCode, EventType, OpCode, Perms
from speckeeper.wire.records import ACL, Id, Stat
from speckeeper.wire.requests import MultiRequest
from speckeeper.wire.txns import MultiTxn, Txn

NULL = model_value("Null")


def record(**fields: Value) -> Fn:
    """Return a record."""
    domain = _domain(tuple(fields))
    return domain[tuple(fields[key] for key in domain.keys_)]


def sequence(items: Any) -> Fn:
    """Return a sequence."""
    return SEQUENCES[tuple(items)]


def boolean(value: bool) -> Value:
    """Return TRUE or FALSE."""
    return TRUE if value else FALSE


def path(text: str | None) -> Value:
    """Return a path; what does not begin with a slash has "/" as its first name."""
    if text is None:
        return NULL
    if text == "/":
        return sequence(())
    if text.startswith("/"):
        return sequence(text[1:].split("/"))
    return sequence(("/", *text.split("/")))


def text_of(value: Value) -> str:
    """Return the text of a legal path."""
    return "/" + "/".join(value.values_)


def data(raw: bytes | None) -> Value:
    """Return data: a text with a character for each byte, or Null."""
    return NULL if raw is None else raw.decode("latin-1")


def bytes_of(value: Value) -> bytes | None:
    """Return the bytes of data."""
    return value.encode("latin-1") if isinstance(value, str) else None


def identity(id_: Id) -> Fn:
    """Return an id of a client or of an ACL entry."""
    return record(scheme=id_.scheme, id=id_.id)


def auth_info(ids: tuple[Id, ...]) -> Fn:
    """Return what a client has proven."""
    return sequence(map(identity, ids))


def perms(bits: int) -> frozenset[str]:
    """Return the names of permission bits; those without a name are called by their number."""
    names = {int(perm): str(perm.name) for perm in Perms if perm.bit_count() == 1}
    return frozenset(names.get(1 << i, f"BIT{i}") for i in range(32) if bits >> i & 1)


def acl(entries: tuple[ACL, ...]) -> Fn:
    """Return an ACL list."""
    return sequence(record(perms=perms(entry.perms), id=identity(entry.id)) for entry in entries)


def flags(number: int) -> str:
    """Return the CreateMode of flags, or a name that is none."""
    return CreateFlag(number).name if number in iter(CreateFlag) else f"flags {number}"


def error(code: int) -> str:
    """Return the name of an error code."""
    return camel(ErrorCode(code).name)


def operation(code: int) -> str:
    """Return the name of an operation."""
    return lower_camel(OpCode(code).name) if code in iter(OpCode) else f"operation {code}"


def event_type(code: int) -> str:
    """Return the name of an event type."""
    return camel(EventType(code).name)


_FIELDS: dict[str, tuple[str, Any]] = {
    "path": ("path", path),
    "data": ("data", data),
    "acl": ("acl", acl),
    "flags": ("flags", flags),
    "ttl": ("ttl", int),
    "version": ("version", int),
    "timeout": ("timeOut", int),
    "ephemeral": ("ephemeral", boolean),
    "parent_cversion": ("parentCVersion", int),
    "paths": ("paths2Delete", lambda paths: sequence(map(path, paths or ()))),
    "watch": ("watch", boolean),
    "err": ("err", error),
}


def fields(body: Any) -> Fn:
    """Return a record of the wire or of the log."""
    if body is None:
        return record()
    if isinstance(body, MultiRequest):
        ops = (record(type=operation(op), record=fields(part)) for op, part in body.ops)
        return record(ops=sequence(ops))
    if isinstance(body, MultiTxn):
        txns = (record(type=operation(sub.type), record=fields(sub.record)) for sub in body.txns)
        return record(txns=sequence(txns))
    mapped = {}
    for name, value in body._asdict().items():
        spec_name, convert = _FIELDS[name]
        mapped[spec_name] = convert(value)
    return record(**mapped)


def request(asked: Request) -> Fn:
    """Return a request with what Prepare needs to know."""
    return record(
        type=operation(asked.op),
        sessionId=asked.session_id,
        cxid=asked.cxid,
        record=fields(asked.record),
        authInfo=auth_info(asked.auth_ids),
        zxid=asked.zxid,
        time=asked.time_ms,
        localSession=boolean(asked.local_session),
    )


def txn(made: Txn) -> Fn:
    """Return a transaction."""
    header = made.header
    return record(
        clientId=header.client_id,
        cxid=header.cxid,
        zxid=header.zxid,
        time=header.time,
        type=operation(header.type),
        record=fields(made.record),
    )


def owner(number: int) -> Fn:
    """Return what the stored ephemeralOwner says."""
    kind = ephemeral_type(number)
    return record(
        type=kind.name,
        session=number if kind is EphemeralType.NORMAL else 0,
        ttl=ttl_of(number) if kind is EphemeralType.TTL else 0,
    )


def node(stored: Node) -> Fn:
    """Return a node."""
    return record(
        data=data(stored.data),
        acl=acl(stored.acl),
        children=frozenset(child.rsplit("/", 1)[1] for child in stored.children or ()),
        czxid=stored.czxid,
        mzxid=stored.mzxid,
        pzxid=stored.pzxid,
        ctime=stored.ctime,
        mtime=stored.mtime,
        version=stored.version,
        cversion=stored.cversion,
        aversion=stored.aversion,
        ephemeralOwner=owner(stored.ephemeral_owner),
    )


def tree(whole: DataTree) -> Fn:
    """Return a tree; the root's second name is left out."""
    return record(
        nodes=function_of({path(name): node(one) for name, one in whole.nodes.items() if name}),
        sessions=function_of(dict(whole.sessions)),
        lastProcessedZxid=whole.last_processed_zxid,
    )


def stat(shown: Stat | None) -> Value:
    """Return a Stat."""
    if shown is None:
        return NULL
    return record(**{lower_camel(name): value for name, value in shown._asdict().items()})


def event(happened: TreeEvent) -> Fn:
    """Return an event."""
    return record(type=event_type(happened.type), path=path(happened.path), acl=acl(happened.acl))


_WARNING = re.compile(r"quota of (?P<path>\S+) exceeded: (?P<what>\w+) -?\d+, (?P<kind>\w+) limit")


def warning(text: str) -> Fn:
    """Return a warning about a quota."""
    match = _WARNING.match(text)
    assert match, text
    return record(
        path=path(match["path"]), what=match["what"], isHard=boolean(match["kind"] == "hard")
    )


def answer(applied: Applied) -> Fn:
    """Return what a transaction, or a part of a multi, answers."""
    return record(
        type=operation(applied.type),
        err=error(applied.err),
        path=path(applied.path),
        stat=stat(applied.stat),
    )


def applied(result: Applied, after: DataTree) -> Fn:
    """Return the whole outcome of a transaction."""
    return record(
        tree=tree(after),
        type=operation(result.type),
        err=error(result.err),
        path=path(result.path),
        stat=stat(result.stat),
        results=sequence(map(answer, result.results)),
        events=sequence(map(event, result.events)),
        warnings=frozenset(map(warning, result.warnings)),
    )


_MODES = {
    STANDARD: "STANDARD",
    PERSISTENT: "PERSISTENT",
    PERSISTENT_RECURSIVE: "PERSISTENT_RECURSIVE",
}


def watches(tables: Watches[int]) -> Fn:
    """Return both tables of watches."""
    return record(data=_table(tables.data), child=_table(tables.child))


def _table(table: Any) -> frozenset[Fn]:
    return frozenset(
        record(path=path(name), watcher=watcher, mode=mode)
        for name, watchers in table.by_path()
        for watcher in watchers
        for bit, mode in _MODES.items()
        if table.has(name, watcher, bit)
    )
