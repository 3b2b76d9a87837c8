"""Election and quorum port of a simulated server: links to the others, as bytes.

The counterpart of ``net/election_port.py`` and ``net/quorum_port.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from speckeeper.sim.link import Link
from speckeeper.sim.network import Channel
from speckeeper.sim.surroundings import Surroundings
from speckeeper.wire.election import Notification, decode_notification, encode_notification
from speckeeper.wire.jute import Reader
from speckeeper.wire.quorum import PacketType, QuorumPacket, decode_packet, encode_packet
from speckeeper.wire.snapshot import encode_snapshot_body
from speckeeper.zab import effects, inputs

if TYPE_CHECKING:
    from speckeeper.sim.node import Node

_CONNECT_RETRY_MS = 100
_CONNECT_TRIES = 5


class PeerPorts:
    """The connections of one server with the others. ``perform``: effects that it carries out."""

    def __init__(self, node: Node, world: Surroundings) -> None:
        self._node = node
        self._world = world
        self._links: dict[int, Link] = {}
        self._far_ends: dict[int, int] = {}  # of all links that there ever were
        self._channels: dict[int, Channel] = {}
        self._last_sent: dict[int, Notification] = {}
        self._snapshots: dict[int, list[bytes]] = {}  # received, by link
        self.perform: dict[type[Any], Callable[[Any], None]] = {
            effects.SendNotification: self._send_notification,
            effects.ConnectAll: lambda effect: None,
            effects.ConnectToLeader: self._connect,
            effects.Send: self._send,
            effects.SendSnapshot: self._send_snapshot,
            effects.Close: self._close,
        }

    def crash(self) -> None:
        """Lose all connections; whoever is connected learns of it."""
        self._snapshots.clear()
        self._last_sent.clear()
        links, self._links = self._links, {}
        for link in links.values():
            link.close(self._node.id)

    def far_end(self, link: int) -> str:
        """Say who is at the other end of a link."""
        return str(self._far_ends.get(link, "nobody"))

    def other_of(self, link: int) -> int | None:
        """Return the id of the server at the other end of a link."""
        return self._far_ends.get(link)

    def link(self, number: int) -> Link | None:
        """Return a connection that is open at this end, by its number."""
        return self._links.get(number)

    def take_snapshot(self, link: int) -> list[bytes]:
        """Take out a snapshot that has come."""
        return self._snapshots.pop(link)

    def close_link(self, link: int) -> None:
        """Close a link after what was sent."""
        self._close(effects.Close(link, ""))

    def reset_links(self, other: Node, one_sided: bool = False) -> bool:
        """Break the connections with a server, or our ends of them; whether there are any."""
        common = [link for link in self._links.values() if link.other(self._node.id) == other.id]
        for link in common:
            if one_sided:
                link.hang_up(self._node.id)
            else:
                link.cut()
        return bool(common)

    def hold(self, other: Node, time_ms: int) -> None:
        """Let what is sent to a server on the connections there are arrive no earlier than then."""
        until_ms = self._world.clock.now_ms + time_ms
        for link in self._links.values():
            if link.other(self._node.id) == other.id:
                link.hold(self._node.id, until_ms)

    def greet(self, server_id: int) -> None:
        """A connection of the election port was made anew: say the last word again."""
        last = self._last_sent.get(server_id)
        if self._node.peer is not None and last is not None and server_id != self._node.id:
            self._send_notification(effects.SendNotification(server_id, last))

    # -- election port

    def _send_notification(self, effect: effects.SendNotification) -> None:
        target = self._world.nodes.get(effect.server_id)
        self._last_sent[effect.server_id] = effect.notification
        if target is None:
            return
        network = self._world.network
        channel = self._channels.get(target.id)
        if channel is None:
            channel = self._channels[target.id] = Channel(self._node.id, target.id)
        raw = encode_notification(effect.notification)

        def deliver() -> None:
            if network.connected(self._node.id, target.id):
                event = inputs.NotificationReceived(self._node.id, decode_notification(raw))
                target.later(target.step)(event)

        if network.connected(self._node.id, target.id):
            network.carry(channel, deliver)

    # -- quorum port

    def _connect(self, effect: effects.ConnectToLeader) -> None:
        leader = self._world.nodes.get(effect.server_id)
        clock, network = self._world.clock, self._world.network

        def attempt(left: int) -> None:
            if (
                leader is not None
                and leader.peer is not None
                and leader.peer.accepts_learners
                and network.connected(self._node.id, leader.id)
            ):
                self._connect_to(leader)
            elif left > 1:
                again = self._node.later(lambda: attempt(left - 1))
                clock.after(_CONNECT_RETRY_MS, again)
            else:
                self._node.step(inputs.ConnectFailed(effect.server_id))

        network.later(
            self._node.id, effect.server_id, self._node.later(lambda: attempt(_CONNECT_TRIES))
        )

    def _connect_to(self, leader: Node) -> None:
        """Make a connection to a leader that listens."""
        gone = (
            self._node.later(lambda: self.gone(link)),
            leader.later(lambda: leader.ports.gone(link)),
        )
        link = Link(self._world.network, (self._node.id, leader.id), gone)
        self._links[link.number] = leader.ports._links[link.number] = link
        self._far_ends[link.number], leader.ports._far_ends[link.number] = leader.id, self._node.id
        leader.later(leader.step)(inputs.LearnerConnected(link.number))
        self._node.step(inputs.LeaderConnected(link.number))

    def gone(self, link: Link) -> None:
        """Hear that a connection is lost."""
        if self._links.pop(link.number, None) is not None:
            self._snapshots.pop(link.number, None)
            self._node.step(inputs.Disconnected(link.number))

    def _send(self, effect: effects.Send) -> None:
        if effect.packet.type is PacketType.ACK:
            self._world.observer.acknowledges(self._node, effect.link, effect.packet.zxid)
        raw = encode_packet(effect.packet)
        number = effect.link
        self._carry(number, lambda target: target._received(number, decode_packet(Reader(raw))))

    def _received(self, link: int, packet: QuorumPacket) -> None:
        if link not in self._links:
            return
        peer = self._node.peer
        if packet.type is PacketType.PING and peer is not None:
            peer.touched |= self._node.part.take_touched(self._node.clock.now_ms)
        if peer is not None and peer.bulk:
            self._node.step(inputs.PacketsReceived(link, (packet,)))
        else:
            self._node.step(inputs.PacketReceived(link, packet))

    def _send_snapshot(self, effect: effects.SendSnapshot) -> None:
        tree = self._node.tree
        chunks = [*encode_snapshot_body(tree.sessions, tree.acls.table(), tree.walk())]
        packet = QuorumPacket(PacketType.SNAP, effect.zxid)
        number = effect.link

        def deliver(target: PeerPorts) -> None:
            target._received(number, packet)
            if number in target._links:
                target._snapshots[number] = chunks
                target._node.step(inputs.SnapshotReceived(number))

        self._carry(number, deliver)

    def _carry(self, number: int, deliver: Callable[[PeerPorts], None]) -> None:
        link = self._links.get(number)
        if link is not None:
            target = self._world.nodes[link.other(self._node.id)]
            enter = target.later(deliver)
            link.send(self._node.id, lambda: enter(target.ports))

    def _close(self, effect: effects.Close) -> None:
        link = self._links.pop(effect.link, None)
        if link is not None:
            link.finish(self._node.id)
