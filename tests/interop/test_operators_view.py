"""Four-letter words and the AdminServer: the same shape of answer as Apache ZooKeeper's.

Both servers see the same few requests; then every word and every command is asked. Numbers are
masked; lines, JSON keys and types must be the same. What only a Java process or an ensemble has is
named in the tables below.
"""

from __future__ import annotations

from typing import NamedTuple

import pytest
import raw_client as zk
from conftest import StartPeer
from operators import COMMANDS, WORDS, admin_answer, masked, shape
from peers import APACHE_39, SPECKEEPER, Peer
from tests.ports import free_port

# mntr keys without which dashboards and alerts that people have do not work.
MONITORED = {
    *("zk_version", "zk_server_state", "zk_avg_latency", "zk_max_latency", "zk_min_latency"),
    *("zk_packets_received", "zk_packets_sent", "zk_num_alive_connections", "zk_znode_count"),
    *("zk_outstanding_requests", "zk_uptime", "zk_watch_count", "zk_ephemerals_count"),
    *("zk_approximate_data_size", "zk_global_sessions", "zk_local_sessions"),
    *("zk_open_file_descriptor_count", "zk_max_file_descriptor_count", "zk_commit_count"),
    *("zk_last_client_response_size", "zk_max_client_response_size", "zk_auth_failed_count"),
    *("zk_min_client_response_size", "zk_connection_request_count", "zk_connection_drop_count"),
    *("zk_connection_rejected", "zk_bytes_received_count", "zk_stale_sessions_expired"),
    *("zk_digest_mismatches_count", "zk_snap_count", "zk_avg_fsynctime", "zk_cnt_fsynctime"),
    *("zk_avg_snapshottime", "zk_avg_dbinittime", "zk_avg_readlatency", "zk_p99_readlatency"),
    *("zk_avg_updatelatency", "zk_p99_updatelatency", "zk_sum_node_created_watch_count"),
    *("zk_sum_node_deleted_watch_count", "zk_sum_node_changed_watch_count"),
    *("zk_sum_node_children_watch_count", "zk_connection_drop_probability"),
}
# Keys that differ by nature: properties of a Java process, metrics of what only Apache has.
OTHER_KEYS = {"environment", "system_properties", "monitor"}


class View(NamedTuple):
    """What a server answers to the words and the commands."""

    words: dict[str, str]
    commands: dict[str, dict[str, object]]


def _view(start_peer: StartPeer, server: Peer) -> View:
    connection = zk.RawConnection(server.port)
    assert connection.handshake() is not None
    assert connection.call(1, zk.CREATE, zk.create("/e", b"x", flags=1))[1] == 0
    assert connection.call(2, zk.GET_DATA, zk.path_watch("/e", True))[1] == 0
    assert connection.call(3, zk.GET_CHILDREN, zk.path_watch("/", True))[1] == 0
    words = {word: server.word(word) for word in (*WORDS.split(), "nope")}
    admin_port = server.settings()["admin.serverPort"]
    commands = {command: admin_answer(admin_port, command) for command in COMMANDS.split()}
    connection.close()
    return View(words, commands)


@pytest.fixture(scope="module")
def views(start_module_peer: StartPeer) -> tuple[View, View]:
    both = []
    for kind in (APACHE_39, SPECKEEPER):
        config: dict[str, object] = {
            "admin.enableServer": "true",
            "admin.serverPort": free_port(),
            "admin.serverAddress": "127.0.0.1",
        }
        server = start_module_peer(kind, config=config)
        both.append(_view(start_module_peer, server))
        server.stop()
    if "status" in both[0].commands["ruok"] or "command" not in both[0].commands["ruok"]:
        pytest.skip("Apache's AdminServer does not run: Debian's Jetty is not installed")
    return both[0], both[1]


@pytest.mark.parametrize("word", [word for word in WORDS.split() if word not in ("envi", "mntr")])
def test_word_has_apache_s_shape(views: tuple[View, View], word: str) -> None:
    # In how many sets sessions and connections expire depends on the moment.
    apache, ours = (
        [line for line in masked(view.words[word]) if "expire at" not in line] for view in views
    )
    assert ours == apache


def test_unknown_words_close_the_connection(views: tuple[View, View]) -> None:
    assert views[0].words["nope"] == views[1].words["nope"] == ""


def test_envi_names_what_apache_names(views: tuple[View, View]) -> None:
    apache, ours = (
        {line.partition("=")[0] for line in view.words["envi"].splitlines()} for view in views
    )
    # 3.10 calls them jvm.memory, and so does SpecKeeper.
    assert {key.replace("os.memory", "jvm.memory") for key in apache} - ours == set()


def test_mntr_has_the_keys_that_people_watch(views: tuple[View, View]) -> None:
    apache, ours = (
        {line.partition("\t")[0] for line in view.words["mntr"].splitlines()} for view in views
    )
    assert apache >= MONITORED, "the list above names what Apache does not have"
    assert MONITORED - ours == set()


@pytest.mark.parametrize("command", COMMANDS.split())
def test_admin_command_has_apache_s_shape(views: tuple[View, View], command: str) -> None:
    apache, ours = (view.commands[command] for view in views)
    if command in OTHER_KEYS:
        assert {"command", "error"} <= ours.keys()
        return
    assert shape(ours) == shape(apache)
