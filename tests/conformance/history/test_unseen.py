"""What nobody was told of: where it may have happened, and where not; local sessions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.conformance.history.stories import OPEN, Teller, judged, told

from speccheck.conform.history.facts import Policy

_LOCAL = Policy(local_sessions_enabled=True)


def _delete(path: str) -> dict[str, Any]:
    return {"path": path, "version": -1}


def _children(teller: Teller, zxid: int, when: tuple[int, int], *names: str) -> None:
    reply = {"children": sorted({*names, "zookeeper"})}
    teller.reply(zxid, when, "getChildren", {"path": "/", "watch": False}, reply)


@pytest.mark.parametrize("asked", [50, 500])
def test_a_lost_write_explains_nothing_that_was_told_before_it_was_asked_for(
    asked: int, tmp_path: Path
) -> None:
    ann, bob = Teller(1), Teller(2)
    bob.create(3, (10, 20), "/a")
    ann.lost((asked, asked + 10), "delete", _delete("/a")).disconnect(asked + 10)
    _children(bob, 4, (100, 110))
    verdict, _ = judged(told(tmp_path, ann.end(), bob.end()))
    assert (verdict.divergence is None) == (asked == 50)


@pytest.mark.parametrize("later", [4, 5])
def test_a_lost_write_came_before_what_its_session_asked_for_later(
    later: int, tmp_path: Path
) -> None:
    """With 4 no zxid is left for it: it was not carried out, and who does not see /a is wrong."""
    ann, bob = Teller(1), Teller(2)
    bob.create(3, (10, 20), "/a")
    ann.lost((50, 60), "delete", _delete("/a")).disconnect(60)
    ann.lines.append({**ann.lines[1], "call": 65, "return": 66, "resumed": True})
    ann.create(later, (70, 80), "/b")
    _children(bob, 7, (100, 110), "b")
    verdict, _ = judged(told(tmp_path, ann.end(), bob.end()))
    assert (verdict.divergence is None) == (later == 5)
    assert not verdict.unchecked


def test_an_event_behind_a_close_session_is_decided_though_something_got_lost(
    tmp_path: Path,
) -> None:
    ann, bob, carl = Teller(1), Teller(2), Teller(7)
    bob.create(4, (10, 20), "/a")
    stat = dict.fromkeys(("mtime", "ctime", "version", "cversion", "aversion"), 0)
    stat |= dict.fromkeys(("ephemeralOwner", "dataLength", "numChildren"), 0)
    stat |= dict.fromkeys(("czxid", "mzxid", "pzxid"), 4)
    carl.lost((30, 35), "delete", _delete("/a")).disconnect(35)
    ann.reply(4, (50, 60), "exists", {"path": "/a", "watch": True}, {"stat": stat})
    ann.reply(6, (100, 200), "closeSession").watch("NodeDeleted", "/a", 205).disconnect(210)
    bob.reply(7, (120, 204), "delete", _delete("/a"))
    verdict, _ = judged(told(tmp_path, ann.end(), bob.end(), carl.end()))
    assert verdict.divergence is None
    assert not verdict.unchecked
    assert verdict.checked["event: NodeDeleted"] == 1


@pytest.mark.parametrize("policy", [Policy(), _LOCAL], ids=["global", "local"])
@pytest.mark.parametrize("flags", ["PERSISTENT", "EPHEMERAL"])
def test_a_local_session_ends_without_a_transaction(
    policy: Policy, flags: str, tmp_path: Path
) -> None:
    ann, bob = Teller(1), Teller(2)
    ann.create(3, (10, 20), "/a", OPEN, flags)
    bob.create(4, (30, 40), "/b")
    ann.reply(4, (50, 60), "closeSession").disconnect(61)
    verdict, _ = judged(told(tmp_path, ann.end(), bob.end()), policy=policy)
    if policy is _LOCAL and flags == "PERSISTENT":
        assert verdict.divergence is None
        assert verdict.checked["closeSession: Ok"] == 1
    else:
        assert verdict.divergence is not None
        assert verdict.divergence.operator == "ZxidsRise"


def test_a_watch_is_kept_that_was_set_before_there_was_a_transaction(tmp_path: Path) -> None:
    ann, bob = Teller(1), Teller(2)
    ann.reply(0, (5, 6), "exists", {"path": "/a", "watch": True}, None, "NoNode")
    bob.create(3, (10, 20), "/a")
    ann.watch("NodeCreated", "/a", 21, 3)
    _children(ann, 3, (30, 40), "a")
    verdict, _ = judged(told(tmp_path, ann.end(), bob.end()), policy=_LOCAL)
    assert verdict.divergence is None
    assert verdict.checked["event: NodeCreated"] == 1


def test_children_that_a_reply_lists_are_there_though_not_known_otherwise(tmp_path: Path) -> None:
    """More was lost than is tried: what a reply shows is taken, and its nodes agree with it."""
    ann, bob = Teller(1), Teller(2)
    names = [f"n{number}" for number in range(9)]
    for number, name in enumerate(names):
        ann.lost((30 + number, 90), "create", {
            "path": f"/{name}", "data": "", "acl": OPEN, "flags": "PERSISTENT"})  # fmt: skip
    ann.disconnect(90)
    _children(bob, 12, (100, 110), *names)
    bob.reply(13, (120, 130), "delete", _delete("/n4"))
    bob.reply(14, (140, 150), "getData", {"path": "/n4", "watch": False}, None, "NoNode")
    bob.reply(14, (160, 170), "getData", {"path": "/m", "watch": False}, None, "NoNode")
    verdict, _ = judged(told(tmp_path, ann.end(), bob.end()))
    assert verdict.divergence is None
    assert verdict.unchecked["too many possibilities"] == 1


def test_nothing_but_what_got_lost_is_nothing_to_judge(tmp_path: Path) -> None:
    ann = Teller(1).lost((30, 35), "delete", _delete("/a")).disconnect(35)
    verdict, _ = judged(told(tmp_path, ann.end()))
    assert (verdict.divergence, verdict.total) == (None, 0)


@pytest.mark.parametrize("read_only", [True, False])
@pytest.mark.parametrize("zxid", [4, 9])
def test_a_server_without_a_leader_may_show_what_was_never_committed(
    zxid: int, read_only: bool, tmp_path: Path
) -> None:
    """Up to zxid 5, which one with a leader has shown, it shows nothing else."""
    ann, bob, carl = Teller(1), Teller(2), Teller(3)
    ann.create(4, (10, 20), "/a").lost((30, 35), "delete", _delete("/a")).disconnect(35)
    bob.lines[1]["readOnly"] = read_only
    bob.reply(zxid, (50, 60), "getData", {"path": "/a", "watch": False}, None, "NoNode")
    _children(carl, 5, (70, 80), "a")
    carl.reply((1 << 32) + 1, (90, 95), "delete", _delete("/a"))
    verdict, _ = judged(told(tmp_path, ann.end(), bob.end(), carl.end()))
    assert (verdict.divergence is None) == (read_only and zxid == 9)
    reason = "read only, of what may not have been committed"
    assert verdict.unchecked[reason] == (read_only and zxid == 9)


@pytest.mark.parametrize("is_lost", [True, False])
def test_an_event_that_is_the_last_that_anybody_saw_is_explained(
    is_lost: bool, tmp_path: Path
) -> None:
    ann, bob = Teller(1), Teller(2)
    ann.create(3, (10, 20), "/a")
    ann.reply(3, (30, 40), "exists", {"path": "/b", "watch": True}, None, "NoNode")
    if is_lost:
        request = {"path": "/b", "data": "", "acl": OPEN, "flags": "PERSISTENT"}
        bob.lost((50, 60), "create", request).disconnect(60)
    ann.watch("NodeCreated", "/b", 55, 4)
    verdict, _ = judged(told(tmp_path, ann.end(), bob.end()))
    assert (verdict.divergence is None) == is_lost
    assert verdict.checked["event: NodeCreated"] == is_lost
