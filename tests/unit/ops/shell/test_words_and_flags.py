"""How a line becomes a command with flags and operands, as zkCli reads it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speckeeper.ops.shell.errors import ShellError
from speckeeper.ops.shell.flags import Flag, Group, Parsed, parse_flags, to_number
from speckeeper.ops.shell.words import split_words

FLAGS = (
    Flag("s", "stat"),
    Flag("w", "watch"),
    Flag("v", "version", "version"),
    Flag("file", "file", "path"),
)
QUOTA = (
    Flag("n", "num soft quota", "val"),
    Flag("b", "bytes soft quota", "val"),
)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("ls /", ["ls", "/"]),
        ("  ls\t /a  ", ["ls", "/a"]),
        ('create /a "two words"', ["create", "/a", "two words"]),
        ("create /a 'x \"y\" z'", ["create", "/a", 'x "y" z']),
        ('set /a ""', ["set", "/a", ""]),
        ("set /a it's", ["set", "/a", "it's"]),
        ('set /a a"b c"', ["set", "/a", 'a"b', 'c"']),
        ('set /a "open', ["set", "/a", "open"]),
        ('"', []),
        ("", []),
        ("   ", []),
    ],
)
def test_words_are_split_as_zkcli_splits_them(line: str, words: list[str]) -> None:
    assert split_words(line) == words


@given(st.lists(st.text(st.characters(exclude_characters='"', codec="utf-8"), max_size=8)))
def test_quoted_words_come_through_whole(words: list[str]) -> None:
    line = " ".join(f'"{word}"' for word in words)

    # A quoted word of one or more other quotes loses a pair of them too, as in zkCli.
    assert len(split_words(line)) == len(words)
    assert [w for w in words if "'" not in w] == [
        w for w, was in zip(split_words(line), words, strict=True) if "'" not in was
    ]


@pytest.mark.parametrize(
    ("words", "flags", "operands"),
    [
        ("/a", {}, ["/a"]),
        ("-s /a", {"s": None}, ["/a"]),
        ("/a -s", {"s": None}, ["/a"]),
        ("-sw /a", {"s": None, "w": None}, ["/a"]),
        ("-ss /a", {"s": None}, ["/a"]),
        ("-v 3 /a", {"v": "3"}, ["/a"]),
        ("-v3 /a", {"v": "3"}, ["/a"]),
        ("-v=3 /a", {"v": "3"}, ["/a"]),
        ("-sv3 /a", {"s": None, "v": "3"}, ["/a"]),
        ("-v -1 /a", {"v": "-1"}, ["/a"]),
        ("-v 1 -v 2", {"v": "1"}, []),
        ("-v word", {"v": "word"}, []),
        ("-file x", {"file": "x"}, []),
        ("-s -- -w -v", {"s": None}, ["-w", "-v"]),
        ("/a -5", {}, ["/a", "-5"]),
        ("/a -0.5", {}, ["/a", "-0.5"]),
        ("-", {}, ["-"]),
    ],
)
def test_flags_and_operands(words: str, flags: dict[str, str | None], operands: list[str]) -> None:
    assert parse_flags(words.split(), FLAGS) == Parsed(flags, operands)


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("-z /a", "Unrecognized option: -z"),
        ("-sz /a", "Unrecognized option: -sz"),
        ("--s /a", "Unrecognized option: --s"),
        ("-s=1 /a", "Unrecognized option: -s=1"),
        ("-v", "Missing argument for option: v"),
        ("-v -s /a", "Missing argument for option: v"),
        ("-v -- 3", "Missing argument for option: v"),
    ],
)
def test_wrong_flags_are_named(words: str, text: str) -> None:
    with pytest.raises(ShellError) as failure:
        parse_flags(words.split(), FLAGS)

    assert failure.value.text == text


def test_flags_of_a_group_exclude_each_other() -> None:
    group = Group(("n", "b"), required=True)

    with pytest.raises(ShellError, match="already been selected: 'n'"):
        parse_flags(["-n", "1", "-b", "2"], QUOTA, group)
    with pytest.raises(ShellError) as missing:
        parse_flags(["/a"], QUOTA, group)
    assert missing.value.text == (
        "Missing required option: [-n num soft quota, -b bytes soft quota]"
    )
    assert parse_flags(["-n", "1", "-n", "2", "/a"], QUOTA, group).flags == {"n": "1"}


@given(st.lists(st.text(st.sampled_from("-svwzfile=12 "), max_size=6)))
def test_any_words_are_read_or_refused(words: list[str]) -> None:
    try:
        parsed = parse_flags(words, FLAGS)
    except ShellError:
        return
    assert set(parsed.flags) <= {flag.name for flag in FLAGS}
    assert all(operand in words for operand in parsed.operands)


@pytest.mark.parametrize(
    ("text", "bits", "base", "number"),
    [
        ("0", 32, 10, 0),
        ("-1", 32, 10, -1),
        ("+7", 32, 10, 7),
        ("2147483647", 32, 10, 2147483647),
        ("2147483648", 32, 10, None),
        ("2147483648", 64, 10, 2147483648),
        ("1_000", 32, 10, None),
        (" 1", 32, 10, None),
        ("", 32, 10, None),
        ("x", 32, 10, None),
        ("100000001", 64, 16, 0x100000001),
        ("zz", 64, 16, None),
    ],
)
def test_numbers_are_those_of_java(text: str, bits: int, base: int, number: int | None) -> None:
    assert to_number(text, bits, base) == number


def test_a_flag_that_is_no_number_names_itself() -> None:
    parsed = parse_flags(["-v", "x"], FLAGS)

    with pytest.raises(ShellError, match="-v argument must be an int value"):
        parsed.number("v", -1)
    with pytest.raises(ShellError, match="-v argument must be a long value"):
        parsed.number("v", -1, bits=64)
    assert parsed.number("file", -1) == -1
