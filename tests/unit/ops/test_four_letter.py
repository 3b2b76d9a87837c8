"""Answers to four-letter words, line by line as Apache ZooKeeper 3.9 gives them."""

import re
import socket
from collections.abc import Iterator

import pytest
from kazoo.client import KazooClient
from tests.unit.ops.live import Live

from speckeeper.ops.config.zoo_cfg import standalone_config
from speckeeper.ops.four_letter import TELNET_BREAK, WORDS, FourLetterWords
from speckeeper.ops.running import Running
from speckeeper.ops.version import full_version

pytestmark = pytest.mark.xdist_group("ops-server")


@pytest.fixture(scope="module")
def client(server: Live) -> Iterator[KazooClient]:
    """A client with nodes, an ephemeral node and watches, so that every word has a tale to tell."""
    client = KazooClient(server.hosts, timeout=10)
    client.start()
    client.ensure_path("/golden/child")
    client.create("/golden/ephemeral", b"x" * 10, ephemeral=True)
    client.get("/golden", watch=lambda event: None)
    client.exists("/golden/none", watch=lambda event: None)
    client.get_children("/golden/child", watch=lambda event: None)
    yield client
    client.delete("/golden", recursive=True)
    client.stop()
    client.close()


def answer(server: Live, client: KazooClient, word: str) -> str:
    """The answer with what differs from run to run replaced by its name."""
    text = server.word(word)
    text = text.replace(f"{client.client_id[0]:#x}", "SESSION")
    text = text.replace(str(server.data_dir), "DATA").replace(f"={server.port}\n", "=PORT\n")
    text = re.sub(r"127\.0\.0\.1:\d+", "PEER", text)
    text = re.sub(r"[A-Z][a-z]{2} [A-Z][a-z]{2} +\d+ [\d:]{8} \S+ \d{4}", "DATE", text)
    return re.sub(r"(?<==)\d+(?=[,)\n])", "N", text)


VERSION = f"Zookeeper version: {full_version()}\n"
STATISTICS = (
    r"Latency min/avg/max: \d+/\d+\.\d+/\d+\n"
    r"Received: \d+\n"
    r"Sent: \d+\n"
    r"Connections: \d+\n"
    r"Outstanding: \d+\n"
    r"Zxid: 0x[0-9a-f]+\n"
    r"Mode: standalone\n"
    r"Node count: \d+\n"
)


def test_ruok_and_isro_have_no_line_end(server: Live) -> None:
    assert server.word("ruok") == "imok"
    assert server.word("isro") == "rw"


def test_conf(server: Live, client: KazooClient) -> None:
    assert answer(server, client, "conf") == (
        "clientPort=PORT\n"
        "secureClientPort=-1\n"
        "dataDir=DATA/version-2\n"
        "dataDirSize=N\n"
        "dataLogDir=DATA/version-2\n"
        "dataLogSize=N\n"
        "tickTime=N\n"
        "maxClientCnxns=N\n"
        "minSessionTimeout=N\n"
        "maxSessionTimeout=N\n"
        "clientPortListenBacklog=-1\n"
        "serverId=N\n"
    )


def test_srvr(server: Live) -> None:
    assert re.fullmatch(re.escape(VERSION) + STATISTICS, server.word("srvr"))


def test_stat(server: Live, client: KazooClient) -> None:
    connection = r" /PEER\[\d\]\(queued=N,recved=N,sent=N\)\n"
    pattern = re.escape(VERSION) + "Clients:\n" + f"(?:{connection})+" + "\n" + STATISTICS
    assert re.fullmatch(pattern, answer(server, client, "stat"))


def test_a_word_is_counted_when_it_is_answered_and_its_answer_later(server: Live) -> None:
    """As by Apache, whose counts of its own connection are these."""

    def counts() -> list[int]:
        lines = server.word("srvr").splitlines()
        return [int(line.split(": ")[1]) for line in lines if line[:4] in ("Rece", "Sent")]

    received, sent = counts()
    assert counts() == [received + 1, sent + 1]
    own = [line for line in server.word("cons").splitlines() if "sid=" not in line and line]
    assert any(line.endswith("[0](queued=0,recved=1,sent=0)") for line in own)


def test_cons(server: Live, client: KazooClient) -> None:
    client.get("/golden/child")
    lines = answer(server, client, "cons").split("\n")
    assert lines[-2:] == ["", ""]
    (details,) = [line for line in lines if "SESSION" in line]
    assert re.fullmatch(
        r" /PEER\[1\]\(queued=N,recved=N,sent=N,sid=SESSION,lop=GETD,est=N,to=N,"
        r"lcxid=0x[0-9a-f]+,lzxid=0x[0-9a-f]+,lresp=N,llat=N,minlat=N,avglat=N,maxlat=N\)",
        details,
    )


def test_dump(server: Live, client: KazooClient) -> None:
    text = answer(server, client, "dump")
    sessions, ephemerals, connections = re.fullmatch(
        r"SessionTracker dump:\n(.*)ephemeral nodes dump:\n(.*)Connections dump:\n(.*)",
        text,
        re.DOTALL,
    ).groups()  # type: ignore[union-attr]  # no match fails the test too
    assert re.match(r"Session Sets \(\d+\)/\(\d+\):\n\d+ expire at DATE:\n\t0x|", sessions)
    assert "\tSESSION\n" in sessions
    assert ephemerals == "Sessions with Ephemerals (1):\nSESSION:\n\t/golden/ephemeral\n"
    assert re.match(r"Connections Sets \(\d+\)/\(\d+\):\n\d+ expire at DATE:\n", connections)
    assert "\tip: /PEER sessionId: SESSION\n" in connections
    assert "\tip: /PEER sessionId: 0x0\n" in connections


def test_envi(server: Live) -> None:
    heading, *lines = server.word("envi").splitlines()
    assert heading == "Environment:"
    keys = [line.partition("=")[0] for line in lines]
    assert keys[:18] == [
        "zookeeper.version",
        "host.name",
        "java.version",
        "java.vendor",
        "java.home",
        "java.class.path",
        "java.library.path",
        "java.io.tmpdir",
        "java.compiler",
        "os.name",
        "os.arch",
        "os.version",
        "user.name",
        "user.home",
        "user.dir",
        "jvm.memory.free",
        "jvm.memory.max",
        "jvm.memory.total",
    ]
    assert lines[0] == f"zookeeper.version={full_version()}"


def test_kazoo_understands_the_version(client: KazooClient) -> None:
    assert client.server_version() == (3, 9, 5)


def test_mntr(server: Live, client: KazooClient) -> None:
    lines = server.word("mntr").splitlines()
    assert all(re.fullmatch(r"zk_\w+\t\S.*", line) for line in lines)
    values = dict(line.split("\t", 1) for line in lines)
    assert len(values) == len(lines)
    assert values["zk_version"] == full_version()
    assert values["zk_server_state"] == "standalone"
    assert values["zk_ephemerals_count"] == "1"
    assert int(values["zk_watch_count"]) == 3
    assert re.fullmatch(r"\d+\.\d+", values["zk_avg_latency"])
    assert int(values["zk_cnt_updatelatency"]) >= 4
    for name in ("avg", "min", "max", "cnt", "sum", "p50", "p95", "p99", "p999"):
        assert f"zk_{name}_readlatency" in values
    assert int(values["zk_op_count_create"]) >= 3
    assert int(values["zk_info_probe_connections_closed"]) >= 1


def test_watch_words(server: Live, client: KazooClient) -> None:
    assert server.word("wchs") == "1 connections watching 2 paths\nTotal watches:2\n"
    assert answer(server, client, "wchc") == "SESSION\n\t/golden\n\t/golden/none\n\n"
    assert answer(server, client, "wchp") == "/golden\n\tSESSION\n/golden/none\n\tSESSION\n\n"


def test_dirs(server: Live) -> None:
    sizes = re.fullmatch(r"datadir_size: (\d+)\nlogdir_size: (\d+)\n", server.word("dirs"))
    assert sizes
    files = (server.data_dir / "version-2").iterdir()
    assert int(sizes[1]) == int(sizes[2]) == sum(file.stat().st_size for file in files)


def test_hash_lists_a_digest_every_128_transactions(server: Live, client: KazooClient) -> None:
    for _ in range(130):
        client.set_async("/golden/child", b"")
    client.sync("/golden")
    assert re.fullmatch(r"([0-9a-f]*[08]0: \d+\n)+", server.word("hash"))


def test_resets(server: Live, client: KazooClient) -> None:
    assert server.word("crst") == "Connection stats reset.\n"
    (details,) = [line for line in answer(server, client, "cons").splitlines() if "SESS" in line]
    assert "recved=N,sent=N,sid=SESSION,lop=NA,est=N,to=N,lzxid=0xffffffffffffffff" in details
    assert server.word("srst") == "Server stats reset.\n"
    assert "zk_cnt_updatelatency\t0\n" in server.word("mntr")


def test_trace_mask(server: Live) -> None:
    assert server.word("gtmk") == "306"
    assert server.word("stmk", (310).to_bytes(8, "big")) == "310"
    assert server.word("gtmk") == "310"
    assert server.word("stmk", bytes(8)) == "0"
    assert server.word("gtmk") == "0"
    assert server.word("stmk", (-1).to_bytes(8, "big", signed=True)) == "-1"
    assert server.word("stmk", (306).to_bytes(8, "big")) == "306"


def test_telnet_break_closes_without_a_word(server: Live) -> None:
    assert server.word(TELNET_BREAK) == ""


def test_answers_come_although_the_asker_has_stopped_writing(server: Live) -> None:
    """`echo ruok | nc` closes its side at once (netcat, NIOServerCnxn.checkFourLetterWord)."""
    with socket.create_connection(("127.0.0.1", server.port), 5) as sock:
        sock.sendall(b"ruok")
        sock.shutdown(socket.SHUT_WR)
        assert sock.recv(16) == b"imok"


def words(*options: str) -> FourLetterWords:
    return FourLetterWords(Running(standalone_config([], options, {})))


def test_whitelist_has_srvr_only_by_default() -> None:
    assert words().allowed == {"srvr"}
    assert words()("ruok") == b"ruok is not executed because it is not in the whitelist.\n"


@pytest.mark.parametrize(
    ("option", "allowed"),
    [
        ("zookeeper.4lw.commands.whitelist=*", set(WORDS)),
        ("zookeeper.4lw.commands.whitelist=mntr, ruok,", {"mntr", "ruok", "srvr"}),
        ("zookeeper.4lw.commands.whitelist=nope", {"srvr"}),
        ("readonlymode.enabled=true", {"srvr", "isro"}),
    ],
)
def test_whitelist(option: str, allowed: set[str]) -> None:
    assert words(option).allowed == allowed


def test_what_is_no_word_is_a_frame() -> None:
    for text in ("\0\0\0\x2d", "RUOK", "xxxx", "get "):
        assert words("zookeeper.4lw.commands.whitelist=*")(text) is None


def test_without_a_server_only_three_words_answer() -> None:
    ask = words("zookeeper.4lw.commands.whitelist=*")
    assert ask("ruok") == b"imok"
    assert ask("isro") == b"null"
    assert (ask("envi") or b"").startswith(b"Environment:\n")
    not_serving = b"This ZooKeeper instance is not currently serving requests"
    for word in set(WORDS) - {"ruok", "isro", "envi", "gtmk", "stmk", "hash"}:
        assert ask(word) == not_serving + b"\n", word
    assert ask("hash") == not_serving


def test_every_word_has_a_sentence_of_help() -> None:
    assert all(word.help and not word.help.endswith(".") for word in WORDS.values())


def test_the_trace_mask_word_waits_for_its_mask_only_where_it_is_allowed() -> None:
    refusing = FourLetterWords(Running(standalone_config([], [], {})))
    assert refusing("stmk") == b"stmk is not executed because it is not in the whitelist.\n"
    options = ["zookeeper.4lw.commands.whitelist=stmk"]
    words = FourLetterWords(Running(standalone_config([], options, {})))
    for so_far in range(8):
        assert words("stmk" + "\0" * so_far) is None
    assert words("stmk" + "\0" * 8) == b"0"


def test_words_count_as_packets(server: Live) -> None:
    def numbers() -> list[int]:
        return [int(n) for n in re.findall(r"(?:Received|Sent): (\d+)", server.word("srvr"))]

    before = numbers()
    server.word("ruok")
    after = numbers()
    assert after[0] - before[0] >= 2
    assert after[1] - before[1] >= 2
