"""From flags to an exit code: open the session, run one command, a script or a dialogue, close.

Source: ZooKeeper ``ZooKeeperMain.run``.
"""

import os
import sys
from typing import TYPE_CHECKING

from speckeeper.ops.exit_codes import ExitCode
from speckeeper.ops.shell.console import Console
from speckeeper.ops.shell.errors import ShellError
from speckeeper.ops.shell.shell import Shell

if TYPE_CHECKING:
    import ssl

INTERRUPTED = 130


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
    try:
        tls = _client_context(console, client_configuration)
        shell = Shell(console, timeout_ms, read_only, wait, tls)
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


def _client_context(console: Console, file: str | None) -> "ssl.SSLContext | None":
    """Return what to connect with by TLS, None without; raise ShellError for a file of no use."""
    if file is None:
        return None
    from speckeeper.ops.config.client_tls import client_context
    from speckeeper.ops.config.error import ConfigError

    try:
        tls, warnings = client_context(file)
    except ConfigError as error:
        raise ShellError(f"-client-configuration {error}", ExitCode.BAD_INVOCATION) from None
    for each in warnings:
        console.error(f"-client-configuration {each}")
    return tls
