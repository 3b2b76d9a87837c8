"""The configurations of an ensemble as one member keeps them, and where its peers are found.

The one in force and the one that is proposed beside it are kept in files; whoever is in either is
called for elections.

Source: ZooKeeper ``QuorumPeer.setQuorumVerifier``, ``setLastSeenQuorumVerifier``.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from speckeeper.storage.config_files import ConfigFiles
from speckeeper.storage.errors import StorageError
from speckeeper.wire.quorum_config import ConfiguredServer, QuorumConfig, encode_config
from speckeeper.zab import effects
from speckeeper.zab.membership import Membership

log = logging.getLogger(__name__)

Addresses = dict[int, tuple[str, int]]
"""Where servers are called for elections, by their ids."""


def _one_line(config: QuorumConfig) -> str:
    return " ".join(encode_config(config).decode().split())


def server_in(membership: Membership, server_id: int) -> ConfiguredServer | None:
    """Return a member by its id: of the configuration in force, else of the one proposed."""
    return membership.active.server(server_id) or membership.last_seen.server(server_id)


class MemberConfig:
    """``own``: this server as the configuration has it, or had it last.

    ``perform``: what carries out an effect, by its type.
    """

    def __init__(
        self,
        own: ConfiguredServer,
        membership: Callable[[], Membership],
        files: ConfigFiles | None,
        changed: Callable[[Addresses], None],
        failed: Callable[[Exception], None],
    ) -> None:
        """``membership`` gives that of now; ``files`` None: nothing is kept.

        ``changed``: told where the others are called for elections now; ``failed(error)``: the
        files could not be written.
        """
        self.own = own
        self._membership = membership
        self._files = files
        self._changed = changed
        self._failed = failed
        self.perform: dict[type[Any], Callable[[Any], None]] = {
            effects.SetLastSeenConfig: self._set_last_seen,
            effects.SetConfig: self._set,
        }

    def server_of(self, server_id: int) -> ConfiguredServer | None:
        """Return a member by its id: of the configuration in force, else of the one proposed."""
        return server_in(self._membership(), server_id)

    def election_addresses(self) -> Addresses:
        """Return where the others are called for elections."""
        membership = self._membership()
        known = {
            each.id: (each.endpoints[0].host, each.endpoints[0].election_port)
            for config in (membership.last_seen, membership.active)
            for each in config.servers
        }
        known.pop(self.own.id, None)
        return known

    def _set_last_seen(self, effect: effects.SetLastSeenConfig) -> None:
        """Keep a configuration that was proposed.

        The loop waits for the disk: what follows must not get ahead of it, and it is rare.
        """
        log.info("configuration proposed: %s", _one_line(effect.config))
        if self._files is not None:
            try:
                self._files.set_last_seen(effect.config)
            except StorageError as error:
                self._failed(error)
        self._changed(self.election_addresses())

    def _set(self, effect: effects.SetConfig) -> None:
        """Let a configuration come into force, here and on the disk, for which the loop waits."""
        log.info("configuration in force: %s", _one_line(effect.config))
        if self._files is not None:
            try:
                self._files.set(effect.config)
            except StorageError as error:
                self._failed(error)
        self._changed(self.election_addresses())
        self.own = effect.config.server(self.own.id) or self.own
