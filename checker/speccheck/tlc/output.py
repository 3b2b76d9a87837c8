"""What TLC prints with ``-tool``, read into the types of our own results.

Source: tlc2.output.EC for the codes of messages.
"""

import re
from dataclasses import dataclass, field

from speccheck.evaluate.values import Value
from speccheck.tlc.values import parse_value

_MESSAGE = re.compile(
    r"@!@!@STARTMSG (?P<code>\d+):(?P<severity>\d+) @!@!@\n(?P<text>.*?)\n@!@!@ENDMSG", re.DOTALL
)
_COUNTS = re.compile(
    r"(?P<generated>[\d,]+) states generated, (?P<distinct>[\d,]+) distinct states found"
)
_DEPTH = re.compile(r"depth of the complete state graph search is (?P<depth>\d+)")
_NAME = re.compile(
    r"(?:Invariant|The invariant of|[Aa]ction property|property|Assumption) "
    r"(?P<name>\S.*?) (?:is|of|was) "
)
# The parser's errors stand between the messages.
_SANY_ERRORS = re.compile(
    r"^(?:Semantic errors:|\*\*\*Parse Error\*\*\*|Fatal errors while parsing)(?P<text>.*?)^@!@!@",
    re.DOTALL | re.MULTILINE,
)
_STATE_HEAD = re.compile(r"(?P<number>\d+): (?:<(?P<action>.*?)>|(?P<words>[A-Z].*))")
_VARIABLE = re.compile(r"^(?:/\\ )?(?P<name>\w+) = ", re.MULTILINE)

_VERDICTS = {
    2104: "assumption",
    2107: "invariant",  # by an initial state
    2108: "property",  # by an initial state
    2109: "error",
    2110: "invariant",
    2112: "property",
    2113: "property",
    2114: "deadlock",
    2116: "liveness",
    2132: "assumption",
    2230: "invariant",  # one that reads no variable
}
_STARTS, _SUCCESS, _STATE, _BACK, _STUTTERS = 2185, 2193, 2217, 2122, 2218
_ERRORS = frozenset(["1", "2"])


@dataclass(slots=True)
class TlcState:
    """A state of a counterexample: the action that led to it, None at first, and its values."""

    action: str | None
    values: dict[str, Value]


@dataclass(slots=True)
class TlcResult:
    """What TLC found; ``verdict`` is as in ``explore.result.Result``, or "timeout".

    After the last state of ``trace`` of an infinite counterexample the one at index ``loop`` comes
    again; the last one itself if the behaviour stutters. ``errors`` are the texts of its errors,
    ``printed`` the lines that Print and PrintT wrote.
    """

    verdict: str = "error"
    violated: str = ""
    generated: int = 0
    distinct: int = 0
    depth: int = 0
    seconds: float = 0.0
    trace: list[TlcState] = field(default_factory=list)
    loop: int | None = None
    errors: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    printed: list[str] = field(default_factory=list)
    output: str = ""


def parse_output(output: str) -> TlcResult:
    """Return the result that TLC printed with ``-tool``. Raises UnreadableValue."""
    result = TlcResult(output=output, printed=_printed(output))
    for message in _MESSAGE.finditer(output):
        code, text = int(message["code"]), message["text"]
        if code == _SUCCESS:
            result.verdict = "success"
        elif code in _VERDICTS and result.verdict == "error":
            result.verdict = _VERDICTS[code]
            named = _NAME.search(text)
            result.violated = named["name"] if named else ""
            if code in {2107, 2108}:
                result.trace.append(TlcState(None, parse_state(text.partition("\n")[2])))
        elif code == _STATE:
            head, _, body = text.partition("\n")
            result.trace.append(TlcState(_action(head), parse_state(body)))
        elif code == _BACK:
            number = _STATE_HEAD.match(text) or re.search(r"(?P<number>\d+)", text)
            result.loop = int(number["number"]) - 1 if number else None
        elif code == _STUTTERS:
            result.loop = len(result.trace) - 1
        if message["severity"] in _ERRORS and code not in _VERDICTS:
            result.errors.append(text.strip())
        _read_counts(text, result)
    for found in _SANY_ERRORS.finditer(output):
        result.errors.insert(0, " ".join(found["text"].split()))
    return result


def _printed(output: str) -> list[str]:
    """Return the lines that stand between messages once the parser is done."""
    lines: list[str] = []
    end = None
    for message in _MESSAGE.finditer(output):
        if end is not None:
            lines += output[end : message.start()].splitlines()[1:]  # The rest of ENDMSG first.
        if end is not None or int(message["code"]) == _STARTS:
            end = message.end()
    # A message within another leaves the last line of the outer one.
    return [line for line in lines if line and not line.startswith("@!@!@")]


def _read_counts(text: str, result: TlcResult) -> None:
    counts = _COUNTS.search(text)
    if counts:
        result.generated = int(counts["generated"].replace(",", ""))
        result.distinct = int(counts["distinct"].replace(",", ""))
    depth = _DEPTH.search(text)
    if depth:
        result.depth = int(depth["depth"])


def _action(head: str) -> str | None:
    """Return the action that the head of a state names: ``2: <Next line 5, col 9 ...>``."""
    match = _STATE_HEAD.match(head)
    if match is None or match["action"] is None or match["action"] == "Initial predicate":
        return None
    return str(match["action"].split(" line ")[0].partition("(")[0])


def parse_state(text: str) -> dict[str, Value]:
    r"""Return the values of ``/\ x = 1 /\ y = {}``, each variable on a line of its own."""
    starts = list(_VARIABLE.finditer(text))
    ends = [match.start() for match in starts[1:]] + [len(text)]
    return {
        match["name"]: parse_value(text[match.end() : end])
        for match, end in zip(starts, ends, strict=True)
    }
