"""From flags to an exit code: open the session, run one command, a script or a dialogue, close.

Source: ZooKeeper ``ZooKeeperMain.run``.
"""

import os
import sys
from pathlib import Path

from speckeeper.ops.exit_codes import ExitCode
from speckeeper.ops.shell.console import Console
from speckeeper.ops.shell.errors import ShellError
from speckeeper.ops.shell.shell import Shell
from speckeeper.wire.properties import PropertiesError, parse_properties

INTERRUPTED = 130
_TLS_KEYS = ("zookeeper.client.secure", "zookeeper.clientcnxnsocket", "zookeeper.ssl.")


def run(
    server: str,
    timeout_ms: int,
    read_only: bool,
    wait: bool,
    client_configuration: str | None,
    command: list[str],
) -> int:
    """Run the shell; return its exit code."""
    for stream in (sys.stdout, sys.stderr):
        # Data and paths may hold what the terminal's encoding has not; zkCli shows a question mark
        # too.
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]  # text streams, as ever
    console = Console()
    shell = Shell(console, timeout_ms, read_only, wait)
    try:
        _check_client_configuration(client_configuration)
        console.out(f"Connecting to {server}")
        shell.connect(server)
    except ShellError as error:
        console.error(error.text)
        return error.exit_code
    try:
        _run_all(shell, command)
        shell.close()
        console.close()
    except BrokenPipeError:
        # Who read our output has gone (shell ... | head); that is no failure to speak of, and the
        # interpreter must not find out once more when it flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        return INTERRUPTED
    return shell.exit_code


def _run_all(shell: Shell, command: list[str]) -> None:
    if command:
        shell.run(command)
        return
    shell.console.out("Welcome to ZooKeeper!")
    if sys.stdin.isatty() and sys.stdout.isatty():
        # prompt_toolkit takes its time to import, and a script has no use for it.
        from speckeeper.ops.shell.terminal import run_terminal

        run_terminal(shell)
        return
    for line in sys.stdin.buffer:
        shell.execute(line.decode("utf-8", "surrogateescape").rstrip("\r\n"))
        if shell.leaving:
            return


def _check_client_configuration(file: str | None) -> None:
    """Raise ShellError for a file that asks for what this shell has not: TLS."""
    if file is None:
        return
    try:
        properties = parse_properties(Path(file).read_text("iso-8859-1"))
    except (OSError, PropertiesError) as error:
        raise ShellError(
            f"-client-configuration {file}: {error}", ExitCode.BAD_INVOCATION
        ) from None
    for line, key, value in properties:
        if key.lower().startswith(_TLS_KEYS) and value.strip().lower() != "false":
            raise ShellError(
                f"-client-configuration {file}:{line}: {key}: this shell does not speak TLS yet;"
                " remove the line and use the server's plain client port",
                ExitCode.BAD_INVOCATION,
            )
