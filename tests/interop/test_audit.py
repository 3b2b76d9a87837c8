"""The audit log of members: each writes down what its own clients change, as Apache's does."""

from __future__ import annotations

import re
from pathlib import Path

import raw_client as zk
from peers import APACHE_39, SPECKEEPER, Kind
from trio import RawSession, Trio


def audited(trio: Trio, sid: int) -> list[str]:
    """The audit records in a member's log, without ids and users of processes."""
    lines = []
    for line in trio.members[sid].log_file.read_text().splitlines():
        found = re.search(r"(?:\[audit\]|Slf4jAuditLogger\]) - (.*)", line)
        if found:
            text = re.sub(r"session=0x[0-9a-f]+", "session=#", found[1])
            lines.append(re.sub(r"user=(?!127)\S+", "user=#", text))
    return lines


def story(kind: Kind, folder: Path) -> dict[str, list[str]]:
    with Trio(kind, folder, properties={"zookeeper.audit.enable": "true"}) as trio:
        trio.start(2, 3)
        trio.start(1)
        members = {"leader": trio.leader(), "follower": 1}
        for role, sid in members.items():
            client = RawSession(trio.members[sid].port)
            for op, body in (
                (zk.CREATE, zk.create(f"/{role}", b"x")),
                (zk.CREATE2, zk.create(f"/{role}/s", flags=2)),
                (zk.CREATE, zk.create(f"/{role}/e", flags=1)),
                (zk.SET_DATA, zk.set_data(f"/{role}", b"y")),
                (zk.SET_ACL, zk.set_acl(f"/{role}", zk.OPEN)),
                (zk.CREATE_CONTAINER, zk.create(f"/{role}/c", flags=4)),
                (zk.DELETE, zk.path_version(f"/{role}/c")),
                (zk.DELETE, zk.path_version(f"/{role}/nope")),
                (zk.MULTI, zk.multi([(zk.SET_DATA, zk.set_data(f"/{role}", b"z"))])),
                (zk.MULTI, zk.multi([(zk.DELETE, zk.path_version("/nope"))])),
                (zk.GET_DATA, zk.path_watch(f"/{role}")),
                (zk.CLOSE, b""),
            ):
                client.call(op, body)
        last = RawSession(trio.members[1].port)
        last.call(zk.SYNC, zk.buffer("/"))
        for peer in trio.members.values():
            peer.stop()
        return {role: audited(trio, sid) for role, sid in members.items()}


def test_members_audit_as_apache_s(tmp_path: Path) -> None:
    apache = story(APACHE_39, tmp_path / "apache")
    assert len(apache["follower"]) > 10, "Apache wrote an audit log at all"
    assert story(SPECKEEPER, tmp_path / "ours") == apache
