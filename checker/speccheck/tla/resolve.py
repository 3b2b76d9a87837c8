"""Names to meanings: the units of a module, EXTENDS, INSTANCE with substitution, LOCAL, RECURSIVE.

An instance is resolved afresh: its declared names are what the substitution gives, so that what
reads the X
"""

from pathlib import Path

from speccheck.tla import meaning as m
from speccheck.tla import syntax as ast
from speccheck.tla.errors import Span, TlaError
from speccheck.tla.levels import CONSTANT, STATE, LevelError, check_levels
from speccheck.tla.modules import Library, is_built_in
from speccheck.tla.resolve_expressions import ExpressionResolver
from speccheck.tla.standard import is_basic, language, standard_module
from speccheck.tla.targets import check_targets


class Shared:
    """What all modules of one specification have in common."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self.language = m.Scope(names=dict(language()))
        self.standard: dict[str, dict[str, m.Builtin]] = {}
        self.operators: list[m.Operator] = []
        # The modules that are being resolved, outermost first: path and name.
        self.open: list[tuple[str, str]] = []
        self.substituted: list[tuple[m.Place, str, int, m.Meaning]] = []


def resolve(library: Library, module: ast.Module) -> m.ResolvedModule:
    """Return the module with every name resolved. Raises TlaError."""
    shared = Shared(library)
    resolved = ModuleResolver(shared, module, {}, None).resolve()
    resolved.everything = shared.operators
    resolved.builtins = dict(shared.language.names)
    for names in shared.standard.values():
        resolved.builtins.update(names)
    resolved.substituted = shared.substituted
    try:
        check_levels(resolved)
    except LevelError as error:
        raise error_at(error.place.path, error.place.span, error.message) from None
    return resolved


def error_at(path: str, span: Span, message: str) -> TlaError:
    """Return an error at a place in a file."""
    file = Path(path)
    text = file.read_text("utf-8") if file.is_file() else ""
    return TlaError(message, path=path, text=text, line=span.line, column=span.column)


class Substitution:
    """What the declared names of an instantiated module stand for."""

    def __init__(
        self, given: dict[str, m.Meaning], around: m.Scope, place: m.Place, module: str
    ) -> None:
        self._given = given
        self._around = around
        self._place = place
        self._module = module

    def explicit(self, name: str) -> m.Meaning | None:
        """Return what WITH gives for a name, if it does."""
        return self._given.get(name)

    @property
    def place(self) -> m.Place:
        """Where the instance stands."""
        return self._place

    def meaning(self, name: str) -> m.Meaning:
        """Return what a declared name stands for. Raises TlaError where nothing is given."""
        found = self._given.get(name) or self._around.find(name)
        if found is None:
            message = f"the instance of {self._module} says nothing of its {name}"
            raise error_at(self._place.path, self._place.span, message)
        return found

    def variable(self, name: str, place: m.Place) -> m.Meaning:
        """Return what a declared variable stands for. Raises TlaError where nothing is given."""
        found = self.meaning(name)
        if isinstance(found, m.Parameter) and not found.arity:
            # Of a parametrised instance: what it is given may be any expression.
            implicit = self._around.implicit
            found = m.Operator(name, implicit, place, m.Use(place, found), implicit=implicit)
        if not isinstance(found, m.Operator):
            return found
        arguments: tuple[m.Argument, ...] = tuple(
            m.OperatorValue(place, p) if p.arity else m.Use(place, p) for p in found.parameters
        )
        return m.Operator(
            name,
            found.parameters,
            place,
            m.Call(place, found, arguments),
            implicit=found.implicit,
            stands_for=m.Variable(name, place),
            instance_path=self._place.path,
        )


class ModuleResolver:
    """Resolves one module, alone or as an instance (``substitution``).

    ``extended`` holds the modules that were already resolved in the same role; ``outer`` is the
    scope around a module that stands within another.
    """

    def __init__(
        self,
        shared: Shared,
        module: ast.Module,
        extended: dict[str, m.ResolvedModule],
        substitution: Substitution | None,
        *,
        outer: m.Scope | None = None,
        implicit: tuple[m.Parameter, ...] = (),
        inner: dict[str, tuple[ast.Module, m.Scope]] | None = None,
    ) -> None:
        self._shared = shared
        self._module = module
        self._extended = extended
        self._substitution = substitution
        self._scope = m.Scope(outer=outer or shared.language, implicit=implicit)
        self._result = m.ResolvedModule(module.name, self._scope)
        self._inner = dict(inner or {})
        self._own: set[str] = set()
        self._expressions = ExpressionResolver(module.path, self.definition_in, self.refuse)

    def refuse(self, message: str, span: Span) -> TlaError:
        """Return an error in this module's text."""
        return error_at(self._module.path, span, message)

    def resolve(self) -> m.ResolvedModule:
        """Return the resolved module."""
        this, around = (self._module.path, self._module.name), self._shared.open
        if this in around:
            circle = [name for _, name in [*around[around.index(this) :], this]]
            message = f"the module needs itself: {', which needs '.join(circle)}"
            raise self.refuse(message, self._module.span)
        around.append(this)
        for name in self._module.extends:
            self._extend(name)
        for unit in self._module.units:
            self._unit(unit)
        self._expressions.check_defined()
        around.pop()
        return self._result

    # --- EXTENDS ---------------------------------------------------------------------------------

    def _extend(self, name: str) -> None:
        if name in self._inner:
            syntax, outer = self._inner[name]
            resolver = ModuleResolver(
                self._shared,
                syntax,
                self._extended,
                self._substitution,
                outer=outer,
                implicit=self._scope.implicit,
            )
            self._take(resolver.resolve())
            return
        known = self._extended.get(name)
        if known is None:
            module = self._shared.library.find(name)
            if module is None:
                if not is_built_in(name):
                    raise self._missing(name, self._module.span)
                self._take_standard(name)
                return
            known = ModuleResolver(
                self._shared,
                module,
                self._extended,
                self._substitution,
                implicit=self._scope.implicit,
            ).resolve()
            self._extended[name] = known
        self._take(known)

    def _take_standard(self, name: str) -> None:
        """Make the names of a standard module this module's own.

        Not every version of the community modules extends the same basic ones: what comes by way
        of them only gives way to the specification's own.
        """
        scope = self._scope
        for symbol, builtin in standard_module(name, self._shared.standard).items():
            if not is_basic(name) and is_basic(builtin.module):
                if symbol not in scope.names:
                    scope.passed_on.add(symbol)
            else:
                scope.passed_on.discard(symbol)
            scope.names[symbol] = builtin

    def _take(self, other: m.ResolvedModule) -> None:
        """Make the names of an extended module this module's own."""
        for name, meaning in other.scope.names.items():
            if name not in other.scope.hidden:
                if name not in other.scope.passed_on:
                    self._scope.passed_on.discard(name)
                elif name not in self._scope.names:
                    self._scope.passed_on.add(name)
                self._scope.names[name] = meaning
        for variable in other.variables:
            if variable not in self._result.variables:
                self._result.variables.append(variable)
        for constant in other.constants:
            if constant not in self._result.constants:
                self._result.constants.append(constant)
        for assumption in other.assumptions:
            if assumption not in self._result.assumptions:
                self._result.assumptions.append(assumption)
        self._result.operators.update(other.operators)

    def _missing(self, name: str, span: Span) -> TlaError:
        path = Path(self._module.path)
        text = path.read_text("utf-8") if path.is_file() else ""
        return self._shared.library.missing(name, self._module.path, text, span)

    # --- units -----------------------------------------------------------------------------------

    def _unit(self, unit: ast.Unit) -> None:
        match unit:
            case ast.Constants(declarations=declarations):
                for declaration in declarations:
                    self._declare(declaration, constant=True)
            case ast.Variables(names=names):
                for declaration in names:
                    self._declare(declaration, constant=False)
            case ast.Recursive(declarations=declarations):
                for declaration in declarations:
                    self._expressions.declare_recursive(declaration, self._scope)
            case ast.Assume():
                named = unit.name is not None
                condition = self._expressions.statement(unit.condition, self._scope, is_named=named)
                self._result.assumptions.append(condition)
                self._name_statement(unit.name, condition, unit.span)
            case ast.Instance():
                self._bare_instance(unit)
            case ast.Module():
                self._inner[unit.name] = (unit, self._above())
                self._check_inner(unit)
            case ast.OperatorDefinition() | ast.FunctionDefinition() | ast.InstanceDefinition():
                self.definition_in(unit, self._scope)
                if unit.local:
                    self._scope.hidden.add(unit.name)
            case ast.Theorem():
                if not isinstance(unit.statement, ast.AssumeProve):
                    named = unit.name is not None
                    statement = self._expressions.statement(
                        unit.statement, self._scope, is_named=named
                    )
                    self._name_statement(unit.name, statement, unit.span)

    def _above(self) -> m.Scope:
        """Return what is in sight here, without what comes later."""
        seen = self._scope
        return m.Scope(
            seen.outer, dict(seen.names), set(seen.hidden), seen.implicit, set(seen.passed_on)
        )

    def _check_inner(self, unit: ast.Module) -> None:
        """Refuse what is wrong in a module within this one, even if it is never instantiated."""
        known, substituted = len(self._shared.operators), len(self._shared.substituted)
        ModuleResolver(
            self._shared, unit, {}, None, outer=self._above(), inner=self._inner
        ).resolve()
        del self._shared.operators[known:]
        del self._shared.substituted[substituted:]

    def _name_statement(self, name: str | None, statement: m.Expression, span: Span) -> None:
        """Let the name of an assumption or theorem stand for what it says."""
        if name is not None:
            self._expressions.claim(name, self._scope, span)
            implicit = self._scope.implicit
            self._scope.names[name] = m.Operator(
                name, implicit, statement.place, statement, implicit=implicit
            )

    def _declare(self, declaration: ast.Declaration, *, constant: bool) -> None:
        name = declaration.name
        if name in self._own:
            raise self.refuse(f"{name} is declared twice in this module", declaration.span)
        self._own.add(name)
        kind = m.Constant if constant else m.Variable
        if self._substitution is None and not isinstance(self._scope.find(name), kind):
            self._expressions.claim(name, self._scope, declaration.span)
        place = m.Place(self._module.path, declaration.span)
        if self._substitution is not None:
            given = self._substitution.explicit(name)
            if given is not None and not (constant and self._is_constant(self._module)):
                limit = CONSTANT if constant else STATE
                self._shared.substituted.append((self._substitution.place, name, limit, given))
            if constant:
                self._scope.names[name] = self._substitution.meaning(name)
            else:
                self._scope.names[name] = self._substitution.variable(name, place)
            return
        if constant:
            made = m.Constant(name, declaration.arity, place)
            self._scope.names[name] = made
            self._result.constants.append(made)
        else:
            variable = m.Variable(name, place)
            self._scope.names[name] = variable
            self._result.variables.append(variable)

    def _is_constant(self, module: ast.Module) -> bool:
        """Tell whether a module declares no variables: its constants may then be anything."""
        if any(isinstance(unit, ast.Variables) for unit in module.units):
            return False
        found = (self._shared.library.find(name) for name in module.extends)
        return all(other is None or self._is_constant(other) for other in found)

    def definition_in(
        self, unit: ast.Definition | ast.Recursive, scope: m.Scope
    ) -> m.Operator | None:
        """Resolve a definition into ``scope``; return its operator unless it is an instance."""
        if isinstance(unit, ast.Recursive):
            for declaration in unit.declarations:
                self._expressions.declare_recursive(declaration, scope)
            return None
        self._expressions.claim(unit.name, scope, unit.span)
        if isinstance(unit, ast.InstanceDefinition):
            parameters = tuple(m.Parameter(p.name, p.arity) for p in unit.parameters)
            self._expressions.check_new([p.name for p in parameters], scope, unit.span)
            inside = m.Scope(
                outer=scope,
                names={p.name: p for p in parameters},
                implicit=(*scope.implicit, *parameters),
            )
            instance = self._instance(unit.instance, inside)
            scope.names[unit.name] = m.Namespace(unit.name, parameters, instance.scope)
            return None
        operator = self._expressions.define(unit, scope)
        operator.module = self._module.name
        self._shared.operators.append(operator)
        if scope is self._scope:
            self._result.operators[operator.name] = operator
        return operator

    # --- INSTANCE --------------------------------------------------------------------------------

    def _bare_instance(self, unit: ast.Instance) -> None:
        instance = self._instance(unit, self._scope)
        for name, meaning in instance.scope.names.items():
            if name not in instance.scope.hidden:
                self._scope.names[name] = meaning
                if unit.local:
                    self._scope.hidden.add(name)
        self._result.operators.update(instance.operators)

    def _instance(self, unit: ast.Instance, scope: m.Scope) -> m.ResolvedModule:
        outer: m.Scope | None = None
        if unit.module in self._inner:
            module, outer = self._inner[unit.module]
        else:
            found = self._shared.library.find(unit.module)
            if found is None:
                if not is_built_in(unit.module):
                    raise self._missing(unit.module, unit.span)
                check_targets(unit, None, self._shared.library.find, self.refuse)
                names = standard_module(unit.module, self._shared.standard)
                return m.ResolvedModule(unit.module, m.Scope(names=dict(names)))
            module = found
        check_targets(unit, module, self._extended_by, self.refuse)
        given = {
            one.name: self._substitute(one.name, one.expression, scope)
            for one in unit.substitutions
        }
        place = m.Place(self._module.path, unit.span)
        substitution = Substitution(given, scope, place, unit.module)
        resolver = ModuleResolver(
            self._shared,
            module,
            {},
            substitution,
            outer=outer,
            implicit=scope.implicit,
            inner=self._inner if outer is not None else None,
        )
        return resolver.resolve()

    def _extended_by(self, name: str) -> ast.Module | None:
        """Return a module that an instantiated one extends, None if it is a standard one."""
        return self._inner[name][0] if name in self._inner else self._shared.library.find(name)

    def _substitute(self, name: str, expression: ast.Expression, scope: m.Scope) -> m.Meaning:
        if isinstance(expression, ast.Apply) and not expression.arguments:
            found = self._expressions.bare_name(expression, scope)
            if found is not None:
                return found
        if isinstance(expression, ast.Lambda):
            return self._expressions.anonymous(expression, scope)
        place = m.Place(self._module.path, expression.span)
        body = self._expressions.expression(expression, scope)
        return m.Operator(name, scope.implicit, place, body, implicit=scope.implicit)
