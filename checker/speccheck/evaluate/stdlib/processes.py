"""Commands of IOUtils, of the community modules: a specification starts a program and reads it.

As in TLC, the program runs when the expression is evaluated, with the rights of who checks.
"""

import os
import subprocess
from collections.abc import Callable, Mapping
from typing import Any

from speccheck.evaluate.errors import EvaluationError
from speccheck.evaluate.runtime import sequence
from speccheck.evaluate.show import show
from speccheck.evaluate.stdlib.files import filled
from speccheck.evaluate.values import Fn, Value, force, function_of


def _texts(values: Value, operator: str) -> list[str]:
    items = sequence(force(values))
    for item in items:
        if not isinstance(item, str):
            raise EvaluationError(f"{operator} takes a sequence of strings, not of {show(item)}")
    return list(items)


def _plain(value: Value) -> str:
    return value if isinstance(value, str) else show(force(value))


def _environment(record: Value) -> dict[str, str]:
    record = force(record)
    if not isinstance(record, Fn) or not record.domain.is_record:
        raise EvaluationError(f"the environment of a command is a record, not {show(record)}")
    return {name: _plain(value) for name, value in record.items()}


def _run(command: list[str], more: Mapping[str, str] | None = None) -> Fn:
    if not command:
        raise EvaluationError("a command has at least the name of a program")
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            encoding="utf-8",
            errors="replace",
            env={**os.environ, **(more or {})},
        )
    except (OSError, ValueError) as error:
        raise EvaluationError(f"the command {command[0]} cannot be started: {error}") from None
    outcome = {"exitValue": done.returncode, "stdout": done.stdout, "stderr": done.stderr}
    return function_of(outcome)


def _from_template(template: Value, values: Value, operator: str) -> list[str]:
    texts = _texts(values, operator)
    return [filled(part, texts) for part in _texts(template, operator)]


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "IOExec": lambda command: _run(_texts(command, "IOExec")),
    "IOEnvExec": lambda more, command: _run(_texts(command, "IOEnvExec"), _environment(more)),
    "IOExecTemplate": lambda template, values: _run(
        _from_template(template, values, "IOExecTemplate")
    ),
    "IOEnvExecTemplate": lambda more, template, values: _run(
        _from_template(template, values, "IOEnvExecTemplate"), _environment(more)
    ),
}
