"""``pytest --conformance``: what it judges, what fails, and what it says of the rest."""

import os
import re
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).parents[2]
CASES = Path(__file__).with_name("plugin_cases.py")


def run(*options: str) -> tuple[int, str]:
    """Run the cases by a pytest of its own that has no plugins but those two (and xdist)."""
    plugins = ["speccheck.testing.plugin", "speckeeper.testing.plugin", "xdist.plugin"]
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", str(CASES), *options]
    command += [word for plugin in plugins for word in ("-p", plugin)]
    done = subprocess.run(
        [*command, "-c", os.devnull, "--rootdir", str(CASES.parent), "-v", "-rA"],
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
        cwd=ROOT,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": ""},
    )
    return done.returncode, done.stdout + done.stderr


def outcomes(text: str) -> dict[str, set[str]]:
    """Return what pytest's summary says of each case."""
    found: dict[str, set[str]] = {}
    for outcome, name in re.findall(r"^(PASSED|FAILED|ERROR) \S*::test_(\w+)", text, re.M):
        found.setdefault(name, set()).add(outcome)
    return found


def test_plugins_are_declared() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    plugins = project["entry-points"]["pytest11"]
    assert set(plugins) == {"speccheck", "speckeeper"}
    for name in plugins.values():
        import_module(name)


def test_divergences_fail_tests(tmp_path: Path) -> None:
    code, text = run("--conformance", "--conformance-dir", str(tmp_path / "kept"), "-n", "2")
    assert code == 1, text
    assert outcomes(text) == {
        "good": {"PASSED"},
        "lie": {"FAILED"},
        "lie_that_is_not_judged": {"PASSED"},
        "fails_and_lies": {"FAILED"},
        "bad_trace": {"FAILED"},
        "unusable_trace": {"PASSED"},
        "nothing": {"PASSED"},
        "ensemble_loses_its_leader": {"PASSED"},
        "ensemble_goes_on": {"PASSED"},
        "with_a_wide_fixture_that_is_wrong": {"PASSED", "ERROR"},
    }, text
    # The verdicts are told whole: what was asked, what should have been answered, the conjunct.
    assert re.search(r"diverges: \S+:\d+: getData: the answer is wrong in data", text)
    assert text.count("getData: the answer is wrong in data") >= 2
    assert "for a reason of its own" in text
    assert "Append(@, TxnOf(msgs[j][i][1]))" in text
    assert "4 divergences" in text
    assert "not judged: " in text
    assert "server-1.1.1.ndjson:1: a header" in text
    # The ensemble was judged, by its servers' traces and its clients' histories.
    events = re.search(r"(\d[\d,]*) events of servers and (\d[\d,]*) replies", text)
    assert events is not None, text
    assert int(events[1].replace(",", "")) > 2 * 39 + 100
    kept = [str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.ndjson")]
    assert any("wide" in path and "traces/ensemble-" in path for path in kept), kept
    assert any("histories/" in path for path in kept), kept


def test_strict_fails_what_cannot_be_judged() -> None:
    code, text = run("--conformance", "--conformance-strict", "-k", "unusable or nothing")
    assert code == 1
    assert outcomes(text) == {"unusable_trace": {"FAILED"}, "nothing": {"PASSED"}}
    assert "this cannot be judged: " in text
    assert "nothing was recorded: this says nothing of conformance" in text


def test_without_the_option_nothing_is_recorded() -> None:
    code, text = run("-k", "lie and not fails and not judged")
    assert code == 0, text
    assert outcomes(text) == {"lie": {"PASSED"}}
    assert "= conformance =" not in text
