"""The shell: one session, a history, and lines that are run one after the other.

Source: ZooKeeper ``ZooKeeperMain``.
"""

from typing import TYPE_CHECKING

from speckeeper.ops.hosts import bracketed_all
from speckeeper.ops.shell.commands import all_commands
from speckeeper.ops.shell.console import Console
from speckeeper.ops.shell.errors import FAILED, NOT_FOUND, KeeperError, ShellError
from speckeeper.ops.shell.session import Session
from speckeeper.ops.shell.watches import Event
from speckeeper.ops.shell.words import split_words
from speckeeper.wire.codes import ErrorCode

if TYPE_CHECKING:
    import ssl

_USAGE = "ZooKeeper -server host:port -client-configuration properties-file cmd args"


class Shell:
    """Runs commands; what they say goes to ``console``.

    ``timeout_ms`` is the session timeout to ask for, and with ``wait`` also how long
    :meth:`connect` waits for a connection. ``tls``: what to connect with, None for plain
    connections. ``exit_code`` is that of the last command.
    """

    def __init__(
        self,
        console: Console,
        timeout_ms: int = 30_000,
        read_only: bool = False,
        wait: bool = False,
        tls: "ssl.SSLContext | None" = None,
    ) -> None:
        self.console = console
        self.commands = all_commands()
        self.history: dict[int, str] = {}
        self.count = 0
        self.exit_code = 0
        self.leaving = False
        self.print_watches = True
        self.server = ""
        self._timeout_ms = timeout_ms
        self._read_only = read_only
        self._wait = wait
        self._tls = tls
        self._session: Session | None = None

    @property
    def session(self) -> Session:
        """The current session; raises ShellError where there is none yet."""
        if self._session is None:
            raise ShellError("Not connected")
        return self._session

    def connect(self, server: str) -> None:
        """Start a session on ``host:port[,...][/chroot]``, after closing the one there is.

        Raises ShellError for a text that is no such list, or when told to wait and it was in vain.
        """
        if self._session is not None and self._session.alive():
            self._session.close()
        self._session = Session.open(
            bracketed_all(server), self._timeout_ms, self._read_only, self._on_event, self._tls
        )
        self.server = server
        if self._wait and not self._session.wait_connected(self._timeout_ms):
            failure = ShellError(self._with_reason(KeeperError(ErrorCode.CONNECTION_LOSS).text))
            self._session.close()
            raise failure

    def close(self) -> None:
        """Close the session without another word."""
        self.print_watches = False
        if self._session is not None and self._session.alive():
            self._session.close()

    def prompt(self) -> str:
        """Return what zkCli shows in front of a line."""
        state = "CLOSED" if self._session is None else self._session.state()
        return f"[zk: {self.server}({state}) {self.count}] "

    def usage(self) -> str:
        """Return all commands with their synopses."""
        return "\n".join([_USAGE, *(f"\t{command.usage()}" for command in self.commands.values())])

    def execute(self, line: str) -> None:
        """Run a line and keep it in the history; a blank one is nothing."""
        if line.strip():
            self.history[self.count] = line
            self.run_line(line)
            self.count += 1

    def run_line(self, line: str) -> None:
        """Run a line."""
        words = split_words(line)
        if words:
            self.run(words)

    def run(self, words: list[str]) -> None:
        """Run a command; on failure print why and note its exit code."""
        before = self.exit_code
        self.exit_code = 0
        try:
            self._run(words)
        except ShellError as error:
            self.console.error(self._explain(error))
            self.exit_code = error.exit_code
        except UnicodeEncodeError:
            # Data may be any bytes; paths, ACLs and credentials are text.
            self.console.error("not UTF-8 in a place where only text may be")
            self.exit_code = FAILED
        if self.leaving:
            self.exit_code = before

    def _run(self, words: list[str]) -> None:
        name, *rest = words
        command = self.commands.get(name)
        if command is None:
            self.console.error(self.usage())
            raise ShellError(f"Command not found: {name}", NOT_FOUND)
        if command.online and not self.session.alive():
            self.console.out("Not connected")
            self.exit_code = FAILED
        else:
            command.run(self, command.parse(rest))

    def _explain(self, error: ShellError) -> str:
        lost = isinstance(error, KeeperError) and error.code == ErrorCode.CONNECTION_LOSS
        return self._with_reason(error.text) if lost else error.text

    def _with_reason(self, text: str) -> str:
        trouble = self.session.trouble()
        return f"{text}\n{self.server}: {trouble}" if trouble else text

    def _on_event(self, event: Event) -> None:
        if self.print_watches:
            self.console.event(str(event))
