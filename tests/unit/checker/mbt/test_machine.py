"""Machines made from a small specification: what they allow, what they notice, what they tell."""

from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from tests.unit.checker.mbt.shops import Broken, Careless, Generous, Greedy, Open, Shop

from speccheck.mbt import candidates
from speccheck.mbt.adapter import AdapterError, snake_case
from speccheck.mbt.machine import Disagreement, SpecMachine, machine_from_spec

STOCK = Path(__file__).with_name("Stock.tla")
SETTINGS = settings(
    max_examples=40,
    stateful_step_count=15,
    deadline=None,
    derandomize=True,
    phases=(Phase.generate, Phase.target, Phase.shrink),
)


def run(adapter: type[Any], **changes: Any) -> type[SpecMachine]:
    machine = machine_from_spec(STOCK, adapter)
    run_state_machine_as_test(machine, settings=settings(SETTINGS, **changes))
    return machine


@pytest.mark.parametrize("shop", [Shop, Open])
def test_a_system_that_keeps_to_the_specification_passes(shop: type[Shop]) -> None:
    coverage = run(shop).coverage
    assert coverage.examples >= 30
    assert min(coverage.actions.values()) > 0, coverage
    assert coverage.missing() == []
    assert coverage.notes["sold out"] > 0
    assert "Deliver" in coverage.actions
    assert "Close" not in coverage.actions


@pytest.mark.parametrize(
    ("shop", "told"),
    [
        (Greedy, ["stock differs", "Order(", "the system:        4", "of 3 states"]),
        (Careless, ["sold differs", "Sell(", "the system:        0"]),
        (Generous, ["sold differs", "1. Discount", "the system:        -1"]),
    ],
)
def test_a_mistake_is_told_as_a_story(shop: type[Shop], told: list[str]) -> None:
    with pytest.raises(Disagreement) as caught:
        run(shop)
    story = str(caught.value)
    for words in told:
        assert words in story


def test_what_cannot_be_followed_ends_an_example_and_in_the_end_the_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    most = candidates.MOST_CANDIDATES
    monkeypatch.setattr(candidates, "MOST_CANDIDATES", 1)
    with pytest.raises(candidates.TooManyCandidates, match="more than 1 states fit"):
        run(Open)

    limits = iter([most] * 20 + [0])  # too much, for once
    machine = machine_from_spec(STOCK, Open)
    follow = machine._go_on

    def follow_badly(self: SpecMachine) -> None:
        monkeypatch.setattr(candidates, "MOST_CANDIDATES", next(limits, most))
        follow(self)

    monkeypatch.setattr(machine, "_go_on", follow_badly)
    run_state_machine_as_test(machine, settings=SETTINGS)
    assert machine.coverage.given_up == 1
    assert "examples given up" in str(machine.coverage)


def test_an_outcome_that_is_left_open_is_told_to_a_system_that_has_one() -> None:
    class Certain(Shop):
        deterministic: ClassVar[bool] = True

    with pytest.raises(Disagreement, match="lets Discount come to 2 states"):
        run(Certain, phases=(Phase.generate,))


@pytest.mark.parametrize(
    ("old", "new", "missing"),
    [
        ("THEN Most\n", "THEN IF @ < 0 THEN 0 ELSE Most\n", "Deliver, branch at"),
        ("  /\\ sold >= 1\n", "  /\\ sold < 0\n", "Discount"),
    ],
)
def test_what_no_example_reaches_is_missing(
    old: str, new: str, missing: str, tmp_path: Path
) -> None:
    """A seeded branch, and an action that is never possible."""
    text = STOCK.read_text("utf-8")
    assert text.count(old) == 1
    copy = tmp_path / STOCK.name
    copy.write_text(text.replace(old, new), "utf-8")
    machine = machine_from_spec(copy, Shop, config=STOCK.with_suffix(".cfg"))
    run_state_machine_as_test(machine, settings=SETTINGS)
    (found,) = machine.coverage.missing()
    assert found.startswith(missing), found


def test_an_example_shrinks() -> None:
    with pytest.raises(Disagreement) as caught:
        run(Generous)
    # One is sold already in one of the initial states.
    assert "  2." not in str(caught.value)


def test_a_failure_of_the_system_tells_what_led_to_it() -> None:
    with pytest.raises(RuntimeError, match="the till is stuck") as caught:
        run(Broken)
    assert any("Sell(" in note for note in caught.value.__notes__)


def test_every_action_is_accounted_for() -> None:
    class Forgetful(Shop):
        left_out: ClassVar[dict[str, str]] = {}

    with pytest.raises(AdapterError, match="no method for the action Close: write Close"):
        machine_from_spec(STOCK, Forgetful)

    class Inventive(Shop):
        internal: ClassVar[frozenset[str]] = frozenset({"Deliver", "Bake"})

    with pytest.raises(AdapterError, match="Bake, which is no action"):
        machine_from_spec(STOCK, Inventive)


def test_invariants_are_checked(tmp_path: Path) -> None:
    for name in ("Stock.tla", "Stock.cfg"):
        text = STOCK.with_name(name).read_text()
        (tmp_path / name).write_text(text.replace("stock[i] <= Most", "stock[i] < Most"))
    machine = machine_from_spec(tmp_path / "Stock.tla", Shop)
    with pytest.raises(Disagreement, match="The specification violates Few"):
        run_state_machine_as_test(machine, settings=SETTINGS)


def test_properties_of_steps_are_checked(tmp_path: Path) -> None:
    body = STOCK.read_text().rstrip().rstrip("=")
    (tmp_path / "Stock.tla").write_text(f"{body}Rises == [][sold' >= sold]_sold\n{'=' * 77}\n")
    config = STOCK.with_suffix(".cfg").read_text()
    (tmp_path / "Stock.cfg").write_text(config + "PROPERTY Rises\n")
    machine = machine_from_spec(tmp_path / "Stock.tla", Open)
    with pytest.raises(Disagreement, match="The specification violates Rises"):
        run_state_machine_as_test(machine, settings=SETTINGS)


@pytest.mark.parametrize(
    ("action", "handler"),
    [
        ("LeaderProcessACK", "leader_process_ack"),
        ("FollowerProcessPROPOSALInSync", "follower_process_proposal_in_sync"),
        ("Create2", "create2"),
        ("CreateTTL", "create_ttl"),
        ("ConnectAndFollowerSendFOLLOWERINFO", "connect_and_follower_send_followerinfo"),
    ],
)
def test_names_of_handlers(action: str, handler: str) -> None:
    assert snake_case(action) == handler
