"""Prepare and Apply of spec/ZNode*.tla against those of the server, on the same requests.

The operators are evaluated from the text of the specification. What a request comes to in each of
the two must be equal in every field: transaction, tree, answer, events, warnings.
"""

from itertools import permutations
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from tests.model.znode import values as v
from tests.model.znode.operators import Operators, operators
from tests.model.znode.requests import Foreign, Jump, Replay, Step, steps
from tests.model.znode.stories import STORIES
from tests.unit.tree.world import World

from speckeeper.tree.apply import apply
from speckeeper.tree.node import int32
from speckeeper.tree.prepare import prepare
from speckeeper.wire.codes import OpCode
from speckeeper.wire.records import OPEN_ACL_UNSAFE
from speckeeper.wire.txns import CreateTxn, Txn, TxnHeader

POLICIES: dict[str, dict[str, bool]] = {
    "default": {},
    "all types": {"extended_types_enabled": True},
    "quotas": {"enforce_quota": True, "extended_types_enabled": True},
    "open": {"skip_acl": True, "reconfig_enabled": True, "close_session_txn_enabled": False},
}


class Twins:
    """A server's tree and the specification's; both get the same requests and transactions."""

    def __init__(self, spec: Operators, policy: dict[str, bool]) -> None:
        self.spec = spec
        self.world = World(**policy)
        self.tree = v.tree(self.world.tree)
        self.outcomes: set[tuple[str, str]] = set()
        self.warned = 0

    def go(self, step: Step | Jump | Foreign | Replay) -> None:
        """Take one step in both, and compare all that comes of it."""
        world = self.world
        if isinstance(step, Jump):
            self._log(CreateTxn(f"{step.parent}/jump", b"", OPEN_ACL_UNSAFE, False, step.cversion))
        elif isinstance(step, Foreign):
            self._log(CreateTxn(step.path, b"", step.acl, False, -1))
        elif isinstance(step, Replay):
            self._apply(world.log[step.number % len(world.log)])
        else:
            self._ask(step)

    def _log(self, record: CreateTxn) -> None:
        self.world.zxid += 1
        self._apply(Txn(TxnHeader(1, 1, self.world.zxid, 1, OpCode.CREATE), record))

    def _ask(self, step: Step) -> None:
        world = self.world
        request = world.request(
            step.op, step.record, session=step.session, ids=step.ids, local=step.local
        )
        ours = prepare(world.view, request, world.policy)
        theirs = self.spec("Prepared", tree=self.tree, request=v.request(request))
        if theirs["type"] == "multi" and ours.header.type == OpCode.MULTI:
            self.outcomes.update(
                ("part", part["record"]["err"])
                for part in theirs["record"]["txns"].values_
                if part["type"] == "error"
            )
        assert without_order(theirs) == without_order(v.txn(ours)), request
        world.log.append(ours)
        world.view.stage(ours)
        self._apply(ours)

    def _apply(self, txn: Txn) -> None:
        world = self.world
        theirs = self.spec("AppliedTxn", tree=self.tree, txn=v.txn(txn))
        ours = v.applied(apply(world.tree, txn), world.tree)
        world.view.settle(txn.header.zxid)
        for field in ours.domain.keys_:
            if field == "events" and txn.header.type == OpCode.CLOSE_SESSION:
                assert sorted(map(repr, theirs[field].values_)) == sorted(
                    map(repr, ours[field].values_)
                )
            else:
                assert theirs[field] == ours[field], (field, txn)
        self.tree = theirs["tree"]
        self.warned += len(theirs["warnings"])
        self.outcomes.add((theirs["type"], theirs["err"]))


def without_order(txn: Any) -> Any:
    """Return a transaction in which the paths of a closeSession have no order: none is promised."""
    if txn["type"] != "closeSession":
        return txn
    return (txn["zxid"], frozenset(txn["record"]["paths2Delete"].values_))


def test_both_begin_with_the_same_tree() -> None:
    world = World()
    fresh = v.tree(type(world.tree)())
    assert operators()("Initial") == fresh


def compare_numbers(spec: Operators) -> None:
    """Compare texts of counters and sums of Java ints."""
    ends = [-(1 << 31), (1 << 31) - 1]
    numbers = [0, 1, 9, 10, 123, 99_999, 1_234_567_890, -1, -9, -10, -123_456_789, *ends]
    for number in numbers:
        assert spec("Suffix", sessionId=number) == f"{number:010d}"
        assert spec("Number", sessionId=number) == str(number)
        for other in numbers:
            assert spec("Sum", sessionId=number, request=other) == int32(number + other)


def test_numbers_are_those_of_java() -> None:
    compare_numbers(operators())


@pytest.mark.parametrize("names", ["", "a", "ab", "abc"])
def test_a_session_may_end_in_any_order_of_its_ephemerals(names: str) -> None:
    paths = [v.path(f"/{name}") for name in names]
    orders = frozenset(map(v.sequence, permutations(paths)))
    assert operators()("AllOrders", request=frozenset(paths)) == orders


# The errors that the stories meet under each policy; a rule that nobody reaches is not compared.
REACHED = {
    "default": "Ok Unimplemented",
    "all types": """
        BadArguments BadVersion EphemeralOnLocalSession InvalidACL MarshallingError NoAuth
        NoChildrenForEphemerals NoNode NodeExists NotEmpty Ok ReconfigDisabled
        RuntimeInconsistency SessionExpired Unimplemented
    """,
    "quotas": "QuotaExceeded",
    "open": "Ok",
}


@pytest.mark.parametrize("name", POLICIES)
def test_stories_agree_and_reach_every_error(name: str) -> None:
    spec, reached, warned = operators(**POLICIES[name]), set(), 0
    for story in STORIES.values():
        twins = Twins(spec, POLICIES[name])
        for step in story:
            twins.go(step)
        reached |= {err for _, err in twins.outcomes}
        warned += twins.warned
    assert reached >= set(REACHED[name].split())
    assert warned > 0


@pytest.mark.parametrize("name", POLICIES)
def test_random_requests_agree(name: str) -> None:
    policy = POLICIES[name]
    spec = operators(**policy)

    @settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
    @given(steps)
    def agree(steps: list[Step | Jump | Replay]) -> None:
        twins = Twins(spec, policy)
        for step in steps:
            twins.go(step)

    agree()
