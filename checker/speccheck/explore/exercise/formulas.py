r"""Which parts of a formula could have decided its verdict: one probe for each that is asked.

A part matters if the formula is false somewhere without it: with FALSE in the place of a part that
helps the formula to hold, with TRUE in the place of one that hinders it. Asked are the disjuncts of
disjunctions, ``Q`` and ``P`` of ``P => Q``, branches, and the bodies of ``\A``, at any depth and
through definitions; a conjunct needs no asking, it decides whenever what it is part of does.
A part without influence in any reached state makes the property hold *vacuously* in that part.

Source: Beer, Ben-David, Eisner, Rodeh, "Efficient detection of vacuity in temporal model
checking"; Kupferman, Vardi, "Vacuity detection in temporal model checking".
"""

from dataclasses import dataclass, field, replace

from speccheck.evaluate.analysis import ACTION, CONSTANT, STATE, TEMPORAL, Analyst, is_boolean
from speccheck.explore.exercise.forbidden import can_only_be
from speccheck.explore.exercise.trees import (
    Copies,
    Names,
    conjunction,
    count_calls,
    disjunction,
    expression,
    is_empty,
    is_same,
    junction_items,
)
from speccheck.explore.exercise.truths import compared, field_of, has_truth_value
from speccheck.tla import meaning as m

_MOST_PROBES = 400
# A specification may begin in some of the states only that a property lets it begin in, so that
# alternatives and branches say nothing there.
_ASKED_AT_FIRST = frozenset({"consequent", "range", "subset"})


@dataclass(slots=True, eq=False)
class Probe:
    """A part of a formula whose influence is asked for.

    ``kind`` is "consequent", "condition" (of an implication), "disjunct", "branch", "range" (the
    body of a quantifier), "subset" (the left side of ``\\subseteq``), "step" (of ``[A]_v``),
    "diagonal" (witnesses of ``\\E`` that differ from what they are held against), or "antecedent"
    (of a temporal formula: asked is whether it is ever true), "fairness" (the same of ENABLED), or
    "constant" (a property that reads no variable).
    ``mark`` counts how often its truth was asked for: for a consequent, how often the antecedent
    was true. ``about`` is the place of the antecedent or of the quantifier.
    """

    number: int
    kind: str
    place: m.Place
    about: m.Place
    mark: int | None = None
    parts: "list[Probe]" = field(default_factory=list)


@dataclass(slots=True, eq=False)
class ProbedFormula:
    """A conjunct of a property, rewritten, with the outermost of its probes.

    ``at_first``: it speaks of initial states alone.
    """

    name: str
    node: m.Expression
    on_steps: bool
    names: Names
    probes: list[Probe]
    at_first: bool = False


def probed_formulas(
    name: str, node: m.Expression, analyst: Analyst, *, on_steps: bool, at_first: bool = False
) -> list[ProbedFormula]:
    """Return the conjuncts of a property of states, or of steps, each with its probes.

    One that reads no variable has a single probe, which no state settles. Of what is said of
    initial states (``at_first``) it is asked what was implied and what was quantified over.
    """
    facts = analyst.facts(node)
    if facts.level == CONSTANT and facts.pure:
        whole = Probe(0, "constant", node.place, node.place)
        return [ProbedFormula(name, node, on_steps, Names(), [whole])]
    found: list[ProbedFormula] = []
    for part in _conjuncts(node, Copies(analyst)):
        maker = Maker(analyst)
        rewritten = maker.rewrite(part, True, maker.outermost)
        probes = _at_first(maker.outermost) if at_first else maker.outermost
        if probes:
            found.append(ProbedFormula(name, rewritten, on_steps, maker.names, probes, at_first))
    return found


def _at_first(probes: list[Probe]) -> list[Probe]:
    """Return those probes that are asked of initial states."""
    kept = [probe for probe in probes if probe.kind in _ASKED_AT_FIRST]
    for probe in kept:
        probe.parts = _at_first(probe.parts)
    return kept


def _conjuncts(node: m.Expression, copies: Copies) -> list[m.Expression]:
    items = junction_items(node, "/\\")
    if items is not None:
        return [part for item in items for part in _conjuncts(item, copies)]
    if isinstance(node, m.Call) and not node.arguments:
        operator = copies.followed(node)
        if operator is not None and operator.body is not None:
            return _conjuncts(operator.body, copies)
    return [node]


@dataclass(slots=True, eq=False)
class _Again:
    """A recursive operator that is being looked into, and how many of its calls were met."""

    copy: m.Operator
    positive: bool
    seen: int = 0


class Maker:
    """Rewrites one formula. ``positive`` says that the whole gets truer with the part.

    ``on_behaviours``: the formula is temporal. It gets no marks, for it is not evaluated as such.
    """

    def __init__(self, analyst: Analyst, *, on_behaviours: bool = False) -> None:
        self.names = Names()
        self.outermost: list[Probe] = []
        self._on_behaviours = on_behaviours
        self._copies = Copies(analyst, most=TEMPORAL if on_behaviours else ACTION)
        self._analyst = analyst
        self._count = 0
        # Within an existential that helps: it ends at the first witness, and what was not asked
        # for may well have been true. Marks would say more than is known.
        self._stops_early = 0
        # Names bound around, with the sets that they range over.
        self._bound: list[tuple[m.Parameter, m.Expression]] = []
        # Operators given for parameters of those that are being looked into.
        self._given: dict[m.Parameter, m.Operator] = {}
        # Formulas given for parameters, of a temporal formula only.
        self._formulas: dict[m.Parameter, m.Expression] = {}
        self._repeated: dict[m.Operator, _Again] = {}
        # What is rewritten next is all that the property says, of all that it says it of: nothing
        # but conjunctions, universal quantifiers and definitions is around it.
        self._is_whole = True

    def rewrite(self, node: m.Expression, positive: bool, around: list[Probe]) -> m.Expression:
        """Return the formula with its probes, which are added to ``around``."""
        is_whole, self._is_whole = self._is_whole, False
        if self._count >= _MOST_PROBES:
            return node
        for kind in ("/\\", "\\/"):
            items = junction_items(node, kind)
            if items is not None:
                return self._junction(node, kind, items, positive, around, is_whole)
        match node:
            case m.CallBuiltin(builtin=m.Builtin(override=None)):
                return self._builtin(node, positive, around)
            case m.Quantified(kind="\\A" | "\\E"):
                return self._quantified(node, positive, around, is_whole)
            case m.Branches():
                return self._branches(node, positive, around)
            case m.Where():
                self._is_whole = is_whole
                return replace(node, body=self.rewrite(node.body, positive, around))
            case m.Step(kind="box") if positive:
                self._is_whole = is_whole
                action = self._part("step", node.action, positive, around, node.place)
                return m.Step(node.place, node.kind, action, node.subscript)
            case m.Step(kind="angle") if self._on_behaviours:
                action = self.rewrite(node.action, positive, around)
                return m.Step(node.place, node.kind, action, node.subscript)
            case m.Use(parameter=parameter) if parameter in self._formulas:
                return self.rewrite(self._formulas[parameter], positive, around)
            case m.Call():
                return self._call(node, positive, around, is_whole)
            case m.CallParameter():
                return self._call_of_argument(node, positive, around)
            case m.Applied():
                return self._applied(node, positive, around)
        return node

    # --- definitions -----------------------------------------------------------------------------

    def _call(
        self, node: m.Call, positive: bool, around: list[Probe], is_whole: bool = False
    ) -> m.Expression:
        again = self._repeated.get(node.operator)
        if again is not None:
            if again.positive is positive:
                again.seen += 1
                arguments = (*node.arguments, m.Use(node.place, self.names.chosen))
                return m.Call(node.place, again.copy, arguments)
            return node
        operator = self._copies.followed(node, is_whole=is_whole)
        if operator is None:
            operator = self._copies.recursive(node, is_whole=is_whole)
            return node if operator is None else self._recursive(node, operator, positive, around)
        assert operator.body is not None, "it would not be followed"
        for parameter, argument in zip(operator.parameters, node.arguments, strict=True):
            if isinstance(argument, m.OperatorValue):
                target = argument.target
                given = self._given.get(target) if isinstance(target, m.Parameter) else target
                if isinstance(given, m.Operator):
                    self._given[parameter] = given
            elif self._on_behaviours and is_boolean(argument):
                self._formulas[parameter] = argument
        self._copies.enter(operator)
        self._is_whole = is_whole
        body = self.rewrite(operator.body, positive, around)
        self._copies.leave()
        return self._copies.call(node, operator, body)

    def _call_of_argument(
        self, node: m.CallParameter, positive: bool, around: list[Probe]
    ) -> m.Expression:
        """Look into an operator that was given as an argument, a LAMBDA mostly."""
        given = self._given.get(node.parameter)
        if given is None:
            return node
        call = m.Call(node.place, given, node.arguments)
        found = self._call(call, positive, around)
        return node if found is call else found

    def _recursive(
        self, node: m.Call, operator: m.Operator, positive: bool, around: list[Probe]
    ) -> m.Expression:
        """Look into a recursive operator whose calls of itself are true the more, the more it is.

        Its copy has a parameter more, for the part that is left out: it is left out at every
        depth. Marks are not counted within it.
        """
        assert operator.body is not None, "seen by the caller"
        copy = replace(operator, parameters=(*operator.parameters, self.names.chosen))
        again = _Again(copy, positive)
        known = len(around), self._count, self.names.marks
        before = {other: other.seen for other in self._repeated.values()}
        self._repeated[operator] = again
        self._stops_early += 1
        copy.body = self.rewrite(operator.body, positive, around)
        self._stops_early -= 1
        del self._repeated[operator]
        if again.seen != count_calls(operator.body, operator):
            del around[known[0] :]
            _, self._count, self.names.marks = known
            for other, seen in before.items():
                other.seen = seen
            return node
        return m.Call(node.place, copy, (*node.arguments, m.Use(node.place, self.names.chosen)))

    def _applied(self, node: m.Applied, positive: bool, around: list[Probe]) -> m.Expression:
        """Look into what gives TRUE or FALSE where it is applied: a function or a record."""
        if not has_truth_value(node):
            return node
        made = self._giving(node.function, node.arguments, positive, around)
        return node if made is None else replace(node, function=made)

    def _giving(
        self,
        node: m.Expression,
        arguments: tuple[m.Expression, ...],
        positive: bool,
        around: list[Probe],
    ) -> m.Expression | None:
        """Return a function or a record with probes in what it gives for ``arguments``."""
        match node:
            case m.Function(itself=itself, body=body):
                facts = self._analyst.facts(node)
                is_used = itself in self._analyst.facts(body).free
                if is_used or (facts.level == CONSTANT and not facts.free):
                    return None
                return replace(node, body=self.rewrite(body, positive, around))
            case m.Fields():
                wanted = field_of(node, arguments)
                if wanted is None:
                    return None
                inside = self.rewrite(wanted, positive, around)
                fields = [(name, inside if v is wanted else v) for name, v in node.fields]
                return replace(node, fields=tuple(fields))
            case m.Where():
                given = self._giving(node.body, arguments, positive, around)
                return None if given is None else replace(node, body=given)
            case m.Call():
                operator = self._copies.called(node, most=ACTION)
                if operator is None or operator.body is None:
                    return None
                facts = self._analyst.operator(operator)
                if facts.level == CONSTANT and not facts.free and not operator.parameters:
                    return None
                self._copies.enter(operator)
                given = self._giving(operator.body, arguments, positive, around)
                self._copies.leave()
                return None if given is None else self._copies.call(node, operator, given)
        return None

    # --- probes ----------------------------------------------------------------------------------

    def _probe(
        self, kind: str, place: m.Place, around: list[Probe], about: m.Place, mark: int | None
    ) -> Probe:
        known = None if self._stops_early else mark
        probe = Probe(self._count, kind, place, about, known)
        self._count += 1
        around.append(probe)
        return probe

    def _part(
        self,
        kind: str,
        node: m.Expression,
        positive: bool,
        around: list[Probe],
        about: m.Place,
        mark: int | None = None,
    ) -> m.Expression:
        """Return a part with a probe of its own; what is within it is asked after it.

        A part that is FALSE or an error wherever it is come to forbids that: without it the formula
        is the same, so it is not asked for.
        """
        if can_only_be(self._meant(node), not positive):
            return node
        probe = self._probe(kind, self._place(node), around, about, mark)
        inside = self.rewrite(node, positive, probe.parts)
        return self.names.without(probe.number, inside, positive=positive)

    def _place(self, node: m.Expression) -> m.Place:
        """Return where an expression stands, or what is given for it if it is a parameter."""
        return self._meant(node).place

    def _meant(self, node: m.Expression) -> m.Expression:
        """Return an expression, or what is given for it if it is a parameter."""
        while isinstance(node, m.Use) and node.parameter in self._formulas:
            node = self._formulas[node.parameter]
        return node

    def _marked_part(
        self, kind: str, node: m.Expression, positive: bool, around: list[Probe], about: m.Place
    ) -> m.Expression:
        """Return a part with a probe, and with a mark that it was come to."""
        if self._repeated or self._on_behaviours:
            return self._part(kind, node, positive, around, about)
        mark, number = self.names.new_mark(), self._count
        part = self._part(kind, node, positive, around, about, mark)
        return conjunction(self.names.mark_without(number, mark, node.place), part)

    def _junction(
        self,
        node: m.Expression,
        kind: str,
        items: tuple[m.Expression, ...],
        positive: bool,
        around: list[Probe],
        is_whole: bool,
    ) -> m.Expression:
        if (kind == "\\/") is not positive:
            parts = []
            for item in items:
                self._is_whole = is_whole and positive
                parts.append(self.rewrite(item, positive, around))
        else:
            what = "disjunct" if positive else "condition"
            parts = [self._part(what, item, positive, around, item.place) for item in items]
        return m.Items(node.place, kind, tuple(parts))

    def _builtin(self, node: m.CallBuiltin, positive: bool, around: list[Probe]) -> m.Expression:
        about = compared(node)
        if about is not None:
            side, affirms = about
            return self._inside_argument(node, side, positive is affirms, around)
        match node.builtin.name:
            case "TLCEval":
                return self._inside_argument(node, 0, positive, around)
            case "Assert" if positive:
                return self._inside_argument(node, 0, positive, around)
            case "Print":
                return self._inside_argument(node, 1, positive, around)
            case "=" | "/=":
                return self._set_of_all(node, positive, around)
            case "~":
                inside = self.rewrite(expression(node.arguments[0]), not positive, around)
                return m.CallBuiltin(node.place, node.builtin, (inside,))
            case "=>" | "~>":
                return self._implication(node, positive, around)
            case "[]" | "<>":
                inside = self.rewrite(expression(node.arguments[0]), positive, around)
                return m.CallBuiltin(node.place, node.builtin, (inside,))
            case "\\subseteq" if positive:
                left = expression(node.arguments[0])
                if self._analyst.facts(left).level not in {STATE, ACTION}:
                    return node
                if self._on_behaviours and _is_empty_set(node.arguments[1]):
                    return node  # A way to say that it is empty.
                probe = self._probe("subset", left.place, around, node.place, None)
                whole = self.names.without(probe.number, node, positive=True)
                return disjunction(is_empty(left), whole)
        return node

    def _inside_argument(
        self, node: m.CallBuiltin, side: int, positive: bool, around: list[Probe]
    ) -> m.Expression:
        arguments = list(node.arguments)
        arguments[side] = self.rewrite(expression(arguments[side]), positive, around)
        return m.CallBuiltin(node.place, node.builtin, tuple(arguments))

    def _set_of_all(self, node: m.CallBuiltin, positive: bool, around: list[Probe]) -> m.Expression:
        r"""Look into ``{x \in S : P} = S``, which says that all have P, and its negation."""
        sides = [expression(argument) for argument in node.arguments]
        for side, other in ((0, 1), (1, 0)):
            found = sides[side]
            if isinstance(found, m.Filtered) and is_same(found.bound.domain, sides[other]):
                affirms = node.builtin.name == "="
                body = self.rewrite(found.body, positive is affirms, around)
                sides[side] = replace(found, body=body)
                return m.CallBuiltin(node.place, node.builtin, tuple(sides))
        return node

    def _implication(
        self, node: m.CallBuiltin, positive: bool, around: list[Probe]
    ) -> m.Expression:
        left, right = (expression(argument) for argument in node.arguments)
        if not positive:
            left = self.rewrite(left, True, around)
            right = self.rewrite(right, False, around)
            return m.CallBuiltin(node.place, node.builtin, (left, right))
        if self._repeated or self._on_behaviours:
            about = self._place(left)
            right = self._part("consequent", right, True, around, about)
            left = self._part("condition", left, False, around, about)
            return m.CallBuiltin(node.place, node.builtin, (left, right))
        mark, number = self.names.new_mark(), self._count
        consequent = self._part("consequent", right, True, around, left.place, mark)
        condition = self._part("condition", left, False, around, left.place)
        marked = conjunction(condition, self.names.mark_without(number, mark, left.place))
        return m.CallBuiltin(node.place, node.builtin, (marked, consequent))

    def _quantified(
        self, node: m.Quantified, positive: bool, around: list[Probe], is_whole: bool
    ) -> m.Expression:
        if (node.kind == "\\A") is positive:
            listed = self._all_listed(node, positive, around)
            if listed is not None:
                return listed
            known = len(self._bound)
            self._bound += _names_bound(node)
            self._is_whole = is_whole
            body = self._marked_part("range", node.body, positive, around, node.place)
            del self._bound[known:]
        else:
            self._stops_early += 1
            pairs = self._pairs(node) if positive else []
            known = len(self._bound)
            self._bound += _names_bound(node)
            body = self.rewrite(node.body, positive, around)
            del self._bound[known:]
            for one, other in pairs:
                body = self._diagonal(node, body, one, other, around)
            self._stops_early -= 1
            return m.Quantified(node.place, node.kind, node.bounds, body)
        return m.Quantified(node.place, node.kind, node.bounds, body)

    def _all_listed(
        self, node: m.Quantified, positive: bool, around: list[Probe]
    ) -> m.Expression | None:
        r"""Look into ``\A b \in {P, Q} : b``; None for other forms."""
        match node:
            case m.Quantified(
                bounds=(m.Bound((name,), m.Items(kind="set") as listed, False),),
                body=m.Use(parameter=used),
            ) if used is name and all(map(has_truth_value, listed.items)):
                items = tuple(self.rewrite(item, positive, around) for item in listed.items)
                bound = node.bounds[0]._replace(domain=replace(listed, items=items))
                return replace(node, bounds=(bound,))
        return None

    def _pairs(self, node: m.Quantified) -> list[tuple[m.Parameter, m.Parameter]]:
        r"""Return the names that ``\E`` binds, each with one bound over the same set before."""
        before = list(self._bound)
        pairs = []
        for name, domain in _names_bound(node):
            pairs += [(other, name) for other, theirs in before if is_same(theirs, domain)]
            before.append((name, domain))
        return pairs

    def _diagonal(
        self,
        node: m.Quantified,
        body: m.Expression,
        one: m.Parameter,
        other: m.Parameter,
        around: list[Probe],
    ) -> m.Expression:
        """Ask whether a witness that is equal to what it is held against always suffices."""
        probe = self._probe("diagonal", node.place, around, node.place, None)
        sides = (m.Use(node.place, one), m.Use(node.place, other))
        equal = m.CallBuiltin(node.place, m.Builtin("=", (0, 0)), sides)
        return conjunction(self.names.unless(probe.number, equal), body)

    def _branches(self, node: m.Branches, positive: bool, around: list[Probe]) -> m.Expression:
        values = [value for _, value in node.arms] + ([] if node.other is None else [node.other])
        arms = []
        for position, (guard, value) in enumerate(node.arms):
            guard = self._guard(guard, value, values[position + 1 :], positive, around)
            part = self._marked_part("branch", value, positive, around, value.place)
            arms.append((guard, part))
        other = node.other
        if other is not None:
            other = self._marked_part("branch", other, positive, around, other.place)
        return m.Branches(node.place, tuple(arms), other)

    def _guard(
        self,
        guard: m.Expression,
        value: m.Expression,
        others: list[m.Expression],
        positive: bool,
        around: list[Probe],
    ) -> m.Expression:
        r"""Look into a condition of IF or CASE that makes it truer, or less true.

        ``value`` is what it leads to, ``others`` what there is if it is FALSE. Where one of the two
        can be nothing but FALSE, the whole is a conjunction, as ``guard /\ value``; where nothing
        but TRUE, a disjunction. Of other conditions nothing is asked.
        """
        there = self._meant(value)
        rest = [self._meant(other) for other in others]
        for truth in (False, True):
            for helps, leads in ((truth, [there]), (not truth, rest)):
                if leads and all(can_only_be(one, truth) for one in leads):
                    if truth is positive:
                        return self._part(
                            "condition", guard, positive is helps, around, guard.place
                        )
                    return self.rewrite(guard, positive is helps, around)
        return guard


def _is_empty_set(node: m.Argument) -> bool:
    return isinstance(node, m.Items) and node.kind == "set" and not node.items


def _names_bound(node: m.Quantified) -> list[tuple[m.Parameter, m.Expression]]:
    return [
        (name, bound.domain)
        for bound in node.bounds
        if bound.domain is not None and not bound.is_tuple
        for name in bound.parameters
    ]
