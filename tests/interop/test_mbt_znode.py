"""The specification of the data model drives server processes: Apache ZooKeeper, and ours.

The same machine as in tests/mbt, by the same adapter: where Apache answers otherwise than
spec/ZNode.tla says, the specification is wrong.
"""

from __future__ import annotations

import os

import pytest
from conftest import need
from mbt_peer import adapter_for
from peers import APACHE_39, SPECKEEPER, Kind
from tests.mbt.profiles import profile
from tests.mbt.znode.machines import machine, run

# kazoo leaves the socket of a connection that broke to the garbage collector, and its threads draw
# from `random` while Hypothesis draws.
pytestmark = [
    pytest.mark.filterwarnings("ignore:.*socket.socket:pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore:Do not use the `random` module"),
]

EXAMPLES = int(os.environ.get("SPECKEEPER_MBT_EXAMPLES", "12"))


@pytest.mark.parametrize("kind", [APACHE_39, SPECKEEPER], ids=lambda kind: kind.name)
def test_a_process_keeps_to_the_specification(kind: Kind) -> None:
    driven = machine(adapter_for(need(kind)), "MBTApache")
    coverage = run(driven, profile(EXAMPLES, 100, shrink=False))
    print(coverage)
    assert coverage.steps > 20 * EXAMPLES, f"hardly anything was asked\n{coverage}"
