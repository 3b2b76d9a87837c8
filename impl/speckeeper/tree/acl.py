"""Access control lists: who may do what, and which lists may be stored.

Check order: ``skipACL`` grants all; an empty list is open; ``super`` passes; otherwise one entry
that has the permission bit must mean everybody or one of the client's ids. There is no inheritance;
CREATE and DELETE are asked of the parent.

Source: ZooKeeper ``ZooKeeperServer.checkACL``, ``PrepRequestProcessor.fixupACL``,
``DigestAuthenticationProvider.handleAuthentication``.
"""

from speckeeper.tree.policy import Policy
from speckeeper.tree.schemes import DIGEST, digest_id
from speckeeper.wire.codes import Perms
from speckeeper.wire.records import ACL, ANYONE, OPEN_ACL_UNSAFE, Id

# What the entries of scheme ``auth`` of one list may come to, in bytes as stored: as much as a
# whole request by default (BinaryInputArchive.maxBuffer). ZooKeeper stores more, in a log entry
# that it cannot read again.
MOST_EXPANDED_BYTES = 0xFFFFF
_ENTRY_BYTES = 12  # perms, and the lengths of scheme and id
_FEW = 8  # ids that are as quickly compared one by one

# Plain ints: `&` of an IntFlag costs as much as a whole check.
READ = int(Perms.READ)
WRITE = int(Perms.WRITE)
CREATE = int(Perms.CREATE)
DELETE = int(Perms.DELETE)
ADMIN = int(Perms.ADMIN)


class Decided:
    """What was decided in one turn or request: much of it may ask about one long list.

    Lists and ids are told apart as objects, which are held so that each stays itself. ``walked``:
    the entries of the lists that were asked.
    """

    __slots__ = ("_answers", "walked")

    def __init__(self) -> None:
        self.walked = 0
        self._answers: dict[tuple[int, int, int], tuple[bool, tuple[ACL, ...], tuple[Id, ...]]] = {}

    def forget(self) -> None:
        """Let go of all of it."""
        self._answers.clear()
        self.walked = 0

    def check(
        self, policy: Policy, acl: tuple[ACL, ...], perm: int, auth_ids: tuple[Id, ...]
    ) -> bool:
        """Answer as :func:`check_acl`, which is asked once."""
        key = id(acl), perm, id(auth_ids)
        known = self._answers.get(key)
        if known is None:
            self.walked += len(acl)
            known = self._answers[key] = (check_acl(policy, acl, perm, auth_ids), acl, auth_ids)
        return known[0]


def check_acl(
    policy: Policy,
    acl: tuple[ACL, ...],
    perm: int,
    auth_ids: tuple[Id, ...],
    decided: Decided | None = None,
) -> bool:
    """Whether a client with ``auth_ids`` has one of the permission bits ``perm`` (int) under
    ``acl``; ``decided`` remembers it.
    """
    if acl is OPEN_ACL_UNSAFE or policy.skip_acl or not acl:
        return True
    if decided is not None and len(acl) > _FEW:
        return decided.check(policy, acl, perm, auth_ids)
    for auth in auth_ids:
        if auth.scheme == "super":
            return True
    if len(auth_ids) > _FEW:
        return _check_many(policy, acl, perm, auth_ids)
    for perms, entry in acl:
        if perms & perm:
            if entry == ANYONE:
                return True
            scheme = policy.schemes.get(entry.scheme)
            if scheme is not None:
                for auth in auth_ids:
                    if auth.scheme == entry.scheme and scheme.matches(auth.id, entry.id):
                        return True
    return False


def _check_many(policy: Policy, acl: tuple[ACL, ...], perm: int, auth_ids: tuple[Id, ...]) -> bool:
    """Decide as :func:`check_acl`, without comparing each entry with every digest id."""
    ids = {(auth.scheme, auth.id) for auth in auth_ids if auth.scheme in policy.schemes}
    ids.add(ANYONE)
    others = [auth for auth in auth_ids if policy.schemes.get(auth.scheme) is not DIGEST]
    for perms, entry in acl:
        if perms & perm:
            scheme = policy.schemes.get(entry.scheme)
            if scheme is DIGEST or scheme is None:
                if entry in ids:
                    return True
                continue
            for auth in others:
                if auth.scheme == entry.scheme and scheme.matches(auth.id, entry.id):
                    return True
    return False


def fix_up_acl(
    policy: Policy, auth_ids: tuple[Id, ...], acl: tuple[ACL, ...]
) -> tuple[ACL, ...] | None:
    """Return the list to store for the list a client sent, or None where that is InvalidACL.

    Exact duplicates go; an entry of scheme ``auth`` becomes one entry for each of the client's ids
    whose scheme authenticates (digest does, ip does not), up to MOST_EXPANDED_BYTES; any other
    scheme must be known and its id valid.
    """
    if acl == OPEN_ACL_UNSAFE:
        return OPEN_ACL_UNSAFE
    fixed: list[ACL] = []
    own: list[Id] | None = None
    own_bytes = 0
    room = MOST_EXPANDED_BYTES
    for entry in dict.fromkeys(acl):
        perms, identity = entry
        if identity == ANYONE:
            fixed.append(entry)
        elif identity.scheme == "auth":
            if own is None:
                own = [auth for auth in auth_ids if _authenticates(policy, auth)]
                own_bytes = sum(stored_bytes(auth) for auth in own)
            room -= own_bytes
            if not own or room < 0:
                return None
            fixed.extend(ACL(perms, auth) for auth in own)
        else:
            scheme = policy.schemes.get(identity.scheme)
            if scheme is None or not scheme.is_valid(identity.id):
                return None
            fixed.append(entry)
    return tuple(fixed) or None


def stored_bytes(auth: Id) -> int:
    """Return how many bytes an ACL entry for this id takes."""
    return _ENTRY_BYTES + len(auth.scheme) + len(auth.id.encode("utf-8", "surrogatepass"))


def _authenticates(policy: Policy, auth: Id) -> bool:
    scheme = policy.schemes.get(auth.scheme)
    return scheme is not None and scheme.is_authenticated


def digest_auth_ids(policy: Policy, auth: bytes) -> tuple[Id, ...]:
    """Return the ids that ``user:password``, the data of a digest auth request, proves."""
    proven = digest_id(auth.decode("utf-8", "replace"), policy.digest_algorithm)
    own = Id("digest", proven)
    return (Id("super", ""), own) if proven == policy.super_digest else (own,)
