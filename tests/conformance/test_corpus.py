"""The corpus in traces/ gives its expected verdicts, and every line fits the schema's keys."""

import json
from pathlib import Path

import pytest
from tests.conformance.conftest import ROOT, verdict_on
from tests.conformance.corpus import BUGS, EDITS, GOOD, TRACES, expected

from speccheck.conform.reading import read_tracks

MOST_BYTES = 20_000_000


@pytest.mark.parametrize("name", GOOD)
def test_good_traces_conform(name: str) -> None:
    verdict = verdict_on(TRACES / "good" / name)
    assert verdict.conforms
    assert verdict.checked == verdict.events


def test_a_trace_of_processes_on_sockets_conforms() -> None:
    verdict = verdict_on(TRACES / "recorded" / "leader-killed")
    assert verdict.conforms
    assert verdict.checked == verdict.events > 140


@pytest.mark.parametrize("name", [*BUGS, *EDITS])
def test_bad_traces_are_found_out_for_the_right_reason(name: str) -> None:
    folder = TRACES / "bad" / name
    wanted = json.loads((folder / "verdict.json").read_text())
    del wanted["why"]
    assert expected(verdict_on(folder)) == wanted


def test_the_good_ones_together_have_every_action() -> None:
    taken: dict[str, int] = {}
    for name in GOOD:
        verdict = verdict_on(TRACES / "good" / name)
        for action in verdict.actions:
            taken[action] = taken.get(action, 0) + verdict.taken[action]
    assert [action for action, count in taken.items() if not count] == []


def test_the_corpus_is_small_enough_for_git() -> None:
    sizes = [path.stat().st_size for path in TRACES.rglob("*") if path.is_file()]
    assert sum(sizes) < MOST_BYTES


def test_lines_have_the_keys_of_the_schema() -> None:
    schema = json.loads((ROOT / "traces" / "schema.json").read_text())["$defs"]
    variables = {line.split("`")[1] for line in _table() if "`" in line}
    (track, *_) = read_tracks([TRACES / "good" / "crashes-and-ambushes"])
    known = set(schema["event"]["properties"])
    for event in track.events():
        told = {key for key in known if getattr(event, key, None)}
        assert set(schema["event"]["required"]) <= told
        assert set(event.vars) <= variables


def _table() -> list[str]:
    """Return the rows about variables in traces/README.md."""
    text = Path(TRACES, "README.md").read_text()
    section = text.partition("## What of the server is told")[2].partition("##")[0]
    rows = [line for line in section.splitlines() if line.startswith("| `")]
    return [f"| `{name.strip(' `')}`" for row in rows for name in row.split("|")[1].split(",")]
