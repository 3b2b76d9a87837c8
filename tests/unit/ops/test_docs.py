"""The tables of docs/operations.md are those of the code; links between pages lead somewhere."""

import re
from pathlib import Path

from speckeeper.ops.reference_tables import TABLES, fill

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "operations.md"


def test_tables_are_up_to_date() -> None:
    """`python -m speckeeper.ops.reference_tables docs/operations.md` renews them."""
    text = PAGE.read_text(encoding="utf-8")
    assert fill(text) == text


def test_every_table_is_on_the_page() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for name in TABLES:
        assert f"<!-- table: {name} -->" in text


def test_relative_links_lead_to_files() -> None:
    broken = []
    for page in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")):
        for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
            path = target.partition("#")[0]
            if path and ":" not in path and not (page.parent / path).exists():
                broken.append(f"{page.relative_to(ROOT)}: {target}")
    assert broken == []
