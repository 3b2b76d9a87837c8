"""The token bucket in front of new sessions (ZooKeeper BlueThrottle)."""

from speckeeper.server.settings import ServerSettings
from speckeeper.server.throttle import ConnectionThrottle


def throttle(dice: float = 0.5, **settings: float) -> ConnectionThrottle:
    return ConnectionThrottle(ServerSettings(**settings), 0, lambda: dice)


def test_off_by_default():
    gate = throttle()

    assert all(gate.admit(0) for _ in range(10_000))


def test_tokens_run_out_and_come_back_with_time():
    gate = throttle(connection_max_tokens=3, connection_token_fill_time_ms=10)

    assert [gate.admit(5) for _ in range(4)] == [True, True, True, False]
    assert gate.deficit == 3
    assert [gate.admit(30) for _ in range(4)] == [True, True, True, False]


def test_a_refill_never_overfills():
    gate = throttle(connection_max_tokens=2, connection_token_fill_time_ms=1)

    assert [gate.admit(1_000_000) for _ in range(3)] == [True, True, False]


def test_the_drop_chance_rises_while_the_bucket_is_empty_and_falls_when_it_is_full():
    gate = throttle(
        dice=0.1,
        connection_max_tokens=1,
        connection_token_fill_time_ms=100,
        connection_freeze_time_ms=10,
        connection_drop_increase=0.3,
        connection_drop_decrease=0.2,
    )
    assert gate.admit(1)

    assert not gate.admit(50)  # empty: the chance grows
    assert gate.drop_chance == 0.3
    assert gate.admit(161)  # full: it falls to 0.1, which the dice just reach
    assert round(gate.drop_chance, 3) == 0.1
    assert gate.admit(500)
    assert gate.drop_chance == 0.0
