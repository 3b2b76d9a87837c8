"""Java properties text: the cases of java.util.Properties.load, checked against OpenJDK 17."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speckeeper.wire.properties import PropertiesError, Property, parse_properties, without


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a=1", [(1, "a", "1")]),
        ("a:1\nb 2\nc\t3", [(1, "a", "1"), (2, "b", "2"), (3, "c", "3")]),
        ("  a  =  1 ", [(1, "a", "1 ")]),
        ("a = = 1", [(1, "a", "= 1")]),
        ("a\nb=", [(1, "a", ""), (2, "b", "")]),
        ("# x=1\n ! y=2\n\n \t\nz=3", [(5, "z", "3")]),
        ("a=1\rb=2\r\nc=3", [(1, "a", "1"), (2, "b", "2"), (3, "c", "3")]),
        ("a=one,\\\n    two,\\\r\n\tthree\nb=2", [(1, "a", "one,two,three"), (4, "b", "2")]),
        ("a=x\\\\\nb=2", [(1, "a", "x\\"), (2, "b", "2")]),
        ("a=1\\\n# not a comment", [(1, "a", "1# not a comment")]),
        ("\\\n# a comment\nb=2", [(3, "b", "2")]),
        (r"dir=C:\\data\tx", [(1, "dir", "C:\\data\tx")]),
        (r"dir=C:\data", [(1, "dir", "C:data")]),
        (r"a\ b\=c=\u0041\u00e9", [(1, "a b=c", "Aé")]),
        ("a=1\na=2", [(1, "a", "1"), (2, "a", "2")]),
        ("a=\\", [(1, "a", "")]),
        ("", []),
    ],
)
def test_reads_what_java_reads(text: str, expected: list[tuple[int, str, str]]) -> None:
    assert parse_properties(text) == [Property(*each) for each in expected]


@pytest.mark.parametrize("text", [r"a=\u12", r"a=\u12g4", r"\u=1"])
def test_malformed_unicode_escape_names_its_line(text: str) -> None:
    with pytest.raises(PropertiesError) as caught:
        parse_properties("x=1\n\n" + text)
    assert caught.value.line == 3


@given(st.text(alphabet="ab=: \t\f\\\n\r#!u0041é"))
def test_any_text_gives_properties_or_the_declared_error(text: str) -> None:
    try:
        properties = parse_properties(text)
    except PropertiesError:
        return
    lines = [each.line for each in properties]
    assert lines == sorted(set(lines))


_LITERAL = st.text(alphabet=st.characters(codec="iso-8859-1"), min_size=1)


def _escaped(text: str) -> str:
    return "".join(f"\\u{ord(letter):04x}" for letter in text)


@given(st.lists(st.tuples(_LITERAL, _LITERAL)))
def test_escaped_text_comes_back(pairs: list[tuple[str, str]]) -> None:
    text = "\n".join(f"{_escaped(key)} = {_escaped(value)}" for key, value in pairs)
    assert [(each.key, each.value) for each in parse_properties(text)] == pairs


def test_unwanted_assignments_go_and_nothing_else() -> None:
    text = "# a\r\na=1\nb = 2 \\\n  and more\n\nc: 3\r\n!b\nbb=4"
    assert without(text, lambda key: key == "b") == "# a\r\na=1\n\nc: 3\r\n!b\nbb=4"
    assert without(text, lambda key: key.startswith("b")) == "# a\r\na=1\n\nc: 3\r\n!b\n"
    assert without(text, lambda key: False) == text
