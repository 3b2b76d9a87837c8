"""Four-letter words and the AdminServer: the same shape of answer as Apache ZooKeeper's.

Both servers see the same few requests; then every word and every command is asked. Numbers are
masked; lines, JSON keys and types must be the same. What only a Java process or an ensemble has is
named in the tables below.
"""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
from typing import NamedTuple

import pytest
import raw_client as zk
from conftest import StartPeer
from peers import APACHE_39, SPECKEEPER, Peer, free_port

WORDS = "conf cons crst dirs dump envi gtmk hash isro mntr ruok srst srvr stat wchc wchp wchs"
COMMANDS = (
    "configuration connections connection_stat_reset dirs dump environment get_trace_mask hash "
    "initial_configuration is_read_only last_snapshot monitor observer_connection_stat_reset ruok "
    "server_stats stat_reset stats system_properties voting_view watch_summary watches "
    "watches_by_path leader observers zabstate nonsense"
)
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
    base = f"http://127.0.0.1:{server.settings()['admin.serverPort']}/commands/"
    commands = {}
    for command in COMMANDS.split():
        try:
            with urllib.request.urlopen(base + command, timeout=20) as answer:
                commands[command] = json.load(answer)
        except urllib.error.HTTPError as error:
            commands[command] = {"status": error.code}
            error.close()
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


def _masked(text: str) -> list[str]:
    """The lines of an answer without their numbers, paths, dates and versions."""
    text = re.sub(r"(?m)^(Zookeeper version: ).*$", r"\1#", text)
    text = re.sub(r"(?m)^(data(Log)?Dir=).*$", r"\1#", text)
    text = re.sub(r"\w{3} \w{3} \d\d .* \d{4}", "DATE", text)
    # Connections come in any order; the one that asks may be open or not, with its one request.
    text = re.sub(r"\(queued=.*", "(#)", text)
    return re.sub(r"0x[0-9a-f]+|\d+(\.\d+)?", "#", text).splitlines()


@pytest.mark.parametrize("word", [word for word in WORDS.split() if word not in ("envi", "mntr")])
def test_word_has_apache_s_shape(views: tuple[View, View], word: str) -> None:
    apache, ours = (_masked(view.words[word]) for view in views)
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
    assert _shape(ours) == _shape(apache)


def _shape(value: object) -> object:
    """JSON without its values: keys, and types; of lists the shape of their first item."""
    if isinstance(value, dict):
        if all(re.fullmatch(r"-?\d+|0x[0-9a-f]+", key) for key in value) and value:
            return {"#": _shape(next(iter(value.values())))}
        return {key: _shape(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_shape(value[0])] if value else []
    return type(value).__name__
