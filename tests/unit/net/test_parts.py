"""The small parts: addresses, listening, log lines about refusals, HTTP sites, the process."""

import asyncio
import gc
import logging
import resource
import socket
import sys
import urllib.request
import weakref
from contextlib import suppress

import pytest
from aiohttp import web
from tests.unit.net.harness import run

from speckeeper.net import process
from speckeeper.net.addresses import java_host
from speckeeper.net.admin import Site, Sites
from speckeeper.net.listening import ListenError, listen
from speckeeper.net.refusals import INTERVAL_S, RefusalLog
from speckeeper.server.reasons import CloseReason


@pytest.mark.parametrize(
    ("host", "shown"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("::1", "0:0:0:0:0:0:0:1"),
        ("::ffff:10.1.2.3", "10.1.2.3"),
        ("fe80::1%eth0", "fe80:0:0:0:0:0:0:1%eth0"),
        ("2001:db8::00ff", "2001:db8:0:0:0:0:0:ff"),
        ("", ""),
        ("not:an:address", "not:an:address"),
    ],
)
def test_addresses_look_like_javas(host, shown):
    assert java_host(host) == shown


def test_all_addresses_means_ipv4_too():
    with listen("client port", None, 0, -1, True) as sock:
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        with socket.create_connection(("127.0.0.1", sock.getsockname()[1])):
            pass


def test_a_name_that_does_not_resolve_is_one_line():
    place = r"client port no\.such\.host\.invalid:1: "
    with pytest.raises(ListenError, match=place + "the name does not resolve"):
        listen("client port", "no.such.host.invalid", 1, -1, False)


def test_an_address_of_another_machine_is_told_from_a_taken_port():
    with pytest.raises(ListenError, match="not an address of this machine"):
        listen("client port", "192.0.2.1", 0, -1, False)


def test_refusals_are_logged_once_and_then_summed_up(caplog):
    time_s = [0.0]
    refusals = RefusalLog(logging.getLogger("test"), lambda: time_s[0])

    for _ in range(5):
        refusals.note(CloseReason.FRAME_LENGTH, "10.0.0.1:5")
    refusals.note(CloseReason.SLOW_READER, "10.0.0.2:6")
    refusals.flush()
    first = caplog.messages[:]
    time_s[0] = INTERVAL_S
    refusals.flush()
    refusals.note(CloseReason.FRAME_LENGTH, "10.0.0.3:7")

    assert first == [
        "closed the connection from 10.0.0.1:5: frame_length",
        "closed the connection from 10.0.0.2:6: slow_reader",
    ]
    assert caplog.messages[2:] == [
        "closed 4 more connections within 10 s: frame_length",
        "closed the connection from 10.0.0.3:7: frame_length",
    ]


def test_sites_are_hosted_and_a_taken_port_is_one_line():
    async def answer(request):
        return web.Response(text="fine")

    def site():
        application = web.Application()
        application.router.add_get("/", answer)
        return Site("AdminServer", application)

    async def scenario():

        sites = Sites(100, lambda reason, peer: None)
        sock = listen("AdminServer", "127.0.0.1", 0, -1, False)
        port = sock.getsockname()[1]
        await sites.start(site(), sock)
        try:
            url = f"http://127.0.0.1:{port}/"
            with await asyncio.to_thread(urllib.request.urlopen, url) as response:
                assert response.read() == b"fine"
            with pytest.raises(ListenError, match=f"AdminServer 127.0.0.1:{port}: "):
                listen("AdminServer", "127.0.0.1", port, -1, False)
        finally:
            await sites.stop()

    run(scenario())


def test_a_site_lets_so_many_in_and_no_more():
    refused = []

    async def fine(request):
        return web.Response(text="fine")

    async def scenario():
        application = web.Application()
        application.router.add_get("/", fine)
        sites = Sites(3, lambda reason, peer: refused.append(reason))
        sock = listen("metrics", "127.0.0.1", 0, -1, False)
        port = sock.getsockname()[1]
        await sites.start(Site("metrics", application), sock)
        idle = []
        try:
            connect = asyncio.open_connection
            idle.extend([await connect("127.0.0.1", port) for _ in range(3)])
            while len(sites._runners[0].server.connections) < 3:
                await asyncio.sleep(0.01)
            with suppress(ConnectionResetError):
                reader, writer = await connect("127.0.0.1", port)
                idle.append((reader, writer))
                assert await asyncio.wait_for(reader.read(), 5) == b""
            assert refused == [CloseReason.TOO_MANY_HTTP_CONNECTIONS]
            idle[0][1].close()
            while len(sites._runners[0].server.connections) > 2:
                await asyncio.sleep(0.01)
            with await asyncio.to_thread(
                urllib.request.urlopen, f"http://127.0.0.1:{port}/", None, 5
            ) as response:
                assert response.read() == b"fine"
        finally:
            for _, writer in idle:
                writer.close()
            await sites.stop()

    run(scenario())


def test_who_connects_to_a_site_and_asks_for_nothing_is_cut_off():
    refused = []
    half = b"GET / HTTP/1.1\r\nHost: x\r\n"

    async def slow(request):
        await asyncio.sleep(2)
        return web.Response(text="fine")

    async def scenario():
        application = web.Application()
        application.router.add_get("/", slow)
        sites = Sites(10, lambda reason, peer: refused.append((reason, peer)))
        sock = listen("metrics", "127.0.0.1", 0, -1, False)
        port = sock.getsockname()[1]
        await sites.start(Site("metrics", application, idle_timeout_s=1.5), sock)
        gate = sites._acceptors[0]._port
        writers = []
        try:

            async def say(text):
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writers.append(writer)
                writer.write(text)
                with suppress(ConnectionResetError):
                    return await asyncio.wait_for(reader.read(), 10)

            silent, halting, asking = await asyncio.gather(
                say(b""), say(half), say(half + b"Connection: close\r\n\r\n")
            )
            assert (silent or b"", halting or b"") == (b"", b"")
            assert asking.endswith(b"fine")  # although it took longer than that
            cut_off = {f"127.0.0.1:{each.get_extra_info('sockname')[1]}" for each in writers[:2]}
            assert {reason for reason, _ in refused} == {CloseReason.NO_HTTP_REQUEST}
            assert sorted(peer for _, peer in refused) == sorted(cut_off)
            _, gone = await asyncio.open_connection("127.0.0.1", port)
            while not gate._awaited:
                await asyncio.sleep(0.01)
            gone.close()
            while gate._awaited:
                await asyncio.sleep(0.01)
        finally:
            for writer in writers:
                writer.close()
            await sites.stop()

    run(scenario())


def test_who_does_not_take_an_answer_is_cut_off():
    refused, sizes = [], []
    size = 64 << 20

    async def large(request):
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(size >> 20):
            await response.write(bytes(1 << 20))
        return response

    async def scenario():
        application = web.Application()
        application.router.add_get("/", large)
        sites = Sites(10, lambda reason, peer: refused.append(reason))
        sock = listen("metrics", "127.0.0.1", 0, -1, False)
        port = sock.getsockname()[1]
        await sites.start(Site("metrics", application, idle_timeout_s=1.5), sock)

        async def ask(pause_s):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            await asyncio.sleep(pause_s)
            with suppress(ConnectionResetError):
                taken = 0
                while chunk := await reader.read(1 << 20):
                    taken += len(chunk)
                sizes.append(taken)
            writer.close()

        try:
            await ask(0)
            assert refused == []
            assert sizes.pop() > size
            await ask(3.5)
            assert refused == [CloseReason.SLOW_READER]
            assert not sizes or sizes[0] < size
        finally:
            await sites.stop()

    run(scenario())


@pytest.mark.parametrize("fit", [1, 12, 250, 976, 1_048_528])
@pytest.mark.parametrize("sites", [0, 1, 2])
def test_clients_and_sites_share_what_descriptors_there_are(fit, sites):
    clients, each = process.share_descriptors(fit, sites)
    assert clients >= 1
    assert 2 <= each <= process.MOST_HTTP_CONNECTIONS
    # Too few for two a site: the reserve gives them.
    assert clients + sites * each <= max(fit, 1 + 2 * sites)


def test_the_descriptor_limit_is_raised_to_the_hard_one():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, 256), hard))
        assert process.raise_descriptor_limit() == hard - process.RESERVED_DESCRIPTORS
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (hard, hard)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_the_collector_does_not_walk_what_was_loaded_or_has_grown():
    population = [100]
    collector = process.Collector(lambda: population[0])
    try:
        collector.start()
        loaded = gc.get_freeze_count()
        assert loaded > 0
        assert not gc.isenabled()

        collector.step()
        assert gc.get_freeze_count() == loaded
        grown = [[] for _ in range(1000)]
        population[0] += 20_000
        collector.step()
        assert gc.get_freeze_count() >= loaded + len(grown)
    finally:
        gc.unfreeze()
        gc.enable()


def test_the_collector_still_finds_cycles():
    class Knot:
        pass

    collector = process.Collector(lambda: 0)
    try:
        collector.start()
        knot = Knot()
        knot.self = knot
        gone = weakref.ref(knot)
        del knot
        collector.step()
        assert gone() is None
    finally:
        gc.unfreeze()
        gc.enable()


def test_threads_are_let_in_soon():
    interval = sys.getswitchinterval()
    try:
        process.prompt_threads()
        assert sys.getswitchinterval() < 0.005
    finally:
        sys.setswitchinterval(interval)
