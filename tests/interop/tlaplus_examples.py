"""Compares speccheck with what tlaplus/Examples says of its models, and with TLC if asked to.

    python tests/interop/tlaplus_examples.py CHECKOUT [--longest 00:00:05] [--only NAME] [--tlc]

CHECKOUT is a work tree of github.com/tlaplus/Examples. Its manifest.json files give for each model
how long TLC takes, the verdict, and for most the distinct states and the depth. Each model runs in
a process of its own. The exit code is 1 if a model disagrees.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from speccheck.tlc import run_tlc

# The manifest's verdicts, and those of speccheck that agree.
_AGREE = {
    "success": {"success"},
    "safety failure": {"invariant", "property", "deadlock"},
    "deadlock failure": {"deadlock"},
    "assumption failure": {"assumption"},
    "liveness failure": {"liveness"},
}


class Expected(NamedTuple):
    """A model, and what the manifest says of it."""

    module: Path
    config: Path
    verdict: str
    distinct: int | None
    depth: int | None
    runtime: str


def models(checkout: Path, longest: str) -> Iterator[Expected]:
    """Yield the models for exhaustive search that TLC finishes within ``longest`` (hh:mm:ss)."""
    for manifest in sorted(checkout.glob("specifications/*/manifest.json")):
        for module in json.loads(manifest.read_text("utf-8"))["modules"]:
            for model in module["models"]:
                if model["mode"] == "exhaustive search" and model["runtime"] <= longest:
                    yield Expected(
                        checkout / module["path"],
                        checkout / model["path"],
                        model["result"],
                        model.get("distinctStates"),
                        model.get("stateDepth"),
                        model["runtime"],
                    )


def run(model: Expected, checkout: Path, timeout_s: float) -> dict[str, Any]:
    """Return speccheck's result as ``check --json`` prints it, or one with a verdict of its own."""
    command = [sys.executable, "-m", "speccheck.cli", "check", str(model.module), "--json"]
    command += ["--config", str(model.config)]
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
            cwd=checkout,  # Some models name files from there.
        )
    except subprocess.TimeoutExpired:
        return {"verdict": "timeout"}
    try:
        found: dict[str, Any] = json.loads(done.stdout)
    except json.JSONDecodeError:
        return {"verdict": "refused", "error": done.stderr.strip()[-300:]}
    return found


def agrees(model: Expected, found: dict[str, Any]) -> bool:
    """Tell whether the verdict and the counts that are stated are the same."""
    if found["verdict"] not in _AGREE.get(model.verdict, {model.verdict}):
        return False
    return model.verdict != "success" or model.distinct in {None, found["distinct"]}


def main() -> int:
    """Print the table; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkout", type=Path)
    parser.add_argument("--longest", default="00:00:05")
    parser.add_argument("--only", default="")
    parser.add_argument("--timeout", type=float, default=120)
    parser.add_argument("--tlc", action="store_true")
    arguments = parser.parse_args()
    good = total = 0
    for model in models(arguments.checkout.resolve(), arguments.longest):
        name = str(model.config.relative_to(arguments.checkout.resolve() / "specifications"))
        if arguments.only not in name:
            continue
        total += 1
        found = run(model, arguments.checkout.resolve(), arguments.timeout)
        same = agrees(model, found)
        row = [
            "same" if same else "DIFFERS",
            name,
            f"manifest: {model.verdict} {model.distinct} {model.depth}",
            f"speccheck: {found['verdict']} {found.get('distinct')} {found.get('depth')} "
            f"{found.get('seconds')} s",
        ]
        if arguments.tlc:
            judge = run_tlc(model.module, model.config, timeout_s=arguments.timeout)
            row.append(f"TLC: {judge.verdict} {judge.distinct} {judge.depth} {judge.seconds:.1f} s")
            if judge.verdict == "success" == found["verdict"]:
                same = same and (judge.distinct, judge.depth) == (found["distinct"], found["depth"])
        if not same:
            row.append(str(found.get("error") or found.get("violated") or "")[:200])
        good += same
        print(" | ".join(row), flush=True)
    print(f"{good} of {total} models agree")
    return 0 if good == total else 1


if __name__ == "__main__":
    sys.exit(main())
