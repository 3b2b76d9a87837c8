---------------------------- MODULE SequencesExt ----------------------------
(* The operators of the community module of this name, for a TLC that comes without it. *)
EXTENDS Naturals, Sequences, FiniteSets, Bags, TLC

LOCAL Items(s) == {s[i] : i \in DOMAIN s}
LOCAL Least(S) == CHOOSE x \in S : \A y \in S : x <= y
LOCAL Greatest(S) == CHOOSE x \in S : \A y \in S : y <= x

ToSet(s) == Items(s)
ToBag(s) == [x \in Items(s) |-> Cardinality({i \in DOMAIN s : s[i] = x})]
LOCAL Differ(s) == \A i, j \in DOMAIN s : i # j => s[i] # s[j]
SetToSeqs(S) == {s \in [1..Cardinality(S) -> S] : Differ(s)}

RECURSIVE SetToSeq(_)
SetToSeq(S) == IF S = {} THEN <<>>
               ELSE LET x == CHOOSE x \in S : TRUE IN <<x>> \o SetToSeq(S \ {x})
SetToSortSeq(S, before(_, _)) == SortSeq(SetToSeq(S), before)
SetToAllKPermutations(S) == UNION {SetToSeqs(T) : T \in SUBSET S}
TupleOf(S, n) == [1..n -> S]
SeqOf(S, n) == UNION {[1..k -> S] : k \in 0..n}
BoundedSeq(S, n) == SeqOf(S, n)

Contains(s, x) == x \in Items(s)
IsSorted(s, before(_, _)) == \A i, j \in DOMAIN s : i < j => before(s[i], s[j])
Reverse(s) == [i \in DOMAIN s |-> s[Len(s) + 1 - i]]
Remove(s, x) == SelectSeq(s, LAMBDA y : y # x)
ReplaceAll(s, old, new) == [i \in DOMAIN s |-> IF s[i] = old THEN new ELSE s[i]]

SelectInSeq(s, Test(_)) ==
    LET found == {i \in DOMAIN s : Test(s[i])} IN IF found = {} THEN 0 ELSE Least(found)
SelectLastInSeq(s, Test(_)) ==
    LET found == {i \in DOMAIN s : Test(s[i])} IN IF found = {} THEN 0 ELSE Greatest(found)
SelectInSubSeq(s, from, to, Test(_)) == SelectInSeq(SubSeq(s, from, to), Test)
SelectLastInSubSeq(s, from, to, Test(_)) == SelectLastInSeq(SubSeq(s, from, to), Test)

InsertAt(s, i, x) == SubSeq(s, 1, i - 1) \o <<x>> \o SubSeq(s, i, Len(s))
ReplaceAt(s, i, x) == [s EXCEPT ![i] = x]
RemoveAt(s, i) == SubSeq(s, 1, i - 1) \o SubSeq(s, i + 1, Len(s))
RemoveFirstMatch(s, Test(_)) ==
    LET i == SelectInSeq(s, Test) IN IF i = 0 THEN s ELSE RemoveAt(s, i)
RemoveFirst(s, x) == RemoveFirstMatch(s, LAMBDA y : y = x)
Cons(x, s) == <<x>> \o s
Snoc(x, s) == Append(s, x)
Front(s) == SubSeq(s, 1, Len(s) - 1)
Last(s) == s[Len(s)]

IsPrefix(s, t) == Len(s) <= Len(t) /\ s = SubSeq(t, 1, Len(s))
IsStrictPrefix(s, t) == IsPrefix(s, t) /\ s # t
IsSuffix(s, t) == Len(s) <= Len(t) /\ s = SubSeq(t, Len(t) - Len(s) + 1, Len(t))
IsStrictSuffix(s, t) == IsSuffix(s, t) /\ s # t
Prefixes(s) == {SubSeq(s, 1, n) : n \in 0..Len(s)}
Suffixes(s) == {SubSeq(s, n + 1, Len(s)) : n \in 0..Len(s)}
CommonPrefixes(S) == {p \in UNION {Prefixes(s) : s \in S} : \A s \in S : IsPrefix(p, s)}
LongestCommonPrefix(S) ==
    CHOOSE p \in CommonPrefixes(S) : \A q \in CommonPrefixes(S) : Len(q) <= Len(p)
SeqMod(a, b) == IF a % b = 0 THEN b ELSE a % b

RECURSIVE FoldRight(_, _, _)
FoldRight(op(_, _), s, base) ==
    IF s = <<>> THEN base ELSE op(Head(s), FoldRight(op, Tail(s), base))
RECURSIVE FoldLeft(_, _, _)
FoldLeft(op(_, _), base, s) ==
    IF s = <<>> THEN base ELSE op(FoldLeft(op, base, Front(s)), Last(s))
FoldSeq(op(_, _), base, s) == FoldRight(op, s, base)
FoldLeftDomain(op(_, _), base, s) == FoldLeft(op, base, [i \in DOMAIN s |-> i])
FoldRightDomain(op(_, _), s, base) == FoldRight(op, [i \in DOMAIN s |-> i], base)
FlattenSeq(s) == FoldRight(LAMBDA x, y : x \o y, s, <<>>)
Zip(s, t) == [i \in 1..(IF Len(s) < Len(t) THEN Len(s) ELSE Len(t)) |-> <<s[i], t[i]>>]
Interleave(s, t) ==
    IF s = <<>> THEN <<<<>>, <<>>>>
    ELSE FlattenSeq([i \in DOMAIN s |-> <<<<s[i]>>, <<t[i]>>>>])

SubSeqs(s) == {SubSeq(s, i + 1, j) : i, j \in 0..Len(s)}
AllSubSeqs(s) == {FoldRight(LAMBDA i, t : IF i \in D THEN <<s[i]>> \o t ELSE t,
                            [i \in DOMAIN s |-> i], <<>>) : D \in SUBSET DOMAIN s}
LOCAL Found(s, t) == {i \in 1..(Len(t) - Len(s) + 1) : SubSeq(t, i, i + Len(s) - 1) = s}
IndexFirstSubSeq(s, t) == Least(Found(s, t))
ReplaceSubSeqAt(i, r, s, t) == SubSeq(t, 1, i - 1) \o r \o SubSeq(t, i + Len(s), Len(t))
ReplaceFirstSubSeq(r, s, t) ==
    IF Found(s, t) = {} THEN t ELSE ReplaceSubSeqAt(IndexFirstSubSeq(s, t), r, s, t)
RECURSIVE ReplaceAllSubSeqs(_, _, _)
ReplaceAllSubSeqs(r, s, t) ==
    CASE s = t -> r
      [] s # t /\ s = <<>> -> FlattenSeq([i \in DOMAIN t |-> r \o <<t[i]>>])
      [] s # t /\ s # <<>> ->
           IF Found(s, t) = {} THEN t
           ELSE LET i == IndexFirstSubSeq(s, t)
                    rest == SubSeq(t, i + Len(s), Len(t))
                IN  SubSeq(t, 1, i - 1) \o r
                    \o (IF rest = s THEN r ELSE ReplaceAllSubSeqs(r, s, rest))
=============================================================================
