"""SVG, of the community modules: elements are records, and text in the end.

An element is [name, attrs, children, innerText]. Source of the shapes: SVG.tla and its Java class.
"""

from collections.abc import Callable
from math import cos, pi, sin
from typing import Any

from speccheck.evaluate.errors import EvaluationError
from speccheck.evaluate.show import show
from speccheck.evaluate.stdlib.files import write_text
from speccheck.evaluate.values import SEQUENCES, Fn, Value, force, function_of

_ESCAPED = (("<<", "&lt;&lt;"), (">>", "&gt;&gt;"))


def _element(name: Value, attributes: Value, children: Value, text: Value) -> Fn:
    return function_of({"name": name, "attrs": attributes, "children": children, "innerText": text})


def _text_of(value: Value) -> str:
    return show(force(value))


def _shape(name: str, *keys: str) -> Callable[..., Fn]:
    """Return the operator of an element that has these attributes, then a function with more."""

    def make(*arguments: Value) -> Fn:
        *values, more = arguments
        own = dict(zip(keys, map(_text_of, values), strict=True))
        return _element(name, _merged(own, more), SEQUENCES[()], "")

    return make


def _merged(own: dict[str, Value], more: Value) -> Fn:
    return function_of({**force(more), **own})


def _labelled(x: Value, y: Value, text: Value, more: Value) -> Fn:
    own = {"x": _text_of(x), "y": _text_of(y)}
    return _element("text", _merged(own, more), SEQUENCES[()], text)


def _image(x: Value, y: Value, width: Value, height: Value, link: Value, more: Value) -> Fn:
    numbers = zip(("x", "y", "width", "height"), map(_text_of, (x, y, width, height)), strict=True)
    own = {"xlink:href": link, **dict(numbers)}
    return _element("image", _merged(own, more), SEQUENCES[()], "")


def _document(children: Value, x: Value, y: Value, width: Value, height: Value, more: Value) -> Fn:
    own = {
        "xmlns:xlink": "http://www.w3.org/1999/xlink",
        "xmlns": "http://www.w3.org/2000/svg",
        "viewBox": " ".join(map(_text_of, (x, y, width, height))),
    }
    return _element("svg", _merged(own, more), SEQUENCES[(children,)], "")


def _text(element: Value) -> str:
    element = force(element)
    if not isinstance(element, Fn) or not {"name", "attrs", "children", "innerText"} <= set(
        element
    ):
        raise EvaluationError(f"{show(element)} is no SVG element")
    attributes = "".join(
        f" {name.replace('_', '-')}='{value}'"
        for name, value in sorted(force(element["attrs"]).items())
    )
    inner = element["innerText"]
    for old, new in _ESCAPED:
        inner = inner.replace(old, new)
    children = "".join(map(_text, force(element["children"]).values_))
    return f"<{element['name']}{attributes}>{inner}{children}</{element['name']}>"


def _point(x: float, y: float) -> Fn:
    return function_of({"x": int(x), "y": int(y)})


def _on_ring(x: int, y: int, radius: int, number: int, count: int) -> Fn:
    angle = 2.0 * pi / count * number
    return _point(x + radius * cos(angle), y + radius * sin(angle))


def _on_line(begin: Value, end: Value, segment: int) -> Fn:
    return _point(
        *(begin[axis] + (end[axis] - begin[axis]) / segment for axis in ("x", "y")),
    )


def _serialize(element: Value, prefix: str, number: int) -> Fn:
    return write_text(_text(element), f"{prefix}{number:03}.svg")


def _laid_out(_nodes: Value, _edges: Value, _options: Value) -> Fn:
    raise EvaluationError(
        "NodesOfDirectedMultiGraph cannot be evaluated: there is no layout of graphs here"
    )


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "SVGElem": _element,
    "Line": _shape("line", "x1", "y1", "x2", "y2"),
    "Circle": _shape("circle", "cx", "cy", "r"),
    "Rect": _shape("rect", "x", "y", "width", "height"),
    "Text": _labelled,
    "Image": _image,
    "Group": lambda children, more: _element("g", more, children, ""),
    "Svg": lambda children, more: _element("svg", more, children, ""),
    "SVGDoc": _document,
    "SVGElemToString": _text,
    "NodeOfRingNetwork": _on_ring,
    "NodesOfDirectedMultiGraph": _laid_out,
    "PointOnLine": _on_line,
    "SVGSerialize": _serialize,
}
