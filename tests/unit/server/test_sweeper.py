"""Containers and TTL nodes go when their time has come (ZooKeeper ContainerManager)."""

import pytest
from tests.unit.server.world import World

from speckeeper.tree.policy import Policy
from speckeeper.wire.codes import OpCode
from speckeeper.wire.records import OPEN_ACL_UNSAFE
from speckeeper.wire.requests import CreateRequest, DeleteRequest

MINUTE = 60_000


@pytest.fixture
def world():
    return World(policy=Policy(extended_types_enabled=True), max_session_timeout_ms=10**9)


def make(client, path, ttl=None):
    op, flags = (OpCode.CREATE_CONTAINER, 4) if ttl is None else (OpCode.CREATE_TTL, 5)
    return client.call(op, CreateRequest(path, b"", OPEN_ACL_UNSAFE, flags, ttl or -1))


def pass_time(world, elapsed_ms):
    world.tick(elapsed_ms)
    world.persist()


def test_a_container_goes_after_its_last_child(world):
    client = world.client(timeout_ms=10**9)
    make(client, "/c")
    client.create("/c/x")
    pass_time(world, MINUTE)
    assert "/c" in world.tree.nodes

    client.call(OpCode.DELETE, DeleteRequest("/c/x", -1))
    pass_time(world, MINUTE)

    assert "/c" not in world.tree.nodes


def test_a_container_never_used_goes_after_five_minutes(world):
    client = world.client(timeout_ms=10**9)
    make(client, "/c")

    for _ in range(5):
        pass_time(world, MINUTE)
    assert "/c" in world.tree.nodes
    pass_time(world, MINUTE)

    assert "/c" not in world.tree.nodes


def test_never_used_containers_may_stay():
    world = World(container_max_never_used_interval_ms=0)
    client = world.client()
    make(client, "/c")

    for _ in range(20):
        pass_time(world, MINUTE)

    assert "/c" in world.tree.nodes


def test_a_ttl_node_goes_when_it_is_childless_and_unwritten_for_its_ttl(world):
    client = world.client(timeout_ms=10**9)
    make(client, "/t", ttl=90_000)
    make(client, "/kept", ttl=90_000)
    client.create("/kept/x")

    pass_time(world, MINUTE)
    client.set("/t", b"again")
    pass_time(world, MINUTE)
    assert "/t" in world.tree.nodes
    pass_time(world, MINUTE)

    assert "/t" not in world.tree.nodes
    assert "/kept" in world.tree.nodes


def test_deletions_keep_to_their_rate():
    world = World(container_max_per_minute=60, container_max_never_used_interval_ms=1)
    client = world.client()
    for number in range(5):
        make(client, f"/{number}")

    pass_time(world, MINUTE)
    assert len(world.tree.containers) == 4
    pass_time(world, 2000)

    assert len(world.tree.containers) == 2


def test_a_container_that_got_a_child_meanwhile_stays():
    world = World(container_max_per_minute=60, container_max_never_used_interval_ms=1)
    client = world.client(timeout_ms=10**9)
    make(client, "/a")
    make(client, "/b")
    world.tick(MINUTE)  # asks for /a; /b is a candidate too
    world.persist()
    client = world.client()

    client.create("/b/x")
    pass_time(world, 2000)

    assert "/b" in world.tree.nodes
