"""Session ids, buckets and expiry (reference section 9; ZooKeeper SessionTrackerImpl)."""

from hypothesis import given
from hypothesis import strategies as st

from speckeeper.server.sessions import SessionTracker, first_session_id, signed64

TICK = 2000


def tracker(now_ms: int = 0) -> SessionTracker:
    return SessionTracker(TICK, now_ms, 1)


def test_first_id_has_the_server_id_on_top_and_forty_bits_of_the_clock():
    clock_ms = 0x0123_4567_89AB

    session_id = first_session_id(clock_ms, 7)

    assert session_id >> 56 == 7
    assert session_id & ((1 << 56) - 1) == (clock_ms << 24 & (1 << 64) - 1) >> 8


def test_first_id_of_a_high_server_id_is_negative_like_java_longs():
    assert first_session_id(1, 255) < 0


def test_first_id_is_never_the_container_mark():
    # EphemeralType.CONTAINER_EPHEMERAL_OWNER is 1 << 63
    assert first_session_id(0, 128) == signed64((1 << 63) + 1)


def test_ids_rise_by_one_and_wrap_as_java_longs():
    sessions = SessionTracker(TICK, 0, (1 << 63) - 1)

    assert [sessions.new_id(), sessions.new_id()] == [(1 << 63) - 1, -(1 << 63)]


def test_a_silent_session_expires_between_its_timeout_and_one_tick_more():
    sessions = tracker()
    session = sessions.track(5, 4000, 100)

    assert sessions.expiry_of(session) == 6000
    assert sessions.sweep(5999) == []
    assert [expired.id for expired in sessions.sweep(6000)] == [5]
    assert session.closing


def test_an_expired_session_is_reported_once():
    sessions = tracker()
    sessions.track(5, 4000, 0)

    assert len(sessions.sweep(100_000)) == 1
    assert sessions.sweep(200_000) == []


def test_a_touch_is_one_store_and_moves_the_expiry():
    sessions = tracker()
    session = sessions.track(5, 4000, 0)

    session.touched_ms = 5000

    assert sessions.sweep(8000) == []
    assert [expired.id for expired in sessions.sweep(10_000)] == [5]


def test_a_shorter_timeout_from_a_reopen_takes_effect_at_once():
    sessions = tracker()
    session = sessions.track(5, 40_000, 0)

    sessions.touch(session, 4000, 1000)

    assert [expired.id for expired in sessions.sweep(6000)] == [5]


def test_a_closing_session_does_not_expire_again():
    sessions = tracker()
    session = sessions.track(5, 4000, 0)

    session.closing = True

    assert sessions.sweep(60_000) == []


def test_remove_forgets_a_session_and_its_bucket():
    sessions = tracker()
    sessions.track(5, 4000, 0)

    assert sessions.remove(5) is not None
    assert sessions.remove(5) is None
    assert sessions.sweep(60_000) == []
    assert list(sessions.expiry_buckets()) == []


def test_buckets_are_listed_by_time():
    sessions = tracker()
    sessions.track(5, 8000, 0)
    sessions.track(6, 4000, 0)
    sessions.track(7, 4100, 0)

    assert list(sessions.expiry_buckets()) == [(6000, [6, 7]), (10_000, [5])]


@given(
    st.lists(st.tuples(st.integers(0, 400), st.integers(0, 4)), max_size=60),
    st.lists(st.integers(1, 9), min_size=5, max_size=5),
)
def test_sweeps_agree_with_looking_at_every_session(touches, timeouts):
    sessions = tracker()
    last_touch = dict.fromkeys(range(5), 0)
    for index, timeout in enumerate(timeouts):
        sessions.track(index, timeout * 1000, 0)
    alive = set(range(5))
    now_ms = 0
    for step, index in touches:
        now_ms += step * 10
        expired = {session.id for session in sessions.sweep(now_ms)}
        tick = now_ms // TICK * TICK  # sweeps judge at ticks: what the naive twin looks at too
        late = {
            one
            for one in alive
            if ((last_touch[one] + timeouts[one] * 1000) // TICK + 1) * TICK <= tick
        }
        assert expired == late
        alive -= expired
        if index in alive:
            sessions.by_id[index].touched_ms = last_touch[index] = now_ms
