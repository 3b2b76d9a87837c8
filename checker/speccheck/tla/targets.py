"""What WITH may substitute for: the constants and variables that an instantiated module declares.

Source: SANY's Generator, "is not a legal target of a substitution".
"""

from collections.abc import Callable
from difflib import get_close_matches

from speccheck.tla import syntax as ast
from speccheck.tla.errors import Refuse


def check_targets(
    instance: ast.Instance,
    module: ast.Module | None,
    find: Callable[[str], ast.Module | None],
    refuse: Refuse,
) -> None:
    """Refuse a substitution for a name that the module does not declare, and a second for one.

    ``module`` is None for a standard module, which declares nothing; ``find`` returns a module
    that another extends, None for a standard one. Raises TlaError.
    """
    declared: set[str] = set()
    if module is not None:
        _collect(module, find, declared, set())
    seen: set[str] = set()
    for one in instance.substitutions:
        if one.name not in declared:
            near = get_close_matches(one.name, sorted(declared), n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            message = f"{one.name} is no constant or variable of {instance.module}{hint}"
            raise refuse(message, one.span)
        if one.name in seen:
            raise refuse(f"{one.name} is substituted twice: it can stand for one thing", one.span)
        seen.add(one.name)


def _collect(
    module: ast.Module,
    find: Callable[[str], ast.Module | None],
    declared: set[str],
    visited: set[str],
) -> None:
    """Add the names that a module and those that it extends declare."""
    visited.add(module.name)
    for unit in module.units:
        match unit:
            case ast.Constants(declarations=declarations) | ast.Variables(names=declarations):
                declared.update(one.name for one in declarations)
    for name in module.extends:
        other = None if name in visited else find(name)
        if other is not None:
            _collect(other, find, declared, visited)
