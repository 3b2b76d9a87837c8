"""Access control lists: who may do what, and which lists may be stored.

Check order: ``skipACL`` grants all; an empty list is open; ``super`` passes; otherwise one entry
that has the permission bit must mean everybody or one of the client's ids. There is no inheritance;
CREATE and DELETE are asked of the parent.

Source: ZooKeeper ``ZooKeeperServer.checkACL``, ``PrepRequestProcessor.fixupACL``,
``DigestAuthenticationProvider.handleAuthentication``.
"""

from speckeeper.tree.policy import Policy
from speckeeper.tree.schemes import digest_id
from speckeeper.wire.codes import Perms
from speckeeper.wire.records import ACL, ANYONE, OPEN_ACL_UNSAFE, Id

# Plain ints: `&` of an IntFlag costs as much as a whole check.
READ = int(Perms.READ)
WRITE = int(Perms.WRITE)
CREATE = int(Perms.CREATE)
DELETE = int(Perms.DELETE)
ADMIN = int(Perms.ADMIN)


def check_acl(policy: Policy, acl: tuple[ACL, ...], perm: int, auth_ids: tuple[Id, ...]) -> bool:
    """Whether a client with ``auth_ids`` has one of the permission bits ``perm`` (int) under
    ``acl``.
    """
    if acl is OPEN_ACL_UNSAFE or policy.skip_acl or not acl:
        return True
    for auth in auth_ids:
        if auth.scheme == "super":
            return True
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


def fix_up_acl(
    policy: Policy, auth_ids: tuple[Id, ...], acl: tuple[ACL, ...]
) -> tuple[ACL, ...] | None:
    """Return the list to store for the list a client sent, or None where that is InvalidACL.

    Exact duplicates go; an entry of scheme ``auth`` becomes one entry for each of the client's ids
    whose scheme authenticates (digest does, ip does not); any other scheme must be known and its id
    valid.
    """
    if acl == OPEN_ACL_UNSAFE:
        return OPEN_ACL_UNSAFE
    fixed: list[ACL] = []
    for entry in dict.fromkeys(acl):
        perms, identity = entry
        if identity == ANYONE:
            fixed.append(entry)
        elif identity.scheme == "auth":
            own = [auth for auth in auth_ids if _authenticates(policy, auth)]
            if not own:
                return None
            fixed.extend(ACL(perms, auth) for auth in own)
        else:
            scheme = policy.schemes.get(identity.scheme)
            if scheme is None or not scheme.is_valid(identity.id):
                return None
            fixed.append(entry)
    return tuple(fixed) or None


def _authenticates(policy: Policy, auth: Id) -> bool:
    scheme = policy.schemes.get(auth.scheme)
    return scheme is not None and scheme.is_authenticated


def digest_auth_ids(policy: Policy, auth: bytes) -> tuple[Id, ...]:
    """Return the ids that ``user:password``, the data of a digest auth request, proves."""
    proven = digest_id(auth.decode("utf-8", "replace"), policy.digest_algorithm)
    own = Id("digest", proven)
    return (Id("super", ""), own) if proven == policy.super_digest else (own,)
