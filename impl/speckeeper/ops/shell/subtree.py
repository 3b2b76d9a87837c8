"""Whole subtrees: many requests on their way at a time, so that the network costs little.

What these functions give is not one moment's state: the tree may change meanwhile.

Source: ZooKeeper ``ZKUtil.visitSubTreeDFS`` and ``listSubTreeBFS``.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator

from speckeeper.ops.shell.errors import KeeperError
from speckeeper.ops.shell.session import Session
from speckeeper.wire.codes import ErrorCode
from speckeeper.wire.records import Stat

# Requests on their way at a time.
_WINDOW = 200


def visit(session: Session, path: str, watch: bool = False) -> Iterator[str]:
    """Yield the path and all below it: a node's children first, then what is below each of them.

    With ``watch`` a watch is left on the node's data and on the children of every node that is
    visited.
    """
    session.get_data(path, watch)
    yield path
    levels = [_children_of_each(session, [path], watch)]
    while levels:
        parent, names = next(levels[-1], (None, None))
        if parent is None:
            levels.pop()
        elif names:
            prefix = "/" if parent == "/" else parent + "/"
            paths = [prefix + name for name in names]
            yield from paths
            # A node that has gone away since its parent was read has nothing below it.
            levels.append(_children_of_each(session, paths, watch))


def subtree(session: Session, path: str) -> list[str]:
    """Return the paths of a node and all below it, level by level.

    Raises KeeperError if a node goes away meanwhile.
    """
    paths, level = [path], [path]
    while level:
        below = []
        for parent, names in _children_of_each(session, level):
            if names is None:
                raise KeeperError(ErrorCode.NO_NODE, parent)
            prefix = "/" if parent == "/" else parent + "/"
            below += [prefix + name for name in names]
        paths += below
        level = below
    return paths


def _children_of_each(
    session: Session, paths: Iterable[str], watch: bool = False
) -> Iterator[tuple[str, list[str] | None]]:
    """Yield each path with its children's names, sorted; with None if it is gone."""
    waiting: deque[tuple[str, Callable[[], tuple[list[str], Stat]]]] = deque()
    for path in paths:
        waiting.append((path, session.ask_children(path, watch)))
        if len(waiting) == _WINDOW:
            yield _names_or_none(*waiting.popleft())
    while waiting:
        yield _names_or_none(*waiting.popleft())


def _names_or_none(
    path: str, answer: Callable[[], tuple[list[str], Stat]]
) -> tuple[str, list[str] | None]:
    try:
        return path, answer()[0]
    except KeeperError as error:
        if error.code != ErrorCode.NO_NODE:
            raise
        return path, None
