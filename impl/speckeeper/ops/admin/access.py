"""Who may use the AdminServer's guarded commands, and how often.

The header is `Authorization: <scheme> <data>`, for example `digest user:password`; the caller needs
every permission on the node `/`. ZooKeeper: Commands.handleAuthentication, handleAuthorization,
RateLimiter.
"""

import time
from collections.abc import Callable

from speckeeper.net.addresses import java_host
from speckeeper.ops.running import Running
from speckeeper.tree.acl import check_acl, digest_auth_ids
from speckeeper.tree.paths import ROOT
from speckeeper.wire.codes import Perms
from speckeeper.wire.records import Id

UNAUTHORIZED, FORBIDDEN = 401, 403


class AccessDenied(Exception):
    """The caller may not: `status` is the HTTP status, the text goes to the key `error`."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


def require_all_on_root(running: Running, header: str | None, peer: str) -> None:
    """Raise `AccessDenied` unless the caller has all permissions on `/`; `peer` is its address."""
    if header is None:
        raise AccessDenied(UNAUTHORIZED, "Auth info is missing for the command")
    ids = _identities(running, header, peer)
    if not ids:
        raise AccessDenied(UNAUTHORIZED, "Not authenticated")
    policy = running.server.settings.policy
    acl = running.server.tree.nodes[ROOT].acl
    if not all(check_acl(policy, acl, int(bit), ids) for bit in Perms):
        raise AccessDenied(FORBIDDEN, "Not authorized")


def _identities(running: Running, header: str, peer: str) -> tuple[Id, ...]:
    scheme, *rest = header.split(" ")
    policy = running.server.settings.policy
    if scheme not in policy.schemes or len(rest) > 1:
        return ()
    if scheme == "ip":
        return (Id("ip", java_host(peer)),)
    if scheme == "digest" and rest:
        return digest_auth_ids(policy, rest[0].encode("utf-8", "surrogateescape"))
    return ()


class RateLimiter:
    """Lets one call through per interval (ms)."""

    def __init__(self, interval_ms: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._interval_s = interval_ms / 1000
        self._clock = clock
        self._passed_at: float | None = None

    def allow(self) -> bool:
        """Say whether a call may go on now; one that may starts the next interval."""
        now = self._clock()
        if self._passed_at is not None and now <= self._passed_at + self._interval_s:
            return False
        self._passed_at = now
        return True
