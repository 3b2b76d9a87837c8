"""The lines of a client history: one record for each thing that a client saw happen.

They stand in the order in which the client got them. Times are microseconds of the recorder's
monotonic clock. A name is as the specification has it (spec/ZNode.tla); data is a text with one
character for each byte. The same in JSON Schema: traces/schema-history.json.
"""

from typing import Any

import msgspec

#: Of the format; a reader refuses what it does not know.
VERSION = 1


class Header(msgspec.Struct, tag="history", tag_field="event", omit_defaults=True):
    """The first line, and again where a recorder goes on with a file.

    Times of files with the same ``clock`` can be compared. ``started`` is wall clock, milliseconds.
    """

    version: int
    recorder: str
    clock: str
    started: int


class Connect(msgspec.Struct, tag="connect", tag_field="event", omit_defaults=True):
    """A server was asked for a session: a new one, or to go on with the one of this file.

    ``err`` is Ok, SessionExpired where the server does not know the session any more, or
    ConnectionLoss where no answer came. ``zxid`` is what the client said it has seen, ``address``
    the client's as the server sees it. The password is nowhere.
    """

    session: int
    call: int
    return_: int = msgspec.field(name="return")
    zxid: int = 0
    timeout: int = 0
    resumed: bool = False
    err: str = "Ok"
    address: str = ""
    read_only: bool = msgspec.field(name="readOnly", default=False)


class Reply(msgspec.Struct, tag="reply", tag_field="event", omit_defaults=True):
    """A request that was answered: ``zxid`` and ``err`` are those of the reply's header."""

    type: str
    call: int
    return_: int = msgspec.field(name="return")
    zxid: int
    err: str = "Ok"
    request: dict[str, Any] = {}
    reply: dict[str, Any] = {}


class Lost(msgspec.Struct, tag="lost", tag_field="event", omit_defaults=True):
    """A request that the connection took with it: nobody knows whether it was carried out."""

    type: str
    call: int
    return_: int = msgspec.field(name="return")
    request: dict[str, Any] = {}


class Watch(msgspec.Struct, tag="watch", tag_field="event", omit_defaults=True):
    """A watch fired. ``zxid`` is that of the change, -1 from servers before 3.9."""

    type: str
    path: str
    return_: int = msgspec.field(name="return")
    zxid: int = -1


class Opaque(msgspec.Struct, tag="opaque", tag_field="event", omit_defaults=True):
    """Something went by that the recorder does not understand: an operation, or a whole connection.

    ``size`` is the length of the request in bytes; ``zxid`` and ``err`` are those of the reply.
    """

    reason: str
    return_: int = msgspec.field(name="return")
    size: int = 0
    zxid: int = 0
    err: str = "Ok"


class Disconnect(msgspec.Struct, tag="disconnect", tag_field="event", omit_defaults=True):
    """The connection ended; what follows is on another, or nothing does."""

    return_: int = msgspec.field(name="return")


class End(msgspec.Struct, tag="end", tag_field="event", omit_defaults=True):
    """The recorder stopped in good order. A file without it at its end was cut off."""

    return_: int = msgspec.field(name="return")


Record = Header | Connect | Reply | Lost | Watch | Opaque | Disconnect | End
