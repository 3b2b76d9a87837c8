"""Theorems that cannot be proved here are told with their place, and count as failures."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from speccheck.cli import app

NOT_NATURAL = "CONSTANT\n\\* @type: Int;\nN\n"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("THEOREM 1 = 2", "Odd.tla:4:1: this theorem has no name"),
        ("  LEMMA 1 = 2", "Odd.tla:4:3: this theorem has no name"),
        (f"{NOT_NATURAL}THEOREM U == ASSUME N > 0 PROVE N > 5", "Odd.tla:7:1: U is ASSUME"),
    ],
)
def test_such_a_theorem_beside_one_that_is_proved(text: str, told: str, tmp_path: Path) -> None:
    path = tmp_path / "Odd.tla"
    path.write_text(f"---- MODULE Odd ----\nEXTENDS Integers\nTHEOREM T == 1 = 1\n{text}\n====\n")

    result = CliRunner().invoke(app, ["prove", str(path)])

    assert result.exit_code == 1
    assert "proved   THEOREM T" in result.stdout
    assert told in result.stdout
    assert CliRunner().invoke(app, ["prove", f"{path}!T"]).exit_code == 0


@pytest.mark.parametrize("head", ["LEMMA T ==", "  THEOREM T ==", "THEOREM"])
def test_no_module_is_passed_over(
    head: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "spec").mkdir()
    text = f"---- MODULE Odd ----\nEXTENDS Integers\n{head} 1 = 2\n====\n"
    (tmp_path / "spec" / "Odd.tla").write_text(text)
    monkeypatch.chdir(tmp_path)

    assert CliRunner().invoke(app, ["prove"]).exit_code != 0
