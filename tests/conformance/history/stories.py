"""Small histories that are told by hand: clients with lines in the order in which they saw them."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from speccheck.conform.history.facts import Policy
from speccheck.conform.history.judge import Judge
from speccheck.conform.history.operators import Operators
from speccheck.conform.history.reading import files_of
from speccheck.conform.history.survey import survey
from speccheck.conform.history.verdict import Verdict

SPEC = Path(__file__).parents[3] / "spec" / "ZNode.tla"
OPEN = [{"perms": 31, "scheme": "world", "id": "anyone"}]


def allowing(perms: int) -> list[dict[str, Any]]:
    """An ACL by which everybody may do the same."""
    return [{"perms": perms, "scheme": "world", "id": "anyone"}]


class Teller:
    """One session. Times are numbers as they come; a reply is asked ``call`` and told ``return_``.

    ``began``: when it connected.
    """

    def __init__(self, session: int, began: int = 0) -> None:
        self.session = session
        self.lines: list[dict[str, Any]] = [
            {"event": "history", "version": 1, "recorder": "by hand", "clock": "one"},
            {
                "event": "connect",
                "session": session,
                "call": began,
                "return": began,
                "timeout": 4000,
            },
        ]

    def reply(
        self,
        zxid: int,
        when: tuple[int, int],
        type_: str,
        request: dict[str, Any] | None = None,
        reply: dict[str, Any] | None = None,
        err: str = "Ok",
    ) -> Teller:
        line: dict[str, Any] = {"event": "reply", "type": type_, "call": when[0], "return": when[1]}
        line |= {"zxid": zxid, "err": err}
        if request is not None:
            line["request"] = request
        if reply is not None:
            line["reply"] = reply
        self.lines.append(line)
        return self

    def create(
        self,
        zxid: int,
        when: tuple[int, int],
        path: str,
        acl: list[dict[str, Any]] = OPEN,
        flags: str = "PERSISTENT",
        err: str = "Ok",
    ) -> Teller:
        request = {"path": path, "data": "", "acl": acl, "flags": flags}
        return self.reply(
            zxid, when, "create", request, {"path": path} if err == "Ok" else None, err
        )

    def watch(self, type_: str, path: str, at: int, zxid: int = -1) -> Teller:
        self.lines.append(
            {"event": "watch", "type": type_, "path": path, "return": at, "zxid": zxid}
        )
        return self

    def lost(self, when: tuple[int, int], type_: str, request: dict[str, Any]) -> Teller:
        self.lines.append(
            {"event": "lost", "type": type_, "call": when[0], "return": when[1], "request": request}
        )
        return self

    def disconnect(self, at: int) -> Teller:
        self.lines.append({"event": "disconnect", "return": at})
        return self

    def end(self, at: int = 10_000) -> Teller:
        self.lines.append({"event": "end", "return": at})
        return self


def told(folder: Path, *tellers: Teller) -> Path:
    """Write histories down."""
    folder.mkdir(parents=True, exist_ok=True)
    for teller in tellers:
        text = "".join(json.dumps(line) + "\n" for line in teller.lines)
        (folder / f"history-{teller.session:016x}.ndjson").write_text(text)
    return folder


@cache
def operators(policy: Policy) -> Operators:
    """The specification, compiled once for all."""
    return Operators(SPEC, policy)


def judged(
    folder: Path, *, is_complete: bool = True, policy: Policy | None = None
) -> tuple[Verdict, Judge]:
    """The verdict on histories of a server that was empty at first, and who gave it."""
    files = files_of([folder])
    policy = policy or Policy()
    found = survey(files, lambda count: None, has_local_sessions=policy.local_sessions_enabled)
    judge = Judge(operators(policy), files, found, is_complete=is_complete, is_fresh=True)
    return judge.run(lambda count: None), judge
