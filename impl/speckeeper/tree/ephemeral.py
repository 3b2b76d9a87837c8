"""The stored ``ephemeral_owner``: one signed 64-bit number that tells four kinds of node apart.

====================================  =========================================================
0                                     persistent
-2**63                                container
top byte 0xFF, next 16 bits zero      TTL node; the low 40 bits are its ttl in milliseconds
anything else                         ephemeral; the number is the id of the owning session
====================================  =========================================================

ZooKeeper reads the third row only while ``extendedTypesEnabled`` is set and otherwise takes a TTL
node for the ephemeral of a session that is long gone, which start-up then deletes. Here the number
alone decides, so that forgetting the setting loses no data; the setting only governs creation. No
session has such an id: its server would be number 255 and its clock within the first hours of a 34
year cycle. The layout of 3.5.3 (``emulate353TTLNodes``) is not read.

Source: ZooKeeper ``EphemeralType``.
"""

from enum import Enum

CONTAINER_OWNER = -(1 << 63)
MAX_TTL_MS = (1 << 40) - 1

_TTL_FIRST = -(1 << 56)
_TTL_LAST = _TTL_FIRST + MAX_TTL_MS


class EphemeralType(Enum):
    """What the owner of a node says about it (names of ZooKeeper ``EphemeralType``)."""

    VOID = "persistent"
    NORMAL = "ephemeral"
    CONTAINER = "container"
    TTL = "ttl"


def ephemeral_type(owner: int) -> EphemeralType:
    """Tell which kind of node has this stored owner."""
    if owner == 0:
        return EphemeralType.VOID
    if owner == CONTAINER_OWNER:
        return EphemeralType.CONTAINER
    if _TTL_FIRST <= owner <= _TTL_LAST:
        return EphemeralType.TTL
    return EphemeralType.NORMAL


def is_ephemeral(owner: int) -> bool:
    """Whether the owner is a session: only then does the node die with it and bear no children."""
    return owner != 0 and owner != CONTAINER_OWNER and not _TTL_FIRST <= owner <= _TTL_LAST


def shown_owner(owner: int) -> int:
    """Return the ``ephemeral_owner`` of a Stat: the session, or 0 (ZooKeeper
    ``DataNode.copyStat``).
    """
    return owner if is_ephemeral(owner) else 0


def is_valid_ttl(ttl_ms: int) -> bool:
    """Whether a ttl fits: 1 .. 2**40 - 1 milliseconds, about 34 years."""
    return 0 < ttl_ms <= MAX_TTL_MS


def ttl_owner(ttl_ms: int) -> int:
    """Return the stored owner of a TTL node; ``ttl_ms`` is valid."""
    return _TTL_FIRST + ttl_ms


def ttl_of(owner: int) -> int:
    """Return the ttl in milliseconds that the owner of a TTL node carries."""
    return owner - _TTL_FIRST
