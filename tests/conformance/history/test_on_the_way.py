"""What ZooKeeper prepares while transactions are on their way, and tells behind a closeSession."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.conformance.history.stories import OPEN, Teller, allowing, judged, told

_READ, _WRITE, _CREATE, _ADMIN = 1, 2, 4, 16


def _stat(**told: int) -> dict[str, int]:
    names = "czxid mzxid pzxid ctime mtime version cversion aversion ephemeralOwner dataLength"
    return dict.fromkeys([*names.split(), "numChildren"], 0) | told


def _set_acl(teller: Teller, perms: int) -> None:
    """At zxid 4, on its way from 100 to 200."""
    stat = _stat(czxid=3, mzxid=3, pzxid=3, aversion=1)
    request = {"path": "/a", "acl": allowing(perms), "version": -1}
    teller.reply(4, (100, 200), "setACL", request, {"stat": stat})


def _set_data(teller: Teller, zxid: int, when: tuple[int, int], err: str) -> None:
    request = {"path": "/a", "data": "", "version": -1}
    stat = _stat(czxid=3, mzxid=zxid, pzxid=3, version=1, aversion=1)
    teller.reply(zxid, when, "setData", request, {"stat": stat} if err == "Ok" else None, err)


@pytest.mark.parametrize("before", [_READ | _ADMIN, _READ | _ADMIN | _WRITE])
@pytest.mark.parametrize("asked", [150, 250])
def test_a_new_acl_may_be_missed_only_while_it_is_on_its_way(
    before: int, asked: int, tmp_path: Path
) -> None:
    ann, bob = Teller(1), Teller(2)
    ann.create(3, (10, 20), "/a", allowing(before))
    _set_acl(ann, before ^ _WRITE)
    _set_data(bob, 5, (asked, asked + 60), "Ok" if before & _WRITE else "NoAuth")
    verdict, judge = judged(told(tmp_path, ann.end(), bob.end()))
    if asked < 200:
        assert verdict.divergence is None
        assert judge.writes.behind == 1
        assert any("Behind" in note for note in verdict.notes)
    else:
        assert verdict.divergence is not None
        assert verdict.divergence.operator == "PrepareSetData"


@pytest.mark.parametrize("asked", [250, 310])
def test_another_change_on_its_way_prolongs_what_is_missed(asked: int, tmp_path: Path) -> None:
    ann, bob, carl = Teller(1), Teller(2), Teller(7)
    ann.create(3, (10, 20), "/a", allowing(_READ | _ADMIN | _CREATE))
    _set_acl(ann, 31)
    bob.create(5, (150, 300), "/a/x")
    _set_data(carl, 6, (asked, asked + 60), "NoAuth")
    verdict, judge = judged(told(tmp_path, ann.end(), bob.end(), carl.end()))
    assert (verdict.divergence is None) == (asked < 300)
    assert judge.writes.behind == (asked < 300)


def test_a_node_that_is_created_again_misses_nothing(tmp_path: Path) -> None:
    ann, bob = Teller(1), Teller(2)
    ann.create(3, (10, 20), "/a", allowing(_READ | _ADMIN))
    _set_acl(ann, 31)
    bob.reply(5, (150, 300), "delete", {"path": "/a", "version": -1})
    bob.create(6, (150, 300), "/a")
    bob.reply(7, (150, 300), "setData", {"path": "/a", "data": "", "version": -1}, None, "NoAuth")
    verdict, _ = judged(told(tmp_path, ann.end(), bob.end()))
    assert verdict.divergence is not None
    assert verdict.divergence.zxid == 7


@pytest.mark.parametrize("asked", [150, 250])
def test_nodes_of_a_closing_session_may_still_be_there(asked: int, tmp_path: Path) -> None:
    ann, bob = Teller(1), Teller(2)
    bob.create(3, (10, 20), "/p")
    ann.create(4, (30, 40), "/p/e", OPEN, "EPHEMERAL")
    ann.reply(5, (100, 200), "closeSession").disconnect(201)
    bob.reply(6, (asked, asked + 60), "delete", {"path": "/p", "version": -1}, None, "NotEmpty")
    verdict, _ = judged(told(tmp_path, ann.end(), bob.end()))
    assert (verdict.divergence is None) == (asked < 200)


@pytest.mark.parametrize("path", ["/a", "/b", None])
def test_a_watch_may_fire_behind_a_close_session_if_it_is_due(
    path: str | None, tmp_path: Path
) -> None:
    ann, bob = Teller(1), Teller(2)
    bob.create(3, (10, 20), "/a")
    bob.create(4, (30, 40), "/b")
    ann.reply(
        4,
        (50, 60),
        "exists",
        {"path": "/a", "watch": True},
        {"stat": _stat(czxid=3, mzxid=3, pzxid=3)},
    )
    ann.reply(5, (100, 200), "closeSession")
    if path is not None:
        ann.watch("NodeDeleted", path, 205)
    ann.disconnect(210)
    bob.reply(6, (120, 204), "delete", {"path": "/a", "version": -1})
    verdict, _ = judged(told(tmp_path, ann.end(), bob.end()))
    if path == "/b":
        assert verdict.divergence is not None
        assert verdict.divergence.operator == "NoEventWithoutAWatch"
    else:
        assert verdict.divergence is None
    assert verdict.checked["event: NodeDeleted"] == (path == "/a")
