"""Reading what TLC prints, and the command line's exit codes; TLC itself runs where it is there."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from speccheck.cli import app
from speccheck.tlc import TlcMissing, find_jar, find_java, parse_output

PRINTED = """\
@!@!@STARTMSG 2262:0 @!@!@
TLC2 Version 2.15
@!@!@ENDMSG 2262 @!@!@
@!@!@STARTMSG 2110:1 @!@!@
Invariant Small is violated.
@!@!@ENDMSG 2110 @!@!@
@!@!@STARTMSG 2217:4 @!@!@
1: <Initial predicate>
/\\ n = 0

@!@!@ENDMSG 2217 @!@!@
@!@!@STARTMSG 2199:0 @!@!@
1,073 states generated, 14 distinct states found, 1 states left on queue.
@!@!@ENDMSG 2199 @!@!@
@!@!@STARTMSG 2194:0 @!@!@
The depth of the complete state graph search is 7.
@!@!@ENDMSG 2194 @!@!@
"""

COUNTER = """---- MODULE Counter ----
EXTENDS Naturals
VARIABLE n
Init == n = 0
Next == n' = (n + 1) % 5
Small == n < 3
====
"""


def test_output_is_parsed() -> None:
    result = parse_output(PRINTED)
    assert (result.verdict, result.violated) == ("invariant", "Small")
    assert (result.generated, result.distinct, result.depth) == (1073, 14, 7)
    assert result.trace == ["1: <Initial predicate>\n/\\ n = 0\n"]
    assert parse_output("").verdict == "error"


@pytest.fixture
def counter(tmp_path: Path) -> Path:
    spec = tmp_path / "Counter.tla"
    spec.write_text(COUNTER)
    (tmp_path / "Counter.cfg").write_text("INIT Init NEXT Next")
    (tmp_path / "Broken.cfg").write_text("INIT Init NEXT Next INVARIANT Small")
    return spec


def test_exit_codes(counter: Path) -> None:
    runner = CliRunner()
    good = runner.invoke(app, ["check", str(counter)])
    assert (good.exit_code, good.output.splitlines()[0]) == (0, "No error found")
    broken = str(counter.with_name("Broken.cfg"))
    bad = runner.invoke(app, ["check", str(counter), "--config", broken])
    assert bad.exit_code == 1
    assert "    n = 3" in bad.output
    missing = runner.invoke(app, ["check", str(counter.with_name("None.tla"))])
    assert missing.exit_code == 2
    as_json = runner.invoke(app, ["check", str(counter), "--json"])
    assert '"distinct": 5' in as_json.output


def test_both_engines_agree(counter: Path) -> None:
    try:
        find_jar(), find_java()
    except TlcMissing as missing:
        pytest.skip(str(missing))
    result = CliRunner().invoke(app, ["check", str(counter), "--engine", "both"])
    assert result.exit_code == 0, result.output
    assert "TLC: success , 6 states generated, 5 distinct, depth 5" in result.output


def test_a_named_jar_must_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TLA2TOOLS_JAR", "/nowhere/tla2tools.jar")
    with pytest.raises(TlcMissing, match="is no file"):
        find_jar()


def test_tlc_finds_modules_in_other_folders(tmp_path: Path) -> None:
    try:
        find_jar()
        find_java()
    except TlcMissing as missing:
        pytest.skip(str(missing))
    folder = tmp_path / "below"
    folder.mkdir()
    (tmp_path / "Counter.tla").write_text(COUNTER)
    spec = folder / "Model.tla"
    spec.write_text("---- MODULE Model ----\nEXTENDS Counter\n====\n")
    spec.with_suffix(".cfg").write_text("INIT Init NEXT Next")
    command = ["check", str(spec), "--engine", "both", "--library", str(tmp_path)]
    assert CliRunner().invoke(app, command).exit_code == 0
