"""config, reconfig, version.

Source: ZooKeeper ``GetConfigCommand``, ``ReconfigCommand``, ``VersionCommand``, ``ConfigUtils``,
``QuorumPeerConfig.parseDynamicConfig``.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from speckeeper.ops.shell.commands.command import Command
from speckeeper.ops.shell.errors import ShellError
from speckeeper.ops.shell.flags import Flag, Parsed, to_number
from speckeeper.ops.shell.text import show_data, show_stat
from speckeeper.ops.version import full_version
from speckeeper.wire.properties import PropertiesError, parse_properties

if TYPE_CHECKING:
    from speckeeper.ops.shell.shell import Shell


def config(shell: Shell, given: Parsed) -> None:
    """Print the ensemble's configuration."""
    data, stat = shell.session.get_config(given.has("w"))
    text = show_data(data)
    shell.console.out(client_config(text) if given.has("c") else text)
    if given.has("s"):
        shell.console.out(show_stat(stat))


def client_config(text: str) -> str:
    """Return a configuration's version and client addresses: ``version host:port,...``."""
    version, addresses = "", []
    for _, key, value in parse_properties(text):
        if key == "version":
            version = value.strip()
        elif key.startswith("server.") and ";" in value:
            address = value.rpartition(";")[2].strip()
            addresses.append(address if ":" in address else f"0.0.0.0:{address}")
    return f"{version} {','.join(addresses)}"


def reconfig(shell: Shell, given: Parsed) -> None:
    """Change the members of the ensemble."""
    incremental = given.has("add") or given.has("remove")
    whole = given.has("file") or given.has("members")
    if not incremental and not whole:
        raise ShellError(_RECONFIG.usage())
    version = to_number(given.value("v") or "-1", bits=64, base=16)
    if version is None:
        raise ShellError("-v must be followed by a long (configuration version)")
    if incremental and whole:
        raise ShellError(
            "Can't use -file or -members together with -add or -remove (mixing incremental"
            " and non-incremental modes is not allowed)"
        )
    if given.has("file") and given.has("members"):
        raise ShellError(
            "Can't use -file and -members together (conflicting non-incremental modes)"
        )
    file = given.value("file")
    members = _lower(given.value("members")) if file is None else members_of_file(Path(file))
    joining, leaving = _lower(given.value("add")), _lower(given.value("remove"))
    data, stat = shell.session.reconfigure(joining, leaving, members, version)
    shell.console.out(f"Committed new configuration:\n{show_data(data)}")
    if given.has("s"):
        shell.console.out(show_stat(stat))


def _lower(text: str | None) -> str | None:
    return None if text is None else text.lower()


def members_of_file(path: Path) -> str:
    """Return the membership in a configuration file, one assignment a line.

    Raises ShellError for a file that cannot be read or holds anything but servers, groups, weights
    and a version; the server judges the rest.
    """
    try:
        properties = parse_properties(path.read_text("iso-8859-1"))
    except (OSError, PropertiesError) as error:
        raise ShellError(f"Error processing {path}: {error}") from None
    lines = []
    for _, key, value in properties:
        if key != "version" and not key.startswith(("server.", "group.", "weight.")):
            raise ShellError(f"Error processing {path}: Unrecognised parameter: {key}")
        lines.append(f"{key}={value.strip()}")
    return "\n".join(lines)


def version(shell: Shell, given: Parsed) -> None:
    """Print the version of this shell."""
    shell.console.out(f"ZooKeeper CLI version: {full_version()}")


_RECONFIG = Command(
    "reconfig",
    "[-s] [-v version] [[-file path] | [-members serverID=host:port1:port2;port3[,...]*]]"
    " | [-add serverId=host:port1:port2;port3[,...]]* [-remove serverId[,...]*]",
    "Change the members of the ensemble.",
    reconfig,
    (
        Flag("s", "stats"),
        Flag("v", "required current config version", "version"),
        Flag("file", "path of config file to parse for membership", "path"),
        Flag(
            "members", "comma-separated list of config strings for non-incremental reconfig", "list"
        ),
        Flag("add", "comma-separated list of config strings for new servers", "list"),
        Flag("remove", "comma-separated list of server IDs to remove", "list"),
    ),
)

COMMANDS = (
    Command(
        "config",
        "[-c] [-w] [-s]",
        "Print the ensemble's configuration.",
        config,
        (
            Flag("s", "stats"),
            Flag("w", "watch"),
            Flag("c", "client connection string"),
        ),
    ),
    _RECONFIG,
    Command("version", "", "Print the version of this shell.", version, operands=(0, 0)),
)
