"""The ground that the code generators stand on: names, constants, generated functions, errors."""

import re
import traceback
from abc import ABC, abstractmethod
from collections.abc import Callable
from itertools import count, product
from typing import Any

from speccheck.evaluate import likeness, order, persistent, runtime, sets, values
from speccheck.evaluate.analysis import Analyst, actual
from speccheck.evaluate.emit import Block, Context, Site
from speccheck.evaluate.errors import EvaluationError, Frame
from speccheck.evaluate.stdlib import FUNCTIONS
from speccheck.evaluate.values import FALSE, TRUE, Value
from speccheck.tla import meaning as m

UNDEFINED = "an operator is applied to values that it is not defined for"

# How the generators name what quantifiers and parameters bind.
_BOUND = re.compile(r"[xa]_(?P<name>\w+)_\d+")

_RUNTIME = {
    name: getattr(module, name)
    for module in (runtime, sets, values, order, likeness, persistent)
    for name in dir(module)
    if not name.startswith("_")
}


class Workshop(ABC):
    """Keeps the generated functions of one specification."""

    def __init__(self) -> None:
        self.analyst = Analyst()
        self.fine = False
        self._numbers = count()
        self._globals: dict[str, Any] = dict(_RUNTIME)
        self._globals["product"] = product
        self._globals.update((f"lib_{name}", made) for name, made in FUNCTIONS.items())
        self._constants: dict[int, str] = {}
        self._folded: dict[int, Value] = {}
        self._kept: list[object] = []
        self._sites: dict[str, list[Site | None]] = {}
        self._labels: dict[str, str] = {}

    @abstractmethod
    def value(self, node: m.Expression, ctx: Context) -> str:
        """Return Python code for the value of an expression; may put statements first."""

    @abstractmethod
    def test(self, node: m.Expression, ctx: Context) -> str:
        """Return Python code for a boolean expression, with a Python bool as its value."""

    # --- names -----------------------------------------------------------------------------------

    def fresh(self, stem: str) -> str:
        """Return a new name."""
        return f"{stem}_{next(self._numbers)}"

    def constant(self, value: Value) -> str:
        """Return code for a value that never changes."""
        if type(value) is int or type(value) is str:
            return repr(value)
        if value is TRUE or value is FALSE:
            return str(value)
        key = id(value)
        name = self._constants.get(key)
        if name is None:
            name = self._constants[key] = self.fresh("c")
            self._globals[name] = value
            self._kept.append(value)
        return name

    def atom(self, code: str, ctx: Context, place: m.Place | None = None) -> str:
        """Return code that can be repeated at no cost: a name, if need be a new one."""
        if code.isidentifier() or code.isdigit():
            return code
        name = self.fresh("t")
        ctx.put(f"{name} = {code}", place)
        return name

    def trial(
        self, make: Callable[[m.Expression, Context], str], node: m.Expression, ctx: Context
    ) -> tuple[str, Block]:
        """Make code and keep the statements that it needs apart."""
        block = Block()
        code = make(node, ctx.fork(block=block, indent=0))
        return code, block

    # --- constants -------------------------------------------------------------------------------

    def folded(self, node: m.Expression) -> Value | None:
        """Return the value of an expression that is the same everywhere, None if it is not.

        One whose evaluation fails counts as not constant: the error comes when it is needed.
        """
        key = id(node)
        if key in self._folded:
            return self._folded[key]
        found = None
        if self.analyst.facts(node).is_closed:
            # All that name a definition have one value; it may be a random one.
            body = _definition(node)
            if body is not None and self._folded.get(id(body)) is not None:
                return self._folded[id(body)]
            self._folded[key] = None  # Found while folding: part of itself, by recursion.
            try:
                found = self.evaluate_now(node)
            except (EvaluationError, ArithmeticError, LookupError, TypeError, AttributeError):
                found = None
            except (NameError, RecursionError, AssertionError):
                found = None
            if body is not None and found is not None:
                self._folded[id(body)] = found
        self._folded[key] = found
        self._kept.append(node)
        return found

    @abstractmethod
    def evaluate_now(self, node: m.Expression) -> Value:
        """Return the value of a constant expression."""

    # --- functions -------------------------------------------------------------------------------

    def define(
        self, name: str, parameters: str, block: Block, label: str = ""
    ) -> Callable[..., Any]:
        """Make a global Python function of a block; ``label`` is the operator that it is."""
        lines = block.lines(1)
        source = f"def {name}({parameters}):\n" + "\n".join(text for text, _ in lines) + "\n"
        filename = f"<tla {name}>"
        self._sites[filename] = [None, *(site for _, site in lines)]
        self._labels[filename] = label
        exec(compile(source, filename, "exec"), self._globals)
        made: Callable[..., Any] = self._globals[name]
        return made

    def explain(self, error: Exception) -> EvaluationError:
        """Return the error that a user sees for one raised in generated code."""
        frames: list[Frame] = []
        seen: set[m.Place] = set()
        for python_frame, line in reversed(list(traceback.walk_tb(error.__traceback__))):
            filename = python_frame.f_code.co_filename
            sites = self._sites.get(filename)
            if sites is None:
                continue
            site = sites[line - 1]
            if site is None and not frames:
                # A line without a place of its own computes a part for a line after it.
                site = next(filter(None, sites[line:]), None)
            if site is None:
                continue
            values = _bound_values(python_frame.f_locals)
            names = [self._labels[filename], *(call.name for call in site.calls)]
            places = [*(call.place for call in site.calls), site.place]
            for name, place in zip(reversed(names), reversed(places), strict=True):
                if place not in seen:
                    seen.add(place)
                    frames.append(Frame(place, name, values))
                    values = ()
        return EvaluationError(_message(error), tuple(frames))


def _definition(node: m.Expression) -> m.Expression | None:
    """Return the body of the definition without parameters that a name stands for."""
    if not isinstance(node, m.Call) or node.arguments:
        return None
    operator = actual(node.operator)
    return operator.body if isinstance(operator, m.Operator) else None


def _bound_values(names: dict[str, Any]) -> tuple[tuple[str, object], ...]:
    """Return the values of bound names and parameters among the names of a Python function."""
    found: dict[str, object] = {}
    for name, value in names.items():
        match = _BOUND.fullmatch(name)
        if match is not None and not callable(value):
            found[match["name"]] = value
    return tuple(found.items())


def _message(error: Exception) -> str:
    if isinstance(error, EvaluationError):
        return error.message
    if isinstance(error, KeyError):
        return runtime.not_in_domain(error.args[0])
    if isinstance(error, ZeroDivisionError):
        return "division by zero"
    if isinstance(error, RecursionError):
        return "an operator calls itself too deeply"
    return UNDEFINED
