"""Requests of clients: a record for each operation.

Source: ``zookeeper.jute``, module ``org.apache.zookeeper.proto``. Decoding and encoding:
``requests.py``.
"""

from typing import NamedTuple, TypeAlias

from speckeeper.wire.records import ACL


class CreateRequest(NamedTuple):
    """create, create2, createContainer and createTTL; ``ttl`` (ms) is -1 unless there is one.

    ``flags`` is whatever the client sent, known (:class:`CreateFlag`) or not.
    """

    path: str
    data: bytes | None
    acl: tuple[ACL, ...]
    flags: int
    ttl: int = -1


class DeleteRequest(NamedTuple):
    """delete; also deleteContainer, which carries no version (-1)."""

    path: str
    version: int = -1


class ExistsRequest(NamedTuple):
    """exists."""

    path: str
    watch: bool


class GetDataRequest(NamedTuple):
    """getData; in a multiRead ``watch`` is always false."""

    path: str
    watch: bool


class GetChildrenRequest(NamedTuple):
    """getChildren and getChildren2; in a multiRead ``watch`` is always false."""

    path: str
    watch: bool


class SetDataRequest(NamedTuple):
    """setData; version -1 is any."""

    path: str
    data: bytes | None
    version: int


class GetACLRequest(NamedTuple):
    """getACL."""

    path: str


class SetACLRequest(NamedTuple):
    """setACL; ``version`` is compared with aversion, -1 is any."""

    path: str
    acl: tuple[ACL, ...]
    version: int


class SyncRequest(NamedTuple):
    """sync; the path is echoed, null included."""

    path: str | None


class CheckVersionRequest(NamedTuple):
    """check, only inside a multi; version -1 is any."""

    path: str
    version: int


class MultiRequest(NamedTuple):
    """multi and multiRead: pairs of operation code and request."""

    ops: "tuple[tuple[int, Request], ...]"


class SetWatchesRequest(NamedTuple):
    """setWatches and setWatches2: paths to watch again; setWatches leaves the last two empty."""

    relative_zxid: int
    data: tuple[str, ...]
    exist: tuple[str, ...]
    child: tuple[str, ...]
    persistent: tuple[str, ...] = ()
    persistent_recursive: tuple[str, ...] = ()


class AddWatchRequest(NamedTuple):
    """addWatch; ``mode`` is whatever the client sent (:class:`AddWatchMode`)."""

    path: str
    mode: int


class CheckWatchesRequest(NamedTuple):
    """checkWatches; ``type`` is whatever the client sent (:class:`WatcherType`)."""

    path: str
    type: int


class RemoveWatchesRequest(NamedTuple):
    """removeWatches; ``type`` is whatever the client sent (:class:`WatcherType`)."""

    path: str
    type: int


class GetEphemeralsRequest(NamedTuple):
    """getEphemerals; null, empty and "/" mean all."""

    prefix: str | None


class GetAllChildrenNumberRequest(NamedTuple):
    """getAllChildrenNumber."""

    path: str


class WhoAmIRequest(NamedTuple):
    """whoAmI; empty."""


class PingRequest(NamedTuple):
    """ping; empty."""


class AuthRequest(NamedTuple):
    """auth; ``type`` is unused."""

    type: int
    scheme: str
    auth: bytes | None


class SaslRequest(NamedTuple):
    """sasl."""

    token: bytes | None


class ReconfigRequest(NamedTuple):
    """reconfig; each of the three strings may be null."""

    joining: str | None
    leaving: str | None
    new_members: str | None
    cur_config_id: int


class CreateSessionRequest(NamedTuple):
    """createSession, made by servers for a new connection; ``timeout`` in ms."""

    timeout: int


class CloseSessionRequest(NamedTuple):
    """closeSession; empty."""


Request: TypeAlias = (
    CreateRequest
    | DeleteRequest
    | ExistsRequest
    | GetDataRequest
    | GetChildrenRequest
    | SetDataRequest
    | GetACLRequest
    | SetACLRequest
    | SyncRequest
    | CheckVersionRequest
    | MultiRequest
    | SetWatchesRequest
    | AddWatchRequest
    | CheckWatchesRequest
    | RemoveWatchesRequest
    | GetEphemeralsRequest
    | GetAllChildrenNumberRequest
    | WhoAmIRequest
    | PingRequest
    | AuthRequest
    | SaslRequest
    | ReconfigRequest
    | CreateSessionRequest
    | CloseSessionRequest
)
