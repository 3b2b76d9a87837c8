"""The tree: all nodes by path, and the indexes that other parts look things up in.

:mod:`speckeeper.tree.apply` is what changes a tree while a server runs; here are its state, the
nodes it starts with, replacing its content from a snapshot, and walking it to write one.

Source: ZooKeeper ``DataTree``.
"""

from collections.abc import Iterable, Iterator, Mapping
from zlib import crc32

from speckeeper.tree import quota
from speckeeper.tree.acl_cache import UNKNOWN_ACL, AclCache
from speckeeper.tree.digest import DigestHistory, TreeDigest, pack_digested_stat
from speckeeper.tree.ephemeral import EphemeralType, ephemeral_type
from speckeeper.tree.node import Node
from speckeeper.tree.paths import CONFIG, QUOTA, ROOT, ZOOKEEPER, ZOOKEEPER_SUBTREE
from speckeeper.wire.records import ACL, OPEN_ACL_UNSAFE, READ_ACL_UNSAFE

StoredNode = tuple[str, bytes | None, int, int, int, int, int, int, int, int, int, int]
"""A node as a snapshot holds it: (path, data, acl_id, czxid, mzxid, ctime, mtime, version,
cversion, aversion, ephemeral_owner, pzxid). The path of the root is ``""``."""


class InvalidTree(Exception):
    """A snapshot does not hold a tree: a node comes before its parent, or there is no root."""


class DataTree:
    """The replicated state, and quota usage, which is each server's own.

    Read it freely; change it only through :func:`speckeeper.tree.apply.apply`. The dicts keep their
    identity for the life of the tree, also across :meth:`load`.
    """

    __slots__ = (
        "acls",
        "containers",
        "data_size",
        "digest_enabled",
        "digesting",
        "digests",
        "ephemerals",
        "last_processed_zxid",
        "nodes",
        "quotas",
        "sessions",
        "ttls",
    )

    def __init__(self, *, digest_enabled: bool = True) -> None:
        self.nodes: dict[str, Node] = {}
        """Every node by its full path; the root by ``""`` and by ``/``."""
        self.ephemerals: dict[int, set[str]] = {}
        """Paths of ephemeral nodes by owning session; no session without any."""
        self.containers: set[str] = set()
        self.ttls: set[str] = set()
        self.quotas: set[str] = set()
        """Paths that have a quota."""
        self.sessions: dict[int, int] = {}
        """Timeout in milliseconds by session id."""
        self.acls = AclCache()
        self.last_processed_zxid = 0
        self.data_size = 0
        self.digest_enabled = digest_enabled
        self.digesting = TreeDigest(digest_enabled)
        """Must hear of every change to a node."""
        self.digests = DigestHistory()
        self._add_system_nodes()

    def _add_system_nodes(self) -> None:
        root = self.nodes[""] = self.nodes[ROOT] = _blank_node()
        zookeeper = self.nodes[ZOOKEEPER] = _blank_node()
        self.nodes[QUOTA] = _blank_node()
        root.add_child(ZOOKEEPER)
        zookeeper.add_child(QUOTA)
        self.data_size = len(ROOT) + len(ZOOKEEPER) + len(QUOTA)
        self._add_config_node()
        self.digesting.added("", root)
        self.digesting.added(ZOOKEEPER, zookeeper)

    def _add_config_node(self) -> None:
        config = self.nodes[CONFIG] = _blank_node()
        # Readable by all, writable by none but super; the setACL that did it left aversion -1.
        config.acl = self.acls.acquire(READ_ACL_UNSAFE)
        config.aversion = -1
        self.nodes[ZOOKEEPER].add_child(CONFIG)
        self.data_size += len(CONFIG)

    @property
    def count(self) -> int:
        """Number of nodes as ZooKeeper reports it: the root counts twice, once under each name."""
        return len(self.nodes)

    @property
    def digest(self) -> int:
        """The digest of the tree (see ``digest.py``), 0 if digests are off."""
        return self.digesting.value()

    @property
    def approximate_data_size(self) -> int:
        """Length of all paths in characters plus length of all data in bytes."""
        return self.data_size

    @property
    def ephemerals_count(self) -> int:
        """Number of ephemeral nodes."""
        return sum(map(len, self.ephemerals.values()))

    def set_config(self, text: bytes, config_zxid: int, time_ms: int) -> None:
        """Store the configuration of the ensemble, as each server does for itself when it starts.

        ``config_zxid`` is the version of the configuration.
        (``ZKDatabase.initConfigInZKDatabase``.)
        """
        if CONFIG not in self.nodes:
            self._add_config_node()
        config = self.nodes[CONFIG]
        self.data_size += len(text) - len(config.data or b"")
        config.data, config.version = text, -1
        config.mzxid, config.mtime = config_zxid, time_ms

    def load(
        self,
        entries: Iterable[StoredNode],
        acl_table: Mapping[int, tuple[ACL, ...]],
        sessions: Mapping[int, int],
        last_processed_zxid: int,
    ) -> None:
        """Replace the whole content by that of a snapshot; with the garbage collector off, please.

        ``entries`` gives parents before children; ``last_processed_zxid`` is the zxid from which
        the snapshot was taken. Quota usage is counted anew. Raises InvalidTree, and whatever
        ``entries`` raises; the tree is then of no use.
        """
        self._clear()
        self.sessions.update(sessions)
        self.last_processed_zxid = last_processed_zxid
        self._load_nodes(entries, self.acls.load(acl_table))
        root = self.nodes.get("")
        if root is None:
            raise InvalidTree("the snapshot has no root node")
        self.nodes[ROOT] = root
        self.data_size += len(ROOT)
        if ZOOKEEPER in self.nodes and CONFIG not in self.nodes:
            self._add_config_node()  # a snapshot of before 3.5
        self.acls.purge_unused()
        for path in quota.limited_paths(self.nodes):
            self.quotas.add(path)
            quota.count_usage(self.nodes, path)

    def _clear(self) -> None:
        for index in (self.nodes, self.ephemerals, self.sessions):
            index.clear()
        for paths in (self.containers, self.ttls, self.quotas):
            paths.clear()
        self.data_size = 0
        self.digesting = TreeDigest(self.digest_enabled)
        self.digests = DigestHistory()

    def adopt(self, other: "DataTree") -> None:
        """Take over the whole content of another tree, which is of no use afterwards."""
        self._clear()
        self.nodes.update(other.nodes)
        self.ephemerals.update(other.ephemerals)
        self.sessions.update(other.sessions)
        self.containers |= other.containers
        self.ttls |= other.ttls
        self.quotas |= other.quotas
        self.acls = other.acls
        self.digests = other.digests
        self.digesting, self.data_size = other.digesting, other.data_size
        self.last_processed_zxid = other.last_processed_zxid

    def _load_nodes(self, entries: Iterable[StoredNode], acls: dict[int, tuple[ACL, ...]]) -> None:
        """Add the nodes of a snapshot: the hot loop of a start."""
        nodes = self.nodes
        size, digest = 0, 0
        digest_enabled = self.digest_enabled
        acquire = self.acls.acquire
        new = object.__new__
        parent_path: str | None = None
        parent: Node | None = None
        last_time = 0
        for (
            path,
            data,
            acl_id,
            czxid,
            mzxid,
            ctime,
            mtime,
            version,
            cversion,
            aversion,
            owner,
            pzxid,
        ) in entries:
            # Equal numbers become one object: that is most of the memory of a Stat.
            if ctime == last_time:
                ctime = last_time
            else:
                last_time = ctime
            # Node's own constructor would be a fifth of the time of a start.
            node = nodes[path] = new(Node)
            node.data = data
            node.acl = OPEN_ACL_UNSAFE
            node.children = None
            node.czxid = czxid
            node.mzxid = czxid if mzxid == czxid else mzxid
            node.ctime = ctime
            node.mtime = ctime if mtime == ctime else mtime
            node.version = version
            node.cversion = cversion
            node.aversion = aversion
            node.ephemeral_owner = owner
            node.pzxid = czxid if pzxid == czxid else pzxid
            node.digest = None
            size += len(path)
            if data:
                size += len(data)
            acl = acls.get(acl_id, UNKNOWN_ACL)
            if acl is not OPEN_ACL_UNSAFE:
                node.acl = acquire(acl)
            if digest_enabled and not path.startswith(ZOOKEEPER_SUBTREE):
                # node_digest in place
                digest += crc32(
                    path.encode()
                    + (data or b"")
                    + pack_digested_stat(
                        czxid,
                        mzxid,
                        pzxid,
                        ctime,
                        mtime,
                        version,
                        cversion,
                        aversion,
                        owner,
                    )
                )
            if path:
                before = path[: path.rfind("/")]
                if before != parent_path:
                    parent_path = before
                    parent = nodes.get(before)
                if parent is None:
                    raise InvalidTree(f"node {path} comes before its parent {before}")
                if parent.children is None:
                    parent.children = {path: None}
                else:
                    parent.children[path] = None
                if owner:
                    self.index_owner(path, owner)
        self.data_size, self.digesting = size, TreeDigest(digest_enabled, digest)

    def index_owner(self, path: str, owner: int) -> None:
        """Note a new node by its stored owner, where it is ephemeral, container or TTL."""
        kind = ephemeral_type(owner)
        if kind is EphemeralType.NORMAL:
            self.ephemerals.setdefault(owner, set()).add(path)
        elif kind is EphemeralType.CONTAINER:
            self.containers.add(path)
        elif kind is EphemeralType.TTL:
            self.ttls.add(path)

    def unindex_owner(self, path: str, owner: int) -> None:
        """Forget what :meth:`index_owner` noted."""
        self.containers.discard(path)
        self.ttls.discard(path)
        paths = self.ephemerals.get(owner)
        if paths is not None:
            paths.discard(path)
            if not paths:
                del self.ephemerals[owner]

    def walk(self) -> Iterator[StoredNode]:
        """Yield all nodes as a snapshot holds them, parents first; the tree may change meanwhile.

        What is yielded then is fuzzy: each node as it is when its turn comes. A node deleted before
        its turn is left out, and one created under a parent whose turn is over as well; replaying
        the log from the zxid at which the walk began makes up for both.
        """
        # Lists that are used up from their end: one of half a million children would take
        # milliseconds to be thrown away at once.
        pending = [[""]]
        while pending:
            siblings = pending[-1]
            if not siblings:
                pending.pop()
                continue
            path = siblings.pop()
            node = self.nodes.get(path)
            if node is None:
                continue
            if node.children:
                pending.append(list(reversed(node.children)))
            yield (
                path,
                node.data,
                self.acls.id_of(node.acl),
                node.czxid,
                node.mzxid,
                node.ctime,
                node.mtime,
                node.version,
                node.cversion,
                node.aversion,
                node.ephemeral_owner,
                node.pzxid,
            )


def _blank_node() -> Node:
    """Make a system node as it is before anything happened: no data, a Stat of zeros."""
    return Node(b"", OPEN_ACL_UNSAFE, 0, 0, 0, 0, 0, 0, 0, 0, 0)
