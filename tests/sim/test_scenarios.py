"""Every story in scenarios/ goes as it is written; ``pytest tests/sim --rewrite`` rewrites it."""

from pathlib import Path

import pytest
from tests.sim.scenario import Scenario, ScenarioError, read_blocks

FOLDER = Path(__file__).parent / "scenarios"
STORIES = sorted(path.stem for path in FOLDER.glob("*.txt"))


def test_there_are_stories() -> None:
    assert len(STORIES) >= 10


@pytest.mark.parametrize("story", STORIES)
def test_story(story: str, request: pytest.FixtureRequest) -> None:
    path = FOLDER / f"{story}.txt"
    scenario = Scenario()
    told = [(block, scenario.run(block)) for block in read_blocks(path)]
    if request.config.getoption("--rewrite"):
        path.write_text("\n\n".join(block.text(lines) for block, lines in told) + "\n")
        return
    for block, lines in told:
        assert lines == block.expected, f"{path.name}:{block.line}: {block.head[-1]}"
    assert any(lines for _, lines in told)


@pytest.mark.parametrize(("line", "message"), [
    ("fly 3", "line 2: fly 3: 'fly'"),
    ("write 1", "line 2: write 1: there is no leader"),
    ("until 1 Serve NOTHING", "it does not happen"),
    ("expect leader=2", "leader is none"),
    ("crash 9", "line 2: crash 9: 9"),
])  # fmt: skip
def test_command_that_cannot_be_carried_out(tmp_path: Path, line: str, message: str) -> None:
    path = tmp_path / "story.txt"
    path.write_text(f"world voters=3\n{line}\n")
    (block,) = read_blocks(path)
    with pytest.raises(ScenarioError) as caught:
        Scenario().run(block)
    assert message in str(caught.value)
