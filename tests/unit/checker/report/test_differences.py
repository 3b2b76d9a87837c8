"""Changes are as small as they can be told."""

import pytest

from speccheck.evaluate.stdlib.tlc import model_value
from speccheck.evaluate.values import SEQUENCES, Value, function_of
from speccheck.report.differences import changes

S1, S2 = model_value("s1"), model_value("s2")


def seq(*items: Value) -> Value:
    return SEQUENCES[items]


@pytest.mark.parametrize(
    ("old", "new", "shown"),
    [
        (1, 2, ["v = 2 (was 1)"]),
        (1, 1, []),
        (function_of({S1: 1, S2: 1}), function_of({S1: 2, S2: 1}), ["v[s1] = 2 (was 1)"]),
        (
            function_of({"two words": 1}),
            function_of({"two words": 3}),
            ['v["two words"] = 3 (was 1)'],
        ),
        (
            function_of({S1: function_of({"x": seq(1)})}),
            function_of({S1: function_of({"x": seq(1, 2)})}),
            ["v[s1].x: appended 2"],
        ),
        (seq(1, 2, 3), seq(2, 3), ["v: taken from the head 1"]),
        (seq(1, 2), seq(2, 3, 4), ["v: taken from the head 1", "v: appended 3, 4"]),
        # Program counters of three processes: a function on 1..3.
        (
            seq("w", "a", "a"),
            seq("a", "g", "a"),
            ['v[1] = "a" (was "w")', 'v[2] = "g" (was "a")'],
        ),
        (seq(1, 2), seq(2, 3), ["v[1] = 2 (was 1)", "v[2] = 3 (was 2)"]),
        (seq(1, 2, 3, 1), seq(1, 2), ["v = <<1, 2>> (was <<1, 2, 3, 1>>)"]),
        (seq(1, 2), seq(), ["v: taken from the head 1, 2"]),
        (seq(), seq(1), ["v: appended 1"]),
        (seq(1, 2), seq(1, 5), ["v[2] = 5 (was 2)"]),
        (seq(1, 2), seq(7), ["v = <<7>> (was <<1, 2>>)"]),
        (frozenset({1, 2}), frozenset({2, 3}), ["v: removed 1", "v: added 3"]),
        (frozenset(), frozenset({2, 1}), ["v: added 1, 2"]),
        (frozenset({1}), frozenset({2}), ["v = {2} (was {1})"]),
        (function_of({1: 5}), seq(5, 6), ["v: appended 6"]),
        (
            function_of({S1: 1}),
            function_of({S1: 2, S2: 4}),
            ["v: added <<s2, 4>>", "v[s1] = 2 (was 1)"],
        ),
        (seq(), function_of({S1: 1}), ["v: added <<s1, 1>>"]),
    ],
)
def test_changes(old: Value, new: Value, shown: list[str]) -> None:
    assert [str(change) for change in changes("v", old, new)] == shown


def test_long_old_values_are_cut() -> None:
    (change,) = changes("v", "x" * 100, 1)
    assert len(str(change)) < 80
