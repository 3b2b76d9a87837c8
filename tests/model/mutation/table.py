"""docs/mutants.md: how many mutants of each module were noticed, and by whom."""

from collections import Counter
from collections.abc import Mapping

from tests.model.mutation.edits import Edit
from tests.model.mutation.judge import Judgement
from tests.model.mutation.subjects import ROOT
from tests.model.mutation.survivors import is_equivalent, read_survivors

_HEAD = """\
# Mutants of the specification

Would a property notice if a module of `spec/` were wrong? A campaign makes one small mistake in a
module (another operator or comparison, a constant off by one, a conjunct left out, the other
quantifier, a negated condition, an assignment dropped), runs the models of `spec/models/` in the
profile `ci` that build on it, and its tests, and sees who notices. The sample is drawn by the seed:

    python -m tests.model.mutation [MODULE ...] [--sample N] [--seed N] [--longest SECONDS]
                                   [--jobs N] [--write]

- **property**: an invariant, a step property, liveness or an assumption is violated;
- **error**: an expression has no value;
- **test**: a test that compares the module with the server fails;
- **count**: the number of distinct states or the depth is not the recorded one, or a model that
  is to violate a property no longer does;
- **same graph**: nobody notices, and every model has the very same graph of states, so the mutant
  is the same specification within the bounds of the models;
- **equivalent**: nobody notices, and tests/model/mutation/survivors.toml has the argument that the
  mutant means the same;
- **survived**: nobody notices. Each has its reason in the same file.

Edits that make no sense (a variable is left without a value) do not count. Operators that only
state properties are not mutated. The rate is that of noticed mutants among those that are neither
equivalent nor of the same graph.

| module | mutants | property | error | test | count | same graph | equivalent | survived | rate |
| --- | --: | --: | --: | --: | --: | --: | --: | --: | --: |
"""


PAGE = ROOT / "docs" / "mutants.md"


def write_table(judged: Mapping[str, Mapping[Edit, Judgement]], options: str) -> None:
    """Write the page; ``options`` are those of the campaign.

    Modules that were not judged this time keep what the page says of them.
    """
    rows, sections = _old() if PAGE.is_file() else ({}, {})
    for module, results in judged.items():
        rows[module] = _row(module, results)
        sections[module] = _section(module, results, options)
    text = _HEAD + "".join(rows[module] for module in sorted(rows))
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


def _section(module: str, results: Mapping[Edit, Judgement], options: str) -> str:
    known = read_survivors()
    text = f"`python -m tests.model.mutation {module} {options} --write`\n"
    quiet = [edit for edit, found in results.items() if found.outcome in {"same", "survived"}]
    if quiet:
        text += "\n| place | edit | |\n| --- | --- | --- |\n"
    for edit in quiet:
        entry = known.get((module, edit.name), {})
        reason = entry.get("reason", "")
        if results[edit].outcome == "same":
            reason = f"same graph. {reason}".strip()
        name = edit.name.replace("|", "\\|")
        text += f"| {edit.span.line}:{edit.span.column} | `{name}` | {reason} |\n"
    return text


def _row(module: str, results: Mapping[Edit, Judgement]) -> str:
    counts: Counter[str] = Counter()
    for edit, judgement in results.items():
        outcome = judgement.outcome
        if outcome == "survived" and is_equivalent(edit):
            outcome = "equivalent"
        counts["count" if outcome == "time" else outcome] += 1
    valid = len(results) - counts["invalid"]
    killed = sum(counts[kind] for kind in ("property", "error", "test", "count"))
    rate = 100 * killed / max(1, killed + counts["survived"])
    kinds = ("property", "error", "test", "count", "same", "equivalent", "survived")
    cells = " | ".join(str(counts[kind]) for kind in kinds)
    return f"| {module} | {valid} | {cells} | {rate:.0f} % |\n"
