"""The operators of the data model as Python functions, evaluated from their TLA+ text."""

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from tests.model.znode import values as v

from speccheck.conform.history.facts import Fact
from speccheck.evaluate.compiler import Compiler
from speccheck.evaluate.values import LazyFunction, ModelValue, Value
from speccheck.tla import meaning as m
from speccheck.tla.modules import Library
from speccheck.tla.resolve import resolve
from speckeeper.tree import quota
from speckeeper.tree.ephemeral import MAX_TTL_MS
from speckeeper.tree.paths import validate_path
from speckeeper.tree.policy import Policy

SPEC = Path(__file__).parents[3] / "spec"
PROBE = Path(__file__).with_name("ZNodeProbe.tla")
# Where the modules are looked for, in order; who judges a mutant puts its folder first.
FOLDERS = [SPEC]


def _is_illegal(name: Any) -> bool:
    return name == "" or "/" in name or validate_path("/" + name) is not None


def _is_valid(policy: Policy) -> Callable[[Any], bool]:
    def holds(identity: Any) -> bool:
        return policy.schemes[identity["scheme"]].is_valid(identity["id"])

    return holds


def _ip_matches(pair: Any) -> bool:
    return Policy().schemes["ip"].matches(pair[1], pair[2])


def _stats_track(data: Any) -> Value:
    pairs = quota.parse_pairs(v.bytes_of(data))
    assert pairs is not None, "a Fact has said that it can be read"
    rest = quota.format_pairs({**pairs, "count": 0, "bytes": 0}).decode()
    return v.record(
        count=pairs.get("count", -1),
        bytes=pairs.get("bytes", -1),
        countHardLimit=pairs.get("countHardLimit", -1),
        byteHardLimit=pairs.get("byteHardLimit", -1),
        rest=rest.removeprefix("count=0,bytes=0"),
    )


def _constants(policy: Policy) -> Mapping[str, Value]:
    readable = Fact(lambda data: quota.parse_pairs(v.bytes_of(data)) is not None)
    return {
        "Null": v.NULL,
        "IllegalName": Fact(_is_illegal),
        "NulName": Fact(lambda name: "\0" in name),
        "NamePrefix": Fact(lambda pair: pair[2].startswith(pair[1])),
        "ValidId": Fact(_is_valid(policy)),
        "IpMatch": Fact(_ip_matches),
        "UserOf": LazyFunction(Fact(lambda text: ":" in text), lambda text: text.split(":")[0]),
        "StatsTrack": LazyFunction(readable, _stats_track),
        "MaxTtl": MAX_TTL_MS,
        "Policy": v.record(
            skipACL=v.boolean(policy.skip_acl),
            extendedTypesEnabled=v.boolean(policy.extended_types_enabled),
            enforceQuota=v.boolean(policy.enforce_quota),
            reconfigEnabled=v.boolean(policy.reconfig_enabled),
            closeSessionTxnEnabled=v.boolean(policy.close_session_txn_enabled),
            schemes=frozenset(policy.schemes),
        ),
    }


class Operators:
    """``operators("Prepared", tree=..., request=...)`` is the value of an operator of the probe."""

    def __init__(self, policy: Policy, folder: Path | None = None) -> None:
        library = Library(FOLDERS if folder is None else [folder])
        module = resolve(library, library.main(PROBE))
        self._module = module
        self._compiler = Compiler(module.variables)
        constants = _constants(policy)
        for constant in module.constants:
            constant.value = constants[constant.name]
        self._functions: dict[str, Callable[[tuple[Value, ...]], Value]] = {}

    def __call__(self, name: str, **arguments: Value) -> Value:
        """Return the value. Raises EvaluationError with the place in the specification."""
        function = self._functions.get(name)
        if function is None:
            operator = self._module.scope.find(name)
            assert isinstance(operator, m.Operator), f"the probe has no {name}"
            function = self._compiler.state_value(m.Call(operator.place, operator))
            self._functions[name] = function
        state = tuple(arguments.get(variable.name) for variable in self._module.variables)
        try:
            return function(state)
        except Exception as error:
            raise self._compiler.explain(error) from error


@cache
def operators(**policy: bool) -> Operators:
    """Return the operators under a policy, compiled once."""
    return Operators(Policy()._replace(**policy))


__all__ = ["ModelValue", "Operators", "operators"]
