"""What the core of a member asks of its disk beside the log; it is told of each when it is done.

Epochs, going back, snapshots that came or are to be taken, the log that a learner needs. The disk's
time is that of threads (``member_store.py``), and the loop goes on meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from speckeeper.net.background import Background
from speckeeper.net.incoming_snapshots import IncomingSnapshots
from speckeeper.net.member_store import MemberStore
from speckeeper.zab import effects, inputs


class MemberDisk:
    """``perform``: what carries out an effect, by its type."""

    def __init__(
        self,
        store: MemberStore,
        snapshots: IncomingSnapshots,
        background: Background,
        step: Callable[[inputs.Input], None],
    ) -> None:
        """``step``: tells the core what has happened."""
        self._store = store
        self._snapshots = snapshots
        self._background = background
        self._step = step
        self.perform: dict[type[Any], Callable[[Any], None]] = {
            effects.PersistAcceptedEpoch: self._persist_accepted_epoch,
            effects.PersistCurrentEpoch: self._persist_current_epoch,
            effects.TruncateLog: self._truncate_log,
            effects.InstallSnapshot: self._install_snapshot,
            effects.TakeSnapshot: self._take_snapshot,
            effects.Reload: self._reload,
            effects.ReadLog: self._read_log,
        }

    def _then_persisted(self, effect: effects.Durable, work: Coroutine[Any, Any, None]) -> None:
        async def persist() -> None:
            await work
            self._step(inputs.Persisted(effect))

        self._background.run(persist())

    def _persist_accepted_epoch(self, effect: effects.PersistAcceptedEpoch) -> None:
        self._then_persisted(effect, self._store.set_accepted_epoch(effect.epoch))

    def _persist_current_epoch(self, effect: effects.PersistCurrentEpoch) -> None:
        self._then_persisted(effect, self._store.set_current_epoch(effect.epoch))

    def _truncate_log(self, effect: effects.TruncateLog) -> None:
        async def truncate() -> None:
            done = await self._store.truncate(effect.zxid)
            said = inputs.Persisted(effect) if done else inputs.TruncationRefused(effect)
            self._step(said)

        self._background.run(truncate())

    def _install_snapshot(self, effect: effects.InstallSnapshot) -> None:
        loading = self._snapshots.take(effect.link)
        self._then_persisted(effect, self._store.install(loading.tree(effect.zxid)))

    def _take_snapshot(self, effect: effects.TakeSnapshot) -> None:
        self._then_persisted(effect, self._store.take_snapshot(effect.zxid))

    def _reload(self, effect: effects.Reload) -> None:
        async def reload() -> None:
            zxid, entries = await self._store.reload()
            self._step(inputs.Reloaded(zxid, entries))

        self._background.run(reload())

    def _read_log(self, effect: effects.ReadLog) -> None:
        async def read() -> None:
            entries = await self._store.read_log(effect.zxid)
            self._step(inputs.LogRead(effect.link, entries))

        self._background.run(read())
