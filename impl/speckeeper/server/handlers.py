"""What a handler of a read is; which reads there are is in ``reads.py``, ``watch_ops.py``."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from speckeeper.server.connection import Connection
from speckeeper.wire.records import Id
from speckeeper.wire.steps import Steps

Handler: TypeAlias = Callable[[Connection, bytes, int, int, tuple[Id, ...]], bytes | int]
"""Takes the connection, the body of the request (``buffer[start:end]``) and the identities to judge
by; returns the body of the reply, or an error code. Raises WireError for a body that does not
decode, and :class:`~speckeeper.server.turns.Costly` for a request that is to be done in steps."""

InSteps: TypeAlias = Callable[[Connection, bytes, int, int, tuple[Id, ...]], Steps[bytes | int]]
"""The same, and yields between the parts of a request that is large."""
