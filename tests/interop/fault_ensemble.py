"""An ensemble of real server processes that can be killed, paused and cut off from each other."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterable
from pathlib import Path

from fault_records import Records
from links import Link, Network, Passage, Ports
from peers import SPECKEEPER, Kind, Peer, PeerError
from tests.ports import free_port

TICK_MS = 500
INIT_LIMIT, SYNC_LIMIT = 6, 4
WORD_TIMEOUT_S = 0.5
_RETRY_S = 0.05


class FaultEnsemble:
    """Members 1..``size``; the connections between them go through a :class:`Network`."""

    def __init__(self, size: int, folder: Path, kind: Kind = SPECKEEPER) -> None:
        self.records = Records(folder / "recorded")
        self.ids = range(1, size + 1)
        self.majority = size // 2 + 1
        own = {sid: Ports(free_port(), free_port()) for sid in self.ids}
        self.network = Network(own)
        self.paused: set[int] = set()
        self._is_closed = False
        self.peers: dict[int, Peer] = {}
        for sid in self.ids:
            config: dict[str, object] = {
                "tickTime": TICK_MS,
                "initLimit": INIT_LIMIT,
                "syncLimit": SYNC_LIMIT,
                "standaloneEnabled": "false",
                "snapCount": 2000,
            }
            for other in self.ids:
                ports = own[sid] if other == sid else self.network.addresses[sid, other]
                config[f"server.{other}"] = f"127.0.0.1:{ports.quorum}:{ports.election}"
            if kind is SPECKEEPER:
                config["trace.dir"] = self.records.traces
            peer = Peer(kind, folder / str(sid), config)
            peer.data_dir.mkdir(parents=True)
            (peer.data_dir / "myid").write_text(f"{sid}\n")
            self.peers[sid] = peer

    # -- what is done to the members

    def start(self, sid: int) -> None:
        """Start a member that does not run."""
        if self.peers[sid].process is None:
            self.peers[sid].launch()

    def kill(self, sid: int) -> None:
        """Kill a member, as a power failure would."""
        self.paused.discard(sid)
        self.peers[sid].kill()

    def stop(self, sid: int) -> None:
        """Stop a member in good order."""
        if sid not in self.paused:
            self.peers[sid].stop()

    def pause(self, sid: int) -> None:
        """Let a member stand still; its connections stay."""
        if self.peers[sid].process is not None:
            self.paused.add(sid)
            os.kill(self.peers[sid].pid, signal.SIGSTOP)

    def resume(self, sid: int) -> None:
        """Let a member go on."""
        if sid in self.paused:
            self.paused.discard(sid)
            os.kill(self.peers[sid].pid, signal.SIGCONT)

    def heal(self) -> None:
        """Undo all that was done."""
        self.network.heal()
        for sid in self.ids:
            self.resume(sid)
            self.start(sid)

    def close(self) -> None:
        """End all processes. May be called again."""
        for peer in self.peers.values():
            peer.kill()
        if not self._is_closed:
            self._is_closed = True
            self.network.close()

    # -- what is known of them

    @property
    def running(self) -> list[int]:
        """Who is neither dead nor paused."""
        return [s for s in self.ids if self.peers[s].process is not None and s not in self.paused]

    def crashed(self) -> list[str]:
        """Say which members have ended by themselves, with what they logged last."""
        return [
            f"server {sid} ended with code {peer.process.returncode}:\n{peer.log_tail()}"
            for sid, peer in self.peers.items()
            if peer.process is not None and peer.process.poll() is not None
        ]

    def mode(self, sid: int) -> str | None:
        """What a member says that it is, as ``leader``; None if it serves nobody."""
        if sid not in self.running:
            return None
        try:
            answer = self.peers[sid].word("srvr", WORD_TIMEOUT_S)
        except OSError:
            return None
        mode = answer.partition("Mode: ")[2].split()
        return mode[0] if mode and mode[0] in ("leader", "follower", "observer") else None

    def wait_until_up(self, timeout_s: float) -> None:
        """Return when all that run have loaded their data. Raises PeerError."""
        deadline = time.monotonic() + timeout_s
        for sid in self.running:
            while not self._answers(sid):
                if self.crashed() or time.monotonic() > deadline:
                    raise PeerError(f"server {sid} is not up:\n{self.peers[sid].log_tail()}")
                time.sleep(_RETRY_S)

    def _answers(self, sid: int) -> bool:
        try:
            return bool(self.peers[sid].word("ruok", WORD_TIMEOUT_S))
        except OSError:
            return False

    def leader(self) -> int | None:
        """Somebody who says that it leads."""
        return next((sid for sid in self.ids if self.mode(sid) == "leader"), None)

    def quorum_is_connected(self) -> bool:
        """Whether a majority runs, all of it connected, and hears nothing of anybody else.

        More is not asked for: members of which each reaches another part of the others may hold
        elections for as long as that is so, as Apache's do.
        """
        running = self.running
        for sid in running:
            part = self._reachable(sid, running)
            if len(part) >= self.majority:
                return all(self._is_open((a, b)) for a in part for b in part if a != b)
        return False

    def _reachable(self, start: int, running: Iterable[int]) -> set[int]:
        """Who hears of a member or is heard by it, maybe through others."""
        found = {start}
        while True:
            more = {
                b
                for b in running
                for a in found
                if b not in found and (self._is_open((a, b)) or self._is_open((b, a)))
            }
            if not more:
                return found
            found |= more

    def _is_open(self, link: Link) -> bool:
        return self.network.passage(link) is Passage.OPEN

    def wait_until_all_serve(self, timeout_s: float) -> None:
        """Return when every member says that it leads or follows. Raises PeerError."""
        deadline = time.monotonic() + timeout_s
        waiting = [*self.ids]
        while waiting:
            waiting = [sid for sid in waiting if self.mode(sid) is None]
            if self.crashed():
                raise PeerError("\n".join(self.crashed()))
            if waiting and time.monotonic() > deadline:
                logs = "\n".join(f"{s}:\n{self.peers[s].log_tail()}" for s in self.ids)
                raise PeerError(f"servers {waiting} do not serve after {timeout_s} s:\n{logs}")
            time.sleep(_RETRY_S)
