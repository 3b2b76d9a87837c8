"""What the core of a simulated server asks of its disk, and the inputs that tell it of the end."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from speckeeper.sim.store import Store
from speckeeper.zab import effects, inputs

if TYPE_CHECKING:
    from speckeeper.sim.node import Node


class DiskEffects:
    """Carries out the effects in ``perform`` on the store that a server has now."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self.perform: dict[type[Any], Callable[[Any], None]] = {
            effects.PersistAcceptedEpoch: self._persist_accepted_epoch,
            effects.PersistCurrentEpoch: self._persist_current_epoch,
            effects.Append: self._append,
            effects.TruncateLog: self._truncate,
            effects.InstallSnapshot: self._install,
            effects.TakeSnapshot: self._take_snapshot,
            effects.Reload: self._reload,
            effects.ReadLog: self._read_log,
            effects.SetLastSeenConfig: self._set_last_seen_config,
            effects.SetConfig: self._set_config,
        }

    @property
    def _disk(self) -> Store:
        assert self._node.store is not None
        return self._node.store

    def _persist_accepted_epoch(self, effect: effects.PersistAcceptedEpoch) -> None:
        self._disk.set_accepted_epoch(effect.epoch, self._then(inputs.Persisted(effect)))

    def _persist_current_epoch(self, effect: effects.PersistCurrentEpoch) -> None:
        self._disk.set_current_epoch(effect.epoch, self._then(inputs.Persisted(effect)))

    def _append(self, effect: effects.Append) -> None:
        self._disk.append((effect.zxid, effect.entry))

    def _truncate(self, effect: effects.TruncateLog) -> None:
        done = self._then(inputs.Persisted(effect))
        self._disk.truncate(effect.zxid, done, self._then(inputs.TruncationRefused(effect)))

    def _install(self, effect: effects.InstallSnapshot) -> None:
        chunks = self._node.ports.take_snapshot(effect.link)
        self._disk.install(chunks, effect.zxid, self._then(inputs.Persisted(effect)))

    def _take_snapshot(self, effect: effects.TakeSnapshot) -> None:
        self._disk.take_snapshot(effect.zxid, self._then(inputs.Persisted(effect)))

    def _reload(self, effect: effects.Reload) -> None:
        enter = self._node.later(lambda *found: self._node.step(inputs.Reloaded(*found)))
        self._disk.reload(enter)

    def _read_log(self, effect: effects.ReadLog) -> None:
        enter = self._node.later(
            lambda entries: self._node.step(inputs.LogRead(effect.link, entries))
        )
        self._disk.read_log(effect.zxid, enter)

    def _set_last_seen_config(self, effect: effects.SetLastSeenConfig) -> None:
        self._disk.config_files(self._node.id).set_last_seen(effect.config)

    def _set_config(self, effect: effects.SetConfig) -> None:
        self._disk.config_files(self._node.id).set(effect.config)
        self._node.world.observer.configures(self._node, effect.config)

    def _then(self, event: inputs.Input) -> Callable[[], None]:
        """Return a call that feeds an input, unless the server has crashed by then."""
        return self._node.later(lambda: self._node.step(event))
