"""Logs and snapshots for people: each record a line of text and an object for JSON.

Works on files of any server that writes the format, and without the rest of a data directory. Of a
damaged file everything up to the damage is shown, then one line that names the offset.

Source of what is shown: ZooKeeper ``TxnLogToolkit``, ``SnapshotFormatter``.
"""

from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from speckeeper.storage.decisions import reason_of
from speckeeper.storage.errors import BadSnapshot
from speckeeper.storage.interface import FileSystem
from speckeeper.storage.names import NamedFile
from speckeeper.storage.snapshots import snapshot_chunks
from speckeeper.wire.codes import OpCode
from speckeeper.wire.errors import WireError
from speckeeper.wire.log_end import EndKind
from speckeeper.wire.logfile import LOG_HEADER, LOG_MAGIC, decode_log_header, iter_entries
from speckeeper.wire.records import ACL
from speckeeper.wire.snapshot import SNAPSHOT_MAGIC, NodeTuple
from speckeeper.wire.snapshot_reader import SnapshotReader
from speckeeper.wire.txns import MultiTxn, Txn, decode_txn

_UNSIGNED = (1 << 64) - 1
#: Where a line of text stops to show data.
DATA_SHOWN = 64
_LOG_START, _SNAPSHOT_START = LOG_MAGIC.to_bytes(4, "big"), SNAPSHOT_MAGIC.to_bytes(4, "big")


class Shown(NamedTuple):
    """One line: ``text`` for people, ``fields`` for JSON; ``damaged``: it tells of damage."""

    text: str
    fields: dict[str, Any]
    damaged: bool = False


def show_log(files: FileSystem, path: Path) -> Iterator[Shown]:
    """Yield the header, each transaction and the end of a transaction log. Raises OSError."""
    content = files.read(path)  # not mapped: a server may be cutting the file at this moment
    try:
        header = decode_log_header(content)
    except WireError as error:
        other = content.startswith(_SNAPSHOT_START)
        hint = f"; for a snapshot say speckeeper snapshot show {path}" if other else ""
        yield _damage(path, 0, f"{error}{hint}")
        return
    yield Shown(
        f"ZooKeeper transaction log, dbid {header.dbid}, format version {header.version}",
        {"kind": "header", "dbid": header.dbid, "version": header.version},
    )
    entries = iter_entries(content, LOG_HEADER.size)
    count = 0
    for offset, entry in entries:
        try:
            txn = decode_txn(entry)
        except WireError as error:
            yield _damage(path, offset, f"undecodable: {error}")
            continue
        count += 1
        yield _show_txn(offset, txn)
    end = entries.end
    if end.kind is not EndKind.CLEAN:
        yield _damage(path, end.offset, reason_of(end), end.kind.value)
    yield Shown(f"end of file after {count} transactions", {"kind": "end", "transactions": count})


def show_snapshot(files: FileSystem, path: Path) -> Iterator[Shown]:
    """Yield sessions, nodes and the end of a snapshot, compressed or not. Raises OSError."""
    compression = path.suffix[1:] if path.suffix in (".gz", ".snappy") else ""
    count = 0
    try:
        reader = SnapshotReader(snapshot_chunks(files, NamedFile(0, path, compression)))
        for session_id, timeout in reader.sessions.items():
            yield Shown(
                f"session {_hex(session_id)} timeout {timeout} ms",
                {"kind": "session", "id": _hex(session_id), "timeout": timeout},
            )
        acls = {-1: None, **{key: _acl_fields(acl) for key, acl in reader.acls.items()}}
        for node in reader.nodes():
            count += 1
            yield _show_node(node, acls.get(node[2]))
        digest, last_zxid = reader.trailer
    except (WireError, BadSnapshot) as error:
        reason = error.reason if isinstance(error, BadSnapshot) else str(error)
        if not count and not compression and files.read_ends(path, 4)[0] == _LOG_START:
            reason += f"; for a transaction log say speckeeper log show {path}"
        yield Shown(
            f"{path}: damaged: {reason}; {count} nodes were readable",
            {"kind": "damage", "file": str(path), "reason": reason, "nodes": count},
            damaged=True,
        )
        return
    text = f"end of file after {count} nodes"
    fields: dict[str, Any] = {"kind": "end", "nodes": count}
    if digest is not None:
        text += f", digest {digest.digest} at {_hex(digest.zxid)}"
        fields["digest"] = {"zxid": _hex(digest.zxid), "digest": digest.digest}
    if last_zxid is not None:
        text += f", last zxid {_hex(last_zxid)}"
        fields["last_zxid"] = _hex(last_zxid)
    yield Shown(text, fields)


def _damage(path: Path, offset: int, reason: str, kind: str = "damaged") -> Shown:
    return Shown(
        f"{path}: {kind} at offset {offset}: {reason}",
        {"kind": "damage", "file": str(path), "offset": offset, "reason": reason},
        damaged=True,
    )


def _show_txn(offset: int, txn: Txn) -> Shown:
    header, record, digest = txn
    fields: dict[str, Any] = {
        "kind": "transaction",
        "offset": offset,
        "time": _time(header.time),
        "session": _hex(header.client_id),
        "cxid": header.cxid,
        "zxid": _hex(header.zxid),
        "type": _type_name(header.type),
        **_record_fields(record),
    }
    if digest is not None:
        fields["digest"] = digest.tree_digest
    text = (
        f"{fields['time']} session {fields['session']} cxid {header.cxid:#x} "
        f"zxid {fields['zxid']} {fields['type']}{_record_text(record)}"
    )
    return Shown(text, fields)


def _record_fields(record: Any) -> dict[str, Any]:
    """Turn any record into what JSON can hold: data in base64, nested records as objects."""
    if isinstance(record, MultiTxn):
        return {
            "txns": [
                {"type": _type_name(sub.type), **_record_fields(sub.record)} for sub in record.txns
            ]
        }
    fields = record._asdict()
    if "data" in fields:
        data = fields["data"]
        fields["data"] = None if data is None else b64encode(data).decode()
    if "acl" in fields:
        fields["acl"] = _acl_fields(fields["acl"])
    return dict(fields)


def _record_text(record: Any) -> str:
    if isinstance(record, MultiTxn):
        parts = [f"{_type_name(sub.type)}{_record_text(sub.record)}" for sub in record.txns]
        return " [" + "; ".join(parts) + "]"
    fields = record._asdict()
    if "data" in fields:
        fields["data"] = _data_text(fields["data"])
    if "acl" in fields:
        fields["acl"] = _acl_text(fields["acl"])
    if "paths" in fields:
        fields["paths"] = ",".join(map(_path_text, fields["paths"] or ())) or "none"
    path = fields.pop("path", None)
    text = "" if path is None else f" {_path_text(path)}"
    return text + "".join(f" {name}={value}" for name, value in fields.items())


def _show_node(node: NodeTuple, acl: list[dict[str, Any]] | None) -> Shown:
    path, data, acl_id, czxid, mzxid, ctime, mtime, version, cversion, aversion, owner, pzxid = node
    fields: dict[str, Any] = {
        "kind": "node",
        "path": path or "/",
        "data": None if data is None else b64encode(data).decode(),
        "dataLength": len(data or b""),
        "acl": acl if acl is not None else "open" if acl_id == -1 else f"unknown {acl_id}",
        "cZxid": _hex(czxid),
        "ctime": _time(ctime),
        "mZxid": _hex(mzxid),
        "mtime": _time(mtime),
        "pZxid": _hex(pzxid),
        "cversion": cversion,
        "dataVersion": version,
        "aclVersion": aversion,
        "ephemeralOwner": _hex(owner),
    }
    shown = [
        f"{key} = {fields[key]}" for key in fields if key not in ("kind", "path", "data", "acl")
    ]
    return Shown(f"{_path_text(path or '/')}  " + ", ".join(shown), fields)


def _acl_fields(acl: tuple[ACL, ...]) -> list[dict[str, Any]]:
    return [{"perms": entry.perms, "scheme": entry.id.scheme, "id": entry.id.id} for entry in acl]


def _acl_text(acl: tuple[ACL, ...]) -> str:
    return ",".join(f"{entry.id.scheme}:{entry.id.id}:{entry.perms}" for entry in acl) or "none"


def _data_text(data: bytes | None) -> str:
    """Show data as text where it is text, escaped where it is not, and cut where it is long."""
    if data is None:
        return "null"
    shown = repr(data[:DATA_SHOWN].decode("utf-8", "backslashreplace"))
    return shown if len(data) <= DATA_SHOWN else f"{shown}... ({len(data)} bytes)"


def _path_text(path: str) -> str:
    """Show a path as it is, unless it would do things to a terminal."""
    return path if path.isprintable() else repr(path)


def _hex(number: int) -> str:
    return f"{number & _UNSIGNED:#x}"


def _time(milliseconds: int) -> str:
    """Show a time in ISO 8601, or the number where no calendar has it."""
    try:
        moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    except (OverflowError, ValueError, OSError):
        return f"{milliseconds} ms"
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _type_name(number: int) -> str:
    """Return ZooKeeper's name of a transaction type, as in ``setData``."""
    try:
        first, *rest = OpCode(number).name.lower().split("_")
    except ValueError:
        return f"type {number}"
    return first + "".join(_CAPITALS.get(word, word.capitalize()) for word in rest)


_CAPITALS = {"acl": "ACL", "ttl": "TTL"}
