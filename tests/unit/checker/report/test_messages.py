"""Messages found by shape: matrices either way round, inboxes, pools, bags, messages that stay."""

from pathlib import Path

import pytest
from tests.unit.checker.report.runs import PING, run

from speccheck.evaluate.stdlib.tlc import model_value
from speccheck.report.channels import Channel, ChannelError, annotations, parse_channel
from speccheck.report.messages import Diagram, diagram_of

S1, S2 = model_value("s1"), model_value("s2")


def arrows(diagram: Diagram | None) -> list[tuple[object, ...]]:
    """Return label, sender, receiver and steps of each message."""
    assert diagram is not None
    return [(m.label, m.sender, m.receiver, m.sent, m.received, m.lost) for m in diagram.messages]


PING_ARROWS = [("PING", S1, S2, 1, 2, None), ("PING", S2, S1, 3, 4, None)]


def test_matrix(tmp_path: Path) -> None:
    diagram = diagram_of(run(tmp_path).trace)
    assert arrows(diagram) == PING_ARROWS
    assert diagram is not None
    assert diagram.processes == [S1, S2]
    assert diagram.actors == [None, S1, S2, S2, S1]


def test_matrix_with_the_receiver_first(tmp_path: Path) -> None:
    body = PING.replace("![i][j]", "![*][i]").replace("![j][i]", "![i][j]")
    body = body.replace("![*][i]", "![j][i]").replace("msgs[i][j]", "msgs[*]")
    body = body.replace("msgs[j][i]", "msgs[i][j]").replace("msgs[*]", "msgs[j][i]")
    found = run(tmp_path, body)
    assert arrows(diagram_of(found.trace)) == PING_ARROWS
    wrong = arrows(diagram_of(found.trace, ["msgs[from][to]"]))
    assert wrong[0][1:3] == (S2, S1)


POOL = r"""
EXTENDS Naturals
CONSTANT Server
VARIABLES net, got
Init == net = {} /\ got = [s \in Server |-> 0]
Send(a, b) == a # b /\ got[a] = 0 /\ got' = [got EXCEPT ![a] = 1]
              /\ net' = net \cup {[type |-> "HI", from |-> a, to |-> b]}
Take(m) == /\ net' = net \ {m}
           /\ got' = [got EXCEPT ![m.to] = 2]
Drop(m) == net' = net \ {m} /\ UNCHANGED got
Next == \/ \E a, b \in Server : Send(a, b)
        \/ \E m \in net : Take(m) \/ Drop(m)
Inv == net # {} \/ \A s \in Server : got[s] # 2
Lost == ~(net = {} /\ \E s \in Server : got[s] = 1)
"""


def test_pool_of_records(tmp_path: Path) -> None:
    config = "INIT Init NEXT Next CONSTANT Server = {s1, s2} CHECK_DEADLOCK FALSE INVARIANT "
    found = run(tmp_path, POOL, config + "Inv")
    assert arrows(diagram_of(found.trace)) == [("HI", S1, S2, 1, 2, None)]
    found = run(tmp_path, POOL.replace("\\/ Drop(m)", ""), config + "Inv")
    assert arrows(diagram_of(found.trace, ["net{to, from}"])) == [("HI", S2, S1, 1, None, 2)]
    assert arrows(diagram_of(found.trace, ["none"])) == []


def test_bag(tmp_path: Path) -> None:
    body = r"""
EXTENDS Naturals, Bags
CONSTANT Server
VARIABLES net, got
Init == net = EmptyBag /\ got = [s \in Server |-> 0]
Send(a, b) == a # b /\ got[a] < 2 /\ got' = [got EXCEPT ![a] = @ + 1]
              /\ net' = net (+) SetToBag({[mtype |-> "HI", msource |-> a, mdest |-> b]})
Take(m) == /\ net' = net (-) SetToBag({m})
           /\ got' = [got EXCEPT ![m.mdest] = 9]
Next == \/ \E a, b \in Server : Send(a, b)
        \/ \E m \in DOMAIN net : Take(m)
Inv == BagCardinality(net) = 0 \/ ~\E s \in Server : got[s] = 9
"""
    config = "INIT Init NEXT Next CONSTANT Server = {s1, s2} CHECK_DEADLOCK FALSE INVARIANT Inv"
    found = run(tmp_path, body, config)
    shown = arrows(diagram_of(found.trace))
    assert sum(arrow[4] is not None for arrow in shown) == 1
    assert len(shown) == 2


def test_inbox_and_lost_messages(tmp_path: Path) -> None:
    body = r"""
EXTENDS Naturals, Sequences
CONSTANT Server
VARIABLES inbox, up
Init == inbox = [s \in Server |-> <<>>] /\ up = [s \in Server |-> TRUE]
Tell(a, b) == a # b /\ up[a] /\ inbox[b] = <<>> /\ UNCHANGED up
              /\ inbox' = [inbox EXCEPT ![b] = Append(@, "hello")]
Cut(a, b) == a # b /\ inbox[b] # <<>> /\ inbox' = [inbox EXCEPT ![b] = <<>>]
             /\ up' = [up EXCEPT ![a] = FALSE]
Next == \E a, b \in Server : Tell(a, b) \/ Cut(a, b)
Inv == \A s \in Server : up[s]
"""
    config = "INIT Init NEXT Next CONSTANT Server = {s1, s2} INVARIANT Inv"
    found = run(tmp_path, body, config)
    assert arrows(diagram_of(found.trace)) == [('"hello"', S1, S2, 1, None, 2)]


def test_messages_that_stay_are_received_by_name(tmp_path: Path) -> None:
    body = r"""
EXTENDS Naturals
CONSTANT Server
VARIABLES msgs, seen
Init == msgs = {} /\ seen = [s \in Server |-> 0]
Call(a) == msgs = {} /\ msgs' = {[type |-> "1a", from |-> a]} /\ UNCHANGED seen
Hear(b, m) == m.from # b /\ seen[b] = 0 /\ seen' = [seen EXCEPT ![b] = 1] /\ UNCHANGED msgs
Next == \/ \E a \in Server : Call(a)
        \/ \E b \in Server, m \in msgs : Hear(b, m)
Inv == \E s \in Server : seen[s] = 0 /\ \A t \in Server : seen[t] = 0
"""
    config = "INIT Init NEXT Next CONSTANT Server = {s1, s2, s3} INVARIANT Inv"
    found = run(tmp_path, body, config)
    (arrow,) = arrows(diagram_of(found.trace))
    assert (arrow[0], arrow[1], arrow[3], arrow[4]) == ("1a", S1, 1, 2)


def test_specification_without_processes_has_no_diagram(tmp_path: Path) -> None:
    body = "EXTENDS Naturals\nVARIABLE n\nInit == n = 0\nNext == n' = n + 1\nInv == n < 3"
    assert diagram_of(run(tmp_path, body, "INIT Init NEXT Next INVARIANT Inv").trace) is None


def test_descriptions() -> None:
    assert parse_channel("msgs[to][from]") == Channel("msgs", "matrix", False)
    assert parse_channel(" box[ to ] ") == Channel("box", "inbox")
    assert parse_channel("net{ src , dst }") == Channel("net", "pool", None, "src", "dst")
    assert parse_channel("none") is None
    for text in ("", "a b", "msgs[to][to]", "net{a}", "msgs[from"):
        with pytest.raises(ChannelError, match="describes no channel; write "):
            parse_channel(text)
    module = "VARIABLE msgs \\* @channel msgs[from][to]\n(* @channel no *)\n"
    assert annotations(module) == ["msgs[from][to]"]
