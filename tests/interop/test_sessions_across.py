"""Sessions across the servers of an ensemble: Apache's and ours, and both in one, answer the same.

One script drives clients frame by frame; what they are answered is all that is compared.
"""

from __future__ import annotations

import struct
import time
from pathlib import Path

import pytest
import raw_client as zk
from peers import APACHE_39, SPECKEEPER
from trio import RawSession, Trio

Seen = list[tuple[str, object]]
EPHEMERAL = 1


def life(trio: Trio) -> Seen:
    """Every pair of roles: a session begins at one server and goes on at another."""
    leader = trio.leader()
    followers = [sid for sid in (1, 2, 3) if sid != leader]
    seen: Seen = []
    pairs = [(followers[0], followers[1]), (followers[0], leader), (leader, followers[0])]
    if 4 in trio.members:
        pairs = [(4, leader), (followers[0], 4)]
    for number, (first, second) in enumerate(pairs):
        here, there = trio.members[first].port, trio.members[second].port

        def note(what: str, value: object, number: int = number) -> None:
            seen.append((f"{number}: {what}", value))

        moved(note, here, there, f"/{number}")
        watched(note, here, there, f"/{number}w")
        ended(note, here, there, f"/{number}e")
    return seen


def moved(note, here: int, there: int, path: str) -> None:
    """A session moves; what comes late on its old connection does nothing."""
    old = RawSession(here, timeout_ms=8000)
    note("granted", old.granted)
    note("ephemeral", old.call(zk.CREATE, zk.create(path, flags=EPHEMERAL)))
    wrong = zk.Session(old.session.session_id, b"?" * 16, 0, b"")
    turned_away = RawSession(there, session=wrong)
    note("wrong password", turned_away.granted)
    note("and closed", turned_away.closed())
    new = RawSession(there, session=old.session, timeout_ms=6000)
    note("moves, with another timeout", new.granted)
    note("writes", new.call(zk.SET_DATA, zk.set_data(path, b"new")))
    for op, body in (
        (zk.SET_DATA, zk.set_data(path, b"late")),
        (zk.MULTI, zk.multi([(zk.SET_DATA, zk.set_data(path, b"late"))])),
    ):
        # The old server may have heard of it or not: either way the connection ends.
        old.connection.request(99, op, body)
        note("late write ends", old.closed())
        old = new
        new = RawSession(here, session=old.session)
        here, there = there, here
    note("sync", new.call(zk.SYNC, zk.buffer(path)))
    _, err, body = new.connection.call(98, zk.GET_DATA, zk.path_watch(path))
    note("what it has", (err, body[4:7]))
    note("whose", struct.unpack_from(">q", body, 7 + 44)[0] == new.session.session_id)
    note("who", new.call(zk.WHO_AM_I))
    note("close", new.call(zk.CLOSE))
    note("closed", new.closed())
    gone = RawSession(there, session=new.session)
    note("again", gone.granted)


def watched(note, here: int, there: int, path: str) -> None:
    """Watches are set again at another server: what changed meanwhile fires at once."""
    writer = RawSession(here)
    for name in ("data", "gone", "kept"):
        writer.call(zk.CREATE, zk.create(f"{path}{name}"))
    watcher = RawSession(here)
    watcher.call(zk.SYNC, zk.buffer("/"))
    zxid, _, _ = watcher.connection.call(51, zk.GET_DATA, zk.path_watch(f"{path}data", True))
    watcher.connection.close()
    writer.call(zk.SET_DATA, zk.set_data(f"{path}data", b"x"))
    writer.call(zk.DELETE, zk.path_version(f"{path}gone"))
    writer.call(zk.CREATE, zk.create(f"{path}new"))
    again = RawSession(there, session=watcher.session)
    note("watcher moves", again.granted)
    again.call(zk.SYNC, zk.buffer("/"))
    body = zk.set_watches(
        zxid, [f"{path}data", f"{path}gone", f"{path}kept"], [f"{path}new", f"{path}no"], ["/"]
    )
    again.connection.request(-8, zk.SET_WATCHES, body)
    fired = []
    while True:
        frame = again.connection.frame()
        assert frame is not None
        xid, _, err = struct.unpack_from(">iqi", frame)
        if xid == -8:
            break
        fired.append(frame[16:])
    note("events", sorted(fired))
    note("set", err)
    writer.call(zk.SET_DATA, zk.set_data(f"{path}kept", b"x"))
    note("later", again.connection.frame()[16:])
    for each in (writer, again):
        note("closes", each.call(zk.CLOSE))


def ended(note, here: int, there: int, path: str) -> None:
    """A session expires by the leader's clock; its ephemeral goes once, everywhere."""
    watcher = RawSession(there)
    silent = RawSession(here, timeout_ms=1000)
    note("short", silent.granted)
    note("its node", silent.call(zk.CREATE, zk.create(path, flags=EPHEMERAL)))
    watcher.call(zk.SYNC, zk.buffer("/"))
    note("seen", watcher.call(zk.EXISTS, zk.path_watch(path, True)))
    alive = RawSession(here, timeout_ms=1000)
    began = time.monotonic()
    while time.monotonic() - began < 3:
        note_ping = alive.connection.call(-2, zk.PING)[1]
        time.sleep(0.2)
    note("who pings lives", (note_ping, alive.call(zk.EXISTS, zk.path_watch("/"))))
    note("connection of the silent one", silent.closed())
    note("event", watcher.connection.frame()[16:])
    note("gone", watcher.call(zk.EXISTS, zk.path_watch(path)))
    note("again", RawSession(there, session=silent.session).granted)
    for each in (watcher, alive):
        note("closes", each.call(zk.CLOSE))


@pytest.mark.parametrize("ours", [(1, 2, 3), (1,), (3,)], ids=["ours", "we-follow", "we-lead"])
def test_sessions_live_as_in_apache_s_ensemble(tmp_path: Path, ours: tuple[int, ...]) -> None:
    seen = []
    for each in ((), ours):
        kinds = [SPECKEEPER if sid in each else APACHE_39 for sid in (1, 2, 3)]
        with Trio(kinds, tmp_path / str(len(seen))) as trio:
            assert trio.start(2, 3).leader() == 3
            trio.start(1)
            seen.append(life(trio))
    assert seen[1] == seen[0]


@pytest.mark.parametrize("ours", [(1, 2, 3, 4), (4,), (1, 2, 3)], ids=["ours", "observes", "votes"])
def test_sessions_live_at_observers_too(tmp_path: Path, ours: tuple[int, ...]) -> None:
    seen = []
    for each in ((), ours):
        kinds = [SPECKEEPER if sid in each else APACHE_39 for sid in (1, 2, 3, 4)]
        with Trio(kinds, tmp_path / str(len(seen)), observers=1) as trio:
            assert trio.start(2, 3).leader() == 3
            trio.start(1, 4)
            seen.append(life(trio))
    assert seen[1] == seen[0]
