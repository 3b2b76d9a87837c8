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

StepsOfRead: TypeAlias = Steps[tuple[bytes | int, int]]
"""What they come to is the body or the code, and the zxid up to which every change is in it."""

InSteps: TypeAlias = Callable[[Connection, bytes, int, int, tuple[Id, ...]], StepsOfRead]
"""The same, and yields between the parts of a request that is large.

The tree changes between the parts. The zxid goes into the header of the reply: after a reconnect
the client asks with it for the changes that it has missed. It is that of the moment of which the
answer is; of an answer of many moments, that of the first, unless the client has been told
meanwhile of everything that came later."""
