"""Paths of nodes: which are legal, what their parent is, and the ones the server keeps for itself.

A path is a str such as ``/a/b``. The root is ``/`` to clients; as a parent it is the empty string,
so that a parent is always what stands before the last slash. :class:`DataTree` knows it by both
names.

Source: ZooKeeper ``PathUtils``, ``ZooDefs``, ``DataTree.isSpecialPath``.
"""

ROOT = "/"
ZOOKEEPER = "/zookeeper"
QUOTA = "/zookeeper/quota"
CONFIG = "/zookeeper/config"
ZOOKEEPER_SUBTREE = "/zookeeper/"

# Nobody may delete these (ZooKeeper DataTree.isSpecialPath).
SPECIAL_PATHS = frozenset((ROOT, ZOOKEEPER, QUOTA, CONFIG))


def parent_of(path: str) -> str:
    """Return what stands before the last slash: ``""`` for a child of the root.

    A path without a slash has no parent; the result is then meaningless, check first.
    """
    return path[: path.rfind("/")]


def validate_path(path: str) -> str | None:
    """Return why a path is illegal, or None if it is legal.

    Indexes in the text count characters. ZooKeeper looks at UTF-16 units, so a character beyond
    U+FFFF, a pair of surrogates there, is illegal (``PathUtils.validatePath``).
    """
    # Nearly every path passes these few calls, each a single scan in C.
    if (
        path.isascii()
        and path.isprintable()
        and path.startswith("/")
        and "//" not in path
        and "/." not in path
        and (not path.endswith("/") or len(path) == 1)
    ):
        return None
    return _fault(path)


def _fault(path: str) -> str | None:
    """Look for the first fault, one character after the other."""
    if not path:
        return "path is empty"
    if path[0] != "/":
        return "path does not start with /"
    if len(path) == 1:
        return None
    if path[-1] == "/":
        return "path ends with /"
    start = 1
    for component in path[1:].split("/"):
        if not component:
            return f"empty node name at {start}"
        if component in (".", ".."):
            return f"relative path at {start}"
        for offset, character in enumerate(component, start):
            if _is_illegal(ord(character)):
                return f"illegal character U+{ord(character):04X} at {offset}"
        start += len(component) + 1
    return None


def _is_illegal(code: int) -> bool:
    """Control characters, surrogates and private use, and the specials at the end of the plane."""
    return code <= 0x1F or 0x7F <= code <= 0x9F or 0xD800 <= code <= 0xF8FF or code >= 0xFFF0
