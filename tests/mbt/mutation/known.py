"""Survivors with a reason: those that mean the same, and gaps."""

import tomllib
from pathlib import Path

from tests.model.mutation.survivors import read_survivors

_LIST = Path(__file__).with_name("survivors.toml")


def read_known() -> dict[str, tuple[str, str]]:
    """Return kind (equivalent or survived) and reason by the name of the edit."""
    entries = tomllib.loads(_LIST.read_text("utf-8")).get("survivor", [])
    found = {
        f"{module}: {edit}": ("equivalent", entry["reason"])
        for (module, edit), entry in read_survivors().items()
        if entry["kind"] == "equivalent"
    }
    for entry in entries:
        kind = "equivalent" if entry["kind"] == "equivalent" else "survived"
        found[entry["edit"]] = (kind, entry["reason"])
    return found


def explained(name: str) -> tuple[str, str] | None:
    """Return kind and reason of a survivor, None if there is none."""
    return read_known().get(name)
