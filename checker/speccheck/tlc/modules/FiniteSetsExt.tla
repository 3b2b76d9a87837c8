--------------------------- MODULE FiniteSetsExt ---------------------------
(* The operators of the community module of this name, for a TLC that comes without it. *)
EXTENDS Integers, FiniteSets, Folds, Functions

FoldSet(op(_, _), base, S) ==
    MapThenFoldSet(op, base, LAMBDA x : x, LAMBDA T : CHOOSE x \in T : TRUE, S)
ReduceSet(op(_, _), S, base) == FoldSet(op, base, S)
MapThenSumSet(f(_), S) ==
    MapThenFoldSet(LAMBDA x, y : x + y, 0, f, LAMBDA T : CHOOSE x \in T : TRUE, S)
SumSet(S) == MapThenSumSet(LAMBDA x : x, S)
ProductSet(S) == FoldSet(LAMBDA x, y : x * y, 1, S)
FlattenSet(S) == UNION S
SymDiff(A, B) == (A \ B) \cup (B \ A)
Quantify(S, P(_)) == Cardinality({x \in S : P(x)})
kSubset(k, S) == {T \in SUBSET S : Cardinality(T) = k}
Max(S) == CHOOSE x \in S : \A y \in S : y <= x
Min(S) == CHOOSE x \in S : \A y \in S : x <= y
Choices(Sets) ==
    LET picks == {f \in [Sets -> UNION Sets] : \A S \in Sets : f[S] \in S}
    IN {{f[S] : S \in Sets} : f \in picks}
ChooseUnique(S, P(_)) == CHOOSE x \in S : P(x) /\ \A y \in S : P(y) => y = x
=============================================================================
