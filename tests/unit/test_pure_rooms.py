"""What import contracts cannot see: pure rooms reach for nothing outside through built-ins."""

import ast
from pathlib import Path

import pytest

import speckeeper

ROOMS = ("wire", "tree", "zab", "server")
REACHING_OUT = {"open", "print", "input", "breakpoint", "exec", "eval", "__import__"}
SOURCES = [
    path for room in ROOMS for path in Path(speckeeper.__file__).parent.joinpath(room).rglob("*.py")
]


def calls_of(source: str) -> set[str]:
    return {
        node.func.id
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_pure_room_calls_nothing_that_reaches_outside(path: Path) -> None:
    assert not calls_of(path.read_text("utf-8")) & REACHING_OUT


def test_the_scan_sees_a_call() -> None:
    assert calls_of("def f():\n    return open('/etc/passwd').read()") & REACHING_OUT
