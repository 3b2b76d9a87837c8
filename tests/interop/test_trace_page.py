"""The HTML page of a diverging trace in a real browser: `speccheck trace --format html`.

The screenshot that the first test takes is left in pytest's folder of the test.
"""

import asyncio
import json
import struct
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from tests.interop.browser import Page, browser, find_chromium
from typer.testing import CliRunner

from speccheck.cli import app

ROOT = Path(__file__).parents[2]
BAD = ROOT / "traces" / "bad" / "another-value"
CHROMIUM = find_chromium()
pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="there is no Chromium; .ci/install-interop installs it"
)
SVG = "document.querySelector('svg.spacetime')"


def write_page(traces: Path, page: Path) -> Path:
    """Judge traces that must diverge and write the page."""
    arguments = ["trace", str(traces), "--format", "html", "--out", str(page)]
    arguments += ["--spec", str(ROOT / "spec" / "Zab.tla")]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 1, result.output
    return page


def visit(path: Path, look: Callable[[Page], Awaitable[None]]) -> None:
    """Open a page and look at it; it must not complain of anything."""

    async def session() -> None:
        assert CHROMIUM is not None
        async with browser(CHROMIUM) as page:
            # No request may leave the page: it is one self-contained file.
            await page.call("Network.enable")
            await page.open(path)
            await look(page)
            asked = {
                event["params"]["request"]["url"].partition("#")[0]
                for event in page.events
                if event["method"] == "Network.requestWillBeSent"
            }
            assert asked == {path.as_uri()}
            assert page.complaints() == []

    asyncio.run(session())


def is_blank(png: bytes) -> bool:
    """Tell whether a picture has hardly anything on it: then its rows pack to next to nothing."""
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", png[16:24])
    assert (width, height) > (400, 400)
    return len(png) < 20_000


def test_page_shows_how_it_came_to_the_divergence(tmp_path: Path) -> None:
    expected = json.loads((BAD / "verdict.json").read_text())

    async def look(page: Page) -> None:
        heading = await page.evaluate("document.querySelector('h1').textContent")
        assert "diverges" in heading
        assert expected["event"].replace(".ndjson", ".ndjson.zst") in heading
        text = await page.evaluate("document.querySelector('pre').textContent")
        assert expected["conjunct"] in text
        assert expected["differs"][0] in text

        # The diagram is seen, with a lane for each server and an event for each row.
        box = f"{SVG}.getBoundingClientRect()"
        assert await page.evaluate(f"{box}.width") > 300
        assert await page.evaluate(f"{box}.height") > 300
        rows = await page.evaluate("document.querySelectorAll('tr[data-step]').length")
        assert rows > 5
        events = f"{SVG}.querySelectorAll('a.step').length"
        assert await page.evaluate(events) == rows
        lanes = f"[...{SVG}.querySelectorAll('.lane-name')].map((e) => e.textContent).join()"
        assert await page.evaluate(lanes) == "1,2,3"
        # Every message that was sent within the past and read there is an arrow: here a
        # synchronization of ten messages, which one event has sent.
        assert await page.evaluate(f"{SVG}.querySelectorAll('.message').length") > 10

        await page.evaluate(f"{SVG}.scrollIntoView()")
        await page.screenshot(tmp_path / "page.png")

        # The last event is the one that diverges, in the table as in the diagram.
        await page.press("End")
        chosen = "[...document.querySelectorAll('.chosen')].map((e) => e.dataset.step).join()"
        assert await page.evaluate(chosen) == f"{rows},{rows}"
        assert expected["action"] in await page.evaluate(
            "document.querySelector('tr.chosen').textContent"
        )
        await page.press("o")
        assert await page.evaluate("document.querySelector('tr.chosen details').open") is True

    visit(write_page(BAD, tmp_path / "page.html"), look)
    assert not is_blank((tmp_path / "page.png").read_bytes())


def test_text_of_a_trace_is_never_run(tmp_path: Path) -> None:
    text = "<img src=x onerror=alert(1)></script><script>alert(2)</script>"
    header: dict[str, Any] = {"trace": 1, "spec": "Zab", "run": 1, "part": 1, "first": 1}
    header["config"] = {
        "groups": {"#set": [{"#set": [1, 2, 3]}]},
        "weight": {"#map": [[1, 1], [2, 1], [3, 1]]},
    }
    header["constants"] = {"NullPoint": -1, "Value": {"#operator": "Nat"}}
    header["untold"] = ["msgs", "epochLeader", "proposalMsgsLog", "committed"]
    start = {
        "status": "ONLINE",
        "acceptedEpoch": 0,
        "currentEpoch": 0,
        "history": {"#last": None},
    }
    for server in (1, 2, 3):
        events = [{"n": 1, "t": 1, "action": "NodeStart", "args": [server], "vars": start}]
        if server == 3:
            changed = {"state": text, "leader": text}
            wrong = {"n": 2, "t": 2, "action": "ZabTurnToFollowing", "args": [3, 1]}
            events.append({**wrong, "vars": changed})
        lines = [{**header, "server": server}, *events]
        path = tmp_path / f"server-{server}.1.1.ndjson"
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))

    async def look(page: Page) -> None:
        assert await page.evaluate("document.scripts.length") == 1
        assert await page.evaluate("document.images.length") == 0
        assert "onerror=alert(1)" in await page.evaluate("document.body.textContent")

    visit(write_page(tmp_path, tmp_path / "page.html"), look)
