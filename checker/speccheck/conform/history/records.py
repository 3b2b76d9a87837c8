"""The lines of a client history, as they are read. The format: traces/schema-history.json.

Requests and replies stay as they are written until somebody needs what is in them.
"""

from typing import Any

import msgspec

VERSION = 1
_NOTHING = msgspec.Raw(b"{}")


class Header(msgspec.Struct, tag="history", tag_field="event"):
    """The first line of a file, and again where a recorder went on with it."""

    version: int
    recorder: str
    clock: str
    started: int = 0


class Connect(msgspec.Struct, tag="connect", tag_field="event"):
    """A session was asked for."""

    session: int
    call: int
    return_: int = msgspec.field(name="return")
    zxid: int = 0
    timeout: int = 0
    resumed: bool = False
    err: str = "Ok"
    address: str = ""
    read_only: bool = msgspec.field(name="readOnly", default=False)


class Reply(msgspec.Struct, tag="reply", tag_field="event"):
    """A request with its answer."""

    type: str
    call: int
    return_: int = msgspec.field(name="return")
    zxid: int
    err: str = "Ok"
    request: msgspec.Raw = _NOTHING
    reply: msgspec.Raw = _NOTHING


class Lost(msgspec.Struct, tag="lost", tag_field="event"):
    """A request without an answer."""

    type: str
    call: int
    return_: int = msgspec.field(name="return")
    request: msgspec.Raw = _NOTHING


class Watch(msgspec.Struct, tag="watch", tag_field="event"):
    """A watch event."""

    type: str
    path: str
    return_: int = msgspec.field(name="return")
    zxid: int = -1


class Opaque(msgspec.Struct, tag="opaque", tag_field="event"):
    """Something that the recorder did not understand."""

    reason: str
    return_: int = msgspec.field(name="return")
    size: int = 0
    zxid: int = 0
    err: str = "Ok"


class Disconnect(msgspec.Struct, tag="disconnect", tag_field="event"):
    """The connection ended."""

    return_: int = msgspec.field(name="return")


class End(msgspec.Struct, tag="end", tag_field="event"):
    """The recorder stopped in good order."""

    return_: int = msgspec.field(name="return")


Record = Header | Connect | Reply | Lost | Watch | Opaque | Disconnect | End

_raw = msgspec.json.Decoder(dict[str, Any])
fields = _raw.decode
"""Returns the fields of a request or reply."""
