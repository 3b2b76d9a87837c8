"""Trees to begin with: a value of the specification as a DataTree."""

from typing import Any

from tests.mbt.znode import records as r
from tests.model.znode import values as v

from speckeeper.tree.datatree import DataTree
from speckeeper.tree.ephemeral import CONTAINER_OWNER
from speckeeper.tree.node import Node
from speckeeper.tree.quota import limited_paths
from speckeeper.wire.records import OPEN_ACL_UNSAFE


def tree_of(value: Any) -> DataTree:
    """Return the tree that a value of the specification is, of persistent nodes and containers."""
    tree = DataTree()
    for path, node in value["nodes"].items():
        text = r.path(path)
        if text not in tree.nodes:
            acl = tree.acls.acquire(OPEN_ACL_UNSAFE)
            tree.nodes[text] = Node(v.bytes_of(node["data"]), acl, *[0] * 9)
            parent = text.rsplit("/", 1)[0] or "/"
            tree.nodes[parent].add_child(text)
        if node["ephemeralOwner"]["type"] == "CONTAINER":
            tree.nodes[text].ephemeral_owner = CONTAINER_OWNER
            tree.containers.add(text)
        tree.nodes[text].cversion = node["cversion"]
        tree.nodes[text].pzxid = node["pzxid"]
    tree.sessions.update(value["sessions"].items())
    tree.last_processed_zxid = value["lastProcessedZxid"]
    tree.quotas.update(limited_paths(tree.nodes))
    return tree
