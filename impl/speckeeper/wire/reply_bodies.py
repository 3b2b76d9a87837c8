"""Bodies of replies, operation by operation: what follows the header when ``err`` is 0.

Not here: bodies that are one shared record (``encode_stat`` for exists, setData and setACL), a
path alone (``encode_ustring`` for create and sync), or an int.

Source: ``zookeeper.jute``, module ``org.apache.zookeeper.proto``.
"""

from collections.abc import Collection
from typing import NamedTuple

from speckeeper.wire.jute import (
    INT,
    NULL,
    Reader,
    encode_ustring,
    encode_vector,
)
from speckeeper.wire.records import (
    ACL,
    STAT,
    Stat,
    decode_acl_list,
    decode_stat,
    encode_acl_list,
    encode_stat,
)


class ClientInfo(NamedTuple):
    """One identity in the answer to whoAmI."""

    auth_scheme: str
    user: str


def encode_data_reply(data: bytes | None, stat: Stat) -> bytes:
    """Return the body of getData."""
    if data is None:
        return NULL + STAT.pack(*stat)
    return b"".join((INT.pack(len(data)), data, STAT.pack(*stat)))


def decode_data_reply(reader: Reader) -> tuple[bytes | None, Stat]:
    """Read the body of getData."""
    data = reader.buffer()
    return data, decode_stat(reader)


def encode_create2_reply(path: str, stat: Stat) -> bytes:
    """Return the body of create2, createContainer and createTTL."""
    return encode_ustring(path) + encode_stat(stat)


def decode_create2_reply(reader: Reader) -> tuple[str, Stat]:
    """Read the body of create2."""
    path = reader.text("path")
    return path, decode_stat(reader)


def encode_children_reply(children: Collection[str]) -> bytes:
    """Return the body of getChildren (names) and of getEphemerals (paths)."""
    pack = INT.pack
    parts = [pack(len(children))]
    for name in children:
        raw = name.encode()
        parts.append(pack(len(raw)))
        parts.append(raw)
    return b"".join(parts)


def decode_children_reply(reader: Reader) -> list[str]:
    """Read the body of getChildren or getEphemerals."""
    return reader.texts("name") or []


def encode_children2_reply(children: Collection[str], stat: Stat) -> bytes:
    """Return the body of getChildren2."""
    return encode_children_reply(children) + encode_stat(stat)


def decode_children2_reply(reader: Reader) -> tuple[list[str], Stat]:
    """Read the body of getChildren2."""
    children = decode_children_reply(reader)
    return children, decode_stat(reader)


def encode_acl_reply(acl: tuple[ACL, ...], stat: Stat) -> bytes:
    """Return the body of getACL."""
    return encode_acl_list(acl) + encode_stat(stat)


def decode_acl_reply(reader: Reader) -> tuple[tuple[ACL, ...], Stat]:
    """Read the body of getACL."""
    acl = decode_acl_list(reader)
    return acl, decode_stat(reader)


def _encode_client_info(info: ClientInfo) -> bytes:
    return encode_ustring(info.auth_scheme) + encode_ustring(info.user)


def _decode_client_info(reader: Reader) -> ClientInfo:
    scheme = reader.text("scheme")
    return ClientInfo(scheme, reader.text("user"))


def encode_client_infos(infos: Collection[ClientInfo]) -> bytes:
    """Return the body of whoAmI."""
    return encode_vector(infos, _encode_client_info)


def decode_client_infos(reader: Reader) -> list[ClientInfo]:
    """Read the body of whoAmI."""
    return reader.vector(_decode_client_info) or []
