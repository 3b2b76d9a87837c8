"""The one table of zoo.cfg keys and how to find a row in it."""

from speckeeper.ops.config.key import Key, Status
from speckeeper.ops.config.keys_later import LATER
from speckeeper.ops.config.keys_served import SERVED

__all__ = ["KEYS", "PREFIX", "Key", "Status", "find_key", "similar_name"]

#: Every key that is understood, in the order of the documentation.
KEYS: tuple[Key, ...] = (*SERVED, *LATER)

#: What Apache puts before a key of the system-property group to make the name of the Java property.
PREFIX = "zookeeper."

_EXACT = {name: key for key in KEYS if not key.is_family for name in (key.name, *key.aliases)}
_FAMILIES = tuple(key for key in KEYS if key.is_family)


def find_key(name: str) -> Key | None:
    """Return the row for a key as an operator wrote it, or None; `zookeeper.` is optional for
    system properties.
    """
    found = _find(name)
    if found is None and name.startswith(PREFIX):
        found = _find(name.removeprefix(PREFIX))
        if found is not None and not found.system:
            return None
    return found


def _find(name: str) -> Key | None:
    exact = _EXACT.get(name)
    if exact is not None:
        return exact
    return next((key for key in _FAMILIES if key.pattern.fullmatch(name)), None)


def similar_name(name: str) -> str | None:
    """Return the known key that an unknown one was probably meant to be, or None."""
    from difflib import get_close_matches  # only a slip needs it

    folded = {known.lower(): known for known in _EXACT}
    close = get_close_matches(name.removeprefix(PREFIX).lower(), folded, n=1, cutoff=0.75)
    return folded[close[0]] if close else None
