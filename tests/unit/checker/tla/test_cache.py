"""The cache of modules: the same tree from it, and never one of another text or parser."""

from pathlib import Path

import pytest

from speccheck.tla import cache
from speccheck.tla.errors import TlaError
from speccheck.tla.modules import module_of

TEXT = "---- MODULE M ----\nx == /\\ a\n     /\\ b\n===="


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SPECCHECK_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def entries(folder: Path) -> list[Path]:
    return sorted(folder.glob("module-*.pickle"))


def test_a_module_is_read_back_as_it_was_parsed(folder: Path) -> None:
    first = module_of(TEXT, "M.tla")
    (entry,) = entries(folder)
    assert module_of(TEXT, "M.tla") == first
    assert entries(folder) == [entry]


def test_other_text_path_or_parser_is_another_entry(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module_of(TEXT, "M.tla")
    module_of(TEXT, "N.tla")
    module_of(TEXT.replace("b", "c"), "M.tla")
    monkeypatch.setattr(cache, "_stamp", lambda: b"another parser")
    module_of(TEXT, "M.tla")
    assert len(entries(folder)) == 4


def test_a_damaged_entry_is_made_again(folder: Path) -> None:
    first = module_of(TEXT, "M.tla")
    (entry,) = entries(folder)
    entry.write_bytes(entry.read_bytes()[:40])
    assert module_of(TEXT, "M.tla") == first
    entry.write_bytes(b"")
    assert module_of(TEXT, "M.tla") == first


def test_an_error_is_not_kept(folder: Path) -> None:
    for _ in range(2):
        with pytest.raises(TlaError, match=r"M\.tla:3"):
            module_of("---- MODULE M ----\nx ==\n====", "M.tla")
    assert not entries(folder)


def test_without_a_folder_everything_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    for named in ("off", str(tmp_path / "file" / "no-folder")):
        monkeypatch.setenv("SPECCHECK_CACHE", named)
        assert module_of(TEXT, "M.tla").name == "M"
