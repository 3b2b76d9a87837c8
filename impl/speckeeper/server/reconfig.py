"""From a reconfig request to the configuration that it asks for, or the error that refuses it.

Incremental (joining and leaving servers) or as a whole (new members), with ZooKeeper's checks in
its order. One is ours: a configuration in which two quorums need not share a server is refused as
BadArguments, where ZooKeeper takes it.

Source: ZooKeeper ``PrepRequestProcessor.pRequest2Txn`` (reconfig), ``QuorumPeerConfig`` and
``QuorumServer`` (what they raise decides between BadArguments and MarshallingError).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Protocol

from speckeeper.wire.codes import ErrorCode
from speckeeper.wire.errors import WireError
from speckeeper.wire.quorum_config import (
    ConfiguredServer,
    QuorumConfig,
    decode_config,
    encode_config,
    parse_server,
)
from speckeeper.wire.request_records import ReconfigRequest
from speckeeper.zab.membership import Membership
from speckeeper.zab.voting import Undecided, disjoint_quorums, voting

_BAD_ARGUMENTS = ErrorCode.BAD_ARGUMENTS
_MARSHALLING_ERROR = ErrorCode.MARSHALLING_ERROR
_ANY_VERSION = -1
_NUMBER = re.compile(r"[+-]?[0-9]{1,19}", re.ASCII)


class Ensemble(Protocol):
    """What a leader's server has to know of the ensemble."""

    @property
    def membership(self) -> Membership:
        """The configuration in force, and the last one seen."""
        ...

    def is_quorum_synced(self, config: QuorumConfig) -> bool:
        """Whether a quorum of a configuration follows, up to date."""
        ...


class Refusal(Exception):
    """A request is refused; ``code`` says why."""

    def __init__(self, code: ErrorCode) -> None:
        super().__init__(code.name)
        self.code = code


class Reconfigurer:
    """Answers reconfig requests of one time of leading."""

    def __init__(
        self, ensemble: Ensemble, under_way: Callable[[], bool], standalone_enabled: bool
    ) -> None:
        """``under_way``: whether one is prepared of which the core does not know yet."""
        self._ensemble = ensemble
        self._under_way = under_way
        self._standalone_enabled = standalone_enabled

    def prepare(self, request: ReconfigRequest, zxid: int) -> bytes | ErrorCode:
        """Return the text of the new configuration, whose version is ``zxid``, or the error."""
        try:
            return encode_config(self._new_config(request, zxid))
        except Refusal as refusal:
            return refusal.code

    def _new_config(self, request: ReconfigRequest, zxid: int) -> QuorumConfig:
        membership = self._ensemble.membership
        newest = membership.newest
        if membership.changes or self._under_way():
            raise Refusal(ErrorCode.RECONFIG_IN_PROGRESS)
        if request.cur_config_id not in (_ANY_VERSION, newest.version):
            raise Refusal(ErrorCode.BAD_VERSION)
        if request.new_members is not None:
            config = whole_config(request.new_members, self._standalone_enabled)
        else:
            config = changed_config(newest, request.joining, request.leaving)
        if len(config.voters) < (2 if self._standalone_enabled else 1):
            raise Refusal(_BAD_ARGUMENTS)
        _check_quorums(config)
        if not self._ensemble.is_quorum_synced(config):
            raise Refusal(ErrorCode.NEW_CONFIG_NO_QUORUM)
        return config._replace(version=zxid)


def whole_config(text: str, standalone_enabled: bool) -> QuorumConfig:
    """Return the configuration of ``newMembers``, which stands for all. Raises Refusal."""
    lines = text.replace(",", "\n")
    for line in map(str.strip, lines.splitlines()):
        key = line.partition("=")[0].strip()
        kind, _, number = key.partition(".")
        if kind in ("server", "group", "weight") and not _NUMBER.fullmatch(number):
            raise Refusal(_MARSHALLING_ERROR)
    try:
        config = decode_config(lines.encode())
    except WireError:
        raise Refusal(_BAD_ARGUMENTS) from None
    voters = len(config.voters)
    observers = len(config.servers) - voters
    if voters == 0 and (observers or not standalone_enabled):
        raise Refusal(_MARSHALLING_ERROR)
    if voters == 1 and observers and standalone_enabled:
        raise Refusal(_MARSHALLING_ERROR)
    return config


def changed_config(config: QuorumConfig, joining: str | None, leaving: str | None) -> QuorumConfig:
    """Return a configuration with servers added, changed and removed. Raises Refusal."""
    if config.groups:
        raise Refusal(_BAD_ARGUMENTS)  # only with majorities is it clear what it means
    servers = {server.id: server for server in config.servers}
    for text in _split(leaving, ","):
        servers.pop(_id(text), None)
    for text in _split(joining, ","):
        parts = _split(text, "=")
        if len(parts) != 2:
            raise Refusal(_BAD_ARGUMENTS)
        server_id = _id(parts[0].rpartition(".")[2])
        try:
            server = parse_server(server_id, parts[1])
        except WireError:
            raise Refusal(_BAD_ARGUMENTS) from None
        if server.client is None and server.secure_client is None:
            raise Refusal(_BAD_ARGUMENTS)
        taken = {
            address
            for other in servers.values()
            if other.id != server_id
            for address in _addresses(other)
        }
        if taken & _addresses(server):
            raise Refusal(_BAD_ARGUMENTS)
        servers[server_id] = server
    return config._replace(servers=tuple(servers[each] for each in sorted(servers)))


def _check_quorums(config: QuorumConfig) -> None:
    """Refuse what no server would start with: quorums that are none, or need not meet."""
    groups = dict(config.groups)
    try:
        counted = voting(config.voters, groups, dict(config.weights) if groups else {})
        meets = disjoint_quorums(counted) is None
    except (Undecided, ValueError):
        raise Refusal(_BAD_ARGUMENTS) from None
    if not meets or counted.negative or counted.overflowing:
        raise Refusal(_BAD_ARGUMENTS)
    if not any(weight for group in counted.groups for weight, _ in group.votes):
        raise Refusal(_BAD_ARGUMENTS)


def _split(text: str | None, separator: str) -> list[str]:
    """Split as ``StringUtils.split``: parts are trimmed, and left out where empty."""
    return [] if text is None else [part for p in text.split(separator) if (part := p.strip())]


def _id(text: str) -> int:
    if not _NUMBER.fullmatch(text):
        raise Refusal(_MARSHALLING_ERROR)
    return int(text)


def _addresses(server: ConfiguredServer) -> set[tuple[str, int]]:
    """Return where a server is reached, but for addresses that others have as their own too."""
    found = {(each.host, each.quorum_port) for each in server.endpoints}
    found |= {(each.host, each.election_port) for each in server.endpoints}
    found |= {each for each in (server.client, server.secure_client) if each is not None}
    return {(host, port) for host, port in found if not _is_special(host)}


def _is_special(host: str) -> bool:
    return host in ("0.0.0.0", "::", "localhost", "::1") or host.startswith("127.")
