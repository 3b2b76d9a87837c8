"""What a condition may assume: assumptions, the invariant, and instances of what alternates.

Which instances decides whether Z3 answers in a moment or never; see docs/proofs.md, "How".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product

import z3

from speccheck.prove.context import Context, Meaning
from speccheck.prove.errors import ProofError
from speccheck.prove.hints import Hints, Terms, extra
from speccheck.prove.module import ProofModule
from speccheck.prove.obligations import Goal
from speccheck.prove.terms import (
    HintTexts,
    TermPool,
    distinct_choices,
    instantiable,
    opened_bounds,
    type_name,
)
from speccheck.prove.translate import Translator
from speccheck.prove.values import Scalar, Term, Value, conjunction, implication
from speccheck.prove.world import World
from speccheck.tla import meaning as m


@dataclass(slots=True)
class _Template:
    constants: list[Term]
    kinds: list[str]
    formula: Term
    names: dict[str, Value]


class Facts:
    """What may be assumed in a state of one module, in one world; each formula is made once."""

    def __init__(
        self,
        module: ProofModule,
        hints: Hints,
        translator: Translator,
        texts: HintTexts,
        state: Mapping[m.Variable, Value],
    ) -> None:
        self.module = module
        self.world: World = translator.world
        self.translator = translator
        self.state = state
        self._hints = hints
        self._texts = texts
        self._held: dict[int, Term] = {}
        self._templates: dict[int, _Template] = {}
        self._patterned: dict[str, Term] = {}
        self._assumed: list[Term] | None = None

    def holds_now(self, node: m.Expression) -> Term:
        """Return a predicate of the state. Raises TlaError."""
        term = self._held.get(id(node))
        if term is None:
            term = self.translator.holds(node, Context(now=self.state))
            self._held[id(node)] = term
        return term

    def _finite(self) -> bool:
        return bool(self.world.sizes)

    def assumptions(self) -> list[Term]:
        """Return the module's assumptions, but for the one that is given as instances."""
        if self._assumed is None:
            special = None if self._finite() else self._special_assumption()
            self._assumed = [
                self.holds_now(assumption)
                for assumption in self.module.resolved.assumptions
                if assumption is not special
            ]
        return self._assumed

    def _special_assumption(self) -> m.Expression | None:
        name = self._hints.assumption
        if not name:
            return None
        found = self.module.resolved.scope.names.get(name)
        if not isinstance(found, m.Operator) or found.body is None:
            raise self._hints.error(
                f"there is no assumption {name}; name one of the module's ASSUMEs", name
            )
        if not any(found.body is one for one in self.module.resolved.assumptions):
            raise self._hints.error(
                f"{name} is no assumption; name one of the module's ASSUMEs", name
            )
        return found.body

    def pool(
        self,
        parameters: Mapping[str, Value],
        names: Mapping[str, Value],
        more: "list[tuple[Terms, Mapping[str, Value]]]",
    ) -> TermPool:
        """Return the terms of an obligation: its constants, and what hints name besides."""
        pool = TermPool()
        if self._finite():
            return pool
        for value in [*parameters.values(), *names.values()]:
            pool.add(value)
        for table, known in more:
            for type_, texts in table.items():
                for text in texts:
                    value = self._texts.term(text, type_, known, self.translator, self.state)
                    pool.add(value, type_)
        return pool

    def about(self, goal: Goal | None, pool: TermPool, wanted: bool) -> tuple[list[Term], bool]:
        """Return assumptions and the invariant; ``wanted``: also what is instantiated."""
        invariant = goal.invariant if goal is not None else {}
        facts = list(self.assumptions())
        if self._finite():
            return [*facts, *(self.holds_now(node) for node in invariant.values())], False
        selected = False
        special = self._special_assumption()
        servers = pool.copy()
        if special is not None:
            facts += self._witnesses(special, pool, servers)
            selected = True
        servers.grow(self._hints.terms, self._texts, self.translator, self.state)
        for name, node in invariant.items():
            if name not in self._hints.instantiated:
                facts.append(self._given(name, node))
                continue
            selected = True
            if wanted:
                facts += self._instances(node, servers)
        return facts, selected

    def _given(self, name: str, node: m.Expression) -> Term:
        """Return a conjunct as it is assumed, with the patterns that hints give it."""
        texts = extra(self._hints.conjuncts, name).patterns
        if not texts:
            return self.holds_now(node)
        if name not in self._patterned:
            template = self._template(node)
            terms = []
            for text in texts:
                value = self._texts.value(text, template.names, self.translator, self.state)
                terms.append(value.term if isinstance(value, Scalar) else None)
            try:
                pattern = z3.MultiPattern(*terms)
                formula = z3.ForAll(template.constants, template.formula, patterns=[pattern])
                z3.Solver().add(formula)
            except (z3.Z3Exception, AttributeError, AssertionError):
                listed = ", ".join(texts)
                message = f"the hint {listed} is no pattern of {name}: it needs every name that is "
                raise self._hints.error(
                    f"{message}bound there, and functions only", texts[0]
                ) from None
            self._patterned[name] = formula
        return self._patterned[name]

    def _witnesses(
        self, assumption: m.Expression, pool: TermPool, instances: TermPool
    ) -> list[Term]:
        """Return instances of ``S # {}`` under quantifiers, with an element that a term names.

        The elements for what is bound in the obligation go to ``instances``.
        """
        wide = pool.copy()
        wide.grow(self._hints.witnesses, self._texts, self.translator, self.state)
        bounds, body, context = opened_bounds(assumption, Context(now=self.state))
        if not isinstance(body, m.CallBuiltin) or body.builtin.name != "/=":
            raise self._no_witnesses()
        nothing = body.arguments[1]
        if not isinstance(nothing, m.Items) or nothing.kind != "set" or nothing.items:
            raise self._no_witnesses()
        pairs = instantiable(self.translator, bounds, context)
        kinds = [type_name(domain.type) for _, domain in pairs]
        facts: list[Term] = []
        for source, keep in ((pool, True), (wide, False)):
            for chosen in product(*(source.of(kind) for kind in kinds)):
                names: dict[m.Parameter, Meaning] = {}
                limits: list[Term] = []
                for (parameter, domain), value in zip(pairs, chosen, strict=True):
                    names[parameter] = value
                    limits.append(domain.has(value))
                whole = self.translator.set_(body.arguments[0], context.binding(names))
                witness = self.world.witness(
                    f"witness {self._hints.assumption}", whole.type, [one.term for one in chosen]
                )
                facts.append(implication(conjunction(limits), whole.has(witness)))
                if keep:
                    instances.add(witness)
        return facts

    def _no_witnesses(self) -> ProofError:
        name = self._hints.assumption
        message = f"{name} has no witnesses: only assumptions of the form S # {{}} have"
        return self._hints.error(f"{message}; take it out of [witnesses]", name)

    def _instances(self, node: m.Expression, pool: TermPool) -> list[Term]:
        """Return instances of a formula: it is translated once, then its terms are replaced."""
        template = self._template(node)
        return [
            z3.substitute(template.formula, *zip(template.constants, chosen, strict=True))
            for chosen in distinct_choices(template.kinds, pool)
        ]

    def _template(self, node: m.Expression) -> _Template:
        template = self._templates.get(id(node))
        if template is None:
            bounds, body, context = opened_bounds(node, Context(now=self.state))
            names: dict[m.Parameter, Meaning] = {}
            shown: dict[str, Value] = {}
            constants: list[Term] = []
            kinds: list[str] = []
            limits: list[Term] = []
            for parameter, domain in instantiable(self.translator, bounds, context):
                made, limit = self.world.within(parameter.name, domain)
                names[parameter] = shown[parameter.name] = made.value
                constants += made.constants
                kinds.append(type_name(domain.type))
                limits.append(limit)
            formula = implication(
                conjunction(limits), self.translator.holds(body, context.binding(names))
            )
            template = _Template(constants, kinds, formula, shown)
            self._templates[id(node)] = template
        return template
