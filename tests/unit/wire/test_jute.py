"""Jute primitives: the layout, null values, odd strings, and lengths that lie."""

import tracemalloc
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.wire.strategies import data, mutated, texts

from speckeeper.wire.errors import WireError
from speckeeper.wire.jute import (
    INT,
    NULL,
    Reader,
    decode_text,
    encode_buffer,
    encode_ustring,
    encode_vector,
)


def _strings(items: list[str]) -> bytes:
    return b"".join(map(encode_ustring, items))


FIELDS = ("boolean", "byte", "int", "long", "buffer", "ustring")


def read_field(reader: Reader, field: str) -> object:
    if field == "vector":
        return reader.vector(Reader.ustring)
    return getattr(reader, field)()


@pytest.mark.parametrize(
    ("raw", "field", "value"),
    [
        ("00", "boolean", False),
        ("01", "boolean", True),
        ("ff", "boolean", True),
        ("7f", "byte", 127),
        ("80", "byte", -128),
        ("ffffffff", "int", -1),
        ("80000000", "int", -(2**31)),
        ("0000000100000002", "long", 2**32 + 2),
        ("ffffffff", "buffer", None),
        ("00000000", "buffer", b""),
        ("000000020102", "buffer", b"\x01\x02"),
        ("ffffffff", "ustring", None),
        ("00000002c3a9", "ustring", "\u00e9"),
        ("ffffffff", "vector", None),
        ("00000000", "vector", []),
        ("fffffffb", "vector", []),
        ("0000000200000001" + "61" + "ffffffff", "vector", ["a", None]),
    ],
)
def test_layout(raw: str, field: str, value: object) -> None:
    """ZooKeeper BinaryInputArchive; a negative count other than -1 is an empty vector there."""
    reader = Reader(bytes.fromhex(raw))
    assert read_field(reader, field) == value
    assert reader.at_end()


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"\xf0\x9f\x98\x80", "\U0001f600"),
        (b"\xed\xa0\xbd\xed\xb8\x80", "\U0001f600"),  # as Java's writer encodes it
        (b"a\xed\xa0\xbd\xed\xb8\x80\xc3\xa9", "a\U0001f600\u00e9"),
        (b"a\xffb", "a\ufffdb"),
        (b"\xed\xa0\xbd", "\ufffd"),  # half of a pair
        (b"\xc3", "\ufffd"),
    ],
)
def test_text_that_is_not_plain_utf_8(raw: bytes, text: str) -> None:
    assert decode_text(raw) == text


@given(st.binary(max_size=40))
def test_any_bytes_are_text_without_surrogates(raw: bytes) -> None:
    assert decode_text(raw).encode().decode() == decode_text(raw)


@given(texts)
def test_java_strings_are_read_as_they_were_meant(text: str) -> None:
    java = b"".join(
        half.decode("utf-16-be", "surrogatepass").encode("utf-8", "surrogatepass")
        for unit in [text.encode("utf-16-be")]
        for half in (unit[i : i + 2] for i in range(0, len(unit), 2))
    )
    assert decode_text(java) == text


@given(st.none() | texts, data, st.none() | st.lists(texts, max_size=4))
def test_round_trip(text: str | None, buffer: bytes | None, items: list[str] | None) -> None:
    raw = encode_ustring(text) + encode_buffer(buffer) + encode_vector(items, encode_ustring)
    reader = Reader(b"??" + raw + b"more", 2, 2 + len(raw))
    assert reader.ustring() == text
    assert reader.buffer() == buffer
    assert reader.vector(Reader.ustring) == items
    assert reader.at_end()


@given(st.binary(max_size=40), st.lists(st.sampled_from([*FIELDS, "vector"]), max_size=8))
def test_any_bytes_read_as_any_fields_raise_nothing_else(raw: bytes, fields: list[str]) -> None:
    reader = Reader(raw)
    try:
        for field in fields:
            read_field(reader, field)
    except WireError:
        pass


def test_reader_stops_at_its_end_though_the_buffer_goes_on() -> None:
    raw = encode_ustring("abcd") + b"\0" * 20
    with pytest.raises(WireError, match="buffer of 4 bytes expected at offset 4, 3 bytes left"):
        Reader(raw, 0, 7).ustring()


@pytest.mark.parametrize("field", ["buffer", "ustring", "vector"])
@pytest.mark.parametrize("length", [2**31 - 1, 2**30, 5])
def test_hostile_length_allocates_nothing(field: str, length: int) -> None:
    raw = length.to_bytes(4, "big") + b"\0\0\0\1"
    tracemalloc.start()
    try:
        with pytest.raises(WireError):
            read_field(Reader(raw), field)
        assert tracemalloc.get_traced_memory()[1] < 20_000
    finally:
        tracemalloc.stop()


def test_text_refuses_null() -> None:
    with pytest.raises(WireError, match="path at offset 0 is null"):
        Reader(NULL).text("path")
    with pytest.raises(WireError, match="path at offset 9 is null"):
        Reader(INT.pack(2) + encode_ustring("a") + NULL).texts("path")


@given(st.none() | st.lists(texts), st.binary(max_size=9))
def test_texts_are_a_vector_of_text(items: list[str] | None, after: bytes) -> None:
    raw = encode_vector(items, encode_ustring)
    reader = Reader(raw + after)
    assert reader.texts("path") == items
    assert reader.position == len(raw)


@given(st.integers(-2, 9), st.binary(max_size=40) | mutated(st.lists(texts).map(_strings)))
def test_texts_agree_with_one_text_after_another(count: int, raw: bytes) -> None:
    def outcome(take: Callable[[Reader], object]) -> object:
        reader = Reader(INT.pack(count) + raw)
        try:
            return take(reader), reader.position
        except WireError as error:
            return str(error)

    fast = outcome(lambda reader: reader.texts("path"))
    assert fast == outcome(lambda reader: reader.vector(lambda item: item.text("path")))
