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


DOWN = (
    "---- MODULE Down ----\nEXTENDS Integers\nVARIABLE\n\\* @type: Int;\nx\nInit == x = 0\n"
    "Next == x' = x - 1\nSpec == Init /\\ [][Next]_x\nTHEOREM I == Spec => [](x >= 0)\n"
    "THEOREM T == Spec => [](x >= -5)\nTHEOREM U == 1 = 1\n===="
)


@pytest.mark.parametrize(
    ("asked", "code", "count"), [("", 1, "1 of 3"), ("!T", 1, "0 of 2"), ("!U", 0, "1 of 1")]
)
def test_what_rests_on_a_refuted_theorem_is_not_proved(
    asked: str, code: int, count: str, tmp_path: Path
) -> None:
    path = tmp_path / "Down.tla"
    path.write_text(DOWN)
    path.with_suffix(".hints.toml").write_text("[theorems]\nT = { by = 'I' }\n")

    result = CliRunner().invoke(app, ["prove", f"{path}{asked}"])

    assert result.exit_code == code
    assert f"Down: {count} theorems proved" in result.stdout
    rests = "unknown  THEOREM T: it rests on I, which is not proved"
    assert (rests in result.stdout) == (asked != "!U")
    assert "proved   THEOREM T" not in result.stdout


def test_some_obligations_are_asked_for_alone(tmp_path: Path) -> None:
    path = tmp_path / "Down.tla"
    path.write_text(DOWN)
    path.with_suffix(".hints.toml").write_text("[theorems]\nT = { by = 'I' }\n")

    result = CliRunner().invoke(app, ["prove", f"{path}!T", "--only", "T"])

    assert result.exit_code == 0
    assert "given, and not asked for here: THEOREM I" in result.stdout
