"""The HTML page of a counterexample in a real browser: it shows, it obeys the keys, it runs nothing
that a specification says; and the graphs in Graphviz.
"""

import asyncio
import shutil
import subprocess
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from tests.interop.browser import Page, browser, find_chromium
from tests.unit.checker.report.runs import Run, run
from tests.unit.checker.report.test_exports import HOSTILE

from speccheck.explore.exercise.findings import Exercise
from speccheck.report.dot import write_dot
from speccheck.report.html import write_html
from speccheck.report.messages import diagram_of

CHROMIUM = find_chromium()
needs_chromium = pytest.mark.skipif(
    CHROMIUM is None, reason="there is no Chromium; .ci/install-interop installs it"
)


def write_page(found: Run, folder: Path) -> Path:
    """Write the page of a run and return its path."""
    described = ["inbox[to]"] if "inbox" in found.model.variables else []
    diagram = diagram_of(found.trace, described)
    path = folder / "page.html"
    path.write_text(write_html(found.model, found.result, found.trace, Exercise(), diagram))
    return path


def visit(path: Path, look: Callable[[Page], Awaitable[None]]) -> None:
    """Open a page and look at it."""

    async def session() -> None:
        assert CHROMIUM is not None
        async with browser(CHROMIUM) as page:
            await page.open(path)
            await look(page)
            assert page.complaints() == []

    asyncio.run(session())


@needs_chromium
def test_page_is_shown_and_obeys_the_keys(tmp_path: Path) -> None:
    async def look(page: Page) -> None:
        chosen = "[...document.querySelectorAll('.chosen')].map((e) => e.dataset.step).join()"
        assert await page.evaluate("document.querySelectorAll('tr[data-step]').length") == 5
        assert await page.evaluate("document.querySelectorAll('svg .message').length") == 2
        assert await page.evaluate(chosen) == ""
        for key, step in (("j", 1), ("ArrowDown", 2), ("j", 3), ("k", 2), ("End", 5), ("j", 5)):
            await page.press(key)
            # The row of the table and the event of the diagram go together.
            assert await page.evaluate(chosen) == f"{step},{step}", key
        await page.press("o")
        opened = "document.querySelector('tr.chosen details').open"
        assert await page.evaluate(opened) is True
        await page.evaluate(
            "document.querySelector('svg a[data-step=\"3\"]').dispatchEvent("
            "new MouseEvent('click', {bubbles: true}))"
        )
        assert await page.evaluate(chosen) == "3,3"
        # Every event can be come to with the tab key.
        assert await page.evaluate("document.querySelectorAll('svg a[href]').length") == 5

    visit(write_page(run(tmp_path), tmp_path), look)


@needs_chromium
def test_page_has_a_light_and_a_dark_look(tmp_path: Path) -> None:
    async def look(page: Page) -> None:
        colours = []
        for scheme in ("light", "dark"):
            features = [{"name": "prefers-color-scheme", "value": scheme}]
            await page.call("Emulation.setEmulatedMedia", features=features)
            body = "getComputedStyle(document.body)"
            text = "getComputedStyle(document.querySelector('svg .label')).fill"
            colours.append(
                (await page.evaluate(f"{body}.backgroundColor"), await page.evaluate(text))
            )
        assert colours == [
            ("rgb(255, 255, 255)", "rgb(28, 32, 36)"),
            ("rgb(21, 24, 28)", "rgb(228, 231, 234)"),
        ]

    visit(write_page(run(tmp_path), tmp_path), look)


@needs_chromium
def test_text_of_a_specification_is_never_run(tmp_path: Path) -> None:
    async def look(page: Page) -> None:
        assert await page.evaluate("document.scripts.length") == 1
        assert await page.evaluate("document.images.length") == 0
        text = "document.querySelector('svg .lane-name').textContent"
        names = "[...document.querySelectorAll('svg .lane-name')].map((e) => e.textContent)"
        assert '"<img src=x onerror=alert(2)>"' in await page.evaluate(names)
        assert await page.evaluate(text)

    found = run(tmp_path, HOSTILE, "INIT Init NEXT Next INVARIANT Inv")
    visit(write_page(found, tmp_path), look)


@pytest.mark.skipif(
    shutil.which("dot") is None, reason="there is no Graphviz; .ci/install-interop installs it"
)
def test_graphviz_draws_the_graph(tmp_path: Path) -> None:
    for body, config in (
        (None, None),
        (HOSTILE.replace("n < 3", "n < 1"), "INIT Init NEXT Next INVARIANT Inv"),
    ):
        found = run(tmp_path) if body is None or config is None else run(tmp_path, body, config)
        text = write_dot(found.model, found.search.reached, found.trace)
        done = subprocess.run(
            ["dot", "-Tsvg"], input=text, capture_output=True, text=True, timeout=60, check=False
        )
        assert (done.returncode, done.stderr) == (0, "")
        nodes = len({*found.search.reached, *(step.state for step in found.trace.steps)})
        assert done.stdout.count('class="node"') == nodes
