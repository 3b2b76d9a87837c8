"""Rules of the `server.N` lines: one server alone, or a member of an ensemble that can have quorums
(ZooKeeper QuorumPeerConfig.setupQuorumPeerConfig, parseDynamicConfig, checkValidity).
"""

import os
from collections.abc import Callable, Mapping, Set

from speckeeper.ops.config.error import ConfigError
from speckeeper.ops.config.kinds import Value
from speckeeper.ops.config.members import FORM, Member
from speckeeper.ops.config.voting_rules import VotingError, refusal, voting_of
from speckeeper.wire.errors import WireError
from speckeeper.wire.quorum_config import QuorumConfig, decode_config

Values = dict[str, Value]
Fail = Callable[[str, str, str], Exception]


def take_members(
    values: Values,
    members: list[Member],
    given: Mapping[str, str],
    server_id: int | None,
    fail: Fail,
    warnings: list[str],
) -> QuorumConfig | None:
    """Return the ensemble's configuration, None for a standalone server; complete the client port.

    Raises `ConfigError`, or what `fail` makes of one.
    """
    voters = [member for member in members if not member.observer]
    if not voters and (members or not values["standaloneEnabled"]):
        text = "no server.N line has the role participant"
        name = f"server.{members[0].id}" if members else "standaloneEnabled"
        raise fail(name, text, "add a participant, or leave all server.N lines out")
    if not members:
        return None
    if len(voters) == 1 and len(members) > 1 and values["standaloneEnabled"]:
        text = "observers beside a single participant, which is a standalone server"
        remedy = "add participants, or set standaloneEnabled=false"
        raise fail(f"server.{voters[0].id}", text, remedy)
    if len(members) == 1 and values["standaloneEnabled"]:
        warnings.append(f"only one server.N line (server.{members[0].id}): running standalone")
        if server_id in (None, members[0].id):
            _client_port(values, members[0], fail)
        return None
    _distinct(members, fail)
    for name in ("initLimit", "syncLimit"):
        if not values[name]:
            raise fail(name, f"{name} is not set", f"add a line such as {name}=10")
    own = _own(values, members, server_id)
    if own.observer != (values["peerType"] == "observer"):
        role = "observer" if own.observer else "participant"
        if own.observer or "peerType" in given:
            warnings.append(f"server.{own.id} says {role}, which counts, and not peerType")
    if len(voters) % 2 == 0 and not any(name.startswith("group.") for name in given):
        warnings.append(
            f"{len(voters)} participants outlive no more failures than {len(voters) - 1} would"
        )
    if values["readonlymode.enabled"] and not values["localSessionsEnabled"]:
        text = "without localSessionsEnabled=true readers get no new sessions in read-only mode"
        warnings.append(f"readonlymode.enabled: {text}")
    _client_port(values, own, fail)
    if values["clientPortAddress"] is None and own.client_port is not None:
        values["clientPortAddress"] = own.client_host
    return _quorums(given, {member.id for member in voters}, fail)


def _distinct(members: list[Member], fail: Fail) -> None:
    taken: dict[tuple[str, int], int] = {}
    for member in members:
        for port in (member.quorum_port, member.election_port):
            other = taken.setdefault((member.host, port), member.id)
            if other != member.id:
                text = f"server.{member.id} and server.{other} have the same address"
                remedy = f"give each its own {member.host} port"
                raise fail(f"server.{member.id}", f"{text} {member.host}:{port}", remedy)


def _own(values: Values, members: list[Member], server_id: int | None) -> Member:
    path = os.path.join(str(values["dataDir"]), "myid")
    ids = sorted(member.id for member in members)
    if server_id is None:
        remedy = f"write into it which of the servers {_listed(ids)} this is"
        raise ConfigError(path, None, "the file is missing or cannot be read", remedy)
    for member in members:
        if member.id == server_id:
            return member
    text = f"there is no line server.{server_id} for this server"
    raise ConfigError(path, 1, text, f"the configuration has {_listed(ids)}")


def _listed(ids: list[int]) -> str:
    return ", ".join(map(str, ids))


def _client_port(values: Values, member: Member, fail: Fail) -> None:
    if member.client_port is None:
        return
    if values["clientPort"] is None:
        values["clientPort"] = member.client_port
        values["clientPortAddress"] = member.client_host
    elif values["clientPort"] != member.client_port:
        raise fail(
            f"server.{member.id}",
            f"server.{member.id} has client port {member.client_port}, "
            f"clientPort is {values['clientPort']}",
            "make them equal, or remove one",
        )


def _quorums(given: Mapping[str, str], voters: Set[int], fail: Fail) -> QuorumConfig:
    """Read the lines as peers send them; refuse quorums that are none, or that need not meet."""
    names = [name for name in given if name.startswith(("server.", "group.", "weight."))]
    lines = {name: given[name] for name in names}
    try:
        refused = refusal(voting_of(lines, voters), lines)
    except VotingError as error:
        refused = error
    if refused is not None:
        raise fail(refused.name, refused.text, refused.remedy)
    try:
        return decode_config("\n".join(f"{name}={given[name]}" for name in names).encode())
    except WireError as error:
        raise fail(names[0], f"no quorum can form: {error}", f"write {FORM}") from None
