"""The page on the admin port in a real browser, on a live ensemble.

It shows, obeys the keys, changes what may be changed, and runs nothing that the tree holds.

`SPECKEEPER_SCREENSHOTS=docs/images` writes the pictures of docs/operations.md there.
"""

import asyncio
import base64
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from kazoo.client import KazooClient
from kazoo.security import make_acl, make_digest_acl
from tests.interop.browser import Page, browser, find_chromium
from tests.ports import free_ports

CHROMIUM = find_chromium()
pytestmark = [
    pytest.mark.xdist_group("admin-page"),
    pytest.mark.skipif(
        CHROMIUM is None, reason="there is no Chromium; .ci/install-interop installs it"
    ),
]

SECRET = base64.b64encode(hashlib.sha1(b"super:secret").digest()).decode()
SUPER = f"-Dzookeeper.DigestAuthenticationProvider.superDigest=super:{SECRET}"
COMMAND = (sys.executable, "-c", "from speckeeper.ops.cli import main; main()")
PATIENCE_S = 30.0
#: What would run, were a name, data or an ACL ever read as HTML or as an address.
SCRIPT = "<img src=x onerror=document.title='hacked'><script>document.title='hacked'<"
NAMES = (
    SCRIPT.replace("/", ""),
    "javascript:alert(1)",
    "back\u202ewards",
    "'\"><b>",
    "%2e%2e#tree:",
)
PICTURES = os.environ.get("SPECKEEPER_SCREENSHOTS")


@dataclass
class Site:
    """A live ensemble: where its pages are, and how clients reach it."""

    admin_port: int
    hosts: str
    conformance: Path

    def url(self, server: int, rest: str = "") -> str:
        return f"http://127.0.0.1:{self.admin_port + server - 1}/page/{rest}"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("ensemble")
    first = free_ports(6)
    told = folder / "state.json"
    arguments = [*COMMAND, "ensemble", "--dir", str(folder / "e"), "--client-port", str(first)]
    flags = f"{SUPER} -Dzookeeper.admin.page.conformance={told}"
    with (folder / "out").open("w") as out:
        process = subprocess.Popen(
            [*arguments, "--admin-port", str(first + 3)],
            stdout=out,
            stderr=subprocess.STDOUT,
            env={**os.environ, "SERVER_JVMFLAGS": flags},
        )
        hosts = ",".join(f"127.0.0.1:{first + i}" for i in range(3))
        try:
            client = KazooClient(hosts, timeout=20)
            client.start(timeout=PATIENCE_S)
            try:
                _plant(client)
            finally:
                client.stop()
                client.close()
            yield Site(first + 3, hosts, told)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(PATIENCE_S)


def _plant(client: KazooClient) -> None:
    client.create("/config", b"colour = blue\n")
    client.create("/config/database", b'{"host": "db1", "pool": 20}')
    client.create("/config/größe", "drei Äpfel".encode())
    client.create("/services/search/worker-0001", b"10.0.0.7:9000", makepath=True)
    client.create("/bytes", bytes(range(48)))
    mine = make_digest_acl("anna", "pass wörd", all=True)
    client.create("/anna", b"hers", acl=[mine, make_acl("world", "anyone", read=True)])
    client.create("/secret", b"nobody's", acl=[make_digest_acl("else", "x", all=True)])
    for name in NAMES:
        client.create(f"/hostile/{name}", SCRIPT.encode(), makepath=True)


def visit(url: str, look: Callable[[Page], Awaitable[None]], complaints: int = 0) -> None:
    """Open a page, look at it, and expect so many complaints (answers with an error status)."""

    async def session() -> None:
        assert CHROMIUM is not None
        async with browser(CHROMIUM) as page:
            await page.visit(url)
            await look(page)
            assert await page.evaluate("document.title") == "SpecKeeper"
            assert len(page.complaints()) == complaints, page.complaints()

    asyncio.run(session())


async def until(page: Page, expression: str) -> None:
    """Wait until a JavaScript expression holds; elements may be missing at first."""
    deadline = time.monotonic() + PATIENCE_S
    holds = f"(() => {{ try {{ return Boolean({expression}) }} catch {{ return false }} }})()"
    while not await page.evaluate(holds):
        seen = await page.evaluate("document.querySelector('main').innerText.slice(0, 2000)")
        assert time.monotonic() < deadline, (expression, seen)
        await asyncio.sleep(0.05)


async def sign_in(page: Page, user: str, password: str) -> None:
    values = json.dumps([user, password])
    await page.evaluate(
        f"(() => {{ const [u, p] = {values}; document.getElementById('user').value = u;"
        "document.getElementById('password').value = p;"
        "document.getElementById('sign-in').click(); })()"
    )
    await until(page, f"who.textContent.includes({json.dumps(user)})")


async def picture(page: Page, name: str, scheme: str = "light") -> None:
    if PICTURES is not None:
        feature = {"name": "prefers-color-scheme", "value": scheme}
        await page.call("Emulation.setEmulatedMedia", features=[feature])
        Path(PICTURES).mkdir(parents=True, exist_ok=True)
        await page.screenshot(Path(PICTURES) / name)


def test_ensemble_is_shown_and_goes_on(site: Site) -> None:
    async def look(page: Page) -> None:
        def cells(name: str) -> str:
            return f"[...document.querySelectorAll('td[data-name={name}]')].map(e => e.innerText)"

        await until(page, f"{cells('Epochs')}.join() === '1 / 1,1 / 1,1 / 1'")
        roles = await page.evaluate(cells("Role"))
        assert sorted(roles) == ["follower", "follower", "leader"]
        assert all(lag.isdigit() for lag in await page.evaluate(cells("Lag")))
        assert await page.evaluate("own.textContent") == "server 2"
        client = KazooClient(site.hosts, timeout=20)
        client.start(timeout=PATIENCE_S)
        try:
            await until(page, f"{cells('Sessions')}.includes('1')")
            for _ in range(4):
                for _ in range(200):
                    client.get("/config")
                    client.set("/config/database", b'{"host": "db1", "pool": 21}')
                await asyncio.sleep(1)
            await until(page, "document.querySelectorAll('.plot polyline').length >= 3")
        finally:
            client.stop()
            client.close()
        assert await page.evaluate("document.querySelectorAll('.plot').length") == 3
        await picture(page, "page-ensemble.png")
        await picture(page, "page-ensemble-dark.png", "dark")

    visit(site.url(2), look)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_light_and_dark_have_contrast(site: Site, scheme: str) -> None:
    async def look(page: Page) -> None:
        feature = {"name": "prefers-color-scheme", "value": scheme}
        await page.call("Emulation.setEmulatedMedia", features=[feature])
        style = "getComputedStyle(document.body)"
        ink, paper = (
            sum(map(int, text[4:-1].split(",")))
            for text in (
                await page.evaluate(f"{style}.color"),
                await page.evaluate(f"{style}.backgroundColor"),
            )
        )
        assert (ink < 150 < 600 < paper) if scheme == "light" else (paper < 150 < 600 < ink)

    visit(site.url(1), look)


def test_tree_obeys_the_keys(site: Site) -> None:
    async def look(page: Page) -> None:
        await until(page, "!ensemble.hidden && tree.hidden")
        await page.press("2")
        await until(page, "!tree.hidden && document.querySelectorAll('#nodes li').length > 5")
        focused = "document.activeElement.dataset.path"
        await page.evaluate("document.querySelector('#nodes [tabindex=\"0\"]').focus()")
        for key, path in (
            ("End", "/zookeeper"),
            ("Home", "/"),
            ("ArrowDown", "/anna"),
            ("ArrowDown", "/bytes"),
            ("ArrowDown", "/config"),
        ):
            await page.press(key)
            assert await page.evaluate(focused) == path, key
        await page.press("ArrowRight")
        await until(page, "document.querySelector('[data-path=\"/config/database\"]')")
        await page.press("ArrowRight")
        assert await page.evaluate(focused) == "/config/database"
        await page.press("Enter")
        await until(
            page, "path.textContent === '/config/database' && data.textContent.includes('db1')"
        )
        await picture(page, "page-tree.png")
        await page.press("ArrowLeft")
        assert await page.evaluate(focused) == "/config"
        await page.press("ArrowLeft")
        assert (
            await page.evaluate("document.querySelector('[data-path=\"/config/database\"]')")
            is None
        )
        await page.press("/")
        assert await page.evaluate("document.activeElement.id") == "wanted"
        await page.press("3")  # typed, not obeyed
        assert await page.evaluate("tree.hidden") is False

    visit(site.url(1), look)


def test_search_finds_names(site: Site) -> None:
    async def look(page: Page) -> None:
        await page.evaluate("wanted.value = 'WORKER'; search.requestSubmit()")
        await until(page, "document.querySelector('#hits a')")
        assert await page.evaluate("document.querySelector('#hits a').innerText") == (
            "/services/search/worker-0001"
        )
        await page.evaluate("document.querySelector('#hits a').click()")
        await until(page, "path.textContent === '/services/search/worker-0001'")
        assert await page.evaluate("data.textContent") == "10.0.0.7:9000"
        selected = "document.querySelector('[aria-selected=true]').dataset.path"
        assert await page.evaluate(selected) == "/services/search/worker-0001"

    visit(site.url(1, "#tree:/"), look)


def test_hostile_names_and_data_are_text(site: Site) -> None:
    async def look(page: Page) -> None:
        below = "document.querySelectorAll('#nodes li[data-path^=\"/hostile/\"]')"
        await until(page, f"{below}.length === {len(NAMES)}")
        listed = "[...document.querySelectorAll('#nodes .name')].map(e => e.innerText)"
        names = await page.evaluate(listed)
        assert set(NAMES) - set(names) == {"back\u202ewards"}
        assert "back\\u{202e}wards" in names
        for name in NAMES:
            where = json.dumps(f"/hostile/{name}")
            await page.evaluate(
                f"[...document.querySelectorAll('#nodes li')].find(e => e.dataset.path === {where})"
                ".querySelector('.row').click()"
            )
            await until(page, f"path.textContent.replace('\\\\u{{202e}}', '\\u202e') === {where}")
            assert await page.evaluate("data.textContent") == SCRIPT
        assert (
            await page.evaluate("document.querySelectorAll('img, script:not([src])').length") == 0
        )
        # The answer of a proxied member, the text of an error: the same way.
        await page.evaluate(f"location.hash = '#tree:/' + encodeURIComponent({json.dumps(SCRIPT)})")
        await until(page, "!problem.hidden && problem.textContent.includes('onerror')")

    visit(site.url(3, "#tree:/hostile"), look, complaints=1)


def test_inline_scripts_and_markup_are_forbidden(site: Site) -> None:
    async def look(page: Page) -> None:
        for attempt in (
            "document.body.innerHTML = '<b>x</b>'",
            "document.body.insertAdjacentHTML('beforeend', '<b>x</b>')",
            "document.body.setAttribute('onclick', 'x()')",
        ):
            said = await page.evaluate(
                f"(() => {{ try {{ {attempt}; return '' }} catch (e) {{ return String(e) }} }})()"
            )
            assert "rusted" in said, (attempt, said)
        await page.evaluate(
            "(() => { const s = document.createElement('script');"
            "s.append('document.title = 1'); document.body.append(s); })()"
        )
        assert await page.evaluate("document.title") == "SpecKeeper"

    async def session() -> None:
        assert CHROMIUM is not None
        async with browser(CHROMIUM) as page:
            await page.visit(site.url(1))
            await look(page)

    asyncio.run(session())


def test_bytes_are_shown_as_bytes_and_what_may_not_be_read_is_not(site: Site) -> None:
    async def look(page: Page) -> None:
        await until(page, "path.textContent === '/bytes'")
        assert (await page.evaluate("data.textContent")).startswith("000000  00 01 02 03")
        await page.evaluate("location.hash = '#tree:/secret'")
        await until(page, "problem.textContent === 'you may not read /secret'")

    visit(site.url(1, "#tree:/bytes"), look, complaints=1)


def test_whoever_the_acl_names_may_edit(site: Site) -> None:
    async def look(page: Page) -> None:
        await until(page, "path.textContent === '/anna'")
        assert await page.evaluate("node.innerText.includes('Read-only: nobody has signed in')")
        assert (
            await page.evaluate("document.querySelectorAll('#set, #create, #delete').length") == 0
        )
        await sign_in(page, "anna", "wrong")
        await until(page, "node.innerText.includes('You may not change this node')")
        await sign_in(page, "anna", "pass wörd")
        await until(page, "document.getElementById('set')")
        assert await page.evaluate("document.getElementById('delete')") is None  # the root's ACL
        value = json.dumps("neu, größer\n")
        await page.evaluate(f"document.getElementById('new-data').value = {value}")
        await picture(page, "page-edit.png")
        await page.evaluate("document.getElementById('set').requestSubmit()")
        await until(page, "data.textContent.includes('größer')")
        await page.evaluate(
            "document.getElementById('new-name').value = 'kind';"
            "document.getElementById('create').requestSubmit()"
        )
        await until(page, "document.querySelector('[data-path=\"/anna/kind\"]')")
        await page.evaluate("location.hash = '#tree:/anna/kind'")
        await until(page, "path.textContent === '/anna/kind' && document.getElementById('delete')")
        await page.evaluate("document.getElementById('delete').click()")
        assert await page.evaluate("document.activeElement.id") == "delete-sure"
        await page.evaluate("document.getElementById('delete-sure').click()")
        await until(page, "path.textContent === '/anna'")
        assert await page.evaluate("document.querySelector('[data-path=\"/anna/kind\"]')") is None
        await page.evaluate("document.getElementById('sign-out').click()")
        await until(page, "node.innerText.includes('Read-only')")

    visit(site.url(1, "#tree:/anna"), look)
    client = KazooClient(site.hosts, timeout=20)
    client.start(timeout=PATIENCE_S)
    try:
        data, stat = client.get("/anna")
        assert (data.decode(), stat.version, stat.numChildren) == ("neu, größer\n", 1, 0)
    finally:
        client.stop()
        client.close()


def test_state_of_a_followed_trace(site: Site) -> None:
    async def look(page: Page) -> None:
        await until(page, "state.innerText.includes('no such file')")
        told = {"verdict": "conforms", "events": 48213, "action": SCRIPT}
        site.conformance.write_text(json.dumps(told))
        await until(page, "document.querySelector('#verdict.good')")
        assert "48,213" in await page.evaluate("state.innerText")
        assert SCRIPT in await page.evaluate("state.innerText")
        site.conformance.write_text(json.dumps({**told, "verdict": "violation"}))
        await until(page, "document.querySelector('#verdict.bad')")
        good = {"verdict": "conforms so far", "events": 48213, "events_behind": 12, "rejudged": 0}
        site.conformance.write_text(json.dumps(good))
        await until(page, "document.querySelector('#verdict.good')")
        assert await page.evaluate("own.textContent") == "server 1"
        await picture(page, "page-conformance.png")
        site.conformance.unlink()

    visit(site.url(1, "#conformance"), look)


def test_a_member_that_is_gone_is_named(site: Site) -> None:
    """The last test: it ends a member, and the command starts it again."""
    url = site.url(2, "api/ensemble")

    def servers() -> list[dict[str, object]]:
        with urllib.request.urlopen(url, timeout=PATIENCE_S) as answer:
            found = json.load(answer)["servers"]
        assert isinstance(found, list)
        return found

    before = servers()
    assert [each["error"] for each in before] == [None] * 3
    listing = subprocess.run(
        ["pgrep", "-f", f"{site.conformance.parent}/e/1/zoo.cfg"], capture_output=True, check=True
    )
    os.kill(int(listing.stdout.split()[0]), signal.SIGKILL)
    deadline = time.monotonic() + PATIENCE_S
    while (error := servers()[0]["error"]) is None:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert "connection refused" in str(error)
    while servers()[0]["role"] not in ("follower", "leader"):
        assert time.monotonic() < deadline + PATIENCE_S
        time.sleep(0.2)
