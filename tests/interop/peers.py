"""Server processes for the interop tests: Apache ZooKeeper 3.8 and 3.9, and SpecKeeper.

A `Kind` says what a server is and how its process is started; a `Peer` is one server with a folder
(`zoo.cfg`, `data/`, `log.txt`) and a client port of its own on 127.0.0.1. Nothing here knows the
protocol beyond the four-letter word `srvr`, which tells whether the server is serving.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

# For the scripts among these files.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.ports import free_port

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
CACHE = HERE / ".cache"
DEBIAN_JARS = Path("/usr/share/java")
# Beside zookeeper.jar, whose manifest names most of what it needs: a logging back end, and what the
# manifest forgets (the Netty factory's codec, the AdminServer's servlet API).
DEBIAN_CLASS_PATH = (
    "zookeeper.jar",
    "slf4j-log4j12.jar",
    "log4j-1.2.jar",
    "netty-codec.jar",
    "netty-resolver.jar",
    "servlet-api.jar",
    "jetty9-util-ajax.jar",
    "metrics-core.jar",
    "snappy-java.jar",
)
JETTY_9_4 = tuple(
    f"jetty9-{part}.jar"
    for part in ("server", "servlet", "http", "io", "util", "util-ajax", "security", "client")
)
# A JVM for tests: starts fast, stays small.
JVM_FLAGS = (
    "-Xmx600m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-XX:-UsePerfData",
    "-Dfile.encoding=UTF-8",
    "-Dzookeeper.jmx.log4j.disable=true",
)
MAIN_CLASS = "org.apache.zookeeper.server.quorum.QuorumPeerMain"
START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 30.0


class PeerError(Exception):
    """A server process did not do what the harness asked; the text ends with its log's tail."""


def apache_38_class_path() -> str | None:
    """Class path of Debian's ZooKeeper 3.8.0, or None where its jars are not installed."""
    jars = [DEBIAN_JARS / name for name in DEBIAN_CLASS_PATH]
    if shutil.which("java") is None or not all(jar.exists() for jar in jars[:3]):
        return None
    return os.pathsep.join(map(str, jars))


def apache_39_class_path() -> str | None:
    """Class path of the ZooKeeper 3.9.3 that `.ci/install-interop` puts in the cache, or None."""
    jars = sorted((CACHE / "apache-3.9").glob("*.jar"))
    if shutil.which("java") is None or not any(j.name.startswith("zookeeper-3.9") for j in jars):
        return None
    extra = [DEBIAN_JARS / name for name in (*JETTY_9_4, "servlet-api.jar")]
    return os.pathsep.join(map(str, [*jars, *(jar for jar in extra if jar.exists())]))


def speckeeper_command() -> str | None:
    """$SPECKEEPER, else the `speckeeper` beside this Python, else the one on PATH, or None."""
    if "SPECKEEPER" in os.environ:
        return os.environ["SPECKEEPER"]
    beside = Path(sys.executable).with_name("speckeeper")
    return str(beside) if beside.exists() else shutil.which("speckeeper")


@dataclass(frozen=True)
class Kind:
    """What a server is: `name` for reports, `version` as (major, minor, patch) or None for ours."""

    name: str
    version: tuple[int, int, int] | None
    missing: str

    @property
    def is_apache(self) -> bool:
        return self.version is not None

    def class_path(self) -> str | None:
        """Java class path of an Apache server; None if it is not installed."""
        return apache_38_class_path() if self is APACHE_38 else apache_39_class_path()

    def why_missing(self) -> str | None:
        """None where this server can be started, else the reason for a skip."""
        found = self.class_path() if self.is_apache else speckeeper_command()
        return None if found else self.missing


APACHE_38 = Kind("apache-3.8.0", (3, 8, 0), "Debian's zookeeper package is not installed")
APACHE_39 = Kind("apache-3.9.3", (3, 9, 3), "no ZooKeeper 3.9 in .cache: run .ci/install-interop")
SPECKEEPER = Kind("speckeeper", None, "no `speckeeper` executable beside this Python or on PATH")
KINDS = {kind.name: kind for kind in (APACHE_38, APACHE_39, SPECKEEPER)}


@dataclass
class Peer:
    """One server of a kind in a folder of its own.

    `config` is laid over the defaults of `settings()`; a value None drops the key. `properties` are
    system properties (`-Dkey=value`) for what zoo.cfg cannot say to Apache (`jute.maxbuffer`).
    """

    kind: Kind
    folder: Path
    config: Mapping[str, object | None] = field(default_factory=dict)
    properties: Mapping[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def data_dir(self) -> Path:
        return Path(str(self.settings()["dataDir"]))

    @property
    def log_file(self) -> Path:
        return self.folder / "log.txt"

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def settings(self) -> dict[str, object]:
        """The zoo.cfg keys and values in force."""
        merged: dict[str, object | None] = {
            "tickTime": 2000,
            "dataDir": self.folder / "data",
            "clientPort": self.port,
            "clientPortAddress": "127.0.0.1",
            "maxClientCnxns": 0,
            "admin.enableServer": "false",
            "4lw.commands.whitelist": "*",
            **self.config,
        }
        return {key: value for key, value in merged.items() if value is not None}

    def command(self) -> list[str]:
        """The command line that serves `zoo.cfg`."""
        cfg = str(self.folder / "zoo.cfg")
        if not self.kind.is_apache:
            executable = speckeeper_command()
            assert executable is not None, self.kind.missing
            return [executable, "serve", cfg, *self._property_options()]
        class_path = self.kind.class_path()
        assert class_path is not None, self.kind.missing
        return [
            "java",
            "-cp",
            os.pathsep.join((str(self.folder), class_path)),
            *JVM_FLAGS,
            *self._property_options(),
            MAIN_CLASS,
            cfg,
        ]

    def _property_options(self) -> list[str]:
        return [f"-D{key}={value}" for key, value in self.properties.items()]

    def start(self, timeout_s: float = START_TIMEOUT_S) -> Peer:
        """Start the process and return when it serves; `PeerError` if it ends or takes too long."""
        self.launch()
        self.wait_until_serving(timeout_s)
        return self

    def launch(self) -> None:
        """Start the process without waiting for it to serve."""
        assert self.process is None, "already running"
        self.write_configuration()
        with self.log_file.open("ab") as log:
            self.process = subprocess.Popen(
                self.command(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self.folder,
                start_new_session=True,  # a Ctrl-C at the tests must not reach the server first
            )

    def write_configuration(self) -> None:
        """Make the folders, and write zoo.cfg."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.data_dir.mkdir(parents=True, exist_ok=True)
        lines = [f"{key}={value}\n" for key, value in self.settings().items()]
        (self.folder / "zoo.cfg").write_text("".join(lines))
        self._write_java_logging()

    def wait_until_serving(self, timeout_s: float = START_TIMEOUT_S) -> None:
        """Return once `srvr` names a mode; `PeerError` if the process ends or takes too long."""
        assert self.process is not None
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                code = self.process.returncode
                self.process = None
                raise PeerError(f"{self.kind.name} ended with code {code}:\n{self.log_tail()}")
            try:
                if "Mode: " in self.word("srvr", timeout_s=1.0):
                    return
            except OSError:
                pass
            time.sleep(0.02)
        raise PeerError(f"{self.kind.name} does not serve after {timeout_s} s:\n{self.log_tail()}")

    def word(self, word: str, timeout_s: float = 5.0) -> str:
        """The answer to a four-letter word. Raises OSError if nobody answers in time."""
        with socket.create_connection(("127.0.0.1", self.port), timeout_s) as connection:
            connection.sendall(word.encode())
            answer = bytearray()
            while chunk := connection.recv(65536):
                answer += chunk
        return answer.decode()

    def stop(self, timeout_s: float = STOP_TIMEOUT_S) -> int | None:
        """SIGTERM and wait; returns the exit code, or None if the server was not running.

        Raises PeerError (after a SIGKILL) if it takes longer than `timeout_s`.
        """
        if self.process is None:
            return None
        process, self.process = self.process, None
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        try:
            return process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise PeerError(f"{self.kind.name} ignores SIGTERM:\n{self.log_tail()}") from None

    def kill(self) -> None:
        """SIGKILL, as a crash: nothing of the process runs after it."""
        if self.process is not None:
            process, self.process = self.process, None
            process.kill()
            process.wait()

    def log_tail(self, lines: int = 30) -> str:
        """The last lines of the server's output."""
        if not self.log_file.exists():
            return "(no log)"
        return "\n".join(self.log_file.read_text(errors="replace").splitlines()[-lines:])

    def _write_java_logging(self) -> None:
        if self.kind is APACHE_38:
            (self.folder / "log4j.properties").write_text(
                "log4j.rootLogger=INFO, C\n"
                "log4j.appender.C=org.apache.log4j.ConsoleAppender\n"
                "log4j.appender.C.layout=org.apache.log4j.PatternLayout\n"
                "log4j.appender.C.layout.ConversionPattern=%d %p [%t:%C{1}] - %m%n\n"
            )
        elif self.kind is APACHE_39:
            (self.folder / "log4j2.properties").write_text(
                "rootLogger.level=INFO\n"
                "rootLogger.appenderRef.c.ref=C\n"
                "appender.c.type=Console\nappender.c.name=C\n"
                "appender.c.layout.type=PatternLayout\n"
                "appender.c.layout.pattern=%d %p [%t:%c{1}] - %m%n\n"
            )


def installed(kinds: Sequence[Kind]) -> list[Kind]:
    """Those of `kinds` that can be started on this machine."""
    return [kind for kind in kinds if kind.why_missing() is None]
