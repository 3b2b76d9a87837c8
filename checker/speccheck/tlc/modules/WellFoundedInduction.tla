------------------------ MODULE WellFoundedInduction ------------------------
(* The operators and theorems that proofs cite by name, for a TLC that comes without this module. TLC
   checks no proof; it only has to know the names. *)
EXTENDS NaturalsInduction
LOCAL INSTANCE Integers
OpToRel(_ \prec _, S) == {pair \in S \X S : pair[1] \prec pair[2]}
SetLessThan(x, R, S) == {y \in S : <<y, x>> \in R}
IsTransitivelyClosedOn(R, S) ==
    \A x, y, z \in S : <<x, y>> \in R /\ <<y, z>> \in R => <<x, z>> \in R
IsWellFoundedOn(R, S) ==
    ~ \E f \in [Nat -> S] : \A n \in Nat : <<f[n + 1], f[n]>> \in R
WFInduction == TRUE
WFMin == TRUE
MinWF == TRUE
WFDef == TRUE
WFDefOn(R, S, Def(_, _)) ==
    \A g, h : \A x \in S : (\A y \in SetLessThan(x, R, S) : g[y] = h[y]) => Def(g, x) = Def(h, x)
WellFoundedOnSubset == TRUE
NatLessThanWellFounded == TRUE
IsWellFoundedOnSubset == TRUE
=============================================================================
