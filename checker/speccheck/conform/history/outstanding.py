"""What was still on its way when a request was prepared, and so may not have shown to it.

ZooKeeper keeps a record of each node that transactions on their way will change. A record misses a
new ACL list, and that a closing session's nodes leave their parents (``Behind`` of
spec/ZNodePrepare.tla). It is out of use once the last transaction is applied that made it; each
further one that changes the node meanwhile makes it anew from what it was, and prolongs it.

A transaction was still on its way only for what was asked before anybody was told of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice, product
from typing import NamedTuple

from speccheck.conform.history.answers import Missed
from speccheck.evaluate.persistent import Persistent
from speccheck.evaluate.values import SEQUENCES, Fn, Value

_MOST_PATHS = 2_000
_MOST_TRIALS = 32
# Requests of another clock are not comparable; no server has as many under way by default.
_MOST_UNDER_WAY = 1_000
_FOREVER = 1 << 62
_NOTHING: frozenset[Value] = frozenset()


class Asked(NamedTuple):
    """When a write was asked for and answered; ``return_``: not known where nobody was told."""

    clock: str
    call: int
    return_: int = _FOREVER


class _Lapse:
    """What a record of a node misses, from one transaction on."""

    __slots__ = ("acl", "children", "clock", "czxid", "until", "zxid")

    def __init__(
        self, czxid: int, acl: Value | None, children: frozenset[Value], zxid: int, asked: Asked
    ) -> None:
        self.czxid = czxid
        self.acl = acl
        self.children = children
        self.zxid = zxid
        self.clock, self.until = asked.clock, asked.return_

    def shows_not(self, asked: Asked, zxid: int) -> bool:
        """Tell whether what was asked then, with this zxid, may have met the record."""
        if self.clock != asked.clock:
            return zxid - self.zxid <= _MOST_UNDER_WAY
        return asked.call < self.until


class Outstanding:
    """The lapses of nodes that changed lately."""

    def __init__(self) -> None:
        self._lapses: dict[Value, list[_Lapse]] = {}
        self._unknown: list[_Lapse] = []
        """Those of which nobody was told, and nothing later has been answered yet."""

    def written(
        self,
        type_: str,
        zxid: int,
        asked: Asked,
        former: dict[Value, Value],
        nodes: Persistent,
    ) -> None:
        """Take note of a transaction; ``former``: the nodes that it changed, as they were."""
        lapses = self._lapses
        if self._unknown and asked.return_ < _FOREVER:
            # This has been answered, so all before it was applied.
            for lapse in self._unknown:
                lapse.clock, lapse.until = asked.clock, asked.return_
            self._unknown.clear()
        for path in former:
            known = lapses.get(path)
            if known is not None:
                self._renewed(path, known, zxid, asked, nodes)
        if type_ == "setACL":
            for path, node in former.items():
                if _born(node):
                    self._add(path, _Lapse(_born(node), node["acl"], _NOTHING, zxid, asked))
        elif type_ == "closeSession":
            for path in former:
                if len(path) and nodes.get(path) is None:
                    self._left(path, zxid, asked, nodes)

    def _left(self, path: Value, zxid: int, asked: Asked, nodes: Persistent) -> None:
        parent = SEQUENCES[path.values_[:-1]]
        node = nodes.get(parent)
        if _born(node):
            name = frozenset([path.values_[-1]])
            self._add(parent, _Lapse(_born(node), None, name, zxid, asked))

    def _add(self, path: Value, lapse: _Lapse) -> None:
        if len(self._lapses) > _MOST_PATHS:
            del self._lapses[next(iter(self._lapses))]
        self._lapses.setdefault(path, []).append(lapse)
        if lapse.until == _FOREVER:
            self._unknown.append(lapse)

    def _renewed(
        self, path: Value, known: list[_Lapse], zxid: int, asked: Asked, nodes: Persistent
    ) -> None:
        """A node has changed: of what its record missed is left what that request can have met."""
        node = nodes.get(path)
        left = []
        for lapse in known:
            if lapse.czxid == _born(node) and lapse.shows_not(asked, zxid):
                lapse.zxid = zxid
                if asked.clock == lapse.clock:
                    lapse.until = max(lapse.until, asked.return_)
                left.append(lapse)
        if left:
            self._lapses[path] = left
        else:
            del self._lapses[path]

    def possible(
        self, paths: Iterable[Value], asked: Asked, zxid: int, nodes: Persistent
    ) -> Iterator[tuple[Missed, ...]]:
        """Yield what may have been missed of some nodes by what was asked then, the least first."""
        each: list[list[Missed | None]] = []
        for path in paths:
            known = self._lapses.get(path)
            node = nodes.get(path)
            if known is None or not _born(node):
                continue
            found = [
                one for one in known if one.czxid == _born(node) and one.shows_not(asked, zxid)
            ]
            ways: list[Missed | None] = [None]
            for start in range(len(found) - 1, -1, -1):
                acl = next((one.acl for one in found[start:] if one.acl is not None), node["acl"])
                gone = frozenset().union(*(one.children for one in found[start:]))
                ways.append(Missed(path, acl, gone))
            if len(ways) > 1:
                each.append(ways)
        for choice in islice(product(*each), 1, _MOST_TRIALS):
            yield tuple(one for one in choice if one is not None)


def _born(node: Value) -> int:
    """Return the czxid of a node, 0 if there is none or it is not known."""
    czxid = node["czxid"] if isinstance(node, Fn) else 0
    return czxid if type(czxid) is int else 0
