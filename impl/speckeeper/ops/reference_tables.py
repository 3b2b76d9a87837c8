"""Tables of docs/operations.md, made from the registries in the code so that they cannot drift.

`python -m speckeeper.ops.reference_tables docs/operations.md` puts them between their markers; a
test fails while the page says something else.
"""

import re
import sys
from collections.abc import Iterable
from pathlib import Path

from speckeeper.ops.admin.commands import COMMANDS
from speckeeper.ops.config.keys import KEYS, Key, Status
from speckeeper.ops.exit_codes import MEANINGS
from speckeeper.ops.four_letter import WORDS
from speckeeper.ops.metrics import METRICS, Counter, CounterSet, Gauge, SummaryMetric

_KINDS: dict[type, str] = {
    Gauge: "gauge",
    Counter: "counter",
    CounterSet: "counters by `key`",
    SummaryMetric: "summary",
}


def _table(headings: str, rows: Iterable[tuple[str, ...]]) -> str:
    names = headings.split(" | ")
    lines = [f"| {headings} |", "| " + " | ".join("---" for _ in names) + " |"]
    lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    return "\n".join(lines)


def served_keys() -> str:
    """Keys that this release acts on."""
    rows = (
        (_names(key), key.kind.label, f"`{key.shown_default}`", key.meaning)
        for key in KEYS
        if key.status is Status.SERVED
    )
    return _table("key | value | default | meaning", rows)


def _names(key: Key) -> str:
    return ", ".join(f"`{name}`" for name in (key.name, *key.aliases)) + ("¹" if key.system else "")


def later_keys() -> str:
    """Keys that are understood but not served yet, by what they wait for."""
    return _by_reason(Status.LATER)


def idle_keys() -> str:
    """Keys without effect, by the reason."""
    return _by_reason(Status.NO_EFFECT)


def _by_reason(status: Status) -> str:
    names: dict[str, list[str]] = {}
    for key in KEYS:
        if key.status is status:
            names.setdefault(key.goes_to, []).append(f"`{key.name}`")
    heading = "comes with" if status is Status.LATER else "why"
    return _table(f"{heading} | keys", ((why, ", ".join(each)) for why, each in names.items()))


def words() -> str:
    """Four-letter words."""
    return _table("word | answer", ((f"`{name}`", word.help) for name, word in WORDS.items()))


def commands() -> str:
    """Commands of the AdminServer that answer with JSON."""
    rows = (
        (
            f"`{command.names[0]}`",
            ", ".join(f"`{name}`" for name in command.names[1:]),
            command.help,
        )
        for command in COMMANDS
    )
    return _table("command | alias | answer", rows)


def metrics() -> str:
    """Metrics."""
    rows = ((f"`{metric.name}`", _KINDS[type(metric)], metric.help) for metric in METRICS)
    return _table("name | kind | what", rows)


def exit_codes() -> str:
    """Exit codes."""
    return _table("exit code | why", ((str(int(code)), text) for code, text in MEANINGS.items()))


TABLES = {
    "exit codes": exit_codes,
    "served keys": served_keys,
    "later keys": later_keys,
    "idle keys": idle_keys,
    "words": words,
    "commands": commands,
    "metrics": metrics,
}


def fill(text: str) -> str:
    """Return a page with every table between its markers renewed; raises KeyError for no table."""

    def renewed(match: re.Match[str]) -> str:
        return f"{match[1]}\n{TABLES[match[2]]()}\n{match[3]}"

    pattern = r"(<!-- table: ([a-z ]+) -->)\n.*?(<!-- end of table -->)"
    return re.sub(pattern, renewed, text, flags=re.DOTALL)


if __name__ == "__main__":
    page = Path(sys.argv[1])
    page.write_text(fill(page.read_text(encoding="utf-8")), encoding="utf-8")
