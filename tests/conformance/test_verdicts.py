"""What a verdict says: of good traces, of tampered ones, of incomplete ones."""

from pathlib import Path

import pytest
from tests.conformance.conftest import Line, change, record, verdict_on

from speccheck.conform.reading import Unusable


@pytest.mark.parametrize("seed", [3, 5, 8, 14, 25, 53])
def test_simulated_runs_conform(seed: int, tmp_path: Path) -> None:
    verdict = verdict_on(record(seed, tmp_path / "traces"))
    assert verdict.conforms, verdict.fault
    assert verdict.checked == verdict.events
    assert verdict.candidates == 1


def test_every_action_is_met(simulated: Path) -> None:
    verdict = verdict_on(simulated)
    assert verdict.conforms
    assert [name for name in verdict.actions if not verdict.taken[name]] == []


def test_a_commit_without_a_quorum(traces: Path) -> None:
    """The leader's own copy is durable, nobody else's: that is no reason to commit."""

    def commit(event: Line) -> None:
        zxid = event["vars"]["history"]["#append"][-1]["zxid"]
        event["vars"]["lastCommitted"] = zxid
        event["vars"]["outstandingProposals"] = {"#drop": event["args"][1]}

    place = change(
        traces,
        lambda e: e["action"] == "LeaderLogFlushed" and "lastCommitted" not in e["vars"],
        commit,
    )
    fault = verdict_on(traces).fault
    assert fault is not None
    assert fault.event.place == place
    assert {one.variable for one in fault.differences} == {"lastCommitted", "outstandingProposals"}
    assert fault.conjunct is not None
    assert "lastCommitted'" in fault.conjunct.text


def test_an_action_that_is_not_possible_names_its_first_false_conjunct(traces: Path) -> None:
    def rename(event: Line) -> None:
        event["action"] = "LeaderProcessACKLD"

    place = change(traces, lambda e: e["action"] == "LeaderProcessACK", rename)
    fault = verdict_on(traces).fault
    assert fault is not None
    assert fault.event.place == place
    assert fault.conjunct is not None
    assert fault.conjunct.text == "handler[i][j] = NEWLEADER"
    assert ("handler[i][j]", '"UPTODATE"') in fault.conjunct.values
    assert fault.closest is not None
    assert fault.closest.action == "LeaderProcessACK"
    assert fault.past[-1] is fault.event


def test_another_message_than_the_one_that_comes_next(traces: Path) -> None:
    def later(event: Line) -> None:
        event["recv"][2]["mzxid"][1] += 1

    place = change(traces, lambda e: e["action"] == "FollowerProcessPROPOSAL", later)
    fault = verdict_on(traces).fault
    assert fault is not None
    assert fault.event.place == place
    assert "another message" in fault.reason


def test_a_message_that_nobody_has_sent(traces: Path) -> None:
    def ahead(event: Line) -> None:
        event["recv"][1] += 100_000

    place = change(traces, lambda e: e["action"] == "LeaderProcessACK", ahead)
    fault = verdict_on(traces).fault
    assert fault is not None
    assert fault.event.place == place
    assert "it waits for message" in fault.reason


def test_a_change_outside_of_any_action(traces: Path) -> None:
    def sneak(event: Line) -> None:
        event["vars"]["currentEpoch"] = 99

    place = change(traces, lambda e: e["action"] == "FollowerProcessCOMMIT", sneak)
    fault = verdict_on(traces).fault
    assert fault is not None
    assert fault.event.place == place
    assert [one.variable for one in fault.differences] == ["currentEpoch"]


def test_a_hidden_variable_is_not_compared(traces: Path) -> None:
    def sneak(event: Line) -> None:
        event["vars"]["lastCommitted"] = [99, 99]

    change(traces, lambda e: e["action"] == "FollowerProcessCOMMIT", sneak)
    assert not verdict_on(traces).conforms
    assert verdict_on(traces, hidden=("lastCommitted",)).conforms


def test_a_torn_last_line_is_left_out_and_said(traces: Path) -> None:
    path = max(traces.iterdir(), key=lambda path: path.stat().st_size)
    path.write_bytes(path.read_bytes()[:-20])
    verdict = verdict_on(traces)
    assert verdict.conforms
    assert any("torn" in note for note in verdict.notes)


def test_without_the_trace_of_a_server_the_rest_is_checked_as_far_as_it_goes(traces: Path) -> None:
    for path in traces.glob("server-1.*"):
        path.unlink()
    verdict = verdict_on(traces)
    assert verdict.conforms
    assert 0 < verdict.checked < verdict.events
    assert "server 1: there is no trace of it" in verdict.notes


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "the file is empty"),
        ("nothing\n", ":1: this is no JSON"),
        ('{"n":1}\n', ":1: a header with the key 'trace'"),
        ('{"trace":9}\n', ":1: version 9 of the format"),
        ('{"trace":1,"spec":"Zab"}\n', ":1: the header lacks first, part, run, server"),
    ],
)
def test_a_file_that_is_none(text: str, reason: str, tmp_path: Path) -> None:
    (tmp_path / "server-1.1.1.ndjson").write_text(text)
    with pytest.raises(Unusable, match=reason):
        verdict_on(tmp_path)


def test_a_line_that_is_missing(traces: Path) -> None:
    path = max(traces.iterdir(), key=lambda path: path.stat().st_size)
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:5] + lines[6:]))
    with pytest.raises(Unusable, match=r":6: event 6 where 5 is expected"):
        verdict_on(traces)
