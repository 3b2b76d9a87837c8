"""``speccheck grain``, ``speccheck compose``: what actions touch, specifications of mixed grain."""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from speccheck.evaluate.errors import EvaluationError
from speccheck.explore.model import ConfigError
from speccheck.report.progress import Progress
from speccheck.tla.errors import TlaError
from speccheck.variants.grain import grain_of
from speccheck.variants.header import VariantError, find_variants
from speccheck.variants.mixed import Mixed, mix

_LOST, _BROKEN, _INTERRUPTED = 1, 2, 130
_DEEPEST_RECURSION = 20_000
_MOST_TOLD = 5


def grain(
    spec: Annotated[Path, typer.Argument(help="The .tla file.")],
    relation: Annotated[
        str, typer.Option("--next", help="The next-state relation; its disjuncts are the modules.")
    ] = "Next",
    library: Annotated[
        list[Path] | None, typer.Option(help="A folder with more modules; may be repeated.")
    ] = None,
) -> None:
    """Say what each action of SPEC reads and writes, and how its modules interact."""
    try:
        found = grain_of(spec, library or (), relation)
    except (VariantError, TlaError, OSError, UnicodeDecodeError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(_BROKEN) from None
    console = Console(width=None if sys.stdout.isatty() else 140)
    table = Table("module", "action", "reads", "writes")
    for module in found.modules:
        for number, action in enumerate(module.actions):
            name = "" if number else module.name
            table.add_row(name, action.name, _names(action.reads), _names(action.writes))
    console.print(table)
    table = Table("module", "interacts with", "by what it writes and the other reads")
    for one in found.modules:
        others = [(each, found.interaction(one, each)) for each in found.modules if each is not one]
        for number, (other, names) in enumerate((o, n) for o, n in others if n):
            table.add_row("" if number else one.name, other.name, _names(names))
    console.print(table)


def compose(
    names: Annotated[list[str], typer.Argument(help="Coarse modules: variants of kind grain.")],
    folder: Annotated[Path, typer.Option(help="Where they are.")] = Path("spec/variants"),
) -> None:
    """Compose coarse modules with the rest of the specification, and check what that keeps.

    Exit codes:

    - 0: the interaction with the other modules is preserved, as far as the models go
    - 1: it is not
    - 2: they cannot be composed, or speccheck itself failed
    - 130: interrupted
    """
    sys.setrecursionlimit(_DEEPEST_RECURSION)
    preserved = True
    try:
        with Progress(Console(stderr=True)) as progress:
            for variant in find_variants(folder, names):
                for line in variant.models:
                    mixed = mix(variant, line, progress)
                    _tell(mixed)
                    preserved &= mixed.is_preserved
    except (VariantError, TlaError, ConfigError, EvaluationError, OSError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(_BROKEN) from None
    except KeyboardInterrupt:
        typer.echo("Interrupted", err=True)
        raise typer.Exit(_INTERRUPTED) from None
    if not preserved:
        raise typer.Exit(_LOST)


def _tell(mixed: Mixed) -> None:
    variant = mixed.variant
    typer.echo(f"{variant.name} for {' and '.join(variant.replaces)}, in {mixed.model}")
    typer.echo(f"  {mixed.mixed_states:,} states in place of {mixed.fine_states:,}")
    typer.echo(f"  read by no other module: {_names(mixed.internal) or 'nothing'}")
    if mixed.foreign:
        typer.echo(f"  writes what the modules do not touch: {_names(mixed.foreign)}")
    kept = mixed.coarse_steps - len(mixed.unmatched)
    typer.echo(f"  {kept:,} of {mixed.coarse_steps:,} coarse steps are runs of fine steps")
    for text in mixed.unmatched[:_MOST_TOLD]:
        typer.echo(f"    {text}")
    if variant.quiescent:
        both = mixed.at_rest - mixed.missed
        typer.echo(
            f"  {both:,} of {mixed.at_rest:,} states at rest are reached, as others see them"
        )
        if mixed.invented:
            typer.echo(f"  {mixed.invented:,} are reached that the fine specification has not")
    if mixed.violated:
        typer.echo(f"  violated in the mixed specification: {_names(mixed.violated)}")
    verdict = "preserved" if mixed.is_preserved else "NOT preserved"
    typer.echo(f"  the interaction is {verdict} ({mixed.seconds:.1f} s)")


def _names(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))
