"""Type annotations in Apalache's syntax."""

import pytest

from speccheck.prove.types import (
    AtomType,
    BoolType,
    FunctionType,
    IntType,
    RecordType,
    SetType,
    TupleType,
    TypeSyntaxError,
    read_type,
)

ALIASES = {"epoch": "Int", "quorum": "Set(SERVER)", "loop": "$loop", "vote": "{ sid: SERVER }"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Int", IntType()),
        ("$epoch", IntType("epoch")),
        ("Set($quorum)", SetType(SetType(AtomType("SERVER"), "quorum"))),
        (
            "SERVER -> $epoch -> Bool",
            FunctionType(AtomType("SERVER"), FunctionType(IntType("epoch"), BoolType())),
        ),
        (
            "(SERVER -> Int) -> Bool",
            FunctionType(FunctionType(AtomType("SERVER"), IntType()), BoolType()),
        ),
        ("<<Int, Bool>>", TupleType((IntType(), BoolType()))),
        (
            "{ a: Int, b: $vote }",
            RecordType((("a", IntType()), ("b", RecordType((("sid", AtomType("SERVER")),))))),
        ),
    ],
)
def test_a_type_is_read(text: str, expected: object) -> None:
    assert read_type(text, ALIASES) == expected


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("Seq(Int)", "no type that proofs know"),
        ("Set(Int", "ends too early"),
        ("$nothing", "no @typeAlias nothing"),
        ("$loop", "needs itself"),
        ("Int Int", "one too many"),
        ("Int -> ?", "no part of a type"),
    ],
)
def test_what_is_no_type_is_refused(text: str, problem: str) -> None:
    with pytest.raises(TypeSyntaxError, match=problem):
        read_type(text, ALIASES)
