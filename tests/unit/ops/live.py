"""A server process as an operator runs it, for tests that look at it from outside."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.ports import free_port

COMMAND = (sys.executable, "-c", "from speckeeper.ops.cli import main; main()")
PATIENCE_S = 20.0


def run(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run `speckeeper` to its end."""
    return subprocess.run(
        [*COMMAND, *arguments],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        env={**os.environ, **environment},
        check=False,
    )


@dataclass
class Live:
    """A running server."""

    process: "subprocess.Popen[str]"
    banner: str
    port: int
    admin_port: int
    metrics_port: int
    data_dir: Path

    @property
    def hosts(self) -> str:
        """What a client connects to."""
        return f"127.0.0.1:{self.port}"

    def word(self, word: str, more: bytes = b"") -> str:
        """Send a four-letter word and return the answer."""
        with socket.create_connection(("127.0.0.1", self.port), PATIENCE_S) as sock:
            sock.sendall(word.encode("latin-1") + more)
            answer = b""
            while chunk := sock.recv(65536):
                answer += chunk
        return answer.decode()

    def http(
        self,
        path: str,
        body: bytes | None = None,
        authorization: str | None = None,
        port: int | None = None,
    ) -> tuple[int, dict[str, str], bytes]:
        """Send a GET, or a POST if there is a body; return status, headers and body."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{port or self.admin_port}{path}", data=body
        )
        if authorization is not None:
            request.add_header("Authorization", authorization)
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE_S) as response:
                return response.status, dict(response.headers), response.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, dict(error.headers), error.read()

    def stop(self, number: int = signal.SIGTERM) -> tuple[int, str]:
        """End the process; return its exit code and what it wrote to stderr."""
        self.process.send_signal(number)
        _, err = self.process.communicate(timeout=PATIENCE_S)
        return self.process.returncode, err


@contextlib.contextmanager
def live(directory: Path, *lines: str, arguments: Sequence[str] = ()) -> Iterator[Live]:
    """Run a server with a configuration file of its own until the block ends."""
    admin_port, metrics_port = free_port(), free_port()
    data_dir = directory / "data"
    config = directory / "zoo.cfg"
    config.write_text(
        "\n".join(
            (
                f"dataDir={data_dir}",
                "clientPort=0",
                "clientPortAddress=127.0.0.1",
                "tickTime=2000",
                f"admin.serverPort={admin_port}",
                "admin.serverAddress=127.0.0.1",
                *(line.replace("METRICS_PORT", str(metrics_port)) for line in lines),
                "",
            )
        )
    )
    process = subprocess.Popen(
        [*COMMAND, "serve", str(config), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        banner = process.stdout.readline()
        found = re.search(r"serves on 127\.0\.0\.1:(\d+)", banner)
        assert found, f"no banner but {banner!r}, {process.communicate(timeout=PATIENCE_S)}"
        yield Live(process, banner, int(found[1]), admin_port, metrics_port, data_dir)
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate(timeout=PATIENCE_S)
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()
