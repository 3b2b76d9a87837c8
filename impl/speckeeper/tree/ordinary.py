"""The two frequent writes in their ordinary form, without the records in between.

Most writes are a setData or a create of a persistent node, allowed, on an open node, without any
quota. For these the four functions here do what ``prepare``, ``TreeView.stage`` and ``apply`` do,
and nothing else: a test holds them to it, request by request. Whatever is unusual about one they
leave alone and say so by None or False; then the general functions are asked, also for the error.

The transaction of a write prepared here is the same as the general one; only its tuples are not
made.
"""

from speckeeper.tree.datatree import DataTree
from speckeeper.tree.node import Node
from speckeeper.tree.paths import ZOOKEEPER, validate_path
from speckeeper.tree.view import TreeView
from speckeeper.wire.records import OPEN_ACL_UNSAFE

_LAST_VERSION = (1 << 31) - 1
_ANY_VERSION = -1


def stage_set_data(
    view: TreeView, session_id: int, path: str, data: bytes, version: int, zxid: int, time_ms: int
) -> int | None:
    """Prepare a setData and lay it over the view; return the version that the node gets."""
    node = view.find(path)
    if node is None or node.acl is not OPEN_ACL_UNSAFE or not view.session_lives(session_id):
        return None
    former = node.version
    if former == _LAST_VERSION or len(path) <= 1 or (version != former and version != _ANY_VERSION):
        return None
    following = former + 1
    view.change_data_of(path, node, data, following, zxid, time_ms)
    return following


def stage_create(
    view: TreeView, session_id: int, path: str, data: bytes, zxid: int, time_ms: int
) -> int | None:
    """Prepare a create of a persistent node with the open ACL list, and lay it over the view.

    Return the cversion that the parent gets.
    """
    parent_path = path[: path.rfind("/")]
    parent = view.find(parent_path)
    if (
        parent is None
        or len(parent_path) <= 1
        or parent.acl is not OPEN_ACL_UNSAFE
        or parent.ephemeral_owner
        or not view.session_lives(session_id)
        or view.find(path) is not None
        or validate_path(path) is not None
    ):
        return None
    cversion = parent.staged_cversion + 1
    if cversion > _LAST_VERSION:
        return None
    view.add_node(path, parent_path, data, OPEN_ACL_UNSAFE, cversion, zxid, time_ms, 0)
    return cversion


def apply_set_data(
    tree: DataTree, path: str, data: bytes, version: int, zxid: int, time_ms: int
) -> Node | None:
    """Give a node new data; return it."""
    node = tree.nodes.get(path)
    if node is None or tree.quotas:
        return None
    tree.digesting.will_change(path, node)
    former = node.data
    tree.data_size += len(data) - len(former) if former else len(data)
    node.data = data
    node.version = version
    node.mzxid = zxid
    node.mtime = time_ms
    _count(tree, zxid)
    return node


def can_create(tree: DataTree, path: str) -> bool:
    """Whether :func:`apply_create` would add a node at a path; else the general way is for it."""
    nodes = tree.nodes
    return not (
        tree.quotas
        or path in nodes
        or path.startswith(ZOOKEEPER)
        or path[: path.rfind("/")] not in nodes
    )


def apply_create(
    tree: DataTree, path: str, data: bytes, cversion: int, zxid: int, time_ms: int
) -> bool:
    """Add a persistent node with the open ACL list; tell whether it was done."""
    if not can_create(tree, path):
        return False
    nodes = tree.nodes
    parent_path = path[: path.rfind("/")]
    parent = nodes[parent_path]
    tree.digesting.will_change(parent_path, parent)
    if cversion > parent.cversion:
        parent.cversion, parent.pzxid = cversion, zxid
    children = parent.children
    if children is None:
        parent.children = {path: None}
    else:
        children[path] = None
    node = nodes[path] = Node(data, OPEN_ACL_UNSAFE, zxid, zxid, time_ms, time_ms, 0, 0, 0, 0, zxid)
    tree.digesting.added(path, node)
    tree.data_size += len(path) + len(data)
    _count(tree, zxid)
    return True


def _count(tree: DataTree, zxid: int) -> None:
    if zxid > tree.last_processed_zxid:
        tree.last_processed_zxid = zxid
    if tree.digest_enabled and tree.digests.wants(zxid):
        tree.digests.applied(zxid, tree.digest, None)
