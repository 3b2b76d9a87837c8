"""Local sessions: what a client of any member is answered, by Apache's ensemble and by ours."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import raw_client as zk
from peers import APACHE_39, SPECKEEPER, Kind
from trio import RawSession, Trio

EPHEMERAL = 1
Seen = list[tuple[str, object]]


def sessions_of(trio: Trio, sid: int) -> dict[str, str]:
    values = dict(line.split("\t", 1) for line in trio.members[sid].word("mntr").splitlines())
    return {name: values[f"zk_{name}"] for name in ("local_sessions", "global_sessions")}


def life(trio: Trio, upgrading: bool) -> Seen:
    """The life of local sessions at a follower and at the leader."""
    seen: Seen = []
    for role, sid in (("follower", trio.follower()), ("leader", trio.leader())):
        other = trio.leader() if role == "follower" else trio.follower()
        port, elsewhere = trio.members[sid].port, trio.members[other].port

        def note(what: str, value: object, role: str = role) -> None:
            seen.append((f"{role}: {what}", value))

        client = RawSession(port)
        note("granted", client.granted)
        note("counts", sessions_of(trio, sid))
        note("create", client.call(zk.CREATE, zk.create(f"/{role}")))
        note("set", client.call(zk.SET_DATA, zk.set_data(f"/{role}", b"x")))
        note("sync", client.call(zk.SYNC, zk.buffer("/")))
        note("get", client.call(zk.GET_DATA, zk.path_watch(f"/{role}")))
        # The same client again, here and at another server.
        again = RawSession(port, session=client.session)
        note("again", again.granted)
        note("first connection closed", client.closed())
        stranger = RawSession(elsewhere, session=again.session)
        note("elsewhere", stranger.granted)
        note("and closed", stranger.closed())
        note("still here", again.call(zk.EXISTS, zk.path_watch("/")))
        note("ephemeral", again.call(zk.CREATE, zk.create(f"/{role}/e", flags=EPHEMERAL)))
        note("ephemeral 2", again.call(zk.CREATE2, zk.create(f"/{role}/e2", flags=EPHEMERAL)))
        if upgrading:
            note("counts after", sessions_of(trio, sid))
            moved = RawSession(elsewhere, session=again.session)
            note("moved", moved.granted)
            note("its node", moved.call(zk.SET_DATA, zk.set_data(f"/{role}/e", b"y")))
            note("close", moved.call(zk.CLOSE))
            note("ends", moved.closed())
        else:
            parts = [(zk.CREATE, zk.create(f"/{role}/p")), (zk.DELETE, zk.path_version("/no"))]
            note("multi", again.call(zk.MULTI, zk.multi(parts)))
            note("close", again.call(zk.CLOSE))
            note("ends", again.closed())
        check = RawSession(port)
        check.call(zk.SYNC, zk.buffer("/"))
        note("gone", check.call(zk.EXISTS, zk.path_watch(f"/{role}/e")))
        note("gone too", check.call(zk.EXISTS, zk.path_watch(f"/{role}/e2")))
        short = RawSession(port, timeout_ms=1000)
        note("short", short.granted)
        began = time.monotonic()
        note("expires", short.closed())
        note("in time", 0.9 < time.monotonic() - began < 4)
        time.sleep(0.5)  # Apache closes whoever has the id once more
        note("is gone", RawSession(port, session=short.session).granted)
        note("check ends", check.call(zk.CLOSE))
        note("counts at last", sessions_of(trio, sid))
    return seen


@pytest.mark.parametrize("upgrading", [False, True], ids=["refused", "upgraded"])
def test_local_sessions_live_as_apache_s(tmp_path: Path, upgrading: bool) -> None:
    config = {
        "localSessionsEnabled": "true",
        "localSessionsUpgradingEnabled": str(upgrading).lower(),
    }
    seen: dict[Kind, Seen] = {}
    for kind in (APACHE_39, SPECKEEPER):
        with Trio(kind, tmp_path / kind.name, config) as trio:
            seen[kind] = life(trio.start(), upgrading)
    assert seen[SPECKEEPER] == seen[APACHE_39]


@pytest.mark.parametrize("upgrading", [False, True], ids=["refused", "upgraded"])
@pytest.mark.parametrize("ours", [1, 3], ids=["ours-follows", "ours-leads"])
def test_local_sessions_in_a_mixed_ensemble(tmp_path: Path, ours: int, upgrading: bool) -> None:
    """Our follower with Apache's leader, and Apache's with ours, make no difference to clients."""
    config = {
        "localSessionsEnabled": "true",
        "localSessionsUpgradingEnabled": str(upgrading).lower(),
    }
    kinds = [SPECKEEPER if sid == ours else APACHE_39 for sid in (1, 2, 3)]
    seen = []
    for each in ([APACHE_39] * 3, kinds):
        with Trio(each, tmp_path / str(len(seen)), config) as trio:
            assert trio.start(2, 3).leader() == 3
            trio.start(1)
            seen.append(life(trio, upgrading))
    assert seen[0] == seen[1]
