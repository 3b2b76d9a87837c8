"""The tree as the page shows it: a node, its children, and where a name is found.

Everything is read as a client with the caller's identities would read it. What could be long is cut
off and says so, and a search lets others have their turn.
"""

import asyncio
import base64
from collections.abc import Iterable
from itertools import islice

from speckeeper.ops.admin.page.guard import Caller, Refused, may
from speckeeper.ops.running import Running
from speckeeper.tree import reads
from speckeeper.tree.acl import CREATE, DELETE, READ, WRITE, Decided, check_acl
from speckeeper.tree.node import Node
from speckeeper.tree.paths import SPECIAL_PATHS, parent_of, validate_path
from speckeeper.wire.codes import ErrorCode, Perms
from speckeeper.wire.records import ACL

CHILDREN_PER_PAGE = 500
#: Above this many, children stand in the order of their creation: to sort them takes too long.
_MOST_SORTED = 10_000
#: Data beyond this is cut off, and cannot be edited.
MOST_DATA = 256 << 10
MOST_HITS = 200
MOST_VISITED = 200_000
#: Nodes, and entries of ACLs, that a search looks at before it lets others have their turn: less
#: than a millisecond.
_PER_TURN = 500
_PAUSE_S = 0.001

BAD_REQUEST, FORBIDDEN, NOT_FOUND = 400, 403, 404
_LETTERS = (("c", Perms.CREATE), ("d", Perms.DELETE), ("r", Perms.READ), ("w", Perms.WRITE))


def checked_path(path: object) -> str:
    """Return a path. Raises `Refused` for what is none."""
    if not isinstance(path, str):
        raise Refused(BAD_REQUEST, "path: give the path of a node")
    fault = validate_path(path)
    if fault is not None:
        raise Refused(BAD_REQUEST, f"path: {fault}")
    return path


def show_node(
    running: Running, caller: Caller, path: str, offset: int, edit: bool
) -> dict[str, object]:
    """Return a node and some of its children, from `offset` on. Raises `Refused`."""
    tree, policy = running.server.tree, running.server.settings.policy
    node = reads.get_data(tree, policy, path, caller.ids)
    if isinstance(node, int):
        raise _refusal(node, path)
    data = node.data
    children = node.children or {}
    total = len(children)
    names: Iterable[str] = children
    if total <= _MOST_SORTED:
        names = sorted(children)
    start = len(path) + 1 if len(path) > 1 else 1
    listed = reads.get_acl(tree, policy, path, caller.ids)
    return {
        "path": path,
        "data": None if data is None else base64.b64encode(data[:MOST_DATA]).decode(),
        "size": len(data or b""),
        "cut": len(data or b"") > MOST_DATA,
        "stat": _stat(node),
        "acl": [] if isinstance(listed, int) else [_shown_acl(each) for each in listed[1]],
        "children": [
            [name[start:], _child_count(tree.nodes.get(name))]
            for name in islice(names, offset, offset + CHILDREN_PER_PAGE)
        ],
        "total": total,
        "offset": offset,
        "may": {
            "set": edit and may(policy, node, WRITE, caller),
            "create": edit and may(policy, node, CREATE, caller),
            "delete": edit
            and path not in SPECIAL_PATHS
            and may(policy, tree.nodes.get(parent_of(path)), DELETE, caller),
        },
    }


def _child_count(node: Node | None) -> int:
    return len(node.children) if node is not None and node.children else 0


def _stat(node: Node) -> dict[str, object]:
    """Return the Stat; zxids and sessions as text, since a browser rounds long numbers."""
    stat = node.stat()._asdict()
    for name in ("czxid", "mzxid", "pzxid", "ephemeralOwner", "ephemeral_owner"):
        if name in stat:
            stat[name] = f"{stat[name] % (1 << 64):#x}"
    return stat


def _shown_acl(entry: ACL) -> str:
    letters = "".join(
        letter for letter, bit in (*_LETTERS, ("a", Perms.ADMIN)) if entry.perms & bit
    )
    return f"{entry.id.scheme}:{entry.id.id}:{letters}"


async def search(running: Running, caller: Caller, under: str, text: str) -> dict[str, object]:
    """Return paths below `under` whose last part contains the text, whatever its case.

    Children are looked at only where the caller may read. Raises `Refused`.
    """
    server = running.server
    tree, policy = server.tree, server.settings.policy
    first = reads.get_data(tree, policy, under, caller.ids)
    if isinstance(first, int):
        raise _refusal(first, under)
    wanted = text.casefold()
    ids, decided = caller.ids, Decided()
    hits: list[str] = []
    visited = turn = 0
    pending = [under]
    while pending and visited < MOST_VISITED and len(hits) < MOST_HITS:
        path = pending.pop()
        node = tree.nodes.get(path)
        if node is None or not node.children:
            continue
        walked = decided.walked
        if not check_acl(policy, node.acl, READ, ids, decided):
            turn += 1 + decided.walked - walked
            turn = await _others_turn(turn)
            continue
        turn += decided.walked - walked
        # Copied, since it may change while others have their turn.
        for child in list(islice(node.children, MOST_VISITED - visited)):
            visited += 1
            turn += 1
            if wanted in child.rpartition("/")[2].casefold():
                hits.append(child)
                if len(hits) >= MOST_HITS:
                    break
            below = tree.nodes.get(child)
            if below is not None and below.children:
                pending.append(child)
            turn = await _others_turn(turn)
    complete = not pending and visited < MOST_VISITED and len(hits) < MOST_HITS
    return {"hits": sorted(hits), "visited": visited, "complete": complete}


async def _others_turn(turn: int) -> int:
    """Let others have their turn, and as much time again, if ours was long enough."""
    if turn < _PER_TURN:
        return turn
    await asyncio.sleep(_PAUSE_S)
    return 0


def _refusal(error: int, path: str) -> Refused:
    if error == ErrorCode.NO_NODE:
        return Refused(NOT_FOUND, f"{path} does not exist")
    if error == ErrorCode.NO_AUTH:
        return Refused(FORBIDDEN, f"you may not read {path}")
    return Refused(BAD_REQUEST, f"{path}: error {error}")
