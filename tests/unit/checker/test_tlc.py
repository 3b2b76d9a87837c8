"""Reading what TLC prints, and the command line's exit codes; TLC itself runs where it is there."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.interop import random_specs
from tests.interop.random_specs import Maker, differences
from typer.testing import CliRunner

from speccheck.cli import app
from speccheck.evaluate.show import show
from speccheck.report.itf import read_itf
from speccheck.tla.standard_names import STANDARD_NAMES
from speccheck.tlc import TlcMissing, TlcResult, find_jar, find_java, parse_output, run_tlc
from speccheck.tlc.config_text import for_old_tlc, with_negative_numbers, without_comments
from speccheck.tlc.values import UnreadableValue, parse_value

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


@pytest.mark.parametrize(
    "text",
    [
        "-3",
        "TRUE",
        "{}",
        "{1, 2, 3}",
        "<<>>",
        '<<1, "a b">>',
        "[a |-> {n1, n2}, b |-> <<[x |-> FALSE]>>]",
        '(1 :> "s\\"q" @@ 3 :> TRUE)',
        "(n1 :> (n2 :> {<<n1, n2>>}))",
    ],
)
def test_values_are_read_as_they_are_shown(text: str) -> None:
    assert show(parse_value(text)) == text


def test_an_interval_is_a_set_of_numbers() -> None:
    assert parse_value("{1..3, 5..4}") == frozenset([frozenset([1, 2, 3]), frozenset()])


@pytest.mark.parametrize("text", ["", "{1", "<<1 2>>", "[a |-> ]", "1 2", "(1 :> 2 @@ )", "\x07"])
def test_what_is_no_value_is_refused(text: str) -> None:
    with pytest.raises(UnreadableValue):
        parse_value(text)


LASSO = """\
@!@!@STARTMSG 2116:1 @!@!@
Temporal properties were violated.

@!@!@ENDMSG 2116 @!@!@
@!@!@STARTMSG 2217:4 @!@!@
1: <Initial predicate>
/\\ m = {}
/\\ n = 0

@!@!@ENDMSG 2217 @!@!@
@!@!@STARTMSG 2217:4 @!@!@
2: <Send(a, 1) line 5, col 9 to line 5, col 121 of module U>
/\\ m = { <<1, 2>>,
  <<3, 4>> }
/\\ n = 1

@!@!@ENDMSG 2217 @!@!@
"""


def test_an_infinite_counterexample_is_read() -> None:
    back = "@!@!@STARTMSG 2122:4 @!@!@\n1: <Next line 5, col 9 of module U>\n@!@!@ENDMSG 2122 @!@!@"
    result = parse_output(LASSO + back)
    assert result.verdict == "liveness"
    assert [state.action for state in result.trace] == [None, "Send"]
    assert show(result.trace[1].values["m"]) == "{<<1, 2>>, <<3, 4>>}"
    assert result.loop == 0
    stays = "@!@!@STARTMSG 2218:4 @!@!@\n3: Stuttering\n@!@!@ENDMSG 2218 @!@!@"
    assert parse_output(LASSO + stays).loop == 1


def test_output_is_parsed() -> None:
    result = parse_output(PRINTED)
    assert (result.verdict, result.violated) == ("invariant", "Small")
    assert (result.generated, result.distinct, result.depth) == (1073, 14, 7)
    (state,) = result.trace
    assert (state.action, state.values) == (None, {"n": 0})
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
    assert "TLC: success, 6 states generated, 5 distinct, depth 5" in result.output


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("INIT Init (* a (* b *) c *)\nNEXT Next", "INIT Init  \nNEXT Next"),
        ("INIT(**)Init \\* (* one line\nNEXT Next", "INIT Init  \nNEXT Next"),
        ("(* \\* *) INIT Init", "  INIT Init"),
        ('CONSTANT a = "(* b" \\* "', 'CONSTANT a = "(* b"  '),
        ("INIT Init (* (* *)", "INIT Init (* (* *)"),
    ],
)
def test_comments_of_a_configuration_nest(text: str, plain: str) -> None:
    assert without_comments(text) == plain


def test_newer_keywords_are_taken_out_of_a_configuration() -> None:
    text = "INIT Init (* ALIAS No (* *) ALIAS No *) CHECK_DEADLOCK FALSE NEXT Next"
    plain, new = for_old_tlc(text)
    assert (plain.split(), new) == (["INIT", "Init", "NEXT", "Next"], {"CHECK_DEADLOCK": "FALSE"})


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


@pytest.fixture
def tlc() -> None:
    try:
        find_jar()
        find_java()
    except TlcMissing as missing:
        pytest.skip(str(missing))


@pytest.mark.usefixtures("tlc")
def test_a_counterexample_is_the_same_in_both_engines(counter: Path) -> None:
    """A configuration with keywords that TLC of 2020 does not know, on one line and in comments."""
    config = counter.with_name("New.cfg")
    config.write_text(
        "INIT Init NEXT Next CHECK_DEADLOCK FALSE \\* ALIAS Nothing\nINVARIANT Small\nALIAS Shown\n"
    )
    counter.write_text(COUNTER.replace("====", "Shown == [twice |-> 2 * n]\n===="))
    result = run_tlc(counter, config)
    assert (result.verdict, result.violated) == ("invariant", "Small"), result.output
    assert [state.values for state in result.trace] == [{"n": number} for number in range(4)]
    assert [state.action for state in result.trace] == [None, "Next", "Next", "Next"]
    command = ["check", str(counter), "--config", str(config), "--engine", "both"]
    both = CliRunner().invoke(app, command)
    assert both.exit_code == 1, both.output
    assert "differ" not in both.output


ORDER = """---- MODULE Order ----
EXTENDS Sequences, Helper, Reals
VARIABLES taken, left
Init == taken = <<>> /\\ left = {"%s"}
Next ==
    LET one == CHOOSE word \\in left : TRUE
    IN  taken' = Append(taken, one) /\\ left' = left \\ {one}
Rest == left # {}
====
"""
HELPER = """---- MODULE Helper ----
LOCAL INSTANCE Bags
LOCAL INSTANCE Deep
Late(v, zeta) == v = zeta
====
"""
DEEP = "---- MODULE Deep ----\nEXTENDS Randomization\nEarly(yps, b, m) == yps\n===="


@pytest.mark.usefixtures("tlc")
def test_strings_that_are_names_in_standard_modules_come_in_tlcs_order(tmp_path: Path) -> None:
    words = {name for module in STANDARD_NAMES.values() for name in module.names}
    words |= {"zeta", "yps", "none", "nothing", "Late", "taken"}
    spec = tmp_path / "Order.tla"
    spec.write_text(ORDER % '", "'.join(sorted(words, reverse=True)))
    (tmp_path / "Helper.tla").write_text(HELPER)
    (tmp_path / "Deep.tla").write_text(DEEP)
    spec.with_suffix(".cfg").write_text("INIT Init NEXT Next CHECK_DEADLOCK FALSE INVARIANT Rest")
    last = run_tlc(spec, spec.with_suffix(".cfg")).trace[-1]
    # In a process of its own: the order is that of all that was read before.
    program = "from speccheck.cli import main; main()"
    command = [sys.executable, "-c", program, "check", str(spec), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    taken = json.loads(done.stdout)["trace"][-1]["state"]["taken"]
    assert taken == show(last.values["taken"])


@pytest.mark.usefixtures("tlc")
def test_engines_that_differ_fail(counter: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def other(*_arguments: object, **_options: object) -> TlcResult:
        found = run_tlc(counter, counter.with_name("Broken.cfg"))
        found.trace.pop()
        return found

    monkeypatch.setattr("speccheck.commands.by_tlc.run_tlc", other)
    broken = ["--config", str(counter.with_name("Broken.cfg"))]
    result = CliRunner().invoke(app, ["check", str(counter), *broken, "--engine", "both"])
    assert result.exit_code == 2
    assert "differ: length of the counterexample 4 and 3" in result.output
    result = CliRunner().invoke(app, ["check", str(counter), "--engine", "both"])
    assert "differ: verdict success and invariant" in result.output


@pytest.mark.usefixtures("tlc")
def test_engines_that_read_different_texts_are_not_compared(
    counter: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def later(*arguments: Any, **options: Any) -> TlcResult:
        counter.write_text(counter.read_text().replace("n < 3", "n < 2"))
        return run_tlc(*arguments, **options)

    monkeypatch.setattr("speccheck.commands.by_tlc.run_tlc", later)
    assert "n < 3" in counter.read_text()
    result = CliRunner().invoke(app, ["check", str(counter), "--engine", "both"])
    assert result.exit_code == 2
    assert "Counter.tla changed while the engines ran on it" in result.output
    assert "TLC differ" not in result.output


@pytest.mark.usefixtures("tlc")
@pytest.mark.parametrize(
    ("config", "states"),
    [
        ("CONSTANT Nil = Nil\nSPECIFICATION Spec\nPROPERTY Whole", 5),
        # One that names the original in an instance replaces all but that.
        ("CONSTANT Limit <- Higher\nSPECIFICATION Spec\nPROPERTY Whole\nCONSTANT Nil = Nil", 6),
        ("CONSTANTS Limit = 2\n Nil = Nil\nSPECIFICATION Spec\nPROPERTY Whole", 4),
    ],
)
def test_definitions_are_replaced_in_instances_too(
    tmp_path: Path, config: str, states: int
) -> None:
    (tmp_path / "Base.tla").write_text(
        "---- MODULE Base ----\nEXTENDS Naturals\nVARIABLE n\nNil == CHOOSE v : v \\notin Nat\n"
        "Limit == 3\nInit == n = Nil\nNext == \\/ n = Nil /\\ n' = 0\n"
        "        \\/ n # Nil /\\ n < Limit /\\ n' = n + 1\n====\n"
    )
    module = tmp_path / "Top.tla"
    module.write_text(
        "---- MODULE Top ----\nEXTENDS Base\nI == INSTANCE Base\n"
        "Higher == LET J == INSTANCE Base IN J!Limit + 1\n"
        "Spec == Init /\\ [][Next]_n\nWhole == I!Init /\\ [][I!Next]_n\n====\n"
    )
    module.with_suffix(".cfg").write_text(f"{config}\nCHECK_DEADLOCK FALSE\n")
    result = CliRunner().invoke(app, ["check", str(module), "--engine", "both"])
    assert result.exit_code == 0, result.output
    assert f"{states} distinct" in result.output


@pytest.mark.usefixtures("tlc")
def test_a_formula_beyond_tlc_is_no_difference(tmp_path: Path) -> None:
    module = tmp_path / "Beyond.tla"
    module.write_text(
        "---- MODULE Beyond ----\nEXTENDS Naturals\nVARIABLE n\nInit == n = 0\n"
        "Next == n' = (n + 1) % 3\nSpec == Init /\\ [][Next]_n /\\ WF_n(Next)\n"
        "Often == [](n = 0 => <><<n' = 2>>_n)\n====\n"
    )
    module.with_suffix(".cfg").write_text("SPECIFICATION Spec PROPERTY Often")
    result = CliRunner().invoke(app, ["check", str(module), "--engine", "both"])
    assert "TLC differ" not in result.output, result.output
    assert "TLC cannot check a formula of this model" in result.output, result.output
    assert result.exit_code == 0


@pytest.mark.usefixtures("tlc")
@pytest.mark.parametrize(
    ("module", "step", "said"),
    [
        ("Json", 'n\' = 1 - n /\\ ToJson(n) # ""', "TLC lacks module Json"),
        ("Naturals", "(n' = n + 1) \\cdot (n' = 0)", "TLC cannot compose actions (\\cdot)"),
    ],
)
def test_what_tlc_lacks_is_no_difference(tmp_path: Path, module: str, step: str, said: str) -> None:
    """Speccheck's own verdict gives the exit code then."""
    spec = tmp_path / "Lacks.tla"
    spec.write_text(
        f"---- MODULE Lacks ----\nEXTENDS Naturals, {module}\nVARIABLE n\nInit == n = 0\n"
        f"Next == {step}\nBelow == n < 9\n====\n"
    )
    spec.with_suffix(".cfg").write_text("INIT Init NEXT Next INVARIANT Below")
    result = CliRunner().invoke(app, ["check", str(spec), "--engine", "both"])
    assert f"{said}: nothing to compare" in result.output, result.output
    assert result.exit_code == 0, result.output
    spec.write_text(spec.read_text().replace("n < 9", "n < 0"))
    result = CliRunner().invoke(app, ["check", str(spec), "--engine", "both"])
    assert result.exit_code == 1, result.output
    assert "differ" not in result.output, result.output


@pytest.mark.usefixtures("tlc")
def test_both_engines_refuse_to_compare_values_of_different_types(tmp_path: Path) -> None:
    module = tmp_path / "Unlike.tla"
    module.write_text(
        "---- MODULE Unlike ----\nVARIABLE n\nInit == n = 0\n"
        'Next == n\' = IF n = "a" THEN 1 ELSE 0\n====\n'
    )
    module.with_suffix(".cfg").write_text("INIT Init NEXT Next")
    result = CliRunner().invoke(app, ["check", str(module), "--engine", "both"])
    assert result.exit_code == 2
    assert 'Unlike.tla:4:17: 0 and "a" cannot be compared' in result.output, result.output
    assert "differ" not in result.output.replace("different", "")


@pytest.mark.usefixtures("tlc")
def test_tlc_is_ended_when_its_time_is_over(counter: Path) -> None:
    assert run_tlc(counter, counter.with_suffix(".cfg"), timeout_s=0.05).verdict == "timeout"


@pytest.mark.usefixtures("tlc")
def test_what_tlc_says_of_a_broken_module_is_shown(counter: Path) -> None:
    counter.write_text(COUNTER.replace("n + 1", "n + nothing"))
    result = CliRunner().invoke(app, ["check", str(counter), "--engine", "tlc"])
    assert result.exit_code == 2
    assert "nothing" in result.output


@pytest.mark.usefixtures("tlc")
@pytest.mark.parametrize("name", ["Community", "Counted", "Graphical", "Passed"])
def test_both_engines_know_the_community_modules(name: str) -> None:
    spec = Path(__file__).parent / "evaluate" / "specs" / f"{name}.tla"
    result = CliRunner().invoke(app, ["check", str(spec), "--engine", "both"])
    assert result.exit_code == 0, result.output


@pytest.mark.usefixtures("tlc")
def test_tlc_reads_modules_with_proofs(counter: Path) -> None:
    proof = "THEOREM Small BY PTL, SMTT(10), FS_EmptySet, NatInduction DEF Init\n===="
    text = COUNTER.replace("EXTENDS Naturals", "EXTENDS Naturals, TLAPS, FiniteSetTheorems")
    text = text.replace("VARIABLE n", "INSTANCE WellFoundedInduction\nVARIABLE n")
    counter.write_text(text.removesuffix("====\n") + proof)
    result = CliRunner().invoke(app, ["check", str(counter), "--engine", "tlc"])
    assert result.exit_code == 0, result.output


POSTCONDITIONS = """Five == TLCGet("stats").distinct = 5 /\\ TLCGet("diameter") = 5
Six == TLCGet("distinct") = 6
Seven == TLCGet(7) = 0
"""


@pytest.mark.usefixtures("tlc")
@pytest.mark.parametrize(
    ("name", "code", "said"),
    [
        ("Five", 0, "TLC: success"),
        ("Six", 1, "TLC: success"),
        ("Seven", 0, "POSTCONDITION is not checked after TLC: "),
    ],
)
def test_a_postcondition_is_evaluated_on_tlcs_numbers(
    counter: Path, name: str, code: int, said: str
) -> None:
    text = COUNTER.replace("Naturals", "Naturals, TLC")
    counter.write_text(text.replace("====", f"{POSTCONDITIONS}===="))
    config = counter.with_suffix(".cfg")
    config.write_text(f"INIT Init NEXT Next POSTCONDITION {name}")
    result = CliRunner().invoke(app, ["check", str(counter), "--engine", "tlc"])
    assert result.exit_code == code, result.output
    if name != "Six":
        assert said in result.output
    else:
        assert "TLC: property POSTCONDITION Six" in result.output


@pytest.mark.usefixtures("tlc")
def test_levels_in_invariants_are_said_to_differ(counter: Path) -> None:
    """TLC 2.15 takes the level of the state before; today's TLC takes that of the state."""
    text = COUNTER.replace("Naturals", "Naturals, TLC")
    counter.write_text(text.replace("====", 'Deep == TLCGet("level") # 5\n===='))
    counter.with_suffix(".cfg").write_text("INIT Init NEXT Next INVARIANT Deep")
    result = CliRunner().invoke(app, ["check", str(counter), "--engine", "both"])
    assert result.exit_code == 2, result.output
    assert "verdict invariant and " in result.output
    assert 'TLC 2.15 takes TLCGet("level") of the state before' in result.output


@pytest.mark.usefixtures("tlc")
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_specifications_made_at_random_mean_the_same(tmp_path: Path, seed: int) -> None:
    """Many more: tests/interop/random_specs.py."""
    text, config = Maker(seed).specification(values=60)
    assert differences(tmp_path, text, config) == []


@pytest.mark.usefixtures("tlc")
def test_a_difference_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text, config = Maker(1).specification(values=20)
    other = text.replace("Act0 == ", "Act0 == (x' = 7 /\\ UNCHANGED <<s, q, f>>) \\/ ")
    printing = "ASSUME PrintT(<<1, "
    other = other.replace(printing, f"{printing}17>>) /\\ (<<>> # <<1, ")

    def on_another(_module: Path, _config: Path, *, timeout_s: float) -> TlcResult:
        folder = tmp_path / "other"
        folder.mkdir()
        (folder / "Random.tla").write_text(other)
        return run_tlc(folder / "Random.tla", tmp_path / "Random.cfg", timeout_s=timeout_s)

    monkeypatch.setattr(random_specs, "run_tlc", on_another)
    found = differences(tmp_path, text, config)
    assert any(line.startswith("value 1: ") for line in found), found
    assert len(found) > 1


@pytest.mark.parametrize(
    ("text", "given"),
    [
        ("N = 1 S = {1, {2}}", {}),
        ("N = -1 M = 2", {"Given_N": "-1"}),
        ('A = {-1, {2}, "-"}\nB = {{-7}}', {"Given_A": '{-1, {2}, "-"}', "Given_B": "{{-7}}"}),
        ('A = {"-1"} B = {-1, m} INVARIANT C', {}),
    ],
)
def test_numbers_below_zero_become_definitions(text: str, given: dict[str, str]) -> None:
    changed, definitions = with_negative_numbers(text)
    assert definitions == given
    for name, value in given.items():
        text = text.replace(f"{name.removeprefix('Given_')} = {value}", f"{name[6:]} <- {name}")
    assert changed == text


@pytest.mark.usefixtures("tlc")
@pytest.mark.parametrize("basis", ["Naturals", "Integers"])
def test_both_engines_know_numbers_below_zero_in_a_configuration(
    basis: str, tmp_path: Path
) -> None:
    spec = tmp_path / "Below.tla"
    spec.write_text(
        f"---- MODULE Below ----\nEXTENDS {basis}\nCONSTANTS Least, Some\nVARIABLE n\n"
        "Init == n \\in Some\nNext == n < 2 /\\ n' = n + 1\nSmall == n + Least < 0\n====\n"
    )
    constants = "CONSTANTS Least = -2 Some = {-3, -1}"
    spec.with_suffix(".cfg").write_text(f"INIT Init NEXT Next {constants} INVARIANT Small")
    result = CliRunner().invoke(app, ["check", str(spec), "--engine", "both"])
    assert result.exit_code == 1, result.output
    assert "TLC: invariant Small" in result.output


ROUND = """---- MODULE Round ----
EXTENDS Naturals
VARIABLE n
Up(by) == n < 3 /\\ n' = n + by
Around == n = 3 /\\ n' = 1
Spec == n = 0 /\\ [][(\\E by \\in {1} : Up(by)) \\/ Around]_n /\\ WF_n(Up(1))
Rests == <>[](n = 3)
====
"""
AROUND = """\
1: Initial state
    n = 0
2: Up(1)  Round.tla:4:11
    n = 1 (was 0)
3: Up(1)  Round.tla:4:11
    n = 2 (was 1)
4: Up(1)  Round.tla:4:11
    n = 3 (was 2)
5: Back to state 2 by Around"""


@pytest.mark.usefixtures("tlc")
def test_tlcs_counterexample_is_shown_and_written_as_ours(tmp_path: Path) -> None:
    spec = tmp_path / "Round.tla"
    spec.write_text(ROUND)
    spec.with_suffix(".cfg").write_text("SPECIFICATION Spec PROPERTY Rests")
    files = {name: tmp_path / f"trace.{name}" for name in ("itf", "html")}
    asked = [text for name, path in files.items() for text in (f"--{name}", str(path))]
    shown = CliRunner().invoke(app, ["check", str(spec), "--engine", "tlc", *asked])
    assert shown.exit_code == 1
    assert AROUND in shown.output.replace(f"{tmp_path}/", "")
    read = read_itf(files["itf"].read_text())
    assert [state.values["n"] for state in read.states] == [0, 1, 2, 3]
    assert "Around" in files["html"].read_text()

    as_json = CliRunner().invoke(app, ["check", str(spec), "--engine", "tlc", "--json"])
    ours = CliRunner().invoke(app, ["check", str(spec), "--json"])
    found, expected = json.loads(as_json.stdout), json.loads(ours.stdout)
    for name in ("module", "verdict", "distinct", "trace", "loop", "back"):
        assert found[name] == expected[name], name


@pytest.mark.parametrize(
    ("option", "named"), [(("--strict",), "--strict"), (("--dot", "graph.dot"), "--dot")]
)
def test_what_tlc_does_not_tell_is_refused(
    option: tuple[str, ...], named: str, counter: Path
) -> None:
    result = CliRunner().invoke(app, ["check", str(counter), "--engine", "tlc", *option])
    assert result.exit_code == 2
    assert result.output.startswith(f"{named}: not with --engine tlc")


@pytest.mark.parametrize("engine", ["tlc", "both"])
@pytest.mark.parametrize(
    ("option", "named"),
    [
        (("--mode", "simulate"), "--mode simulate"),
        (("--mode", "dfs", "--depth", "3"), "--mode dfs, --depth"),
        (("--traces", "3", "--seed", "4"), "--traces, --seed"),
        (("--max-states", "3"), "--max-states"),
    ],
)
def test_what_tlc_is_not_asked_for_is_refused(
    engine: str, option: tuple[str, ...], named: str, counter: Path
) -> None:
    result = CliRunner().invoke(app, ["check", str(counter), "--engine", engine, *option])
    assert result.exit_code == 2
    assert result.output.startswith(f"{named}: not with --engine {engine}")
    assert len(result.output.splitlines()) == 1


@pytest.mark.usefixtures("tlc")
def test_an_invariant_of_constants_is_violated_in_both_engines(counter: Path) -> None:
    counter.write_text(COUNTER.replace("====", "Never == 1 > 2\n===="))
    counter.with_suffix(".cfg").write_text("INIT Init NEXT Next INVARIANT Never")
    result = CliRunner().invoke(app, ["check", str(counter), "--engine", "both"])
    assert result.exit_code == 1, result.output
    assert "TLC: invariant Never" in result.output
    assert "differ" not in result.output


@pytest.mark.usefixtures("tlc")
def test_a_file_that_no_model_reads_may_change(
    counter: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (counter.parent / "Base.tla").write_text("---- MODULE Base ----\nOne == 1\n====\n")
    counter.write_text(COUNTER.replace("EXTENDS ", "EXTENDS Base, "))
    changing = counter.with_name("Other.tla")

    def later(*arguments: Any, **options: Any) -> TlcResult:
        found = run_tlc(*arguments, **options)
        changing.write_text("---- MODULE Base ----\nOne == 2\n====\n")
        return found

    monkeypatch.setattr("speccheck.commands.by_tlc.run_tlc", later)
    result = CliRunner().invoke(app, ["check", str(counter), "--engine", "both"])
    assert result.exit_code == 0, result.output
    changing = counter.with_name("Base.tla")
    result = CliRunner().invoke(app, ["check", str(counter), "--engine", "both"])
    assert result.exit_code == 2
    assert "Base.tla changed while the engines ran on it" in result.output


@pytest.mark.usefixtures("tlc")
def test_a_number_too_large_for_tlc_is_said_to_be_the_difference(tmp_path: Path) -> None:
    spec = tmp_path / "Large.tla"
    spec.write_text(
        "---- MODULE Large ----\nEXTENDS Naturals\nVARIABLE n\nInit == n = 1\n"
        "Next == n < 2 ^ 40 /\\ n' = n * 2\n====\n"
    )
    spec.with_suffix(".cfg").write_text("INIT Init NEXT Next CHECK_DEADLOCK FALSE")
    result = CliRunner().invoke(app, ["check", str(spec), "--engine", "both"])
    assert result.exit_code == 2
    assert "TLC's numbers have 32 bits" in result.output


@pytest.mark.usefixtures("tlc")
def test_tlcs_cycles_of_orbits_are_said_to_be_the_difference(tmp_path: Path) -> None:
    spec = tmp_path / "Orbits.tla"
    spec.write_text(
        "---- MODULE Orbits ----\nEXTENDS Naturals, Sequences, TLC\nCONSTANT P\nVARIABLES ch, at\n"
        'Init == ch = [p \\in P |-> <<>>] /\\ at = [p \\in P |-> "idle"]\n'
        'Send(p, q) == p # q /\\ at[p] = "idle" /\\ Len(ch[q]) < 2\n'
        "  /\\ ch' = [ch EXCEPT ![q] = Append(@, p)] /\\ at' = [at EXCEPT ![p] = \"wait\"]\n"
        "Receive(p) == ch[p] # <<>> /\\ ch' = [ch EXCEPT ![p] = Tail(@)]\n"
        '  /\\ at\' = [at EXCEPT ![Head(ch[p])] = "idle"]\n'
        "Next == (\\E p, q \\in P : Send(p, q)) \\/ \\E p \\in P : Receive(p)\n"
        "Spec == Init /\\ [][Next]_<<ch, at>> /\\ \\A p \\in P : WF_<<ch, at>>(Receive(p))\n"
        'Live == \\A p \\in P : at[p] = "wait" ~> at[p] = "idle"\nSym == Permutations(P)\n'
        'Unused == TLCGet("level")\n====\n'
    )
    spec.with_suffix(".cfg").write_text(
        "SPECIFICATION Spec CONSTANT P = {p1, p2, p3} SYMMETRY Sym PROPERTY Live"
    )
    result = CliRunner().invoke(app, ["check", str(spec), "--engine", "both"])
    assert result.exit_code == 2, result.output
    assert "with SYMMETRY, TLC takes cycles of orbits for cycles of states" in result.output


# Values that TLC gives other text or another meaning than one would guess.
PRINTED_VALUES = [
    'Head("abc")',
    'Tail("abc")',
    "Seq({1})",
    "Nat",
    'TLCGet("diameter")',
    'TLCGet("level")',
    "BagIn(1, 1 :> 0)",
    "CopiesIn(1, 1 :> 0)",
    "(1 :> 0) \\sqsubseteq (2 :> 1)",
    "(1 :> 2) (+) (1 :> 1 @@ 2 :> 1)",
]


@pytest.mark.usefixtures("tlc")
def test_what_a_model_prints_is_shown_whichever_engine_runs_it(tmp_path: Path) -> None:
    spec = tmp_path / "P.tla"
    lines = [f"ASSUME PrintT({value})" for value in PRINTED_VALUES]
    head = "---- MODULE P ----\nEXTENDS Naturals, Sequences, TLC, Bags\nVARIABLE n\n"
    rest = 'Init == n = 0 /\\ PrintT("one")\nNext == n\' = n /\\ Print("two", TRUE)\n====\n'
    spec.write_text("\n".join([head, *lines, rest]))
    spec.with_suffix(".cfg").write_text("INIT Init NEXT Next")
    shown = []
    for engine in ("speccheck", "tlc"):
        result = CliRunner().invoke(app, ["check", str(spec), "--engine", engine])
        assert result.exit_code == 0, result.output
        shown.append(result.output.splitlines()[: len(lines) + 2])
    assert shown[0] == shown[1]
    assert shown[1][:3] == ['"a"', '"bc"', "Seq({1})"]
    assert shown[1][-2:] == ['"one"', '"two"  TRUE']
