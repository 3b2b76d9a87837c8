"""Terms that hints name, and the terms of each type that an obligation's instances are made of."""

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import product

from speccheck.prove.errors import outside
from speccheck.prove.hints import Extra, Hints, Terms
from speccheck.prove.module import ProofModule, unfolded
from speccheck.prove.translate import Context, Meaning, State, Translator
from speccheck.prove.types import AtomType, FunctionType, IntType, SetType, Type
from speccheck.prove.universes import parts_of
from speccheck.prove.values import Scalar, SetValue, Term, Value, describe
from speccheck.tla import meaning as m
from speccheck.tla import syntax as ast
from speccheck.tla.errors import Span, TlaError
from speccheck.tla.modules import module_of
from speccheck.tla.resolve_expressions import ExpressionResolver

_WORD = re.compile(r"(?<![\w.])[A-Za-z_]\w*")


class HintTexts:
    """The texts of a module's hints, as operators whose parameters are the names not defined."""

    def __init__(self, module: ProofModule, hints: Hints) -> None:
        self._hints = hints
        self._types = {"int": "a number"}
        for type_ in module.types.values():
            for part in _all_parts(type_):
                if name := type_name(part):
                    self._types[name] = "a number" if isinstance(part, IntType) else "a term"
        texts = sorted(_texts(hints))
        self._operators: dict[str, m.Operator] = {}
        if not texts:
            return
        path = str(hints.path)
        known = module.resolved.scope.all_names()
        lines = ["---- MODULE Hints ----"]
        for number, text in enumerate(texts):
            names = [name for name in dict.fromkeys(_WORD.findall(text)) if name not in known]
            head = f"({', '.join(names)})" if names else ""
            lines.append(f"Hint{number}{head} == {text}")
        lines.append("====")

        def refuse(message: str, span: Span) -> Exception:
            text = texts[min(max(span.line - 2, 0), len(texts) - 1)]
            return hints.error(f"{text}: {message}", text)

        def no_let(_unit: ast.Definition | ast.Recursive, _scope: m.Scope) -> None:
            raise hints.error("LET has no place in a hint; write it out", "LET")

        try:
            parsed = module_of("\n".join(lines), path)
        except TlaError as error:
            text = texts[min(max(error.line - 2, 0), len(texts) - 1)]
            raise hints.error(f"{text} is no expression of TLA+", text) from None
        resolver = ExpressionResolver(path, no_let, refuse)
        scope = m.Scope(outer=module.resolved.scope)
        for text, unit in zip(texts, parsed.units, strict=True):
            assert isinstance(unit, ast.OperatorDefinition), "as written above"
            self._operators[text] = resolver.define(unit, scope)

    def parameters(self, text: str) -> tuple[m.Parameter, ...]:
        """Return the names in a text that the module does not define."""
        return self._operators[text].parameters

    def value(
        self, text: str, names: Mapping[str, Value], translator: Translator, state: State
    ) -> Value:
        """Return what a text stands for. Raises TlaError, ProofError."""
        operator = self._operators[text]
        given: dict[m.Parameter, Meaning] = {}
        for parameter in operator.parameters:
            if parameter.name not in names:
                known = ", ".join(names) or "none"
                message = (
                    f"{text} speaks of {parameter.name}, which is not there; there are: {known}"
                )
                raise self._hints.error(message, text)
            given[parameter] = names[parameter.name]
        assert operator.body is not None, "it has just been defined"
        try:
            return translator.value(operator.body, Context(now=state, names=given))
        except TlaError as error:
            raise self._hints.error(f"{text}: {error.message}", text) from None

    def term(
        self,
        text: str,
        type_: str,
        names: Mapping[str, Value],
        translator: Translator,
        state: State,
    ) -> Value:
        """Return what a text stands for, a term of a type. Raises TlaError, ProofError."""
        value = self.value(text, names, translator, state)
        fits = isinstance(value, Scalar) and (
            self._types.get(type_) == "a number"
            if isinstance(value.type, IntType)
            else type_name(value.type) == type_
        )
        if fits:
            return value
        if type_ not in self._types:
            known = ", ".join(self._types)
            raise self._hints.error(
                f"there is no type {type_} for terms; there are: {known}", type_
            )
        message = f"{text} is a {describe(value)}, and no term of the type {type_}"
        raise self._hints.error(message, text)


def _all_parts(type_: Type) -> Iterator[Type]:
    if isinstance(type_, FunctionType):
        yield from _all_parts(type_.domain)
    yield from parts_of(type_)
    if isinstance(type_, FunctionType):
        yield from _all_parts(type_.codomain)


def _texts(hints: Hints) -> set[str]:
    found: set[str] = set()
    tables: list[Terms] = [hints.terms, hints.witnesses]
    extras: list[Extra] = []
    for group in (hints.actions, hints.conjuncts, hints.theorems):
        extras.extend(group.values())
    tables.extend(one.terms for one in extras)
    for table in tables:
        for texts in table.values():
            found.update(texts)
    for one in extras:
        found.update(one.patterns)
        for lemma in one.lemmas:
            found.update(lemma.arguments)
    return found


def type_name(type_: Type) -> str:
    """Return the name under which terms of a type are kept, empty for types without terms."""
    return type_.name if isinstance(type_, IntType | AtomType | SetType) else ""


class TermPool:
    """Terms by the name of their type, each once."""

    def __init__(self) -> None:
        self._terms: dict[str, list[Scalar]] = {}

    def add(self, value: Value, name: str = "") -> None:
        """Add a value, under the name of its type or of the type given; no term, no effect."""
        if not isinstance(value, Scalar):
            return
        name = name or type_name(value.type)
        terms = self._terms.setdefault(name, [])
        if not any(value.term.eq(term.term) for term in terms):
            terms.append(value)

    def of(self, name: str) -> list[Scalar]:
        """Return the terms of a type."""
        return list(self._terms.get(name, []))

    def copy(self) -> "TermPool":
        """Return a pool with the same terms."""
        other = TermPool()
        other._terms = {name: list(terms) for name, terms in self._terms.items()}
        return other

    def grow(self, table: Terms, texts: HintTexts, translator: Translator, state: State) -> None:
        """Add what texts say whose parameters are names of types, for all terms there are."""
        before = self.copy()
        for name, given in table.items():
            for text in given:
                parameters = texts.parameters(text)
                for chosen in product(*(before.of(p.name) for p in parameters)):
                    names: dict[str, Value] = {
                        p.name: value for p, value in zip(parameters, chosen, strict=True)
                    }
                    self.add(texts.term(text, name, names, translator, state), name)


def opened_bounds(
    node: m.Expression, context: Context
) -> tuple[list[m.Bound], m.Expression, Context]:
    r"""Return the outer \A of a formula, unfolding definitions without parameters."""
    bounds: list[m.Bound] = []
    while True:
        if isinstance(node, m.Quantified) and node.kind == "\\A":
            bounds.extend(node.bounds)
            node = node.body
            continue
        inside = unfolded(node)
        if inside is node:
            return bounds, node, context
        node = inside


def instantiable(
    translator: Translator, bounds: Iterable[m.Bound], context: Context
) -> list[tuple[m.Parameter, SetValue]]:
    """Return names with their sets, all of which have terms. Raises TlaError for others."""
    found: list[tuple[m.Parameter, SetValue]] = []
    for bound in bounds:
        for parameter, domain in translator.bind(bound, context):
            if not type_name(domain.type) and bound.domain is not None:
                message = f"{parameter.name} cannot be instantiated with terms"
                raise outside(bound.domain.place, message)
            found.append((parameter, domain))
    return found


def distinct_choices(kinds: list[str], pool: TermPool) -> Iterator[list[Term]]:
    """Yield terms of a pool, one for each type; two of one type are never the same term."""
    for chosen in product(*(pool.of(kind) for kind in kinds)):
        terms = [value.term for value in chosen]
        taken = {(kind, term.get_id()) for kind, term in zip(kinds, terms, strict=True)}
        if len(taken) == len(terms):
            yield terms
