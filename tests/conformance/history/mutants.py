"""Histories with one thing changed at random: what a judge has to notice."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any, NamedTuple

Lines = list[dict[str, Any]]
Files = dict[str, Lines]


class Mutant(NamedTuple):
    """What was done, where, and the history that came of it."""

    kind: str
    file: str
    line: int
    what: str
    files: Files


def read(folder: Path) -> Files:
    """Return the histories of a folder."""
    return {
        path.name: [json.loads(line) for line in path.read_bytes().splitlines()]
        for path in sorted(folder.glob("history-*.ndjson"))
    }


def write(files: Files, folder: Path) -> None:
    """Write histories to a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, lines in files.items():
        text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
        (folder / name).write_text(text)


def mutate(files: Files, rng: random.Random) -> Mutant:
    """Return a history with one line dropped, doubled, swapped with the next, or changed."""
    while True:
        kind = rng.choice(list(_KINDS))
        name = rng.choice(list(files))
        number = rng.randrange(1, len(files[name]))
        changed = deepcopy(files)
        what = _KINDS[kind](changed[name], number, rng)
        if what is not None and changed != files:
            return Mutant(kind, name, number + 1, what, changed)


def _is_told(line: dict[str, Any]) -> bool:
    return line["event"] in {"reply", "watch"}


_WRITES = ("create", "create2", "delete", "setData", "setACL", "multi")


def _matters(line: dict[str, Any]) -> bool:
    """Tell whether a line is one that a history needs: a change, or an event.

    A history without a read, or with one twice, is a history too; so is one without a closeSession,
    for the session may have expired.
    """
    if line["event"] == "watch":
        return True
    if line["event"] != "reply" or line["type"] not in _WRITES or line.get("err", "Ok") != "Ok":
        return False
    results = line.get("reply", {}).get("results", ())
    return not any(one["type"] == "error" for one in results if "type" in one)


def _drop(lines: Lines, number: int, rng: random.Random) -> str | None:
    if not _matters(lines[number]):
        return None
    return f"dropped {_short(lines.pop(number))}"


def _double(lines: Lines, number: int, rng: random.Random) -> str | None:
    if not _matters(lines[number]):
        return None
    lines.insert(number, deepcopy(lines[number]))
    return f"doubled {_short(lines[number])}"


def _swap(lines: Lines, number: int, rng: random.Random) -> str | None:
    if number + 1 >= len(lines) or not _is_told(lines[number]) or not _is_told(lines[number + 1]):
        return None
    if not _matters(lines[number]) and not _matters(lines[number + 1]):
        return None  # two reads, or what changes nothing, in either order
    lines[number], lines[number + 1] = lines[number + 1], lines[number]
    return f"swapped {_short(lines[number])} and {_short(lines[number + 1])}"


def _zxid(lines: Lines, number: int, rng: random.Random) -> str | None:
    line = lines[number]
    if not _matters(line) or line.get("zxid", -1) <= 0:
        return None  # a read may be right at several zxids
    was = line["zxid"]
    line["zxid"] = was + rng.choice((-3, -1, 1, 3))
    return f"zxid {was} -> {line['zxid']} of {_short(line)}"


def _error(lines: Lines, number: int, rng: random.Random) -> str | None:
    line = lines[number]
    if line["event"] != "reply" or line["type"] in {"sync", "auth"}:
        return None
    was = line.get("err", "Ok")
    line["err"] = rng.choice([e for e in ("NoNode", "NodeExists", "BadVersion") if e != was])
    line.pop("reply", None)
    return f"err {was} -> {line['err']} of {_short(line)}"


def _stat(lines: Lines, number: int, rng: random.Random) -> str | None:
    stats = [one["stat"] for one in _answers(lines[number]) if "stat" in one]
    if not stats:
        return None
    stat = rng.choice(stats)
    field = rng.choice([one for one in stat if one not in {"ctime", "mtime"}])
    was = stat[field]
    stat[field] = was + rng.choice((-1, 1, 2))
    return f"{field} {was} -> {stat[field]} of {_short(lines[number])}"


def _data(lines: Lines, number: int, rng: random.Random) -> str | None:
    told = [one for one in _answers(lines[number]) if "data" in one]
    if not told:
        return None
    one = rng.choice(told)
    one["data"] = f"{one['data']}!"[1:]
    return f"data of {_short(lines[number])}"


def _children(lines: Lines, number: int, rng: random.Random) -> str | None:
    told = [one for one in _answers(lines[number]) if "children" in one]
    if not told:
        return None
    children = told[0]["children"]
    if children and rng.random() < 0.5:
        children.pop(rng.randrange(len(children)))
    else:
        children.append("another")
    return f"children of {_short(lines[number])}"


def _path(lines: Lines, number: int, rng: random.Random) -> str | None:
    told = [one for one in _answers(lines[number]) if "path" in one]
    if lines[number]["event"] == "watch":
        told = [lines[number]]
    if not told:
        return None
    told[0]["path"] += "1"
    return f"path of {_short(lines[number])}"


def _event(lines: Lines, number: int, rng: random.Random) -> str | None:
    line = lines[number]
    if line["event"] != "watch":
        return None
    was = line["type"]
    types = ("NodeCreated", "NodeDeleted", "NodeDataChanged", "NodeChildrenChanged")
    line["type"] = rng.choice([one for one in types if one != was])
    return f"{was} -> {line['type']} of {line['path']}"


def _request(lines: Lines, number: int, rng: random.Random) -> str | None:
    """Change what was asked for by a write that was answered Ok."""
    line = lines[number]
    if line["event"] != "reply" or line.get("err", "Ok") != "Ok" or "request" not in line:
        return None
    request = line["request"]
    if line["type"] == "setData":
        request["version"] = 77
    elif line["type"] in {"create", "delete"} and "SEQ" not in request.get("flags", ""):
        request["path"] += "1"
    else:
        return None
    return f"request of {_short(line)}"


def _answers(line: dict[str, Any]) -> list[dict[str, Any]]:
    if line["event"] != "reply":
        return []
    reply = line.get("reply", {})
    return [reply, *reply.get("results", ())]


def _short(line: dict[str, Any]) -> str:
    about = line.get("request", line).get("path", "")
    return f"{line.get('type', line['event'])} {about} ({line.get('err', '')} {line.get('zxid')})"


_KINDS: dict[str, Callable[[Lines, int, random.Random], str | None]] = {
    "drop": _drop,
    "double": _double,
    "swap": _swap,
    "zxid": _zxid,
    "error": _error,
    "stat": _stat,
    "data": _data,
    "children": _children,
    "path": _path,
    "event": _event,
    "request": _request,
}
