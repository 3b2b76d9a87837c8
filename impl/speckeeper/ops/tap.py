"""`speckeeper tap`: relay clients to servers and keep their histories, until a signal."""

import asyncio
import signal
import sys
from pathlib import Path

import uvloop

from speckeeper.history.files import HistoryFolder, microseconds
from speckeeper.history.recorder import Recorder
from speckeeper.net.listening import ListenError, listen
from speckeeper.net.process import raise_descriptor_limit
from speckeeper.net.tap import Tap
from speckeeper.ops.exit_codes import ExitCode
from speckeeper.ops.hosts import bracketed


class AddressError(Exception):
    """An address that is none; ``str()`` is one line with the remedy."""


def parse_address(text: str) -> tuple[str, int]:
    """Return host and port of ``host:port``. Raises AddressError."""
    host, _, port = bracketed(text.strip()).rpartition(":")
    if not (port.isascii() and port.isdigit() and int(port) < 65536) or not host:
        raise AddressError(f"{text!r} is no address; write host:port, such as 127.0.0.1:2181")
    return host.removeprefix("[").removesuffix("]"), int(port)


def run(listen_on: str, upstream: str, out: Path, compress: bool = False) -> int:
    """Run the tap; return the exit code."""
    try:
        place = parse_address(listen_on)
        servers = [parse_address(one) for one in upstream.split("/")[0].split(",")]
    except AddressError as error:
        return _failed(str(error), ExitCode.BAD_INVOCATION)
    try:
        files = HistoryFolder(out, "speckeeper tap", compress=compress)
    except OSError as error:
        what = f"{out}: {error.strerror}; give --out a folder that can be written"
        return _failed(what, ExitCode.UNEXPECTED)
    raise_descriptor_limit()
    try:
        return uvloop.run(_run(place, servers, files))
    except ListenError as error:
        return _failed(str(error), ExitCode.UNEXPECTED)


def _failed(text: str, code: ExitCode) -> int:
    print(f"speckeeper: {text}", file=sys.stderr)
    return int(code)


async def _run(place: tuple[str, int], servers: list[tuple[str, int]], files: HistoryFolder) -> int:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    socket = listen("tap", *place, -1, True)
    tap = Tap(servers, Recorder(files.write).connection, _complain)
    await tap.start(socket)
    host, port = socket.getsockname()[:2]
    print(f"tap on {host}:{port}, histories in {files.folder}", flush=True)
    while not stopping.is_set():
        try:
            await asyncio.wait_for(stopping.wait(), 0.5)
        except TimeoutError:
            try:
                files.flush()
            except OSError as error:
                tap.tell_once(f"{files.folder}: {error.strerror}; nothing more is kept")
    await tap.close()
    try:
        files.close(microseconds())
    except OSError as error:
        return _failed(f"{files.folder}: {error.strerror}", ExitCode.UNEXPECTED)
    print(f"{tap.connections} connections relayed, {files.records} records kept", flush=True)
    return int(ExitCode.OK)


def _complain(text: str) -> None:
    print(f"speckeeper: {text}", file=sys.stderr, flush=True)
