"""The tables of docs/operations.md are those of the code."""

from pathlib import Path

from speckeeper.ops.reference_tables import TABLES, fill

PAGE = Path(__file__).parents[3] / "docs" / "operations.md"


def test_tables_are_up_to_date() -> None:
    """`python -m speckeeper.ops.reference_tables docs/operations.md` renews them."""
    text = PAGE.read_text(encoding="utf-8")
    assert fill(text) == text


def test_every_table_is_on_the_page() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for name in TABLES:
        assert f"<!-- table: {name} -->" in text
