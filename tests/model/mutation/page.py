"""Whether docs/mutants.md agrees with itself and with survivors.toml."""

import re
from collections.abc import Iterator

from tests.model.mutation.survivors import read_survivors

_COLUMNS = 14
_QUIET = re.compile(
    r"\| \d+:\d+ \| `(?P<edit>.*)` \| (?P<kind>survived|equivalent) \| (?P<why>.*)\|"
)


def rate_of(killed: int, judged: int) -> int:
    """Return the percentage of noticed mutants, rounded down: 100 means all."""
    return 100 * killed // max(1, judged)


def page_problems(page: str) -> Iterator[str]:
    """Yield a line for each row whose figures do not add up or whose reason is not the list's."""
    known = read_survivors()
    module = ""
    for line in page.splitlines():
        if line.startswith("## "):
            module = line.removeprefix("## ")
        elif match := _QUIET.fullmatch(line):
            edit = match["edit"].replace("\\|", "|")
            entry = known.get((module, edit), {})
            kind = "equivalent" if entry.get("kind") == "equivalent" else "survived"
            if not entry:
                yield f"{module}: {edit}: survivors.toml has no reason"
            elif (kind, entry["reason"]) != (match["kind"], match["why"].strip()):
                yield f"{module}: {edit}: survivors.toml says {kind}: {entry['reason']}"
        else:
            cells = [cell.strip() for cell in line.split("|")[1:-1]]
            if len(cells) == _COLUMNS and cells[1].isdigit():
                yield from _row_problems(cells)


def _row_problems(cells: list[str]) -> Iterator[str]:
    _, sampled, *counts = map(int, cells[1:-1])
    senseless, test, prop, error, guard, count, _, equivalent, _, _ = counts
    if sum(counts) != sampled:
        yield f"{cells[0]}: {sampled} mutants are sampled, {sum(counts)} are accounted for"
    rate = rate_of(test + prop + error + guard + count, sampled - senseless - equivalent)
    if cells[-1] != f"{rate} %":
        yield f"{cells[0]}: the rate is {rate} %, rounded down, not {cells[-1]}"
