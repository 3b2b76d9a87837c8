"""Values sent to another process, and fingerprints."""

import pickle
import subprocess
import sys

from speccheck.evaluate.stdlib.tlc import model_value
from speccheck.evaluate.values import FALSE, SEQUENCES, TRUE, Value, function_of
from speccheck.explore.transport import Fingerprints, teach_pickle

_a, _b = model_value("a"), model_value("b")
VALUES: list[Value] = [
    0,
    1,
    -1,
    2**70,
    "",
    "a",
    "1",
    TRUE,
    FALSE,
    _a,
    _b,
    frozenset(),
    frozenset([1]),
    frozenset([2]),
    frozenset([1, 2]),
    frozenset(["a"]),
    frozenset([_a]),
    frozenset([frozenset()]),
    SEQUENCES[()],
    SEQUENCES[(1,)],
    SEQUENCES[(1, 2)],
    SEQUENCES[(2, 1)],
    SEQUENCES[(SEQUENCES[(1, 2)],)],
    function_of({"x": 1, "y": 2}),
    function_of({"x": 2, "y": 1}),
    function_of({_a: 1, _b: frozenset([_a])}),
    function_of({0: 1}),
    function_of({2: 1}),
]


def test_values_come_back_as_themselves() -> None:
    teach_pickle()
    sent = tuple(VALUES)
    back = pickle.loads(pickle.dumps(sent))
    for one, other in zip(sent, back, strict=True):
        assert one == other
        assert type(one) is type(other)
        if not isinstance(one, int | str | frozenset):
            assert one is other


def test_fingerprints_tell_values_apart() -> None:
    prints = Fingerprints()
    assert len({prints[value] for value in VALUES}) == len(VALUES)
    states = {(i, j, SEQUENCES[(i, j)]) for i in range(60) for j in range(60)}
    assert len({prints.of_state(state) for state in states}) == 3600
    small = [
        function_of({_a: i, _b: j, "c": k}) for i in range(9) for j in range(9) for k in range(9)
    ]
    assert len({prints[value] for value in small}) == 729


def test_fingerprints_are_the_same_in_every_process() -> None:
    program = (
        "from tests.unit.checker.explore.test_transport import VALUES, Fingerprints as F;"
        "p = F(); print([p[v] for v in VALUES], p.of_state(tuple(VALUES)))"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", program],
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    }
    prints = Fingerprints()
    expected = f"{[prints[v] for v in VALUES]} {prints.of_state(tuple(VALUES))}\n"
    assert said == {expected}
