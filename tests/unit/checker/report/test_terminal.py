"""What is printed: named steps, only what changed, places and values of errors."""

import re
from pathlib import Path

from tests.unit.checker.report.runs import PING, PING_CONFIG, Run, run

from speccheck.explore.config import parse_config
from speccheck.explore.exercise.judge import judge
from speccheck.explore.model import load_model
from speccheck.explore.pinpoint import pinpoint
from speccheck.report.data import as_data
from speccheck.report.terminal import error_lines, lines
from speccheck.report.trace import trace_of

LASSO = """
EXTENDS Naturals
VARIABLE n
Init == n = 0
Up(k) == n + k < 4 /\\ n' = n + k
Back == n = 3 /\\ n' = 1
Next == \\E k \\in {1} : Up(k) \\/ Back
Low == n < 3
"""


_TYPE_FIRST = re.compile(r'\[type \|-> "PING", epoch \|-> (\d+)\]')


def printed(run: Run) -> list[str]:
    """Return the lines of a report, without places.

    Fields come in the order in which this process first met their names, in whatever test.
    """
    texts = [
        str(line).split("  M.tla")[0].split("  /")[0].rstrip()
        for line in lines(run.model, run.result, run.trace, None)
    ]
    return [_TYPE_FIRST.sub(r'[epoch |-> \1, type |-> "PING"]', text) for text in texts]


def test_counterexample(tmp_path: Path) -> None:
    assert printed(run(tmp_path))[:16] == [
        "Invariant Low is violated",
        "1: Initial state",
        "    msgs = (s1 :> (s1 :> <<>> @@ s2 :> <<>>) @@ s2 :> (s1 :> <<>> @@ s2 :> <<>>))",
        "    epoch = (s1 :> 0 @@ s2 :> 0)",
        "    log = {}",
        "2: Send(s1, s2)",
        '    msgs[s1][s2]: appended [epoch |-> 1, type |-> "PING"]',
        "3: Receive(s2, s1)",
        '    msgs[s1][s2]: taken from the head [epoch |-> 1, type |-> "PING"]',
        "    epoch[s2] = 1 (was 0)",
        "4: Send(s2, s1)",
        '    msgs[s2][s1]: appended [epoch |-> 2, type |-> "PING"]',
        "5: Receive(s1, s2)",
        '    msgs[s2][s1]: taken from the head [epoch |-> 2, type |-> "PING"]',
        "    epoch[s1] = 2 (was 0)",
        "    log: added <<s1, 2>>",
    ]


def test_alias_stands_in_the_place_of_variables(tmp_path: Path) -> None:
    found = run(tmp_path, config=f"{PING_CONFIG} ALIAS Alias")
    # Fields stand in the order in which this process has met their names.
    lines = printed(found)[1:8]
    assert sorted(lines[1:3]) == [
        "    epochs = (s1 :> 0 @@ s2 :> 0)",
        "    next = (s1 :> 0 @@ s2 :> 0)",
    ]
    assert [lines[0], *lines[3:]] == [
        "1: Initial state",
        "2: Send(s1, s2)",
        "    next[s2] = 1 (was 0)",
        "3: Receive(s2, s1)",
        "    epochs[s2] = 1 (was 0)",
    ]


def test_lassos(tmp_path: Path) -> None:
    found = run(tmp_path, LASSO, "INIT Init NEXT Next INVARIANT Low")
    result = found.result
    result.loop, result.back = 1, "Back"
    trace = trace_of(found.model, result)
    assert trace.ending == "Back to state 2 by Back"
    result.loop, result.back = len(result.trace) - 1, None
    assert trace_of(found.model, result).ending == "Stuttering: nothing changes any more"


def test_error_names_places_values_and_calls(tmp_path: Path) -> None:
    body = PING + "\n".join(
        [
            'Part(m) == m["zz"]',
            "Sum(i, j) == IF epoch[i] = 0 THEN 0",
            "             ELSE Part(epoch)",
            "Bad == \\A i, j \\in Server : Sum(i, j) = 0",
        ]
    )
    config = PING_CONFIG.replace("Low", "Bad")
    found = run(tmp_path, body, config)
    fine = load_model(tmp_path / "M.tla", parse_config(config, "M.cfg"), fine=True)
    error = pinpoint(found.result, fine)
    assert error is not None
    shown = [str(line).replace(f"{tmp_path}/", "") for line in error_lines(error)]
    assert shown == [
        'M.tla:23:12: a function is applied to "zz", which is not in its domain, {s1, s2}; '
        "the function is (s1 :> 0 @@ s2 :> 1)",
        '  Part(m) == m["zz"]',
        "             ^^^^^^^",
        "  in Part, M.tla:23:12  with i = s2, j = s1",
        "  in Sum, M.tla:25:19",
        "  in Bad, M.tla:26:29",
        "  in the formula, M.tla:26:1",
    ]
    assert len(found.trace.steps) == 3


def test_vacuous_success_is_said_in_the_first_line(tmp_path: Path) -> None:
    body = PING + "Never == \\A i \\in Server : epoch[i] > 5 => epoch[i] = 9\n"
    found = run(tmp_path, body, PING_CONFIG.replace("Low", "Never") + " CHECK_DEADLOCK FALSE")
    exercise = judge(found.model, found.result, found.search.reached, to_the_end=True)
    shown = [str(line) for line in lines(found.model, found.result, found.trace, exercise)]
    assert shown[0] == "No error found, but 1 thing was never put to the test"
    (vacuous,) = [line for line in shown if line.startswith("Vacuous: ")]
    assert vacuous.startswith("Vacuous: Never, the antecedent was never true at ")
    assert vacuous.endswith(":23:28: epoch[i] > 5")


def test_data_has_all_that_is_printed(tmp_path: Path) -> None:
    found = run(tmp_path)
    data = as_data(found.model, found.result, found.trace)
    assert data["verdict"] == "invariant"
    assert data["trace"][1]["label"] == "Send(s1, s2)"
    assert data["trace"][1]["arguments"] == {"i": "s1", "j": "s2"}
    assert data["trace"][-1]["changes"][1:] == ["epoch[s1] = 2 (was 0)", "log: added <<s1, 2>>"]
    assert data["trace"][-1]["state"]["log"] == "{<<s1, 2>>}"
    assert [(row["label"], row["taken"]) for row in data["actions"]] == [
        ("Send(i, j)", 24),
        ("Receive(i, j)", 14),
    ]


STEPS = """
EXTENDS Naturals
VARIABLE n
Init == n = 0
Step(i) == n < 5 /\\ n' = n + i
Jump(i) == n = i /\\ n' = n
Next == Step(1) \\/ Step(2) \\/ \\E j \\in {7} : Jump(j)
"""


def test_disjuncts_that_differ_in_their_arguments_are_told_apart(tmp_path: Path) -> None:
    found = run(tmp_path, STEPS, "INIT Init NEXT Next CHECK_DEADLOCK FALSE")
    data = as_data(found.model, found.result, found.trace)
    rows = [(row["name"], row["label"], row["taken"]) for row in data["actions"]]
    assert rows == [("Step", "Step(1)", 5), ("Step", "Step(2)", 5), ("Jump", "Jump(i)", 0)]


BROKEN_ALIAS = """EXTENDS Naturals
VARIABLE n
Init == n = 0
Next == n' = n + 1
Shown == [half |-> 6 \\div n]
Both == [][n' > n]_n /\\ [](n < 2)
"""


def test_an_alias_without_a_value_is_told(tmp_path: Path) -> None:
    found = run(tmp_path, BROKEN_ALIAS, "INIT Init NEXT Next PROPERTY Both ALIAS Shown")
    shown = [
        str(line).replace(f"{tmp_path}/", "")
        for line in lines(found.model, found.result, found.trace, None)
    ]
    assert shown[:3] == [
        "Property Both is violated, by what it says of every state",
        "1: Initial state",
        "    n = 0",
    ]
    (warning,) = (line for line in shown if line.startswith("Warning"))
    assert "ALIAS shows the variables in state 1, where it has no value: M.tla:6:1" in warning
    assert warning.endswith("division by zero")
    assert found.trace.steps[1].values == {"half": 6}
