"""Legal paths: ZooKeeper PathUtils.validatePath and PathUtilsTest."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speckeeper.tree.paths import _fault, parent_of, validate_path


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/a",
        "/a/b",
        "/this is / a valid/path",
        "/name/with.dot",
        "/..a",
        "/a..",
        "/...",
        "/.a",
        "/a/.b/c",
        "/é/中",
        "/a\u2028b",
        "/\ud7ff",
        "/豈",
        "/\uffef",
        "/\xa0",
    ],
)
def test_legal(path: str) -> None:
    assert validate_path(path) is None


@pytest.mark.parametrize(
    ("path", "fault"),
    [
        ("", "path is empty"),
        ("a", "path does not start with /"),
        ("a/b", "path does not start with /"),
        ("/a/", "path ends with /"),
        ("//", "path ends with /"),
        ("//a", "empty node name at 1"),
        ("/a//b", "empty node name at 3"),
        ("/.", "relative path at 1"),
        ("/..", "relative path at 1"),
        ("/a/./b", "relative path at 3"),
        ("/a/../b", "relative path at 3"),
        ("/a/..", "relative path at 3"),
        ("/a\0b", "illegal character U+0000 at 2"),
        ("/a\x01", "illegal character U+0001 at 2"),
        ("/ab\x1fb", "illegal character U+001F at 3"),
        ("/\x7f", "illegal character U+007F at 1"),
        ("/\x9f", "illegal character U+009F at 1"),
        ("/\ud800", "illegal character U+D800 at 1"),
        ("/\uf8ff", "illegal character U+F8FF at 1"),
        ("/\ufff0", "illegal character U+FFF0 at 1"),
        ("/\U0001f600", "illegal character U+1F600 at 1"),
    ],
)
def test_illegal(path: str, fault: str) -> None:
    assert validate_path(path) == fault


@given(st.text(st.sampled_from("/.a\0\x1f\x7f\u00e9\ue000\ufff0 ~"), max_size=8))
def test_the_fast_check_agrees_with_the_plain_one(path: str) -> None:
    assert validate_path(path) == _fault(path)


def test_parent() -> None:
    assert parent_of("/a/b") == "/a"
    assert parent_of("/a") == ""
