------------------------- MODULE NaturalsInduction -------------------------
(* The theorems that proofs cite by name, for a TLC that comes without this module. TLC checks no
   proof; it only has to know the names. *)
EXTENDS Integers
NatInduction == TRUE
GeneralNatInduction == TRUE
SmallestNatural == TRUE
RecursiveFcnOfNat == TRUE
NatInductiveDef == TRUE
NatInductiveDefType == TRUE
NatInductiveUnique == TRUE
FiniteNatInductiveDef == TRUE
NatInductiveDefHypothesis(f, f0, Def(_, _)) ==
    f = CHOOSE g : g = [n \in DOMAIN g |-> IF n = 0 THEN f0 ELSE Def(g[n - 1], n)]
NatInductiveDefConclusion(f, f0, Def(_, _)) ==
    \A n \in DOMAIN f : f[n] = IF n = 0 THEN f0 ELSE Def(f[n - 1], n)
=============================================================================
