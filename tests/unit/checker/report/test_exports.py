"""Files that a run writes: HTML safe against any text, DOT for Graphviz, and the commands."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from tests.unit.checker.report.runs import PING, PING_CONFIG, Run, run
from typer.testing import CliRunner

from speccheck.cli import app
from speccheck.explore.exercise.findings import Exercise
from speccheck.explore.search import Search
from speccheck.report.dot import DotError, write_dot
from speccheck.report.html import write_html
from speccheck.report.itf import read_itf
from speccheck.report.messages import diagram_of

HOSTILE = r"""
EXTENDS Naturals, Sequences
VARIABLES inbox, n
Bad == {"</script><script>alert(1)</script>", "<img src=x onerror=alert(2)>", "' onload='x", "a&b"}
Init == inbox = [s \in Bad |-> <<>>] /\ n = 0
Tell(a, b) == n < 3 /\ n' = n + 1 /\ inbox' = [inbox EXCEPT ![b] = Append(@, a)]
Next == \E a, b \in Bad : Tell(a, b)
Inv == n < 3
"""


class Tags(HTMLParser):
    """Collects elements, and attributes that could run something or reach outside."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.suspicious: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            if name.startswith("on") or name in {"src", "style"}:
                self.suspicious.append(name)
            if name == "href" and not (value or "").startswith("#"):
                self.suspicious.append(f"{name}={value}")


def page_of(found: Run) -> str:
    """Return the HTML page of a run."""
    diagram = diagram_of(found.trace, ["inbox[to]"] if "inbox" in found.model.variables else [])
    return write_html(found.model, found.result, found.trace, Exercise(), diagram)


def test_page_shows_trace_and_diagram(tmp_path: Path) -> None:
    page = page_of(run(tmp_path))
    tags = Tags(page)
    assert tags.tags.count("svg") == 1
    assert len(re.findall(r'<tr id="step-\d+"', page)) == 5
    assert page.count('<g class="message received">') == 2
    assert "epoch[s1] = 2 (was 0)" in page
    assert "http://" not in page.replace("http://www.w3.org/2000/svg", "")
    assert "https://" not in page


def test_page_is_safe_against_hostile_text(tmp_path: Path) -> None:
    page = page_of(run(tmp_path, HOSTILE, "INIT Init NEXT Next INVARIANT Inv"))
    tags = Tags(page)
    assert tags.tags.count("script") == 1
    assert "img" not in tags.tags
    assert tags.suspicious == []
    assert "&lt;img src=x onerror=alert(2)&gt;" in page
    assert "default-src 'none'; style-src 'sha256-" in page


def test_graph_highlights_the_counterexample(tmp_path: Path) -> None:
    found = run(tmp_path)
    text = write_dot(found.model, found.search.reached, found.trace)
    lines = text.splitlines()
    assert lines[0] == 'digraph "M" {'
    nodes = [line for line in lines if re.match(r"  s\d+ \[", line)]
    assert len(nodes) == len({*found.search.reached, *(s.state for s in found.trace.steps)})
    assert sum("color=red" in line for line in nodes) == 5
    assert sum("->" in line and "fontcolor=red" in line for line in lines) == 4
    assert sum("style=bold" in line for line in nodes) == 1
    assert '\\"PING\\"' in text


def test_graph_has_a_limit(tmp_path: Path) -> None:
    found = run(tmp_path)
    with pytest.raises(DotError, match="a graph of 6,000 states cannot be read"):
        write_dot(found.model, [()] * 6000, found.trace)


def command(folder: Path, *arguments: str, config: str = PING_CONFIG) -> tuple[int, str]:
    """Run ``speccheck check`` and return exit code and output."""
    body = PING + "Never == \\A i \\in Server : epoch[i] > 5 => epoch[i] = 9\n"
    (folder / "M.tla").write_text(f"---- MODULE M ----\n{body}\n====\n")
    (folder / "M.cfg").write_text(config)
    result = CliRunner().invoke(app, ["check", str(folder / "M.tla"), *arguments])
    return result.exit_code, result.output


def test_exit_codes(tmp_path: Path) -> None:
    never = PING_CONFIG.replace("Low", "Never") + " CHECK_DEADLOCK FALSE"
    assert command(tmp_path)[0] == 1
    assert command(tmp_path, config=never)[0] == 0
    code, output = command(tmp_path, "--strict", config=never)
    assert code == 3
    assert "Vacuous: Never, the antecedent was never true at " in output
    expected = f"{never}\n\\* @vacuous Never epochs stay small here\n"
    assert command(tmp_path, "--strict", config=expected)[0] == 0
    assert command(tmp_path, config=PING_CONFIG.replace("Low", "Missing"))[0] == 2


def test_files_are_written(tmp_path: Path) -> None:
    names = ["itf", "dot", "html"]
    options = [part for name in names for part in (f"--{name}", str(tmp_path / f"x.{name}"))]
    code, output = command(tmp_path, "--json", *options)
    assert code == 1
    assert json.loads(output[: output.rindex("}") + 1])["violated"] == "Low"
    assert len(read_itf((tmp_path / "x.itf").read_text()).states) == 5
    assert (tmp_path / "x.dot").read_text().startswith("digraph")
    assert (tmp_path / "x.html").read_text().startswith("<!DOCTYPE html>")


@pytest.mark.parametrize("broken", ["Broken == log = Len(5)", "Broken == Init /\\ log = Len(5)"])
def test_graph_of_a_run_without_initial_states(tmp_path: Path, broken: str) -> None:
    (tmp_path / "M.tla").write_text(f"---- MODULE M ----\n{PING}{broken}\n====\n")
    (tmp_path / "M.cfg").write_text("INIT Broken NEXT Next CONSTANT Server = {s1, s2}")
    path = tmp_path / "x.dot"
    result = CliRunner().invoke(app, ["check", str(tmp_path / "M.tla"), "--dot", str(path)])
    assert result.exit_code == 2, result.output
    assert "Traceback" not in result.output
    assert path.read_text().startswith("digraph")


def test_what_cannot_be_written_is_said(tmp_path: Path) -> None:
    code, output = command(tmp_path, "--html", str(tmp_path / "none" / "x.html"))
    assert code == 2
    assert "cannot be written: No such file or directory" in output.replace("\n", "")
    code, output = command(tmp_path, "--channel", "msgs[")
    assert code == 2
    assert "'msgs[' describes no channel" in output


def test_interrupted_run_says_what_it_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expand, calls = Search._expand, iter(range(100))

    def interrupted(search: Search, index: int) -> None:
        if next(calls) == 5:
            raise KeyboardInterrupt
        expand(search, index)

    monkeypatch.setattr(Search, "_expand", interrupted)
    code, output = command(tmp_path)
    assert code == 130
    assert output.startswith("Interrupted; no error so far\n15 states generated, 13 distinct, ")
    assert "Send(i, j)" in output
