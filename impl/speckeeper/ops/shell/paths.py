"""Why a text is no path, in the words that zkCli users know.

What is legal is `speckeeper.tree.paths.validate_path`'s decision; here is only the wording.

Source: ZooKeeper ``PathUtils.validatePath``.
"""

from speckeeper.ops.shell.errors import BadPath
from speckeeper.tree.paths import validate_path


def check_path(path: str) -> None:
    """Raise :class:`BadPath` unless ``path`` is one."""
    if validate_path(path) is not None:
        raise BadPath(_wording(path))


def _wording(path: str) -> str:
    if not path:
        return "Path length must be > 0"
    if path[0] != "/":
        return "Path must start with / character"
    if path[-1] == "/":
        return "Path must not end with / character"
    return f'Invalid path string "{path}" caused by {_cause(path)}'


def _cause(path: str) -> str:
    """Find the first fault; the place is that of the character at which it shows."""
    start = 1
    for name in path[1:].split("/"):
        if not name:
            return f"empty node name specified @{start}"
        if name in (".", ".."):
            return f"relative paths not allowed @{start + len(name) - 1}"
        for place, character in enumerate(name, start):
            if character == "\0":
                return f"null character not allowed @{place}"
            if validate_path("/" + character) is not None and character != ".":
                return f"invalid character @{place}"
        start += len(name) + 1
    return "something that is not allowed in a path"
