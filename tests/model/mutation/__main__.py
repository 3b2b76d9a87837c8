"""The campaign: ``python -m tests.model.mutation [MODULE ...]``."""

import argparse
import random
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

from tests.model.mutation.edits import Edit
from tests.model.mutation.judge import Judgement, judge
from tests.model.mutation.subjects import Subject, read_subjects
from tests.model.mutation.survivors import explained, problems
from tests.model.mutation.table import write_table


def main() -> int:
    """Judge a sample of each module's mutants; 0 if all survivors are explained."""
    parser = argparse.ArgumentParser(prog="python -m tests.model.mutation", description=__doc__)
    parser.add_argument("modules", nargs="*", help="by default all of subjects.toml")
    parser.add_argument("--sample", type=int, default=100, help="mutants of each module; 0: all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--longest", type=float, default=10, help="leave out models of more seconds than this"
    )
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--write", action="store_true", help="write docs/mutants.md")
    options = parser.parse_args()
    subjects = read_subjects()
    unknown = set(options.modules) - set(subjects)
    if unknown:
        parser.error(f"no such module in subjects.toml: {', '.join(sorted(unknown))}")
    judged: dict[str, dict[Edit, Judgement]] = {}
    for name in options.modules or subjects:
        models = tuple(m for m in subjects[name].models if m.seconds <= options.longest)
        subject = replace(subjects[name], models=models)
        judged[name] = campaign(subject, options.sample, options.seed, options.jobs)
    if options.write:
        chosen = f"--sample {options.sample} --seed {options.seed} --longest {options.longest:g}"
        write_table(judged, chosen)
    found = [line for name, results in judged.items() for line in problems(name, results)]
    for line in found:
        print(line)
    return 1 if found else 0


def sample_of(subject: Subject, size: int, seed: int) -> list[Edit]:
    """Return ``size`` edits of the module by chance, in the order of the text; 0 means all."""
    edits = subject.edits()
    if size and size < len(edits):
        chosen = set(random.Random(f"{subject.module} {seed}").sample(range(len(edits)), size))
        return [edit for number, edit in enumerate(edits) if number in chosen]
    return edits


def campaign(subject: Subject, size: int, seed: int, jobs: int) -> dict[Edit, Judgement]:
    edits = sample_of(subject, size, seed)
    print(f"{subject.module}: {len(edits)} mutants, {len(subject.models)} models", flush=True)
    began = time.monotonic()
    results: dict[Edit, Judgement] = {}
    with ThreadPoolExecutor(jobs) as pool:
        for number, (edit, judgement) in enumerate(
            zip(edits, pool.map(partial(judge, subject), edits), strict=True), start=1
        ):
            results[edit] = judgement
            left = (time.monotonic() - began) / number * (len(edits) - number)
            mark = "*" if judgement.outcome in {"survived", "same"} else " "
            if mark == "*" and explained(edit):
                mark = "+"
            print(
                f"{mark} {number}/{len(edits)} {edit.place} {edit.name[:70]}: "
                f"{judgement.outcome} {judgement.by[:60]} ({left:.0f} s left)",
                flush=True,
            )
    counts = Counter(judgement.outcome for judgement in results.values())
    print(f"{subject.module}: {dict(counts)}", flush=True)
    return results


if __name__ == "__main__":
    sys.exit(main())
