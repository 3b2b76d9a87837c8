"""The survivors that are known, each with its reason; what is not known or no longer so fails."""

import tomllib
from collections.abc import Iterator, Mapping

from tests.model.mutation.edits import Edit
from tests.model.mutation.judge import Judgement
from tests.model.mutation.subjects import HERE, read_subjects

_LIST = HERE / "survivors.toml"


def read_survivors() -> dict[tuple[str, str], dict[str, str]]:
    """Return the entries by module and edit."""
    entries = tomllib.loads(_LIST.read_text("utf-8")).get("survivor", [])
    found = {(entry["module"], entry["edit"]): entry for entry in entries}
    assert len(found) == len(entries), "an entry stands there twice"
    return found


def explained(edit: Edit) -> bool:
    return (edit.module, edit.name) in read_survivors()


def is_equivalent(edit: Edit) -> bool:
    """Tell whether the list has an argument that the mutant means the same."""
    return read_survivors().get((edit.module, edit.name), {}).get("kind") == "equivalent"


def stale_entries() -> list[str]:
    """Return the entries that name no edit of the modules as they are."""
    edits = {
        (name, edit.name) for name, subject in read_subjects().items() for edit in subject.edits()
    }
    return [
        f"survivors.toml: {module}: {edit}: the module has no such place any more"
        for module, edit in read_survivors()
        if (module, edit) not in edits
    ]


def problems(module: str, results: Mapping[Edit, Judgement]) -> Iterator[str]:
    """Yield a line for each survivor without a reason, and for each reason without a survivor."""
    known = read_survivors()
    for edit, judgement in results.items():
        is_known = (module, edit.name) in known
        if judgement.outcome == "survived" and not is_known:
            yield f"{edit.place}: {edit.name}: nobody noticed, and survivors.toml has no reason"
        if judgement.is_kill and is_known:
            yield f"{edit.place}: {edit.name}: survivors.toml has it, but {judgement.by} noticed"
