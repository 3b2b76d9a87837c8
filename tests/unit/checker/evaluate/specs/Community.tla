----------------------------- MODULE Community -----------------------------
(* What the operators of the community modules give, on values on which the ways to get them wrong
   differ. Both engines must find every assumption true. *)
EXTENDS Integers, Sequences, FiniteSets, TLC, Functions, SequencesExt, FiniteSetsExt

f == (1 :> "a" @@ 2 :> "b" @@ 3 :> "a")
g == (1 :> 10 @@ 2 :> 20 @@ 3 :> 30)
s == <<3, 1, 2, 3>>

ASSUME /\ Range(f) = {"a", "b"} /\ Restrict(f, {1}) = (1 :> "a")
       /\ RestrictDomain(g, LAMBDA x : x > 1) = (2 :> 20 @@ 3 :> 30)
       /\ RestrictValues(g, LAMBDA x : x < 25) = <<10, 20>>
       /\ IsRestriction((1 :> "a"), f) /\ ~IsRestriction((1 :> "b"), f)
       /\ ~IsRestriction((4 :> "a"), f)
       /\ Pointwise(g, [x \in 1..3 |-> x], LAMBDA x, y : x - y) = <<9, 18, 27>>
ASSUME /\ Inverse(f, 1..3, {"a", "b"}) = [x \in {"a", "b"} |-> IF x = "a" THEN 1 ELSE 2]
       /\ AntiFunction(g) = (10 :> 1 @@ 20 :> 2 @@ 30 :> 3)
       /\ IsInjective(g) /\ ~IsInjective(f)
       /\ Cardinality(Injection(1..2, 1..3)) = 6 /\ Cardinality(Surjection(1..3, 1..2)) = 6
       /\ Cardinality(Bijection(1..3, 4..6)) = 6 /\ ~ExistsInjection(1..3, 1..2)
       /\ ~ExistsSurjection(1..2, 1..3) /\ ExistsBijection(1..2, 3..4)
ASSUME /\ FoldFunction(LAMBDA x, y : <<x>> \o y, <<>>, g) = <<10, 20, 30>>
       /\ FoldFunctionOnSet(LAMBDA x, y : x - y, 0, g, {1, 3}) = -20
       /\ SumFunction(g) = 60 /\ SumFunctionOnSet(g, {1, 2}) = 30
ASSUME /\ FoldSet(LAMBDA x, y : <<x>> \o y, <<>>, 1..3) = <<1, 2, 3>>
       /\ ReduceSet(LAMBDA x, y : x - y, 1..3, 0) = 2
       /\ MapThenSumSet(LAMBDA x : x * x, 1..3) = 14 /\ SumSet({}) = 0 /\ ProductSet(2..4) = 24
       /\ FlattenSet({{1}, {2, 3}}) = 1..3 /\ SymDiff({1, 2}, {2, 3}) = {1, 3}
       /\ Quantify(1..10, LAMBDA x : x > 7) = 3 /\ kSubset(2, 1..3) = {{1, 2}, {1, 3}, {2, 3}}
       /\ Max({3, 1}) = 3 /\ Min({3, 1}) = 1 /\ Cardinality(Choices({{1, 2}, {3}})) = 2
       /\ Choices({{1, 2}, {2, 3}, {5}}) = {{2, 5}, {1, 2, 5}, {1, 3, 5}, {2, 3, 5}}
       /\ Choices({}) = {{}} /\ Choices({{1}, {}}) = {}
       /\ ChooseUnique(1..5, LAMBDA x : x * x = 16) = 4
       /\ MapThenFoldSet(LAMBDA x, y : <<x>> \o y, <<>>, LAMBDA x : x + 1,
                         LAMBDA T : CHOOSE x \in T : \A y \in T : y <= x, 1..3) = <<4, 3, 2>>
ASSUME /\ ToSet(s) = 1..3 /\ ToBag(s) = <<1, 1, 2>> /\ SetToSeq({}) = <<>>
       /\ SetToSeqs({1, 2}) = {<<1, 2>>, <<2, 1>>}
       /\ SetToSortSeq(1..3, LAMBDA x, y : x > y) = <<3, 2, 1>>
       /\ SetToAllKPermutations({1, 2}) = {<<>>, <<1>>, <<2>>, <<1, 2>>, <<2, 1>>}
       /\ TupleOf({1, 2}, 1) = {<<1>>, <<2>>} /\ SeqOf({1}, 2) = {<<>>, <<1>>, <<1, 1>>}
       /\ BoundedSeq({1}, 1) = {<<>>, <<1>>}
ASSUME /\ Contains(s, 2) /\ ~Contains(s, 4) /\ Reverse(s) = <<3, 2, 1, 3>>
       /\ IsSorted(<<1, 1, 2>>, LAMBDA x, y : x <= y) /\ ~IsSorted(s, LAMBDA x, y : x <= y)
       /\ Remove(s, 3) = <<1, 2>> /\ ReplaceAll(s, 3, 0) = <<0, 1, 2, 0>>
       /\ SelectInSeq(s, LAMBDA x : x < 3) = 2 /\ SelectLastInSeq(s, LAMBDA x : x = 3) = 4
       /\ SelectInSeq(s, LAMBDA x : x > 3) = 0 /\ SelectLastInSeq(<<>>, LAMBDA x : TRUE) = 0
       /\ SelectInSubSeq(s, 2, 4, LAMBDA x : x > 1) = 2
       /\ SelectLastInSubSeq(s, 1, 3, LAMBDA x : x = 3) = 1
ASSUME /\ InsertAt(s, 1, 9) = <<9, 3, 1, 2, 3>> /\ InsertAt(s, 5, 9) = <<3, 1, 2, 3, 9>>
       /\ ReplaceAt(s, 2, 9) = <<3, 9, 2, 3>> /\ RemoveAt(s, 1) = <<1, 2, 3>>
       /\ RemoveFirst(s, 3) = <<1, 2, 3>> /\ RemoveFirst(s, 7) = s
       /\ RemoveFirstMatch(s, LAMBDA x : x < 3) = <<3, 2, 3>>
       /\ Cons(0, s)[1] = 0 /\ Snoc(0, s)[5] = 0 /\ Front(s) = <<3, 1, 2>> /\ Last(s) = 3
ASSUME /\ IsPrefix(<<>>, s) /\ IsPrefix(<<3, 1>>, s) /\ ~IsPrefix(<<1>>, s) /\ IsPrefix(s, s)
       /\ ~IsStrictPrefix(s, s) /\ IsSuffix(<<2, 3>>, s) /\ ~IsStrictSuffix(s, s)
       /\ Prefixes(<<1, 2>>) = {<<>>, <<1>>, <<1, 2>>}
       /\ Suffixes(<<1, 2>>) = {<<>>, <<2>>, <<1, 2>>}
       /\ CommonPrefixes({<<1, 2>>, <<1, 3>>}) = {<<>>, <<1>>}
       /\ LongestCommonPrefix({<<1, 2, 3>>, <<1, 2>>}) = <<1, 2>>
       /\ SeqMod(6, 3) = 3 /\ SeqMod(7, 3) = 1
ASSUME /\ FoldSeq(LAMBDA x, y : x - y, 0, <<1, 2, 3>>) = 2
       /\ FoldLeft(LAMBDA x, y : x - y, 0, <<1, 2, 3>>) = -6
       /\ FoldRight(LAMBDA x, y : x - y, <<1, 2, 3>>, 0) = 2
       /\ FoldLeftDomain(LAMBDA x, y : x + y, 0, <<7, 7>>) = 3
       /\ FoldRightDomain(LAMBDA x, y : x + y, <<7, 7>>, 0) = 3
       /\ FlattenSeq(<<<<1>>, <<>>, <<2, 3>>>>) = <<1, 2, 3>>
       /\ Zip(<<1, 2>>, <<3, 4>>) = <<<<1, 3>>, <<2, 4>>>>
       /\ Interleave(<<1, 2>>, <<3, 4>>) = <<<<1>>, <<3>>, <<2>>, <<4>>>>
ASSUME /\ SubSeqs(<<1, 2>>) = {<<>>, <<1>>, <<2>>, <<1, 2>>}
       /\ AllSubSeqs(<<1, 2, 3>>) \ SubSeqs(<<1, 2, 3>>) = {<<1, 3>>}
       /\ IndexFirstSubSeq(<<1, 2>>, <<1, 1, 2, 1, 2>>) = 2
       /\ ReplaceSubSeqAt(2, <<9>>, <<1, 2>>, s) = <<3, 9, 3>>
       /\ ReplaceFirstSubSeq(<<9>>, <<1>>, <<1, 2, 1>>) = <<9, 2, 1>>
       /\ ReplaceFirstSubSeq(<<9>>, <<7>>, s) = s
       /\ ReplaceAllSubSeqs(<<9>>, <<1, 1>>, <<1, 1, 1, 1, 1>>) = <<9, 9, 1>>
       /\ ReplaceAllSubSeqs(<<9>>, <<>>, <<1, 2>>) = <<9, 1, 9, 2>>
       /\ ReplaceAllSubSeqs(<<>>, <<3>>, s) = <<1, 2>>
=============================================================================
