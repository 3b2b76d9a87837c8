"""Specifications made at random, checked by speccheck and by TLC: both must find the same.

    python tests/interop/random_specs.py [--seeds 100] [--first 1] [--keep FOLDER]

Each has a few variables over small sets, actions of all forms that give them values, and perhaps an
invariant, a property of steps, a temporal property under fairness, a constraint; and assumptions
that print a hundred values. Compared are the values, the verdict, the distinct states, the depth,
and the length of a counterexample that is as short as possible. The exit code is 1 if any differ.
"""

import argparse
import random
import re
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from speccheck.evaluate.runtime import sequence
from speccheck.evaluate.show import show
from speccheck.evaluate.stdlib.tlc import printed
from speccheck.evaluate.values import Value
from speccheck.explore.config import read_config
from speccheck.explore.model import load_model
from speccheck.explore.search import Search
from speccheck.tla.errors import TlaError
from speccheck.tlc import run_tlc
from speccheck.tlc.values import parse_value

# Type: what an expression of it may be. A capital letter stands for a part of that type (Integer,
# Boolean, Set, seQuence, Function, Record), y for a new bound name; a part with _ may use it.
_FORMS: dict[str, tuple[str, ...]] = {
    "I": (
        *("0", "1", "2", "3", "(I + I)", "(I - I)", "(I * 2)", "(I \\div 2)", "(I % 3)"),
        *("Cardinality(S)", "Len(Q)", "(IF B THEN I ELSE I)", "(-I)", "R.a", "F[I % 3]"),
        *("Head(Append(Q, I))", "(Q \\o <<I>>)[1]", "(CHOOSE y \\in S \\cup {1} : B_ \\/ y = 1)"),
        *("(LET y == I IN I_)", "(LET Op(y) == I_ IN Op(I))", "(CASE B -> I [] OTHER -> I)"),
        *("(CASE B -> I [] B -> I [] OTHER -> I)", "Sum(S)", "Down[I % 3]"),
    ),
    "B": (
        *("TRUE", "FALSE", "I < I", "I = I", "I >= I", "S = S", "Q = Q", "F = F", "R = R"),
        *("I \\in S", "S \\subseteq S", "(B /\\ B)", "(B \\/ B)", "(~B)", "(B => B)", "(B <=> B)"),
        *("(\\A y \\in S : B_)", "(\\E y \\in S : B_)", "F \\in [0..2 -> S]", "Q \\in Seq(S)"),
        *("S \\in SUBSET (0..3)", "R \\in [a : S, b : SUBSET S]", "I # I", "S # S", "B = B"),
        *("<<I, Q>> = <<I, Q>>", "I \\notin S", "(IF B THEN B ELSE B)", "IsFiniteSet(S)"),
    ),
    "S": (
        *("{}", "{I}", "{I, I}", "((I % 3)..(I % 4))", "(S \\cup S)", "(S \\cap S)", "(S \\ S)"),
        *("{y \\in S : B_}", "{I_ : y \\in S}", "DOMAIN F", "DOMAIN Q", "UNION {S, S}", "R.b"),
        *("{F[y] : y \\in DOMAIN F}", "UNION {{I_, y} : y \\in S}"),
        *("(IF B THEN S ELSE S)", "{Cardinality(y) : y \\in SUBSET (S \\cap 0..2)}"),
    ),
    "Q": (
        *("<<>>", "<<I>>", "<<I, I>>", "(Q \\o Q)", "Append(Q, I)", "Tail(<<I>> \\o Q)"),
        *("SubSeq(Q \\o <<I, 0>>, 1, I % 3)", "SelectSeq(Q, LAMBDA y : B_)"),
        *("[(Q \\o <<I>>) EXCEPT ![1] = @ + I]", "[y \\in 1..(I % 3) |-> I_]"),
    ),
    "F": (
        *(
            "[y \\in 0..2 |-> I_]",
            "[F EXCEPT ![I % 3] = I]",
            "[F EXCEPT ![I % 3] = @ - I, ![0] = I]",
        ),
        *("(0 :> I @@ 1 :> I @@ 2 :> I)", "(F @@ 1 :> I)", "(IF B THEN F ELSE F)"),
    ),
    "R": (
        *("[a |-> I, b |-> S]", "[R EXCEPT !.a = @ + I]", "[R EXCEPT !.b = S, !.a = I]"),
        *("[b |-> S, a |-> I]",),
    ),
}
_LEAVES = {
    "I": "1",
    "B": "TRUE",
    "S": "{0, 1}",
    "Q": "<<1>>",
    "F": "ZeroF",
    "R": "[a |-> 0, b |-> {}]",
}
_HEAD = r"""---- MODULE Random ----
EXTENDS Integers, Sequences, FiniteSets, TLC
VARIABLES x, s, q, f
vars == <<x, s, q, f>>
RECURSIVE Sum(_)
Sum(t) == IF t = {} THEN 0 ELSE LET e == CHOOSE e \in t : \A o \in t : e <= o IN e + Sum(t \ {e})
Down[n \in 0..5] == IF n = 0 THEN 0 ELSE n + Down[n - 1]
ZeroF == [i \in 0..2 |-> 0]
"""
# How each variable is kept small.
_KEPT = {
    "x": "(I) % 4",
    "s": "(S) \\cap 0..2",
    "q": "SmallQ(Q)",
    "f": "[i \\in 0..2 |-> (F)[i] % 2]",
}
_SMALL = "SmallQ(t) == [i \\in 1..(Len(t) % 3) |-> t[i] % 2]\n"


class Maker:
    """Makes expressions and specifications from one seed."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(f"specification {seed}")
        self._names = 0

    def text(self, form: str, depth: int, known: dict[str, list[str]]) -> str:
        """Return a form with its parts filled in; ``known`` are names by their type."""
        self._names += 1
        name = f"y{self._names}"
        bound = {**known, "I": [*known.get("I", ()), name]}

        def part(found: re.Match[str]) -> str:
            return self.expression(found[1], depth - 1, bound if found[2] else known)

        form = re.sub(r"\by\b", name, form).replace("Op(", f"Op{self._names}(")
        return re.sub(r"\b([IBSQFR])(_?)\b", part, form)

    def expression(self, kind: str, depth: int, known: dict[str, list[str]]) -> str:
        """Return an expression of a type."""
        names = known.get(kind, [])
        if names and self._chance.random() < (0.9 if depth <= 0 else 0.3):
            return self._chance.choice(names)
        if depth <= 0:
            return _LEAVES[kind]
        made = self.text(self._chance.choice(_FORMS[kind]), depth, known)
        return f"({made})" if kind == "B" else made

    def _one(self, variable: str, known: dict[str, list[str]]) -> str:
        """Return a conjunct that gives a variable its next value."""
        value = self.text(_KEPT[variable], 3, known)
        if self._chance.random() < 0.2:
            other = self.text(_KEPT[variable], 2, known)
            return f"{variable}' \\in {{{value}, {other}}}"
        return f"{variable}' = {value}"

    def action(self, depth: int, known: dict[str, list[str]]) -> str:
        """Return an action that gives all variables their next values."""
        form = self._chance.random()
        if depth > 0 and form < 0.2:
            return f"(({self.action(depth - 1, known)}) \\/ ({self.action(depth - 1, known)}))"
        if depth > 0 and form < 0.35:
            self._names += 1
            name = f"y{self._names}"
            inside = {**known, "I": [*known["I"], name]}
            chosen = self.expression("S", 2, known)
            return f"(\\E {name} \\in {chosen} : {self.action(depth - 1, inside)})"
        if depth > 0 and form < 0.5:
            condition = self.expression("B", 2, known)
            one, other = self.action(depth - 1, known), self.action(depth - 1, known)
            return f"(IF {condition} THEN {one} ELSE {other})"
        items = [f"({self.expression('B', 2, known)})"] if self._chance.random() < 0.6 else []
        order = list("xsqf")
        self._chance.shuffle(order)
        still = [name for name in order if self._chance.random() < 0.5]
        seen = {kind: list(names) for kind, names in known.items()}
        for name in order:
            if name not in still:
                items.append(self._one(name, seen))
                kind = {"x": "I", "s": "S", "q": "Q", "f": "F"}[name]
                seen[kind].append(f"{name}'")
        if still:
            items.append(f"UNCHANGED <<{', '.join(still)}>>")
        return "(" + " /\\ ".join(items) + ")"

    def specification(self, values: int) -> tuple[str, str]:
        """Return a module and its configuration."""
        known = {"I": ["x"], "S": ["s"], "Q": ["q"], "F": ["f"]}
        primed = {kind: [*names, *(f"{name}'" for name in names)] for kind, names in known.items()}
        printing = "".join(
            f"ASSUME PrintT(<<{n}, {self.expression(self._chance.choice('IBSQFR'), 4, {})}>>)\n"
            for n in range(values)
        )
        starts = ["x = 0", "s = {}", "q = <<>>", "f = ZeroF"]
        if self._chance.random() < 0.5:
            starts[0] = "x \\in 0..2"
        names = [f"Act{n}" for n in range(self._chance.randint(1, 3))]
        actions = "".join(f"{name} == {self.action(2, known)}\n" for name in names)
        fair = self._chance.choice(
            ["", *(f"/\\ WF_vars({name})" for name in names), "/\\ SF_vars(Act0)"]
        )
        text = _HEAD + _SMALL + printing + "Init == " + " /\\ ".join(starts) + f"\n{actions}"
        text += "Next == " + " \\/ ".join(names) + f"\nSpec == Init /\\ [][Next]_vars {fair}\n"
        config = "SPECIFICATION Spec\nCHECK_DEADLOCK FALSE\n"

        def part(name: str, keyword: str, share: float, formula: Callable[[], str]) -> str:
            nonlocal text
            if self._chance.random() >= share:
                return ""
            text += f"{name} == {formula()}\n"
            return f"{keyword} {name}\n"

        def state() -> str:
            while True:  # TLC has words of its own for formulas without variables.
                formula = self.expression("B", 3, known)
                if re.search(r"\b[xsqf]\b", formula):
                    return f"({formula})"

        def temporal() -> str:
            forms = ("<>{}", "[]<>{}", "<>[]{}", "{} ~> {}", "([]<>{}) => <>{}", "[]({} => <>{})")
            form = self._chance.choice(forms)
            return form.format(*(state() for _ in range(form.count("{}"))))

        config += part("Inv", "INVARIANT", 0.4, state)
        config += part("Con", "CONSTRAINT", 0.2, lambda: f"Len(q) < 2 \\/ {state()}")
        config += part(
            "Step", "PROPERTY", 0.4, lambda: f"[][{self.expression('B', 3, primed)}]_vars"
        )
        config += part("Live", "PROPERTY", 0.5, temporal)
        return text + "====\n", config


def values_of(lines: Iterable[str]) -> dict[int, Value]:
    """Return what the assumptions printed, by number."""
    text = "".join(line.strip() for line in lines if not line.startswith("@!@!@"))
    found: dict[int, Value] = {}
    for one in filter(None, re.split(r"(?<=>>)(?=<<\d+,)", text)):
        listed = re.sub(r"(-?\d+)\.\.(-?\d+)", _listed, one)
        number, value = sequence(parse_value(listed))
        found[number] = value
    return found


def _printed(output: str) -> list[str]:
    """Return the lines of TLC's output that the assumptions printed."""
    lines = output.splitlines()
    first = next((n for n, line in enumerate(lines) if line.startswith("<<0,")), len(lines))
    last = next((n for n in range(first, len(lines)) if lines[n].startswith("@!@!@")), first)
    return lines[first:last]


def _listed(interval: re.Match[str]) -> str:
    return "{" + ", ".join(map(str, range(int(interval[1]), int(interval[2]) + 1))) + "}"


def differences(folder: Path, text: str, config: str) -> list[str]:
    """Run both checkers on a specification; return how they differ."""
    module = folder / "Random.tla"
    module.write_text(text)
    module.with_suffix(".cfg").write_text(config)
    printed.clear()
    result = Search(load_model(module, read_config(module.with_suffix(".cfg")), [])).run()
    ours = values_of(list(printed))
    judge = run_tlc(module, module.with_suffix(".cfg"), timeout_s=300)
    theirs = values_of(_printed(judge.output))
    found = [
        f"value {n}: {show(ours[n])} and {show(value)}"
        for n, value in theirs.items()
        if n in ours and ours[n] != value
    ]
    pairs: list[tuple[str, object, object]] = [("verdict", result.verdict, judge.verdict)]
    if result.verdict == judge.verdict == "success":
        pairs.append(("distinct states", result.distinct, judge.distinct))
        pairs.append(("depth", result.depth, judge.depth))
    elif result.verdict == judge.verdict and result.verdict in {"invariant", "property"}:
        pairs.append(("length", len(result.trace), len(judge.trace)))
    found += [f"{what}: {one} and {other}" for what, one, other in pairs if one != other]
    if found and "error" in {result.verdict, judge.verdict}:
        found += [f"ours: {result.error}", *(f"TLC: {text[:300]}" for text in judge.errors)]
    return found


def main() -> int:
    """Compare on many seeds; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--values", type=int, default=100)
    parser.add_argument("--keep", type=Path, help="write specifications that differ there")
    arguments = parser.parse_args()
    bad = 0
    for seed in range(arguments.first, arguments.first + arguments.seeds):
        text, config = Maker(seed).specification(arguments.values)
        with tempfile.TemporaryDirectory() as folder:
            try:
                found = differences(Path(folder), text, config)
            except TlaError as error:
                found = [f"refused: {error}"]
        bad += bool(found)
        print(f"seed {seed}: {'; '.join(found) if found else 'the same'}", flush=True)
        if found and arguments.keep:
            where = arguments.keep / str(seed)
            where.mkdir(parents=True, exist_ok=True)
            (where / "Random.tla").write_text(text)
            (where / "Random.cfg").write_text(config)
    print(f"{bad} of {arguments.seeds} differ")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
