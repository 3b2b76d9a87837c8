"""Every example of docs/examples, run against a live ensemble of three: it prints what it says."""

from __future__ import annotations

import ast
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.ports import free_ports
from tests.unit.ops.live import COMMAND
from tests.unit.ops.test_ensemble import until, word

FOLDER = Path(__file__).parents[2] / "docs" / "examples"
EXAMPLES = sorted(path for path in FOLDER.glob("*.py"))

pytestmark = [pytest.mark.timeout(300), pytest.mark.xdist_group("examples")]


@pytest.fixture(scope="module")
def hosts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The connect string of an ensemble."""
    folder = tmp_path_factory.mktemp("ensemble")
    port = free_ports(9)
    command = [*COMMAND, "ensemble", "-n", "3", "--dir", str(folder), "--client-port", str(port)]
    with (folder / "out").open("wb") as out:
        ensemble = subprocess.Popen(command, stdout=out, stderr=out)
    try:
        ports = range(port, port + 3)
        until(lambda: all("Mode" in word(p, "srvr") for p in ports), "no ensemble")
        yield ",".join(f"127.0.0.1:{p}" for p in ports)
    finally:
        ensemble.terminate()
        ensemble.wait(30)


def promised(path: Path) -> str:
    """What the docstring says that the example prints."""
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return textwrap.dedent(text.partition("Prints:\n")[2]).strip()


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_prints_what_it_says(path: Path, hosts: str) -> None:
    done = subprocess.run(
        [sys.executable, str(path), hosts], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.stdout.strip() == promised(path), done.stdout + done.stderr
    assert done.returncode == 0


def test_every_example_is_under_a_page_and_in_the_table() -> None:
    table = (FOLDER / "README.md").read_text(encoding="utf-8")
    for path in EXAMPLES:
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 84, path.name
        assert f"({path.name})" in table, path.name
