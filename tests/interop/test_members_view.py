"""Words and commands at the members of an ensemble: the same shape of answer as Apache's.

Leader, follower and observer of either kind are asked after the same few requests.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest
import raw_client as zk
from operators import COMMANDS, WORDS, admin_answer, masked, shape
from peers import APACHE_39, SPECKEEPER, Kind
from tests.ports import free_port
from trio import RawSession, Trio

ROLES = ("leader", "follower", "observer")
# Of mntr, what only a member has, and what people watch there.
MEMBERS_KEYS = {
    "leader": {
        *("zk_peer_state", "zk_quorum_size", "zk_learners", "zk_synced_followers"),
        *("zk_synced_non_voting_followers", "zk_synced_observers", "zk_pending_syncs"),
        *("zk_leader_uptime", "zk_last_proposal_size", "zk_max_proposal_size"),
        *("zk_min_proposal_size", "zk_proposal_count", "zk_commit_count", "zk_snap_count"),
        *("zk_diff_count", "zk_looking_count", "zk_avg_election_time", "zk_cnt_election_time"),
        *("zk_avg_leader_unavailable_time", "zk_avg_unavailable_time", "zk_revalidate_count"),
        *("zk_avg_quorum_ack_latency", "zk_avg_propagation_latency"),
    },
    "follower": {
        *("zk_peer_state", "zk_quorum_size", "zk_looking_count"),
        *("zk_learner_proposal_received_count", "zk_learner_commit_received_count"),
        *("zk_avg_election_time", "zk_avg_unavailable_time", "zk_avg_follower_sync_time"),
        *("zk_avg_propagation_latency", "zk_connection_revalidate_count"),
    },
    "observer": {
        *("zk_peer_state", "zk_quorum_size", "zk_observer_master_id", "zk_looking_count"),
        *("zk_learner_commit_received_count", "zk_avg_observer_sync_time"),
        *("zk_avg_unavailable_time",),
    },
}


# Properties of a Java process; Apache's members answer null for their zoo.cfg.
NOT_COMPARED = ("environment", "system_properties", "initial_configuration")


class View(NamedTuple):
    """What the member in each role answers."""

    words: dict[str, dict[str, str]]
    commands: dict[str, dict[str, dict[str, object]]]


def view(kind: Kind, folder: Path) -> View:
    ports = {sid: free_port() for sid in (1, 2, 3, 4)}
    own = {sid: {"admin.serverPort": port} for sid, port in ports.items()}
    config = {
        "admin.enableServer": "true",
        "admin.serverAddress": "127.0.0.1",
        "localSessionsEnabled": "true",
        "localSessionsUpgradingEnabled": "true",
    }
    with Trio(kind, folder, config, observers=1, own=own) as trio:
        trio.start(2, 3)
        trio.start(1, 4)
        members = {"leader": trio.leader(), "follower": trio.follower(), "observer": 4}
        clients = [RawSession(trio.members[sid].port) for sid in members.values()]
        for number, client in enumerate(clients):
            client.call(zk.CREATE, zk.create(f"/{number}", b"x", flags=1))
            client.call(zk.GET_DATA, zk.path_watch(f"/{number}", True))
        local = [RawSession(trio.members[sid].port) for sid in members.values()]
        for client in clients:
            client.call(zk.SYNC, zk.buffer("/"))
        words = {
            role: {word: trio.members[sid].word(word) for word in WORDS.split()}
            for role, sid in members.items()
        }
        commands = {
            role: {each: admin_answer(ports[sid], each) for each in COMMANDS.split()}
            for role, sid in members.items()
        }
        for each in (*clients, *local):
            each.connection.close()
    return View(words, commands)


@pytest.fixture(scope="module")
def views(tmp_path_factory: pytest.TempPathFactory) -> tuple[View, View]:
    folder = tmp_path_factory.mktemp("members")
    apache, ours = (view(kind, folder / kind.name) for kind in (APACHE_39, SPECKEEPER))
    return apache, ours


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("word", [word for word in WORDS.split() if word not in ("envi", "mntr")])
def test_word_has_apache_s_shape(views: tuple[View, View], role: str, word: str) -> None:
    # How many sets of sessions there are depends on the moment.
    apache, ours = (
        [line for line in masked(each.words[role][word]) if "expire at" not in line]
        for each in views
    )
    assert ours == apache


@pytest.mark.parametrize("role", ROLES)
def test_mntr_has_the_keys_of_a_member(views: tuple[View, View], role: str) -> None:
    apache, ours = (
        {line.partition("\t")[0] for line in each.words[role]["mntr"].splitlines()}
        for each in views
    )
    assert apache >= MEMBERS_KEYS[role], "the list above names what Apache does not have"
    assert MEMBERS_KEYS[role] - ours == set()
    only = {key for keys in MEMBERS_KEYS.values() for key in keys} - apache
    assert ours & only == set(), "a key that Apache's member in this role has not"


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(
    "command",
    [each for each in COMMANDS.split() if each not in NOT_COMPARED],
)
def test_command_has_apache_s_shape(views: tuple[View, View], role: str, command: str) -> None:
    if command == "monitor":
        assert {"command", "error"} <= views[1].commands[role][command].keys()
        return
    apache, ours = (each.commands[role][command] for each in views)
    assert shape(ours) == shape(apache)
    for same in ("is_leader", "leader_id", "synced_observers", "voting", "zabstate", "myid"):
        if same in apache and not isinstance(apache[same], dict):
            assert (same, ours[same]) == (same, apache[same])
