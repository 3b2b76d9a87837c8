"""The campaign: ``python -m tests.model.mutation [MODULE ...]``."""

import argparse
import hashlib
import json
import random
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

from tests.model.mutation.edits import Edit
from tests.model.mutation.judge import Judgement, judge
from tests.model.mutation.subjects import SPEC, Subject, read_subjects
from tests.model.mutation.survivors import explained, problems
from tests.model.mutation.table import write_table


def main() -> int:
    """Judge a sample of each module's mutants.

    Returns 0 if all survivors are explained, 1 if not, 2 if something is wrong without a mutant.
    """
    parser = argparse.ArgumentParser(prog="python -m tests.model.mutation", description=__doc__)
    parser.add_argument("modules", nargs="*", help="by default all of subjects.toml")
    parser.add_argument("--sample", type=int, default=100, help="mutants of each module; 0: all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--longest", type=float, default=10, help="leave out models of more seconds than this"
    )
    parser.add_argument(
        "--patience", type=float, default=1, help="multiplies the processor time that each may use"
    )
    parser.add_argument(
        "--graphs", action="store_true", help="compare the graphs of survivors with the module's"
    )
    parser.add_argument("--edit", action="append", default=[], help="judge the mutant of this name")
    parser.add_argument(
        "--reuse", type=Path, help="a file of kills: do not judge these anew, and add those found"
    )
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--write", action="store_true", help="write docs/mutants.md")
    options = parser.parse_args()
    subjects = read_subjects()
    unknown = set(options.modules) - set(subjects)
    if unknown:
        parser.error(f"no such module in subjects.toml: {', '.join(sorted(unknown))}")
    chosen = f"--sample {options.sample} --seed {options.seed} --longest {options.longest:g}"
    if options.patience != 1:
        chosen += f" --patience {options.patience:g}"
    if options.graphs:
        chosen += " --graphs"
    found: list[str] = []
    for name in options.modules or subjects:
        models = tuple(m for m in subjects[name].models if m.seconds <= options.longest)
        by_graph = options.graphs and subjects[name].by_graph
        subject = replace(subjects[name], models=models, by_graph=by_graph)
        edits = sample_of(subject, options.sample, options.seed)
        if options.edit:
            edits = [edit for edit in subject.edits() if edit.name in options.edit]
        unmoved = Judgement("survived") if options.edit else judge(subject, None, options.patience)
        if unmoved.outcome != "survived":
            print(f"{name}: {unmoved.by} objects to the module as it is: mend that first")
            return 2
        kills = Kills(options.reuse, subject)
        results = campaign(subject, edits, kills, options.jobs, options.patience)
        if options.write and not options.edit:
            write_table(subject, results, chosen, kills.taken)
        found += problems(name, results)
    for line in found:
        print(line)
    return 1 if found else 0


def sample_of(subject: Subject, size: int, seed: int) -> list[Edit]:
    """Return ``size`` edits of the module by chance; 0 means all.

    They are in the order in which they were drawn, so a smaller sample begins a larger one.
    """
    edits = subject.edits()
    chance = random.Random(f"{subject.module} {seed}")
    drawn: dict[int, None] = {}
    while len(drawn) < min(size or len(edits), len(edits)):
        drawn[chance.randrange(len(edits))] = None
    return [edits[number] for number in drawn]


class Kills:
    """The mutants killed by earlier campaigns on the same text, if there is a file of them.

    A model, property or test that is added kills no fewer, so a kill stands; a survivor is judged
    anew. The text is that ahead of the module's properties.
    """

    def __init__(self, path: Path | None, subject: Subject) -> None:
        self._path = path
        self.taken = 0
        text = (SPEC / f"{subject.module}.tla").read_text("utf-8")
        if subject.until is not None:
            text = text.partition(f"\n{subject.until} ==")[0]
        self._text = f"{subject.module} {hashlib.sha256(text.encode()).hexdigest()[:16]}"
        lines = path.read_text("utf-8").splitlines() if path is not None and path.exists() else []
        known = (json.loads(line) for line in lines)
        self._known = {name: Judgement(*said) for text, name, said in known if text == self._text}

    def judge(self, subject: Subject, patience: float, edit: Edit) -> Judgement:
        self.taken += edit.name in self._known
        found = self._known.get(edit.name) or judge(subject, edit, patience)
        if self._path is not None and edit.name not in self._known and found.is_kill:
            line = json.dumps([self._text, edit.name, [found.outcome, found.by]])
            with self._path.open("a", encoding="utf-8") as file:
                file.write(line + "\n")
        return found


def campaign(
    subject: Subject, edits: list[Edit], kills: Kills, jobs: int, patience: float
) -> dict[Edit, Judgement]:
    print(f"{subject.module}: {len(edits)} mutants, {len(subject.models)} models", flush=True)
    began = time.monotonic()
    results: dict[Edit, Judgement] = {}
    with ThreadPoolExecutor(jobs) as pool:
        for number, (edit, judgement) in enumerate(
            zip(edits, pool.map(partial(kills.judge, subject, patience), edits), strict=True),
            start=1,
        ):
            results[edit] = judgement
            left = (time.monotonic() - began) / number * (len(edits) - number)
            mark = "*" if judgement.outcome in {"survived", "same", "undecided"} else " "
            if mark == "*" and explained(edit):
                mark = "+"
            print(
                f"{mark} {number}/{len(edits)} {edit.place} {edit.name[:70]}: "
                f"{judgement.outcome} {judgement.by[:60]} ({left:.0f} s left)",
                flush=True,
            )
    counts = Counter(judgement.outcome for judgement in results.values())
    by = Counter(judgement.by.split(":")[0] for judgement in results.values() if judgement.is_kill)
    print(f"{subject.module}: {dict(counts)}; by {dict(by.most_common())}", flush=True)
    return results


if __name__ == "__main__":
    sys.exit(main())
