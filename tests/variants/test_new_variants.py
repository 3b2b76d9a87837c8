"""Headers, models and new variants: what a user writes, and what is said when it is wrong."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from speccheck.cli import app
from speccheck.explore.config import read_config
from speccheck.variants.compose import compose
from speccheck.variants.header import VariantError, read_variant

SPEC = Path(__file__).parents[2] / "spec"
FOLDER = SPEC / "variants"

TEXT = """---- MODULE Mine ----
(* A leader commits at once. *)
\\* @claim Waiting is slow.
\\* @kind question
\\* @redefines Committable <- AllOfThem
\\* @model MCZab MCZabFirstEpoch.cfg; MaxRequests = 2
\\* @fails CommittedIsDurable
EXTENDS Zab

AllOfThem(proposals) == Len(proposals)
====
"""


def variant(folder: Path, text: str = TEXT) -> Path:
    """Write a variant into a folder beside which the specification stands."""
    for path in SPEC.glob("*.tla"):
        (folder / path.name).write_text(path.read_text())
    (folder / "models").mkdir()
    for path in (SPEC / "models").glob("MCZab*.*"):
        (folder / "models" / path.name).write_text(path.read_text())
    (folder / "variants").mkdir()
    path = folder / "variants" / "Mine.tla"
    path.write_text(text)
    return path


def run(*arguments: str | Path) -> tuple[int, str]:
    """Run the command; return its code and all that it said."""
    result = CliRunner().invoke(app, ["variants", *map(str, arguments)])
    return result.exit_code, result.output


def test_a_header_is_read(tmp_path: Path) -> None:
    mine = read_variant(variant(tmp_path))

    assert (mine.name, mine.base, mine.kind) == ("Mine", "Zab", "question")
    assert mine.about == "A leader commits at once."
    assert mine.redefines == (("Committable", "AllOfThem"),)
    assert mine.models[0].name == "MCZabFirstEpoch (MaxRequests = 2)"
    assert mine.fails == ("CommittedIsDurable",)


def test_a_variant_of_a_variant_redefines_what_that_does() -> None:
    apart = read_variant(FOLDER / "FlexibleQuorumsApart.tla")

    assert ("EpochChosen", "EpochChosenFlexibly") in apart.redefines
    assert ("IsElectionQuorum", "IsSmall") in apart.redefines


def test_a_model_is_the_configuration_with_what_is_different(tmp_path: Path) -> None:
    mine = read_variant(variant(tmp_path))

    made = compose(mine, mine.models[0], tmp_path)

    config = read_config(made.config)
    assert config.values["MaxRequests"] == 2
    assert ("Committable", "AllOfThem") in [(one.name, one.by) for one in config.replacements]
    assert "EXTENDS MCZab, Mine" in made.module.read_text()
    plain = read_config(compose(mine, mine.models[0], tmp_path, plain=True).config)
    assert "Committable" not in [one.name for one in plain.replacements]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("@kind", "@kin", "Mine.tla:4: @kin is none of"),
        ("@claim Waiting is slow.", "@claim", "Mine.tla:3: @claim says nothing"),
        ("Committable <- AllOfThem", "Committable", "OP <- NEWOP is expected"),
        ("MCZab MCZabFirstEpoch.cfg", "MCZabFirstEpoch", "MODULE CONFIG.cfg"),
        ("\\* @fails CommittedIsDurable\n", "", "say with @fails or @holds"),
        ("question", "riddle", "@kind riddle is none of"),
    ],
)
def test_a_wrong_header_is_told_with_its_place(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    assert old in TEXT
    with pytest.raises(VariantError, match=said.replace("(", r"\(")):
        read_variant(variant(tmp_path, TEXT.replace(old, new)))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("MCZabFirstEpoch.cfg", "MCNothing.cfg", "there is no MCNothing.cfg"),
        ("MaxRequests", "MaxWishes", "gives no value to MaxWishes"),
        ("CommittedIsDurable", "AllIsWell", "AllIsWell is no property of its models"),
    ],
)
def test_a_model_that_does_not_fit_is_told(tmp_path: Path, old: str, new: str, said: str) -> None:
    mine = read_variant(variant(tmp_path, TEXT.replace(old, new)))
    with pytest.raises(VariantError, match=said):
        compose(mine, mine.models[0], tmp_path)


def test_the_command_finds_what_the_header_says(tmp_path: Path) -> None:
    variant(tmp_path)

    code, said = run("Mine", "--folder", tmp_path / "variants", "--method", "check")

    assert code == 0, said
    assert "CommittedIsDurable" in said
    assert "violated" in said


def test_the_command_fails_when_the_header_is_wrong(tmp_path: Path) -> None:
    variant(tmp_path, TEXT.replace("CommittedIsDurable", "Leadership1"))

    code, said = run("Mine", "--folder", tmp_path / "variants", "--method", "check")

    assert code == 1
    assert "Mine: Leadership1 was expected to fail and was not found to" in said


def test_a_new_variant_does_what_the_protocol_does(tmp_path: Path) -> None:
    variant(tmp_path)
    folder = tmp_path / "variants"

    code, said = run("new", "Idea", "--folder", folder, "--operator", "IsQuorum")
    assert code == 0, said
    text = (folder / "Idea.tla").read_text()
    assert "IsQuorumIdea(S) == S \\in Quorum" in text

    code, said = run("Idea", "--folder", folder, "--method", "check", "--format", "markdown")
    assert code == 0, said
    assert "holds" in said
    assert "1,787 states" in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("new", "Mine"), "is there already"),
        (("new", "mine"), "a name like"),
        (("new",), "say 'speccheck variants new NAME'"),
        (("new", "Idea", "--operator", "Nothing"), "there is no definition of Nothing"),
        (("new", "Idea", "--extends", "Nothing"), "no such module"),
        (("new", "Idea", "--model", "MCNothing"), "no such model"),
        (("Idea",), "there is no such file"),
    ],
)
def test_what_cannot_be_is_told_in_one_line(
    tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    variant(tmp_path)

    code, told = run(*arguments, "--folder", tmp_path / "variants")

    assert code == 2
    assert said in told
    assert len(told.strip().splitlines()) == 1


def test_the_page_has_the_table_and_the_counterexample(tmp_path: Path) -> None:
    variant(tmp_path)
    page = tmp_path / "page.html"

    code, said = run(
        "Mine",
        "--folder",
        tmp_path / "variants",
        "--method",
        "check",
        "--format",
        "html",
        "--out",
        page,
    )

    assert code == 0, said
    text = page.read_text()
    assert "A leader commits at once." in text
    assert "CommittedIsDurable: violated after" in text
    assert '<svg class="spacetime"' in text
    assert "<script" not in text
