"""Byte for byte: Apache ZooKeeper and SpecKeeper get the same requests and must answer the same.

Directed cases (`cases`), random scripts by seed (`scripts`), and settings that change the rules.
`differential` says how answers are compared and which differences between Apache's own versions are
let through. `run_differential.py` plays single cases and seeds, and shortens a failing script.

SPECKEEPER_DIFFERENTIAL_SEEDS=100-200 chooses other seeds than the default ones.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

import pytest
import raw_client as zk
from cases import CASES, Case, Traits, body_for, case_steps
from conftest import StartPeer
from differential import UNTESTABLE, Coverage, Differential, Step, names_concerning
from peers import APACHE_38, APACHE_39, SPECKEEPER, Kind, Peer
from scripts import script

SETTINGS: Mapping[str, object] = {
    "extendedTypesEnabled": "true",
    "enforceQuota": "true",
    "reconfigEnabled": "true",
    "DigestAuthenticationProvider.superDigest": "super:D/InIHSb7yEEbrWz8b9l71RjZJU=",
}
PROPERTIES = {"znode.container.checkIntervalMs": "3600000"}  # no sweep meanwhile
SUPER_BY_SHA_256 = "super:wjySwxg860UATFtciuZ1lpzrCHrPeov6SPu/ZD56uig="  # super:test
SEEDS_PER_TEST = 10
# Cases in which Apache 3.8.0 answers otherwise than 3.9.3, whose rules SpecKeeper follows.
SINCE_39 = {
    "multi_flags": "create2 inside a multi is answered as create",
    "multi_failures": "create2 inside a multi is answered as create",
    "multi_inside": "create2 inside a multi is answered as create",
    "paths": "a null path is a MarshallingError to checkWatches and removeWatches",
    "containers": "a client's deleteContainer has its path as raw bytes",
    "supplementary": "a client's deleteContainer has its path as raw bytes",
    "truncated": "a client's deleteContainer has its path as raw bytes",
    "nulls": "a zxid that a failed multi did not use shows later",
    "opcodes": "check is served outside of a multi, too",
    "acls": "an ACL of null in a multi fails that operation, not the whole request",
    "watch_removal": "exists watches count as data watches only",
}


def _seed_ranges() -> list[range]:
    text = os.environ.get("SPECKEEPER_DIFFERENTIAL_SEEDS", "0-60")
    low, _, high = text.partition("-")
    first, last = int(low), int(high or int(low) + 1)
    return [
        range(start, min(start + SEEDS_PER_TEST, last))
        for start in range(first, last, SEEDS_PER_TEST)
    ]


class Pair:
    """A judge and a subject; replaced by a fresh pair once they have parted."""

    def __init__(self, start_peer: StartPeer, judge: Kind, coverage: Coverage) -> None:
        self._start_peer = start_peer
        self._coverage = coverage
        self._differential: Differential | None = None
        self.judge = judge
        untestable = names_concerning(UNTESTABLE, judge.version or (9, 9, 9))
        self.traits = Traits(
            read_refused="exists-needs-read" not in untestable,
            modern="older-rules" not in untestable,
        )

    def check(self, steps: list[Step], label: str) -> None:
        """Play a script; fail with the first difference."""
        if self._differential is None:
            judge = self._start_peer(self.judge, SETTINGS, PROPERTIES)
            subject = self._start_peer(SPECKEEPER, SETTINGS, PROPERTIES)
            self._differential = Differential(judge, subject, self._coverage)
        differential, self._differential = self._differential, None
        divergence = differential.play(steps)
        if divergence is None:
            self._differential = differential
            return
        peers = (differential.judge.peer, differential.subject.peer)
        differential.close()
        for peer in peers:
            peer.kill()
        pytest.fail(f"{label}, judged by {self.judge.name}:\n{divergence}", pytrace=False)


@pytest.fixture(scope="module", params=[APACHE_39, APACHE_38], ids=lambda kind: kind.name)
def pair(
    request: pytest.FixtureRequest, start_module_peer: StartPeer, coverage: dict[str, Coverage]
) -> Pair:
    kind: Kind = request.param
    return Pair(start_module_peer, kind, coverage.setdefault(kind.name, Coverage()))


@pytest.mark.parametrize("name", CASES)
def test_case(pair: Pair, name: str) -> None:
    if pair.judge is APACHE_38 and name in SINCE_39:
        pytest.skip(f"before 3.9, {SINCE_39[name]}")
    pair.check(case_steps(name, pair.traits), f"case {name}")


@pytest.mark.parametrize("seeds", _seed_ranges(), ids=lambda seeds: f"{seeds[0]}-{seeds[-1]}")
def test_random_scripts(pair: Pair, seeds: range) -> None:
    for seed in seeds:
        pair.check(script(seed, traits=pair.traits), f"seed {seed}")


# -- settings that change the rules ---------------------------------------------------------------


def _requests_under_other_rules() -> list[Step]:
    """Requests whose answers depend on settings: TTL, quotas, reconfig, permissions, auth."""
    case = Case()
    case.send("a", zk.WHO_AM_I)
    case.create("a", "/n", b"data", acl=((1, "world", "anyone"),))
    for op in (zk.CREATE_TTL, zk.CREATE_CONTAINER, zk.SET_DATA, zk.SET_ACL, zk.GET_ACL, zk.SYNC):
        case.send("a", op, body_for(op, f"/n{op}"))
        case.send("a", op, body_for(op, "/n"))
    case.send("a", zk.CREATE_TTL, zk.create_ttl("/ttl", b"", zk.OPEN, 6, 5))
    case.multi("a", (zk.CREATE_TTL, zk.create_ttl("/ttl", b"", zk.OPEN, 5, 5)))
    case.create("a", "/ttl", flags=5)
    case.delete("a", "/n")
    case.create("a", "/n/below")
    case.send("a", zk.RECONFIG, zk.reconfig(None, None, None, -1))
    case.send("a", zk.RECONFIG, b"")
    case.send("a", zk.PING, xid=zk.XID_PING)
    case.auth("b", "ben:ben")
    case.send("b", zk.WHO_AM_I)
    case.create("b", "/q")
    for path, data in (("", ""), ("/zookeeper_limits", "count=1,bytes=1=;countHardLimit=1")):
        case.create("b", "/zookeeper/quota/q" + path, data)
    case.create("b", "/zookeeper/quota/q/zookeeper_stats", "count=1,bytes=0")
    case.create("b", "/q/over", b"much")
    case.set("b", "/q", b"more")
    case.look("b", "/zookeeper/quota/q/zookeeper_stats")
    case.send("b", zk.AUTH, zk.auth("digest", "super:test"))
    case.send("b", zk.RECONFIG, zk.reconfig(None, "1", None, -1))
    return case.steps


@pytest.mark.parametrize(
    "settings",
    [
        {"extendedTypesEnabled": "false", "reconfigEnabled": "false", "enforceQuota": "false"},
        {"skipACL": "yes"},
        {"DigestAuthenticationProvider.enabled": "false"},
        {
            "DigestAuthenticationProvider.digestAlg": "SHA-256",
            "DigestAuthenticationProvider.superDigest": SUPER_BY_SHA_256,
        },
        {"jute.maxbuffer": 5000},
        {"minSessionTimeout": 7000, "maxSessionTimeout": 9000, "tickTime": 500},
        {"closeSessionTxn.enabled": "false"},
        {"digest.enabled": "false"},
    ],
    ids=lambda settings: next(iter(settings)),
)
def test_settings(
    start_peer: StartPeer, coverage: dict[str, Coverage], settings: dict[str, object]
) -> None:
    judge_kind = APACHE_39 if APACHE_39.why_missing() is None else APACHE_38
    met = coverage.setdefault(judge_kind.name, Coverage())
    both: list[Peer] = []
    for kind in (judge_kind, SPECKEEPER):
        config: dict[str, object | None] = {**SETTINGS, **settings}
        limit = config.pop("jute.maxbuffer", None)  # a bare system property, unknown to zoo.cfg
        properties = dict(PROPERTIES)
        if limit is not None:
            properties["jute.maxbuffer"] = str(limit)
        both.append(start_peer(kind, config=config, properties=properties))
    differential = Differential(both[0], both[1], met)
    try:
        divergence = differential.play(_requests_under_other_rules())
    finally:
        differential.close()
    assert divergence is None, f"with {settings}:\n{divergence}"
