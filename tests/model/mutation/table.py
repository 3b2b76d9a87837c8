"""docs/mutants.md: how many mutants of each module were noticed, and by whom."""

from collections import Counter
from collections.abc import Mapping

from tests.model.mutation.edits import Edit
from tests.model.mutation.judge import KILLS, Judgement
from tests.model.mutation.page import rate_of
from tests.model.mutation.subjects import ROOT, Subject
from tests.model.mutation.survivors import is_equivalent, read_survivors

_HEAD = """\
# Mutants of the specification

Would a property notice if a module of `spec/` were wrong? A campaign makes one small mistake in a
module (another operator or comparison, a constant off by one, a conjunct left out, the other
quantifier, a negated condition, an assignment dropped), runs the module's tests, the models of
`spec/models/` of profiles `ci` and `models` that build on it, and its proofs, and sees who notices.
The strongest word counts, in this order:

- **test**: a test of tests/model fails that compares the module's operators with the server (for
  the modules of the data model only);
- **property**: an invariant, a step property, liveness or an assumption is violated, or a theorem
  that `speccheck prove` proves is refuted;
- **error**: an expression has no value;
- **guard**: the vacuity guard of `speccheck check` names an action, or a branch of one, that the
  module's model takes and the mutant's never. tests/model/test_exercised.py fails then;
- **count**: the number of distinct states or the depth is not the recorded one, or a model that
  is to violate a property no longer does. tests/model/test_models.py fails then. This is the
  weakest kill, for it does not say what is wrong: it counts only if all that is listed ahead of it
  stays silent in every model.

If nobody does:

- **not decided**: a model or test did not end within its processor time. This is no kill;
- **equivalent**: tests/model/mutation/survivors.toml has the argument that the mutant means the
  same;
- **same graph**: every model has the very same graph of states (looked at with `--graphs`), but
  there is no such argument;
- **survived**: nobody notices. Each has its reason in the same file.

Whoever objects to the module as it is judges nothing: the quicker ones are asked about that first,
tests/model/test_models.py asks the others. Edits that make no sense (a variable is left without a
value) do not count. Operators that only state properties are not mutated; QuorumJoint has no
others. The rate is that of noticed mutants among all that make sense and are not equivalent: those
not decided and those of the same graph count as not noticed; it is rounded down.

Each row is one run of the command below the module's name; where tests or properties were added for
survivors, kills that were found before that are taken over (`--reuse`). The sample is drawn by the
seed, so the command repeats it:

    python -m tests.model.mutation [MODULE ...] [--sample N] [--seed N] [--longest SECONDS]
                                   [--patience FACTOR] [--graphs] [--edit NAME] [--reuse FILE]
                                   [--jobs N] [--write]

"""
_COLUMNS = (
    *("module", "mutants", "sampled", "senseless", "test", "property", "error", "guard"),
    *("count", "not decided", "equivalent", "same graph", "survived", "rate"),
)
_HEAD += f"| {' | '.join(_COLUMNS)} |\n| --- |{' --: |' * (len(_COLUMNS) - 1)}\n"


PAGE = ROOT / "docs" / "mutants.md"
# This section is written by hand and kept.
_SHOWN = "What survivors have shown"


def write_table(
    subject: Subject, results: Mapping[Edit, Judgement], options: str, taken: int = 0
) -> None:
    """Write the page; ``options`` are those of the campaign, ``taken`` counts kills found earlier.

    Modules that were not judged this time keep what the page says of them.
    """
    rows, sections = _old() if PAGE.is_file() else ({}, {})
    rows[subject.module] = _row(subject, results)
    sections[subject.module] = _section(subject.module, results, options, taken)
    text = _HEAD + "".join(rows[module] for module in sorted(rows))
    shown = sections.pop(_SHOWN, None)
    if shown is not None:
        text += f"\n## {_SHOWN}\n\n{shown.strip()}\n"
    for module in sorted(sections):
        text += f"\n## {module}\n\n{sections[module].strip()}\n"
    PAGE.write_text(text, "utf-8")


def _old() -> tuple[dict[str, str], dict[str, str]]:
    top, *parts = PAGE.read_text("utf-8").split("\n## ")
    rows = {
        line.split("|")[1].strip(): line + "\n"
        for line in top.split("| --: |\n", 1)[1].splitlines()
        if line.startswith("|")
    }
    sections = dict(part.split("\n", 1) for part in parts)
    return rows, sections


def _section(module: str, results: Mapping[Edit, Judgement], options: str, taken: int) -> str:
    known = read_survivors()
    text = f"`python -m tests.model.mutation {module} {options} --write`\n"
    if taken:
        text += f"({taken} kills taken over from an earlier run on the same text.)\n"
    quiet = [
        edit for edit, found in results.items() if not found.is_kill and found.outcome != "invalid"
    ]
    if quiet:
        text += "\n| place | edit | | reason |\n| --- | --- | --- | --- |\n"
    for edit in sorted(quiet, key=lambda edit: edit.span):
        reason = known.get((module, edit.name), {}).get("reason", "")
        if results[edit].outcome == "undecided":
            reason = f"{results[edit].by}. {reason}".strip()
        name = edit.name.replace("|", "\\|")
        kind = _kind(edit, results[edit])
        place = f"{edit.span.line}:{edit.span.column}"
        text += f"| {place} | `{name}` | {_TITLES.get(kind, kind)} | {reason} |\n"
    return text


_TITLES = {"same": "same graph", "undecided": "not decided"}


def _kind(edit: Edit, judgement: Judgement) -> str:
    if judgement.outcome in {"survived", "same"} and is_equivalent(edit):
        return "equivalent"
    return judgement.outcome


def _row(subject: Subject, results: Mapping[Edit, Judgement]) -> str:
    counts = Counter(_kind(edit, judgement) for edit, judgement in results.items())
    killed = sum(counts[kind] for kind in KILLS)
    rate = rate_of(killed, len(results) - counts["invalid"] - counts["equivalent"])
    kinds = ("invalid", *KILLS, "undecided", "equivalent", "same")
    cells = " | ".join(str(counts[kind]) for kind in (*kinds, "survived"))
    return f"| {subject.module} | {len(subject.edits())} | {len(results)} | {cells} | {rate} % |\n"
