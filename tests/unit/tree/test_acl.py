"""ACLs: ZooKeeperServer.checkACL, PrepRequestProcessor.fixupACL, ReferenceCountedACLCache."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.tree.world import ALICE, NOBODY, acl

from speckeeper.tree.acl import (
    ADMIN,
    CREATE,
    MOST_EXPANDED_BYTES,
    READ,
    WRITE,
    Decided,
    check_acl,
    digest_auth_ids,
    fix_up_acl,
)
from speckeeper.tree.acl_cache import UNKNOWN_ACL, AclCache
from speckeeper.tree.policy import Policy
from speckeeper.tree.schemes import IP, digest_id
from speckeeper.wire.records import (
    ACL,
    ANYONE,
    CREATOR_ALL,
    OPEN_ACL_UNSAFE,
    READ_ACL_UNSAFE,
    Id,
    encode_acl,
)

POLICY = Policy()
ALICE_ALL = acl((31, "digest", ALICE.id))
IP_ID = Id("ip", "10.0.0.1")


@pytest.mark.parametrize(
    ("access", "perm", "ids", "granted"),
    [
        (OPEN_ACL_UNSAFE, WRITE, (), True),
        ((), WRITE, (), True),
        (READ_ACL_UNSAFE, READ, (), True),
        (READ_ACL_UNSAFE, WRITE, (), False),
        (READ_ACL_UNSAFE, READ | ADMIN, (), True),
        (ALICE_ALL, READ, NOBODY, False),
        (ALICE_ALL, READ, (*NOBODY, ALICE), True),
        (ALICE_ALL, READ, (Id("digest", "alice:other"),), False),
        (acl((1, "digest", ALICE.id)), WRITE, (ALICE,), False),
        (acl((1, "digest", ALICE.id), (2, "ip", "10.0.0.0/8")), WRITE, (IP_ID, ALICE), True),
        (acl((31, "world", "somebody")), READ, (ALICE,), False),
        (acl((31, "world", "somebody")), READ, (Id("world", "somebody"),), False),
        (acl((31, "nobody-knows", "x")), READ, (Id("nobody-knows", "x"),), False),
        (ALICE_ALL, READ, (Id("super", ""),), True),
        (UNKNOWN_ACL, READ, NOBODY, False),
        (UNKNOWN_ACL, READ, (Id("super", ""),), True),
        (acl((0, "world", "anyone")), READ, (), False),
    ],
)
def test_check(access: tuple[ACL, ...], perm: int, ids: tuple[Id, ...], granted: bool) -> None:
    assert check_acl(POLICY, access, perm, ids) == granted


def test_skip_acl_grants_everything() -> None:
    assert check_acl(Policy(skip_acl=True), ALICE_ALL, CREATE, ())


def test_a_scheme_that_is_not_configured_matches_nobody() -> None:
    """DigestAuthenticationProvider.enabled=false takes the provider out of the registry."""
    assert not check_acl(Policy(schemes={"ip": IP}), ALICE_ALL, READ, (ALICE,))


@pytest.mark.parametrize(
    "access",
    [
        (),
        acl((31, "world", "everyone")),
        acl((31, "world", "")),
        acl((31, "super", "")),
        acl((31, "", "")),
        acl((31, "sasl", "alice")),
        acl((31, "digest", "alice")),
        acl((31, "ip", "10.0.0.256")),
        acl((31, "world", "anyone"), (31, "digest", "alice")),
    ],
)
def test_invalid_lists(access: tuple[ACL, ...]) -> None:
    assert fix_up_acl(POLICY, (ALICE,), access) is None


def test_many_ids_are_checked_like_few() -> None:
    many = (*(Id("digest", f"u{number}:p") for number in range(20)), IP_ID)
    cases = {
        acl((1, "digest", "u7:p")): True,
        acl((2, "digest", "u7:p")): False,
        acl((1, "digest", "nobody:p"), (1, "ip", "10.0.0.0/8")): True,
        acl((1, "ip", "11.0.0.0/8"), (1, "nobody-knows", "u7:p")): False,
        acl((1, "world", "anyone")): True,
        acl((1, "world", "somebody")): False,
    }
    for access, granted in cases.items():
        assert check_acl(POLICY, access, READ, many) == granted
        assert not check_acl(Policy(schemes={}), access, READ, many) or ANYONE in access[0]
    assert check_acl(POLICY, acl((1, "digest", "x:y")), READ, (*many, Id("super", "")))


def test_a_list_that_grows_beyond_a_request_is_invalid() -> None:
    ids = tuple(Id("digest", f"user{number}:password") for number in range(100))
    short = tuple(ACL(perms, Id("auth", "")) for perms in range(300))
    long = tuple(ACL(perms, Id("auth", "")) for perms in range(400))
    fixed = fix_up_acl(POLICY, ids, short)
    assert fixed is not None
    assert len(fixed) == 30_000
    assert len(b"".join(encode_acl(entry) for entry in fixed)) <= MOST_EXPANDED_BYTES
    assert fix_up_acl(POLICY, ids, long) is None


def test_duplicates_go() -> None:
    """ZOOKEEPER-1877: only exact duplicates."""
    access = acl((31, "world", "anyone"), (1, "world", "anyone"), (31, "world", "anyone"))
    assert fix_up_acl(POLICY, (), access) == access[:2]


def test_an_open_list_is_one_object() -> None:
    access = acl((31, "world", "anyone"))
    assert fix_up_acl(POLICY, (), access) is OPEN_ACL_UNSAFE


def test_auth_becomes_the_ids_that_authenticate() -> None:
    bob = Id("digest", "bob:x")
    ids = (IP_ID, Id("super", ""), ALICE, bob)
    assert fix_up_acl(POLICY, ids, acl((3, "auth", "whatever"))) == (ACL(3, ALICE), ACL(3, bob))


def test_auth_needs_somebody_who_authenticates() -> None:
    """The address of a client does not (IPAuthenticationProvider.isAuthenticated)."""
    assert fix_up_acl(POLICY, (IP_ID,), CREATOR_ALL) is None
    assert fix_up_acl(POLICY, (IP_ID, Id("super", "")), CREATOR_ALL) is None


def test_auth_expands_after_duplicates_went() -> None:
    access = acl((31, "auth", ""), (31, "digest", ALICE.id))
    assert fix_up_acl(POLICY, (ALICE,), access) == (ACL(31, ALICE), ACL(31, ALICE))


def test_digest_auth_proves_super() -> None:
    policy = Policy(super_digest=digest_id("super:test"))
    assert digest_auth_ids(policy, b"super:test") == (
        Id("super", ""),
        Id("digest", "super:D/InIHSb7yEEbrWz8b9l71RjZJU="),
    )
    assert digest_auth_ids(policy, b"super:admin")[0].scheme == "digest"
    assert digest_auth_ids(POLICY, b"super:test")[0].scheme == "digest"
    assert digest_auth_ids(POLICY, b"\xff:x")[0].id.startswith("\ufffd:")


def test_cache_gives_equal_lists_one_object_and_forgets_unused_ones() -> None:
    cache = AclCache()
    first, second = acl((1, "ip", "10.0.0.1")), acl((1, "ip", "10.0.0.1"))
    assert cache.acquire(first) is first
    assert cache.acquire(second) is first
    assert cache.id_of(first) == 1
    cache.release(first)
    assert cache.table() == {1: first}
    cache.release(first)
    assert len(cache) == 0
    cache.acquire(second)
    assert cache.id_of(second) == 2


def test_cache_does_not_count_the_open_list() -> None:
    cache = AclCache()
    assert cache.acquire(acl((31, "world", "anyone"))) is OPEN_ACL_UNSAFE
    cache.release(OPEN_ACL_UNSAFE)
    assert cache.id_of(OPEN_ACL_UNSAFE) == -1
    assert cache.table() == {}


def test_cache_takes_over_the_numbers_of_a_snapshot() -> None:
    """The open list has a number of its own in ZooKeeper's files; equal lists may have two."""
    cache = AclCache()
    twin = acl((1, "ip", "10.0.0.1"))
    stored = cache.load({3: twin, 7: acl((31, "world", "anyone")), 9: acl((1, "ip", "10.0.0.1"))})
    assert stored == {-1: OPEN_ACL_UNSAFE, 3: twin, 7: OPEN_ACL_UNSAFE, 9: twin}
    assert stored[9] is twin
    cache.purge_unused()
    assert len(cache) == 0
    cache.acquire(twin)
    assert cache.id_of(twin) == 10


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans()), max_size=40))
def test_cache_counts_users(steps: list[tuple[int, bool]]) -> None:
    cache, users = AclCache(), dict.fromkeys(range(4), 0)
    for number, takes in steps:
        access = acl((number, "ip", "10.0.0.1"))
        if takes:
            cache.acquire(access)
            users[number] += 1
        elif users[number]:
            cache.release(access)
            users[number] -= 1
        assert len(cache) == sum(count > 0 for count in users.values())
        assert len(set(cache.table())) == len(cache)


def test_what_was_decided_is_told_apart_by_list_permission_and_client() -> None:
    mine = acl(*((READ, "digest", f"u{number}:x") for number in range(20)))
    me, other = (Id("digest", "u19:x"),), (Id("digest", "v:x"),)
    decided = Decided()
    for _ in range(2):
        assert check_acl(Policy(), mine, READ, me, decided)
        assert not check_acl(Policy(), mine, READ, other, decided)
        assert not check_acl(Policy(), mine, WRITE, me, decided)
        assert not check_acl(Policy(), mine[:19], READ, me, decided)
