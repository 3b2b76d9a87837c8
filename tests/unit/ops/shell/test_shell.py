"""Lines run by the shell: exit codes, history, what goes where, and where zkCli differs."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from speckeeper.ops.shell import main
from speckeeper.ops.shell.commands import all_commands
from speckeeper.ops.shell.commands.ensemble import client_config
from speckeeper.ops.shell.console import Console
from speckeeper.ops.shell.shell import Shell
from speckeeper.wire.codes import ErrorCode, EventType, OpCode
from speckeeper.wire.jute import encode_ustring
from speckeeper.wire.multi_replies import DeleteResult, ErrorResult, encode_multi_reply
from speckeeper.wire.records import Stat
from speckeeper.wire.replies import encode_children2_reply, encode_data_reply
from speckeeper.wire.requests import DeleteRequest, ReconfigRequest, SetACLRequest

if TYPE_CHECKING:
    ScriptedServer = Any

STAT = Stat(1, 2, 3, 4, 5, 6, 7, 0, 9, 10, 11)
OK = (ErrorCode.OK, b"")


def failing(code: ErrorCode) -> Callable[[Any], tuple[int, bytes]]:
    return lambda record: (code, b"")


@pytest.fixture
def shell(scripted: ScriptedServer) -> Iterator[Shell]:
    opened = Shell(Console(), timeout_ms=10_000, wait=True)
    opened.print_watches = False
    opened.connect(scripted.address)
    yield opened
    opened.close()


def said(shell: Shell, capsys: pytest.CaptureFixture[str], *lines: str) -> tuple[list[str], ...]:
    """Run lines; return what came on standard output and on standard error."""
    for line in lines:
        shell.execute(line)
    shell.console.settle()
    printed = capsys.readouterr()
    return printed.out.splitlines(), printed.err.splitlines()


def test_exit_codes_are_those_of_the_last_command(scripted: ScriptedServer, shell: Shell) -> None:
    scripted.answers[OpCode.DELETE] = failing(ErrorCode.NO_NODE)

    for line, code in (("stat /a", 0), ("delete /a", 1), ("", 1), ("nonsense", 127), ("ls a", 1)):
        shell.execute(line)
        assert (line, shell.exit_code) == (line, code)
    shell.execute("quit")
    assert shell.leaving
    assert shell.exit_code == 1


def test_an_unknown_command_prints_all_commands_on_standard_error(
    shell: Shell, capsys: pytest.CaptureFixture[str]
) -> None:
    out, error = said(shell, capsys, "nonsense /a")

    assert out == []
    assert error[0].startswith("ZooKeeper -server host:port ")
    assert [line.split()[0] for line in error[1:-1]] == list(all_commands())
    assert error[-1] == "Command not found: nonsense"


def test_every_command_of_zkcli_is_there() -> None:
    # In the order in which Java sorts them.
    assert " ".join(all_commands()) == (
        "addWatch addauth close config connect create delete deleteall delquota exit get getAcl"
        " getAllChildrenNumber getEphemerals help history listquota ls printwatches quit reconfig"
        " redo removewatches set setAcl setquota stat sync version whoami"
    )


def test_help_shows_one_command_with_its_flags(
    shell: Shell, capsys: pytest.CaptureFixture[str]
) -> None:
    out, _ = said(shell, capsys, "help delete")

    assert out == [
        "delete [-v version] path",
        "  Delete a node that has no children.",
        "    -v version     version",
    ]
    assert said(shell, capsys, "help")[0][0].startswith("ZooKeeper -server")
    assert said(shell, capsys, "help nonsense")[1] == ["Command not found: nonsense"]
    assert shell.exit_code == 127


def test_events_that_came_first_are_printed_first(
    scripted: ScriptedServer, shell: Shell, capsys: pytest.CaptureFixture[str]
) -> None:
    def fire_then_answer(record: Any) -> tuple[int, bytes]:
        scripted.tell(EventType.NODE_CREATED, "/a")
        return ErrorCode.OK, encode_data_reply(b"data", STAT)

    scripted.answers[OpCode.GET_DATA] = fire_then_answer
    out, _ = said(shell, capsys, "printwatches on", "addWatch /", *["get /a"] * 20)

    event = "WatchedEvent state:SyncConnected type:NodeCreated path:/a zxid: 100"
    assert out == ["", "WATCHER::", "", event, "data"] * 20


def test_printwatches_off_keeps_events_quiet(
    scripted: ScriptedServer, shell: Shell, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.execute("printwatches off")
    shell.execute("stat -w /a")
    capsys.readouterr()
    scripted.tell(EventType.NODE_DATA_CHANGED, "/a")

    assert said(shell, capsys, "sync /", "printwatches") == (
        ["Sync is OK", "printwatches is off"],
        [],
    )


def test_history_and_redo(
    scripted: ScriptedServer, shell: Shell, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = ["version", *[f"sync /{number}" for number in range(10)], "redo 3", "history"]
    out, _ = said(shell, capsys, *lines)

    assert scripted.await_requests(OpCode.SYNC)[-1].path == "/2"
    assert out[-11:] == [
        *[f"{number + 1} - sync /{number}" for number in range(1, 10)],
        "11 - sync /2",
        "12 - history",
    ]


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("redo 99", "Command index out of range"),
        ("redo -1", "Command index out of range"),
        ("redo x", '"x" is not the number of a command'),
        ("redo", "redo cmdno"),
        ("set /a b -v x", "-v argument must be an int value"),
        ("setAcl -v 4294967296 /a world:anyone:r", "-v argument must be an int value"),
        ("delete /a x", "version argument must be an int value"),
        ("set -b /a ***", "-b data is not valid base64: Only base64 data is allowed"),
        ("setquota -b x /a", "-b x: not a number that fits"),
        ("create -t 1 -c /a", "TTLs cannot be used with Container znodes"),
        (
            "reconfig -file /none -add 1",
            "Can't use -file or -members together with -add or -remove",
        ),
    ],
)
def test_bad_arguments_are_one_line_where_zkcli_dies_or_says_the_same(
    scripted: ScriptedServer,
    shell: Shell,
    capsys: pytest.CaptureFixture[str],
    line: str,
    text: str,
) -> None:
    _, error = said(shell, capsys, line)

    assert error[-1].startswith(text)
    assert shell.exit_code == 1
    assert [op for op, _ in scripted.requests if op != OpCode.PING] == []


@pytest.mark.parametrize(
    "line",
    [
        "create /a d digest:\udce9:r",
        "create /\udce9",
        "addauth digest \udce9:x",
        "addauth \udce9 x",
        "reconfig -add \udce9",
    ],
)
def test_bytes_that_are_no_text_are_refused_where_text_is_due(
    scripted: ScriptedServer, shell: Shell, line: str
) -> None:
    shell.execute(line)

    assert shell.exit_code == 1
    shell.execute("sync /")
    assert shell.exit_code == 0
    assert [op for op, _ in scripted.requests if op != OpCode.PING] == [OpCode.SYNC]


def test_a_redone_redo_is_refused(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    assert said(shell, capsys, "redo 7", "redo 0")[1][-1] == "No redoing redos"


def test_a_redone_failure_fails(scripted: ScriptedServer, shell: Shell) -> None:
    scripted.answers[OpCode.DELETE] = failing(ErrorCode.NO_NODE)
    shell.execute("delete /a")
    shell.execute("version")
    shell.execute("redo 0")

    assert shell.exit_code == 1


def test_a_closed_session_is_not_connected_and_that_is_a_failure(
    shell: Shell, capsys: pytest.CaptureFixture[str]
) -> None:
    assert said(shell, capsys, "close", "ls /") == (["Not connected"], [])
    assert shell.exit_code == 1
    assert shell.prompt().endswith("(CLOSED) 2] ")
    assert said(shell, capsys, "version")[0] == ["Not connected"]
    shell.execute("connect")
    shell.execute("sync /")
    assert shell.exit_code == 0
    assert shell.prompt().endswith("(CONNECTED) 5] ")


def test_the_old_way_to_give_a_version_deletes_no_other(
    scripted: ScriptedServer, shell: Shell, capsys: pytest.CaptureFixture[str]
) -> None:
    scripted.answers[OpCode.DELETE] = lambda record: OK
    _, error = said(shell, capsys, "delete /a 3")

    assert error[0].startswith("'delete path [version]' has been deprecated.")
    assert scripted.await_requests(OpCode.DELETE) == [DeleteRequest("/a", 3)]


@pytest.mark.parametrize("line", ["get /a true", "get -s /a watch", "get /a -w"])
def test_the_old_way_to_ask_for_a_watch(scripted: ScriptedServer, shell: Shell, line: str) -> None:
    scripted.answers[OpCode.GET_DATA] = lambda record: (
        ErrorCode.OK,
        encode_data_reply(None, STAT),
    )
    shell.execute(line)

    assert scripted.await_requests(OpCode.GET_DATA)[0] == ("/a", True)


def test_a_part_of_a_subtree_that_stays_is_a_failure(
    scripted: ScriptedServer, shell: Shell, capsys: pytest.CaptureFixture[str]
) -> None:
    tree = {"/a": ["b", "c"], "/a/b": ["d"], "/a/c": [], "/a/b/d": []}
    scripted.answers[OpCode.GET_CHILDREN2] = lambda record: (
        ErrorCode.OK,
        encode_children2_reply(tree[record.path], STAT),
    )
    answers = iter(
        [[DeleteResult(), DeleteResult()], [ErrorResult(0), ErrorResult(ErrorCode.NOT_EMPTY)]]
    )
    scripted.answers[OpCode.MULTI] = lambda record: (
        ErrorCode.OK,
        encode_multi_reply(next(answers)),
    )
    _, error = said(shell, capsys, "deleteall -b 2 /a")

    sent = scripted.await_requests(OpCode.MULTI, 2)
    assert [request.path for multi in sent for _, request in multi.ops] == [
        "/a/b/d",
        "/a/c",
        "/a/b",
        "/a",
    ]
    assert error == ["Failed to delete some node(s) in the subtree!"]
    assert shell.exit_code == 1


def test_a_recursive_setacl_goes_on_after_a_refusal_and_fails(
    scripted: ScriptedServer, shell: Shell, capsys: pytest.CaptureFixture[str]
) -> None:
    tree = {"/a": ["b", "c"], "/a/b": [], "/a/c": []}
    scripted.answers[OpCode.GET_DATA] = lambda record: (
        ErrorCode.OK,
        encode_data_reply(None, STAT),
    )
    scripted.answers[OpCode.GET_CHILDREN2] = lambda record: (
        ErrorCode.OK,
        encode_children2_reply(tree[record.path], STAT),
    )
    default = scripted.answers.get(OpCode.SET_ACL, scripted._default_answer)

    def refuse_b(record: SetACLRequest) -> tuple[int, bytes]:
        return (ErrorCode.NO_AUTH, b"") if record.path == "/a/b" else default(record)

    scripted.answers[OpCode.SET_ACL] = refuse_b
    out, error = said(shell, capsys, "setAcl -R /a world:anyone:r")

    asked = [request.path for request in scripted.await_requests(OpCode.SET_ACL, 3)]
    assert asked == ["/a", "/a/b", "/a/c"]
    assert out == ["KeeperErrorCode = NoAuth for /a/b"]
    assert error == ["Insufficient permission : /a/b"]


def test_quotas_below_a_chroot_are_the_servers(scripted: ScriptedServer) -> None:
    scripted.answers[OpCode.GET_DATA] = failing(ErrorCode.NO_NODE)
    shell = Shell(Console())
    shell.print_watches = False
    shell.connect(f"{scripted.address}/app")
    shell.execute("listquota /a")
    shell.close()

    (asked,) = scripted.await_requests(OpCode.GET_DATA)
    assert asked.path == "/zookeeper/quota/app/a/zookeeper_limits"
    assert shell.exit_code == 0


def test_reconfig_sends_what_the_flags_say(
    scripted: ScriptedServer, shell: Shell, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scripted.answers[OpCode.RECONFIG] = lambda record: (
        ErrorCode.OK,
        encode_data_reply(b"server.1=A", STAT),
    )
    file = tmp_path / "members"
    file.write_text("# members\nserver.1=H:1:2;3\nserver.2: H:4:5;6\nversion=1\n")

    out, _ = said(
        shell,
        capsys,
        "reconfig -add server.9=H:1:2;3 -remove 4 -v 1f",
        f"reconfig -file {file}",
        "reconfig -members server.1=H:1:2;3",
    )

    assert scripted.await_requests(OpCode.RECONFIG, 3) == [
        ReconfigRequest("server.9=h:1:2;3", "4", None, 0x1F),
        ReconfigRequest(None, None, "server.1=H:1:2;3\nserver.2=H:4:5;6\nversion=1", -1),
        ReconfigRequest(None, None, "server.1=h:1:2;3", -1),
    ]
    assert out == ["Committed new configuration:", "server.1=A"] * 3


def test_a_members_file_that_is_none_is_refused(
    shell: Shell, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "zoo.cfg"
    file.write_text("server.1=h:1:2;3\ntickTime=2000\n")

    _, error = said(shell, capsys, f"reconfig -file {file}", f"reconfig -file {tmp_path}/none")

    assert error[0] == f"Error processing {file}: Unrecognised parameter: tickTime"
    assert error[1].startswith(f"Error processing {tmp_path}/none: ")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", " "),
        (
            "server.1=h1:2888:3888:participant;0.0.0.0:2181\nversion=100000000",
            "100000000 0.0.0.0:2181",
        ),
        ("server.1=a:1:2;2181\nserver.2=b:1:2:observer;c:2182\nversion=1", "1 0.0.0.0:2181,c:2182"),
        ("server.1=a:1:2\nversion=0", "0 "),
    ],
)
def test_config_for_clients(text: str, shown: str) -> None:
    assert client_config(text) == shown


def run_main(
    monkeypatch: pytest.MonkeyPatch, server: str, script: bytes, *command: str, **options: Any
) -> int:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(script)))
    flags: dict[str, Any] = {"read_only": False, "wait": False, "client_configuration": None}
    return main.run(server, 10_000, command=list(command), **(flags | options))


def test_a_script_is_run_line_by_line(
    scripted: ScriptedServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    scripted.answers[OpCode.CREATE] = lambda record: (ErrorCode.OK, encode_ustring(record.path))
    script = b"create /a caf\xe9\r\n\nsync /a\nstat /b\nquit\nsync /never\n"

    assert run_main(monkeypatch, scripted.address, script) == 0
    assert scripted.await_requests(OpCode.CREATE)[0].data == b"caf\xe9"
    assert [request.path for request in scripted.await_requests(OpCode.SYNC)] == ["/a"]
    printed = capsys.readouterr()
    # The event of the connection comes from a thread of its own, before or after the welcome.
    assert printed.out.startswith(f"Connecting to {scripted.address}\n")
    assert "\nWelcome to ZooKeeper!\n" in printed.out
    assert "\nWATCHER::\n\nWatchedEvent state:SyncConnected type:None path:null" in printed.out
    assert "\nSync is OK\n" in printed.out
    assert printed.err == "Created /a\n"


def test_one_command_has_its_exit_code_and_closes_the_session(
    scripted: ScriptedServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    scripted.answers[OpCode.EXISTS] = failing(ErrorCode.NO_NODE)

    assert run_main(monkeypatch, scripted.address, b"", "stat", "/none") == 1
    assert capsys.readouterr().err == "Node does not exist: /none\n"
    scripted.await_requests(OpCode.CLOSE_SESSION)


def test_flags_that_cannot_be_used(
    scripted: ScriptedServer,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    plain, tls = tmp_path / "plain", tmp_path / "tls"
    plain.write_text("zookeeper.client.secure=false\nzookeeper.request.timeout=1\n")
    tls.write_text("# secure\nzookeeper.client.secure=yes\n")

    assert (
        run_main(monkeypatch, scripted.address, b"", "sync", "/", client_configuration=plain) == 0
    )
    assert run_main(monkeypatch, scripted.address, b"", "sync", "/", client_configuration=tls) == 2
    assert f"{tls}:2: zookeeper.client.secure: " in capsys.readouterr().err
    assert run_main(monkeypatch, "a:b", b"", "sync", "/") == 1
    assert "-server a:b: " in capsys.readouterr().err


def test_waiting_for_a_connection_ends(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO()))
    code = main.run("127.0.0.1:1", 300, False, True, None, ["ls", "/"])

    assert code == 1
    assert capsys.readouterr().err.startswith("KeeperErrorCode = ConnectionLoss\n127.0.0.1:1: ")
