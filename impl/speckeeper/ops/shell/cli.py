"""`speckeeper shell`: the flags of the command line. Everything else is imported when it runs.

The flags are zkCli's, with one dash or two. What follows them is one command to run; without it,
lines come from a terminal, or, if standard input is none, as a script. The exit code is that of the
last command: 0, 1 if it failed, 127 if there is none of that name; 2 for flags that cannot be used.

Source: ZooKeeper ``ZooKeeperMain.MyCommandOptions.parseOptions``.
"""

from typing import Annotated

import typer

#: How the command must be registered: flags behind the first word belong to the shell's command.
CONTEXT_SETTINGS = {"allow_interspersed_args": False}


def shell(
    server: Annotated[
        str,
        typer.Option(
            "-server", "--server", metavar="HOST:PORT[,...][/CHROOT]", help="Where to connect."
        ),
    ] = "localhost:2181",
    timeout: Annotated[
        int,
        typer.Option(
            "-timeout", "--timeout", metavar="MS", min=1, help="Session timeout to ask for."
        ),
    ] = 30_000,
    read_only: Annotated[
        bool, typer.Option("-r", "--read-only", help="Accept a server that is read-only.")
    ] = False,
    wait: Annotated[
        bool,
        typer.Option(
            "-waitforconnection",
            "--waitforconnection",
            help="Wait for the connection before the first command, no longer than the timeout.",
        ),
    ] = False,
    client_configuration: Annotated[
        str | None,
        typer.Option(
            "-client-configuration",
            "--client-configuration",
            metavar="FILE",
            help="Properties of ZooKeeper's Java client, of which those for TLS count.",
        ),
    ] = None,
    command: Annotated[
        list[str] | None,
        typer.Argument(metavar="[COMMAND [ARGUMENTS]...]", help="One command; see: shell help"),
    ] = None,
) -> None:
    """Talk to a ZooKeeper server: one command, a script on standard input, or interactively."""
    from speckeeper.ops.shell.main import run

    raise typer.Exit(run(server, timeout, read_only, wait, client_configuration, command or []))
