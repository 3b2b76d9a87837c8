"""The text in a quota's two nodes, limits and use: ``count=5,bytes=-1=;byteHardLimit=9``.

Source: ZooKeeper ``StatsTrack``.
"""

import re
from typing import NamedTuple

from speckeeper.ops.shell.errors import ShellError
from speckeeper.ops.shell.flags import to_number


class StatsTrack(NamedTuple):
    """Values by key; one that is missing counts as -1, which means unlimited."""

    values: dict[str, int]

    @classmethod
    def decode(cls, data: bytes) -> "StatsTrack":
        """Read the text of a node; raise ShellError if it is no such text."""
        text = data.decode("utf-8", "replace")
        values = {}
        for pair in filter(None, re.split("[,;]+", text)):
            # After the bytes follows a second "=", for readers older than the hard limits.
            key, _, rest = pair.partition("=")
            number = to_number(rest.partition("=")[0] or "-1", bits=64)
            if number is None:
                raise ShellError(f'not a quota: "{text}"')
            values[key] = number
        return cls(values)

    def get(self, key: str) -> int:
        """Return a value, -1 if it is not set."""
        return self.values.get(key, -1)

    def encode(self) -> bytes:
        """Return the text for a node."""
        return str(self).encode()

    def __str__(self) -> str:
        text = f"count={self.get('count')},bytes={self.get('bytes')}"
        rest = sorted(self.values.keys() - {"count", "bytes"})
        return f"{text}=" + "".join(f";{key}={self.values[key]}" for key in rest) if rest else text
