"""The specification that a trace is judged by: its model, with constants from the header.

The servers and their quorums are computed by spec/Quorums.tla from the configuration that the
header gives; a module that extends the specification is made for that.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from speccheck.conform.reading import Header, Unusable
from speccheck.evaluate.errors import EvaluationError
from speccheck.evaluate.named import NamedAction
from speccheck.evaluate.show import show
from speccheck.evaluate.values import Value, force
from speccheck.explore.config import Config, read_config
from speccheck.explore.model import ConfigError, Model, load_model
from speccheck.report.itf import ItfError, decode
from speccheck.tla.errors import TlaError

State = tuple[Any, ...]
_NAME = re.compile(r"\w+")


def specification_of(
    header: Header,
    module: Path,
    config: Path | None,
    *,
    fine: bool = False,
    library: Sequence[Path] = (),
) -> Model:
    """Return the model of a module for a trace. Raises Unusable."""
    name = f"Trace{header.spec}"
    lines = [f"---- MODULE {name} ----", f"EXTENDS {module.stem}"]
    constants: list[str] = []
    if header.config is not None:
        lines += [
            "TraceQuorums == INSTANCE Quorums",
            f"TraceConfig == {_shown(header.config, 'config')}",
            "TraceServer == TraceQuorums!Members(TraceConfig)",
            "TraceQuorum == TraceQuorums!Quorums(TraceConfig)",
        ]
        constants += ["Server <- TraceServer", "Quorum <- TraceQuorum"]
    for constant, value in header.constants.items():
        if isinstance(value, dict) and set(value) == {"#operator"}:
            constants.append(f"{constant} <- {value['#operator']}")
        else:
            lines.append(f"Trace_{constant} == {_shown(value, constant)}")
            constants.append(f"{constant} <- Trace_{constant}")
    lines.append("====")
    with tempfile.TemporaryDirectory(prefix="speccheck-trace-") as folder:
        path = Path(folder) / f"{name}.tla"
        path.write_text("\n".join(lines) + "\n")
        try:
            read = _config(config, Path(folder) / f"{name}.cfg", constants)
            model = load_model(path, read, [module.parent, *library], fine=fine)
        except (TlaError, ConfigError, EvaluationError) as error:
            raise Unusable(str(error)) from None
    _keep_names(model, read)
    return model


def _keep_names(model: Model, config: Config) -> None:
    """Let what a configuration puts in the place of an action go by the action's name.

    Actions are compiled once, for however many traces.
    """
    names = {by: name for name, by, only_in in config.replacements if only_in is None}
    named = model.named
    model.named = cache(
        lambda: [one._replace(name=names.get(one.name, one.name)) for one in named()]
    )


def _config(given: Path | None, path: Path, constants: Iterable[str]) -> Config:
    text = given.read_text() if given is not None else "SPECIFICATION Spec\n"
    path.write_text(f"{text}\nCONSTANTS\n" + "".join(f"    {line}\n" for line in constants))
    return read_config(path)


def _shown(data: Any, what: str) -> str:
    try:
        return show(decode(data, what))
    except ItfError as error:
        raise Unusable(f"header: {error}") from None


class Steps:
    """The steps of a model by the names of actions, with given arguments."""

    def __init__(self, model: Model) -> None:
        self.ways: dict[str, list[NamedAction]] = {}
        for action in model.named():
            self.ways.setdefault(action.name, []).append(action)

    def take(self, name: str, arguments: Sequence[Value], state: State) -> list[State]:
        """Return where an action leads. Raises KeyError, and whatever evaluation raises."""
        found: list[State] = []

        def add(successor: State, _given: tuple[Value, ...]) -> None:
            found.append(successor)

        for way in self.ways[name]:
            gives = way.gives

            def pick(number: int, values: Any, gives: Any = gives) -> Any:
                at = gives[number]
                if at is None:
                    return values
                value = arguments[at]
                return (value,) if value in values else ()

            way.step(state, pick, add)
        if len(found) > 1:
            found = list(dict.fromkeys(found))
        return found

    def every(self, name: str, first: Value, state: State) -> list[tuple[tuple[Value, ...], State]]:
        """Return all steps of an action whose first argument is given, with their arguments."""
        found: list[tuple[tuple[Value, ...], State]] = []

        def add(successor: State, given: tuple[Value, ...]) -> None:
            if given and given[0] == first:
                found.append((given, successor))

        for way in self.ways.get(name, ()):
            gives = way.gives

            def pick(number: int, values: Any, gives: Any = gives) -> Any:
                return (first,) if gives[number] == 0 else values

            way.step(state, pick, add)
        return found


Hold = Callable[[State], bool]
__all__ = ["Hold", "State", "Steps", "force", "specification_of"]
