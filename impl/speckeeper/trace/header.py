"""The first line of a file: what the events are to be read with.

Source: traces/README.md, "The header".
"""

from __future__ import annotations

import json

from speckeeper import __version__
from speckeeper.trace.changes import NO_SERVER
from speckeeper.trace.text import int_set
from speckeeper.zab.membership import Membership

VERSION = 1


def header(server_id: int, membership: Membership, run: int, part: int, first: int) -> str:
    """Return the line. Quorums are those of the configuration in force, as spec/Quorums.tla asks.

    Who has a weight and does not vote still makes its group heavier; it is a server of the
    specification that never says anything.
    """
    quorums = membership.configs[0]
    groups = ",".join(int_set(group) for group in quorums.groups)
    weight = ",".join(f"[{sid},{votes}]" for sid, votes in quorums.weight.items())
    made_by = json.dumps(f"speckeeper {__version__}")
    return (
        f'{{"trace":{VERSION},"spec":"Zab","server":{server_id},"run":{run},"part":{part},'
        f'"first":{first},"config":{{"groups":{{"#set":[{groups}]}},"weight":{{"#map":[{weight}]}}}},'
        f'"constants":{{"NullPoint":{NO_SERVER},"Value":{{"#operator":"Nat"}}}},'
        '"untold":["msgs","epochLeader","proposalMsgsLog","committed"],'
        f'"made_by":{made_by}}}'
    )
