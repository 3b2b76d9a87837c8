"""The first frame each way on a client connection, and the session password.

Neither message has a header. The read-only flag at the end was added later: a peer that does not
know it leaves the byte out, and a server answers with the byte only to a client that sent it.

Source: ZooKeeper ``ConnectRequest``, ``ConnectResponse``, ``ZooKeeperServer.generatePasswd``,
``java.util.Random``.
"""

from struct import Struct
from typing import NamedTuple

from speckeeper.wire.jute import FALSE, TRUE, Reader, encode_buffer

PASSWORD_SIZE = 16
#: The password in an answer that refuses the session.
NO_PASSWORD = bytes(PASSWORD_SIZE)

_REQUEST = Struct(">iqiq")
_RESPONSE = Struct(">iiq")

_PASSWORD_SECRET = 0xB3415C00
_LCG_MULTIPLIER = 0x5DEECE66D
_LCG_INCREMENT = 0xB
_LCG_MASK = (1 << 48) - 1


class ConnectRequest(NamedTuple):
    """What a client says first; ``session_id`` 0 asks for a new session.

    ``read_only`` is None when the flag was absent. A null password is read as an empty one:
    neither is that of any session.
    """

    protocol_version: int
    last_zxid_seen: int
    timeout_ms: int
    session_id: int
    password: bytes
    read_only: bool | None


class ConnectResponse(NamedTuple):
    """The answer; ``timeout_ms`` 0 says that the session is not valid (any more)."""

    protocol_version: int
    timeout_ms: int
    session_id: int
    password: bytes
    read_only: bool | None


def encode_connect_request(request: ConnectRequest) -> bytes:
    """Return a connect request: 44 bytes with a 16-byte password, 45 with the flag."""
    return _REQUEST.pack(*request[:4]) + _password_and_flag(request.password, request.read_only)


def decode_connect_request(raw: bytes, position: int = 0, end: int | None = None) -> ConnectRequest:
    """Decode the payload of the first frame, ``raw[position:end]``; raises WireError."""
    reader = Reader(raw, position, end)
    protocol_version = reader.int()
    last_zxid_seen = reader.long()
    timeout_ms = reader.int()
    session_id = reader.long()
    password = reader.buffer() or b""
    return ConnectRequest(
        protocol_version, last_zxid_seen, timeout_ms, session_id, password, _flag(reader)
    )


def encode_connect_response(response: ConnectResponse) -> bytes:
    """Return a connect response: 36 bytes with a 16-byte password, 37 with the flag."""
    return _RESPONSE.pack(*response[:3]) + _password_and_flag(response.password, response.read_only)


def decode_connect_response(
    raw: bytes, position: int = 0, end: int | None = None
) -> ConnectResponse:
    """Decode the payload of the answer, ``raw[position:end]``; raises WireError."""
    reader = Reader(raw, position, end)
    protocol_version = reader.int()
    timeout_ms = reader.int()
    session_id = reader.long()
    password = reader.buffer() or b""
    return ConnectResponse(protocol_version, timeout_ms, session_id, password, _flag(reader))


def session_password(session_id: int) -> bytes:
    """Return the 16-byte password of a session; every server computes the same.

    It is what ``new java.util.Random(sessionId ^ 0xB3415C00).nextBytes`` gives. ``session_id``
    may be signed or unsigned: only its low 48 bits matter.
    """
    state = (session_id ^ _PASSWORD_SECRET ^ _LCG_MULTIPLIER) & _LCG_MASK
    words = []
    for _ in range(PASSWORD_SIZE // 4):
        state = (state * _LCG_MULTIPLIER + _LCG_INCREMENT) & _LCG_MASK
        words.append((state >> 16).to_bytes(4, "little"))
    return b"".join(words)


def _password_and_flag(password: bytes, read_only: bool | None) -> bytes:
    flag = b"" if read_only is None else TRUE if read_only else FALSE
    return encode_buffer(password) + flag


def _flag(reader: Reader) -> bool | None:
    return None if reader.at_end() else reader.boolean()
