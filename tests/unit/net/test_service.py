"""A whole service: restarts, snapshots while serving, a failing disk, a graceful stop."""

import asyncio
import errno
import gc
import os
import signal
import socket
import sys
import threading
import time
from pathlib import Path

import pytest
from tests.unit.net.harness import GatedDisk, Peer, eventually, run, serving

from speckeeper.net import snapshotter
from speckeeper.net.listening import ListenError, listen
from speckeeper.net.run import ServeOptions, serve
from speckeeper.server.reasons import CloseReason
from speckeeper.server.settings import ServerSettings
from speckeeper.storage import disk_pace
from speckeeper.storage.disk import Disk
from speckeeper.storage.errors import DataDirError, DiskFailure
from speckeeper.storage.kernel_sync import open_kernel_sync
from speckeeper.storage.settings import StorageSettings
from speckeeper.wire.codes import OpCode
from speckeeper.wire.jute import Reader
from speckeeper.wire.replies import decode_multi_reply
from speckeeper.wire.requests import (
    GetDataRequest,
    MultiRequest,
    SetDataRequest,
    SetWatchesRequest,
)


def files_of(data_dir, prefix):
    return sorted(path.name for path in (data_dir / "version-2").glob(prefix + "*"))


def test_data_and_sessions_outlive_the_server(tmp_path):
    async def first():
        async with serving(tmp_path) as service:
            peer = await Peer.connect(service.address)
            await peer.create("/kept", b"data")
            await peer.create("/ephemeral", flags=1)
            return peer.session

    async def second(session):
        async with serving(tmp_path) as service:
            other = await Peer.connect(service.address)
            assert await other.get("/kept") == b"data"
            assert await other.get("/ephemeral") == b""
            peer = await Peer.connect(
                service.address, session_id=session.session_id, password=session.password
            )
            assert peer.session.session_id == session.session_id
            assert other.session.session_id > session.session_id

    session = run(first())
    run(second(session))


def test_snapshots_are_taken_while_serving_and_the_log_rolls(tmp_path):
    async def scenario():
        async with serving(tmp_path, snap_count=20) as service:
            peer = await Peer.connect(service.address)
            await peer.create("/a")
            for number in range(100):
                await peer.set("/a", b"%d" % number)
            await eventually(lambda: service.snapshotter.durations_ms.count >= 3)
            await eventually(lambda: not service.snapshotter.running)
            assert service.snapshotter.last is not None
            assert service.snapshotter.last.path.exists()

    async def again():
        async with serving(tmp_path) as service:
            assert await (await Peer.connect(service.address)).get("/a") == b"99"
            assert service.report.snapshot_zxid > 0
            assert service.report.transactions_since_snapshot < 60
            # what was replayed is worth a snapshot of its own, taken in the background
            await eventually(lambda: service.snapshotter.last is not None)

    run(scenario())
    assert len(files_of(tmp_path, "snapshot.")) >= 3
    assert len(files_of(tmp_path, "log.")) >= 3
    run(again())


@pytest.mark.skipif(open_kernel_sync(Path("/")) is None, reason="the kernel does not sync aside")
def test_a_disk_that_turns_slow_is_not_waited_for_by_the_loop(tmp_path, monkeypatch):
    """One client writes to a disk that takes 50 ms; the others go on, and the writes too."""
    slow_s = 0.05
    monkeypatch.setattr(disk_pace, "FAST_S", 0.01)  # on a busy machine, too
    waited = []
    write = Disk._write

    def slowly(self, handle, data, offset, sync):
        if sync:  # else the kernel syncs aside
            waited.append(threading.current_thread())
            time.sleep(slow_s)
        return write(self, handle, data, offset, sync)

    async def scenario():
        async with serving(tmp_path) as service:
            writer, reader = [await Peer.connect(service.address) for _ in range(2)]
            await writer.create("/a")
            for number in range(20):
                await writer.set("/a", b"%d" % number)
            monkeypatch.setattr(Disk, "_write", slowly)
            writes = reads = 0

            def enough():
                return waited and reads >= 300 and writes >= 30

            async def keep_writing():
                nonlocal writes
                while not enough():
                    await writer.set("/a", b"%d" % writes)
                    writes += 1

            async def keep_reading():
                nonlocal reads
                while not enough():
                    await reader.get("/a")
                    reads += 1

            started = time.monotonic()
            await asyncio.gather(keep_writing(), keep_reading())
            return time.monotonic() - started, writes

    elapsed_s, writes = run(scenario())
    tries = [each for each in waited if each is threading.main_thread()]
    # One stall is enough; then it is tried again after one second, after two more, and so on.
    assert 1 <= len(tries) <= 2 + elapsed_s
    assert writes >= 30


def test_a_snapshot_that_is_due_while_one_is_taken_is_skipped(tmp_path):
    class SlowRename(Disk):
        def __init__(self):
            self.gate = threading.Event()

        def rename(self, source, target):
            self.gate.wait(10)
            super().rename(source, target)

    async def scenario():
        async with serving(tmp_path, snap_count=4) as service:
            slow = service.snapshotter._files = SlowRename()
            peer = await Peer.connect(service.address)
            await peer.create("/a")
            for _ in range(30):
                await peer.set("/a", b"x")
            logs = len(files_of(tmp_path, "log."))
            first, unfinished = files_of(tmp_path, "snapshot.")
            assert first == "snapshot.0"
            assert unfinished.endswith(".tmp")
            slow.gate.set()
            await eventually(lambda: not service.snapshotter.running)
            assert logs >= 8  # it rolls all the same

    run(scenario())


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE])
def test_a_snapshot_without_a_descriptor_is_tried_again(tmp_path, caplog, monkeypatch, number):
    class Exhausted(Disk):
        def create(self, path, *, exclusive):
            raise OSError(number, os.strerror(number))

    monkeypatch.setattr(snapshotter, "RETRY_S", 0.05)

    async def scenario():
        async with serving(tmp_path) as service:
            whole = service.snapshotter._files
            peer = await Peer.connect(service.address)
            await peer.create("/a")
            service.snapshotter._files = Exhausted()
            with pytest.raises(DiskFailure, match=r"raise the .*limit of open files"):
                await service.snapshotter.take()
            await peer.create("/b")
            assert service.failure is None
            service.snapshotter._files = whole
            await eventually(lambda: service.snapshotter.last is not None)

    run(scenario())
    assert "the snapshot is tried again" in caplog.text


def test_a_snapshot_can_be_asked_for(tmp_path):
    async def scenario():
        async with serving(tmp_path) as service:
            peer = await Peer.connect(service.address)
            await peer.create("/a")
            one, two = await asyncio.gather(service.snapshotter.take(), service.snapshotter.take())
            assert one == two  # the second waited for the first
            assert one.path.name == f"snapshot.{service.server.tree.last_processed_zxid:x}"

    run(scenario())


def test_old_snapshots_and_logs_are_purged(tmp_path):
    async def scenario():
        async with serving(tmp_path) as service:
            peer = await Peer.connect(service.address)
            for number in range(6):
                await peer.create(f"/{number}")
                await service.snapshotter.take()
            service._purge()
            await eventually(lambda: len(files_of(tmp_path, "snapshot.")) == 3)

    run(scenario())


def test_a_start_purges(tmp_path):
    async def fill():
        async with serving(tmp_path) as service:
            peer = await Peer.connect(service.address)
            for number in range(6):
                await peer.create(f"/{number}")
                await service.snapshotter.take()

    async def start():
        async with serving(tmp_path, purge_interval_ms=3600_000):
            await eventually(lambda: len(files_of(tmp_path, "snapshot.")) == 3)

    run(fill())
    assert len(files_of(tmp_path, "snapshot.")) == 7
    run(start())


def test_a_failing_disk_acknowledges_nothing_more(tmp_path):
    async def scenario():
        disk = GatedDisk()
        async with serving(tmp_path, files=disk) as service:
            writer, reader = (
                await Peer.connect(service.address),
                await Peer.connect(service.address),
            )
            await writer.create("/a", b"old")
            disk.error = OSError(errno.ENOSPC, "No space left on device")
            writer.request(OpCode.SET_DATA, SetDataRequest("/a", b"lost", -1))
            await asyncio.wait_for(service.stopped.wait(), 5)
            assert isinstance(service.failure, DiskFailure)
            assert "No space left on device" in str(service.failure)
            assert "\n" not in str(service.failure)
            assert await reader.get("/a") == b"old"
            await service.shut_down()
            assert await writer.ended() == b""

    run(scenario())


def test_a_failing_snapshot_stops_the_server_as_well(tmp_path):
    class NoRename(Disk):
        def rename(self, source, target):
            raise OSError(errno.EIO, "Input/output error")

    async def scenario():
        async with serving(tmp_path) as service:
            peer = await Peer.connect(service.address)
            await peer.create("/a")
            service.snapshotter._files = NoRename()
            with pytest.raises(DiskFailure, match="Input/output error"):
                await service.snapshotter.take()
            assert isinstance(service.failure, DiskFailure)

    run(scenario())


def test_a_stop_finishes_what_was_accepted(tmp_path):
    async def scenario():
        disk = GatedDisk()
        async with serving(tmp_path, files=disk) as service:
            peer = await Peer.connect(service.address)
            await peer.create("/a")
            disk.gate.clear()
            sent = [
                peer.request(OpCode.SET_DATA, SetDataRequest("/a", b"%d" % n, -1)) for n in range(9)
            ]
            await eventually(lambda: len(service.server.pipeline.queue) == 9)
            stopping = asyncio.create_task(service.shut_down())
            await asyncio.sleep(0.02)
            disk.gate.set()
            assert [(await peer.reply())[0].xid for _ in sent] == sent
            assert await peer.ended() == b""
            await stopping
            assert service.server.stats.closed[CloseReason.SERVER_SHUTDOWN] == 1

    run(scenario())


def test_a_stop_finishes_large_reads_and_takes_nothing_more(tmp_path):
    """Some are under way, some wait for their turn, and clients would go on and on."""
    reads = MultiRequest(((int(OpCode.GET_DATA), GetDataRequest("/", False)),) * 5000)
    watches = SetWatchesRequest(0, tuple(f"/none{each}" for each in range(5000)), (), ())

    async def scenario():
        async with serving(tmp_path) as service:
            server = service.server
            peers = [await Peer.connect(service.address) for _ in range(4)]
            for peer in peers[:3]:
                peer.request(OpCode.MULTI_READ, reads)
            peers[3].request(OpCode.SET_WATCHES, watches, xid=-8)
            await eventually(lambda: len(server.core.turns.waiting) == 3)
            assert server.core.turns.reads
            assert not server.waiting
            stopping = asyncio.create_task(service.shut_down())
            await asyncio.sleep(0)
            for peer in peers[:3]:
                peer.request(OpCode.MULTI_READ, reads)
            for peer in peers[:3]:
                header, body = await peer.reply()
                assert (header.xid, header.err) == (1, 0)
                assert len(decode_multi_reply(Reader(body))) == 5000
                assert await peer.ended() == b""
            replies = [(await peers[3].reply())[0].xid for _ in range(5001)]
            assert replies == [-1] * 5000 + [-8]
            await stopping

    run(scenario())


def test_a_turn_ends_also_if_a_request_fails(tmp_path, monkeypatch):
    """What others are to be told is written, and the next turn is given."""

    async def scenario():
        async with serving(tmp_path) as service:
            failures = []
            service.loop.set_exception_handler(lambda loop, context: failures.append(context))
            server = service.server
            failing, other = [await Peer.connect(service.address) for _ in range(2)]
            many = MultiRequest(((int(OpCode.GET_DATA), GetDataRequest("/", False)),) * 2000)

            def fail(*request):
                raise RuntimeError("a bug")
                yield

            in_steps = server._dispatcher._in_steps
            right = in_steps[int(OpCode.MULTI_READ)]
            monkeypatch.setitem(in_steps, int(OpCode.MULTI_READ), fail)
            failing.request(OpCode.MULTI_READ, many)
            assert await failing.ended() == b""
            assert [str(context["exception"].exceptions[0]) for context in failures] == ["a bug"]
            monkeypatch.setitem(in_steps, int(OpCode.MULTI_READ), right)
            header, _ = await other.call(OpCode.MULTI_READ, many)
            assert header.err == 0

            monkeypatch.setattr(server, "take_turns", lambda now_ms: 1 // 0)
            with pytest.raises(ZeroDivisionError):
                service._give_turns()
            assert service._turn_pending
            monkeypatch.undo()

    run(scenario())


# -- serve(): the whole process


@pytest.fixture(autouse=True)
def interpreter_as_it_was():
    """Give back what ``serve`` sets for the whole process."""
    interval = sys.getswitchinterval()
    yield
    gc.unfreeze()
    gc.enable()
    sys.setswitchinterval(interval)


def serving_in_this_thread(tmp_path, client, **options):
    """Run ``serve`` here and a client in another thread; return what the client returned."""
    outcome = []

    def started(service, ports):
        def play():
            try:
                outcome.append(client(ports.plain))
            finally:
                os.kill(os.getpid(), signal.SIGTERM)

        threading.Thread(target=play).start()

    settings = ServeOptions(
        ServerSettings(),
        StorageSettings(tmp_path),
        client_port=0,
        client_host="127.0.0.1",
        **options,
    )
    serve(settings, started=started, commands=lambda service: lambda word: b"imok")
    return outcome[0]


def ask(port):
    with socket.create_connection(("127.0.0.1", port)) as sock:
        sock.sendall(b"ruok")
        return sock.recv(100)


def test_serve_answers_and_ends_on_sigterm(tmp_path):
    assert serving_in_this_thread(tmp_path, ask) == b"imok"
    assert serving_in_this_thread(tmp_path, ask) == b"imok"  # the lock was given back


def test_serve_raises_what_stopped_it(tmp_path):
    disk = GatedDisk()
    disk.error = OSError(errno.EIO, "Input/output error")

    def write(port):
        with socket.create_connection(("127.0.0.1", port)) as sock:
            sock.sendall(
                b"\0\0\0\x2c" + bytes(12) + b"\0\0\x27\x10" + bytes(8) + b"\0\0\0\x10" + bytes(16)
            )
            return sock.recv(100)

    with pytest.raises(DiskFailure, match="Input/output error"):
        serving_in_this_thread(tmp_path, write, files=disk)


def test_a_directory_in_use_is_refused(tmp_path):
    def second(port):
        with pytest.raises(DataDirError, match="another server"):
            serve(ServeOptions(ServerSettings(), StorageSettings(tmp_path), client_port=0))
        return True

    assert serving_in_this_thread(tmp_path, second)


def test_a_port_in_use_is_refused_in_one_line(tmp_path):
    taken = listen("client port", "127.0.0.1", 0, -1, False)
    port = taken.getsockname()[1]

    with pytest.raises(ListenError) as error:
        serve(
            ServeOptions(
                ServerSettings(),
                StorageSettings(tmp_path),
                client_port=port,
                client_host="127.0.0.1",
            )
        )

    assert str(error.value).startswith(f"client port 127.0.0.1:{port}: ")
    assert "\n" not in str(error.value)
    taken.close()
