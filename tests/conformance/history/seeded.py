"""Bad histories, made from a good one by hand, each with what a judge has to say of it.

    python -m tests.conformance.history.seeded

writes them to traces/histories/bad. The good one is the scenario of tests/interop, as Apache
ZooKeeper 3.9.3 played it.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any, NamedTuple

from tests.conformance.history.mutants import Files, Lines, read, write

HISTORIES = Path(__file__).parents[3] / "traces" / "histories"
GOOD = HISTORIES / "good"
BAD = HISTORIES / "bad"
SCENARIO = GOOD / "apache-3.9.3-scenario"


class Expected(NamedTuple):
    """The operator of the specification that a verdict names, and a word of the reason."""

    operator: str
    reason: str
    closest: int | None = None


class Story:
    """The two clients' lines, found by what they say."""

    def __init__(self, files: Files) -> None:
        ann, bob = (files[name] for name in sorted(files))
        self.ann: Lines = ann
        self.bob: Lines = bob

    @staticmethod
    def at(lines: Lines, type_: str, path: str, number: int = 0) -> int:
        """Return the index of a reply or event, the first or a later one."""
        found = [
            index
            for index, line in enumerate(lines)
            if line.get("type") == type_ and line.get("request", line).get("path") == path
        ]
        return found[number]

    def reply(self, lines: Lines, type_: str, path: str, number: int = 0) -> dict[str, Any]:
        """Return such a line."""
        return lines[self.at(lines, type_, path, number)]


def _answer_as(line: dict[str, Any], other: dict[str, Any]) -> None:
    """Give a request the answer that another got."""
    line["err"] = other["err"]
    line.pop("reply", None)
    if "reply" in other:
        line["reply"] = deepcopy(other["reply"])


def stale_read_after_sync(story: Story) -> Expected:
    after = story.reply(story.ann, "getData", "/a", 2)
    _answer_as(after, story.reply(story.bob, "getData", "/a"))
    return Expected("GetData", "wrong in data, stat", 10)


def write_with_a_wrong_version(story: Story) -> Expected:
    story.reply(story.bob, "setData", "/a", 1)["request"]["version"] = 1
    return Expected("PrepareSetData", "answered Ok where BadVersion is due")


def watch_too_late(story: Story) -> Expected:
    place = story.at(story.ann, "NodeDataChanged", "/a")
    lines = story.ann
    lines[place], lines[place + 1] = lines[place + 1], lines[place]
    return Expected("EventsComeFirst", "comes after this reply")


def watch_that_never_fires(story: Story) -> Expected:
    del story.ann[story.at(story.ann, "NodeChildrenChanged", "/")]
    return Expected("EventsComeFirst", "or never")


def watch_that_fires_twice(story: Story) -> Expected:
    place = story.at(story.ann, "NodeDeleted", "/e")
    story.ann.insert(place, deepcopy(story.ann[place]))
    return Expected("NoEventWithoutAWatch", "nothing of what was watched")


def event_of_another_change(story: Story) -> Expected:
    story.reply(story.ann, "NodeDeleted", "/e")["zxid"] -= 1
    return Expected("NoEventWithoutAWatch", "the next that was due")


def lost_write(story: Story) -> Expected:
    before = story.reply(story.ann, "getData", "/a")
    _answer_as(story.reply(story.ann, "getData", "/a", 1), before)
    return Expected("GetData", "wrong in data, stat", 3)


def ephemeral_that_stays(story: Story) -> Expected:
    there = story.reply(story.ann, "exists", "/e")
    _answer_as(story.reply(story.ann, "exists", "/e", 2), there)
    return Expected("Exists", "answered Ok where NoNode is due", 12)


def ephemeral_that_goes_before_its_session(story: Story) -> Expected:
    gone = story.reply(story.ann, "exists", "/e", 2)
    _answer_as(story.reply(story.ann, "exists", "/e", 1), gone)
    return Expected("Exists", "answered NoNode where Ok is due", 7)


def sequential_name_given_twice(story: Story) -> Expected:
    line = story.reply(story.bob, "create", "/a/s-")
    line["reply"]["path"] = "/a/s-0000000000"
    return Expected("ApplyCreate", "wrong in path")


def zxid_that_goes_back(story: Story) -> Expected:
    story.reply(story.ann, "getData", "/a", 2)["zxid"] = 9
    return Expected("ZxidsNeverGoBack", "goes back")


def half_a_multi(story: Story) -> Expected:
    missing = story.reply(story.bob, "exists", "/n")
    _answer_as(story.reply(story.bob, "getData", "/m"), missing)
    return Expected("GetData", "answered NoNode where Ok is due", 8)


def half_a_failed_multi(story: Story) -> Expected:
    there = story.reply(story.bob, "getData", "/m")
    line = story.reply(story.bob, "exists", "/n")
    line["err"] = "Ok"
    line["reply"] = {"stat": {**there["reply"]["stat"], "czxid": 10, "mzxid": 10, "pzxid": 10}}
    return Expected("Exists", "answered Ok where NoNode is due")


def two_writes_with_one_zxid(story: Story) -> Expected:
    story.reply(story.bob, "setData", "/a", 1)["zxid"] = 10
    return Expected("ZxidsRise", "another transaction has this zxid")


def writes_in_another_order_than_they_came(story: Story) -> Expected:
    first = story.reply(story.ann, "create", "/a/s-")
    second = story.reply(story.bob, "create", "/a/s-")
    first["zxid"], second["zxid"] = second["zxid"], first["zxid"]
    first["reply"], second["reply"] = second["reply"], first["reply"]
    return Expected("ZxidsRise", "answered before the create")


def sync_that_is_no_barrier(story: Story) -> Expected:
    story.reply(story.bob, "sync", "/")["zxid"] = 8
    return Expected("SyncIsABarrier", "answered before the sync")


def child_that_is_not_listed(story: Story) -> Expected:
    story.reply(story.bob, "getChildren2", "/a")["reply"]["children"].pop()
    return Expected("GetChildren2", "wrong in children")


SEEDED: dict[str, Callable[[Story], Expected]] = {
    made.__name__.replace("_", "-"): made
    for made in (
        stale_read_after_sync,
        write_with_a_wrong_version,
        watch_too_late,
        watch_that_never_fires,
        watch_that_fires_twice,
        event_of_another_change,
        lost_write,
        ephemeral_that_stays,
        ephemeral_that_goes_before_its_session,
        sequential_name_given_twice,
        zxid_that_goes_back,
        half_a_multi,
        half_a_failed_multi,
        two_writes_with_one_zxid,
        writes_in_another_order_than_they_came,
        sync_that_is_no_barrier,
        child_that_is_not_listed,
    )
}


def seeded(name: str) -> tuple[Files, Expected]:
    """Return a bad history and what is expected of its verdict."""
    files = read(SCENARIO)
    expected = SEEDED[name](Story(files))
    return files, expected


def main() -> None:
    """Write all of them."""
    shutil.rmtree(BAD, ignore_errors=True)
    for name in SEEDED:
        files, expected = seeded(name)
        write(files, BAD / name)
        (BAD / name / "expected.json").write_text(json.dumps(expected._asdict(), indent=2) + "\n")


if __name__ == "__main__":
    main()
