"""getAcl, setAcl, addauth, whoami.

Source: ZooKeeper ``GetAclCommand``, ``SetAclCommand``, ``AddAuthCommand``, ``WhoAmICommand``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from speckeeper.ops.shell.commands.command import Command
from speckeeper.ops.shell.errors import KeeperError
from speckeeper.ops.shell.flags import Flag, Parsed
from speckeeper.ops.shell.session import ANY_VERSION
from speckeeper.ops.shell.subtree import visit
from speckeeper.ops.shell.text import parse_acl, show_acl, show_stat

if TYPE_CHECKING:
    from speckeeper.ops.shell.shell import Shell


def get_acl(shell: Shell, given: Parsed) -> None:
    """Print the ACL of a node."""
    acl, stat = shell.session.get_acl(given.operands[0])
    for entry in acl:
        shell.console.out(show_acl(entry))
    if given.has("s"):
        shell.console.out(show_stat(stat))


def set_acl(shell: Shell, given: Parsed) -> None:
    """Set the ACL of a node, or of all nodes below it as well."""
    path, text = given.operands[:2]
    acl, complaints = parse_acl(text)
    for complaint in complaints:
        shell.console.error(complaint)
    version = given.number("v", ANY_VERSION)
    if not given.has("R"):
        stat = shell.session.set_acl(path, acl, version)
        if given.has("s"):
            shell.console.out(show_stat(stat))
        return
    failure: KeeperError | None = None
    for each in visit(shell.session, path):
        try:
            shell.session.set_acl(each, acl, version)
        except KeeperError as error:
            shell.console.out(error.code_text())
            failure = failure or error
    if failure is not None:
        raise failure


def add_auth(shell: Shell, given: Parsed) -> None:
    """Authenticate this session."""
    scheme, *auth = given.operands
    shell.session.add_auth(scheme, auth[0] if auth else "")


def who_am_i(shell: Shell, given: Parsed) -> None:
    """Print the identities of this session."""
    infos = shell.session.who_am_i()
    shell.console.out("Auth scheme: User")
    for info in infos:
        shell.console.out(f"{info.auth_scheme}: {info.user}")


COMMANDS = (
    Command(
        "getAcl",
        "[-s] path",
        "Print the ACL of a node.",
        get_acl,
        (Flag("s", "stats"),),
        operands=(1, None),
    ),
    Command(
        "setAcl",
        "[-s] [-v version] [-R] path acl",
        "Set the ACL of a node; acl is scheme:id:perms[,...] with perms out of cdrwa.",
        set_acl,
        (
            Flag("s", "stats"),
            Flag("v", "version", "version"),
            Flag("R", "recursive"),
        ),
        operands=(2, None),
    ),
    Command(
        "addauth",
        "scheme auth",
        "Authenticate this session, for example: addauth digest user:password.",
        add_auth,
        operands=(1, None),
    ),
    Command("whoami", "", "Print the identities of this session.", who_am_i),
)
