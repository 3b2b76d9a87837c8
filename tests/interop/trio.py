"""Ensembles of three server processes, of one kind or mixed, for tests of what members do."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

import raw_client as zk
from conftest import need
from peers import Kind, Peer, PeerError
from tests.ports import free_port

TICK_MS = 500
PATIENCE_S = 60.0


class Trio:
    """Three members by id, and observers behind them; none is started. Kills them at the end.

    ``config`` and ``properties`` are for all of them, ``own`` lays more over them by id.
    """

    def __init__(
        self,
        kinds: Kind | Sequence[Kind],
        folder: Path,
        config: Mapping[str, object | None] | None = None,
        properties: Mapping[str, str] | None = None,
        observers: int = 0,
        own: Mapping[int, Mapping[str, object | None]] | None = None,
    ) -> None:
        count = 3 + observers
        each = [kinds] * count if isinstance(kinds, Kind) else list(kinds)
        assert len(each) == count
        ports = [free_port() for _ in range(2 * count)]
        lines = {
            f"server.{sid}": f"127.0.0.1:{ports[2 * sid - 2]}:{ports[2 * sid - 1]}:"
            + ("observer" if sid > 3 else "participant")
            for sid in range(1, count + 1)
        }
        self.members: dict[int, Peer] = {}
        for sid in range(1, count + 1):
            settings = {
                **lines,
                "tickTime": TICK_MS,
                "initLimit": 20,
                "syncLimit": 10,
                **({"peerType": "observer"} if sid > 3 else {}),
                **(config or {}),
                **((own or {}).get(sid, {})),
            }
            peer = Peer(need(each[sid - 1]), folder / str(sid), settings, properties or {})
            peer.data_dir.mkdir(parents=True)
            (peer.data_dir / "myid").write_text(str(sid))
            self.members[sid] = peer

    def __enter__(self) -> Trio:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for peer in self.members.values():
            peer.kill()

    def start(self, *ids: int) -> Trio:
        """Start members, all if none are named, and wait until they serve."""
        for sid in ids or self.members:
            self.members[sid].launch()
        for sid in ids or self.members:
            self.members[sid].wait_until_serving()
        return self

    def mode(self, sid: int) -> str:
        """What `srvr` says that a member is; empty while it is nothing."""
        try:
            answer = self.members[sid].word("srvr")
        except OSError:
            return ""
        return answer.partition("Mode: ")[2].partition("\n")[0]

    def wait_for(self, mode: str, *ids: int) -> int:
        """Wait until one of the members is what is wanted; return its id."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            for sid in ids or self.members:
                if self.members[sid].process is not None and self.mode(sid) == mode:
                    return sid
            time.sleep(0.05)
        raise PeerError(f"no {mode} after {PATIENCE_S} s")

    def leader(self) -> int:
        """The id of the leader."""
        return self.wait_for("leader")

    def follower(self) -> int:
        """The id of a follower."""
        return self.wait_for("follower")


class RawSession:
    """A client with a session at one port; remembers what it was answered."""

    def __init__(
        self,
        port: int,
        read_only: bool | None = False,
        timeout_ms: int = 10_000,
        session: zk.Session | None = None,
    ) -> None:
        self.connection = zk.RawConnection(port)
        known = (0, b"\0" * 16) if session is None else (session.session_id, session.password)
        request = zk.connect_request(*known, timeout_ms=timeout_ms, read_only=read_only)
        self.session = self.connection.handshake(request)
        self._xid = 0

    @property
    def granted(self) -> tuple[bool, int, int] | None:
        """Whether it has a session, its timeout, and the byte that says read-only."""
        session = self.session
        return (
            None
            if session is None
            else (session.session_id != 0, session.timeout_ms, session.frame[-1])
        )

    def call(self, op: int, body: bytes = b"") -> int:
        """Return the error of the answer."""
        self._xid += 1
        return self.connection.call(self._xid, op, body)[1]

    def closed(self) -> bool:
        """Whether the server ends the connection, without another word."""
        return self.connection.frame() is None
