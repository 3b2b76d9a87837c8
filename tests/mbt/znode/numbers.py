"""What a running system has numbers and names of its own for, and what the specification calls it.

Session ids, zxids, times and the hashes of digest ids are the system's; those of the specification
are small. Nothing is decided here.
"""

from collections.abc import Callable, Iterable
from typing import Any

from tests.mbt.znode import records as r
from tests.model.znode import values as v

from speccheck.evaluate.values import Value, function_of
from speckeeper.tree.datatree import DataTree
from speckeeper.tree.ephemeral import EphemeralType, ephemeral_type
from speckeeper.tree.node import Node
from speckeeper.tree.paths import CONFIG
from speckeeper.tree.schemes import digest_id
from speckeeper.wire.records import ACL, Id, Stat


class Numbers:
    """The mapping of one system, in both directions; ``people`` are the credentials in use."""

    def __init__(
        self,
        people: Iterable[str],
        zxid: Callable[[int], int] = int,
        moment: Callable[[int], int] = int,
        *,
        keeps_order: bool = True,
    ) -> None:
        """``zxid`` and ``moment`` give the specification's number for one of the system's.

        Without ``keeps_order`` it tells a client's identities as a hash table has them.
        """
        self.keeps_order = keeps_order
        self.zxid = zxid
        self.moment = moment
        self._hashes = {text: digest_id(text) for text in people}
        self._texts = {hashed: text for text, hashed in self._hashes.items()}
        self._sessions: dict[int, int] = {0: 0}

    def knows_session(self, real: int, name: int) -> None:
        """Note the id that a session got."""
        self._sessions[real] = name

    # --- from the specification -------------------------------------------------------------------

    def acl(self, entries: Any) -> tuple[ACL, ...]:
        """Return an ACL list, with the hashes of digest ids."""
        return tuple(
            entry._replace(id=entry.id._replace(id=self._hashes.get(entry.id.id, entry.id.id)))
            for entry in r.acl(entries)
        )

    # --- to the specification ---------------------------------------------------------------------

    def session(self, real: int) -> int:
        """Return the name of a session; one that nobody knows keeps its number."""
        return self._sessions.get(real, real)

    def acl_shown(self, entries: Iterable[ACL]) -> Value:
        """Return an ACL list with texts for hashes."""
        return v.acl(
            tuple(
                ACL(entry.perms, Id(entry.id.scheme, self._texts.get(entry.id.id, entry.id.id)))
                for entry in entries
            )
        )

    def stat(self, shown: Stat) -> Value:
        """Return a Stat."""
        return v.stat(
            shown._replace(
                czxid=self.zxid(shown.czxid),
                mzxid=self.zxid(shown.mzxid),
                pzxid=self.zxid(shown.pzxid),
                ctime=self.moment(shown.ctime),
                mtime=self.moment(shown.mtime),
                ephemeral_owner=self.session(shown.ephemeral_owner),
            )
        )

    def tree(
        self,
        whole: DataTree,
        timeouts: Callable[[int, int], int],
        configuration: Value | None = None,
    ) -> Value:
        """Return a tree; ``timeouts(session, ms)`` is what the specification has for a timeout.

        ``configuration`` stands for the node of that name where each server writes its own.
        """
        named = {self.session(real): ms for real, ms in whole.sessions.items()}
        nodes = {v.path(name): self._node(one) for name, one in whole.nodes.items() if name}
        if configuration is not None:
            nodes[v.path(CONFIG)] = configuration
        return v.record(
            nodes=function_of(nodes),
            sessions=function_of({name: timeouts(name, ms) for name, ms in named.items()}),
            lastProcessedZxid=self.zxid(whole.last_processed_zxid),
        )

    def _node(self, node: Node) -> Value:
        owner = node.ephemeral_owner
        if ephemeral_type(owner) is EphemeralType.NORMAL:
            owner = self.session(owner)
        return v.record(
            data=v.data(node.data),
            acl=self.acl_shown(node.acl),
            children=frozenset(child.rsplit("/", 1)[1] for child in node.children or ()),
            czxid=self.zxid(node.czxid),
            mzxid=self.zxid(node.mzxid),
            pzxid=self.zxid(node.pzxid),
            ctime=self.moment(node.ctime),
            mtime=self.moment(node.mtime),
            version=node.version,
            cversion=node.cversion,
            aversion=node.aversion,
            ephemeralOwner=v.owner(owner),
        )
