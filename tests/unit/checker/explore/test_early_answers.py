r"""What is answered early: disjuncts by their UNCHANGED, loops by one element, sums of bags."""

from pathlib import Path

import pytest

from speccheck.evaluate.stdlib.bags import is_sum
from speccheck.evaluate.stdlib.tlc import printed
from speccheck.evaluate.values import function_of
from speccheck.explore.config import parse_config
from speccheck.explore.model import load_model
from speccheck.explore.result import Result
from speccheck.explore.search import Search

MODULE = r"""---- MODULE E ----
EXTENDS Naturals, Sequences, Bags, TLC
VARIABLES x, y, sent
vars == <<x, y, sent>>
others == <<y, sent>>
Put(m, b) == b (+) SetToBag({m})
Init == x = 0 /\ y = 0 /\ sent = EmptyBag
Up == x < 2 /\ x' = x + 1 /\ UNCHANGED others
Send(n) == n # 3 /\ sent' = Put(n, sent) /\ UNCHANGED <<x, y>>
Small == \A n \in DOMAIN sent : sent[n] < 3
First == \E n \in 1..4 : x = 1 /\ ENABLED (x = 1 /\ x' = n /\ UNCHANGED others)
  /\ n > 2 /\ y' = n /\ UNCHANGED <<x, sent>>
Next == Up \/ First \/ \E n \in 1..3 : Send(n)
Outside == x' = <<>>[x] /\ UNCHANGED vars
Same == [][Outside \/ Next]_vars
SameByArms == [][\E n \in 1..2 : (Outside /\ n = 1) \/ (IF n = 1 THEN Up \/ First ELSE
  \E k \in 1..2 : LET l == k IN Send(l))]_vars
NotUp == [][First \/ \E n \in 1..2 : Send(n)]_vars
NotFirst == [][Up \/ \E n \in 1..2 : Send(n)]_vars
NotTwo == [][Up \/ First \/ Send(1)]_vars
Twice(n) == sent' = Put(n, Put(n, sent)) /\ UNCHANGED <<x, y>>
TwiceAsMany == [][Up \/ First \/ \E n \in 1..2 : Twice(n)]_vars
Told == x' = 1 /\ x = 0 /\ (UNCHANGED others \/ PrintT("asked"))
Printed == [][Told \/ x # 0 \/ Next]_vars
====
"""


def check(folder: Path, config: str) -> Result:
    (folder / "E.tla").write_text(MODULE)
    config = f"INIT Init NEXT Next CONSTRAINT Small CHECK_DEADLOCK FALSE {config}"
    return Search(load_model(folder / "E.tla", parse_config(config, "E.cfg"))).run()


@pytest.mark.parametrize("name", ["Same", "SameByArms", "Printed"])
def test_steps_are_what_the_disjuncts_allow(tmp_path: Path, name: str) -> None:
    result = check(tmp_path, f"PROPERTY {name}")
    assert result.verdict == "success", result.error
    assert result.distinct == 3 * 9 + 2 * 2 * 9


@pytest.mark.parametrize("name", ["NotUp", "NotFirst", "NotTwo", "TwiceAsMany"])
def test_steps_that_no_disjunct_allows_are_found(tmp_path: Path, name: str) -> None:
    assert check(tmp_path, f"PROPERTY {name}").verdict == "property"


def test_sums_of_bags_are_recognized() -> None:
    bag = function_of
    one, two = bag({"a": 1, "b": 2}), bag({"b": 1, "c": 3})
    assert is_sum(bag({"a": 1, "b": 3, "c": 3}), one, two)
    assert is_sum(one, one, bag({}))
    assert is_sum(bag({}), bag({}), bag({}))
    for wrong in ({"a": 1, "b": 3}, {"a": 1, "b": 2, "c": 3}, {"b": 3, "c": 3}):
        assert not is_sum(bag(wrong), one, two)
    assert not is_sum(bag({"a": 1, "b": 3, "c": 3, "d": 1}), one, two)
    assert not is_sum(bag({"a": 2, "b": 3, "c": 3}), one, two)


ONCE = """---- MODULE O ----
EXTENDS Naturals, TLC
VARIABLE x
Drawn == RandomElement(1..1000000)
Told == Print("told", 5)
Init == x = Drawn
Next == x' = Drawn + Told - 5
Same == x = Drawn /\\ Told = 5
====
"""


def test_a_constant_definition_is_evaluated_once(tmp_path: Path) -> None:
    """Wherever it is named it has one value, drawn or not, and says what it prints once."""
    (tmp_path / "O.tla").write_text(ONCE)
    printed.clear()
    config = parse_config("INIT Init NEXT Next INVARIANT Same", "O.cfg")
    result = Search(load_model(tmp_path / "O.tla", config)).run()
    assert (result.verdict, result.distinct) == ("success", 1), result.error
    assert [text for text in printed if "told" in text] == ['"told"  5']
