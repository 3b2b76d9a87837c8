"""The toy system, installed for as long as a test lasts, worker processes included."""

import importlib
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Install it as a distribution with the one entry point; return its name."""
    site = tmp_path / "site"
    info = site / "toy-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: toy\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[speccheck.systems]\ntoy = toy_system:TOY\n")
    (site / "toy_system.py").write_text((HERE / "toy.py").read_text())
    monkeypatch.syspath_prepend(str(site))
    importlib.invalidate_caches()
    return "toy"
