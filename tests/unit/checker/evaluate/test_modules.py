"""Operators of the modules that reach out, draw, and assign: IOUtils, Json, SVG, Apalache, ..."""

from pathlib import Path

import pytest

from speccheck.evaluate.compiler import Compiler
from speccheck.evaluate.errors import EvaluationError
from speccheck.evaluate.show import show
from speccheck.evaluate.values import force
from speccheck.explore.config import parse_config
from speccheck.explore.model import load_model
from speccheck.explore.search import Search
from speccheck.tla.modules import Library
from speccheck.tla.parse import parse_module
from speccheck.tla.resolve import resolve

_EXTENDS = "Integers, Sequences, TLC, IOUtils, Json, SVG, Statistics, BagsExt, Apalache, Variants"


def evaluate(text: str) -> str:
    source = f"---- MODULE M ----\nEXTENDS {_EXTENDS}\nanswer ==\n  {text}\n===="
    module = resolve(Library([]), parse_module(source, "M.tla"))
    body = module.operators["answer"].body
    assert body is not None
    return show(force(Compiler([]).constant_value(body)))


_BAG = "(1 :> 2) @@ (2 :> 1) @@ (3 :> 3)"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('IOExec(<<"echo", "a b">>).stdout', r'"a b\n"'),
        ('IOExec(<<"sh", "-c", "echo no >&2; exit 3">>).exitValue', "3"),
        ('IOExec(<<"sh", "-c", "echo no >&2; exit 3">>).stderr', r'"no\n"'),
        ('IOEnvExec([X |-> 7], <<"sh", "-c", "echo $X">>).stdout', r'"7\n"'),
        ('IOExecTemplate(<<"echo", "%2$s-%1$s">>, <<"x", "y">>).stdout', r'"y-x\n"'),
        (
            'IOEnvExecTemplate([X |-> "v"], <<"sh", "-c", "echo %s $X">>, <<"x">>).stdout',
            r'"x v\n"',
        ),
        ('ToJsonObject(<<5, "a">>)', r'"{\"0\":5,\"1\":\"a\"}"'),
        ("ToJsonArray({2, 1})", '"[1,2]"'),
        ("ToJson([a |-> {}, b |-> 3 :> 2])", r'"{\"a\":[],\"b\":{\"3\":2}}"'),
        ("NodeOfRingNetwork(10, 10, 5, 1, 4)", "[x |-> 10, y |-> 15]"),
        ("PointOnLine([x |-> 0, y |-> 9], [x |-> 10, y |-> 0], 2)", "[x |-> 5, y |-> 4]"),
        (
            'SVGElemToString(Group(<<Circle(1, 2, 3, [stroke_width |-> "9"])>>, <<>>))',
            "\"<g><circle cx='1' cy='2' r='3' stroke-width='9'></circle></g>\"",
        ),
        (
            'SVGElemToString(Text(1, 2, "<<3>>", <<>>))',
            "\"<text x='1' y='2'>&lt;&lt;3&gt;&gt;</text>\"",
        ),
        # The fifth percentile of two degrees of freedom is 5.991.
        ('ChiSquare(<<100, 100, 100>>, <<100, 117, 83>>, "0.05")', "TRUE"),
        ('ChiSquare(<<100, 100, 100>>, <<100, 118, 82>>, "0.05")', "FALSE"),
        ('ChiSquare(<<10, 10, 10>>, <<90, 106, 104>>, "0.05")', "TRUE"),
        (f"MapThenFoldBag(LAMBDA x, y : x + y, 0, LAMBDA x: 1, LAMBDA B : 1, {_BAG})", "6"),
        (
            f"MapThenFoldBag(LAMBDA x, y : x \\o y, <<>>, LAMBDA x: <<x>>, LAMBDA B : 1, {_BAG})",
            "<<1, 1, 2, 3, 3, 3>>",
        ),
        ("ApaFoldSeqLeft(LAMBDA a, b : a - b, 10, <<1, 2>>)", "7"),
        ("ApaFoldSet(LAMBDA a, b : a + b, 0, 1..4)", "10"),
        ("MkSeq(3, LAMBDA i : i * i)", "<<1, 4, 9>>"),
        ("FunAsSeq([i \\in 1..3 |-> i], 3, 2)", "<<1, 2>>"),
        ("SetAsFun({<<1, 2>>, <<3, 4>>})", "(1 :> 2 @@ 3 :> 4)"),
        ("Repeat(LAMBDA a, i : a + i, 3, 0)", "6"),
        ('VariantGetOrElse("A", Variant("B", 1), 5)', "5"),
        ('VariantFilter("A", {Variant("A", 3), Variant("B", 4)})', "{3}"),
    ],
)
def test_values(text: str, value: str) -> None:
    assert evaluate(text) == value


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('IOExec(<<"no such program">>)', "cannot be started"),
        ("IOExec(<<1>>)", "IOExec takes a sequence of strings, not of 1"),
        ("IOExec(<<>>)", "a command has at least the name of a program"),
        ('IOExecTemplate(<<"%2$s">>, <<"x">>)', "asks for more than 1 values"),
        ('JsonDeserialize("/no/such/file")', "/no/such/file cannot be read: No such file"),
        ("SVGElemToString([name |-> 1])", "[name |-> 1] is no SVG element"),
        ('ChiSquare(<<1, 2>>, <<1, 2>>, "2")', "a string with a number in (0, 0.5]"),
        ('VariantGetUnsafe("A", Variant("B", 1))', 'is no variant of "A"'),
        ("Gen(3)", "Gen cannot be evaluated"),
    ],
)
def test_what_has_no_value(text: str, message: str) -> None:
    with pytest.raises(EvaluationError) as caught:
        evaluate(text)
    assert message in str(caught.value)


def test_files_of_json(tmp_path: Path) -> None:
    path = tmp_path / "new" / "log.ndjson"
    value = '<<[n |-> 1, s |-> <<TRUE, "x">>], [n |-> 2, s |-> <<>>]>>'
    assert evaluate(f'ndJsonSerialize("{path}", {value})') == "TRUE"
    assert evaluate(f'ndJsonDeserialize("{path}") = {value}') == "TRUE"
    # A time with a fraction, as logs have it: TLC takes what is ahead of the point.
    path.write_text('{"ts": 1712329729.6024537, "n": -2.5}\n\n')
    assert evaluate(f'ndJsonDeserialize("{path}") = <<[ts |-> 1712329729, n |-> -2]>>') == "TRUE"
    path.write_text('{"a": 1}\n{"a": }\n')
    with pytest.raises(EvaluationError, match=r"log\.ndjson:2 is no JSON"):
        evaluate(f'ndJsonDeserialize("{path}")')
    path.write_text('{"a": null}\n')
    with pytest.raises(EvaluationError, match="null has no TLA"):
        evaluate(f'ndJsonDeserialize("{path}")')


def test_pictures_are_written(tmp_path: Path) -> None:
    picture = f'SVGSerialize(SVGDoc(Rect(0, 0, 1, 1, <<>>), 0, 0, 9, 8, <<>>), "{tmp_path}/p_", 7)'
    assert evaluate(f"{picture}.exitValue") == "0"
    text = (tmp_path / "p_007.svg").read_text()
    assert "viewBox='0 0 9 8'" in text
    assert text.endswith("<rect height='1' width='1' x='0' y='0'></rect></svg>")


def test_an_assignment_of_apalache_is_an_equation(tmp_path: Path) -> None:
    path = tmp_path / "A.tla"
    path.write_text(
        "---- MODULE A ----\nEXTENDS Integers, Apalache\nVARIABLE x\n"
        "Init == x := 0\nNext == x' := (x + 1) % 3\n====\n"
    )
    result = Search(load_model(path, parse_config("INIT Init NEXT Next", "A.cfg"))).run()
    assert (result.verdict, result.distinct) == ("success", 3)
