"""CSV and the text files of IOUtils, of the community modules."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from speccheck.evaluate.errors import EvaluationError
from speccheck.evaluate.runtime import is_true, sequence
from speccheck.evaluate.show import show
from speccheck.evaluate.values import SEQUENCES, TRUE, Fn, Value, force, function_of

_PLACEHOLDER = re.compile(r"%(?:(?P<number>\d+)\$)?(?P<kind>.)", re.DOTALL)


def filled(template: str, texts: Sequence[str]) -> str:
    """Return a template of java.util.Formatter with texts put in: %s, %2$s, %n, %%.

    Raises EvaluationError for other placeholders, and where there are too few texts.
    """
    used = 0

    def put(found: re.Match[str]) -> str:
        nonlocal used
        kind = found["kind"]
        if kind in "n%":
            return "\n" if kind == "n" else "%"
        if kind != "s":
            raise EvaluationError(f"{found.group()} in {show(template)} is no %s: values are text")
        if found["number"] is None:
            used += 1
        position = int(found["number"] or used)
        if not 0 < position <= len(texts):
            raise EvaluationError(f"{show(template)} asks for more than {len(texts)} values")
        return texts[position - 1]

    return _PLACEHOLDER.sub(put, template)


def _append(path: str, line: str) -> Value:
    with Path(path).open("a", encoding="utf-8") as file:
        file.write(f"{line}\n")
    return TRUE


def _write(template: str, values: Value, path: str) -> Value:
    return _append(path, filled(template, list(map(show, sequence(values)))))


def _write_record(record: Value, delimiter: str, headers: Value, path: str) -> Value:
    record = force(record)
    if is_true(headers):
        _append(path, delimiter.join(record.domain.keys_))
    return _append(path, delimiter.join(map(show, record.values_)))


def _lines(path: str) -> list[str]:
    file = Path(path)
    return file.read_text("utf-8").splitlines() if file.exists() else []


def _read(columns: Value, delimiter: str, path: str) -> Value:
    names = sequence(columns)
    rows = [re.split(delimiter, line) for line in _lines(path)]
    return SEQUENCES[tuple([function_of(dict(zip(names, row, strict=False))) for row in rows])]


def _outcome(text: str, problem: str = "") -> Fn:
    return function_of({"exitValue": int(bool(problem)), "stdout": text, "stderr": problem})


def _text_options(options: Value) -> tuple[str, frozenset[str]]:
    options = force(options)
    if options.get("format") != "TXT":
        raise EvaluationError("Serialize and Deserialize know the format TXT only")
    modes = options.get("openOptions")
    return options["charset"], frozenset() if modes is None else frozenset(sequence(modes))


def _serialize(value: Value, path: str, options: Value) -> Fn:
    charset, modes = _text_options(options)
    text = value if isinstance(value, str) else show(force(value))
    file = Path(path)
    try:
        if "CREATE_NEW" in modes and file.exists():
            raise FileExistsError(path)
        if not file.exists() and not modes & {"CREATE", "CREATE_NEW"}:
            raise FileNotFoundError(path)
        with file.open("a" if "APPEND" in modes else "w", encoding=charset) as out:
            out.write(text)
    except (OSError, LookupError) as error:
        return _outcome("", f"Serialize error writing to the file: {error}")
    return _outcome("Finish writing to the file with success!")


def write_text(text: str, path: str) -> Fn:
    """Write a text in the place of what the file has; return what Serialize says of it."""
    modes = SEQUENCES[("WRITE", "CREATE", "TRUNCATE_EXISTING")]
    options = {"format": "TXT", "charset": "UTF-8", "openOptions": modes}
    return _serialize(text, path, function_of(options))


def _deserialize(path: str, options: Value) -> Fn:
    charset, _ = _text_options(options)
    try:
        return _outcome(Path(path).read_text(charset))
    except (OSError, LookupError, UnicodeDecodeError) as error:
        return _outcome("", f"Deserialize error reading from the file: {error}")


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "CSVWrite": _write,
    "CSVWriteRecord": _write_record,
    "CSVRead": _read,
    "CSVRecords": lambda path: len(_lines(path)),
    "Serialize": _serialize,
    "Deserialize": _deserialize,
}
