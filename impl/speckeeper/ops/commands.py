"""The commands of `speckeeper` and their options; each imports what it needs when it runs.

Errors are one line on stderr: where, what, and what to do. The exit codes are ZooKeeper's.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import click
import typer

from speckeeper.ops.exit_codes import ExitCode

if TYPE_CHECKING:
    import ssl

# What a shell completes as the name of a file.
_FILE = click.Path()

_JSON = typer.Option("--json", help="Print JSON.")


def fail(text: str, code: int = ExitCode.UNEXPECTED) -> NoReturn:
    """End the process with one line on stderr."""
    typer.echo(f"speckeeper: {text}", err=True)
    raise SystemExit(int(code))


_CLIENT_CONFIGURATION = typer.Option(
    metavar="FILE", help="Properties of ZooKeeper's Java client, of which those for TLS count."
)


def _client_context(file: str | None) -> "ssl.SSLContext | None":
    """Return what to connect with by TLS, None without; end the process for a file of no use."""
    if file is None:
        return None
    from speckeeper.ops.config.client_tls import client_context
    from speckeeper.ops.config.error import ConfigError

    try:
        tls, warnings = client_context(file)
    except ConfigError as error:
        fail(str(error), ExitCode.BAD_INVOCATION)
    for each in warnings:
        typer.echo(f"speckeeper: {each}", err=True)
    return tls


def serve(
    arguments: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[ZOO.CFG | PORT DATADIR [TICKTIME] [MAXCNXNS]]",
            help="A zoo.cfg file, or what a standalone server needs.",
            click_type=_FILE,
            show_default=False,
        ),
    ] = None,
    define: Annotated[
        list[str] | None,
        typer.Option(
            "-D", metavar="NAME=VALUE", help="A ZooKeeper system property.", show_default=False
        ),
    ] = None,
    trace: Annotated[
        Path | None,
        typer.Option(help="Record the steps of a member in this folder, as trace.dir does."),
    ] = None,
    log_level: Annotated[str, typer.Option(help="debug, info, warn or error.")] = "info",
    log_format: Annotated[str, typer.Option(help="text or json.")] = "text",
    log_file: Annotated[
        Path | None,
        typer.Option(help="Log to this file, opened anew when it was moved away; else to stderr."),
    ] = None,
) -> None:
    """Run a server until SIGTERM or SIGINT."""
    from speckeeper.ops.serve import run

    defined = [*(define or []), *([] if trace is None else [f"zookeeper.trace.dir={trace}"])]
    raise SystemExit(run(arguments or [], defined, log_level, log_format, log_file))


def ensemble(
    servers: Annotated[
        int, typer.Option("-n", "--servers", min=1, max=99, help="How many servers.")
    ] = 3,
    directory: Annotated[
        Path, typer.Option("--dir", help="Where configurations, data and logs are kept.")
    ] = Path("./var/ensemble"),
    client_port: Annotated[
        int, typer.Option(min=1, max=65535, help="Port of the first; the others follow.")
    ] = 2181,
    restart: Annotated[bool, typer.Option(help="Start a server again that has ended.")] = True,
    trace: Annotated[
        Path | None,
        typer.Option(help="Record the steps of all servers in this folder, for speccheck trace."),
    ] = None,
    admin_port: Annotated[
        int | None,
        typer.Option(min=1, max=65535, help="Port of the first AdminServer; without it, none."),
    ] = None,
) -> None:
    """Run an ensemble on this machine, one process a server, until SIGTERM or SIGINT."""
    from speckeeper.ops.ensemble.run import run

    raise SystemExit(run(directory, servers, client_port, restart, trace, admin_port))


def status(
    hosts: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[HOSTS]...",
            help="host[:port] or http://host:8080 (AdminServer); default localhost:2181.",
            show_default=False,
        ),
    ] = None,
    json: Annotated[bool, _JSON] = False,
    timeout: Annotated[float, typer.Option(min=0.1, help="Seconds to wait for an answer.")] = 5.0,
    client_configuration: Annotated[str | None, _CLIENT_CONFIGURATION] = None,
) -> None:
    """Show how servers are; exit code 1 if one does not answer."""
    from speckeeper.ops.status import as_json, ask_all, print_table, split_hosts

    wanted = split_hosts(hosts or ["localhost:2181"])
    if not wanted:
        fail(
            "no host is named; give host[:port], or nothing for localhost:2181",
            ExitCode.BAD_INVOCATION,
        )
    statuses = ask_all(wanted, timeout, _client_context(client_configuration))
    if json:
        typer.echo(as_json(statuses))
    else:
        print_table(statuses)
    silent = any(each.error is not None for each in statuses)
    raise SystemExit(int(ExitCode.UNEXPECTED if silent else ExitCode.OK))


def quorum(
    file: Annotated[
        str,
        typer.Argument(help="A zoo.cfg file, or a dynamic configuration file.", click_type=_FILE),
    ],
    json: Annotated[bool, _JSON] = False,
    most: Annotated[int, typer.Option(min=1, help="Print so many of the smallest quorums.")] = 10,
) -> None:
    """Say whether any two quorums share a server, what the ensemble survives, and more."""
    from speckeeper.ops.config.error import ConfigError
    from speckeeper.ops.quorum import run

    try:
        raise SystemExit(run(file, json, most))
    except ConfigError as error:
        fail(str(error), ExitCode.BAD_INVOCATION)


def tap(
    upstream: Annotated[str, typer.Option(help="The servers: host:port,host:port,...")],
    listen: Annotated[
        str, typer.Option(help="host:port for clients; port 0: any free one.")
    ] = "127.0.0.1:2180",
    out: Annotated[Path, typer.Option(help="A folder for the histories.")] = Path("./var/history"),
    compress: Annotated[
        bool, typer.Option("--compress", help="Compress histories by zstd, as they are written.")
    ] = False,
) -> None:
    """Relay clients to servers, ours or Apache's, and keep a history of each session."""
    from speckeeper.ops.tap import run

    raise SystemExit(run(listen, upstream, out, compress))


def version() -> None:
    """Show the version, and which ZooKeeper it is compatible with."""
    from speckeeper.ops.version import shown_version

    typer.echo(shown_version())


def shell(context: typer.Context) -> None:
    """Talk to a server: the commands of zkCli, interactive or one at a time."""
    from speckeeper.ops.shell.cli import CONTEXT_SETTINGS
    from speckeeper.ops.shell.cli import shell as command

    shell_app = _application()
    shell_app.command(context_settings=CONTEXT_SETTINGS)(command)
    run_app(shell_app, context.args, "speckeeper shell")


def log_show(
    file: Annotated[str, typer.Argument(help="A file log.<zxid>.", click_type=_FILE)],
    json: Annotated[bool, _JSON] = False,
) -> None:
    """Print the transactions of a log file, one per line."""
    from speckeeper.ops.show import show_log

    raise SystemExit(show_log(file, json))


def snapshot_show(
    file: Annotated[
        str, typer.Argument(help="A file snapshot.<zxid>[.gz|.snappy].", click_type=_FILE)
    ],
    json: Annotated[bool, _JSON] = False,
    data: Annotated[
        bool, typer.Option("-d", "--data", help="Print the data of nodes too.")
    ] = False,
) -> None:
    """Print the sessions and the nodes of a snapshot file, one per line."""
    from speckeeper.ops.show import show_snapshot

    raise SystemExit(show_snapshot(file, json, data))


def doctor(
    file: Annotated[
        str | None,
        typer.Argument(
            help="A zoo.cfg file; without it, `speckeeper serve` alone.", click_type=_FILE
        ),
    ] = None,
    json: Annotated[bool, _JSON] = False,
) -> None:
    """Look at a server's configuration, disk, clock, ports, peers and keys, and say what to do."""
    from speckeeper.ops.doctor.run import run

    raise SystemExit(run(file, json))


def snapshot_verify(
    files: Annotated[list[Path], typer.Argument(help="Snapshot files, of any name.")],
) -> None:
    """Load snapshots whole, and hold the tree in each to its digest."""
    from speckeeper.ops.backup.cli import run_verify

    raise SystemExit(run_verify(files))


def snapshot_rebuild(
    sources: Annotated[
        list[Path], typer.Argument(help="dataDirs, or folders with snapshots and logs.")
    ],
    out: Annotated[Path, typer.Option(help="A new folder; a server can have it as dataDir.")],
    zxid: Annotated[
        str | None, typer.Option(help="The last transaction to take, as in 0x500000007.")
    ] = None,
) -> None:
    """Make the data as it was at a point in time, out of snapshots and logs."""
    from speckeeper.ops.backup.cli import run_rebuild

    raise SystemExit(run_rebuild(sources, out, zxid))


_AUTH = typer.Option(help="Who you are, as in 'digest super:secret' (all permissions on /).")


def backup(
    host: Annotated[
        str, typer.Argument(help="host[:port] of the AdminServer, port 8080, or its URL.")
    ],
    folder: Annotated[Path, typer.Argument(help="Where the snapshot goes, as snapshot.<zxid>.")],
    auth: Annotated[str | None, _AUTH] = None,
    client_configuration: Annotated[str | None, _CLIENT_CONFIGURATION] = None,
) -> None:
    """Take a verified backup of a server while it serves."""
    from speckeeper.ops.backup.cli import run_backup

    raise SystemExit(run_backup(host, folder, auth, _client_context(client_configuration)))


def restore(
    host: Annotated[
        str, typer.Argument(help="host[:port] of the AdminServer, port 8080, or its URL.")
    ],
    file: Annotated[Path, typer.Argument(help="A snapshot file.")],
    auth: Annotated[str | None, _AUTH] = None,
    client_configuration: Annotated[str | None, _CLIENT_CONFIGURATION] = None,
) -> None:
    """Have a server serve a backup, in place of what it has."""
    from speckeeper.ops.backup.cli import run_restore

    raise SystemExit(run_restore(host, file, auth, _client_context(client_configuration)))


def completion(
    shell: Annotated[str, typer.Argument(help="bash, zsh or fish.")] = "bash",
) -> None:
    """Print the script that has a shell complete commands, options and files.

    For bash, in ~/.bashrc: eval "$(speckeeper completion bash)"
    """
    from speckeeper.ops.completion import SHELLS, script

    if shell not in SHELLS:
        fail(f"{shell}: no such shell; say {', '.join(SHELLS)}", ExitCode.BAD_INVOCATION)
    typer.echo(script(typer.main.get_command(build_app(None)), "speckeeper", shell))


def help_(
    topic: Annotated[
        list[str] | None,
        typer.Argument(help="A command, keys, a key, words, admin, metrics or exit-codes."),
    ] = None,
    man: Annotated[
        Path | None, typer.Option(help="Write the pages of all commands for man into this folder.")
    ] = None,
) -> None:
    """Show a page about a command, or about anything that the server knows by name."""
    from speckeeper.ops.help.run import run

    raise SystemExit(run(typer.main.get_command(build_app(None)), topic or [], man))


def _application(help_text: str | None = None) -> typer.Typer:
    return typer.Typer(
        help=help_text,
        no_args_is_help=help_text is not None,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )


def _group(help_text: str, **commands: Callable[..., None]) -> typer.Typer:
    group = _application(help_text)
    for name, command in commands.items():
        group.command(name)(command)
    group.callback()(lambda: None)  # keeps `show` a word of its own, were it the only one
    return group


_COMMANDS: dict[str, Callable[[typer.Typer], object]] = {
    "serve": lambda app: app.command(
        epilog="Without arguments: a standalone server on port 2181, its data in ./var/data."
    )(serve),
    "ensemble": lambda app: app.command()(ensemble),
    "status": lambda app: app.command()(status),
    "quorum": lambda app: app.command(
        epilog="Exit code 1: quorums need not meet, or none can form; no server starts with that."
    )(quorum),
    "shell": lambda app: app.command(
        add_help_option=False,
        context_settings={
            "allow_extra_args": True,
            "ignore_unknown_options": True,
            "allow_interspersed_args": False,
        },
    )(shell),
    "log": lambda app: app.add_typer(
        _group("Transaction log files, SpecKeeper's and Apache's.", show=log_show), name="log"
    ),
    "snapshot": lambda app: app.add_typer(
        _group(
            "Snapshot files, SpecKeeper's and Apache's.",
            show=snapshot_show,
            verify=snapshot_verify,
            rebuild=snapshot_rebuild,
        ),
        name="snapshot",
    ),
    "backup": lambda app: app.command(
        epilog="Apache ZooKeeper 3.9 has the same admin command; its snapshots may need logs."
    )(backup),
    "doctor": lambda app: app.command(
        epilog="Exit code 1 if something is wrong; warnings end with 0."
    )(doctor),
    "restore": lambda app: app.command()(restore),
    "tap": lambda app: app.command(
        epilog="Judge them with: speccheck history FOLDER. Clients connect to the tap."
    )(tap),
    "completion": lambda app: app.command()(completion),
    "help": lambda app: app.command("help")(help_),
    "version": lambda app: app.command()(version),
}


def build_app(wanted: str | None) -> typer.Typer:
    """Return the application with the one command that is wanted, with all if it is not known.

    Building a command costs milliseconds (typer inspects its parameters), and one is run.
    """
    app = _application("A ZooKeeper server that keeps to its specification.")
    app.callback()(lambda: None)
    for register in [_COMMANDS[wanted]] if wanted in _COMMANDS else _COMMANDS.values():
        register(app)
    return app


def run_app(application: typer.Typer, arguments: list[str], name: str) -> None:
    """Run a typer application with one-line errors; always raises SystemExit."""
    try:
        result = application(args=arguments, prog_name=name, standalone_mode=False)
    except _USAGE_ERRORS as error:
        text = str(getattr(error, "format_message", error.__str__)()).rstrip(".")
        if text.startswith("Usage:"):  # the help that stands in for missing arguments
            typer.echo(text)
            raise SystemExit(int(ExitCode.BAD_INVOCATION)) from None
        fail(f"{text}; see {name} --help", ExitCode.BAD_INVOCATION)
    except (typer.Abort, KeyboardInterrupt):
        raise SystemExit(
            int(ExitCode.INTERRUPTED)
        ) from None  # as a shell reports a process that SIGINT ended
    raise SystemExit(result if isinstance(result, int) else 0)


# typer carries a copy of click in newer releases; both have this class behind BadParameter.
_USAGE_ERRORS: type[Exception] = next(
    base
    for base in typer.BadParameter.__mro__
    if base.__name__ == "ClickException" and issubclass(base, Exception)
)
