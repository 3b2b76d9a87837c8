"""ITF traces: what is written is read back, what is no trace is refused with the place."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.checker.report.runs import run

from speccheck.evaluate.stdlib.tlc import model_value
from speccheck.evaluate.values import FALSE, SEQUENCES, TRUE, Value, function_of
from speccheck.report.itf import ItfError, decode, encode, read_itf, write_itf

ATOMS = st.one_of(
    st.integers(),
    st.text(max_size=5),
    st.sampled_from([TRUE, FALSE, model_value("s1"), model_value("s2")]),
)


def _larger(inner: st.SearchStrategy[Value]) -> st.SearchStrategy[Value]:
    # One kind of element per set and domain: TLC's order is for values that can be compared.
    alike = st.one_of(st.frozensets(st.integers(), max_size=3))
    names = st.dictionaries(st.sampled_from(["a", "b", "type"]), inner, max_size=3)
    return st.one_of(
        alike,
        st.lists(inner, max_size=3).map(lambda items: SEQUENCES[tuple(items)]),
        names.map(function_of),
        st.dictionaries(st.integers(), inner, max_size=3).map(function_of),
    )


@given(st.recursive(ATOMS, _larger, max_leaves=12))
def test_values_come_back(value: Value) -> None:
    assert decode(json.loads(json.dumps(encode(value)))) == value


def test_trace_comes_back(tmp_path: Path) -> None:
    found = run(tmp_path)
    found.trace.loop = 2
    text = write_itf(found.trace, source="M.tla", description="Invariant Low is violated")
    read = read_itf(text)
    assert read.variables == ["msgs", "epoch", "log"]
    assert (read.loop, read.source) == (2, "M.tla")
    assert [tuple(state.values.values()) for state in read.states] == [
        step.state for step in found.trace.steps
    ]
    assert [state.action for state in read.states] == [None, "Send", "Receive", "Send", "Receive"]
    assert read.states[1].arguments == {"i": model_value("s1"), "j": model_value("s2")}
    data = json.loads(text)
    assert data["#meta"]["format"] == "ITF"
    assert data["states"][0]["epoch"] == {
        "#map": [["s1_OF_MODEL", {"#bigint": "0"}], ["s2_OF_MODEL", {"#bigint": "0"}]]
    }


def test_what_apalache_writes_is_read() -> None:
    text = """{
      "#meta": {"format": "ITF", "varTypes": {"x": "Int"}},
      "vars": ["x", "t", "f"], "loop": 0,
      "states": [{"#meta": {"index": 0}, "x": 7, "t": {"#tup": [1, "a_OF_S"]},
                  "f": {"#map": [[{"#bigint": "-12"}, {"#set": [true]}]]}}]
    }"""
    (state,) = read_itf(text).states
    assert state.values == {
        "x": 7,
        "t": SEQUENCES[(1, model_value("a"))],
        "f": function_of({-12: frozenset([TRUE])}),
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "this is no JSON"),
        ("[]", "a trace is a JSON object"),
        ('{"vars": 1, "states": []}', '"vars" is to be a list of names'),
        ('{"vars": ["x"], "states": [{}]}', "state 0 has no value for x"),
        ('{"vars": [], "states": [], "loop": 0}', '"loop" is 0'),
        ('{"vars": [], "states": [3]}', "state 0 is no JSON object"),
        ('{"vars": ["x"], "states": [{"x": null}]}', "state 0, x: None is no value"),
        ('{"vars": ["x"], "states": [{"x": {"#set": 1}}]}', "state 0, x: #set with 1"),
        ('{"vars": ["x"], "states": [{"x": {"#bigint": "1e3"}}]}', "state 0, x: #bigint"),
        ('{"vars": ["x"], "states": [{"x": {"#map": [[1]]}}]}', "state 0, x: #map"),
        ('{"vars": ["x"], "states": [{"x": 1.5}]}', "state 0, x: 1.5 is no value"),
    ],
)
def test_what_is_no_trace_is_refused(text: str, message: str) -> None:
    with pytest.raises(ItfError, match=message.replace("[", "\\[")):
        read_itf(text)
