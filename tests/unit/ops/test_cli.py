"""The command line end to end: exit codes, one-line errors, signals."""

import json
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from kazoo.client import KazooClient
from tests.ports import free_port
from tests.unit.ops.live import COMMAND, PATIENCE_S, live, run

from speckeeper import __version__
from speckeeper.ops.cli import main
from speckeeper.storage.seed import write_data_dir
from speckeeper.storage.settings import StorageSettings
from speckeeper.wire.codes import OpCode
from speckeeper.wire.records import OPEN_ACL_UNSAFE
from speckeeper.wire.txns import CreateTxn, Txn, TxnHeader

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run `speckeeper` in this process: for what ends before it does anything."""

    def run_here(*arguments: str) -> "subprocess.CompletedProcess[str]":
        monkeypatch.setattr(sys, "argv", ["speckeeper", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        shown = capsys.readouterr()
        code = ended.value.code
        assert isinstance(code, int)
        return subprocess.CompletedProcess(arguments, code, shown.out, shown.err)

    return run_here


def one_line_error(done: "subprocess.CompletedProcess[str]") -> str:
    """The error that a run ended with; fails unless it is one line after what was logged."""
    assert done.stdout == ""
    (line,) = (line for line in done.stderr.splitlines() if " - INFO  [" not in line)
    assert line.startswith("speckeeper: ")
    return line.removeprefix("speckeeper: ")


@pytest.mark.parametrize("word", ["version", "--version"])
def test_version(word: str) -> None:
    done = run(word)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"SpecKeeper {__version__} (ZooKeeper 3.9.5)\n"


def test_version_needs_no_heavy_imports() -> None:
    script = (
        "import sys; from speckeeper.ops import cli; sys.argv[1:] = ['version']\n"
        "try: cli.main()\n"
        "except SystemExit: print(sorted({'typer', 'asyncio', 'aiohttp'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[1] == "[]"


def test_help_lists_the_commands(here: Run) -> None:
    done = here("--help")
    assert done.returncode == 0
    for command in ("serve", "status", "shell", "log", "snapshot", "version"):
        assert f"  {command} " in done.stdout
    done = here()
    assert done.returncode == 2
    assert "Usage: speckeeper" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["frobnicate"], "No such command 'frobnicate'; see speckeeper --help"),
        (["serve", "--frob"], "No such option: --frob; see speckeeper --help"),
        (["serve", "--log-format", "xml"], "log format 'xml' is neither text nor json"),
        (
            ["serve", "2181"],
            "2181: no such file or directory; name a readable configuration file",
        ),
        (
            ["serve", "x", "/tmp"],
            "command line: clientPort: 'x' is not a whole number; give a whole number, 0 to 65535",
        ),
        (
            ["serve", "-Dzookeeper.snapCount=many"],
            "-Dzookeeper.snapCount: 'many' is not a whole number; give a whole number",
        ),
        (
            ["log", "show"],
            "Missing argument 'file'; see speckeeper --help",
        ),
    ],
)
def test_bad_invocations_exit_2_with_one_line(here: Run, arguments: list[str], error: str) -> None:
    done = here(*arguments)
    assert done.returncode == 2
    assert one_line_error(done).lower() == error.lower()


def test_bad_configuration_exits_2_with_file_and_line(tmp_path: Path) -> None:
    config = tmp_path / "zoo.cfg"
    config.write_text("dataDir=/x\n\ntickTime=soon\n")
    done = run("serve", str(config))
    assert done.returncode == 2
    assert one_line_error(done) == (
        f"{config}:3: tickTime: 'soon' is not a whole number; give a whole number of ms, at least 1"
    )


def test_a_member_without_its_limits_is_refused_with_exit_2(here: Run, tmp_path: Path) -> None:
    config = tmp_path / "zoo.cfg"
    config.write_text("dataDir=/x\nclientPort=1\nserver.1=a:1:2\nserver.2=b:1:2\n")
    done = here("serve", str(config))
    assert done.returncode == 2
    assert "initLimit is not set" in one_line_error(done)


def test_data_dir_that_cannot_be_used_exits_3(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = run("serve", "0", str(tmp_path / "file" / "data"))
    assert done.returncode == 3
    assert str(tmp_path) in one_line_error(done)
    missing = tmp_path / "missing"
    done = run("serve", "0", str(missing), "-Dzookeeper.datadir.autocreate=false")
    assert done.returncode == 3
    done = run("serve", "0", str(missing), ZOO_DATADIR_AUTOCREATE_DISABLE="1")
    assert done.returncode == 3
    assert not missing.exists()


def test_damaged_log_exits_10_and_names_the_offset(tmp_path: Path) -> None:
    header = TxnHeader(1, 1, 0, 0, int(OpCode.CREATE))
    transactions = [
        Txn(
            header._replace(zxid=zxid),
            CreateTxn(f"/n{zxid}", b"x" * 50, OPEN_ACL_UNSAFE, False, zxid),
        )
        for zxid in range(1, 5)
    ]
    write_data_dir(StorageSettings(tmp_path), transactions)
    log = tmp_path / "version-2" / "log.1"
    content = bytearray(log.read_bytes())
    content[100] ^= 0xFF
    log.write_bytes(content)

    done = run("serve", "0", str(tmp_path), "-Dzookeeper.admin.enableServer=false")

    assert done.returncode == 10
    assert f"{log}: " in one_line_error(done)
    assert "offset" in done.stderr

    shown = run("log", "show", str(log))
    assert shown.returncode == 10
    assert "at offset" in shown.stderr


@pytest.mark.parametrize(
    ("key", "value", "why"),
    [
        ("clientPortAddress", "nosuch.invalid", "the name does not resolve"),
        ("clientPortAddress", "192.0.2.1", "it is not an address of this machine"),
        ("admin.serverAddress", "nosuch.invalid", "the name does not resolve"),
    ],
)
def test_an_address_of_another_machine_exits_2_with_file_and_line(
    tmp_path: Path, key: str, value: str, why: str
) -> None:
    config = tmp_path / "zoo.cfg"
    config.write_text(f"dataDir={tmp_path}/data\nclientPort=0\nadmin.serverPort=0\n{key}={value}\n")

    done = run("serve", str(config))

    assert done.returncode == 2
    error = one_line_error(done)
    assert error.startswith(f"{config}:4: {key}: ")
    assert why in error
    assert "; give " in error


def test_taken_ports(tmp_path: Path) -> None:
    with live(tmp_path) as running:
        config = tmp_path / "other.cfg"
        config.write_text(
            f"dataDir={tmp_path}/other\nclientPort=0\nadmin.serverPort={running.admin_port}\n"
        )
        done = run("serve", str(config))
        assert done.returncode == 4
        assert "AdminServer (admin.serverAddress, admin.serverPort)" in one_line_error(done)
        assert "listens on" not in done.stderr  # no client was let in before
        done = run("serve", str(running.port), str(tmp_path / "third"))
        assert done.returncode == 1
        assert f"client port *:{running.port}: Address already in use" in one_line_error(done)
        done = run("serve", "0", str(running.data_dir), "-Dzookeeper.admin.enableServer=false")
        assert done.returncode == 3
        assert "another server is using the directory" in one_line_error(done)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_stop_the_server_gracefully(tmp_path: Path, number: int) -> None:
    with live(tmp_path) as running:
        client = KazooClient(running.hosts)
        client.start()
        client.create("/kept", b"1")
        code, err = running.stop(number)
        client.stop()
        client.close()
    assert code == 0
    assert "[serve] - stopped" in err
    logged = [line.partition("] - ")[2].partition("] - ")[2] for line in err.splitlines()]
    assert logged[0].startswith(f"SpecKeeper {__version__}, ZooKeeper version 3.9.5")
    assert re.search(r"no snapshot|snapshot\.0, 0 transactions replayed, last zxid 0x0", logged[1])
    assert f"client port listens on 127.0.0.1:{running.port}" in logged
    assert any(
        line.startswith("AdminServer") and line.endswith(f"127.0.0.1:{running.admin_port}")
        for line in logged
    )
    assert "Traceback" not in err


def test_banner_says_where_everything_is(tmp_path: Path) -> None:
    with live(tmp_path) as running:
        assert running.banner == (
            f"SpecKeeper {__version__} serves on 127.0.0.1:{running.port}; "
            f"data in {running.data_dir}; "
            f"admin on http://127.0.0.1:{running.admin_port}/commands and /page/; "
            f"connect with: speckeeper shell -server 127.0.0.1:{running.port}\n"
        )


def test_standalone_arguments_options_and_environment(tmp_path: Path) -> None:
    port = free_port()
    with subprocess.Popen(
        [
            *COMMAND,
            "serve",
            str(port),
            str(tmp_path),
            "1500",
            "7",
            "-Dzookeeper.4lw.commands.whitelist=conf",
            "-Dzookeeper.admin.enableServer=false",
            "--log-format",
            "json",
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={"SERVER_JVMFLAGS": "-Xmx1g -Dzookeeper.snapcount=5", "PATH": ""},
    ) as process:
        assert process.stdout is not None
        assert "admin" not in process.stdout.readline()
        with socket.create_connection(("127.0.0.1", port), PATIENCE_S) as sock:
            sock.sendall(b"conf")
            answer = b""
            while chunk := sock.recv(4096):
                answer += chunk
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0
    assert b"tickTime=1500\nmaxClientCnxns=7\nminSessionTimeout=3000\n" in answer
    records = [json.loads(line) for line in err.splitlines()]
    assert records[0]["message"].startswith("SpecKeeper ")
    records = records[1:]
    assert records[0]["level"] == "WARN"
    assert "did you mean snapCount?" in records[0]["message"]


def test_audit_log(tmp_path: Path) -> None:
    with live(tmp_path, "audit.enable=true") as running:
        client = KazooClient(running.hosts)
        client.start()
        session = f"{client.client_id[0]:#x}"
        client.create("/a", b"")
        client.create("/a/e", b"", ephemeral=True, sequence=True)
        client.set_acls("/a", client.get_acls("/a")[0])
        transaction = client.transaction()
        transaction.set_data("/a", b"1")
        transaction.create("/a/b", b"")
        transaction.commit()
        failing = client.transaction()
        failing.delete("/nope")
        failing.commit()
        client.delete_async("/nope").wait()
        client.create_async("/t\tab").wait()
        client.stop()
        client.close()
        _, err = running.stop()
    audited = [line for line in err.splitlines() if " [audit] - " in line]
    caller = f"session={session}\tuser=127.0.0.1\tip=127.0.0.1\t"
    user = audited[0].partition("user=")[2].partition("\t")[0]
    assert [line.partition(" [audit] - ")[2] for line in audited] == [
        f"user={user}\toperation=serverStart\tresult=success",
        f"{caller}operation=create\tznode=/a\tznode_type=persistent\tresult=success",
        f"{caller}operation=create\tznode=/a/e0000000000\t"
        "znode_type=ephemeral_sequential\tresult=success",
        f"{caller}operation=setAcl\tznode=/a\tacl=world:anyone:cdrwa\tresult=success",
        f"{caller}operation=setData\tznode=/a\tresult=success",
        f"{caller}operation=create\tznode=/a/b\tznode_type=persistent\tresult=success",
        f"{caller}operation=multiOperation\tresult=failure",
        f"{caller}operation=delete\tznode=/nope\tresult=failure",
        f"{caller}operation=create\tznode=/t\\tab\tznode_type=persistent\tresult=failure",
        f"session={session}\tuser={user}\t"
        "operation=ephemeralZNodeDeletionOnSessionCloseOrExpire\tznode=/a/e0000000000\t"
        "result=success",
        f"user={user}\toperation=serverStop\tresult=invoked",
    ]
    assert "- ERROR [audit]" in audited[-3]
    assert "- INFO  [audit]" in audited[-2]


def test_log_and_snapshot_show(here: Run, tmp_path: Path) -> None:
    header = TxnHeader(1, 1, 0, 0, int(OpCode.CREATE))
    transactions = [
        Txn(
            header._replace(zxid=zxid),
            CreateTxn(f"/n{zxid}", b"data", OPEN_ACL_UNSAFE, False, zxid),
        )
        for zxid in (1, 2)
    ]
    write_data_dir(StorageSettings(tmp_path), transactions, snapshot_every=2)
    done = here("log", "show", str(tmp_path / "version-2" / "log.1"))
    assert (done.returncode, done.stderr) == (0, "")
    assert "create /n1 data='data'" in done.stdout
    done = here("log", "show", str(tmp_path / "version-2" / "log.1"), "--json")
    records = [json.loads(line) for line in done.stdout.splitlines()]
    assert [record.get("path") for record in records] == [None, "/n1", "/n2", None]

    snapshot = str(tmp_path / "version-2" / "snapshot.2")
    done = here("snapshot", "show", snapshot)
    assert done.returncode == 0
    assert "/n1  dataLength = 4" in done.stdout
    assert "ZGF0YQ==" not in done.stdout
    assert "ZGF0YQ==" in here("snapshot", "show", "-d", snapshot).stdout
    done = here("snapshot", "show", "--json", snapshot)
    (node,) = [
        record
        for record in map(json.loads, done.stdout.splitlines())
        if record.get("path") == "/n2"
    ]
    assert "data" not in node


def test_show_of_a_missing_file(here: Run, tmp_path: Path) -> None:
    done = here("log", "show", str(tmp_path / "log.1"))
    assert done.returncode == 1
    assert one_line_error(done) == (
        f"{tmp_path}/log.1: no such file or directory; name a readable file"
    )


def test_a_reader_that_has_gone_is_no_error(tmp_path: Path) -> None:
    header = TxnHeader(1, 1, 0, 0, int(OpCode.CREATE))
    transactions = [
        Txn(
            header._replace(zxid=zxid),
            CreateTxn(f"/n{zxid}", b"x" * 60, OPEN_ACL_UNSAFE, False, zxid),
        )
        for zxid in range(1, 2000)
    ]
    write_data_dir(StorageSettings(tmp_path), transactions)
    with subprocess.Popen(
        [*COMMAND, "log", "show", str(tmp_path / "version-2" / "log.1")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == ""
