"""A new variant to start from: a header to be filled in, and one operator copied from the text."""

import re
from pathlib import Path

from speccheck.tla.errors import read_text
from speccheck.variants.header import VariantError

_NAME = re.compile(r"[A-Z]\w*$")
_WIDTH = 77


def scaffold(name: str, folder: Path, extends: str, operator: str, model: str) -> Path:
    """Write ``NAME.tla`` into a folder; it behaves as the protocol does until it is changed.

    ``operator`` is the definition of the module ``extends`` that is copied; ``model`` the name of a
    configuration. Raises VariantError, OSError.
    """
    if not _NAME.match(name):
        raise VariantError(f"{name}: a variant has a name like AckBeforeFsync")
    path = folder / f"{name}.tla"
    if path.exists():
        raise VariantError(f"{path} is there already; choose another name")
    base = folder.parent / f"{extends}.tla"
    if not base.is_file():
        raise VariantError(f"{base}: there is no such module to extend")
    config = folder.parent / "models" / f"{model}.cfg"
    if not config.is_file():
        raise VariantError(f"{config}: there is no such model; --model names one of its folder")
    text = definition(read_text(base), operator)
    if text is None:
        raise VariantError(f"{base}: there is no definition of {operator}; --operator names one")
    own = f"{operator}{name}"
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(_module(name, extends, operator, own, text, _module_of(config)), "utf-8")
    return path


def definition(text: str, name: str) -> str | None:
    """Return a definition at the left margin of a module's text, without what follows it."""
    match = re.search(rf"^{re.escape(name)}(\([^=]*\))?\s*==", text, re.MULTILINE)
    if match is None:
        return None
    end = re.search(r"\n\s*\n|\n\(\*|\n---|\n===", text[match.start() :])
    assert end is not None, "a module ends with ===="
    return text[match.start() : match.start() + end.start()]


def _module_of(config: Path) -> str:
    """Return the model's module and configuration as @model has them."""
    stem = config.stem
    modules = sorted(
        (path.stem for path in config.parent.glob("*.tla")), key=lambda name: -len(name)
    )
    named = [name for name in modules if stem.startswith(name)]
    listed = config.parent / "expected.toml"
    if listed.is_file():
        found = re.search(
            rf'^\[{re.escape(stem)}\]\nmodule = "(\w+)"', listed.read_text("utf-8"), re.MULTILINE
        )
        if found is not None:
            return f"{found.group(1)} {config.name}"
    if not named:
        raise VariantError(f"{config}: no module of its folder has a name that this begins with")
    return f"{named[0]} {config.name}"


def _module(name: str, extends: str, operator: str, own: str, text: str, model: str) -> str:
    title = f" MODULE {name} "
    left = (_WIDTH - len(title)) // 2
    right = _WIDTH - len(title) - left
    rule = "(" + "*" * (_WIDTH - 2) + ")"
    about = "(* " + f"{name}: what is different, in a sentence or two.".ljust(_WIDTH - 6) + " *)"
    return "\n".join(
        (
            "-" * left + title + "-" * right,
            rule,
            about,
            rule,
            "\\* @claim Why somebody would want it.",
            "\\* @kind question",
            f"\\* @redefines {operator} <- {own}",
            f"\\* @model {model}",
            "\\* @holds all",
            f"EXTENDS {extends}",
            "",
            own + text[len(operator) :],
            "=" * _WIDTH,
            "",
        )
    )
