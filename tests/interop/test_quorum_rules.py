"""Groups, weights and leaders without clients: ensembles of both kinds keep to the same rules."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import raw_client as zk
from peers import APACHE_39, SPECKEEPER, Kind
from trio import RawSession, Trio

GROUPS = {"group.1": "1:2:3", "weight.1": "1", "weight.2": "1", "weight.3": "0"}
MIXES = {
    "apache": (APACHE_39, APACHE_39, APACHE_39),
    "ours": (SPECKEEPER, SPECKEEPER, SPECKEEPER),
    "we-lead": (APACHE_39, SPECKEEPER, SPECKEEPER),
    "we-follow": (SPECKEEPER, APACHE_39, SPECKEEPER),
}


@pytest.mark.parametrize("mix", MIXES)
def test_who_has_no_weight_leads_never_and_is_never_needed(tmp_path: Path, mix: str) -> None:
    with Trio(MIXES[mix], tmp_path, GROUPS) as trio:
        trio.start()
        assert trio.leader() == 2
        client = RawSession(trio.members[1].port)
        assert client.call(zk.CREATE, zk.create("/a")) == 0
        trio.members[3].kill()
        assert client.call(zk.SET_DATA, zk.set_data("/a", b"1")) == 0
        trio.start(3)
        trio.members[2].kill()
        deadline = time.monotonic() + 20
        while (trio.mode(1) or trio.mode(3)) and time.monotonic() < deadline:
            time.sleep(0.1)
        time.sleep(2)
        assert (trio.mode(1), trio.mode(3)) == ("", "")  # two of three, and no quorum
        trio.start(2)
        assert trio.leader() in (1, 2)
        trio.members[3].wait_until_serving()
        again = RawSession(trio.members[3].port)
        assert again.call(zk.SYNC, zk.buffer("/")) == 0
        assert again.call(zk.GET_DATA, zk.path_watch("/a")) == 0


@pytest.mark.parametrize("kind", [APACHE_39, SPECKEEPER], ids=lambda kind: kind.name)
def test_leader_without_clients(tmp_path: Path, kind: Kind) -> None:
    properties = {"zookeeper.leaderServes": "no"}
    with Trio(kind, tmp_path, properties=properties) as trio:
        for peer in trio.members.values():
            peer.launch()
        for _ in (1, 2):
            trio.wait_for("follower")
        deadline = time.monotonic() + 30
        while [trio.mode(sid) for sid in (1, 2, 3)].count("follower") < 2:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        (leader,) = (sid for sid in (1, 2, 3) if trio.mode(sid) != "follower")
        server = trio.members[leader]
        refused = "This ZooKeeper instance is not currently serving requests\n"
        for word in ("srvr", "mntr", "conf", "cons", "dump"):
            assert server.word(word) == refused
        assert (server.word("ruok"), server.word("isro")) == ("imok", "null")
        assert RawSession(server.port).granted is None
        client = RawSession(trio.members[trio.follower()].port)
        assert client.call(zk.CREATE, zk.create("/a")) == 0
