"""StayingAwake: when to wait for a sync without sleeping."""

from speckeeper.storage.staying_awake import LONGEST_REST, SHORTEST_REST, StayingAwake


def _rest_of(awake: StayingAwake) -> int:
    """Return how many syncs it takes until it pays again."""
    rest = 0
    while not awake.pays():
        rest += 1
    return rest


def test_it_pays_as_long_as_syncs_are_done_in_time() -> None:
    awake = StayingAwake()
    for _ in range(1000):
        assert awake.pays()
        awake.waited(True)


def test_the_rests_grow_with_every_miss_and_end_with_a_success() -> None:
    awake, rests = StayingAwake(), []
    for _ in range(10):
        assert awake.pays()
        awake.waited(False)
        rests.append(_rest_of(awake))
    assert rests[:3] == [SHORTEST_REST, 2 * SHORTEST_REST, 4 * SHORTEST_REST]
    assert rests[-1] == LONGEST_REST
    awake.waited(True)
    awake.waited(False)
    assert _rest_of(awake) == SHORTEST_REST
