"""`speckeeper quorum`: what it says of a file, and what no server starts with."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from speckeeper.ops.cli import main

Run = Callable[..., tuple[int, str, str]]


def servers(count: int, observers: int = 0) -> str:
    lines = [f"server.{n}=h{n}:2888:3888" for n in range(1, count + 1)]
    lines += [f"server.{count + n}=o{n}:2888:3888:observer" for n in range(1, observers + 1)]
    return "\n".join(lines) + "\n"


@pytest.fixture
def quorum(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Run:
    def run(text: str, *options: str) -> tuple[int, str, str]:
        (tmp_path / "zoo.cfg").write_text(text)
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", ["speckeeper", "quorum", "zoo.cfg", *options])
        with pytest.raises(SystemExit) as ended:
            main()
        shown = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return ended.value.code, shown.out, shown.err

    return run


def test_a_majority(quorum: Run) -> None:
    assert quorum(servers(3, 1)) == (
        0,
        "3 participants, 1 observer; majority\n"
        "Any two quorums share a server\n"
        "Survives 1 failure, whichever servers fail; not the loss of servers 1, 2\n"
        "Smallest quorums, 2 servers: 3\n"
        "  servers 1, 2\n"
        "  servers 1, 3\n"
        "  servers 2, 3\n",
        "",
    )


def test_groups(quorum: Run) -> None:
    text = servers(7) + "group.1=1:2:3\ngroup.2=4:5:6\ngroup.3=7\nweight.1=3\nweight.7=0\n"
    assert quorum(text, "--most", "1") == (
        0,
        "7 participants, 0 observers; votes in 3 groups\n"
        "Any two quorums share a server\n"
        "Survives no failure; not the loss of server 1\n"
        "Smallest quorums, 3 servers: 3\n"
        "  servers 1, 4, 5\n"
        "  ...\n"
        "Without a vote, as their weight is 0: server 7\n",
        "",
    )


def test_quorums_that_do_not_meet(quorum: Run) -> None:
    text = servers(3) + "group.1=1:2:3\nweight.3=-1\n"
    assert quorum(text) == (
        1,
        "3 participants, 0 observers; votes in 1 group\n"
        "Quorums need not meet: server 1 is one and server 2 is one\n"
        "No server starts with this: zoo.cfg:5: server 1 can decide without server 2, and server "
        "2 without server 1: two leaders could serve at once; give every server a "
        "weight of 0 or more\n",
        "",
    )


def test_the_oracle_of_two_servers(quorum: Run) -> None:
    code, out, _ = quorum(servers(2) + "oraclePath=/var/lib/oracle\n")
    assert code == 0
    assert out.splitlines()[-1] == (
        "oraclePath: with Apache ZooKeeper, either of the two may decide alone; not here"
    )


def test_json(quorum: Run) -> None:
    code, out, _ = quorum(servers(5), "--json", "--most", "2")
    said = json.loads(out)
    assert code == 0
    assert said["survives"] == 2
    assert said["smallestQuorums"] == [[1, 2, 3], [1, 2, 4]]
    assert said["smallestQuorumsInAll"] == 10
    assert said["quorumsMeet"] is True


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("tickTime=2000\n", "zoo.cfg: there is no server.N line: a standalone server decides "
         "alone; name the file of a member of an ensemble"),
        (servers(0, 2), "zoo.cfg:1: no server.N line has the role participant; add a participant"),
        (servers(3) + "group.1=1:2\n", "zoo.cfg:4: votes cannot be counted: server 3 is not in a "
         "group; give each participant one group and a weight"),
        (servers(3) + "weight.1=2\n", "zoo.cfg:4: no quorum can form: weight.1 and no group.N, so "
         "nobody is in a group; add group.N lines, or remove weight.N for a majority"),
        (servers(2, 1) + "group.1=1:2:3\n", "zoo.cfg:4: votes cannot be counted: server 3 in group "
         "1 is no participant; give each participant one group and a weight"),
        (servers(3) + "group.1=1:2:3:3\n", "zoo.cfg:4: votes cannot be counted: group 1 names "
         "server 3 twice; give each participant one group and a weight"),
        (servers(3) + "group.1=1:x\n", "zoo.cfg:4: group.1: '1:x' does not list servers; "
         "write ids as in 1:2:3"),
        (servers(3) + "group.1=1: 2:3\n", "zoo.cfg:4: group.1: '1: 2:3' does not list servers; "
         "write ids as in 1:2:3"),
        (servers(3) + "group.x=1:2:3\n", "zoo.cfg:4: group.x is no group.N line; write group.N "
         "with a whole number N"),
        (servers(3) + "group1=1:2:3\n", "zoo.cfg:4: group1 is no group.N line; write group.N with "
         "a whole number N"),
        (servers(3) + "group.1.2=1:2:3\n", "zoo.cfg:4: group.1.2 is no group.N line; write group.N "
         "with a whole number N"),
        (servers(3) + "group.-1=1:2:3\n", "zoo.cfg:4: group.-1 is no group.N line, though Apache "
         "ZooKeeper takes it for one; write group.N with a whole number N"),
        (servers(3) + "weight.x=5\n", "zoo.cfg:4: weight.x is no weight.N line; write weight.N "
         "with a whole number N"),
        (servers(3) + "weights.1=5\n", "zoo.cfg:4: weights.1 is no weight.N line, though Apache "
         "ZooKeeper takes it for one; write weight.N with a whole number N"),
    ],
)  # fmt: skip
def test_files_of_which_there_is_nothing_to_say(quorum: Run, text: str, message: str) -> None:
    code, out, err = quorum(text)
    assert (code, out) == (2, "")
    assert err == f"speckeeper: {message}\n"
    code, out, again = quorum(text, "--json")
    assert (code, again) == (2, err)
    assert f"speckeeper: {json.loads(out)['refused']}\n" == err


def test_no_quorum_can_form(quorum: Run) -> None:
    text = servers(2, 2) + "group.1=1:2:3:4\nweight.3=1\nweight.4=1\n"
    code, out, _ = quorum(text)
    assert code == 1
    assert out.splitlines()[1] == "No set of servers is a quorum"
    assert out.splitlines()[2] == (
        "No server starts with this: zoo.cfg:6: no quorum can form: servers that do not vote have "
        "too much of the weight; give each participant one group and a weight"
    )


@pytest.mark.parametrize("weights", ["-1 0 0", "0 0 -7 0", "-3 -2 -2"])
def test_negative_weights_of_which_nobody_has_enough(quorum: Run, weights: str) -> None:
    given = list(enumerate(weights.split(), 1))
    text = servers(len(given)) + f"group.1={':'.join(str(n) for n, _ in given)}\n"
    text += "".join(f"weight.{n}={weight}\n" for n, weight in given)
    code, out, _ = quorum(text)
    assert code == 1
    has_none = weights == "-1 0 0"  # In the others one server has more than half of -7.
    assert ("No set of servers is a quorum" in out) is has_none
    assert "Any two quorums share" not in out
    assert (json.loads(quorum(text, "--json")[1])["smallestQuorumsInAll"] == 0) is has_none


def test_the_weight_of_an_observer_in_no_group_says_nothing(quorum: Run) -> None:
    _, _, err = quorum(servers(2, 1) + "group.1=1:2\nweight.3=5\n")
    assert err == (
        "speckeeper: zoo.cfg:5: weight.3 says nothing: server.3 is an observer, and no group has "
        "3\n"
    )


def test_a_large_majority_is_not_listed_whole(quorum: Run) -> None:
    code, out, _ = quorum(servers(60), "--most", "1")
    assert code == 0
    assert "Smallest quorums, 31 servers: 114,449,595,062,769,120\n" in out


def test_the_only_server_is_no_member_and_its_weight_says_nothing(quorum: Run) -> None:
    text = servers(1) + "group.1=1\nweight.1=-3\n"
    code, out, _ = quorum(text)
    assert code == 0
    assert "It serves alone, as a standalone server: standaloneEnabled is true\n" in out
    assert json.loads(quorum(text, "--json")[1])["standalone"]
    code, out, _ = quorum(text + "standaloneEnabled=false\n")
    assert code == 1
    assert "weight.1 is below 0" in out


def test_it_tells_of_lines_that_say_nothing(quorum: Run) -> None:
    text = servers(3) + "group.1=1:2:3\nweight.4=1\ngruop.1=1:2\nserver.1=h9:2888:3888\n"
    code, out, err = quorum(text)
    assert code == 0
    assert out.startswith("3 participants, 0 observers; votes in 1 group\n")
    assert err == (
        "speckeeper: zoo.cfg:6: unknown key gruop.1, it is ignored\n"
        "speckeeper: zoo.cfg:7: server.1 was already set at zoo.cfg:1; this value counts\n"
        "speckeeper: zoo.cfg:5: weight.4 says nothing: there is no server.4, and no group has 4\n"
    )
    assert json.loads(quorum(text, "--json")[1])["warnings"] == [
        line.removeprefix("speckeeper: ") for line in err.splitlines()
    ]


@pytest.mark.parametrize("again", ["server.3", "server.03"])
def test_a_member_that_is_set_again_is_what_the_last_line_says(quorum: Run, again: str) -> None:
    code, out, err = quorum(servers(3) + f"{again}=h3:2888:3888:observer\n")
    assert code == 0
    assert out.startswith("2 participants, 1 observer; majority\n")
    assert err == (
        f"speckeeper: zoo.cfg:4: {again} was already set at zoo.cfg:3; this value counts\n"
    )
    _, out, _ = quorum(servers(2, 1) + f"{again}=h3:2888:3888\n")
    assert out.startswith("3 participants, 0 observers; majority\n")
