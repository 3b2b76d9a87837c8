"""A model of a variant: a root module and a configuration, as TLC takes them too.

The root extends the model's module and the variant; the configuration is the model's, with what the
variant redefines, other constants, and properties of the variant's own.
"""

import re
from pathlib import Path
from typing import NamedTuple

from speccheck.explore.config import parse_config, read_config
from speccheck.tla.errors import read_text
from speccheck.variants.header import ALL, ModelLine, Variant, VariantError

MODELS, CAMPAIGNS = "models", "campaigns"

# As a setting of a model: a property that is asked in this model only.
OWN = ("PROPERTY", "INVARIANT")


class Composed(NamedTuple):
    """The two files of a model, and where the modules that they extend are."""

    module: Path
    config: Path
    folders: tuple[Path, ...]


def folders_of(variant: Variant) -> tuple[Path, ...]:
    """Return where what a variant extends is looked for: beside it, above, among the models."""
    own = variant.path.parent
    return (own, own.parent, own.parent / CAMPAIGNS, own.parent / MODELS)


def compose(
    variant: Variant, line: ModelLine, folder: Path, *, plain: bool = False, number: int = 1
) -> Composed:
    """Write a model of a variant into a folder; ``plain``: of the protocol without it.

    Raises VariantError, OSError.
    """
    folders = folders_of(variant)
    config = _config_of(variant, line)
    _check_names(variant)
    name = f"{'Plain' if plain else 'Of'}{variant.name}{number}"
    text = _settled(variant, line, config)
    if variant.specification:
        text = re.sub(r"^SPECIFICATION\s+\w+", f"SPECIFICATION {variant.specification}", text)
    for keyword in variant.drops:
        text = re.sub(rf"^{keyword}\b[^\n]*(\n[ \t]+[^\n]*)*\n", "", text, flags=re.MULTILINE)
    if variant.symmetry:
        text += f"SYMMETRY {variant.symmetry}\n"
    lines = [] if plain else [f"    {old} <- {new}" for old, new in variant.redefines]
    if lines:
        text += "CONSTANTS\n" + "\n".join(lines) + "\n"
    base = parse_config(text, str(config))
    named = {*base.invariants, *base.properties}
    for keyword, names in (("INVARIANTS", variant.invariants), ("PROPERTIES", variant.properties)):
        own = [one for one in names if one not in named]
        if own:
            text += f"{keyword}\n" + "".join(f"    {one}\n" for one in own)
    module = folder / f"{name}.tla"
    module.write_text(
        f"---- MODULE {name} ----\nEXTENDS {line.module}, {variant.name}\n====\n", "utf-8"
    )
    path = folder / f"{name}.cfg"
    path.write_text(text, "utf-8")
    return Composed(module, path, folders)


def _settled(variant: Variant, line: ModelLine, config: Path) -> str:
    """Return the text of a configuration with the constants of a model's line."""
    text = read_text(config)
    for name, sign, value in line.settings:
        if name in OWN:
            text += f"\n{name} {value}\n"
            continue
        text, count = re.subn(
            rf"^(\s+){name}\s*(=|<-)[^\n]*$",
            rf"\g<1>{name} {sign} {value}",
            text,
            flags=re.MULTILINE,
        )
        if count != 1:
            raise VariantError(f"{variant.path}: {line.config} gives no value to {name}")
    return text if text.endswith("\n") else text + "\n"


def _check_names(variant: Variant) -> None:
    """Raise VariantError for an expectation that none of the models looks at."""
    known = {*variant.invariants, *variant.properties, ALL}
    for line in variant.models:
        config = read_config(_config_of(variant, line))
        known |= {*config.invariants, *config.properties}
        known |= {value for name, _, value in line.settings if name in OWN}
    for name in (*variant.fails, *variant.holds):
        if name not in known:
            raise VariantError(
                f"{variant.path}: {name} is no property of its models; "
                "add it with @invariant or @property"
            )


def _config_of(variant: Variant, line: ModelLine) -> Path:
    folders = folders_of(variant)
    for folder in folders:
        if (folder / line.config).is_file():
            return folder / line.config
    raise VariantError(f"{variant.path}: there is no {line.config} in {folders[-1]} or beside it")
