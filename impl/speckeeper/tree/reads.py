"""Reads: answered from the applied tree alone, each with its permission check.

A function returns its answer, or an ErrorCode's number (a plain int) where there is none. Answers
are made of what the tree holds, without copies where possible, so use them before the tree changes
again.

Source: ZooKeeper ``FinalRequestProcessor``, ``DataTree.getChildren``, ``getAllChildrenNumber``.
"""

from speckeeper.tree.acl import ADMIN, READ, Decided, check_acl
from speckeeper.tree.datatree import DataTree
from speckeeper.tree.node import Node, descendants
from speckeeper.tree.policy import Policy
from speckeeper.wire.codes import ErrorCode
from speckeeper.wire.records import ACL, OPEN_ACL_UNSAFE, Id

_NO_NODE = int(ErrorCode.NO_NODE)
_NO_AUTH = int(ErrorCode.NO_AUTH)
_BAD_ARGUMENTS = int(ErrorCode.BAD_ARGUMENTS)
_READ_OR_ADMIN = READ | ADMIN


def get_data(
    tree: DataTree,
    policy: Policy,
    path: str,
    auth_ids: tuple[Id, ...],
    decided: Decided | None = None,
) -> Node | int:
    """Return a node that the client may READ: its data and ``encode_stat()`` are the answer."""
    node = tree.nodes.get(path)
    if node is None:
        return _NO_NODE
    acl = node.acl
    if acl is OPEN_ACL_UNSAFE or check_acl(policy, acl, READ, auth_ids, decided):
        return node
    return _NO_AUTH


def exists(
    tree: DataTree,
    policy: Policy,
    path: str,
    auth_ids: tuple[Id, ...],
    decided: Decided | None = None,
) -> Node | int:
    """Return a node whose Stat is the answer; it must be readable since 3.9.2 (ZOOKEEPER-2590)."""
    if "\0" in path:
        return _BAD_ARGUMENTS
    return get_data(tree, policy, path, auth_ids, decided)


def get_children(
    tree: DataTree,
    policy: Policy,
    path: str,
    auth_ids: tuple[Id, ...],
    decided: Decided | None = None,
) -> tuple[Node, list[str]] | int:
    """Return a readable node and the names of its children, in the order they were created."""
    node = get_data(tree, policy, path, auth_ids, decided)
    return node if isinstance(node, int) else (node, child_names(path, node))


def child_names(path: str, node: Node) -> list[str]:
    """Return the names of the children of the node at ``path``."""
    start = len(path) + 1 if len(path) > 1 else 1
    return [child[start:] for child in node.children] if node.children else []


def get_acl(
    tree: DataTree, policy: Policy, path: str, auth_ids: tuple[Id, ...]
) -> tuple[Node, tuple[ACL, ...]] | int:
    """Return a node that the client may READ or ADMIN, and its ACL list.

    Without ADMIN the client is not shown the hashes in digest ids.
    """
    node = tree.nodes.get(path)
    if node is None:
        return _NO_NODE
    if not check_acl(policy, node.acl, _READ_OR_ADMIN, auth_ids):
        return _NO_AUTH
    if check_acl(policy, node.acl, ADMIN, auth_ids):
        return node, node.acl
    return node, tuple(map(_without_hash, node.acl))


def _without_hash(entry: ACL) -> ACL:
    scheme, text = entry.id
    if scheme != "digest" or ":" not in text:
        return entry
    return ACL(entry.perms, Id(scheme, text.split(":", 1)[0] + ":x"))


def get_all_children_number(
    tree: DataTree, policy: Policy, path: str, auth_ids: tuple[Id, ...]
) -> int:
    """Return how many descendants a readable node has, or a (negative) error.

    The root's number is that of all nodes but itself; under its other name, the empty path, it
    counts "/" as well.
    """
    node = get_data(tree, policy, path, auth_ids)
    if isinstance(node, int):
        return node
    if path in ("", "/"):
        return len(tree.nodes) - 1 - len(path)
    return sum(1 for _ in descendants(tree.nodes, path))


def get_ephemerals(tree: DataTree, session_id: int, prefix: str | None) -> list[str]:
    """Return the sorted paths of a session's ephemerals that begin with ``prefix`` as text.

    None, blanks and ``/`` mean all.
    """
    paths = tree.ephemerals.get(session_id, ())
    if prefix is None or prefix.strip() in ("", "/"):
        return sorted(paths)
    return sorted(path for path in paths if path.startswith(prefix))
