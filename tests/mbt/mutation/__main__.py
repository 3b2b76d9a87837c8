"""Mutants, judged by the machines of the specification alone: ``python -m tests.mbt.mutation``.

``specification`` makes one mistake in spec/Zab.tla or a module of spec/ZNode*.tla, and the machines
drive the true servers by it; ``code`` makes one in speckeeper.tree or speckeeper.zab, and the
machines drive it by the true specification. Which mistakes is drawn by the seed.
"""

import argparse
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path

from tests.mbt.mutation.code_edits import CodeEdit
from tests.mbt.mutation.code_edits import edits_of as code_edits_of
from tests.mbt.mutation.known import explained
from tests.mbt.mutation.noticed import Found, first_notice, first_notice_of_cores
from tests.mbt.mutation.overlay import Overlay
from tests.model.mutation.apart import NoEnd, apart
from tests.model.mutation.edits import Edit
from tests.model.mutation.judge import mutated
from tests.model.mutation.subjects import ROOT, read_subjects

ROOMS = tuple(ROOT / "impl" / "speckeeper" / room for room in ("tree", "zab"))
PROTOCOL = "Zab"
_SECONDS = 180


def main() -> int:
    """Judge a sample; return 0 if enough of it was noticed, 1 if not, 2 if the truth is refused."""
    parser = argparse.ArgumentParser(prog="python -m tests.mbt.mutation", description=__doc__)
    parser.add_argument("what", choices=["specification", "code"])
    parser.add_argument("--sample", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--effort", type=int, default=1, help="multiplies the examples")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--reuse", type=Path, help="a file of what was noticed: it stands")
    parser.add_argument("--edit", action="append", default=[], help="judge the one of this name")
    options = parser.parse_args()
    judge: Callable[[object, int], Found]
    if options.what == "specification":
        # Once for all that are judged in forked processes.
        import_module("tests.mbt.znode.core")
        import_module("tests.mbt.spec_mutants")
        edits: list[Edit | CodeEdit] = [*specification_edits()]
        judge = judge_specification  # type: ignore[assignment]
        wanted = 95
    else:
        edits = [
            edit
            for room in ROOMS
            for path in sorted(room.glob("*.py"))
            for edit in code_edits_of(path)
        ]
        judge = judge_code  # type: ignore[assignment]
        wanted = 90
    chosen = draw(edits, options.sample, f"{options.what} {options.seed}")
    if options.edit:
        chosen = [edit for edit in edits if name_of(edit) in options.edit]
    known = _read(options.reuse)

    def judged(edit: Edit | CodeEdit) -> Found:
        name = name_of(edit)
        if name in known:
            return "noticed", known[name]
        found = judge(edit, options.effort)
        if found[0] == "noticed" and options.reuse:
            with options.reuse.open("a", encoding="utf-8") as file:
                file.write(json.dumps([name, found[1]]) + "\n")
        return found

    began = time.monotonic()
    counts: Counter[str] = Counter()
    with ThreadPoolExecutor(options.jobs) as pool:
        for number, (edit, found) in enumerate(
            zip(chosen, pool.map(judged, chosen), strict=True), start=1
        ):
            outcome, said = found
            reason = explained(name_of(edit))
            if outcome == "survived" and reason is not None:
                outcome, said = reason
            counts[outcome] += 1
            left = (time.monotonic() - began) / number * (len(chosen) - number)
            print(
                f"{' ' if outcome == 'noticed' else '*'} {number}/{len(chosen)} {name_of(edit)}: "
                f"{outcome} {said} ({left:.0f} s left)",
                flush=True,
            )
    return report(options.what, counts, wanted)


def report(what: str, counts: Counter[str], wanted: int) -> int:
    """Print the rate, rounded down; return 0 if it is what is wanted."""
    judged = counts.total() - counts["invalid"] - counts["equivalent"]
    rate = 100 * counts["noticed"] // max(judged, 1)
    print(f"{what}: {dict(counts)}; {rate} % of {judged} noticed, {wanted} % are wanted")
    return 0 if rate >= wanted else 1


def draw(edits: list[Edit | CodeEdit], size: int, seed: str) -> list[Edit | CodeEdit]:
    """Return so many edits by chance; a smaller sample begins a larger one."""
    chance = random.Random(seed)
    drawn: dict[int, None] = {}
    while len(drawn) < min(size, len(edits)):
        drawn[chance.randrange(len(edits))] = None
    return [edits[number] for number in drawn]


def specification_edits() -> list[Edit]:
    """Return the edits of Zab and all modules of the data model but for their properties."""
    subjects = read_subjects()
    return [
        edit
        for name in sorted(subjects)
        if name == PROTOCOL or name.startswith("ZNode")
        for edit in subjects[name].edits()
    ]


def name_of(edit: Edit | CodeEdit) -> str:
    """Return the name of an edit, which says in which module or file it is."""
    return edit.name if isinstance(edit, CodeEdit) else f"{edit.module}: {edit.name}"


def judge_specification(edit: Edit, effort: int) -> Found:
    """Drive the server by a mutated specification."""
    with mutated(edit.module, edit) as folder:
        try:
            if edit.module == PROTOCOL:
                modules = (PROTOCOL,)
                return apart(_SECONDS * effort, first_notice_of_cores, [folder], effort, modules)
            return apart(_SECONDS * effort, first_notice, [folder], effort)
        except NoEnd as end:
            return "noticed", str(end)


def judge_code(edit: CodeEdit, effort: int) -> Found:
    """Drive a mutated server by the specification."""
    try:
        return apart(_SECONDS * effort, _notice_in_code, edit, effort)
    except NoEnd as end:
        return "noticed", str(end)
    except RuntimeError as error:  # it does not load
        return "noticed", str(error).splitlines()[0][:120]


def _notice_in_code(edit: CodeEdit, effort: int) -> Found:
    from tests.mbt.mutation.code_ways import first_notice_in_tree, first_notice_in_zab

    room = edit.path.parent.name
    name = f"speckeeper.{room}.{edit.path.stem}".removesuffix(".__init__")
    Overlay(name, str(edit.path), edit.apply()).install()
    if room == "tree":
        return first_notice_in_tree(effort)
    return first_notice_in_zab(edit.path.stem, effort)


def _read(path: Path | None) -> dict[str, str]:
    if path is None or not path.exists():
        return {}
    return dict(map(json.loads, path.read_text("utf-8").splitlines()))


if __name__ == "__main__":
    sys.exit(main())
