"""How the page asks other members: nothing but their figures, from nobody but them."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from types import SimpleNamespace

import pytest
from aiohttp import web

from speckeeper.ops.admin.page.figures import Figures
from speckeeper.ops.admin.page.members import Ensemble, _Address, _NoAnswer

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
APACHE = {
    "/commands/configuration": {"server_id": 2},
    "/commands/monitor": {"server_state": "leader", "znode_count": 9},
    "/commands/server_stats": {"server_stats": {"last_processed_zxid": 0x500000001}},
}


def asked(handler: Handler) -> tuple[Figures, str]:
    """What comes of asking member 2, whose admin port answers by a handler."""

    async def ask() -> tuple[Figures, str]:
        application = web.Application()
        application.router.add_get("/{path:.*}", handler)
        runner = web.AppRunner(application)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        config = SimpleNamespace(
            string=lambda name: "/commands", values={"admin.page.members": ("2=x:1",)}
        )
        ensemble = Ensemble(SimpleNamespace(config=config), "/page", None)
        try:
            return await ensemble._ask_admin(
                _Address(2, "participant", "127.0.0.1:1", f"127.0.0.1:{port}")
            )
        finally:
            await ensemble.close()
            await runner.cleanup()

    return asyncio.run(ask())


def answer(body: object) -> web.Response:
    return web.Response(text=json.dumps(body), content_type="application/json")


def test_one_of_ours_says_it_all_at_once() -> None:
    paths: list[str] = []

    async def ours(request: web.Request) -> web.Response:
        paths.append(request.path)
        return answer({"server_id": 2, "role": "leader", "accepted_epoch": 5, "other": "x"})

    figures, source = asked(ours)
    assert source == "page"
    assert (figures.role, figures.accepted_epoch, figures.server_id) == ("leader", 5, 2)
    assert paths == ["/page/api/self"]


def test_apaches_says_it_by_three_commands() -> None:
    async def apache(request: web.Request) -> web.Response:
        assert request.method == "GET"
        assert "Authorization" not in request.headers
        if request.path not in APACHE:
            raise web.HTTPNotFound
        return answer(APACHE[request.path])

    figures, source = asked(apache)
    assert source == "commands"
    assert (figures.role, figures.nodes, figures.zxid) == ("leader", 9, "0x500000001")


def test_another_server_is_not_believed() -> None:
    async def other(request: web.Request) -> web.Response:
        return answer({"server_id": 3, "role": "leader"})

    with pytest.raises(_NoAnswer, match=r"server 3 answers there; set admin\.page\.members"):
        asked(other)


def test_a_redirect_is_not_followed() -> None:
    async def elsewhere(request: web.Request) -> web.Response:
        assert request.path != "/secret"
        raise web.HTTPFound("/secret")

    with pytest.raises(_NoAnswer, match="HTTP status 302"):
        asked(elsewhere)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[" + "1," * (1 << 20), "too long"),
        ("[]", "no JSON object"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_answers_that_are_of_no_use(text: str, said: str) -> None:
    async def useless(request: web.Request) -> web.Response:
        return web.Response(text=text)

    with pytest.raises(_NoAnswer, match=said):
        asked(useless)
