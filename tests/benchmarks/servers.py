"""The two servers under test: how they are started, asked whether they serve, weighed and stopped.

Both get the same zoo.cfg but for folder and port: force sync, pre-allocation and snapshots at
ZooKeeper's defaults, no limit on connections, no AdminServer. Apache runs as Debian's zkServer.sh
runs it, with the 1000 MB of heap that Apache's own script gives a server.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

CLASS_PATH = "/etc/zookeeper/conf:/usr/share/java/zookeeper.jar"
HEAP = "-Xmx1000m"  # ZK_SERVER_HEAP of Apache's zkEnv.sh
START_TIMEOUT_S = 300.0
STOP_TIMEOUT_S = 60.0
# A server that loads its data may accept a connection and never answer on it: try again soon.
PROBE_TIMEOUT_S = 0.1
_GET_DATA, _NO_NODE = 4, -101
_CONFIG = """\
tickTime=2000
dataDir={data}
clientPort={port}
clientPortAddress=127.0.0.1
maxClientCnxns=0
admin.enableServer=false
"""


class ServerError(Exception):
    """A server does not start, does not answer, or is not installed; the text says which."""


@dataclass
class Server:
    """One server with a folder and a port of its own; `name` is `speckeeper` or `apache`."""

    name: str
    folder: Path
    port: int = 0
    process: subprocess.Popen[bytes] | None = None
    environment: dict[str, str] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)
    """Lines of zoo.cfg beside those that both servers have."""

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def command(self) -> list[str]:
        """Return the command line."""
        config = str(self.folder / "zoo.cfg")
        if self.name == "speckeeper":
            return [speckeeper(), "serve", config]
        java = shutil.which("java")
        if java is None or not Path("/usr/share/java/zookeeper.jar").exists():
            raise ServerError("no Apache ZooKeeper: apt-get install zookeeper")
        return [
            java,
            f"-Dzookeeper.log.dir={self.folder}",
            "-Dzookeeper.log.file=zookeeper.log",
            "-XX:+HeapDumpOnOutOfMemoryError",
            "-XX:OnOutOfMemoryError=kill -9 %p",
            "-cp",
            CLASS_PATH,
            HEAP,
            "-Dcom.sun.management.jmxremote",
            "-Dcom.sun.management.jmxremote.local.only=true",
            "org.apache.zookeeper.server.quorum.QuorumPeerMain",
            config,
        ]

    def ports(self, at: str = "") -> list[int]:
        """Return the ports that connections are spread over."""
        return [self.port]

    def start(self, path: str = "/") -> float:
        """Start the process; return the seconds until `path` was read over the wire."""
        begin = self.launch()
        self.wait(begin, path)
        return time.perf_counter() - begin

    def launch(self) -> float:
        """Start the process; return when that was."""
        self.data.mkdir(parents=True, exist_ok=True)
        self.port = self.port or free_port()
        config = _CONFIG.format(data=self.data, port=self.port)
        config += "".join(f"{key}={value}\n" for key, value in self.settings.items())
        (self.folder / "zoo.cfg").write_text(config)
        with open(self.folder / "out.txt", "ab") as out:
            begin = time.perf_counter()
            self.process = subprocess.Popen(
                self.command(),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                env={**os.environ, **self.environment},
            )
        return begin

    def wait(self, begin: float, path: str = "/") -> None:
        """Return when `path` can be read over the wire."""
        assert self.process is not None
        while time.perf_counter() - begin < START_TIMEOUT_S:
            if self.process.poll() is not None:
                said = (self.folder / "out.txt").read_text(errors="replace").strip()
                raise ServerError(f"{self.name} ended at its start: {said[-500:]}")
            if _reads(self.port, path):
                return
            time.sleep(0.005)
        raise ServerError(f"{self.name} does not serve after {START_TIMEOUT_S:.0f} s")

    def stop(self) -> None:
        """End the process in good order (SIGTERM)."""
        process, self.process = self.process, None
        if process is None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def kill(self) -> None:
        """End the process as a crash would (SIGKILL)."""
        process, self.process = self.process, None
        if process is not None:
            process.kill()
            process.wait()

    def mode(self) -> str:
        """Return what the server says that it is, as `leader`; empty if it serves nobody."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1.0) as connection:
                connection.sendall(b"srvr")
                answer = connection.makefile("rb").read().decode()
        except OSError:
            return ""
        return answer.partition("Mode: ")[2].partition("\n")[0]

    def memory(self) -> dict[str, int]:
        """Return resident and proportional set size in KiB."""
        assert self.process is not None
        sizes = {}
        for line in Path(f"/proc/{self.process.pid}/smaps_rollup").read_text().splitlines():
            key, _, value = line.partition(":")
            if key in ("Rss", "Pss"):
                sizes[key.lower() + "_kib"] = int(value.split()[0])
        return sizes

    def cpu_seconds(self) -> float:
        """Return the processor time the server has used so far."""
        assert self.process is not None
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def speckeeper() -> str:
    """Return the `speckeeper` executable beside this Python, else the one on PATH."""
    beside = Path(sys.executable).with_name("speckeeper")
    found = str(beside) if beside.exists() else shutil.which("speckeeper")
    if found is None:
        raise ServerError("no `speckeeper` beside this Python or on PATH: make install")
    return found


def version(name: str) -> str:
    """Return what a server calls itself."""
    if name == "speckeeper":
        command = [speckeeper(), "version"]
    else:
        command = ["java", "-cp", CLASS_PATH, "org.apache.zookeeper.version.VersionInfoMain"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    lines = [line for line in done.stdout.splitlines() if line.strip()]
    return lines[0].removeprefix("Apache ZooKeeper, version ") if lines else "unknown"


def java_version() -> str:
    """Return the version of the Java that runs Apache ZooKeeper."""
    done = subprocess.run(["java", "-version"], capture_output=True, text=True, check=False)
    return done.stderr.splitlines()[0] if done.stderr else "unknown"


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _reads(port: int, path: str) -> bool:
    """Open a session and read a node: True once the node is there."""
    raw = path.encode()
    handshake = struct.pack(">iiqiqi16sB", 45, 0, 0, 10_000, 0, 16, b"", 0)
    request = struct.pack(">iii", 8 + 4 + len(raw) + 1, 1, _GET_DATA)
    request += struct.pack(">i", len(raw)) + raw + b"\0"
    close = struct.pack(">iii", 8, 2, -11)
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=PROBE_TIMEOUT_S) as connection:
            connection.sendall(handshake + request + close)
            stream = connection.makefile("rb")
            stream.read(struct.unpack(">i", stream.read(4))[0])
            reply = stream.read(struct.unpack(">i", stream.read(4))[0])
    except (OSError, struct.error):
        return False
    err = struct.unpack_from(">i", reply, 12)[0]
    if err == _NO_NODE:
        raise ServerError(f"the server on port {port} serves, but {path} is not there")
    return bool(err == 0)
