"""A module and a configuration together: what a search explores and checks."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from speccheck.evaluate.analysis import ACTION, CONSTANT, STATE, TEMPORAL, Analyst, children
from speccheck.evaluate.compiler import Action, Compiler, State
from speccheck.evaluate.errors import EvaluationError
from speccheck.evaluate.named import NamedAction
from speccheck.evaluate.stdlib.tlc import on_successors
from speccheck.evaluate.values import Fn, Value, rank
from speccheck.explore.config import KEYWORDS, Config, Name, Tolerance, place_in
from speccheck.explore.exercise.actions import Marks
from speccheck.explore.exercise.formulas import ProbedFormula, probed_formulas
from speccheck.explore.exercise.temporal import probed_behaviours, probed_temporal
from speccheck.explore.liveness.check import LivenessCheck
from speccheck.explore.liveness.formula import TRUE, Formula, always, conjunction
from speccheck.explore.liveness.translate import Atom, Translator
from speccheck.explore.properties import Parts, take_apart
from speccheck.explore.symmetry import Symmetry, permutations_in
from speccheck.tla import meaning as m
from speccheck.tla.errors import TlaError
from speccheck.tla.modules import Library
from speccheck.tla.resolve import error_at, resolve


class ConfigError(Exception):
    """The configuration does not fit the module."""


class StateCheck(NamedTuple):
    """A named predicate on states."""

    name: str
    holds: Callable[[State], bool]


class StepCheck(NamedTuple):
    """A named predicate on steps."""

    name: str
    holds: Callable[[State, State], bool]


@dataclass(slots=True)
class Model:
    """Functions to explore with; ``explain`` makes a readable error of one that they raise.

    ``liveness`` are the parts of properties that speak of infinite behaviours, to be checked of
    those that satisfy ``fairness``; their predicates are ``atoms``. ``marks`` count the branches
    of actions; ``probed`` returns the properties with probes for what mattered in them;
    ``temporal`` those of behaviours, of which ``without`` is what is left without a part;
    ``tolerances`` are what the configuration does not expect to matter. ``alias`` gives the record
    to be shown in place of a state, from that state and the next.
    ``named`` returns the actions by name, each to be taken with arguments that the caller picks.
    ``replaced`` says which definition of the module another one, that the configuration names,
    stands in the place of.
    ``properties`` are the names that PROPERTY gives; checks of parts of them bear these too.
    ``has_effects``: constraints or properties of steps do more than say what holds, so that to see
    a step twice is not to see it once.
    """

    name: str
    variables: tuple[str, ...]
    initial: Callable[[Callable[[State], None]], None] | None
    actions: list[Action]
    explain: Callable[[Exception], EvaluationError]
    check_deadlock: bool = True
    invariants: list[StateCheck] = field(default_factory=list)
    initial_checks: list[StateCheck] = field(default_factory=list)
    step_checks: list[StepCheck] = field(default_factory=list)
    constraints: list[StateCheck] = field(default_factory=list)
    action_constraints: list[StepCheck] = field(default_factory=list)
    assumptions: list[tuple[m.Place, Callable[[], bool]]] = field(default_factory=list)
    symmetry: Symmetry | None = None
    view: Callable[[State], Value] | None = None
    postcondition: Callable[[], bool] | None = None
    postcondition_name: str = ""
    compiler: Compiler | None = None
    module: m.ResolvedModule | None = None
    marks: Marks | None = None
    probed: Callable[[], list[ProbedFormula]] = list
    temporal: Callable[[], list[ProbedFormula]] = list
    without: Callable[[ProbedFormula, int], Formula] = lambda _formula, _number: TRUE
    named: Callable[[], list[NamedAction]] = list
    find: Callable[[str], m.Meaning | None] = lambda _name: None
    tolerances: list[Tolerance] = field(default_factory=list)
    alias: Callable[[State, State], Value] | None = None
    liveness: list[LivenessCheck] = field(default_factory=list)
    fairness: Formula = TRUE
    atoms: list[Atom] = field(default_factory=list)
    has_effects: bool = False
    properties: frozenset[str] = frozenset()
    replaced: dict[str, str] = field(default_factory=dict)


def load_model(
    module_path: Path, config: Config, folders: Iterable[Path] = (), *, fine: bool = False
) -> Model:
    """Return the model of a module and a configuration; a ``fine`` one is for finding errors.

    Raises TlaError where a text is wrong, ConfigError where they do not fit, EvaluationError
    where a constant expression has no value, OSError.
    """
    library = Library(folders)
    module = resolve(library, library.main(module_path))
    for text in library.texts():
        rank(text)
    return _Loader(module, config, fine).load()


_KINDS = {
    CONSTANT: "a constant",
    STATE: "a predicate or function of one state",
    ACTION: "an action or a predicate on states",
}


def _is_itself(found: m.Operator | m.Builtin, target: m.Operator) -> bool:
    """Tell whether a replacement changes nothing, as in Nat <- Nat."""
    body = target.body
    return found is target or (isinstance(body, m.CallBuiltin) and body.builtin is found)


class _Loader:
    def __init__(self, module: m.ResolvedModule, config: Config, fine: bool) -> None:
        self._module = module
        self._config = config
        self._compiler = Compiler(module.variables, fine=fine)
        self._formulas: list[tuple[str, m.Expression, bool]] = []
        self._at_first: list[tuple[str, m.Expression]] = []
        self._temporal: list[tuple[str, m.Expression]] = []
        self._translator = Translator(self._compiler)

    def load(self) -> Model:
        """Return the model."""
        self._set_constants()
        compiler, config = self._compiler, self._config
        model = Model(
            name=self._module.name,
            variables=tuple(variable.name for variable in self._module.variables),
            initial=None,
            actions=[],
            explain=compiler.explain,
            check_deadlock=config.check_deadlock,
            compiler=compiler,
            module=self._module,
            probed=self._probed,
            temporal=self._probed_behaviours,
            without=self._without,
            tolerances=config.tolerances,
            find=self._module.scope.find,
            properties=frozenset(config.properties),
            replaced={one.by: one.name for one in config.replacements if one.module is None},
        )
        self._set_behaviour(model)
        for name in config.invariants:
            body = self._body(name, STATE)
            self._formulas.append((name, body, False))
            model.invariants.append(StateCheck(name, self._on_successors(body)))
        for name in config.properties:
            self._add_property(name, model)
        if model.liveness:
            model.fairness = self._fairness()
            model.atoms = self._translator.atoms
        for name in config.constraints:
            body = self._body(name, STATE)
            # As in TLC 2.15, the level there is that of the state that is explored.
            model.constraints.append(StateCheck(name, compiler.state_predicate(body)))
            model.has_effects |= not compiler.analyst.facts(body).pure
        for name in config.action_constraints:
            body = self._body(name, ACTION)
            model.action_constraints.append(StepCheck(name, compiler.step_predicate(body)))
            model.has_effects |= not compiler.analyst.facts(body).pure
        for assumption in self._module.assumptions:
            holds = compiler.state_predicate(assumption)
            blank: State = (None,) * len(self._module.variables)
            model.assumptions.append((assumption.place, lambda p=holds, s=blank: p(s)))  # type: ignore[misc]
        if config.symmetry:
            found = [one for name in config.symmetry for one in self._permutations(name)]
            model.symmetry = Symmetry(found)
        if config.view is not None:
            body = self._body(config.view, STATE)
            view = compiler.state_value(body)
            model.view = view if compiler.analyst.facts(body).pure else on_successors(view)
        if config.postcondition is not None:
            model.postcondition = compiler.stateless_predicate(self._body(config.postcondition))
            model.postcondition_name = f"POSTCONDITION {config.postcondition}"
        if config.alias is not None:
            model.alias = compiler.step_value(self._body(config.alias))
        return model

    def _permutations(self, name: str) -> list[Fn]:
        body = self._body(name, CONSTANT)
        value = self._compiler.constant_value(body)
        try:
            return permutations_in(value)
        except EvaluationError as error:
            raise self._unfit(name, f"SYMMETRY {name}: {error.message}") from error

    def _on_successors(self, body: m.Expression) -> Callable[[State], bool]:
        """Return a predicate that is asked of successors of the state that is explored."""
        holds = self._compiler.state_predicate(body)
        # Only what is impure can ask for the level.
        return holds if self._compiler.analyst.facts(body).pure else on_successors(holds)

    def _probed(self) -> list[ProbedFormula]:
        analyst = self._compiler.analyst
        return (
            [
                probed
                for name, node, on_steps in self._formulas
                for probed in probed_formulas(name, node, analyst, on_steps=on_steps)
            ]
            + [
                probed
                for name, node in self._at_first
                for probed in probed_formulas(name, node, analyst, on_steps=False, at_first=True)
            ]
            + [
                probed
                for name, node in self._temporal
                for probed in probed_temporal(name, node, analyst)
            ]
        )

    def _probed_behaviours(self) -> list[ProbedFormula]:
        analyst = self._compiler.analyst
        return [probed_behaviours(name, node, analyst) for name, node in self._temporal]

    def _without(self, formula: ProbedFormula, number: int) -> Formula:
        return self._translator.formula(formula.node, {formula.names.chosen: number})

    # --- constants -------------------------------------------------------------------------------

    def _set_constants(self) -> None:
        for name, value in self._config.values.items():
            found = self._module.scope.find(name)
            if isinstance(found, m.Constant):
                found.value = value
            elif isinstance(found, m.Operator):
                self._replace(found, m.Literal(found.place, value))
            # A value for a name that the module lacks changes nothing; TLC lets it pass too.
        for name, lines in self._config.operator_values.items():
            self._set_operator(name, lines)
        for name, module, value in self._config.module_values:
            for operator in self._module.everything:
                if operator.name == name and operator.module == module:
                    operator.override = m.Literal(operator.place, value)
        for name, by, only_in in self._config.replacements:
            target = self._operator(by, built_in=True)
            if only_in is not None:
                self._replace_in(only_in, name, target)
                continue
            found = self._module.scope.find(name) or self._module.builtins.get(name)
            if isinstance(found, m.Constant):
                self._check_arity(name, found, target)
                found.definition = target
            elif isinstance(found, m.Operator | m.Builtin):
                self._check_arity(name, found, target)
                if not _is_itself(found, target):
                    self._replace(found, target)
            else:
                raise self._unfit(name)
        for constant in self._module.constants:
            if constant.value is None and constant.definition is None:
                place = constant.place
                message = f"{self._config.path} gives no value to the constant {constant.name}"
                raise error_at(place.path, place.span, message)

    def _replace_in(self, module: str, name: str, by: m.Operator) -> None:
        """Put something in the place of a definition of one module of the specification."""
        places = [o for o in self._module.everything if (o.name, o.module) == (name, module)]
        for operator in places:
            self._check_arity(name, operator, by)
            operator.override = by
        built_in = self._module.builtins.get(name)
        if isinstance(built_in, m.Builtin):
            self._check_arity(name, built_in, by)
            if not _is_itself(built_in, by):
                built_in.override = by
        elif not places:
            raise self._unfit(name, f"module {module} defines no {name}, or is not read here")

    def _replace(self, found: m.Operator | m.Builtin, by: m.Operator | m.Literal) -> None:
        """Put something in the place of a definition, in instances of its module too, as TLC."""
        copies = self._in_instances(found) if isinstance(found, m.Operator) else []
        # Under its name in an instance, ``I!Op``, it is the definition itself, in TLC too.
        named = _reached(by) if isinstance(by, m.Operator) else set()
        found.override = by
        for copy in copies:
            if copy not in named:
                copy.override = by

    def _in_instances(self, found: m.Operator) -> list[m.Operator]:
        """Return the same definition in instances that put nothing else in its place."""
        if found.body is None:
            return []
        analyst = Analyst()  # The compiler's own would remember what comes before replacements.
        reads = analyst.operator(found).reads
        return [
            operator
            for operator in self._module.everything
            if operator is not found
            and (operator.name, operator.place) == (found.name, found.place)
            and analyst.operator(operator).reads == reads
        ]

    def _set_operator(self, name: str, lines: list[tuple[tuple[Value, ...], Value]]) -> None:
        """Give an operator its value for each list of arguments: one arm of a CASE for each."""
        place = place_in(self._config, name)
        parameters = tuple(m.Parameter(f"_{number}") for number in range(1, len(lines[0][0]) + 1))
        equals = self._module.builtins["="]
        assert isinstance(equals, m.Builtin), "= is of the language"

        def arm(arguments: tuple[Value, ...], value: Value) -> tuple[m.Expression, m.Expression]:
            guard = tuple(
                m.CallBuiltin(place, equals, (m.Use(place, one), m.Literal(place, given)))
                for one, given in zip(parameters, arguments, strict=True)
            )
            return m.Items(place, "/\\", guard), m.Literal(place, value)

        arms = tuple(arm(arguments, value) for arguments, value in lines)
        made = m.Operator(name, parameters, place, m.Branches(place, arms, None))
        found = self._module.scope.find(name)
        if isinstance(found, m.Constant) and found.arity == len(parameters):
            found.definition = made
        elif isinstance(found, m.Constant):
            what = (
                f"{name} takes {found.arity} arguments, the configuration gives {len(parameters)}"
            )
            raise self._unfit(name, what)
        elif isinstance(found, m.Operator):
            self._check_arity(name, found, made)
            self._replace(found, made)
        else:
            raise self._unfit(name)

    def _check_arity(
        self, name: str, found: m.Operator | m.Builtin | m.Constant, by: m.Operator
    ) -> None:
        match found:
            case m.Operator(parameters=parameters):
                wanted = len(parameters)
            case m.Constant(arity=arity):
                wanted = arity
            case m.Builtin(arities=arities):
                wanted = len(arities)
        if wanted != len(by.parameters):
            takes = f"{name} takes {wanted} arguments, {by.name} {len(by.parameters)}"
            raise self._unfit(name, f"{takes}: one cannot stand for the other")

    def _unfit(self, name: str, problem: str = "") -> ConfigError:
        problem = problem or f"module {self._module.name} has no {name}"
        if isinstance(name, Name) and name.isupper() and self._module.scope.find(name) is None:
            problem += f"; if a keyword is meant, there are {KEYWORDS}"
        place = place_in(self._config, name) if isinstance(name, Name) else self._config.path
        return ConfigError(f"{place}: {problem}")

    def _operator(self, name: str, *, built_in: bool = False) -> m.Operator:
        """Return a definition that the configuration names; ``built_in``: or Nat and its like."""
        *instances, plain = name.split("!")
        scope = self._module.scope
        for instance in instances:
            inner = scope.find(instance)
            if not isinstance(inner, m.Namespace) or inner.parameters:
                raise self._unfit(name)
            scope = inner.scope
        found = scope.find(plain)
        if isinstance(found, m.Builtin) and built_in and not any(found.arities):
            place = place_in(self._config, name)
            parameters = tuple(m.Parameter(f"_{n}") for n in range(1, len(found.arities) + 1))
            call = m.CallBuiltin(place, found, tuple(m.Use(place, one) for one in parameters))
            return m.Operator(name, parameters, place, call)
        if isinstance(found, m.Operator):
            return found
        if isinstance(found, m.Constant):
            place = found.place
            parameters = tuple(m.Parameter(f"_{n}") for n in range(1, found.arity + 1))
            body = m.UseConstant(place, found, tuple(m.Use(place, one) for one in parameters))
            return m.Operator(name, parameters, place, body)
        raise self._unfit(name, self._no_definition(name, found))

    def _no_definition(self, name: str, found: m.Meaning | None) -> str:
        """Say what a name is in the module, if not a definition; nothing where it is unknown."""
        remedy = "name an operator that it defines"
        match found:
            case m.Builtin(module=module):
                what = f"is an operator of {module}" if module else "is part of the language"
            case m.Variable():
                what = "is a variable"
            case m.Namespace():
                what, remedy = "is an instance", f"{name}!Op names what it defines"
            case _:
                return ""
        return f"{name} {what}, not a definition of module {self._module.name}: {remedy}"

    def _body(self, name: str, level: int = TEMPORAL) -> m.Expression:
        """Return a definition that a configuration names, of no more than a level."""
        operator = self._operator(name)
        if operator.parameters:
            raise self._unfit(name, f"{name} takes arguments: it has no value by itself")
        body = m.Call(operator.place, operator)
        if self._compiler.analyst.facts(body).level > level:
            raise self._unfit(name, f"{name} has to be {_KINDS[level]}")
        return body

    # --- behaviour and properties ----------------------------------------------------------------

    def _set_behaviour(self, model: Model) -> None:
        config, compiler = self._config, self._compiler
        if config.specification is not None:
            parts = take_apart(self._body(config.specification), compiler.analyst)
            if len(parts.steps) != 1 or not parts.initial:
                place = self._operator(config.specification).place
                message = f"{config.specification} is not of the form Init /\\ [][Next]_v"
                raise error_at(place.path, place.span, message)
            initial = parts.initial[0]
            if len(parts.initial) > 1:
                initial = m.Items(initial.place, "/\\", tuple(parts.initial))
            step = parts.steps[0]
            model.initial = compiler.initial(initial)
            self._set_actions(model, step.action, "Next")
            return
        if config.init is None and config.next is None:
            if self._module.variables and (config.invariants or config.properties):
                raise ConfigError(f"{config.path} names neither INIT and NEXT nor SPECIFICATION")
            return
        if config.init is None or config.next is None:
            raise ConfigError(f"{config.path} names only one of INIT and NEXT")
        model.initial = compiler.initial(self._body(config.init, STATE))
        self._set_actions(model, self._body(config.next, ACTION), config.next)

    def _set_actions(self, model: Model, step: m.Expression, name: str) -> None:
        marks = model.marks = Marks(self._compiler.analyst)
        marked = marks.mark(step, name)
        model.actions = self._compiler.actions(marked, name, marks.probes)
        model.named = lambda: self._compiler.named_actions(marked, name, marks.probes)

    def _add_property(self, name: str, model: Model) -> None:
        compiler = self._compiler
        body = self._body(name)
        if compiler.analyst.facts(body).level == CONSTANT:
            self._formulas.append((name, body, False))
        parts: Parts = take_apart(body, compiler.analyst)
        for node in parts.initial:
            model.initial_checks.append(StateCheck(name, compiler.state_predicate(node)))
            if compiler.analyst.facts(node).level > CONSTANT:
                self._at_first.append((name, node))
        for node in parts.always:
            self._formulas.append((name, node, False))
            model.invariants.append(StateCheck(name, self._on_successors(node)))
        for step in [*parts.steps, *parts.quantified_steps]:
            self._formulas.append((name, step, True))
            model.step_checks.append(StepCheck(name, compiler.step_predicate(step)))
            model.has_effects |= not compiler.analyst.facts(step).pure
        for node in parts.liveness:
            self._temporal.append((name, node))
            check = LivenessCheck(name, node.place, self._translator.formula(node))
            if check.formula != TRUE:
                model.liveness.append(check)

    def _fairness(self) -> Formula:
        """Return what the specification says of behaviours beyond their steps."""
        if self._config.specification is None:
            return TRUE
        parts = take_apart(self._body(self._config.specification), self._compiler.analyst)
        return conjunction(
            [
                *(always(self._translator.formula(node)) for node in parts.always),
                *(self._translator.formula(node) for node in parts.liveness),
            ]
        )


__all__ = ["ConfigError", "Model", "StateCheck", "StepCheck", "TlaError", "load_model"]


def _reached(operator: m.Operator) -> set[m.Operator]:
    """Return the definitions that a definition is made of."""
    found = {operator}
    pending: list[m.Argument] = [] if operator.body is None else [operator.body]
    while pending:
        node = pending.pop()
        pending.extend(children(node))
        called: object = None
        match node:
            case m.Call(operator=called) | m.OperatorValue(target=called):
                pass
            case m.Where(definitions=definitions):
                pending.extend(each.body for each in definitions if each.body is not None)
        if isinstance(called, m.Operator) and called not in found:
            found.add(called)
            if called.body is not None:
                pending.append(called.body)
    return found
