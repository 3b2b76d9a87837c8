"""Trees of which not everything is known, such as one that was there before the history begins.

A node can be unknown, or some of its fields. Evaluation that asks for what is not known raises
:class:`NotKnown`: then there is nothing to compare a reply with, and something to learn from it.
"""

from __future__ import annotations

from typing import Any, NoReturn

from speccheck.evaluate.persistent import ABSENT, Persistent
from speccheck.evaluate.values import SEQUENCES, Value


class NotKnown(Exception):
    """What was asked for is not known."""


class Unknown:
    """A node, or a field of one, that is not known. Whoever looks at it raises NotKnown."""

    def _refuse(self, *_: object) -> NoReturn:
        raise NotKnown

    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = _refuse
    __getitem__ = __contains__ = __len__ = __iter__ = __bool__ = _refuse
    __add__ = __radd__ = __sub__ = __rsub__ = __neg__ = __or__ = __ror__ = __and__ = _refuse

    def __hash__(self) -> int:
        return 1_000_003

    def __repr__(self) -> str:
        return "(not known)"


UNKNOWN: Any = Unknown()
GONE: Any = type("Gone", (), {"__repr__": lambda self: "gone"})()


class Nodes(Persistent):
    """The nodes of a tree by path. ``is_whole``: a path that is not here has no node.

    If it is False, that is so only of a path whose value is GONE. Nor is anything known of a path
    whose parent's children are not.
    """

    __slots__ = ("is_whole",)

    is_whole: bool

    @classmethod
    def of(cls, table: dict[Any, Any], is_whole: bool) -> Nodes:
        """Return nodes; a value may be UNKNOWN or GONE."""
        made = cls(table)
        made.is_whole = is_whole
        return made

    def _made(self, table: dict[Any, Any]) -> Nodes:
        return Nodes.of(table, self.is_whole)

    def __getitem__(self, argument: Value) -> Value:
        table = self._table
        found = table.get(argument) if table is not None else self.look(argument)
        if found is None or found is GONE or found is UNKNOWN or not hasattr(found, "domain"):
            if argument not in self:
                raise KeyError(argument)
            raise NotKnown
        return found

    def __contains__(self, argument: object) -> bool:
        table = self._table
        found = table.get(argument) if table is not None else self.look(argument)
        if found is UNKNOWN:
            raise NotKnown
        if found is None or not hasattr(found, "domain"):
            if found is GONE or (self.is_whole and self._lists_its_children(argument)):
                return False
            raise NotKnown
        return True

    def _lists_its_children(self, argument: Any) -> bool:
        """Tell whether it is known of a path's parent what children it has."""
        names = argument.values_
        if not names:
            return True
        parent = self.get(SEQUENCES[names[:-1]])
        if parent is UNKNOWN:
            return False
        return not hasattr(parent, "domain") or parent["children"] is not UNKNOWN

    def without(self, argument: Value) -> Persistent:
        """Return the nodes without one."""
        if self.is_whole:
            return self if self.get(argument) is None else self._next(argument, ABSENT)
        return self.with_value(argument, GONE)

    def current(self) -> dict[Any, Any]:
        """Return all nodes. Raises NotKnown where some are not known."""
        table = super().current()
        if not self.is_whole or any(value is UNKNOWN for value in table.values()):
            raise NotKnown
        return table
